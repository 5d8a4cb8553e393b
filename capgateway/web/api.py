"""The JSON pages: what came in, which cards there are, what went out; and ``reload``.

A token of scope ``receive`` sees the cards and deliveries of its receiver only, and a card only while the newest message
to that receiver displays it: what was taken down there is none of its business any more.
"""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
from aiohttp import web

from capgateway import cap
from capgateway.cards import Card
from capgateway.cards.card import Evidence
from capgateway.cards.decision import CardWord, Word
from capgateway.store import Page, Store, StoredAlert, StoredCard, StoredDelivery, lists, media_rows, pause
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.feeds import operations
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import actor, needs
from capgateway.web.problems import Refused
from capgateway.web.said import Said, act, said
from capgateway.web.told import Filters, tells

DECISIONS = get_args(Word)
CARD_STATES = get_args(CardWord)
DELIVERY_STATES = ("pending", "delivered", "superseded", "dead")
MOST_OF_A_CARD = 200  # alerts and deliveries told with a card; its whole life has some dozens

ALERTS: Filters = {"decision": DECISIONS, "feed": None, "identifier": None, "since": None}
CARDS: Filters = {"state": CARD_STATES}
DELIVERIES: Filters = {"state": DELIVERY_STATES, "receiver": None, "card_id": None}

routes = web.RouteTableDef()


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which gateway this is; ``paused_since`` is null while displays are sent."""

    version: str
    configuration: str | None
    database: str
    paused_since: datetime | None


class AlertFinding(cap.Finding, frozen=True, kw_only=True):
    """A finding, and the alert in which it was found."""

    alert_id: str


class CardDetails(StoredCard, frozen=True, kw_only=True):
    """A card, where its facts were read, the alerts that it is made of, what was found in them, and where it went."""

    evidence: dict[str, Evidence]
    alerts: list[StoredAlert]
    findings: list[AlertFinding]
    deliveries: list[StoredDelivery]


class ReceivedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card as its receiver may see it."""

    card_id: str
    incident_id: str
    state: str
    status: str
    revision: int
    sequence: int
    feed: str
    published_at: datetime
    updated_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    verified_at: datetime | None
    unverified_since: datetime | None
    erased_at: datetime | None
    card: Card | None


class ReceivedCardDetails(ReceivedCard, frozen=True, kw_only=True):
    """The same, and how it was sent."""

    deliveries: list[StoredDelivery]


class ReadAgain(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration that is in use now: which keys changed, and those of them that count only after a restart."""

    status: Literal["reloaded"] = "reloaded"
    changed: list[str]
    restart_needed: list[str]


@routes.get("/api/v1/gateway")
@tells(About)
async def gateway(request: web.Request) -> web.Response:
    """Which gateway this is: readers of its lists can see whether it is the one that was meant."""
    known = request.app[GATEWAY]
    path = str(Path(known.settings.path).absolute()) if known.settings.path else None
    paused_since = await known.store.read(pause.since)
    told = About(version=version("capgateway"), configuration=path, database=known.database, paused_since=paused_since)
    return as_json(told)


@routes.get("/api/v1/alerts")
@tells(Page[StoredAlert], filters=ALERTS)
async def alerts(request: web.Request) -> web.Response:
    """What came in, the newest first, with what became of it and why."""
    asked = query.page(request, **ALERTS)
    page = await query.found(request.app[GATEWAY].store.read(lists.alert_page, **asked))
    if not page.items and asked.get("feed"):
        query.check_name("feed", asked["feed"], [one.name for one in request.app[GATEWAY].settings.feeds])
    return as_json(page)


@routes.get("/api/v1/alerts/{id}")
@tells(StoredAlert)
async def alert(request: web.Request) -> web.Response:
    """One alert with its findings."""
    return as_json(await _alert(request))


@routes.get("/api/v1/alerts/{id}/original")
@tells(media="application/octet-stream", refuses=(410,))
async def original(request: web.Request) -> web.Response:
    """The bytes as received. To be saved, not shown: they are a stranger's XML, which may carry a style sheet."""
    found = await _alert(request)
    document = await request.app[GATEWAY].store.read(lists.original, found.id)
    if document is None:
        raise Refused(410, "the bytes of this alert are erased; their sha256 stays with the alert")
    return web.Response(
        body=document,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{found.id}.xml"'},
    )


@routes.get("/api/v1/cards")
@needs("read", "receive")
@tells((Page[StoredCard], Page[ReceivedCard]), filters=CARDS)
async def cards(request: web.Request) -> web.Response:
    """Cards, the newest first."""
    store, mine = request.app[GATEWAY].store, actor(request).receiver
    found = await query.found(store.read(lists.card_page, **query.page(request, **CARDS)))
    if mine is None:
        return as_json(found)
    shown = await store.read(lists.shown_to, mine, [one.card_id for one in found.items])
    items = [ReceivedCard(**_seen(one)) for one in found.items if one.card_id in shown]
    return as_json(Page(items=items, next=found.next))


@routes.get("/api/v1/cards/{id}")
@needs("read", "receive")
@tells((CardDetails, ReceivedCardDetails), refuses=(410,))
async def card(request: web.Request) -> web.Response:
    """One card with the alerts it is made of, what was found in them, and where it went."""
    store, card_id, mine = request.app[GATEWAY].store, query.name(request), actor(request).receiver
    found = await store.read(lists.one_card, card_id)
    newest = None if mine is None else await _newest(store, card_id, mine)
    if found is None or (mine is not None and newest is None):
        raise Refused(404, f"there is no card {card_id}")
    if newest and newest.action != "display":
        raise Refused(410, f"the card {card_id} was taken down")
    sent = (await store.read(lists.delivery_page, card_id=card_id, receiver=mine, limit=MOST_OF_A_CARD)).items
    if mine is not None:
        return as_json(ReceivedCardDetails(**_seen(found), deliveries=sent))
    made_of = (await store.read(lists.alert_page, card_id=card_id, limit=MOST_OF_A_CARD)).items
    findings = [_found(one.id, finding) for one in made_of for finding in one.findings]
    findings += [_found(*picture) for picture in await store.read(media_rows.findings, card_id)]
    proof = await store.read(lists.evidence_of, found.card) if found.card else {}
    told = CardDetails(
        **msgspec.structs.asdict(found), evidence=proof, alerts=made_of, findings=findings, deliveries=sent
    )
    return as_json(told)


@routes.get("/api/v1/deliveries")
@needs("read", "receive")
@tells(Page[StoredDelivery], filters=DELIVERIES)
async def deliveries(request: web.Request) -> web.Response:
    """What went out or is on its way, the newest first, with every attempt."""
    asked, mine = query.page(request, **DELIVERIES), actor(request).receiver
    if mine is not None and asked.setdefault("receiver", mine) != mine:
        raise Refused(403, f"this token sees the deliveries of {mine} only")
    page = await query.found(request.app[GATEWAY].store.read(lists.delivery_page, **asked))
    if not page.items and mine is None and asked.get("receiver"):
        query.check_name("receiver", asked["receiver"], [one.name for one in request.app[GATEWAY].settings.receivers])
    return as_json(page)


@routes.post("/api/v1/reload")
@tells(ReadAgain, takes=Said, refuses=(422, 503))
async def reload(request: web.Request) -> web.Response:
    """Read the configuration again. 422 with its faults, and the old one stays in use, when it cannot be used."""
    if request.app[GATEWAY].operations is None:
        raise Refused(503, "this process does not poll feeds, and reloads its configuration on SIGHUP only")
    by = act(request, await said(request, Said))
    came = await operations(request).reload()
    detail = {"changed": came.changed, "is_rejected": bool(came.errors)}
    await request.app[GATEWAY].hands.record(by, "gateway.reloaded", detail=detail)
    if came.errors:
        raise Refused(422, "the configuration cannot be used; the one before stays in use", errors=came.errors)
    return as_json(ReadAgain(changed=came.changed, restart_needed=came.restart_needed))


def _seen(card: StoredCard) -> dict[str, Any]:
    """What a receiver may see of a card."""
    return {name: getattr(card, name) for name in ReceivedCard.__struct_fields__}


def _found(alert_id: str, finding: cap.Finding) -> AlertFinding:
    return AlertFinding(alert_id=alert_id, **msgspec.structs.asdict(finding))


async def _newest(store: Store, card_id: str, receiver: str) -> StoredDelivery | None:
    """The newest delivery of a card to a receiver, if it ever had one."""
    newest = (await store.read(lists.delivery_page, card_id=card_id, receiver=receiver, limit=1)).items
    return newest[0] if newest else None


async def _alert(request: web.Request) -> StoredAlert:
    alert_id = query.name(request)
    found = await request.app[GATEWAY].store.read(lists.one_alert, alert_id)
    if found is None:
        raise Refused(404, f"there is no alert {alert_id}")
    return found

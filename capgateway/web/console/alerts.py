"""Everything that came in, with its decision; and one alert: why it was decided so, what is wrong with it, and its whole life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from capgateway import explained, threads
from capgateway.store import lists, lives
from capgateway.store.review import RELEASABLE
from capgateway.web import query
from capgateway.web.api import DECISIONS
from capgateway.web.console import forms, paging, render, xml
from capgateway.web.console.briefs import because
from capgateway.web.console.words import DECISIONS as WORDS
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused
from capgateway.web.said import done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cap import Finding
    from capgateway.store import StoredAlert
    from capgateway.store.lives import CardLife
    from capgateway.store.records import Quarantined

DONE = {
    "publish": "The alert is published. Its card goes to the receivers; later updates follow it, and a Cancel ends it.",
    "release": "The alert is released.",
    "dismiss": "The alert is dismissed. It stays here with its bytes and what was decided.",
}
PUBLISHED_FROM = frozenset({"ignored", "quarantined"})
"""Decisions that a person may overrule; the store refuses what may never be displayed, with the reason."""

routes = web.RouteTableDef()


class Ways(NamedTuple):
    """What a person may do about an alert: ``ends`` are the cards that its release may end, ``None`` where it is not a take-down."""

    publishes: bool
    releases: bool
    dismisses: bool
    ends: Sequence[str] | None


@routes.get("/alerts")
async def alerts(request: web.Request) -> web.Response:
    """The list."""
    gateway = request.app[GATEWAY]
    asked = paging.asked(request, decision=DECISIONS, feed=None, identifier=None, since=None)
    page = await query.found(gateway.store.read(lists.alert_page, **asked.of_store))
    name = asked.of_store.get("identifier")
    gaps = msgspec.to_builtins(await gateway.store.read(lives.gaps_of_all)) if name and not page.items else []
    return await render.page(
        request,
        "alerts.html",
        alerts=page.items,
        next=page.next,
        query=asked.query,
        decisions={value: state.word for value, state in WORDS.items()},
        feeds=feeds_to_choose(request, asked.query),
        times={value: words for value, (words, _) in paging.SINCE.items()},
        unknown=list(explained.unknown(name, gaps)) if name and not page.items else [],
        because=because,
    )


@routes.get("/alerts/{id}")
async def alert(request: web.Request) -> web.Response:
    """One alert."""
    return await show(request, query.name(request), done=DONE.get(request.query.get("done", "")))


@routes.post("/alerts/{id}/publish")
@forms.action
async def publish(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """Display a declined alert."""
    alert_id, programme = query.name(request), fields.one("programme") or None
    try:
        await done(request.app[GATEWAY].hands.publish(alert_id, programme, fields.act(request, needs_reason=True)))
    except Refused as refused:
        return await show_refused(request, alert_id, refused)
    return forms.see(f"/alerts/{alert_id}?done=publish")


async def show_refused(request: web.Request, alert_id: str, refused: Refused) -> web.Response:
    """The page of an alert after an action that could not be done, with the reason."""
    if refused.status == web.HTTPNotFound.status_code:
        raise refused
    return await show(request, alert_id, status=refused.status, refused=refused.detail)


async def show(
    request: web.Request, name: str, *, status: int = 200, done: str | None = None, refused: str | None = None
) -> web.Response:
    """The page of an alert, with what came of an action. Its CAP identifier leads to it too."""
    store = request.app[GATEWAY].store
    found = await store.read(lives.named, name)
    if not found:
        raise Refused(404, f"there is no alert {name}; the list of alerts finds one by its CAP identifier")
    if found[0].alert.id != name:
        only = found[0].alert.id if len(found) == 1 else None
        return forms.see(f"/alerts/{only}" if only else f"/alerts?{urlencode({'identifier': name})}")
    life, document = found[0], await store.read(lists.original, name)
    waits = await store.read(lists.one_quarantined, name)
    shown = await threads.parse(lambda: xml.shown(document, life.alert.findings)) if document is not None else None
    told: dict[str, Any] = msgspec.to_builtins(life)
    return await render.page(
        request,
        "alert.html",
        itself=f"/alerts/{name}",
        status=status,
        done=done,
        refused=refused,
        alert=life.alert,
        life=life,
        waits=waits,
        doubts=lists.DOUBTS,
        ways=ways(life.alert, waits, life.cards),
        programmes=[one.id for one in request.app[GATEWAY].settings.policy.programmes],
        terms=[(word, explained.text(value)) for word, value in _terms(told) if value not in (None, "", [])],
        remarks=life.remarks,
        sections=explained.sections(told),
        xml=shown,
        grouped=grouped(life.alert.findings),
        because=because,
    )


def grouped(findings: Sequence[Finding]) -> list[tuple[Finding, list[int]]]:
    """What is found several times, once; with the lines that it speaks of."""
    found: dict[tuple[str, str], tuple[Finding, list[int]]] = {}
    for one in findings:
        _, lines = found.setdefault((one.rule, one.message), (one, []))
        lines += [one.line] if one.line and one.line not in lines else []
    return list(found.values())


def ways(alert: StoredAlert, waits: Quarantined | None, cards: Sequence[CardLife] = ()) -> Ways:
    """What may be done about an alert, whose chain made these cards. The store has the last word."""
    waits_as_copy = any(one.card_id == alert.card_id and one.state == "waiting" for one in cards)
    is_take_down = waits is not None and (bool(waits.cards) or alert.msg_type == "Cancel")
    may_release = waits is not None and alert.reason in RELEASABLE and not alert.card_id
    return Ways(
        publishes=(alert.decision in PUBLISHED_FROM or waits_as_copy)
        and alert.reason not in lists.NEVER_SHOWN
        and not (is_take_down or may_release or alert.handled or alert.erased_at)
        and alert.reason not in ("paused", "withdrawn"),
        releases=is_take_down or may_release,
        dismisses=waits is not None,
        ends=waits.cards if waits and is_take_down else None,
    )


def feeds_to_choose(request: web.Request, asked: paging.Query) -> list[str]:
    """The configured feeds, and the one that is asked for, which may no longer be."""
    names = [one.name for one in request.app[GATEWAY].settings.feeds]
    chosen = asked.filters.get("feed")
    return [*names, chosen] if chosen and chosen not in names else names


def _terms(told: dict[str, Any]) -> list[tuple[str, Any]]:
    return explained.of_alert(told["alert"]) + explained.of_life(told)

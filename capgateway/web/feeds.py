"""Feeds: how each is doing, asking one now, and handing alerts in to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web
from msgspec import structs

from capgateway import cap
from capgateway.config.values import unknown
from capgateway.feeds.status import FeedStatus, PollResult, Submitted
from capgateway.masking import mask_addresses, mask_query
from capgateway.store import Page, lists
from capgateway.store import feeds as stored_feeds
from capgateway.store.audit import Act
from capgateway.store.records import MissingEntry
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.bodies import body
from capgateway.web.gateway import GATEWAY, Gateway, Operations
from capgateway.web.guard import actor, needs
from capgateway.web.problems import Refused
from capgateway.web.said import Said, act, said
from capgateway.web.told import tells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.feeds import Feed
    from capgateway.store import StoredAlert

LARGEST_DOCUMENT = cap.MAX_BYTES
RETRY_SECONDS = 5  # a gateway with a thousand feeds watches them all after about that time
#: A document that was quarantined for one of these can only be mended by who wrote it.
FAULTY = frozenset({"unreadable", "schema", "unidentifiable"})
COME_BY_THEMSELVES = frozenset({"naads", "push"})
"""Kinds of feeds that are not asked."""
MOST_FINDINGS = 200  # told in one problem document
MOST_RECORDED = 200  # alerts of one submission in the audit trail; an envelope has a few

routes = web.RouteTableDef()


class FeedDetails(FeedStatus, frozen=True, kw_only=True):
    """A feed with the entries whose alerts are missing."""

    missing_entries: list[MissingEntry]


class Submissions(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each message of a document."""

    items: list[Submitted]


@routes.get("/api/v1/feeds")
@tells(Page[FeedStatus], filters={})
async def feeds(request: web.Request) -> web.Response:
    """Every configured feed, in the order of the configuration."""
    page = query.part(request, operations(request).feed_statuses())
    return as_json(Page(items=[shown(one) for one in page.items], next=page.next))


@routes.get("/api/v1/feeds/{id}")
@tells(FeedDetails)
async def feed(request: web.Request) -> web.Response:
    """One feed, with the entries whose alerts are missing."""
    name = configured(request).name
    missing = await missing_of(request.app[GATEWAY], name)
    return as_json(FeedDetails(**msgspec.structs.asdict(status_of(request, name)), missing_entries=missing))


async def missing_of(gateway: Gateway, name: str) -> list[MissingEntry]:
    """The entries of a feed whose alerts are missing, with addresses as anybody may see them."""
    found = await gateway.store.read(stored_feeds.missing_entries, name)
    return [structs.replace(one, link=mask_query(one.link), others=tuple(map(mask_query, one.others))) for one in found]


@routes.post("/api/v1/feeds/{id}/poll")
@tells(PollResult, takes=Said, refuses=(409,))
async def poll(request: web.Request) -> web.Response:
    """Ask a feed now; the answer says what it brought. Its schedule goes on from there."""
    return as_json(await poll_now(request, act(request, await said(request, Said))))


async def poll_now(request: web.Request, by: Act) -> PollResult:
    """Ask the feed of the path, and record the act."""
    found, does = configured(request), operations(request)
    if found.kind in COME_BY_THEMSELVES:
        raise Refused(409, f'a feed of kind "{found.kind}" is not polled: its alerts come by themselves')
    try:
        polled = await does.poll_now(found.name)
    except KeyError:
        raise _not_watched(found) from None
    await _record(request, by, "feed.polled", found)
    return polled


@routes.post("/api/v1/feeds/{id}/alerts")
@needs("submit", "operate")
@tells(Submissions, status=202, takes_xml=True, refuses=(409, 422))
async def alerts(request: web.Request) -> web.Response:
    """Hand in a CAP message, or an envelope of several. 202 says what became of each; 422 what is wrong, where none of
    them can be used. The same again is the same as once."""
    _check_submit(request)
    found, does = configured(request), operations(request)
    document = await body(request)
    try:
        submitted = await does.submit(found.name, document, actor=actor(request).name)
    except KeyError:
        raise _not_watched(found) from None
    if found.kind != "push" or "operate" in actor(request).scopes:  # a partner's push is no act of an operator
        await _record(
            request, Act(actor=actor(request).name), "alert.submitted", found, [one.alert_id for one in submitted]
        )
    faulty = await _faulty(request.app[GATEWAY], submitted)
    if faulty is None:
        return as_json(Submissions(items=submitted), status=202)
    findings = [finding for one in faulty for finding in one.findings][:MOST_FINDINGS]
    raise Refused(422, "nothing in this document can be used", findings=findings, items=submitted)


async def _record(request: web.Request, by: Act, action: str, found: Feed, alert_ids: Sequence[str] = ()) -> None:
    await request.app[GATEWAY].hands.record(
        by, action, detail={"feed": found.name}, alert_ids=alert_ids[:MOST_RECORDED]
    )


def operations(request: web.Request) -> Operations:
    """What can be asked of this process, if it is the one that polls."""
    found = request.app[GATEWAY].operations
    if found is None:
        raise Refused(503, "this process does not poll feeds; ask one that runs with the role poll")
    return found


def configured(request: web.Request) -> Feed:
    """The feed of the path."""
    name = query.name(request)
    every = request.app[GATEWAY].settings.feeds
    found = next((one for one in every if one.name == name), None)
    if found is None:
        who = actor(request)  # a partner who may only submit learns no other feed's name
        known = [one.name for one in every] if {"read", "operate"} & {*who.scopes} else []
        raise Refused(404, (known and unknown("feed", name, known)) or f'there is no feed "{name}"')
    return found


def status_of(request: web.Request, name: str) -> FeedStatus:
    """How a feed is doing."""
    found = next((one for one in operations(request).feed_statuses() if one.name == name), None)
    if found is None:
        raise _not_yet(name)
    return shown(found)


def shown(status: FeedStatus) -> FeedStatus:
    """As anybody may see it: the key of a feed may be in its address."""
    moved_to = mask_query(status.moved_to) if status.moved_to else None
    trouble = mask_addresses(status.trouble) if status.trouble else None
    return structs.replace(status, url=mask_query(status.url), moved_to=moved_to, trouble=trouble)


def _not_watched(found: Feed) -> Refused:
    """It is disabled; or this process is about to watch it, or stops."""
    if found.enabled:
        return _not_yet(found.name)
    return Refused(409, f'the feed "{found.name}" is not watched: it is disabled')


def _not_yet(name: str) -> Refused:
    return Refused(
        503,
        f'the feed "{name}" is not watched at the moment: the gateway is starting, stopping, or taking in its configuration',
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _check_submit(request: web.Request) -> None:
    """Scope submit is for push feeds, and of these for those the token names."""
    who, name = actor(request), query.name(request)
    if "operate" in who.scopes:
        return
    if who.feeds and name not in who.feeds:
        raise Refused(403, f'the token "{who.name}" may submit to {", ".join(who.feeds)} only')
    found = configured(request)
    if found.kind != "push":
        raise Refused(
            403, f'the token "{who.name}" lacks the scope operate; submit is for feeds of kind push, not {found.kind}'
        )


async def _faulty(gateway: Gateway, submitted: list[Submitted]) -> list[StoredAlert] | None:
    """The alerts, if every one of them is faulty; ``None`` as soon as one is not. Handed in again they are ``unchanged``,
    so what counts is what was decided the first time."""
    found = []
    for one in submitted:
        stored = await gateway.store.read(lists.one_alert, one.alert_id)
        if stored is None or stored.decision != "quarantined" or stored.reason not in FAULTY:
            return None
        found.append(stored)
    return found

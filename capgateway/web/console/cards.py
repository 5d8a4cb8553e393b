"""The list of cards, and one card: as a phone shows it, beside the words it was made of and all that happened to it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from capgateway.store import case, lists, overview
from capgateway.web import query
from capgateway.web.console import differences, facts, maps, render, timeline
from capgateway.web.console.briefs import brief, confirmations, photo, where
from capgateway.web.console.paging import Query
from capgateway.web.console.words import CARD_STATES
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused

if TYPE_CHECKING:
    from capgateway.cards import Card
    from capgateway.cards.card import Content

UNVERIFIED = "unverified"
PAGE = 40
MOST_DIFFERENCES = 12
"""Revisions that are compared with the one before; the newest."""
DONE = {
    "withdraw": "The card is withdrawn. Its take-downs are on their way; the time line shows each acknowledgement.",
    "restore": "This card displays the case again.",
    "correct": "The facts are removed, and the new revision is on its way.",
    "verify": "The card is verified.",
    "hold": "The data of this card is kept beyond the retention.",
    "lift": "The retention counts again for this card.",
    "erase": "The case is erased. The time line shows which receivers have acknowledged that.",
}

routes = web.RouteTableDef()


class Change(NamedTuple):
    """A revision, and what it changed; ``None`` where that cannot be said any more."""

    revision: case.Revision
    differences: list[differences.Difference] | None


class Spoken(NamedTuple):
    """What a card says in one language."""

    language: str
    content: Content
    fields: list[facts.Field]


@routes.get("/cards")
async def cards(request: web.Request) -> web.Response:
    """The list."""
    wanted, name, after = _asked(request)
    store = request.app[GATEWAY].store
    if name:
        ids = await store.read(case.named, name)
        if ids == [name]:
            return web.Response(status=303, headers={"Location": f"/cards/{name}"})
        found = [one for card_id in ids if (one := await store.read(lists.one_card, card_id))]
        following = None
    else:
        state = {"is_unverified": True} if wanted == UNVERIFIED else {"state": wanted or None}
        page = await query.found(store.read(lists.card_page, **state, limit=PAGE, after=after))
        found, following = page.items, page.next
    receipts = await store.read(overview.receipts, [one.card_id for one in found])
    return await render.page(
        request,
        "cards.html",
        cards=[brief(one) for one in found],
        receipts=receipts,
        confirmations=confirmations,
        states={name: state.word for name, state in CARD_STATES.items()} | {UNVERIFIED: "Unverified"},
        wanted=wanted,
        name=name,
        query=Query({"state": wanted} if wanted else {}, after),
        next=following,
    )


@routes.get("/cards/{id}")
async def card(request: web.Request) -> web.Response:
    """One card."""
    return await show(request, query.name(request), done=DONE.get(request.query.get("done", "")))


async def show(
    request: web.Request, card_id: str, *, status: int = 200, done: str | None = None, refused: str | None = None
) -> web.Response:
    """The page of a card, with what came of an action."""
    gateway = request.app[GATEWAY]
    found = await gateway.store.read(case.case, card_id)
    if found is None:
        raise Refused(404, f"there is no card {card_id}")
    atlas = gateway.atlas()
    told = await asyncio.to_thread(
        lambda: _told(found, maps.of_card(found.stored.card, atlas) if found.stored.card else None)
    )
    return await render.page(
        request,
        "card.html",
        itself=f"/cards/{card_id}",
        status=status,
        done=done,
        refused=refused,
        confirmations=confirmations,
        **told,
    )


def _told(found: case.Case, drawn: maps.Map | None) -> dict[str, Any]:
    shown = found.stored.card
    known = facts.facts(shown, found.evidence) if shown else []
    spoken = _spoken(shown, known) if shown else []
    pieces = [piece for one in spoken for field in one.fields for piece in field.pieces]
    return {
        "found": found,
        "stored": found.stored,
        "brief": brief(found.stored),
        "card": shown,
        "photo": photo(shown) if shown and found.stored.state != "ended" else None,
        "where": where(shown) if shown else "",
        "facts": known,
        "kinds": list(dict.fromkeys((one.about.rstrip(" 0123456789"), one.tone) for one in known if one.evidence)),
        "spoken": spoken,
        "in_text": {fact.pointer for piece in pieces for fact in piece.first},
        "drawn": drawn,
        "changes": _changes(found),
        "events": timeline.timeline(found),
        "phone": _phone(shown) if shown else None,
    }


class Phone(NamedTuple):
    """What a phone shows beside the lines: one vehicle per plate, and whom to call."""

    persons: list[str]
    vehicles: list[tuple[str, str | None]]
    others: list[str]
    seen: str
    calls: list[tuple[str, str]]


def _phone(card: Card) -> Phone:
    content = card.content[card.content_order[0]]
    lines = content.lines
    seen = card.last_seen
    when = seen.time.text if seen and seen.time else None
    return Phone(
        persons=[line.text for line in lines if line.role in ("child", "person")],
        vehicles=[_vehicle(one) for one in card.vehicles],
        others=[line.text for line in lines if line.role not in ("child", "person", "vehicle")],
        seen=", ".join(part for part in (seen and seen.place, when, seen and seen.direction) if part),
        calls=[(one.type, _label(one.label, card)) for one in card.actions],
    )


def _vehicle(one: Any) -> tuple[str, str | None]:
    words = " ".join(str(part) for part in (one.color, one.year, one.make, one.model, one.body, one.detail) if part)
    plate = one.plate and f"{one.plate}{' …' if one.plate_partial else ''}"
    region = f" {one.plate_region.partition('-')[2] or one.plate_region}" if plate and one.plate_region else ""
    return words[:1].upper() + words[1:], plate and f"{plate}{region}"


def _label(label: dict[str, str], card: Card) -> str:
    return next((label[one] for one in card.content_order if one in label), None) or next(iter(label.values()), "")


def _spoken(card: Card, known: list[facts.Fact]) -> list[Spoken]:
    return [Spoken(one, card.content[one], facts.fields(card, one, known)) for one in card.content_order]


def _changes(found: case.Case) -> list[Change]:
    changes = []
    for at, one in enumerate(found.revisions):
        before = found.revisions[at + 1] if at + 1 < len(found.revisions) else None
        is_compared = before and before.card and one.card and at < MOST_DIFFERENCES
        changed = (
            differences.differences(before.card, one.card)
            if is_compared and before and before.card and one.card
            else None
        )
        changes.append(Change(one, changed))
    return changes


def _asked(request: web.Request) -> tuple[str, str, str | None]:
    """The state, the name and the cursor that were asked for."""
    wanted, name = request.query.get("state", ""), request.query.get("find", "").strip()
    if wanted and wanted != UNVERIFIED and wanted not in CARD_STATES:
        raise Refused(400, f"state is one of {', '.join((*CARD_STATES, UNVERIFIED))}")
    if len(name) > query.LONGEST_WORD or not name.isprintable():
        raise Refused(400, f"find must be at most {query.LONGEST_WORD} printable characters")
    return wanted, name, request.query.get("after") or None

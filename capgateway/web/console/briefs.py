"""Cards in a few words, as lists show them; and how far their deliveries are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import msgspec

from capgateway.cards.meaning import meaning
from capgateway.web.console.words import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cards import Card
    from capgateway.store import StoredCard
    from capgateway.store.overview import Receipt

MOST_PLACES = 4
SOUGHT = ("child", "person")
ERASED = "Erased"
TONES = ("bad", "warn", "info", "good", "calm")
"""The worst first."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """A card in a list. ``photo`` is an address of this gateway."""

    stored: StoredCard
    title: str
    vehicle: str | None
    where: str
    issuer: str | None
    photo: str | None
    is_drill: bool
    program: str


def brief(stored: StoredCard) -> Brief:
    """A card in a few words."""
    card = stored.card
    return Brief(
        stored=stored,
        title=title(card) if card else ERASED,
        vehicle=_line(card, ("vehicle",)) if card else None,
        where=where(card) if card else "",
        issuer=card.issuer.name if card else None,
        photo=photo(card) if card and stored.state != "ended" else None,
        is_drill=stored.status == "exercise",
        program=card.program if card else "Card",
    )


def title(card: Card) -> str:
    """Who is sought, or what the issuer calls it."""
    content = card.content[card.content_order[0]]
    return _line(card, SOUGHT) or content.headline or content.event


def where(card: Card) -> str:
    """The first places where a card is displayed."""
    names = [one.name or one.code for one in card.area.target] or list(card.area.descriptions)
    more = f" and {len(names) - MOST_PLACES} more" if len(names) > MOST_PLACES else ""
    return ", ".join(names[:MOST_PLACES]) + more


def photo(card: Card) -> str | None:
    """The picture of who is sought, or else the first one, by its path: the address for receivers may be another host's."""
    sought = [one for one in card.media if one.role in SOUGHT] or list(card.media)
    return urlsplit(sought[0].url).path if sought else None


def receipt(one: Receipt) -> State:
    """How far the newest delivery to a receiver is."""
    is_down = one.action == "take_down"
    if one.state == "dead":
        return State("Take-down given up" if is_down else "Given up", "bad")
    if one.state == "pending":
        failing = "failing" if one.attempts else "on its way"
        return State(f"Take-down {failing}" if is_down else failing.capitalize(), "bad" if one.attempts else "warn")
    if one.state != "delivered":
        return State(one.state.capitalize(), "calm")
    if is_down:
        return State(
            "Removal confirmed" if one.confirmed else "Take-down acknowledged", "good" if one.confirmed else "info"
        )
    return State("Display confirmed" if one.confirmed else "Acknowledged", "good" if one.confirmed else "info")


class Group(NamedTuple):
    """Receivers that are equally far."""

    state: State
    receivers: list[str]


def confirmations(receipts: Sequence[Receipt]) -> list[Group]:
    """How far a card is at its receivers, the worst first."""
    found: dict[State, list[str]] = {}
    for one in receipts:
        found.setdefault(receipt(one), []).append(one.receiver)
    return [Group(state, names) for state, names in sorted(found.items(), key=lambda one: TONES.index(one[0].tone))]


def _line(card: Card, roles: tuple[str, ...]) -> str | None:
    lines = card.content[card.content_order[0]].lines
    return "; ".join(dict.fromkeys(line.text for line in lines if line.role in roles)) or None


def because(decision: str, reason: str | None) -> str:
    """Why something was decided so; what the decision means where its word says all."""
    usual = meaning(decision, None)
    return meaning(decision, reason).removeprefix(usual).strip() or usual

"""Which receivers a change of a card goes to. A pure choice; the store writes one delivery for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway import cards
from capgateway.webhooks.messages import display_type
from capgateway.webhooks.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cards import Card


class Outlets(msgspec.Struct, frozen=True, kw_only=True):
    """Where cards leave: the configured receivers, and the address under which receivers reach this gateway's API."""

    receivers: tuple[Receiver, ...]
    public_url: str


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver was sent of one card before: a display, and perhaps its take-down. ``revision`` is the newest of them."""

    receiver: str
    taken_down: bool
    revision: int


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Names of receivers: ``show`` gets the display. The others display the card, but should no longer: the regions of those in
    ``leave`` take no part any more, and those in ``lose`` no longer get the cards of its programme."""

    show: tuple[str, ...]
    leave: tuple[str, ...]
    lose: tuple[str, ...] = ()


def route_display(card: Card, message_type: str, receivers: Sequence[Receiver], lanes: Sequence[Lane]) -> Route:
    """Who is shown this revision. A lane that has its take-down gets nothing more, ever (rule R5)."""
    closed = {lane.receiver for lane in lanes if lane.taken_down}
    holding = {lane.receiver for lane in lanes if not lane.taken_down}
    open_to = [receiver for receiver in receivers if receiver.name not in closed]
    takers = [receiver for receiver in open_to if receiver.takes(card.kind)]
    inside = {receiver.name for receiver in takers if cards.touches(card.area, receiver.regions)}
    return Route(
        show=tuple(r.name for r in takers if r.enabled and r.name in inside and r.wants(message_type)),
        leave=tuple(r.name for r in takers if r.name not in inside and r.name in holding),
        lose=tuple(r.name for r in open_to if r.name in holding and not r.takes(card.kind)),
    )


def reopens(card: Card, receivers: Sequence[Receiver], lanes: Sequence[Lane]) -> bool:
    """Whether a receiver that the card has left is meant again. Its lane stays closed (rule R5), so it takes a new card
    to show it there."""
    closed = {lane.receiver for lane in lanes if lane.taken_down}
    message_type = display_type(exercise=card.status == "exercise", is_new=True)
    return any(
        receiver.enabled
        and receiver.name in closed
        and receiver.wants(message_type)
        and receiver.takes(card.kind)
        and cards.touches(card.area, receiver.regions)
        for receiver in receivers
    )


def route_take_down(lanes: Sequence[Lane]) -> tuple[str, ...]:
    """Everyone who was to get the card and has no take-down yet, asked or not, configured still or not (rule R6)."""
    return tuple(lane.receiver for lane in lanes if not lane.taken_down)

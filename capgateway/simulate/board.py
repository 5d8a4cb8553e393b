"""What a receiver shows, by the rules a receiver must keep: dedupe by id, fence by sequence, end by itself.

One entry per card outlives the card by seven days, so that nothing late brings it back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

FENCE_KEPT = timedelta(days=7)
MOST_IDS = 100_000
"""Message ids remembered; the fence works without them, so forgetting the oldest harms nobody."""

Outcome = Literal["displayed", "removed", "duplicate", "stale", "snapshot", "ignored"]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One card of a snapshot."""

    card_id: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """``data`` of any message, as far as a receiver looks into it; ``action`` decides, not the type."""

    action: str | None = None
    card_id: str | None = None
    revision: int = 0
    sequence: int = 0
    expires_at: datetime | None = None
    card: dict[str, Any] | None = None
    reason: str | None = None
    nonce: str | None = None
    receiver: str | None = None
    feed: str | None = None
    last_answer: str | None = None
    advice: str | None = None
    active: tuple[Listed, ...] = ()


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it arrives."""

    type: str
    data: Told


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The last word on one card. ``card`` is ``None`` once it is removed; ``ended_at`` says since when."""

    sequence: int
    revision: int
    card: dict[str, Any] | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def state(self) -> Literal["displayed", "removed"]:
        return "removed" if self.card is None else "displayed"


class Board:
    """The cards on display, and the memory of those that were. One that is not ``is_fenced`` lets what is older win."""

    def __init__(self, *, is_fenced: bool = True) -> None:
        self._is_fenced = is_fenced
        self._entries: dict[str, Entry] = {}
        self._ids: dict[str, None] = {}  # a dict keeps the order they came in

    @property
    def cards(self) -> dict[str, dict[str, Any]]:
        """The cards shown now, by ``card_id``."""
        return {card_id: entry.card for card_id, entry in self._entries.items() if entry.card is not None}

    def entry(self, card_id: str | None) -> Entry | None:
        return self._entries.get(card_id or "")

    def take(self, message_id: str, body: Body, *, now: datetime) -> Outcome:
        """Do what a verified message says, unless it was done before or something newer was."""
        self.expire(now)
        if message_id in self._ids:
            return "duplicate"
        self._remember(message_id)
        told = body.data
        if body.type == "state.snapshot":
            return self._compare(told, now)
        if told.action not in {"display", "take_down"}:
            return "ignored"
        card_id = told.card_id or ""
        known = self._entries.get(card_id)
        if self._is_fenced and known is not None and told.sequence <= known.sequence:
            return "stale"
        entry = Entry(sequence=told.sequence, revision=told.revision, ended_at=now)
        if told.action == "display" and told.expires_at is not None and now < told.expires_at:
            entry = Entry(
                sequence=told.sequence, revision=told.revision, card=told.card or {}, expires_at=told.expires_at
            )
        self._entries[card_id] = entry
        return entry.state

    def expire(self, now: datetime) -> list[str]:
        """Remove the cards whose time is over, forget what ended long ago; return the ids of those removed."""
        over = [card_id for card_id, entry in self._entries.items() if entry.expires_at and entry.expires_at <= now]
        for card_id in over:
            self._remove(card_id, now)
        for card_id, entry in list(self._entries.items()):
            if entry.ended_at is not None and entry.ended_at + FENCE_KEPT <= now:
                del self._entries[card_id]
        return over

    def _compare(self, snapshot: Told, now: datetime) -> Outcome:
        """A card that a newer snapshot does not list has to go."""
        listed = {each.card_id for each in snapshot.active}
        for card_id, entry in list(self._entries.items()):
            if entry.card is not None and card_id not in listed and entry.sequence <= snapshot.sequence:
                self._remove(card_id, now)
        return "snapshot"

    def _remove(self, card_id: str, now: datetime) -> None:
        known = self._entries[card_id]
        self._entries[card_id] = Entry(sequence=known.sequence, revision=known.revision, ended_at=now)

    def _remember(self, message_id: str) -> None:
        self._ids[message_id] = None
        if len(self._ids) > MOST_IDS:
            del self._ids[next(iter(self._ids))]

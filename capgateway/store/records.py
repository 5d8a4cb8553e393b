"""What goes into the store and what comes out: arrivals, and the rows as the API shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

import msgspec

from capgateway.cap import Alert, Finding, Report
from capgateway.cards import Card, CardState, Decision, Member
from capgateway.cards.decision import QuarantineReason

T = TypeVar("T")


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One document that came in as an alert. ``gate`` says why it cannot be used at all, ``None`` if it can;
    ``alert`` is present whenever ``gate`` is ``None``, and its identity is complete. ``rehearsal``: it came through a
    feed whose words leave only as exercise."""

    feed: str
    document: bytes
    received_at: datetime
    alert: Alert | None
    report: Report
    gate: QuarantineReason | None
    rehearsal: bool = False


Decide: TypeAlias = Callable[[Member, Sequence[Member], Sequence[CardState], str], Decision]
"""The pure choice made inside the transaction: arrived, known, cards, deployment."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an arrival. ``messages`` counts the webhook messages it gave; ``is_new`` tells a first sight."""

    alert_id: str
    decision: Decision
    is_new: bool
    messages: int = 0


class MissingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry whose CAP could not be fetched, how often, and when it is to be tried again."""

    key: str
    link: str
    failures: int
    retry_at: datetime | None = None
    envelope_status: str | None = None


class FeedState(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a feed's last body that brought something new."""

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's body that brought something new, with the record of its fetching."""

    url: str
    status: int
    media_type: str
    content: bytes


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some rows of a list, newest first; ``next`` is where the following page begins, ``None`` at the end."""

    items: list[T]
    next: str | None


class StoredAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as the API lists it: no text of it, only what it is and what became of it."""

    id: str
    feed: str
    received_at: datetime
    identifier: str | None
    sender: str | None
    sent: str | None
    status: str | None
    msg_type: str | None
    scope: str | None
    cap_version: str | None
    event: str | None
    profile: str | None
    sha256: str
    verdict: str
    signature: str
    decision: str
    reason: str | None
    decided_at: datetime
    card_id: str | None
    rehearsal: bool
    findings: list[Finding]


class StoredCard(msgspec.Struct, frozen=True, kw_only=True):
    """One card as the API lists it. ``card`` is the latest display, ``None`` once it is erased."""

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
    card: Card | None


class StoredAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at a delivery."""

    number: int
    started_at: datetime
    duration_ms: float
    outcome: str
    status: int | None
    error: str | None
    ambiguous: bool


class StoredDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as the API lists it; never its body."""

    id: str
    message_id: str
    type: str
    sequence: int
    receiver: str
    card_id: str
    revision: int
    action: str
    state: str
    reason: str | None
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    confirmed: bool
    attempts: list[StoredAttempt]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries neither acknowledged nor given up, counted by receiver, and when each receiver's oldest
    unacknowledged take-down was made."""

    pending: dict[str, int]
    oldest_take_down: dict[str, datetime]

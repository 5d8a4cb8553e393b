"""What comes out of the store: what became of things, and the rows as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec

from capgateway.cap import Finding
from capgateway.cards import Card, Decision
from capgateway.feeds.http.answer import Validators
from capgateway.webhooks import Attempt, Claim, Next

T = TypeVar("T")


class HeldFor(msgspec.Struct, frozen=True):
    """A take-down that ended nothing, and a live card that it may be meant for."""

    alert_id: str
    card_id: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an arrival. ``messages`` counts the webhook messages it gave; ``is_new`` says that it was not known
    before; ``fault`` is what went wrong in the gateway itself, where the decision is ``undecided``. ``held`` are
    take-downs that ended nothing, each with a live card that it may be meant for."""

    alert_id: str
    decision: Decision
    is_new: bool
    messages: int = 0
    fault: str | None = None
    held: tuple[HeldFor, ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document that entries of a feed link to, and what its server said when it was last read. ``address`` is what the feed
    knows it by; ``link`` is where it was in the end, of several links the one that led to CAP. ``alert_id`` is the alert in
    it; of several, one that may become a card or change one."""

    address: str
    link: str
    envelope_status: str | None = None
    alert_id: str | None = None
    said: Validators = Validators()


class TakenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a feed whose alert is stored, and the document it was in where that was fetched. Without a ``key`` it is
    only the document: one that was asked for again."""

    feed: str
    key: str = ""
    link: str | None = None
    document: Document | None = None


class MissingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry whose CAP was not fetched yet: how often that failed, and when it is to be tried again. ``others`` are its
    further links, for where the first leads to no CAP; ``address`` is what the document behind them is known by."""

    key: str
    link: str
    failures: int
    retry_at: datetime | None = None
    envelope_status: str | None = None
    address: str = ""
    others: tuple[str, ...] = ()


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
    handled: str | None
    handled_at: datetime | None
    erased_at: datetime | None
    findings: list[Finding]


class Quarantined(StoredAlert, frozen=True, kw_only=True):
    """An alert that waits for a person: what it refers to, as received; the live cards that it may be meant for; what is doubtful
    about it; what to do."""

    references: str | None
    cards: list[str]
    doubts: list[str]
    advice: str


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """Why a live card needs a person: a take-down that may be meant for it is held."""

    kind: Literal["takedown_held"] = "takedown_held"
    since: datetime
    alert_id: str


class NeedsPerson(msgspec.Struct, frozen=True, kw_only=True):
    """How many live cards are unverified, and how many held take-downs mark a live card."""

    unverified: int
    held: int


class StoredCard(msgspec.Struct, frozen=True, kw_only=True):
    """One card as the API lists it. ``card`` is the latest display, ``None`` once it is erased; ``unverified_since`` is
    ``None`` while it is verified, ``held_at`` while the retention counts."""

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
    held_at: datetime | None
    erased_at: datetime | None
    attention: list[Attention]
    card: Card | None


class Finished(NamedTuple):
    """An attempt that is over, and what follows from it."""

    claim: Claim
    attempt: Attempt
    following: Next


class StoredAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at a delivery. ``queued_ms`` is how long it was due before; ``lookup_ms`` and ``connect_ms`` are null where a
    connection was there."""

    number: int
    started_at: datetime
    duration_ms: float
    outcome: str
    status: int | None
    error: str | None
    ambiguous: bool
    remote: str | None
    tls: str | None
    queued_ms: float | None
    lookup_ms: float | None
    connect_ms: float | None
    answer_ms: float | None


class StoredDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as the API lists it; never its body. ``message_id`` is the id under which it is sent; ``reissue`` is 1 for a
    take-down that is sent once more."""

    id: str
    message_id: str
    reissue: int
    type: str
    sequence: int
    receiver: str
    card_id: str | None
    revision: int
    action: str | None
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

"""What the pages know about the running gateway, and what they may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
from aiohttp import web

from capgateway import cap, shipped
from capgateway.cards import Decision
from capgateway.clock import utc_now
from capgateway.config import Settings
from capgateway.feeds import Feed
from capgateway.feeds.status import FeedStatus, PollResult, Submitted
from capgateway.metrics import Metrics
from capgateway.operate.drill import Drilled
from capgateway.places import ATLAS, Atlas
from capgateway.store import Store
from capgateway.store.audit import Act
from capgateway.store.corrections import Corrected
from capgateway.store.erase import Report
from capgateway.store.evidence import Evidence
from capgateway.store.hand import Restored
from capgateway.store.pause import Paused
from capgateway.store.publish import Published
from capgateway.webhooks import Receiver


class Reloaded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a reload: ``errors``, a line each, when the file cannot be used and the configuration before stays;
    else the keys that changed, and those of them that count only after a restart."""

    errors: list[str] = []
    restart_needed: list[str] = []
    changed: list[str] = []


class Operations(Protocol):
    """What the process that polls can be asked to do. Feeds are named as configured; the caller knows they exist."""

    def feed_statuses(self) -> list[FeedStatus]:
        """How each feed is doing, in the order of the configuration."""

    async def poll_now(self, name: str) -> PollResult:
        """Ask a feed now, and take in what it says."""

    async def submit(self, name: str, document: bytes, *, actor: str) -> list[Submitted]:
        """Take in a document for a feed; durable when this returns."""

    async def reload(self) -> Reloaded:
        """Use the configuration file as it is now."""


class Hands(Protocol):
    """What operators do by hand to what is stored, in any process; each is logged with its actor and reason."""

    async def verify(self, card_id: str, act: Act) -> None:
        """Confirm that a card on display is still true. Raises ``LookupError`` and ``ValueError`` with a sentence for the
        operator where that cannot be, as all of these do."""

    async def withdraw(self, card_id: str, act: Act) -> None:
        """Take a card down, and let nothing of its case be displayed until it is restored."""

    async def restore(self, card_id: str, act: Act) -> Restored:
        """Show again, as a new card, what a person withdrew."""

    async def correct(self, card_id: str, pointers: Sequence[str], act: Act, revision: int | None = None) -> Corrected:
        """Remove facts from a card."""

    async def hold(self, card_id: str, act: Act, *, lift: bool = False) -> None:
        """Keep the data of a card beyond the retention, or no longer."""

    async def publish(self, alert_id: str, programme: str | None, act: Act) -> Published:
        """Display a declined alert."""

    async def pause(self, act: Act) -> Paused:
        """Let no display start."""

    async def resume(self, act: Act) -> datetime | None:
        """Send displays again; since when they were paused."""

    async def export(self, card_id: str, act: Act) -> Evidence:
        """All that is stored of a card and its chain."""

    async def record(self, act: Act, action: str, *, detail: dict[str, Any], alert_ids: Sequence[str] = ()) -> None:
        """Note in the audit trail what a person did through another walk."""

    async def dismiss(self, alert_id: str, *, actor: str, reason: str) -> None:
        """Settle a quarantined alert without an effect. ``LookupError`` and ``ValueError`` say why that cannot be."""

    async def release(self, alert_id: str, card_id: str | None, *, actor: str, reason: str | None) -> Decision:
        """Let a quarantined take-down end this card, or the only one that it marks. Raises the same."""

    async def erase(self, *, card_id: str | None, identifier: str | None, actor: str, reason: str) -> Report:
        """Erase all that a card, or the alerts of an identifier, are about. Raises the same."""

    async def drill(self, feed: Feed | None, receivers: Sequence[Receiver], act: Act) -> Drilled:
        """Send an exercise the whole way to these receivers, and take it down again. Raises ``ValueError``."""


def _no_troubles() -> Sequence[str]:
    return ()


def _schemas() -> cap.Schemas:
    return cap.Schemas(shipped.cap_schemas())


class Gateway(msgspec.Struct, kw_only=True):
    """One running gateway, as its web part sees it.

    ``settings`` is replaced when the configuration is reloaded: tokens count from then on. ``database`` is the one that was
    opened at the start, as people read it. ``troubles`` are sentences that say why this process is not ready although the
    database may be: the scheduler does not run, it is stopping. ``notes`` say what does not go well although it is ready.
    ``fault`` is what fails for a receiver in the gateway itself. ``age`` is how long ago something was, whatever was done to
    the clock. ``user_agent`` is by what receivers know the gateway.
    ``operations`` is ``None`` in a process that polls no feeds; what needs them is answered with 503 there. ``hands`` act in
    every process.
    """

    store: Store
    settings: Settings
    metrics: Metrics
    database: str = ""
    troubles: Callable[[], Sequence[str]] = _no_troubles
    notes: Callable[[], Sequence[str]] = _no_troubles
    fault: Callable[[str], str | None] = lambda _: None
    age: Callable[[datetime], timedelta] = lambda since: utc_now() - since
    user_agent: str = "capgateway"
    operations: Operations | None = None
    hands: Hands
    schemas: cap.Schemas = msgspec.field(default_factory=_schemas)
    now: Callable[[], datetime] = utc_now
    atlas: Callable[[], Atlas] = lambda: ATLAS


GATEWAY = web.AppKey("gateway", Gateway)

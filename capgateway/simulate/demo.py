"""The demo: a feed, the gateway and a receiver, on loopback over real HTTP, and a story that runs through them.

Each step of the story names the decision and the webhook that must follow, and waits for both. A step that is not seen
within its time fails the demo.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import tempfile
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from capgateway import cap
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.feeds import Feed
from capgateway.simulate import picture, story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import Arrival, ReceiverServer
from capgateway.store import Store, held, lists
from capgateway.store.audit import Act
from capgateway.webhooks import Receiver
from capgateway.webhooks.passing import CHALLENGE, SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LOOPBACK = (ip_network("127.0.0.0/8"),)
POLL_EVERY = timedelta(milliseconds=500)
PATIENCE_SECONDS = 30.0
"""Far more than a step takes: a loaded machine must not fail the story."""
LOOK_AGAIN_SECONDS = 0.05
DISMISSED_FOR = "The authority knows that a message broke off, and sends it again."
BY_THE_CLOCK = frozenset({SNAPSHOT, CHALLENGE})


Say = Callable[[str], None]
Show = Callable[[dict[str, Any]], None]


def _show_nothing(card: dict[str, Any]) -> None:
    """For those who only want the story."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What must follow one document: the decision, and the message to the receiver, ``None`` for no message."""

    name: str
    decision: str
    reason: str | None = None
    message: str | None = None


class StepFailed(Exception):
    """A step of the story did not happen."""


def settings(feed: FeedServer, receiver: ReceiverServer, secret: bytes, *, database: Path, listen: str) -> Settings:
    """The configuration of the demo: the embedded defaults, one feed, one receiver, Texas."""
    return Settings(
        gateway=GatewaySettings(database=f"sqlite:///{database}", listen=listen, contact="demo@capgateway.example"),
        policy=Policy(regions=("US-TX",)),
        feeds=(
            Feed(
                name="simulator", kind="atom", url=feed.url("index.atom"), interval=POLL_EVERY, allow_networks=LOOPBACK
            ),
        ),
        receivers=(
            Receiver(
                name="demo-app",
                url=receiver.url,
                secrets=(secret,),
                allow_networks=LOOPBACK,
                contact="the night desk of the demo, 555-0142",
            ),
        ),
    )


class Stage:
    """The feed and the receiver of a demo, and the steps of its story."""

    def __init__(self, feed: FeedServer, receiver: ReceiverServer, secret: bytes, directory: Path) -> None:
        self.feed, self.receiver, self.secret, self.directory = feed, receiver, secret, directory

    @property
    def messages(self) -> list[Arrival]:
        """What arrived, without challenges and snapshots: those come by the clock."""
        return [arrival for arrival in self.receiver.arrivals if arrival.type not in BY_THE_CLOCK]

    def settings(self, listen: str) -> Settings:
        """What the gateway of this demo is configured with."""
        return settings(self.feed, self.receiver, self.secret, database=self.directory / "demo.db", listen=listen)

    async def play(
        self, store: Store, say: Say, show: Show = _show_nothing, *, episode: int = 1, pace: float = 0
    ) -> None:
        """Run the story once, with a pause of ``pace`` seconds after each part. ``episode`` gives every message of a
        repetition its own identifier. Raises :class:`StepFailed` at the first step that does not happen."""
        self.receiver.arrivals.clear()  # their number is bounded, and a demo may run for days
        tell = Teller(self, store, say, show, episode)
        case = story.FIRST_CASE + episode - 1
        photo = f"{case}-{picture.NAME}"
        first = story.with_picture(story.amber(utc_now(), case), self.feed.url(photo), picture.DESCRIPTION)
        is_shown = asyncio.Event()
        self.feed.share(photo, picture.draw(), "image/jpeg", after=is_shown)
        say("A child is abducted near Dallas. The Texas authority issues an AMBER Alert.")
        await tell.step(cap.write(first), Expected(name="amber", decision="published", message="card.published"))
        say("The alert links to a photo. The card did not wait for it: it comes in the next revision.")
        arrived = len(self.messages)
        is_shown.set()
        url = await tell.pictured(arrived)
        await asyncio.sleep(pace)
        say("Three more messages come on the same feed: an exercise, a storm warning, and one that breaks off.")
        await self._others(tell, case)
        await asyncio.sleep(pace)
        renewed = story.update(_after(first), first)
        say("The search area grows. The authority sends an Update.")
        await tell.step(cap.write(renewed), Expected(name="update", decision="updated", message="card.updated"))
        await asyncio.sleep(pace)
        ended = story.cancel(_after(renewed), first, renewed)
        say("The child is found. The authority sends a Cancel.")
        over = Expected(name="cancel", decision="ended", reason="cancelled", message="card.cancelled")
        await tell.step(cap.write(ended), over)
        await tell.is_gone(url)
        self._check(say)
        await self._dismiss(store, say)
        await asyncio.sleep(pace)
        tell.clear()

    async def _others(self, tell: Teller, case: int) -> None:
        """What must not become a card."""
        now = utc_now()
        drill, storm = cap.write(story.exercise(now, case)), cap.write(story.thunderstorm(now, case))
        await tell.step(drill, Expected(name="exercise", decision="ignored", reason="status"))
        await tell.step(storm, Expected(name="thunderstorm", decision="ignored", reason="no_programme"))
        broken = story.malformed(now, case)
        await tell.step(broken, Expected(name="broken", decision="quarantined", reason="unreadable"))

    async def _dismiss(self, store: Store, say: Say) -> None:
        """What an operator does about the message that broke off."""
        say(
            "An operator looks at the message that broke off, and dismisses it. The audit trail has who did it, and why."
        )
        for one in (await store.read(lists.quarantine_page)).items:
            await store.write_alone(held.dismiss, one.id, Act(actor="demo", reason=DISMISSED_FOR))

    def _check(self, say: Say) -> None:
        if self.receiver.cards:
            raise StepFailed("the receiver still displays a card after the Cancel")
        if refused := [arrival for arrival in self.receiver.arrivals if arrival.outcome == "refused"]:
            raise StepFailed(f"{len(refused)} webhooks did not verify")
        count = sum(arrival.type is not None for arrival in self.messages)
        say(f"All {count} webhooks were verified, no card is on display any more, and the photo is gone.")


def _after(alert: cap.Alert) -> datetime:
    """The present, but later than ``alert``: times of alerts are whole seconds, and no two of the story are equal."""
    assert alert.sent is not None  # noqa: S101  (every alert of the story has one)
    assert alert.sent.instant is not None  # noqa: S101
    return max(utc_now(), alert.sent.instant + timedelta(seconds=1))


class Teller:
    """Publishes the documents of a story one by one, and watches what becomes of them."""

    def __init__(self, stage: Stage, store: Store, say: Say, show: Show, episode: int) -> None:
        self._stage, self._store, self._say, self._show = stage, store, say, show
        self._suffix = f"-{episode}.xml" if episode > 1 else ".xml"
        self._published: list[str] = []

    async def step(self, document: bytes, expected: Expected) -> None:
        """Publish, then wait for the decision and for the webhook."""
        arrived = len(self._stage.messages)
        alerts = {alert.id for alert in (await self._store.read(lists.alert_page, limit=100)).items}
        self._published.append(expected.name + self._suffix)
        self._stage.feed.publish(self._published[-1], document)
        await self._decided(alerts, expected)
        if expected.message:
            if card := await self._delivered(arrived, expected.message):
                self._show(card)
        elif len(self._stage.messages) != arrived:
            raise StepFailed(f"{expected.name}: a webhook was sent, although none was expected")

    async def pictured(self, before: int) -> str:
        """Wait for the revision that has the photo, and fetch it as a receiver does; where it is."""
        card = await self._delivered(before, "card.updated")
        (shown,) = card["media"] if card and card["media"] else (None,)
        if shown is None:
            raise StepFailed("the card has no picture")
        async with aiohttp.ClientSession() as session, session.get(shown["url"]) as answer:
            body = await answer.read()
        if answer.status != HTTPStatus.OK or hashlib.sha256(body).hexdigest() != shown["sha256"]:
            raise StepFailed(f"the picture was answered with {answer.status}, or has another hash")
        size = f"{shown['width']} × {shown['height']} pixels"
        self._say(f"            picture {shown['id']} ({shown['role']}, {size}): copied, sha256 verified")
        return str(shown["url"])

    async def is_gone(self, url: str) -> None:
        """Whether nothing is left at the address of a picture."""
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            if answer.status != HTTPStatus.GONE:
                raise StepFailed(f"the picture is answered with {answer.status} after the Cancel")

    def clear(self) -> None:
        """Drop the documents of this story from the feed, as sources do when an alert is over."""
        for name in self._published:
            self._stage.feed.remove(name)

    async def _decided(self, before: set[str], expected: Expected) -> None:
        async for _ in _patiently(f"{expected.name} was not stored"):
            fresh = [
                alert for alert in (await self._store.read(lists.alert_page, limit=100)).items if alert.id not in before
            ]
            if not fresh:
                continue
            found = (fresh[0].decision, fresh[0].reason)
            if found != (expected.decision, expected.reason):
                raise StepFailed(f"{expected.name}: decided {found}, expected {expected.decision} {expected.reason}")
            reason = f", reason {expected.reason}" if expected.reason else ""
            self._say(f"  gateway   {expected.name:<16} {expected.decision}{reason}")
            return

    async def _delivered(self, before: int, message_type: str) -> dict[str, Any] | None:
        async for _ in _patiently(f"{message_type} did not reach the receiver"):
            for arrival in self._stage.messages[before:]:
                if arrival.type == message_type:
                    self._say(f"  receiver  {message_type:<16} {_outcome(arrival)}")
                    return arrival.card
        raise AssertionError("patience ends with an exception")


def _outcome(arrival: Arrival) -> str:
    verified = "signature verified" if arrival.status == 200 else f"answered {arrival.status}"  # noqa: PLR2004
    return f"{arrival.card_id} revision {arrival.revision}: {arrival.outcome}, {verified}"


async def _patiently(failure: str) -> AsyncIterator[None]:
    """Look again and again, until the caller has seen it or patience ends."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        yield
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise StepFailed(f"{failure} within {PATIENCE_SECONDS:.0f} s")


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """A feed and a receiver on free ports of loopback, and a directory for the database, all gone at the end."""
    secret = secrets.token_bytes(32)
    with tempfile.TemporaryDirectory(prefix="capgateway-demo-") as directory:
        async with FeedServer() as feed, ReceiverServer(secrets=[secret]) as receiver:
            yield Stage(feed, receiver, secret, Path(directory))

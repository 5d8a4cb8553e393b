"""The demo: a feed, the gateway and a receiver, on loopback over real HTTP, and a story that runs through them.

Each step of the story names what must come of it, in the gateway and at the receiver, and waits until it has been
seen there. A step that is not seen within its time fails the demo.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.feeds import Feed
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import Arrival, ReceiverServer
from capgateway.store import Store, lists
from capgateway.webhooks import Receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LOOPBACK = (ip_network("127.0.0.0/8"),)
POLL_EVERY = timedelta(milliseconds=500)
PATIENCE_SECONDS = 30.0
"""Far more than a step takes: a loaded machine must not fail the story."""
LOOK_AGAIN_SECONDS = 0.05


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What must become of one document: the decision, and what the receiver gets, ``None`` for nothing."""

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
        receivers=(Receiver(name="demo-app", url=receiver.url, secrets=(secret,), allow_networks=LOOPBACK),),
    )


class Stage:
    """The feed and the receiver of a demo, and the steps of its story."""

    def __init__(self, feed: FeedServer, receiver: ReceiverServer, secret: bytes, directory: Path) -> None:
        self.feed, self.receiver, self.secret, self.directory = feed, receiver, secret, directory

    def settings(self, listen: str) -> Settings:
        """What the gateway of this demo is configured with."""
        return settings(self.feed, self.receiver, self.secret, database=self.directory / "demo.db", listen=listen)

    async def play(self, store: Store, say: Callable[[str], None]) -> None:
        """Run the story. Raises :class:`StepFailed` at the first step that does not happen."""
        now = utc_now()
        first = story.amber(now)
        renewed = story.update(now + timedelta(seconds=1), first)
        ended = story.cancel(now + timedelta(seconds=2), first, renewed)
        tell = Teller(self, store, say)
        say("A child is abducted near Dallas. The Texas authority issues an AMBER Alert …")
        await tell.step(cap.write(first), Expected(name="amber.xml", decision="published", message="card.published"))
        say("Three more messages come on the same feed …")
        drill, storm = cap.write(story.exercise(now)), cap.write(story.thunderstorm(now))
        await tell.step(drill, Expected(name="exercise.xml", decision="ignored", reason="status"))
        await tell.step(storm, Expected(name="thunderstorm.xml", decision="ignored", reason="no_programme"))
        broken = story.malformed(now)
        await tell.step(broken, Expected(name="broken.xml", decision="quarantined", reason="unreadable"))
        say("The search area grows: an Update …")
        await tell.step(cap.write(renewed), Expected(name="update.xml", decision="updated", message="card.updated"))
        say("The child is found: a Cancel …")
        over = Expected(name="cancel.xml", decision="ended", reason="cancelled", message="card.cancelled")
        await tell.step(cap.write(ended), over)
        if self.receiver.cards:
            raise StepFailed("the receiver still shows a card after the Cancel")
        if refused := [arrival for arrival in self.receiver.arrivals if arrival.outcome == "refused"]:
            raise StepFailed(f"{len(refused)} webhooks did not verify")
        say(f"Every webhook verified ({len(self.receiver.arrivals)} of them), and no card is shown any more.")


class Teller:
    """Publishes the documents of a story one by one, and watches what becomes of them."""

    def __init__(self, stage: Stage, store: Store, say: Callable[[str], None]) -> None:
        self._stage, self._store, self._say = stage, store, say

    async def step(self, document: bytes, expected: Expected) -> None:
        """Publish, then wait for the decision and for the webhook."""
        arrived = len(self._stage.receiver.arrivals)
        alerts = {alert.id for alert in (await self._store.read(lists.alert_page, limit=100)).items}
        self._stage.feed.publish(expected.name, document)
        await self._decided(alerts, expected)
        if expected.message:
            await self._delivered(arrived, expected.message)
        elif len(self._stage.receiver.arrivals) != arrived:
            raise StepFailed(f"{expected.name}: a webhook was sent, none was to be")

    async def _decided(self, before: set[str], expected: Expected) -> None:
        async for _ in _patiently(f"{expected.name} was not taken in"):
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

    async def _delivered(self, before: int, message_type: str) -> None:
        async for _ in _patiently(f"{message_type} did not reach the receiver"):
            for arrival in list(self._stage.receiver.arrivals)[before:]:
                if arrival.type == message_type:
                    self._say(f"  receiver  {message_type:<16} {_told(arrival)}")
                    return


def _told(arrival: Arrival) -> str:
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

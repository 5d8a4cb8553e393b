"""The whole gateway with a review before display: a restart in between, a person who answers, and a clock that does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from capgateway import cap
from capgateway.cards import AMBER, MEP, Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.feeds import Feed
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.simulate.demo import BY_THE_CLOCK
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import Store, lists
from capgateway.webhooks import Receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)
SECRET = b"a secret of the right length...."
PATIENCE_SECONDS = 60.0
TEXAS = Policy(regions=("US-TX",))


class Gateway:
    """A database, a push feed, and two receivers: the app's, and the operators'."""

    def __init__(self, path: Path, app: ReceiverServer, ops: ReceiverServer) -> None:
        self.app, self.ops, self.database = app, ops, f"sqlite:///{path / 'cap.db'}"

    def settings(self, policy: Policy) -> Settings:
        shared: dict[str, Any] = {"secrets": (SECRET,), "allow_networks": LOOPBACK}
        return Settings(
            gateway=GatewaySettings(database=self.database, listen=""),
            policy=policy,
            feeds=(Feed(name="partner", kind="push"),),
            receivers=(
                Receiver(name="app", url=self.app.url, programmes=("*",), **shared),
                Receiver(name="ops", url=self.ops.url, messages=("operator.*",), **shared),
            ),
        )

    @asynccontextmanager
    async def running(self, policy: Policy) -> AsyncIterator[Service]:
        store, ready = Store.open(self.database), asyncio.Event()
        service = Service(self.settings(policy), store)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
                group.create_task(service.run(ready))
                await ready.wait()
                yield service
                service.stop()
        finally:
            store.close()


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with ReceiverServer(secrets=[SECRET]) as app, ReceiverServer(secrets=[SECRET]) as ops:
        yield Gateway(tmp_path, app, ops)


async def until(receiver: ReceiverServer, *types: str) -> None:
    """Wait until the receiver got these, and nothing else."""
    while tuple(one.type for one in receiver.arrivals if one.type not in BY_THE_CLOCK) != types:
        await asyncio.sleep(0.02)


async def test_what_waits_is_displayed_in_time_over_a_restart(gateway: Gateway) -> None:
    """Nothing but the store remembers it. Its Cancel takes it down at once."""
    policy = replace(TEXAS, review="all", review_timeout=timedelta(hours=1), review_default="publish")
    alert = story.amber(utc_now())
    async with gateway.running(policy) as service:
        (one,) = await service.submit("partner", cap.write(alert), actor="test")
        assert (one.decision, one.reason) == ("quarantined", "review")
        await until(gateway.ops, "operator.review_waiting")
    async with gateway.running(replace(policy, review_timeout=timedelta(seconds=1))) as service:
        await until(gateway.app, "card.published")
        await service.submit("partner", cap.write(story.cancel(utc_now(), alert)), actor="test")
        await until(gateway.app, "card.published", "card.cancelled")


async def test_a_person_answers(gateway: Gateway) -> None:
    """Released by the operator's hand, it is delivered at once."""
    async with gateway.running(replace(TEXAS, review="all")) as service:
        (one,) = await service.submit("partner", cap.write(story.amber(utc_now())), actor="test")
        await service._operate.release(one.alert_id, None, actor="ops", reason=None)
        await until(gateway.app, "card.published")
        assert (await service.store.read(lists.quarantine_page)).items == []


async def test_programmes_come_and_go_with_the_configuration(gateway: Gateway) -> None:
    """After each start, receivers show what is enabled."""
    alert = story.amber(utc_now())
    missing = tuple(replace(info, event_codes=(cap.Named(name="SAME", value="MEP"),)) for info in alert.infos)
    async with gateway.running(TEXAS) as service:
        (one,) = await service.submit("partner", cap.write(replace(alert, infos=missing)), actor="test")
        assert (one.decision, one.reason) == ("ignored", "no_programme")
    async with gateway.running(replace(TEXAS, programmes=(AMBER, MEP))):
        await until(gateway.app, "card.published")
    async with gateway.running(TEXAS):
        await until(gateway.app, "card.published", "card.withdrawn")

"""What operators type about receivers: how they are doing, and sending again what was lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest_asyncio
from click.testing import CliRunner, Result
from msgspec import Struct
from msgspec.structs import replace

from capgateway import cap, config
from capgateway.cli import cli
from capgateway.clock import utc_now
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import Store

ALERT = story.amber(utc_now() - timedelta(minutes=1))
CONFIG = """
[gateway]
database = "sqlite:///gateway.db"
listen = "127.0.0.1:0"

[[feeds]]
name = "desk"
kind = "push"

[[receivers]]
name = "app"
url = "https://app.example/hook?key=hidden-3141"
secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
"""


class Desk(Struct, frozen=True, kw_only=True):
    """A gateway that does not deliver, with one card."""

    path: Path
    server: str
    service: Service

    async def ask(self, *command: str) -> Result:
        what = ["--config", str(self.path), *command, "--server", self.server]
        return await asyncio.to_thread(CliRunner().invoke, cli, what)

    async def say(self, alert: cap.Alert) -> None:
        await self.service.submit("desk", cap.write(alert), actor="test")


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    path = tmp_path / "capgateway.toml"
    path.write_text(CONFIG)
    settings = config.load(path)
    store, ready = Store.open(settings.gateway.database), asyncio.Event()
    service = Service(settings, store, roles=["poll", "web"])
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(ready))
        await ready.wait()
        assert service.address is not None
        desk = Desk(path=path, server=f"http://127.0.0.1:{service.address.port}", service=service)
        await desk.say(ALERT)
        try:
            yield desk
        finally:
            service.stop()
    store.close()


async def test_receivers_are_listed(desk: Desk) -> None:
    """With what waits for each, and no secret of the address."""
    listed = await desk.ask("receivers", "list")
    assert listed.exit_code == 0
    assert "app" in listed.stdout
    assert "well" in listed.stdout
    assert "hidden-3141" not in listed.stdout
    (one,) = json.loads((await desk.ask("receivers", "list", "--json")).stdout)["items"]
    assert (one["name"], one["pending"], one["suspended_at"]) == ("app", 1, None)


async def test_a_receiver_is_sent_again_what_it_lost(desk: Desk) -> None:
    """The numbers are told; a name that does not exist is an error with a suggestion."""
    told = await desk.ask("receivers", "recover", "app", "--reason", "they lost a disk")
    assert (told.exit_code, told.stdout) == (0, "app: 1 displays, 0 take-downs and 0 others are sent again\n")
    wrong = await desk.ask("receivers", "recover", "aap")
    assert wrong.exit_code != 0
    assert 'did you mean "app"?' in str(wrong.exception)


async def test_nothing_that_has_ended_is_sent_again(desk: Desk) -> None:
    """Exit code 1, and the reason; a take-down can be."""
    (display,) = json.loads((await desk.ask("deliveries", "list", "--json")).stdout)["items"]
    again = await desk.ask("deliveries", "redeliver", display["id"])
    assert (again.exit_code, again.stdout) == (0, f"{display['id']}: is sent again\n")
    await desk.say(story.cancel(utc_now(), ALERT))
    refused = await desk.ask("deliveries", "redeliver", display["id"])
    assert (refused.exit_code, "superseded" in refused.stderr) == (1, True)
    listed = json.loads((await desk.ask("deliveries", "list", "--json")).stdout)["items"]
    (end,) = (one["id"] for one in listed if one["action"] == "take_down")
    both = await desk.ask("deliveries", "redeliver", display["id"], "dlv_none", end)
    assert (both.exit_code, both.stdout) == (1, f"{end}: is sent again\n")
    assert ("superseded" in both.stderr, "there is no delivery dlv_none" in both.stderr) == (True, True)
    assert (await desk.ask("deliveries", "dead")).stdout == "no delivery was given up\n"


async def test_a_receiver_is_pinged(desk: Desk) -> None:
    """What came of it is printed, with a hint; exit code 1 where it fails, 0 where it does not."""
    async with ReceiverServer(secrets=[bytes(range(32))]) as server:
        settings = desk.service.settings
        near = replace(settings.receivers[0], url=server.url, allow_networks=(ip_network("127.0.0.0/8"),))
        assert desk.service._gateway is not None
        desk.service._gateway.settings = replace(settings, receivers=(near,))
        well = await desk.ask("receivers", "ping", "app")
        assert (well.exit_code, well.stdout.splitlines()[0]) == (0, "app: well: answered 200")
        desk.service._gateway.settings = replace(settings, receivers=(replace(near, secrets=(bytes(32),)),))
        failed = await desk.ask("receivers", "ping", "app")
        as_json = await desk.ask("receivers", "ping", "app", "--json")
    assert (failed.exit_code, as_json.exit_code) == (1, 1)
    assert "hint: the receiver may have another secret" in failed.stdout
    assert json.loads(as_json.stdout)["status"] == 401

"""A drill goes the whole way to the receivers and back, and can never be taken for real."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner, Result
from msgspec import Struct
from ports import free_port
from service_process import SECRET, Installation, kill, until

from capgateway import cap, config
from capgateway.cards import exercise, exercise_over
from capgateway.cli import cli
from capgateway.clock import utc_now
from capgateway.operate import drill
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import Misbehaviour, ReceiverServer
from capgateway.store import Store
from capgateway.store.tables import alerts, audit, cards
from capgateway.webhooks import encode_secret

RECEIVER = """
[[receivers]]
name = "{name}"
url = "{url}"
secret = "{secret}"
messages = {messages}
regions = {regions}
programmes = ["mep"]
allow_networks = ["127.0.0.0/8"]
"""
GATEWAY = """
[gateway]
database = "sqlite:///{path}/gateway.db"
listen = "127.0.0.1:0"

[policy]
regions = ["{region}"]
exercises = false
review = "{review}"

[[feeds]]
name = "partner"
kind = "push"
senders = ["amber@dps.example.tx.us"]
signature = "verify"

[[feeds]]
name = "old"
kind = "push"
enabled = false
"""


GOOD = Misbehaviour()


class Scene(Struct, frozen=True, kw_only=True):
    """A gateway with a receiver ``rehearses`` that takes exercises, and one ``app`` that does not."""

    path: Path
    server: str
    store: Store
    app: ReceiverServer
    rehearses: ReceiverServer
    service: Service

    async def drill(self, *options: str) -> Result:
        command = ["--config", str(self.path), "drill", "--server", self.server, *options]
        return await asyncio.to_thread(CliRunner().invoke, cli, command)

    async def rows(self, table: Any) -> list[Any]:
        return await self.store.read(lambda connection: list(connection.execute(table.select()).mappings()))


def cards_of(receiver: ReceiverServer) -> list[str | None]:
    """The types of the messages about cards that it got; snapshots and challenges come to all."""
    return [one.type for one in receiver.arrivals if one.type and ".card." in f".{one.type}"]


@asynccontextmanager
async def scene(
    path: Path, *, region: str = "US-TX", review: str = "all", fail: Misbehaviour = GOOD
) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(ReceiverServer(secrets=[SECRET]))
        rehearses = await stack.enter_async_context(ReceiverServer(secrets=[SECRET], misbehaviour=fail))
        secret = encode_secret(SECRET)
        written = GATEWAY.format(path=path, region=region, review=review)
        written += RECEIVER.format(name="app", url=app.url, secret=secret, messages='["card.*"]', regions='["CA"]')
        taking = '["exercise.card.*"]'
        written += RECEIVER.format(name="rehearses", url=rehearses.url, secret=secret, messages=taking, regions="[]")
        (path / "c.toml").write_text(written)
        settings = config.load(path / "c.toml")
        store, ready = Store.open(settings.gateway.database), asyncio.Event()
        stack.callback(store.close)
        service = Service(settings, store)
        running = asyncio.create_task(service.run(ready))
        await ready.wait()
        assert service.address
        try:
            yield Scene(
                path=path / "c.toml",
                server=f"{service.address.host}:{service.address.port}",
                store=store,
                app=app,
                rehearses=rehearses,
                service=service,
            )
        finally:
            service.stop()
            await running


@pytest.mark.parametrize("region", ["US-TX", "CA-ON", "US", "DE"])
async def test_a_drill_goes_to_those_that_take_exercises(tmp_path: Path, region: str) -> None:
    """Although exercises are off, everything waits for review, and the receiver is for another programme: displayed, confirmed and
    taken down; the others get nothing."""
    async with scene(tmp_path, region=region) as at:
        result = await at.drill("--json", "--reason", "monthly")
        told = json.loads(result.stdout)
        assert (result.exit_code, told["passed"]) == (0, True), result.output
        (display,), (down,) = told["displays"], told["take_downs"]
        assert [(one["receiver"], one["state"], one["confirmed"]) for one in (display, down)] == [
            ("rehearses", "delivered", True)
        ] * 2
        assert cards_of(at.rehearses) == ["exercise.card.published", "exercise.card.cancelled"]
        assert (at.rehearses.cards, cards_of(at.app)) == ({}, [])


async def test_named_receivers_get_it_whatever_they_take(tmp_path: Path) -> None:
    """Also through a feed with an allow list of senders; the report is for people too."""
    async with scene(tmp_path) as at:
        result = await at.drill("--receiver", "app", "--receiver", "rehearses", "--feed", "partner")
        assert result.exit_code == 0, result.output
        assert "drill through partner: card crd_" in result.stdout
        assert "every receiver acknowledged both" in result.stdout
        assert cards_of(at.app) == ["exercise.card.published", "exercise.card.cancelled"]


async def test_a_drill_is_never_real(tmp_path: Path) -> None:
    """Every text of its card says what it is, it names nobody, it is an exercise in each table, and it is not part of the feed's
    chains, incidents or exercises."""
    async with scene(tmp_path, review="none") as at:
        real = story.amber(utc_now())
        await at.service.submit("partner", cap.write(real), actor="test")
        await at.drill("--feed", "partner")
        shown = next(one.card for one in at.rehearses.arrivals if one.card) or {}
        rows = await at.rows(cards)
        (kept,) = [row for row in await at.rows(alerts) if row["identifier"].startswith("DRILL-") and row["draft"]]
    words = shown["content"]["en-US"]
    for name in ("event", "headline", "description", "accessibility"):
        assert "exercise" in words[name].lower(), name
    assert (shown["status"], shown["children"], shown["vehicles"], shown["suspects"]) == ("exercise", [], [], [])
    assert (shown["related"], [one["value"] for one in shown["actions"]]) == ([], ["911"])
    assert sorted((row["status"], row["state"], row["feed"]) for row in rows) == [
        ("actual", "active", "partner"),
        ("exercise", "ended", "partner"),
    ]
    assert len({row["incident_id"] for row in rows}) == 2
    assert (kept["status"], kept["rehearsal"], kept["msg_type"]) == ("Exercise", True, "Alert")


async def test_its_bytes_make_no_card_elsewhere(tmp_path: Path) -> None:
    """Whoever hands the same message to another feed gets nothing displayed, nor by publishing it by hand."""
    async with scene(tmp_path) as at:
        alert = exercise(utc_now(), "DRILL-1", "US-TX", lifetime=timedelta(minutes=5))
        for document in (alert, exercise_over(utc_now(), alert)):
            await at.service.submit("partner", cap.write(document), actor="test")
        (first, _) = sorted(await at.rows(alerts), key=lambda row: str(row["msg_type"]))
        command = ["alerts", "publish", first["id"], "--reason", "x", "--server", at.server]
        published = await asyncio.to_thread(CliRunner().invoke, cli, ["--config", str(at.path), *command])
        assert published.exit_code == 1
        assert await at.rows(cards) == []


async def test_the_audit_trail_names_who_drilled(tmp_path: Path) -> None:
    """With the reason, the feed and the receivers; the end is an entry of its own."""
    async with scene(tmp_path) as at:
        await at.drill("--reason", "monthly")
        entries = [(row["actor"], row["action"], row["reason"], row["detail"]) for row in await at.rows(audit)]
    assert [entry[:3] for entry in entries] == [
        ("local", "drill.started", "monthly"),
        ("local", "drill.ended", "monthly"),
    ]
    assert json.loads(entries[0][3]) == {"feed": "drill", "receivers": ["rehearses"]}


async def test_a_receiver_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, with its last answer; its take-down goes on being tried."""
    monkeypatch.setattr(drill, "ACKNOWLEDGED_WITHIN", 1.0)
    async with scene(tmp_path, fail=Misbehaviour(fail={500: 1.0})) as at:
        result = await at.drill()
    assert result.exit_code == 1
    assert "taken down NOT ACKNOWLEDGED (pending; answered 500)" in result.stdout
    assert "NOT every receiver acknowledged both" in result.stdout


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--receiver", "ap"], 2, 'did you mean "app"'),
        (["--feed", "partne"], 2, 'did you mean "partner"'),
        (["--feed", "old"], 1, 'the feed "old" is disabled'),
    ],
)
async def test_what_cannot_be_drilled(tmp_path: Path, options: list[str], code: int, sentence: str) -> None:
    """A name that does not exist is a mistake, with a suggestion; nothing is sent."""
    async with scene(tmp_path) as at:
        result = await at.drill(*options)
        assert sentence in f"{result.output} {result.exception}"
        assert isinstance(result.exception, SystemExit) is (code == 1)
        assert await at.rows(alerts) == []


async def test_a_pause_holds_a_drill_back(tmp_path: Path) -> None:
    """It is refused with a sentence, and nothing is left that a resume would display."""
    async with scene(tmp_path) as at, aiohttp.ClientSession(f"http://{at.server}") as session:
        await (await session.post("/api/v1/pause")).read()
        result = await at.drill()
        await (await session.post("/api/v1/resume")).read()
        assert (result.exit_code, "displays are paused" in result.output) == (1, True)
        assert (await at.rows(cards), cards_of(at.rehearses)) == ([], [])


async def test_a_drill_that_the_gateways_death_interrupts_is_taken_down(tmp_path: Path) -> None:
    """Killed while the receiver displays it: the next process takes it down at once, and its audit trail says why."""
    port, api = free_port(), free_port()
    async with FeedServer() as feed, ReceiverServer(secrets=[SECRET], port=port) as receiver:
        installation = Installation(tmp_path, feed=feed.url("index.atom"), port=port)
        written = installation.config.read_text().replace('listen = ""', f'listen = "127.0.0.1:{api}"')
        slow = RECEIVER.format(
            name="hung", url="http://127.0.0.1:9/", secret=encode_secret(SECRET), messages='["card.*"]', regions="[]"
        )
        installation.config.write_text(written + slow)

        async def is_up() -> bool:
            try:
                async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{api}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        async def is_shown() -> bool:
            return bool(receiver.cards)

        async def is_gone() -> bool:
            return not receiver.cards

        with installation.running() as process:
            await until(is_up)
            async with aiohttp.ClientSession() as session:
                asking = asyncio.create_task(
                    session.post(f"http://127.0.0.1:{api}/api/v1/drill", json={"receivers": ["app", "hung"]})
                )
                await until(is_shown)
                kill(process)
                with pytest.raises(aiohttp.ClientError):
                    await asking
        with installation.running() as process:
            await until(is_gone)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, installation.log()
    store = Store.open_read_only(f"sqlite:///{tmp_path / 'gateway.db'}")
    actions = await store.read(lambda connection: list(connection.execute(audit.select()).mappings()))
    store.close()
    assert [(row["actor"], row["action"]) for row in actions] == [
        ("local", "drill.started"),
        ("gateway", "drill.ended"),
    ]
    # The display may come twice, if the gateway died before it had noted the answer.
    assert list(dict.fromkeys(cards_of(receiver))) == ["exercise.card.published", "exercise.card.cancelled"]

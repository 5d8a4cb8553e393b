"""``capgateway feeds`` as its users meet it: with a gateway running, without one, and with a token."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from capgateway import config
from capgateway.cli import cli, feeds
from capgateway.errors import CapgatewayError, SourceError
from capgateway.service import Service
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.store import Store

VALID = b"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>TX-1</identifier><sender>alerts@agency.example</sender>
<sent>2026-11-22T05:00:00-06:00</sent><status>Test</status><msgType>Alert</msgType><scope>Public</scope>
<info><category>Fire</category><event>Drill</event><urgency>Past</urgency><severity>Minor</severity>
<certainty>Observed</certainty><area><areaDesc>Here</areaDesc></area></info></alert>"""
TOKEN = "0123456789abcdef"


def written(directory: Path, source: FeedServer, more: str = "") -> Path:
    """A configuration with a feed that is polled and one that is pushed, and an address where nobody answers yet."""
    path = directory / "capgateway.toml"
    path.write_text(
        f'[gateway]\ndatabase = "sqlite:///{directory}/gateway.db"\nlisten = "127.0.0.1:1"\n'
        f'[[feeds]]\nname = "state"\nkind = "atom"\nurl = "{source.url("index.atom")}"\n'
        'allow_networks = ["127.0.0.0/8"]\n[[feeds]]\nname = "partner"\nkind = "push"\n' + more
    )
    return path


async def ask(path: Path, *arguments: str, env: dict[str, str] | None = None) -> Result:
    """Run a command, beside the gateway that runs in this loop."""
    return await asyncio.to_thread(CliRunner().invoke, cli, ["--config", str(path), *arguments], env=env)


@asynccontextmanager
async def gateway(path: Path) -> AsyncIterator[str]:
    """The gateway of a configuration, at a free port; its address."""
    path.write_text(path.read_text().replace("127.0.0.1:1", "127.0.0.1:0"))
    settings = config.load(path)
    store, ready = Store.open(settings.gateway.database), asyncio.Event()
    service = Service(settings, store, roles=["poll", "web"])
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(ready))
        await ready.wait()
        assert service.address is not None
        while service.feed_statuses()[0].last_try is None:  # the first poll by the clock
            await asyncio.sleep(0.01)
        try:
            yield f"http://{service.address.host}:{service.address.port}"
        finally:
            service.stop()
    store.close()


async def test_feeds_are_listed_polled_and_fed(tmp_path: Path) -> None:
    """What a running gateway is asked for, it does: a poll brings what is new, a document handed in is taken in once."""
    file = tmp_path / "a.xml"
    file.write_bytes(VALID.replace(b"TX-1", b"TX-2"))
    async with FeedServer() as source:
        path = written(tmp_path, source)
        async with gateway(path) as server:
            source.publish("a.xml", VALID)
            polled = await ask(path, "feeds", "poll", "state", "--server", server)
            fed = [await ask(path, "feeds", "submit", "partner", str(file), "--server", server) for _ in range(2)]
            listed = await ask(path, "feeds", "list", "--json", "--server", server)
    assert (polled.exit_code, polled.stdout) == (0, "state: ok, 1 new\n")
    assert [result.exit_code for result in fed] == [0, 0]
    assert "TX-2" in fed[0].stdout
    assert "ignored" in fed[0].stdout
    items = json.loads(listed.stdout)["items"]
    assert [(one["name"], one["health"], bool(one["newest_at"])) for one in items] == [
        ("state", "ok", True), ("partner", "ok", True),
    ]  # fmt: skip


async def test_what_cannot_be_used_is_exit_code_1(tmp_path: Path) -> None:
    """A document without a usable message, with its findings; a feed that does not answer, with its trouble."""
    file = tmp_path / "bad.xml"
    file.write_bytes(b"<alert")
    async with FeedServer() as source:
        path = written(tmp_path, source)
        async with gateway(path) as server:
            fed = await ask(path, "feeds", "submit", "partner", str(file), "--server", server)
            told = await ask(path, "feeds", "submit", "partner", str(file), "--json", "--server", server)
            source.misbehave("index.atom", Fault(status=503))
            polled = await ask(path, "feeds", "poll", "state", "--server", server)
    assert fed.exit_code == 1
    assert "nothing in this document can be used" in fed.stdout
    assert "error: " in fed.stdout
    alert_id = json.loads(told.stdout)["items"][0]["alert_id"]
    assert f"It was stored as {alert_id}; `capgateway quarantine show {alert_id}` shows it." in fed.stdout
    assert (told.exit_code, json.loads(told.stdout)["items"][0]["decision"]) == (1, "unchanged")
    assert json.loads(told.stdout)["findings"][0]["level"] == "error"
    assert polled.exit_code == 1
    assert polled.stdout.startswith("state: server_error, 0 new; 127.0.0.1 answered 503")


async def test_a_token_comes_from_the_environment(tmp_path: Path) -> None:
    """Without it the answer says where to put one; one that lacks a scope is told so."""
    tokens = f'[[tokens]]\nname = "looker"\ntoken = "{TOKEN}"\nscopes = ["read"]\n'
    async with FeedServer() as source:
        path = written(tmp_path, source, tokens)
        async with gateway(path) as server:
            without = await ask(path, "feeds", "list", "--server", server)
            listed = await ask(path, "feeds", "list", "--server", server, env={"CAPGATEWAY_TOKEN": TOKEN})
            polled = await ask(path, "feeds", "poll", "state", "--server", server, env={"CAPGATEWAY_TOKEN": TOKEN})
    assert isinstance(without.exception, CapgatewayError)
    assert str(without.exception).endswith("401: this gateway asks for a token; set $CAPGATEWAY_TOKEN")
    assert listed.exit_code == 0
    assert str(polled.exception).endswith('403: the token "looker" lacks the scope operate')


async def test_without_a_gateway_nothing_is_changed(tmp_path: Path) -> None:
    """Changing commands exit 2 and say how to go on; the list comes from the database, and says so."""
    async with FeedServer() as source:
        path = written(tmp_path, source)
        await ask(path, "db", "upgrade")
        listed = await ask(path, "feeds", "list", "--json")
        polled = await ask(path, "feeds", "poll", "state")
        (tmp_path / "a.xml").write_bytes(VALID)
        fed = await ask(path, "feeds", "submit", "partner", str(tmp_path / "a.xml"))
    assert [(one["name"], one["health"]) for one in json.loads(listed.stdout)["items"]] == [
        ("state", "waiting"), ("partner", "waiting"),
    ]  # fmt: skip
    assert "reading its database instead" in listed.stderr
    for result in (polled, fed):
        assert (result.exit_code, result.stdout) == (2, "")
        assert "no gateway answers at http://127.0.0.1:1; start it with `capgateway run`" in result.stderr


@pytest.mark.parametrize(
    ("name", "words"), [("a.xml", "is a directory; name one file in it"), ("a.txt", "contains no file")]
)
def test_one_file_is_submitted(tmp_path: Path, name: str, words: str) -> None:
    """A directory is refused before a gateway is asked, and the reason is true."""
    (tmp_path / name).write_bytes(b"<alert/>")
    result = CliRunner().invoke(cli, ["feeds", "submit", "f", str(tmp_path), "--server", "127.0.0.1:1"])
    assert isinstance(result.exception, SourceError)
    assert words in str(result.exception)


@pytest.mark.parametrize(
    ("ended_at", "words"),
    [
        (None, "out of reach since 2026-11-28 13:00:00Z,"),
        ("2026-11-28T16:00:00Z", "from 2026-11-28 13:00:00Z to 2026-11-28 16:"),
    ],
)
def test_a_gap_that_is_over_is_shown_as_such(ended_at: str | None, words: str) -> None:
    """Alerts may be lost all the same, but the feed is back."""
    feed = {
        "gap_since": "2026-11-28T13:00:00Z",
        "gap_ended_at": ended_at,
        "trouble": None,
        "missing": 0,
        "moved_to": None,
    }
    (remark,) = feeds._remarks(feed)
    assert words in remark
    assert remark.endswith("for longer than it keeps alerts: some may be lost")


async def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Before any gateway is asked."""
    async with FeedServer() as source:
        result = await ask(written(tmp_path, source), "feeds", "submit", "partner", str(tmp_path / "none.xml"))
    assert isinstance(result.exception, SourceError)


async def test_a_feed_is_checked_without_a_gateway(tmp_path: Path) -> None:
    """The look at a feed is told in sentences, and as JSON; nothing is stored."""
    async with FeedServer() as source:
        source.publish("a.xml", VALID)
        path = written(tmp_path, source)
        good = await ask(path, "feeds", "check", "state")
        source.publish("b.xml", VALID.replace(b"<status>Test", b"<status>test"))
        bad = await ask(path, "feeds", "check", "state", "--json")
    assert good.exit_code == 0
    assert "It announces 1 entry: 0 with the message inside, 1 linked." in good.stdout
    assert "valid: TX-1" in good.stdout
    assert good.stdout.endswith("Nothing is wrong.\n")
    assert "asking " in good.stderr
    assert f"as configured in {path}\n" in good.stderr
    told = json.loads(bad.stdout)
    assert (bad.exit_code, told["verdict"], told["feed"], told["kind"]) == (1, "trouble", "state", "atom")
    assert [report["verdict"] for report in told["reports"]] == ["invalid", "valid"]
    assert not (tmp_path / "gateway.db").exists()


@pytest.mark.parametrize("command", [("check", "none"), ("poll", "none")])
async def test_a_feed_that_is_not_there(tmp_path: Path, command: tuple[str, str]) -> None:
    """The answer names those that are configured."""
    async with FeedServer() as source:
        path = written(tmp_path, source)
        async with gateway(path) as server:
            more = ("--server", server) if command[0] == "poll" else ()
            result = await ask(path, "feeds", *command, *more)
    assert str(result.exception).startswith('there is no feed "none"; configured: state, partner')


async def test_a_directory_is_shown_as_a_path(tmp_path: Path) -> None:
    """A feed without a URL has none."""
    path = tmp_path / "c.toml"
    path.write_text(
        f'[gateway]\ndatabase = "sqlite:///x.db"\nlisten = ""\n[[feeds]]\nname = "in"\nkind = "directory"\npath = "{tmp_path}"\n'
    )
    await ask(path, "db", "upgrade")
    shown = (await ask(path, "feeds", "show", "in")).stdout
    assert re.search(rf"^path +{tmp_path}$", shown, re.MULTILINE)
    assert "url" not in shown

"""The lists and what is shown of one: after the story of the demo, through the API and from the database."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from capgateway.cli import cli
from capgateway.errors import CapgatewayError
from capgateway.service import Service
from capgateway.simulate.demo import stage
from capgateway.store import Store

RECEIVER = '[[receivers]]\nname = "app"\nurl = "https://app.example/"\nsecret = "env:NOBODY_HAS_THIS"\n'
LISTS = ("alerts", "cards", "deliveries", "feeds")


class Told(NamedTuple):
    """Where the story was told: the gateway's address, its database, and a configuration that names it."""

    server: str
    database: Path
    configuration: Path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A gateway in a thread of its own, after the story."""
    directory, found, over = tmp_path_factory.mktemp("told"), threading.Event(), threading.Event()
    answers: list[Told] = []

    async def tell() -> None:
        async with stage() as scene:
            settings = scene.settings(listen="127.0.0.1:0")
            store, ready = Store.open(settings.gateway.database), asyncio.Event()
            service = Service(settings, store)
            running = asyncio.create_task(service.run(ready))
            await ready.wait()
            await scene.play(store, lambda line: None)
            assert service.address is not None
            database = Path(settings.gateway.database.removeprefix("sqlite:///"))
            path = directory / "capgateway.toml"
            path.write_text(f'[gateway]\ndatabase = "sqlite:///{database}"\nlisten = ""\n{feed("simulator")}{RECEIVER}')
            answers.append(Told(f"{service.address.host}:{service.address.port}", database, path))
            found.set()
            await asyncio.to_thread(over.wait)
            service.stop()
            await running
            store.close()

    thread = threading.Thread(target=asyncio.run, args=[tell()])
    thread.start()
    assert found.wait(60)
    yield answers[0]
    over.set()
    thread.join(60)


def feed(name: str) -> str:
    return f'[[feeds]]\nname = "{name}"\nkind = "atom"\nurl = "https://feed.example/"\n'


def ask(told: Told, *command: str, through: str = "api") -> Result:
    """Ask the running gateway, or the database where none answers."""
    server = ["--server", told.server] if through == "api" else []
    return CliRunner().invoke(cli, ["--config", str(told.configuration), *command, *server])


@pytest.mark.parametrize("through", ["api", "database"])
@pytest.mark.parametrize("name", LISTS)
def test_tables_fit_80_columns_and_break_no_id(told: Told, name: str, through: str) -> None:
    """Text is cut, ids are not; and no receiver's secret is needed to read."""
    result = ask(told, name, "list", through=through)
    assert result.exit_code == 0, result.exception
    items = json.loads(ask(told, name, "list", "--json", through=through).stdout)["items"]
    assert max(map(len, result.stdout.splitlines())) <= 80
    for one in items:
        ids = [one[key] for key in ("id", "card_id", "name", "identifier", "receiver") if one.get(key) and key in one]
        assert ids
        assert all(text in result.stdout.split() for text in ids if name != "alerts" or text != one.get("card_id"))


def test_lists_hold_the_answer(told: Told) -> None:
    """Event, area and issuer of a card; the last answer of a receiver; the entry that is missing, and why not."""
    cards = ask(told, "cards", "list").stdout
    for words in ("Child Abduction Emergency", "Dallas County", "Texas Department of Public Safety", "ended cancelled"):
        assert words in cards
    assert ask(told, "deliveries", "list").stdout.count("answered 200 after") == 4
    feeds = ask(told, "feeds", "list").stdout
    assert "1 entry is missing; `capgateway feeds show simulator` lists them" in feeds
    shown = ask(told, "feeds", "show", "simulator")
    assert "missing entries: 1" in shown.stdout
    assert "/broken.xml" in shown.stdout
    assert json.loads(ask(told, "feeds", "show", "simulator", "--json").stdout)["missing_entries"][0]["failures"] >= 1


@pytest.mark.parametrize("through", ["api", "database"])
def test_an_alert_is_shown_with_its_findings(told: Told, through: str) -> None:
    """By its id or its CAP identifier; one that does not exist is exit code 1."""
    (one,) = [
        alert
        for alert in json.loads(ask(told, "alerts", "list", "--json").stdout)["items"]
        if alert["reason"] == "unreadable"
    ]
    shown = ask(told, "alerts", "show", one["id"], through=through)
    assert (shown.exit_code, "quarantined: unreadable" in shown.stdout) == (0, True)
    assert f"[{one['findings'][0]['rule']}]" in shown.stdout.replace("\n", " ")
    named = ask(told, "alerts", "show", "TX-AMBER-2026-0042", "--json", through=through)
    assert json.loads(named.stdout)["decision"] == "published"
    missing = ask(told, "alerts", "show", "TX-NONE", through=through)
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "there is no alert TX-NONE" in missing.stderr


@pytest.mark.parametrize("through", ["api", "database"])
def test_a_card_is_shown_with_alerts_and_deliveries(told: Told, through: str) -> None:
    """In both languages, and where it went; one that does not exist is exit code 1."""
    (one,) = json.loads(ask(told, "cards", "list", "--json").stdout)["items"]
    shown = ask(told, "cards", "show", one["card_id"], through=through)
    assert shown.exit_code == 0
    for words in ("[en-US]", "[es-US]", "TX-AMBER-2026-0042-C", "ended: cancelled", "card.cancelled", "answered 200"):
        assert words in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert ask(told, "cards", "show", "crd_none", through=through).exit_code == 1


@pytest.mark.parametrize("through", ["api", "database"])
@pytest.mark.parametrize(
    "command",
    [
        ("alerts", "list", "--feed", "simulater"),
        ("feeds", "show", "simulater"),
        ("deliveries", "list", "--receiver", "ap"),
    ],
)
def test_a_misspelt_name_is_an_error_with_a_suggestion(told: Told, command: tuple[str, ...], through: str) -> None:
    """Never an empty list. What is known is what the answering gateway has configured."""
    result = ask(told, *command, through=through)
    assert isinstance(result.exception, CapgatewayError)
    near = "simulator" if "simulater" in command else "demo-app" if through == "api" else "app"
    assert f'"{near}"' in str(result.exception) or f"configured: {near}" in str(result.exception)


def test_a_name_that_is_no_longer_configured_still_answers(told: Told, tmp_path: Path) -> None:
    """Its history is in the database; only where there is nothing the name is doubted."""
    path = tmp_path / "c.toml"
    path.write_text(f'[gateway]\ndatabase = "sqlite:///{told.database}"\nlisten = ""\n{feed("other")}')
    kept = CliRunner().invoke(cli, ["alerts", "list", "--feed", "simulator", "--config", str(path), "--json"])
    assert len(json.loads(kept.stdout)["items"]) == 6


@pytest.mark.parametrize(("since", "count"), [("1h", 6), ("2000-01-01T00:00:00Z", 6), ("0s", 0)])
def test_since_is_a_time_or_how_long_ago(told: Told, since: str, count: int) -> None:
    """As an operator says it."""
    items = json.loads(ask(told, "alerts", "list", "--json", "--since", since).stdout)["items"]
    assert len(items) == count
    assert ask(told, "alerts", "list", "--since", "yesterday").exit_code == 2


def test_a_list_says_who_answered(told: Told, tmp_path: Path) -> None:
    """Address and database on stderr; with a warning when the configuration names another database, and only then."""
    same = ask(told, "cards", "list")
    assert f"answered by http://{told.server}, database {told.database}" in same.stderr
    assert "warning" not in same.stderr
    other = tmp_path / "other.toml"
    other.write_text('[gateway]\ndatabase = "sqlite:///mine.db"\n')
    result = CliRunner().invoke(cli, ["--config", str(other), "--server", told.server, "cards", "list"])
    assert f"this is not the gateway of {other}, whose database is {tmp_path}/mine.db" in result.stderr
    read = ask(told, "cards", "list", through="database")
    assert f"reading its database instead, read-only: {told.database}" in read.stderr


@pytest.mark.parametrize("is_new", [True, False])
def test_feeds_are_all_listed_failing_first(tmp_path: Path, is_new: bool) -> None:
    """However many there are, by their health if asked, and before there is a database too."""
    path = tmp_path / "c.toml"
    names = [f"feed-{number:03}" for number in range(220)]
    off = feed("zz-off") + "enabled = false\n"
    path.write_text(f'[gateway]\ndatabase = "sqlite:///x.db"\nlisten = ""\n{off}{"".join(map(feed, names))}')
    runner = CliRunner()
    if is_new:
        shown = runner.invoke(cli, ["--config", str(path), "feeds", "list"])
        assert "there is no database yet; showing the configuration only" in shown.stderr
    else:
        runner.invoke(cli, ["--config", str(path), "db", "upgrade"])
    every = json.loads(runner.invoke(cli, ["feeds", "list", "--json", "--config", str(path)]).stdout)["items"]
    assert [one["name"] for one in every] == [*names, "zz-off"]
    only = runner.invoke(cli, ["feeds", "list", "--health", "disabled", "--json", "--config", str(path)])
    assert [one["name"] for one in json.loads(only.stdout)["items"]] == ["zz-off"]
    none = runner.invoke(cli, ["feeds", "list", "--health", "failing", "--config", str(path)])
    assert none.stdout == "none of the 221 feeds is failing\n"

"""Commands that ask the database: its schema, and the lists when no gateway answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from capgateway.cli import cli
from capgateway.service import Service
from capgateway.simulate.demo import stage
from capgateway.store import Store, lists


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A configuration whose database is in the test's own directory, and that listens nowhere."""
    path = tmp_path / "capgateway.toml"
    path.write_text(f'[gateway]\ndatabase = "sqlite:///{tmp_path}/gateway.db"\nlisten = ""\n')
    return path


def ask(configuration: Path, *arguments: str) -> Result:
    """Run a command in this process with that configuration."""
    return CliRunner().invoke(cli, ["--config", str(configuration), *arguments])


def test_upgrade_makes_the_database_and_status_finds_it_current(configuration: Path) -> None:
    """``db upgrade`` says what it did, the second time that there was nothing to do."""
    assert "upgraded from nothing to 0005" in ask(configuration, "db", "upgrade").output
    assert "is current" in ask(configuration, "db", "upgrade").output
    status = ask(configuration, "db", "status", "--json")
    assert status.exit_code == 0
    assert json.loads(status.stdout)["is_current"] is True


def test_lists_are_read_from_the_database_when_no_gateway_answers(configuration: Path) -> None:
    """The reading commands answer with an empty page, and say on stderr where it comes from."""
    ask(configuration, "db", "upgrade")
    for name in ("alerts", "cards", "deliveries"):
        result = ask(configuration, name, "list", "--json")
        assert json.loads(result.stdout) == {"items": [], "next": None}
        assert "reading its database instead" in result.stderr


async def test_lists_come_from_the_running_gateway(tmp_path: Path) -> None:
    """After the story the same questions, asked through the API, tell its one card and three deliveries. Whoever gives an
    address needs no secrets of the configuration."""
    unusable = tmp_path / "c.toml"
    unusable.write_text('[[receivers]]\nname = "app"\nurl = "https://app.example/"\nsecret = "env:NOBODY_HAS_THIS"\n')
    async with stage() as scene:
        settings = scene.settings(listen="127.0.0.1:0")
        store = Store.open(settings.gateway.database)
        service, ready = Service(settings, store), asyncio.Event()
        running = asyncio.create_task(service.run(ready))
        await ready.wait()
        assert service.address is not None
        server = f"http://{service.address.host}:{service.address.port}"
        await scene.play(store, lambda line: None)
        async with asyncio.timeout(60):  # the receiver has the last message before it is written down
            while (await store.read(lists.delivery_page, state="pending")).items:
                await asyncio.sleep(0.02)
        answers = {
            name: await asyncio.to_thread(
                CliRunner().invoke, cli, ["--config", str(unusable), name, "list", "--json", "--server", server]
            )
            for name in ("alerts", "cards", "deliveries")
        }
        service.stop()
        await running
        store.close()
    items = {name: json.loads(result.stdout)["items"] for name, result in answers.items()}
    assert [card["state"] for card in items["cards"]] == ["ended"]
    assert [delivery["state"] for delivery in items["deliveries"]] == ["delivered"] * 4
    assert {(alert["decision"], alert["reason"]) for alert in items["alerts"]} == {
        ("published", None),
        ("updated", None),
        ("ended", "cancelled"),
        ("ignored", "status"),
        ("ignored", "no_programme"),
        ("quarantined", "unreadable"),
    }

"""What an operator on call types: which cards need a person, which alerts wait, and what is done about them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner, Result
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import update

from capgateway import cap, config
from capgateway.cli import cli
from capgateway.clock import utc_now
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.store import Store, gaps
from capgateway.store.tables import cards, messages

BECAUSE = ("--reason", "their duty officer says so")


class Night(Struct, frozen=True, kw_only=True):
    """A gateway with a live card that is unverified and marked for a take-down; an unreadable document is in quarantine too."""

    path: Path
    server: str
    card: str
    held: str
    unreadable: str
    store: Store

    async def ask(self, *command: str, through: str = "api") -> Result:
        """Ask the running gateway, or the database where none answers."""
        server = ["--server", self.server] if through == "api" else []
        return await asyncio.to_thread(CliRunner().invoke, cli, ["--config", str(self.path), *command, *server])

    async def messages(self) -> list[str]:
        """The advice of each operator message."""
        query = messages.select().where(messages.c.type.like("operator.%"))
        found = await self.store.read(lambda connection: [row.body for row in connection.execute(query)])
        return [json.loads(body)["data"]["advice"] for body in found]

    async def told(self, *command: str) -> dict[str, object]:
        """The answer as JSON."""
        result = await self.ask(*command, "--json")
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))


@pytest_asyncio.fixture
async def night(tmp_path: Path) -> AsyncIterator[Night]:
    path = tmp_path / "capgateway.toml"
    path.write_text(
        f'[gateway]\ndatabase = "sqlite:///{tmp_path}/gateway.db"\nlisten = "127.0.0.1:0"\n'
        '[[feeds]]\nname = "partner"\nkind = "push"\n'
    )
    settings = config.load(path)
    path.write_text(path.read_text().replace("127.0.0.1:0", "127.0.0.1:1"))  # where nobody answers
    store, ready = Store.open(settings.gateway.database), asyncio.Event()
    service = Service(settings, store, roles=["poll", "web"])
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(ready))
        await ready.wait()
        alert = story.amber(utc_now())
        stray = replace(
            story.cancel(utc_now(), alert),
            references=story.cancel(utc_now(), replace(alert, identifier="X")).references,
        )
        came = [
            await service.submit("partner", one, actor="test")
            for one in (cap.write(alert), cap.write(stray), b"<alert")
        ]
        (card_id,) = await store.read(
            lambda connection: list(connection.execute(cards.select().with_only_columns(cards.c.id)).scalars())
        )
        await store.write_alone(gaps.begin, "partner", utc_now() - timedelta(hours=1))
        await store.write(
            lambda write: write.execute(update(cards).values(unverified_since=write.now - timedelta(hours=1))).rowcount
        )
        assert service.address is not None
        yield Night(
            path=path,
            server=f"{service.address.host}:{service.address.port}",
            card=card_id,
            held=came[1][0].alert_id,
            unreadable=came[2][0].alert_id,
            store=store,
        )
        service.stop()
    store.close()


@pytest.mark.parametrize("through", ["api", "database"])
async def test_cards_say_that_they_need_a_person(night: Night, through: str) -> None:
    """The list marks them, within 80 columns; one card shows since when, why, and what to run."""
    listed = await night.ask("cards", "list", through=through)
    assert (listed.exit_code, listed.stdout.count("! ")) == (0, 2)
    assert f"`capgateway quarantine show {night.held}`" in " ".join(listed.stdout.split())
    assert max(map(len, listed.stdout.splitlines())) <= 80
    shown = (await night.ask("cards", "show", night.card, through=through)).stdout
    for words in (
        "verified    ", "unverified  since", f"capgateway cards verify {night.card} --reason",
        f"capgateway quarantine release {night.held} --card {night.card}", f"capgateway quarantine dismiss {night.held} --reason",
    ):  # fmt: skip
        assert words in shown
    told = json.loads((await night.ask("cards", "show", night.card, "--json", through=through)).stdout)
    assert [(mark["kind"], mark["alert_id"]) for mark in told["attention"]] == [("takedown_held", night.held)]
    assert told["verified_at"] > told["unverified_since"]


@pytest.mark.parametrize("through", ["api", "database"])
async def test_the_quarantine_is_listed_and_shown(night: Night, through: str) -> None:
    """With the cards an alert may be meant for; without a gateway too, which is said."""
    listed = await night.ask("quarantine", "list", through=through)
    assert ("reading its database instead" in listed.stderr) is (through == "database")
    for words in (night.held, night.unreadable, "review", "Cancel", f"may be meant for the live card {night.card}"):
        assert words in " ".join(listed.stdout.split())
    assert max(map(len, listed.stdout.splitlines())) <= 80
    only = await night.ask("quarantine", "list", "--reason", "unreadable", "--json", through=through)
    assert [one["id"] for one in json.loads(only.stdout)["items"]] == [night.unreadable]
    shown = await night.ask("quarantine", "show", night.held, through=through)
    for words in (
        "TX-AMBER-2026-0042-C",
        "quarantined: review",
        night.card,
        "refers to: amber@dps.example.tx.us,X,",
        "what to do: This take-down may be meant for",
    ):
        assert words in shown.stdout
    missing = await night.ask("quarantine", "show", "alt_none", through=through)
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "no alert alt_none is in quarantine" in missing.stderr


async def test_a_take_down_is_released(night: Night) -> None:
    """The card ends; the same again is a no, with the reason."""
    released = await night.ask("quarantine", "release", night.held, "--card", night.card)
    assert (released.exit_code, released.stdout) == (0, f"{night.held}: released; {night.card} is taken down\n")
    card = await night.told("cards", "show", night.card)
    assert (card["state"], card["end_reason"], card["attention"]) == ("ended", "cancelled", [])
    again = await night.ask("quarantine", "release", night.held, "--card", night.card)
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == "capgateway: this alert was released already\n"
    verified = await night.ask("cards", "verify", night.card, *BECAUSE)
    assert (verified.exit_code, "has ended (cancelled)" in verified.stderr) == (1, True)
    assert "handled" in (await night.ask("alerts", "show", night.held)).stdout


async def test_an_alert_is_dismissed(night: Night) -> None:
    """The card stays without its mark, and the alert is listed no more."""
    dismissed = await night.told("quarantine", "dismiss", night.held, *BECAUSE)
    assert dismissed == {"alert_id": night.held, "handled": "dismissed"}
    card = await night.told("cards", "show", night.card)
    assert (card["state"], card["attention"]) == ("active", [])
    assert (
        await night.ask("quarantine", "dismiss", night.unreadable, *BECAUSE)
    ).stdout == f"{night.unreadable}: dismissed\n"
    assert (await night.ask("quarantine", "list")).stdout == "no alert is in quarantine\n"


async def test_a_card_is_verified(night: Night) -> None:
    """It is no longer unverified; a card that is not there is a no."""
    verified = await night.ask("cards", "verify", night.card, *BECAUSE)
    assert verified.exit_code == 0
    assert verified.stdout.startswith(f"{night.card}: verified at 20")
    assert (await night.told("cards", "show", night.card))["unverified_since"] is None
    assert (await night.ask("cards", "list")).stdout.count("! ") == 1
    missing = await night.ask("cards", "verify", "crd_none", *BECAUSE)
    assert (missing.exit_code, missing.stderr) == (1, "capgateway: there is no card crd_none\n")


async def test_what_is_not_a_take_down_ends_no_card(night: Night) -> None:
    """A no that says so."""
    result = await night.ask("quarantine", "release", night.unreadable, "--card", night.card)
    assert (result.exit_code, "is not a take-down" in result.stderr) == (1, True)


async def test_an_alert_that_waits_is_shown_and_released(night: Night) -> None:
    """The person sees what is doubtful; what they release is displayed, and the list is shorter."""
    drill = replace(story.amber(utc_now()), identifier="TX-DRILL", sender="other@dps.example.tx.us")
    infos = tuple(replace(info, headline="DRILL - AMBER Alert") for info in drill.infos)
    path = night.path.parent / "drill.xml"
    path.write_bytes(cap.write(replace(drill, infos=infos)))
    (came,) = json.loads((await night.ask("feeds", "submit", "partner", str(path), "--json")).stdout)["items"]
    shown = " ".join((await night.ask("quarantine", "show", came["alert_id"])).stdout.split())
    assert "Its title says that it is a test, a drill or an exercise" in shown
    released = await night.ask("quarantine", "release", came["alert_id"], *BECAUSE)
    assert released.exit_code == 0, released.output
    assert re.fullmatch(rf"{came['alert_id']}: released; crd_\w+ is displayed\n", released.stdout)
    assert "TX-DRILL" not in (await night.ask("quarantine", "list")).stdout


async def test_every_command_of_an_advice_can_be_typed(night: Night) -> None:
    """Word by word: none of them is a usage error. The rest of what they say is in the tests of the commands."""
    texts = [str((await night.told("quarantine", "show", name))["advice"]) for name in (night.held, night.unreadable)]
    texts += await night.messages()
    texts += [f"`{line.strip()}`" for line in (await night.ask("cards", "show", night.card)).stdout.splitlines()]
    advised = [each for text in texts for each in re.findall(r"`(capgateway [^`]+)`", text)]
    assert {each.split()[2] for each in advised} == {"show", "release", "dismiss", "verify", "submit"}
    for each in advised:
        words = each.replace("FILE", str(night.path)).split()[1:]
        result = await night.ask(*words)
        assert "Usage:" not in result.output, each


CHANGES = [("cards", "verify"), ("quarantine", "dismiss"), ("quarantine", "release")]


@pytest.mark.parametrize("command", CHANGES)
async def test_without_a_gateway_nothing_is_changed(night: Night, command: tuple[str, str]) -> None:
    """Exit code 2, and how to go on."""
    name = night.card if command[0] == "cards" else night.held
    result = await night.ask(*command, name, *BECAUSE, through="database")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no gateway answers at http://127.0.0.1:1; start it with `capgateway run`" in result.stderr
    assert (await night.told("cards", "show", night.card))["unverified_since"]


@pytest.mark.parametrize("reason", [(), ("--reason", "  ")])
@pytest.mark.parametrize("command", CHANGES[:2])
def test_a_missing_reason_is_a_usage_error(command: tuple[str, str], reason: tuple[str, ...]) -> None:
    """Before any gateway is asked."""
    result = CliRunner().invoke(cli, [*command, "some-id", *reason])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--reason" in result.stderr

"""What an operator types to change something, to see who did what, and to understand one case."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
import zipfile
from pathlib import Path

import pytest
from test_cli_quarantine import BECAUSE, Night, night

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.errors import CapgatewayError
from capgateway.operate.spreadsheet import OF_CARD, spreadsheet
from capgateway.simulate import story
from capgateway.store.tables import alerts as alert_rows
from capgateway.store.tables import card_revisions

__all__ = ["night"]

CHANGES = [
    ("cards", "withdraw", "ID", *BECAUSE),
    ("cards", "restore", "ID"),
    ("cards", "correct", "ID", "--remove", "/safety/0", *BECAUSE),
    ("cards", "hold", "ID"),
    ("cards", "verify", "ID", *BECAUSE),
    ("alerts", "publish", "alt_1", *BECAUSE),
    ("pause",),
    ("resume",),
]


async def test_a_card_goes_down_and_comes_back(night: Night) -> None:
    """Each command says what it did; the same again is refused with exit code 1."""
    done = await night.ask("cards", "withdraw", night.card, *BECAUSE)
    assert (done.exit_code, done.stdout) == (0, f"{night.card}: withdrawn; its take-down is being sent\n")
    again = await night.ask("cards", "withdraw", night.card, *BECAUSE)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "has ended (withdrawn): there is nothing to withdraw" in again.stderr
    restored = await night.told("cards", "restore", night.card)
    assert (await night.ask("cards", "restore", night.card)).exit_code == 1
    listed = (await night.ask("cards", "list", "--state", "active")).stdout
    assert str(restored["card_id"]) in listed


async def test_a_fact_is_removed_and_none_is_added(night: Night) -> None:
    """An option that would set one is a usage error; what is no fact is one too; what the card does not say is a no."""
    removed = await night.ask("cards", "correct", night.card, "--remove", "/actions/1", *BECAUSE)
    assert (removed.exit_code, removed.stdout) == (0, f"{night.card}: revision 2 is without /actions/1\n")
    for wrong in (("--set", "/safety/0=x"), ("--add", "/safety/0"), ()):
        assert (await night.ask("cards", "correct", night.card, *wrong, *BECAUSE)).exit_code == 2
    no_fact = await night.ask("cards", "correct", night.card, "--remove", "/content", *BECAUSE)
    assert isinstance(no_fact.exception, CapgatewayError)  # exit code 2
    missing = await night.ask("cards", "correct", night.card, "--remove", "/safety/9", *BECAUSE)
    assert (missing.exit_code, missing.stderr) == (1, "capgateway: the card has no fact at /safety/9\n")


async def test_a_declined_alert_is_published_with_a_reason(night: Night) -> None:
    """What cannot be read is refused with exit code 1, and without a reason nothing is asked."""
    assert (await night.ask("alerts", "publish", night.unreadable)).exit_code == 2
    refused = await night.ask("alerts", "publish", night.unreadable, *BECAUSE)
    assert (refused.exit_code, "cannot be published: it cannot be read" in refused.stderr) == (1, True)
    storm = cap.write(story.thunderstorm(utc_now()))
    (path := night.path.parent / "storm.xml").write_bytes(storm)
    told = await night.told("feeds", "submit", "partner", str(path))
    alert_id = told["items"][0]["alert_id"]  # type: ignore[index]
    done = await night.ask("alerts", "publish", alert_id, "--programme", "amber", *BECAUSE)
    assert (done.exit_code, "published as the card crd_" in done.stdout) == (0, True)
    assert "published (by a person)" in (await night.ask("alerts", "show", alert_id)).stdout


async def test_a_pause_is_said_with_every_list(night: Night) -> None:
    """On stderr, through the gateway and without one."""
    assert (await night.ask("pause", *BECAUSE)).stdout.startswith("displays are paused since 20")
    twice = await night.ask("pause")
    assert (twice.exit_code, twice.stdout.endswith("they were paused already\n")) == (0, True)
    for command in (("feeds", "list"), ("cards", "list")):
        for through in ("api", "database"):
            assert "displays are paused since" in (await night.ask(*command, through=through)).stderr
    assert "they were paused since" in (await night.ask("resume")).stdout
    assert (await night.ask("resume")).stdout == "displays were not paused\n"
    assert "paused" not in (await night.ask("cards", "list")).stderr


@pytest.mark.parametrize("command", CHANGES)
async def test_what_changes_something_needs_the_gateway(night: Night, command: tuple[str, ...]) -> None:
    """Exit code 2, and how to go on; nothing was changed."""
    told = await night.ask(*(night.card if part == "ID" else part for part in command), through="database")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "start it with `capgateway run`" in told.stderr
    assert json.loads((await night.ask("audit", "list", "--json")).stdout)["items"] == []


@pytest.mark.parametrize("through", ["api", "database"])
async def test_the_trail_is_listed(night: Night, through: str) -> None:
    """Who, what, when and why, within 80 columns; by card and since a time."""
    await night.ask("cards", "hold", night.card, *BECAUSE)
    await night.ask("cards", "withdraw", night.card, *BECAUSE)
    listed = await night.ask("audit", "list", "--card", night.card, "--since", "1h", through=through)
    for words in ("card.withdrawn", "card.held", "local", f"reason: {BECAUSE[1]}", night.card):
        assert words in listed.stdout
    assert max(map(len, listed.stdout.splitlines())) <= 80
    none = await night.ask("audit", "list", "--card", "crd_none", through=through)
    assert (none.exit_code, none.stdout) == (0, "no action\n")


@pytest.mark.parametrize("through", ["api", "database"])
async def test_a_case_is_explained(night: Night, through: str) -> None:
    """By identifier: the decision in words, its card, and what is held; an unknown one shows the gaps, with exit code 1."""
    told = await night.ask("explain", "TX-AMBER-2026-0042", through=through)
    for words in ("means  The alert became a new card.", night.card, "cards: 1", "messages: 1", "gaps of its feed: 1"):
        assert words in told.stdout
    held = await night.ask("explain", night.held, through=through)
    assert f"it may be meant for {night.card}" in held.stdout
    missing = await night.ask("explain", "NOT-HERE", through=through)
    assert (missing.exit_code, "partner  from 20" in missing.stdout) == (1, True)
    as_json = await night.ask("explain", "NOT-HERE", "--json", through=through)
    assert (as_json.exit_code, [one["feed"] for one in json.loads(as_json.stdout)["gaps"]]) == (1, ["partner"])


async def test_a_case_is_explained_in_the_same_words_everywhere(night: Night) -> None:
    """Whatever sentence the API gives is what the command prints: what the decision means, what is held, and what is not known."""
    (life,) = json.loads((await night.ask("explain", night.held, "--json")).stdout)["items"]
    printed = (await night.ask("explain", night.held)).stdout
    assert len(life["remarks"]) == 1
    for sentence in (life["meaning"], *life["remarks"]):
        assert sentence in " ".join(printed.split())
    unknown = json.loads((await night.ask("explain", "NOT-HERE", "--json")).stdout)["detail"]
    for through in ("api", "database"):
        lines = (await night.ask("explain", "NOT-HERE", through=through)).stdout.splitlines()
        assert "; ".join(lines[:2]).rstrip(":") == unknown


@pytest.mark.parametrize("through", ["api", "database"])
async def test_conduct_is_reported(night: Night, through: str) -> None:
    """As text, JSON and CSV, with the card of the night, its gap and what was declined, and nothing personal."""
    await night.ask("cards", "withdraw", night.card, *BECAUSE)
    forms = {form: await night.ask("report", "--format", form, through=through) for form in ("text", "json", "csv")}
    assert {told.exit_code for told in forms.values()} == {0}
    assert "ended                  withdrawn 1" in forms["text"].stdout
    assert "quarantined unreadable: 1" in forms["text"].stdout
    told = json.loads(forms["json"].stdout)
    assert [(card["card_id"], card["end"]["reason"]) for card in told["cards"]] == [(night.card, "withdrawn")]
    assert [gap["feed"] for gap in told["cards"][0]["gaps"]] == ["partner"]
    (row,) = csv.DictReader(forms["csv"].stdout.splitlines())
    assert (row["card_id"], row["end_reason"], row["issuer"]) == (night.card, "withdrawn", story.SENDER)
    for one in forms.values():
        assert not any(word in one.stdout for word in (story.CHILD, story.PLATE, BECAUSE[1]))
    none = await night.ask("report", "--from", "2026-01-01", "--to", "2026-02-01", "--json", through=through)
    assert json.loads(none.stdout)["since"] == "2026-01-01T00:00:00Z"
    assert json.loads(none.stdout)["cards"] == []
    wrong = await night.ask("report", "--from", "2026-02-01", "--to", "2026-01-01", through=through)
    assert (wrong.exit_code, "--from is later than --to" in wrong.stderr) == (2, True)


def test_what_a_spreadsheet_would_calculate_is_text() -> None:
    """A sender may be called like a formula."""
    card: dict[str, object] = dict.fromkeys(OF_CARD, "x") | {
        "issuer": "=1+1",
        "area": [],
        "receivers": [],
        "end": None,
        "erased_at": None,
    }
    told = spreadsheet({"cards": [card | {"holds": [], "corrections": [], "gaps": []}]})
    assert next(csv.DictReader(told.splitlines()))["issuer"] == "'=1+1"


@pytest.mark.parametrize("through", ["api", "database"])
async def test_the_evidence_is_written_to_a_file(night: Night, through: str, tmp_path: Path) -> None:
    """That only its owner reads, and that is never overwritten; or to stdout."""
    path = tmp_path / "evidence.zip"
    told = await night.ask("cards", "export", night.card, "--output", str(path), through=through)
    assert (told.exit_code, told.stdout, "sha256" in told.stderr) == (0, "", True)
    assert ("does not record who took this" in told.stderr) == (through == "database")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "manifest.json" in zipfile.ZipFile(path).namelist()
    assert (await night.ask("cards", "export", night.card, "--output", str(path), through=through)).exit_code == 2
    other = tmp_path / "other.zip"
    as_json = await night.ask("cards", "export", night.card, "--output", str(other), "--json", through=through)
    assert json.loads(as_json.stdout)["sha256"] == hashlib.sha256(other.read_bytes()).hexdigest()
    assert (await night.ask("cards", "export", night.card, "--output", "-", "--json", through=through)).exit_code == 2
    piped = await night.ask("cards", "export", night.card, "--output", "-", through=through)
    assert "card.json" in zipfile.ZipFile(io.BytesIO(piped.stdout_bytes)).namelist()
    none = await night.ask("cards", "export", "crd_none", "--output", str(tmp_path / "x.zip"), through=through)
    assert (none.exit_code, (tmp_path / "x.zip").exists()) == (1, False)
    nowhere = await night.ask("cards", "export", night.card, "--output", str(tmp_path / "no/x.zip"), through=through)
    assert str(nowhere.exception).startswith("cannot write")  # exit code 2


async def test_a_correction_in_a_pause_says_that_receivers_do_not_have_it(night: Night) -> None:
    """Whoever removes a wrong plate must not believe that it is off the display. Without a pause nothing is said."""
    command = ("cards", "correct", night.card, "--remove", "/actions/1", *BECAUSE)
    assert "receivers still show" not in (await night.ask(*command)).stderr
    assert (await night.ask("pause")).exit_code == 0
    told = await night.ask(*command)
    assert (told.exit_code, "receivers still show what was removed" in told.stderr) == (0, True)


@pytest.mark.parametrize("through", ["api", "database"])
async def test_a_replay_that_changes_nothing(night: Night, through: str) -> None:
    """Exit code 0, and the gateway's database is as before."""
    before = await rows(night)
    told = await night.ask("replay", "--json", through=through)
    assert (told.exit_code, json.loads(told.stdout)) == (0, {"compared": 3, "differences": [], "not_compared": {}})
    assert await rows(night) == before


async def test_a_replay_shows_what_would_differ(night: Night) -> None:
    """The decision and the content of the card; exit code 1. What a person acted on is not compared."""
    change = alert_rows.update().where(alert_rows.c.id == night.unreadable).values(reason="schema")
    await night.store.write(lambda write: write.execute(change).rowcount)
    bodies = await night.store.read(lambda one: one.execute(card_revisions.select()).mappings().all())
    other = bodies[0]["body"].replace("AMBER Alert for", "Alert for")
    await night.store.write(lambda write: write.execute(card_revisions.update().values(body=other)).rowcount)
    told = await night.ask("replay")
    assert told.exit_code == 1
    for words in (
        "decision: quarantined: schema; now: quarantined: unreadable",
        "its card differs in content",
        "2 would differ",
    ):
        assert words in told.stdout
    await night.ask("cards", "withdraw", night.card, *BECAUSE)
    await night.ask("quarantine", "dismiss", night.unreadable, *BECAUSE)
    told = await night.ask("replay", "--json")
    assert (told.exit_code, "a person acted on their case" in json.loads(told.stdout)["not_compared"]) == (0, True)


async def test_a_replay_uses_the_configuration_of_now(night: Night) -> None:
    """Regions that were narrowed leave the alert out; what came before the time asked for is not compared."""
    night.path.write_text(night.path.read_text() + '[policy]\nregions = ["US-OK"]\n')
    told = json.loads((await night.ask("replay", "--json")).stdout)
    found = [one for one in told["differences"] if one["stored"] == "published"]
    assert [one["now"] for one in found] == ["ignored: region"]
    later = (utc_now()).isoformat()
    told = json.loads((await night.ask("replay", "--json", "--since", later)).stdout)
    assert told == {"compared": 0, "differences": [], "not_compared": {}}


async def rows(night: Night) -> list[object]:
    """What the database has of alerts and cards."""
    known = await night.store.read(lambda one: one.execute(alert_rows.select()).all())
    return [*known, *await night.store.read(lambda one: one.execute(card_revisions.select()).all())]

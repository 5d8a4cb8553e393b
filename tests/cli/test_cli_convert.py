"""``capgateway convert`` as its users meet it: one line an alert, the card or why there is none, and the exit code."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result

from capgateway import cap, shipped
from capgateway.cli import cli
from capgateway.cli.convert import convert
from capgateway.simulate import story

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
FIRST = story.amber(NOW)
AMBER, STORM, DRILL = (cap.write(alert) for alert in (FIRST, story.thunderstorm(NOW), story.exercise(NOW)))
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>Alerts</title><updated>2026-11-22T18:00:00Z</updated>
{}</feed>"""
ENTRY = '<entry><id>{}</id><title>t</title><updated>2026-11-22T18:00:00Z</updated><content type="text/xml">{}</content></entry>'
WRONGLY_SIGNED = b"""<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><Reference URI="#part"/></SignedInfo>
</Signature></alert>"""
RSS = '<rss version="2.0"><channel><title>t</title><link>https://a.example/</link><description>d</description>{}</channel></rss>'


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(convert, [str(part) for part in arguments], input=stdin, catch_exceptions=False)


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def said(result: Result) -> list[tuple[str, str | None]]:
    return [(line["decision"], line["reason"]) for line in lines(result)]


@pytest.fixture
def amber(tmp_path: Path) -> Path:
    path = tmp_path / "amber.xml"
    path.write_bytes(AMBER)
    return path


def inside(*alerts: bytes) -> bytes:
    """An Atom feed with these alerts in its entries."""
    bare = [alert.decode().partition("?>")[2] for alert in alerts]
    return ATOM.format("".join(ENTRY.format(number, alert) for number, alert in enumerate(bare))).encode()


def test_an_amber_alert_becomes_a_card(amber: Path) -> None:
    """The line holds the card as receivers get it, valid by its schema, and exit is 0."""
    result = run(amber)
    (line,) = lines(result)
    assert (result.exit_code, list(line)) == (0, ["source", "decision", "reason", "card", "evidence"])
    assert (line["source"], line["decision"], line["reason"]) == (str(amber), "published", None)
    jsonschema.Draft202012Validator(json.loads(shipped.schema("card/card-1.schema.json"))).validate(line["card"])
    assert line["card"]["source"]["identifier"] == FIRST.identifier
    assert line["card"]["content"]["en-US"]["description"] == FIRST.infos[0].description


def test_evidence_says_where_each_fact_was_read(amber: Path) -> None:
    """Under the pointer of the fact, with a span of the text that the card shows."""
    (line,) = lines(run(amber))
    assert {"/children/0/name", "/vehicles/0/plate", "/last_seen/place", "/safety/0"} <= set(line["evidence"])
    for one in line["evidence"].values():
        assert line["card"]["content"][one["language"]][one["field"]][one["start"] : one["end"]] == one["text"]


def test_what_is_no_amber_alert_is_no_failure() -> None:
    """A storm, and a Cancel, which ends a card and makes none: exit is 0."""
    cancel = msgspec.structs.replace(story.cancel(NOW, FIRST), infos=FIRST.infos)
    assert said(run("-", stdin=STORM)) == [("ignored", "no_programme")]
    for document in (STORM, cap.write(story.cancel(NOW, FIRST)), cap.write(cancel)):
        result = run("-", stdin=document)
        assert (result.exit_code, lines(result)[0]["card"]) == (0, None)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (DRILL, ("ignored", "status")),
        (AMBER.replace(b">Public<", b">Private<"), ("ignored", "scope")),
        (AMBER.replace(b">Public<", b">public<"), ("quarantined", "schema")),
        (AMBER.replace(b"</alert>", WRONGLY_SIGNED), ("quarantined", "signature")),
        (AMBER[:600], ("quarantined", "unreadable")),
        (b"", ("quarantined", "unreadable")),
        (b"<html/>", ("quarantined", "unreadable")),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ("quarantined", "unreadable")),
    ],
)
def test_without_a_card_exit_is_1(document: bytes, expected: tuple[str, str]) -> None:
    """An AMBER Alert that gives none, or a document nobody can use: the reason says why."""
    result = run("-", stdin=document)
    assert (result.exit_code, said(result)) == (1, [expected])
    is_faulty = expected[0] == "quarantined"  # then its findings explain it
    assert ("`capgateway validate -` shows what is wrong" in result.stderr) is is_faulty


def test_the_time_is_that_of_the_alert_unless_told(amber: Path) -> None:
    """So that old files convert as they did; with ``--at`` an alert that is over gives no card."""
    assert run(amber).exit_code == 0
    late = run(amber, "--at", (NOW + timedelta(days=1)).isoformat())
    assert (late.exit_code, said(late)) == (1, [("ignored", "expired")])
    assert run(amber, "--at", "yesterday").exit_code == 2


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        (("US-TX",), "published"),
        (("us-tx, US-OK",), "published"),
        (("US-OK", "US"), "published"),
        (("",), "published"),
        (("US-OK,PR",), "ignored"),
    ],
)
def test_regions_are_those_of_the_policy(amber: Path, regions: tuple[str, ...], expected: str) -> None:
    """Given once with commas or several times."""
    result = run(amber, *(part for region in regions for part in ("--regions", region)))
    assert [line["decision"] for line in lines(result)] == [expected]


def test_a_misspelt_region_is_a_usage_error(amber: Path) -> None:
    """With a suggestion, and before anything is read."""
    result = run(amber, "--regions", "US-TXX")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean US-TX?" in result.stderr


def test_programmes_are_those_of_the_policy(tmp_path: Path) -> None:
    """Given once with commas or several times; without, AMBER Alerts alone become cards."""
    path = tmp_path / "missing.xml"
    path.write_bytes(AMBER.replace(b"<value>CAE</value>", b"<value>MEP</value>"))
    assert (run(path).exit_code, said(run(path))) == (0, [("ignored", "no_programme")])
    for options in (["--programmes", "amber,mep"], ["--programmes", "amber", "--programmes", "mep"]):
        (line,) = lines(run(path, *options))
        assert (line["card"]["kind"], line["card"]["program"]) == ("mep", "Missing and Endangered Person")
    late = run(path, "--programmes", "mep", "--at", (NOW + timedelta(days=1)).isoformat())
    assert (late.exit_code, said(late)) == (1, [("ignored", "expired")])
    wrong = run(path, "--programmes", "ambre")
    assert (wrong.exit_code, "did you mean amber?" in wrong.stderr) == (2, True)


def test_programmes_of_a_configuration_that_is_named(tmp_path: Path) -> None:
    """Those that it enables; its secrets are not needed."""
    path = tmp_path / "silver.xml"
    code = cap.Named(name="profile:CAP-CP:Event:0.4", value="silver")
    infos = tuple(msgspec.structs.replace(info, event_codes=(code,)) for info in FIRST.infos)
    path.write_bytes(cap.write(msgspec.structs.replace(FIRST, infos=infos)))
    example = ROOT / "config/examples/silver.toml"
    told = CliRunner().invoke(cli, ["convert", str(path), "--programmes", "silver", "--config", str(example)])
    assert (told.exit_code, json.loads(told.stdout)["card"]["kind"]) == (0, "silver")
    unknown = CliRunner().invoke(cli, ["convert", str(path), "--programmes", "silver"])
    assert (unknown.exit_code, "name with --config a file that enables it" in unknown.stderr) == (2, True)


def test_a_feed_gives_a_line_for_each_alert_inside(tmp_path: Path) -> None:
    """Atom, RSS and the IPAWS wrapper, each alert decided by itself."""
    items = "".join(f"<item>{alert.decode().partition('?>')[2]}</item>" for alert in (AMBER, STORM))
    wrapped = b"<alerts>" + b"".join(alert.partition(b"?>")[2] for alert in (AMBER, STORM)) + b"</alerts>"
    for document in (inside(AMBER, STORM), RSS.format(items).encode(), wrapped):
        (tmp_path / "feed.xml").write_bytes(document)
        result = run(tmp_path)
        assert (result.exit_code, said(result)) == (0, [("published", None), ("ignored", "no_programme")])
        assert {line["source"] for line in lines(result)} == {str(tmp_path / "feed.xml")}


@pytest.mark.parametrize("document", [ATOM.format("").encode(), RSS.format("").encode()])
def test_a_feed_without_alerts_gives_no_line(document: bytes) -> None:
    """It is told on standard error, and is no failure: a quiet day."""
    result = run("-", stdin=document)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "contains no alert" in result.stderr


def test_an_envelope_of_test_makes_a_test_of_what_is_inside() -> None:
    """EDXL-DE: the distribution's status weighs more than an Actual inside."""
    envelope = """<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>d</distributionID>
<senderID>s@a.example</senderID><dateTimeSent>2026-11-22T12:00:00-06:00</dateTimeSent><distributionStatus>{}</distributionStatus>
<distributionType>Report</distributionType><combinedConfidentiality>none</combinedConfidentiality><contentObject>
<xmlContent><embeddedXMLContent>{}</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>"""
    for status, expected in (("Actual", ("published", None)), ("Test", ("ignored", "status"))):
        document = envelope.format(status, AMBER.decode().partition("?>")[2]).encode()
        assert said(run("-", stdin=document)) == [expected]


def test_an_unreadable_source_exits_2_and_the_others_are_converted(amber: Path) -> None:
    """What could not be read is told on standard error."""
    result = run(amber.parent / "none.xml", amber)
    assert (result.exit_code, said(result)) == (2, [("published", None)])
    assert "none.xml: cannot be read" in result.stderr


def test_json_may_be_asked_for(amber: Path) -> None:
    """It is the only form, so asking changes nothing."""
    assert run(amber, "--json").stdout == run(amber, "--format", "json").stdout == run(amber).stdout


def test_text_is_a_card_one_can_read(amber: Path) -> None:
    """With the issuer's words in each language, in 80 columns; without a card the reason."""
    result = run(amber, "--format", "text")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"{amber}: published"
    assert max(map(len, lines[1:])) <= 80
    text = " ".join(result.stdout.replace("[", "").replace("]", "").split())
    for info in FIRST.infos:
        assert " ".join((info.description or "").split()) in text
        assert f"  [{info.language}]" in lines
    assert "[Texas] license plate [KPW4471]" in " ".join(result.stdout.split())
    assert any(one.startswith("    /vehicles/0/plate") and "certain, en-US description" in one for one in lines)
    assert "issuer Texas Department of Public Safety <amber@dps.example.tx.us>" in text
    assert run("-", "--format", "text", stdin=STORM).stdout == "-: ignored: no_programme; no card\n"


def test_text_steers_no_terminal() -> None:
    """A stranger wrote it."""
    result = run("-", "--format", "text", stdin=AMBER.replace(b"AMBER Alert for", "\x9b31m\u202e for".encode()))
    assert "for a missing" in result.stdout
    assert not any(character in result.stdout for character in "\x9b\u202e\x1b")

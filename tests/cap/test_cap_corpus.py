"""What is expected of the published documents holds, and where we judge otherwise the reason is here."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from cap_samples import NOW, SCHEMAS, corpus

from capgateway import cap
from capgateway.feeds.read.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Documents whose schema verdict differs from the official schema's.
SCHEMA_DIFFERS = {
    "google/earthquake_signed.cap": "A-153: the published 1.1 schema forgot the Signature that the text of 1.1 allows",
}
#: Documents that are expected to be valid, or invalid, and are judged otherwise.
VERDICT_DIFFERS = {
    "google/embedded/testParseInvalidAltitude-cap10-1.xml": "A-124: below sea level is real, altitude -1 is legal",
    "google/embedded/testParseInvalidAltitude-cap11-1.xml": "A-124: below sea level is real, altitude -1 is legal",
    "google/embedded/testParseInvalidAltitude-cap12-1.xml": "A-124: below sea level is real, altitude -1 is legal",
    "google/embedded/testIgnoreDigitalSignature-cap12-1.xml": "A-134: its digest is wrong; the test it is from ignores that",
}


def rows(*kinds: str) -> Iterator[dict[str, str]]:
    with (corpus() / "index.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["kind"].startswith(kinds):
                yield row


def reports(row: dict[str, str]) -> list[cap.Report]:
    return list(judge((corpus() / row["file"]).read_bytes(), SCHEMAS, now=NOW, source=row["file"]))


def test_schema_verdicts_are_those_of_the_official_schemas() -> None:
    """For every message whose verdict is known."""
    different = {}
    for row in rows("message", "naads-heartbeat"):
        if row["xsd_valid"] in {"valid", "invalid"}:
            parsed = cap.parse((corpus() / row["file"]).read_bytes())
            assert parsed.root is not None
            assert parsed.version == row["cap_version"]
            is_valid = SCHEMAS.findings(parsed.root, parsed.version) == ()
            if is_valid != (row["xsd_valid"] == "valid"):
                different[row["file"]] = SCHEMA_DIFFERS.get(row["file"])
    assert different == SCHEMA_DIFFERS


def test_verdicts_are_as_expected() -> None:
    """Messages, feeds and envelopes that are said to be valid or invalid."""
    different = {}
    for row in rows("message", "feed", "edxl"):
        expected = row["expected"].partition(":")[0].partition(";")[0].partition(" ")[0]
        if expected in {"valid", "invalid"} and "DERIVED" not in row["source"]:
            found = "invalid" if any(report.verdict == "invalid" for report in reports(row)) else "valid"
            if found != expected:
                different[row["file"]] = VERDICT_DIFFERS.get(row["file"], f"{found}, not {expected}")
    assert different == VERDICT_DIFFERS


def test_every_oasis_sample_is_valid() -> None:
    """The appendix of the standards, in several transcriptions."""
    for path in sorted(corpus().glob("oasis/*.xml")):
        assert [report.verdict for report in judge(path.read_bytes(), SCHEMAS, now=NOW)] == ["valid"], path


def test_all_alerts_inside_are_found() -> None:
    """Containers with as many messages as are known to be in them."""
    for row in rows("feed-atom-fat", "edxl"):
        inside = row["xsd_valid"].removeprefix("embedded ").partition("/")[2]
        assert len(reports(row)) == 1 + int(inside), row["file"]


def test_what_must_be_rejected_is() -> None:
    """Bombs and external entities, also inside of feeds."""
    for row in rows("nasty"):
        assert any(report.verdict == "invalid" for report in reports(row)), row["file"]


def test_lines_are_those_of_the_container() -> None:
    """Seven warnings of an envelope, on the lines where another validator sees them."""
    found = judge((corpus() / "google" / "bushfire_valid.edxlde").read_bytes(), SCHEMAS, now=NOW)
    lines = [finding.line for report in found for finding in report.findings if finding.rule == "cap.text.markup"]
    assert lines == [39, 115, 189, 263, 337, 411, 485]

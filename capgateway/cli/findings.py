"""Validation reports as a person likes to read them: grouped by alert, each finding with its line and a caret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap import Finding, Report

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}
#: Longer source lines are cut around the place; some documents are one line.
MAX_SHOWN = 100
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


class Count(msgspec.Struct):
    """What a run has seen so far."""

    sources: int = 0
    unreadable: int = 0
    valid: int = 0
    invalid: int = 0
    errors: int = 0
    warnings: int = 0

    def add(self, report: Report) -> None:
        self.valid += report.verdict == "valid"
        self.invalid += report.verdict == "invalid"
        self.errors += sum(finding.level == "error" for finding in report.findings)
        self.warnings += sum(finding.level == "warning" for finding in report.findings)

    def __str__(self) -> str:
        documents = f"{self.valid + self.invalid:,} in {_many(self.sources, 'source')}"
        return (
            f"{documents}: {self.valid:,} valid, {self.invalid:,} invalid; "
            f"{_many(self.errors, 'error')}, {_many(self.warnings, 'warning')}"
        )


def lines(report: Report, document: bytes) -> Iterator[str]:
    """The report as coloured lines."""
    colour = "green" if report.verdict == "valid" else "red"
    yield f"{_title(report)}: {click.style(report.verdict, fg=colour, bold=True)}"
    source = _Lines(document)
    for finding in report.findings:
        level = click.style(finding.level, fg=_COLOURS[finding.level])
        yield f"  {level}: {_printable(finding.message)} [{finding.rule}]"
        line = f"line {finding.line}" if finding.line else None
        place = ", ".join(part for part in (finding.xpath, line, finding.reference) if part)
        if place:
            yield f"    {_printable(place)}"
        yield from (f"    {shown}" for shown in source.around(finding))


def _title(report: Report) -> str:
    what = f"CAP {report.cap_version}" if report.cap_version else report.kind
    profile = f" {report.profile}" if report.profile else ""
    identity = ",".join(filter(None, (report.sender, report.identifier, report.sent)))
    return _printable(" ".join(filter(None, (f"{report.source}#{report.position}", f"{what}{profile}", identity))))


class _Lines:
    """A document's lines, decoded only when one of them is to be shown."""

    def __init__(self, document: bytes) -> None:
        self._document = document
        self._lines: list[str] | None = None

    def around(self, finding: Finding) -> Iterator[str]:
        """The line a finding speaks of and a caret under the element, if there is such a line."""
        if self._lines is None:
            wide = self._document[:2] in {b"\xff\xfe", b"\xfe\xff"}
            self._lines = self._document.decode("utf-16" if wide else "utf-8", "replace").split("\n")
        number = finding.line or 0
        if not 0 < number <= len(self._lines):
            return
        line = _printable(self._lines[number - 1].rstrip().expandtabs(2))
        name = re.sub(r"\[\d+\]$", "", (finding.xpath or "").rpartition("/")[2])
        found = re.search(rf"<(?:[\w.-]+:)?{re.escape(name)}\b", line) if name else None
        at = found.start() if found else len(line) - len(line.lstrip())
        start = max(0, at - MAX_SHOWN // 2) if len(line) > MAX_SHOWN else 0
        prefix = f"{number} | "
        yield prefix + line[start : start + MAX_SHOWN]
        yield " " * (len(prefix) + at - start) + click.style("^", fg=_COLOURS[finding.level])


def _printable(text: str) -> str:
    """The text without what could steer a terminal."""
    return "".join(character if character.isprintable() else _UNPRINTABLE for character in text)


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

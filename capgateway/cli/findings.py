"""Validation reports as a person likes to read them: grouped by alert, each finding with its line and a caret."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click
import msgspec

from capgateway.cli.excerpt import excerpt
from capgateway.cli.output import cut, fitted, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap import Report, Source

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}
_INDENT = "    "
#: Columns of a source line where no terminal says how many it has; some documents are one line.
ROOM = 104
#: Longer places and names are cut: a stranger's element may have a name of twenty thousand characters.
MAX_PLACE, MAX_NAME = 300, 200


class Count(msgspec.Struct):
    """What a run has seen so far."""

    sources: int = 0
    unreadable: int = 0
    valid: int = 0
    invalid: int = 0
    failed: int = 0
    errors: int = 0
    warnings: int = 0

    def add(self, report: Report) -> None:
        self.valid += report.verdict == "valid"
        self.invalid += report.verdict == "invalid"
        self.failed += has_failed(report)
        self.errors += sum(finding.level == "error" for finding in report.findings)
        self.warnings += sum(finding.level == "warning" for finding in report.findings)

    def __str__(self) -> str:
        documents = (
            f"{_many(self.valid + self.invalid, 'document')} in {_many(self.sources + self.unreadable, 'source')}"
        )
        told = (
            f"{documents}: {self.valid:,} valid, {self.invalid:,} invalid; "
            f"{_many(self.errors, 'error')}, {_many(self.warnings, 'warning')}"
        )
        if self.failed > self.invalid:
            told += f"; {self.failed - self.invalid:,} valid but failed by --strict"
        return f"{told}; {_many(self.unreadable, 'source')} unreadable" if self.unreadable else told


def has_failed(report: Report) -> bool:
    """Whether a report failed: it is invalid, or has a warning and warnings were to fail."""
    return report.verdict == "invalid" or report.failed is True


def lines(report: Report, source: Source, width: int | None) -> Iterator[str]:
    """The report as coloured lines, by the lines of the document; ``width`` is that of the terminal, if one reads them."""
    word = "valid, but failed by --strict" if report.verdict == "valid" and has_failed(report) else report.verdict
    yield f"{_title(report)}: {click.style(word, fg='red' if has_failed(report) else 'green', bold=True)}"
    for finding in sorted(report.findings, key=lambda one: one.line or math.inf):
        found = excerpt(source, finding)
        message = f"{finding.message} [{finding.rule}]"
        level, *rows = fitted(f"  {finding.level}: ", message, _INDENT, width=width)
        yield level.replace(finding.level, click.style(finding.level, fg=_COLOURS[finding.level]), 1)
        yield from rows
        line = f"line {finding.line}" if finding.line else None
        place = [part for part in (cut(finding.xpath or "", MAX_PLACE), line, finding.reference) if part]
        if place:
            yield from fitted(_INDENT, ", ".join(place), _INDENT, width=width)
        if found:
            shown, caret = found.lines((width or ROOM) - len(_INDENT))
            yield f"{_INDENT}{shown}"
            if caret:
                yield f"{_INDENT}{caret.replace('^', click.style('^', fg=_COLOURS[finding.level]))}"


def _title(report: Report) -> str:
    what = f"CAP {report.cap_version}" if report.cap_version else report.kind
    profile = f" {report.profile}" if report.profile else ""
    identity = ",".join(cut(part, MAX_NAME) for part in (report.sender, report.identifier, report.sent) if part)
    return harmless(" ".join(filter(None, (f"{report.source}#{report.position}", f"{what}{profile}", identity))))


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

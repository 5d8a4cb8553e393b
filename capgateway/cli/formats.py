"""Validation reports for other programs: SARIF 2.1.0 for code review, JUnit XML for build servers."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from capgateway.cli.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgateway.cap import Finding, Report, Rule
    from capgateway.cli.judging import Judged

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif(judged: Sequence[Judged]) -> dict[str, Any]:
    """One run with a result for each finding; sources that could not be read are notifications."""
    reports = [report for one in judged for report in one.reports]
    used = sorted({finding.rule for report in reports for finding in report.findings})
    unread = [one.unreadable for one in judged if one.unreadable]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "capgateway",
                        "version": version("capgateway"),
                        "rules": [_sarif_rule(rule) for rule in used],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not unread,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": message}} for message in unread
                        ],
                    }
                ],
                "results": [
                    _sarif_result(report, finding, used.index(finding.rule))
                    for report in reports
                    for finding in report.findings
                ],
            }
        ],
    }


def _sarif_rule(name: str) -> dict[str, Any]:
    rule: Rule = RULES[name]
    described = {"id": name, "shortDescription": {"text": rule.asks}}
    if rule.why:
        described["fullDescription"] = {"text": rule.why}
    return described | {
        "defaultConfiguration": {"level": _SARIF_LEVELS[rule.level]},
        "properties": {"layer": rule.layer, "reference": rule.reference},
    }


def _sarif_result(report: Report, finding: Finding, index: int) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": _uri(report.source)}}}
    if finding.line:
        place["physicalLocation"]["region"] = {"startLine": finding.line}
    if finding.xpath:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.xpath}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": finding.message},
        "locations": [place],
    }


def _uri(source: str) -> str:
    if source == "-":
        return "stdin"
    if source.lower().startswith(("http://", "https://")):
        return source
    return Path(source).as_uri() if Path(source).is_absolute() else quote(Path(source).as_posix())


def junit(judged: Sequence[Judged]) -> Iterator[str]:
    """A test suite for each source, a test case for each alert or container in it."""
    failures = sum(report.verdict == "invalid" for one in judged for report in one.reports)
    errors = sum(one.unreadable is not None for one in judged)
    tests = sum(len(one.reports) for one in judged) + errors
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="capgateway validate" tests="{tests}" failures="{failures}" errors="{errors}">'
    for one in judged:
        failed = sum(report.verdict == "invalid" for report in one.reports)
        counts = f'tests="{len(one.reports) or 1}" failures="{failed}" errors="{int(one.unreadable is not None)}"'
        yield f"  <testsuite name={_attribute(one.name)} {counts}>"
        if one.unreadable:
            yield f'    <testcase classname={_attribute(one.name)} name="read">'
            yield f"      <error message={_attribute(one.unreadable)}/>"
            yield "    </testcase>"
        for report in one.reports:
            yield from _junit_case(report)
        yield "  </testsuite>"
    yield "</testsuites>"


def _junit_case(report: Report) -> Iterator[str]:
    title = f"#{report.position} {report.identifier or report.kind}"
    yield f"    <testcase classname={_attribute(report.source)} name={_attribute(title)}>"
    for finding in report.findings:
        if report.verdict == "invalid" and finding.level == "error":
            yield f"      <failure type={_attribute(finding.rule)} message={_attribute(_said(finding))}/>"
    if report.verdict == "invalid" and not any(finding.level == "error" for finding in report.findings):
        yield '      <failure type="strict" message="warnings, which --strict lets fail"/>'
    others = [f"{finding.level}: {_said(finding)}" for finding in report.findings if finding.level != "error"]
    if others:
        yield f"      <system-out>{_text(chr(10).join(others))}</system-out>"
    yield "    </testcase>"


def _said(finding: Finding) -> str:
    place = ", ".join(part for part in (finding.xpath, f"line {finding.line}" if finding.line else None) if part)
    return f"{finding.message} [{finding.rule}]" + (f" at {place}" if place else "")


def _attribute(text: str) -> str:
    return quoteattr(_plain(text))


def _text(text: str) -> str:
    return _plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> str:
    """Without characters that XML cannot hold; names of files can."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text)

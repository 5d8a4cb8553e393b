"""Validation reports for other programs: SARIF 2.1.0 for code review, JUnit XML for build servers.

With ``--strict`` both report warnings as failures, as the exit code does.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from capgateway.cli.findings import has_failed
from capgateway.cli.output import harmless
from capgateway.cli.rules import RULES
from capgateway.cli.source_names import STANDARD_INPUT, is_url, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgateway.cap import Finding, Report, Rule
    from capgateway.cli.judging import Judged

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: Characters that mean something in an address or are escaped already; all others but letters and digits are to be.
_URL = ":/?#[]@!$&'()*+,;=%"
_SARIF_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif(judged: Sequence[Judged], *, is_strict: bool) -> dict[str, Any]:
    """One run with a result per finding; sources that could not be read are notifications."""
    findings = [(one.name, finding) for one in judged for report in one.reports for finding in report.findings]
    used = sorted({finding.rule for _, finding in findings})
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
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not unread,
                        "exitCode": 2
                        if unread
                        else int(any(has_failed(report) for one in judged for report in one.reports)),
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": message}} for message in unread
                        ],
                    }
                ],
                "results": [
                    _sarif_result(name, finding, used.index(finding.rule), is_strict=is_strict)
                    for name, finding in findings
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


def _sarif_result(name: str, finding: Finding, index: int, *, is_strict: bool) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": _uri(name)}}}
    if finding.line:
        place["physicalLocation"]["region"] = {"startLine": finding.line}
    if finding.line and finding.column:
        place["physicalLocation"]["region"]["startColumn"] = finding.column
    if finding.xpath:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.xpath}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": "error" if is_strict and finding.level == "warning" else _SARIF_LEVELS[finding.level],
        "message": {"text": finding.message},
        "locations": [place],
    }


def _uri(name: str) -> str:
    if name == STANDARD_INPUT:
        return "stdin"
    if is_url(name):
        return quote(name, safe=_URL)
    if os.path.isabs(name):
        return f"file://{quote(os.fsencode(name))}"
    return quote(os.fsencode(os.path.normpath(name)))


def junit(judged: Sequence[Judged], *, is_strict: bool) -> Iterator[str]:
    """A test suite per source, and in it a test case per alert or container."""
    failures = sum(has_failed(report) for one in judged for report in one.reports)
    errors = sum(one.unreadable is not None for one in judged)
    tests = sum(len(one.reports) for one in judged) + errors
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="capgateway validate" tests="{tests}" failures="{failures}" errors="{errors}">'
    for one in judged:
        failed = sum(has_failed(report) for report in one.reports)
        counts = f'tests="{len(one.reports) or 1}" failures="{failed}" errors="{int(one.unreadable is not None)}"'
        name = _attribute(shown(one.name))
        yield f"  <testsuite name={name} {counts}>"
        if one.unreadable:
            yield f'    <testcase classname={name} name="read">'
            yield f"      <error message={_attribute(one.unreadable)}/>"
            yield "    </testcase>"
        for report in one.reports:
            yield from _junit_case(report, {"error", "warning"} if is_strict else {"error"})
        yield "  </testsuite>"
    yield "</testsuites>"


def _junit_case(report: Report, fatal: set[str]) -> Iterator[str]:
    title = f"#{report.position} {report.identifier or report.kind}"
    yield f"    <testcase classname={_attribute(report.source)} name={_attribute(title)}>"
    failures = [finding for finding in report.findings if finding.level in fatal]
    if failures:  # one element: build servers that know no more show the first of several only
        first = f"type={_attribute(failures[0].rule)} message={_attribute(_summary(failures))}"
        yield f"      <failure {first}>{_lines(failures)}</failure>"
    others = [finding for finding in report.findings if finding.level not in fatal]
    if others:
        yield f"      <system-out>{_lines(others)}</system-out>"
    yield "    </testcase>"


def _summary(failures: list[Finding]) -> str:
    others = len(failures) - 1
    return _said(failures[0]) + (f" (and {others} more)" if others else "")


def _lines(findings: list[Finding]) -> str:
    said = "\n".join(harmless(f"{finding.level}: {_said(finding)}") for finding in findings)
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _said(finding: Finding) -> str:
    line = f"line {finding.line}" if finding.line else None
    place = ", ".join(part for part in (finding.xpath, line) if part)
    return f"{finding.message} [{finding.rule}]" + (f" at {place}" if place else "")


def _attribute(text: str) -> str:
    return quoteattr(harmless(text))

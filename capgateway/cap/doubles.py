"""One fault, one finding: what a rule says is left out where another rule says the same, more severely or more exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capgateway.cap.finding import Finding

#: By the rule that gives way, the rules that speak of the same fault at the same place.
SAME_PLACE = {
    "cap.web.absolute": frozenset({"cap.schema"}),
    "cap.uri.absolute": frozenset({"cap.schema"}),
    "cap.area.missing": frozenset({"ipaws.area", "cap-cp.area", "cap-au.area"}),
    "cap.info.missing": frozenset({"cap-cp.info", "cap-au.info"}),
}
#: The rules that give way to any error about a part of the element that they speak of.
INSIDE = frozenset({"cap.pair.empty"})


def without_doubles(findings: list[Finding]) -> list[Finding]:
    """The findings about one message without those whose fault another one reports."""
    rules = {finding.rule for finding in findings}
    if rules.isdisjoint(SAME_PLACE) and rules.isdisjoint(INSIDE):
        return findings
    at = {(finding.rule, finding.xpath) for finding in findings}
    parents = {(finding.xpath or "").rpartition("/")[0] for finding in findings if finding.level == "error"}
    return [finding for finding in findings if not _is_double(finding, at, parents)]


def _is_double(finding: Finding, at: set[tuple[str, str | None]], parents: set[str]) -> bool:
    if finding.rule in INSIDE:
        return finding.xpath in parents
    return any((rule, finding.xpath) in at for rule in SAME_PLACE.get(finding.rule, ()))

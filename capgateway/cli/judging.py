"""One source judged, start to end: what ``validate`` does in each of its processes."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict

import msgspec

from capgateway import cap, shipped
from capgateway.cap.place import local
from capgateway.cli import source_names, sources
from capgateway.cli.findings import has_failed, lines
from capgateway.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How to judge. ``now`` is the time that counts as now, ``signed_at`` the one for certificates (``None``: each
    alert's own ``sent``), ``width`` that of the terminal, if one reads the text. If ``is_quiet``, the text shows only what
    failed."""

    now: datetime
    signed_at: datetime | None = None
    profile: str = "auto"
    trust: bytes = b""
    schema: bytes | None = None
    is_strict: bool = False
    ignored: frozenset[str] = frozenset()
    is_text: bool = True
    is_quiet: bool = False
    width: int | None = None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one source: reports, and as text if that was asked for; or why it could not be read."""

    name: str
    reports: tuple[cap.Report, ...] = ()
    text: str = ""
    unreadable: str | None = None


class _Asked(TypedDict):
    """The arguments that :func:`cap.validate` and the judge of feeds have in common."""

    now: datetime
    profile: str
    trust: bytes
    signed_at: datetime | None
    source: str


def judge(name: str, order: Order) -> Judged:
    """Read a source and judge all that is in it. Never raises, unless ``CAPGATEWAY_DEBUG`` is set."""
    try:
        return _judged(name, sources.read(name), order)
    except SourceError as error:
        return Judged(name=name, unreadable=str(error))
    except Exception as fault:  # a fault of ours over one source, not the end of all
        if os.environ.get("CAPGATEWAY_DEBUG"):
            raise
        return Judged(name=name, unreadable=f"{source_names.shown(name)}: {cap.unjudged(fault).message}")


def _judged(name: str, document: bytes, order: Order) -> Judged:
    xml = cap.read_xml(document, keep="elements")
    reports = tuple(_weighed(report, order) for report in _reports(source_names.shown(name), document, xml, order))
    source = cap.Source(document, (finding for report in reports for finding in report.findings))
    reports = tuple(map(source.placed, reports))
    if not order.is_text:
        return Judged(name=name, reports=reports)
    shown = (report for report in reports if has_failed(report) or not order.is_quiet)
    text = "\n".join(line for report in shown for line in lines(report, source, order.width))
    return Judged(name=name, reports=reports, text=text)


def _reports(name: str, document: bytes, xml: cap.Xml, order: Order) -> Iterator[cap.Report]:
    schemas = _schemas(order.schema)
    asked = _Asked(now=order.now, profile=order.profile, trust=order.trust, signed_at=order.signed_at, source=name)
    if xml.root is not None and local(xml.root) == "alert":  # the usual case does without the readers of feeds
        parsed = cap.parse_element(xml.root, document=document, findings=xml.findings)
        yield cap.validate(parsed, schemas, **asked)
        return
    from capgateway.feeds.read import judge as feeds  # noqa: PLC0415

    base_url = name if source_names.is_url(name) else feeds.NOWHERE
    yield from feeds.judge(document, schemas, base_url=base_url, **asked)


@lru_cache(maxsize=2)
def _schemas(schema: bytes | None) -> cap.Schemas:
    return cap.Schemas(shipped.cap_schemas() if schema is None else dict.fromkeys(shipped.CAP_VERSIONS, schema))


def _weighed(report: cap.Report, order: Order) -> cap.Report:
    """The report as the user wants it: without ignored rules, and marked as failed for its warnings if they count.

    What could not be read at all remains invalid: that a document is not XML, say, cannot be ignored.
    """
    if report.kind != "unknown" and order.ignored:
        findings = tuple(finding for finding in report.findings if finding.rule not in order.ignored)
        report = msgspec.structs.replace(report, findings=findings, verdict=cap.verdict_on(findings))
    if order.is_strict and any(finding.level != "info" for finding in report.findings):
        return msgspec.structs.replace(report, failed=True)
    return report

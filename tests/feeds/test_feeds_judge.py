"""Containers judged with all that is in them: a report for each message, with places in the container's file."""

from __future__ import annotations

import base64
import html
from datetime import UTC, datetime
from typing import Any

import pytest

from capgateway import cap, shipped
from capgateway.feeds.read.judge import judge

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SCHEMAS = cap.Schemas(shipped.cap_schemas())
ATOM = "http://www.w3.org/2005/Atom"
FEMA = "http://gov.fema.ipaws.services/feed"
EDXL = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
NS = "urn:oasis:names:tc:emergency:cap:1.2"
#: Three lines; what is wrong is on the third.
ALERT = f"""<alert xmlns="{NS}"><identifier>a</identifier>
<sender>s@alerts.example</sender><sent>2026-01-01T00:00:00-00:00</sent>
<status>actual</status><msgType>Alert</msgType><scope>Public</scope></alert>"""


def entry(content: str) -> str:
    return f"<entry><id>{hash(content)}</id><title>t</title><updated>2026-01-01T00:00:00Z</updated>{content}</entry>"


def atom(*contents: str) -> str:
    entries = "\n".join(map(entry, contents))
    return f'<feed xmlns="{ATOM}"><id>f</id><title>t</title><updated>2026-01-01T00:00:00Z</updated>\n{entries}</feed>'


def rss(content: str) -> str:
    item = f"<item><title>t</title><guid>g</guid>\n{content}</item>"
    return f"<rss><channel><title>t</title><pubDate>today</pubDate>{item}</channel></rss>"


def envelope(content: str, status: str = "Actual") -> str:
    return (
        f'<EDXLDistribution xmlns="{EDXL}"><distributionID>d</distributionID><senderID>s</senderID>'
        f"<dateTimeSent>2026-01-01T00:00:00Z</dateTimeSent><distributionStatus>{status}</distributionStatus>"
        "<distributionType>Report</distributionType><combinedConfidentiality>none</combinedConfidentiality>"
        f"<contentObject>\n{content}</contentObject></EDXLDistribution>"
    )


def packed(alert: str, kind: str = "<mimeType>application/cap+xml</mimeType>") -> str:
    data = base64.encodebytes(alert.encode()).decode()
    return f"<nonXMLContent>{kind}<contentData>{data}</contentData></nonXMLContent>"


def held(alert: str) -> str:
    return f"<xmlContent><embeddedXMLContent>{alert}</embeddedXMLContent></xmlContent>"


class Asked(cap.Schemas):
    """Remembers which messages it was told to be large."""

    large: list[bool]

    def findings(self, root: Any, version: str, *, is_large: bool = False) -> tuple[cap.Finding, ...]:
        self.large.append(is_large)
        return super().findings(root, version, is_large=is_large)


def judged(document: str) -> list[cap.Report]:
    return list(judge(document.encode(), SCHEMAS, now=NOW))


CDATA = f"<![CDATA[{ALERT}]]>"
ESCAPED = html.escape(ALERT)
DECLARED = f'\n<![CDATA[<?xml version="1.0"?>\n{ALERT}\n]]>'


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (atom(*[f"<content>{text}</content>" for text in ("", "", ALERT)]), "/feed/entry[3]/content/alert"),
        (atom(*[f"<content>{text}</content>" for text in ("", "", CDATA)]), "/feed/entry[3]/content/alert"),
        (atom(f"<summary>\n{ESCAPED}</summary>", ""), "/feed/entry[1]/summary/alert"),
        (atom(f"<content>{DECLARED}</content>"), "/feed/entry/content/alert"),
        (rss(f"<description>{CDATA}</description>"), "/rss/channel/item/description/alert"),
        (envelope(held(ALERT)), "/EDXLDistribution/contentObject/xmlContent/embeddedXMLContent/alert"),
        (envelope(held(CDATA)), "/EDXLDistribution/contentObject/xmlContent/embeddedXMLContent/alert"),
    ],
)
def test_places_in_a_message_begin_at_the_root_of_its_container(document: str, place: str) -> None:
    """Whether it stands there as elements, escaped or as CDATA; the line is that of the file."""
    _, report = judged(document)
    (finding,) = [one for one in report.findings if one.rule == "cap.schema"]
    line = next(number for number, text in enumerate(document.split("\n"), 1) if "status>actual" in html.unescape(text))
    assert (finding.xpath, finding.line) == (f"{place}/status", line)


@pytest.mark.parametrize(
    "content",
    [
        packed(ALERT),
        held(html.escape(ALERT).replace("\n", "&#10;")),
        held(f"<!-- two\nlines -->{CDATA}"),
        packed("<alert"),
    ],
)
def test_a_line_that_is_none_of_the_files_is_not_told(content: str) -> None:
    """What is in base64 has no lines; those of a text may have been written out, or have comments between them."""
    _, report = judged(envelope(content))
    assert report.findings
    for finding in report.findings:
        assert (finding.xpath or "").startswith("/EDXLDistribution/contentObject/")
        assert finding.line is None


@pytest.mark.parametrize(
    "document",
    [
        f'<alerts xmlns="{FEMA}"><alert xmlns="{NS}"/>{ALERT}</alerts>',
        envelope(held(f'<alert xmlns="{NS}"/>{ALERT}')),
        atom(f'<content><alert xmlns="{NS}"/></content>', f"<content>{CDATA}</content>"),
        atom(f'<content>&lt;alert xmlns="{NS}"/></content>', f"<content>{ALERT}</content>"),
    ],
)
def test_every_message_has_a_report_in_its_order(document: str) -> None:
    """Also one that is empty, which is all there is to say against it."""
    container, empty, full = judged(document)
    assert (container.position, container.verdict) == (0, "valid")
    assert (empty.position, empty.verdict, empty.identifier) == (1, "invalid", None)
    assert (full.position, full.identifier) == (2, "a")


def test_a_word_of_another_vocabulary_is_no_message() -> None:
    """An extension may call something `alert`; without content and CAP's namespace it is not ours."""
    document = atom('<content type="text/xml"><x:alert xmlns:x="urn:x">yes</x:alert></content><link href="/a"/>')
    assert [report.position for report in judged(document)] == [0]


@pytest.mark.parametrize(
    ("namespace", "verdict"), [(f' xmlns="{FEMA}"', "valid"), (' xmlns="urn:x"', "invalid"), ("", "invalid")]
)
def test_a_wrapper_of_another_namespace_is_read_with_an_error(namespace: str, verdict: str) -> None:
    """FEMA's is the one; the alerts in another are found all the same."""
    container, alert = judged(f"<alerts{namespace}>{ALERT}</alerts>")
    assert (container.verdict, alert.identifier) == (verdict, "a")
    assert [finding.rule for finding in container.findings] == ["feed.namespace"] * (verdict == "invalid")


def test_of_what_has_more_namespaces_around_it_than_anyone_needs_nothing_is_judged() -> None:
    """Each message would carry them all; the first one says so, also where the feed's reader does not look."""
    names = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(30_000))
    for document in (f'<alerts xmlns="{FEMA}" {names}>{ALERT * 50}</alerts>', f"<feed {names}>{ALERT * 50}</feed>"):
        _, report = judged(document)
        assert (report.position, report.kind, report.verdict) == (1, "unknown", "invalid")
        assert [finding.rule for finding in report.findings] == ["feed.size"]


def test_a_message_inside_may_be_a_wide_one() -> None:
    """How large it is nobody knows, so that its width is looked at; a small file holds no wide one."""
    schemas = Asked(shipped.cap_schemas())
    schemas.large = []
    wide = ALERT.replace("</alert>", "<code>x</code>" * 2_000 + "</alert>")
    for document in (ALERT, wide, f'<alerts xmlns="{FEMA}">{ALERT}</alerts>'):
        list(judge(document.encode(), schemas, now=NOW))
    assert schemas.large == [False, True, True]


def test_a_container_of_messages_without_end_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out is told, and the file is not called valid."""
    monkeypatch.setattr("capgateway.feeds.read.judge.MAX_ENTRIES", 2)
    reports = judged(f'<alerts xmlns="{FEMA}">{ALERT * 4}</alerts>')
    assert [report.position for report in reports] == [0, 1, 2, 3]
    assert (reports[3].kind, reports[3].verdict) == ("unknown", "invalid")
    assert "not judged" in reports[3].findings[0].message

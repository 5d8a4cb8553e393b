"""The listings and wrappers of particular sources: IPAWS, the NWS, EDXL-DE."""

from __future__ import annotations

import base64
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from capgateway import cap, feeds
from capgateway.feeds import Feed
from capgateway.feeds.plan import questions
from capgateway.feeds.read import ipaws, nws

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
BASE = "https://alerts.example/x/listing"
NS = "urn:oasis:names:tc:emergency:cap:1.2"
CORPUS = os.environ.get("CAPGATEWAY_CORPUS")
needs_corpus = pytest.mark.skipif(
    not CORPUS, reason="set CAPGATEWAY_CORPUS to a directory of real feeds with index.tsv"
)


def alert(identifier: str) -> str:
    return f'<alert xmlns="{NS}"><identifier>{identifier}</identifier><sender>s@alerts.example</sender></alert>'


def identifiers(index: feeds.Index) -> list[str]:
    parsed = [cap.parse(entry.document).alert for entry in index.entries if entry.document]
    return [one.identifier for one in parsed if one]


def rules(index: feeds.Index) -> list[str]:
    return [finding.rule for finding in index.findings]


# IPAWS


@pytest.mark.parametrize(
    ("ago", "since"),
    [
        (timedelta(minutes=2), "2026-01-01T11:53:00Z"),
        (timedelta(hours=3), "2026-01-01T08:55:00Z"),
        (timedelta(days=9), "2025-12-31T12:00:00Z"),
        (None, "2025-12-31T12:00:00Z"),
    ],
)
def test_each_poll_overlaps_the_last_one(ago: timedelta | None, since: str) -> None:
    """The address names a moment five minutes before the last success, a day back at most, in UTC with a Z."""
    last = NOW - ago if ago else None
    url = ipaws.recent_url("https://apps.fema.gov/rest/eas/recent/{since}", last_success=last, now=NOW)
    assert url == f"https://apps.fema.gov/rest/eas/recent/{since}"


def test_the_wrapper_gives_each_alert_by_itself() -> None:
    """Alerts keep their order and the namespaces around them; anything else inside is a finding."""
    body = f'<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">{alert("a")}<note/>{alert("b")}</ns1:alerts>'
    index = feeds.read_entries(body.encode(), kind="ipaws", base_url=BASE)
    assert identifiers(index) == ["a", "b"]
    assert all(b"xmlns:ns1=" in (entry.document or b"") for entry in index.entries)
    assert rules(index) == ["feed.ipaws-wrapper"]


def test_an_empty_wrapper_is_the_normal_case() -> None:
    """No alerts is no finding."""
    body = b'<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed"></ns1:alerts>'
    assert feeds.read_entries(body, kind="ipaws", base_url=BASE) == feeds.Index()


def test_the_ipaws_index_and_a_single_alert_are_read_too() -> None:
    """The Atom form links to each alert (B-63); an address of one alert gives that."""
    entry = (
        "<entry><id>https://apps.fema.gov/rest/eas/77</id><title>CAE</title><updated>2026-01-01T00:00:00Z</updated>"
        '<link href="https://apps.fema.gov/rest/eas/77"/><category term="48" label="statefips"/></entry>'
    )
    head = "<id>i</id><title>t</title><updated>2026-01-01T00:00:00Z</updated>"
    body = f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{entry}</feed>'
    index = feeds.read_entries(body.encode(), kind="ipaws", base_url=BASE)
    assert [one.link for one in index.entries] == ["https://apps.fema.gov/rest/eas/77"]
    assert index.findings == ()
    assert identifiers(feeds.read_entries(alert("a").encode(), kind="ipaws", base_url=BASE)) == ["a"]


@needs_corpus
def test_a_signed_alert_stays_the_same_when_cut_out_of_its_wrapper() -> None:
    """What was signed is not touched: the canonical form of the alert is the same inside and outside."""
    (path,) = Path(CORPUS or "").glob("us-ipaws/ipaws-5e6d*.xml")
    whole = cap.read_xml(path.read_bytes()).root
    assert whole is not None
    inner = etree.tostring(whole)
    body = b'<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">' + inner + b"</ns1:alerts>"
    (entry,) = feeds.read_entries(body, kind="ipaws", base_url=BASE).entries
    cut = etree.fromstring(entry.document or b"")
    assert etree.tostring(cut, method="c14n", exclusive=True) == etree.tostring(whole, method="c14n", exclusive=True)


# National Weather Service


@pytest.mark.parametrize(
    ("url", "cancels"),
    [
        ("/alerts/active", "/alerts?message_type=cancel"),
        ("/alerts/active.atom?area=TX", "/alerts?area=TX&message_type=cancel"),
        ("/alerts/active/area/TX", "/alerts?area=TX&message_type=cancel"),
        ("/alerts/active/zone/TXC113/", "/alerts?zone=TXC113&message_type=cancel"),
        (
            "/alerts/active?event=Child%20Abduction%20Emergency&message_type=alert&limit=5",
            "/alerts?event=Child%20Abduction%20Emergency&message_type=cancel",
        ),
        ("/alerts", None),
        ("/other/active", None),
    ],
)
def test_cancels_are_asked_for_under_the_same_filters(url: str, cancels: str | None) -> None:
    """Active listings never show cancels (D-56); they have an address of their own."""
    expected = f"https://api.weather.gov{cancels}" if cancels else None
    assert nws.cancels_url(f"https://api.weather.gov{url}") == expected


ONE = "https://api.weather.gov/alerts/urn:oid:2.49.0.1.840.0.1"
FACTS = {"id": "urn:oid:2.49.0.1.840.0.1", "sent": "2026-01-01T11:00:00-06:00", "event": "Child Abduction Emergency"}


@pytest.mark.parametrize(
    "listing",
    [
        {"features": [{"id": ONE, "properties": {"@id": ONE, **FACTS}}]},
        {"features": [{"id": ONE, "properties": FACTS}]},
        {"@graph": [{"@id": ONE, **FACTS}]},
    ],
)
def test_json_listings_lead_to_each_alert(listing: dict[str, object]) -> None:
    """GeoJSON and JSON-LD both give the address, the title and the time; facts are not taken from a listing."""
    (entry,) = feeds.read_entries(msgspec.json.encode(listing), kind="nws", base_url=BASE).entries
    assert (entry.link, entry.title, entry.updated) == (ONE, "Child Abduction Emergency", FACTS["sent"])
    assert entry.key == f"{ONE} {FACTS['sent']}"


def test_an_alert_with_only_an_identifier_is_looked_for_beside_the_listing() -> None:
    """The identifier is quoted into the address of one alert."""
    listing = {"features": [{"properties": {"id": "urn:oid:1/../2?x"}}]}
    (entry,) = feeds.read_entries(msgspec.json.encode(listing), kind="nws", base_url=BASE).entries
    assert entry.link == "https://alerts.example/alerts/urn:oid:1%2F..%2F2%3Fx"


def test_the_next_page_is_told() -> None:
    """A listing says where it goes on; what is no address leads nowhere."""
    for written, told in (("/page2", "https://alerts.example/page2"), ("file:///x", None), (7, None), ("", None)):
        body = msgspec.json.encode({"features": [], "pagination": {"next": written}})
        assert feeds.read_entries(body, kind="nws", base_url=BASE).next_url == told


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"features": {}}', b"[" * 100_000, b'"\xff"'])
def test_what_is_no_listing_is_a_finding(body: bytes) -> None:
    """Garbage in place of JSON announces nothing and says so."""
    index = feeds.read_entries(body, kind="nws", base_url=BASE)
    assert index.entries == ()
    assert rules(index) in (["feed.json"], ["feed.root"])


def test_odd_members_of_a_listing_do_no_harm() -> None:
    """Members that are no objects, or have no address, are unusable entries."""
    body = msgspec.json.encode({"features": [1, None, {}, {"properties": []}, {"id": 3}, {"id": ONE}]})
    index = feeds.read_entries(body, kind="nws", base_url=BASE)
    assert [entry.is_usable for entry in index.entries] == [False] * 5 + [True]
    assert rules(index) == ["feed.entry-link"] * 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["features", "@graph", "properties", "id", "@id", "pagination", "next"]), inner
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_json_makes_it_raise(value: object) -> None:
    """Whatever the shape, the answer is an index."""
    feeds.read_entries(msgspec.json.encode(value), kind="nws", base_url=BASE)


# EDXL-DE


def envelope(content: str, *, status: str = "Actual", tail: str = "") -> bytes:
    head = (
        "<distributionID>d1</distributionID><senderID>s@x.example</senderID><dateTimeSent>2026-01-01T00:00:00.5Z"
        f"</dateTimeSent><distributionStatus>{status}</distributionStatus><distributionType>Report</distributionType>"
        "<combinedConfidentiality>UNCLASSIFIED</combinedConfidentiality>"
    )
    return f'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">{head}{content}{tail}</EDXLDistribution>'.encode()


def held(*alerts: str) -> str:
    return f"<contentObject><xmlContent><embeddedXMLContent>{''.join(alerts)}</embeddedXMLContent></xmlContent></contentObject>"


def read_edxl(body: bytes) -> feeds.Index:
    return feeds.read_entries(body, kind="edxl", base_url=BASE)


def test_every_message_of_an_envelope_is_found() -> None:
    """All messages of all content objects, with the envelope's status beside them."""
    index = read_edxl(envelope(held(alert("a"), alert("b")) + held(alert("c")), status="Test"))
    assert identifiers(index) == ["a", "b", "c"]
    assert {entry.envelope_status for entry in index.entries} == {"Test"}
    assert index.findings == ()


def test_messages_in_base64_and_linked_ones_are_found() -> None:
    """nonXMLContent of CAP's type holds a message in base64, or the address of one; other types are not ours."""

    def other(inside: str, kind: str = "application/cap+xml") -> str:
        return f"<contentObject><nonXMLContent><mimeType>{kind}</mimeType>{inside}</nonXMLContent></contentObject>"

    packed = base64.encodebytes(alert("a").encode()).decode()
    index = read_edxl(
        envelope(
            other(f"<contentData>{packed}</contentData>")
            + other("<uri>/b.xml</uri>")
            + other("<uri>/c.jpg</uri>", "image/jpeg")
            + other("<contentData>no base64!</contentData>")
            + other("<uri>file:///etc/passwd</uri>")
            + other("")
        )
    )
    assert identifiers(index) == ["a"]
    assert [entry.link for entry in index.entries if entry.link] == ["https://alerts.example/b.xml"]
    assert rules(index) == ["edxl.values", "feed.link-scheme", "edxl.cap"]


@pytest.mark.parametrize(
    ("pattern", "instead", "rule"),
    [
        ("<senderID>.*</senderID>", "", "edxl.elements"),
        ("(<distributionID>.*</distributionID>)", r"\1\1", "edxl.elements"),
        ("(<distributionID>.*</distributionID>)(<senderID>.*</senderID>)", r"\2\1", "edxl.elements"),
        ("<distributionID>", "<unknown/><distributionID>", "edxl.elements"),
        (">Actual<", ">Draft<", "edxl.values"),
        (">Report<", ">Alert<", "edxl.values"),
        (">2026-01-01T00:00:00.5Z<", ">yesterday<", "edxl.values"),
        ("EDXL:DE:1.0", "EDXL:DE:2.0", "edxl.root"),
        ("</xmlContent>", "</xmlContent><nonXMLContent><mimeType>a/b</mimeType></nonXMLContent>", "edxl.content"),
        ("<xmlContent>.*</xmlContent>", "<xmlContent/>", "edxl.cap"),
    ],
)
def test_faults_of_an_envelope_are_findings(pattern: str, instead: str, rule: str) -> None:
    """Each broken rule of the envelope is told; the messages inside are read all the same."""
    body = re.sub(pattern, instead, envelope(held(alert("a"))).decode())
    index = read_edxl(body.encode())
    assert rules(index) == [rule]
    assert identifiers(index) == ([] if rule == "edxl.cap" else ["a"])


@needs_corpus
@pytest.mark.parametrize(("path", "alerts"), [("google/bushfire_valid.edxlde", 7), ("feeds/au-rfs-2014.edxlde", 1)])
def test_real_envelopes_hold_what_was_counted(path: str, alerts: int) -> None:
    """Envelopes from New South Wales: as many messages as the corpus says, and no fault of the envelope."""
    index = read_edxl((Path(CORPUS or "") / path).read_bytes())
    assert len(identifiers(index)) == alerts
    assert index.findings == ()


# What one poll asks


def test_a_poll_asks_what_its_kind_needs() -> None:
    """One address for most kinds, a moment for IPAWS, two listings for the NWS, none for what is not polled."""

    def urls(kind: feeds.FeedKind, url: str) -> list[str]:
        feed = Feed(name="f", kind=kind, url=url)
        return [question.url for question in questions(feed, last_success=NOW, now=NOW)]

    for kind in ("atom", "rss", "cap", "edxl"):
        assert urls(kind, "https://x.example/{since}") == ["https://x.example/{since}"]
    assert urls("ipaws", "https://x.example/{since}") == ["https://x.example/2026-01-01T11:55:00Z"]
    listing = "https://api.weather.gov/alerts/active"
    assert urls("nws", listing) == ["https://api.weather.gov/alerts?message_type=cancel", listing]
    assert urls("naads", "") == urls("directory", "") == urls("push", "") == []

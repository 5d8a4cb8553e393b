"""Reading what Atom and RSS feeds announce."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap, feeds
from capgateway.feeds.read import entries as read
from capgateway.feeds.read.entry import MAX_TITLE
from capgateway.feeds.read.markup import MAX_NAMESPACES

KINDS: tuple[feeds.FeedKind, ...] = ("atom", "rss")
BASE = "https://alerts.example/feeds/index.xml"
NS = "urn:oasis:names:tc:emergency:cap:1.2"
ALERT = f'<alert xmlns="{NS}"><identifier>a1</identifier><sender>s@alerts.example</sender></alert>'
CORPUS = os.environ.get("CAPGATEWAY_CORPUS")
needs_corpus = pytest.mark.skipif(
    not CORPUS, reason="set CAPGATEWAY_CORPUS to a directory of real feeds with index.tsv"
)


def atom(*inside: str, head: str = "<id>f</id><title>t</title><updated>2026-01-01T00:00:00Z</updated>") -> bytes:
    entries = "".join(
        f"<entry><id>e{n}</id><title>T{n}</title><updated>2026-01-01T00:0{n}:00Z</updated>{x}</entry>"
        for n, x in enumerate(inside)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>'.encode()


def rss(*inside: str) -> bytes:
    guid = '<guid isPermaLink="false">g{}</guid>'
    items = "".join(
        f"<item><title>T{n}</title>{x}{'' if '<guid' in x else guid.format(n)}</item>" for n, x in enumerate(inside)
    )
    return f'<rss version="2.0"><channel><title>t</title><pubDate>today</pubDate>{items}</channel></rss>'.encode()


def read_atom(*inside: str) -> feeds.Index:
    return feeds.read_entries(atom(*inside), kind="atom", base_url=BASE)


def read_rss(*inside: str) -> feeds.Index:
    return feeds.read_entries(rss(*inside), kind="rss", base_url=BASE)


def rules(index: feeds.Index) -> list[str]:
    return [finding.rule for finding in index.findings]


CAP_LINK = '<link type="application/cap+xml" href="/cap"/>'


@pytest.mark.parametrize(
    ("links", "chosen"),
    [
        ('<link href="https://x.example/a"/><link type="application/cap+xml" href="a.xml"/>', "/feeds/a.xml"),
        ('<link rel="related" type="Application/CAP+xml; charset=utf-8" href="/a.xml"/>', "/a.xml"),
        ('<link type="application/common-alerting-protocol+xml" href="/a"/><link type="text/xml" href="/b"/>', "/a"),
        ('<link type="text/html" href="/page"/><link href="/only"/>', "/only"),
        ('<link href="/one"/><link href="/two"/><link type="application/xml" href="/xml"/>', "/xml"),
        ('<link rel="self" href="/self"/><link rel="alternate" href="/alternate"/>', "/alternate"),
        ('<link rel="alternate" type="application/atom+xml" href="/se"/>', "/se"),
        ('<content type="application/cap+xml" src="/out-of-line"/>', "/out-of-line"),
        ('<link href="  /blanks#part "/>', "/blanks"),
    ],
)
def test_the_cap_link_of_an_atom_entry_is_chosen_and_made_absolute(links: str, chosen: str) -> None:
    """CAP's type first, then the only untyped link, then an XML type, and never a page for people."""
    (entry,) = read_atom(links).entries
    assert entry.link == f"https://alerts.example{chosen}"
    assert entry.key == f"{entry.link} 2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("inside", "chosen"),
    [
        ("<link>/a.xml</link>", "/a.xml"),
        ('<link>/page</link><enclosure type="application/cap+xml" url="/a.xml" length="1"/>', "/a.xml"),
        (
            '<link>/page</link><a:link xmlns:a="http://www.w3.org/2005/Atom" type="application/cap+xml" href="/b"/>',
            "/b",
        ),
        ("<guid>https://alerts.example/g.xml</guid>", "/g.xml"),
        ('<guid isPermaLink="false">https://alerts.example/g.xml</guid><link>/l</link>', "/l"),
    ],
)
def test_the_cap_link_of_an_rss_item_is_chosen(inside: str, chosen: str) -> None:
    """A link of CAP's type, else the item's link, else a guid that is one."""
    (entry,) = read_rss(inside).entries
    assert entry.link == f"https://alerts.example{chosen}"


@pytest.mark.parametrize(
    ("links", "tried"),
    [
        ('<link type="image/png" href="/picture"/>', "/picture"),
        ('<link type="application/json" href="/json"/>', "/json"),
        ('<link rel="self" href="/self"/>', "/self"),
        ('<link rel="self" type="application/atom+xml" href="/self"/>', "/self"),
        ('<link href="/one"/><link href="/two"/>', "/one"),
        (
            '<link rel="alternate" type="text/html" href="/page"/><link rel="self" type="application/atom+xml" href="/s"/>',
            "/s",
        ),
    ],
)
def test_a_link_that_is_not_known_to_lead_to_cap_is_an_error_and_tried(links: str, tried: str) -> None:
    """None of CAP's type, no only one without a type, none of an XML type (D-32): whose fault it is must not cost an alert."""
    index = read_atom(links)
    assert [(finding.rule, finding.level, finding.xpath) for finding in index.findings] == [
        ("feed.entry-link", "error", "/feed/entry")
    ]
    assert [entry.link for entry in index.distinct] == [f"https://alerts.example{tried}"]
    assert rules(read_atom(links + f"<content>{ALERT}</content>")) == []


@pytest.mark.parametrize(
    "links",
    [
        CAP_LINK,
        '<link href="/only"/>',
        '<link rel="self" href="/self"/><link href="/only"/>',
        '<link href="/only"/><link rel="related" href="/only"/>',
        '<link rel="alternate" type="application/xml" href="/xml"/>',
        '<link rel="alternate" type="application/atom+xml" href="/as-sweden-has-it"/>',
    ],
)
def test_a_link_of_the_right_kind_is_no_finding(links: str) -> None:
    """CAP's type, the only one without a type, an XML type."""
    assert rules(read_atom(links)) == []


ATOM_LINK = '<a:link xmlns:a="http://www.w3.org/2005/Atom" {}/>'


@pytest.mark.parametrize(
    ("links", "chosen", "is_named"),
    [
        ('<link>/a</link><enclosure type="image/png" url="/picture"/>', "/a", True),
        (ATOM_LINK.format('rel="self" type="application/rss+xml" href="/self"') + "<link>/a</link>", "/a", True),
        (ATOM_LINK.format('type="text/html" href="/page"') + "<link>/a</link>", "/a", True),
        ('<enclosure type="application/xml" url="/file"/>', "/file", True),
        ("<guid>https://alerts.example/g</guid><link>/a</link>", "/g", True),
        ("<link>/a</link>" + ATOM_LINK.format('href="/a"'), "/a", True),
        ("<link>/a</link>" + ATOM_LINK.format('href="/b"'), "/a", False),
        (ATOM_LINK.format('type="text/html" href="/page"'), "/page", False),
        (ATOM_LINK.format('rel="self" href="/self"'), "/self", False),
    ],
)
def test_an_item_of_rss_is_held_to_the_same(links: str, chosen: str, is_named: bool) -> None:
    """Its link, a guid that is one, a file; what is none of them is an error, and tried."""
    index = read_rss(links)
    assert [entry.link for entry in index.entries] == [f"https://alerts.example{chosen}"]
    assert rules(index) == ([] if is_named else ["feed.entry-link"])


def test_an_empty_message_does_not_hide_the_linked_one() -> None:
    """It is taken in only where there is nothing better."""
    empty = f'<content><alert xmlns="{NS}"/></content>'
    (linked,) = read_atom(empty + CAP_LINK).entries
    assert (linked.document, linked.link) == (None, "https://alerts.example/cap")
    (held,) = read_atom(empty).entries
    assert cap.parse(held.document or b"").alert


def test_xml_base_moves_relative_links() -> None:
    """Nested xml:base attributes resolve a link before the feed's own address does."""
    body = atom('<link href="a.xml"/>').replace(b"<feed ", b'<feed xml:base="/deep/" ', 1)
    body = body.replace(b"<entry>", b'<entry xml:base="er/">')
    (entry,) = feeds.read_entries(body, kind="atom", base_url=BASE).entries
    assert entry.link == "https://alerts.example/deep/er/a.xml"


@pytest.mark.parametrize("link", ["file:///etc/passwd", "ftp://x.example/a", "javascript:alert(1)", "data:text/xml,x"])
def test_other_schemes_are_not_followed(link: str) -> None:
    """A link that is not http gives a finding and an unusable entry."""
    for index in (read_atom(f'<link href="{link}"/>'), read_rss(f"<link>{link}</link>")):
        assert rules(index) == ["feed.link-scheme"]
        assert [entry.is_usable for entry in index.entries] == [False]
        assert index.distinct == ()


def test_an_entry_without_cap_is_announced_unusable() -> None:
    """What announces nothing usable stays visible, with a finding that says where."""
    index = read_atom(CAP_LINK, "<content/>", '<link href="https://[bad/"/>')
    assert [entry.is_usable for entry in index.entries] == [True, False, False]
    assert [(f.rule, f.xpath) for f in index.findings] == [
        ("feed.entry-link", "/feed/entry[2]"),
        ("feed.entry-link", "/feed/entry[3]"),
    ]


@pytest.mark.parametrize(
    "held",
    [
        '<content type="text/xml">{0}</content>',
        '<content type="application/cap+xml"><![CDATA[<?xml version="1.0" encoding="latin-1"?>\n{0}]]></content>',
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{0}</div></content>',
        '<content type="text/xml">{1}</content>',
    ],
)
def test_a_cap_message_inside_an_atom_entry_is_cut_out(held: str) -> None:
    """As elements, CDATA or escaped text: the message becomes a document of its own."""
    escaped = ALERT.replace("<", "&lt;")
    (entry,) = read_atom(held.format(ALERT, escaped) + CAP_LINK).entries
    parsed = cap.parse(entry.document or b"")
    assert parsed.alert is not None
    assert parsed.alert.identifier == "a1"
    assert entry.link == "https://alerts.example/cap"


@pytest.mark.parametrize("name", ["description", "c:encoded"])
def test_a_cap_message_inside_an_rss_item_is_cut_out(name: str) -> None:
    """RSS holds messages as elements, or escaped in its description or content:encoded."""
    for inside in (ALERT, f"<![CDATA[{ALERT}]]>"):
        held = f'<x xmlns:c="http://purl.org/rss/1.0/modules/content/"><{name}>{inside}</{name}></x>'
        item = held.removeprefix("<x").removesuffix("</x>").partition(">")[2]
        body = rss(item).replace(b"<rss ", b'<rss xmlns:c="http://purl.org/rss/1.0/modules/content/" ')
        (entry,) = feeds.read_entries(body, kind="rss", base_url=BASE).entries
        assert cap.parse(entry.document or b"").alert


def test_text_that_only_looks_like_cap_is_left_alone() -> None:
    """A page that mentions an alert is no message."""
    index = read_rss("<link>/a</link><description>&lt;p&gt;an alert &amp;amp; more&lt;/p&gt;</description>")
    assert index.entries[0].document is None
    assert index.entries[0].link == "https://alerts.example/a"


def test_inherited_namespaces_stay_with_the_message() -> None:
    """Prefixes declared around a message are declared on it after it is cut out (E-12)."""
    body = (
        f'<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:c="{NS}" xmlns:other="urn:x"><a:entry><a:content>'
        "<c:alert><c:identifier>a1</c:identifier></c:alert></a:content></a:entry></a:feed>"
    )
    (entry,) = feeds.read_entries(body.encode(), kind="atom", base_url=BASE).entries
    assert sorted(re.findall(rb'xmlns:(\w+)="', entry.document or b"")) == [b"a", b"c", b"other"]
    assert cap.parse(entry.document or b"").alert


def crowded(count: int, inside: str) -> bytes:
    """A feed with so many namespaces declared on it, its own among them."""
    names = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(count - 1))
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {names}>{inside}</feed>'.encode()


@pytest.mark.parametrize("inside", ["<content><alert><a/></alert></content>", '<link href="/a"/>'])
def test_of_what_has_more_namespaces_around_it_than_anyone_needs_nothing_is_read(inside: str) -> None:
    """Each entry without a time is cut out too, to see whether it changed."""
    for count, is_read in ((MAX_NAMESPACES, True), (MAX_NAMESPACES + 1, False), (30_000, False)):
        body = crowded(count, f"<entry>{inside}</entry>" * 50)
        index = feeds.read_entries(body, kind="atom", base_url=BASE)
        assert (len(index.entries), "feed.size" in rules(index)) == (50 * is_read, not is_read)


def test_signed_messages_are_not_cut_out_of_a_crowd() -> None:
    """Those before it keep their comments."""
    alert = f'<alert xmlns="{NS}"><!-- c --><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></alert>'
    names = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(30_000))
    body = f"<alerts>{alert}<x {names}>{alert * 50}</x></alerts>"
    index = feeds.read_entries(body.encode(), kind="ipaws", base_url=BASE)
    assert [b"<!-- c -->" in (entry.document or b"") for entry in index.entries] == [True]


def test_a_long_name_of_the_root_is_cut_short() -> None:
    """In the place and in the message, which still tells what to do."""
    (finding,) = feeds.read_entries(f"<{'n' * 40_000}/>".encode(), kind="atom", base_url=BASE).findings
    assert finding.xpath == f"/{'n' * 80}…"
    assert finding.message.endswith("correct its `kind` or its address.")


def test_several_entries_for_one_message_are_taken_in_once() -> None:
    """An index may list one message once for each of its areas; another update of it is another key."""
    same = '<id>x</id><link type="application/cap+xml" href="/one"/>'
    body = atom(same, same, same).replace(b"T00:01:00Z", b"T00:00:00Z")
    index = feeds.read_entries(body, kind="atom", base_url=BASE)
    assert len(index.entries) == 3
    assert [entry.updated for entry in index.distinct] == ["2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z"]


def test_without_a_time_any_change_of_the_entry_is_news() -> None:
    """An RSS item without a date has a new key once anything in it changes, and the same while nothing does."""
    first, again, changed = (
        read_rss(x).entries[0].key
        for x in ("<link>/a</link>", "<link>/a</link>", "<link>/a</link><description>!</description>")
    )
    assert first == again != changed


@pytest.mark.parametrize("date", ["Wed, 11 Jun 2003 22:39:00 PDT", "yesterday", "2026-13-45", "", "Wed, 99 Foo 1 1:1"])
def test_malformed_rss_dates_do_no_harm(date: str) -> None:
    """A date is an opaque stamp; a malformed one is as good as any."""
    (entry,) = read_rss(f"<link>/a</link><pubDate>{date}</pubDate>").entries
    assert entry.updated == (date or None)
    assert entry.is_usable


def test_what_atom_requires_is_checked() -> None:
    """Missing id, title, updated, repeated ids and foreign elements are findings; the entries are read all the same."""
    body = atom(CAP_LINK, CAP_LINK, head="<id>f</id><title>t</title><foo/>").replace(b"<id>e1</id>", b"<id>e0</id>")
    index = feeds.read_entries(body, kind="atom", base_url=BASE)
    assert [(finding.rule, finding.xpath) for finding in index.findings] == [
        ("feed.atom-element", "/feed/foo"),
        ("feed.atom-required", "/feed"),
        ("feed.atom-unique-id", "/feed/entry[2]"),
    ]
    assert len(index.distinct) == 2


@pytest.mark.parametrize(
    ("written", "instead", "rule", "place"),
    [
        ("<id>f</id>", "<id/>", "feed.atom-required", "/feed/id"),
        ("<id>f</id>", "<id> </id>", "feed.atom-required", "/feed/id"),
        ("<id>f</id>", "<id>f</id><id>g</id>", "feed.atom-required", "/feed/id[2]"),
        ("2026-01-01T00:00:00Z</updated><entry>", "</updated><entry>", "feed.atom-required", "/feed/updated"),
        (
            "2026-01-01T00:00:00Z</updated><link",
            "yesterday</updated><link",
            "feed.atom-required",
            "/feed/entry/updated",
        ),
        (
            "2026-01-01T00:00:00Z</updated><link",
            "2026-13-01T00:00:00Z</updated><link",
            "feed.atom-required",
            "/feed/entry/updated",
        ),
        (
            "2026-01-01T00:00:00Z</updated><link",
            "2026-01-01T00:00:00</updated><link",
            "feed.atom-required",
            "/feed/entry/updated",
        ),
        ("<link", "<published>2026</published><link", "feed.atom-required", "/feed/entry/published"),
        ("<title>T0</title>", "<title>T0</title><title/>", "feed.atom-required", "/feed/entry/title[2]"),
        ("<title>T0</title>", '<title xmlns="">T0</title>', "feed.atom-required", "/feed/entry"),
        ("<link", "<linc/><link", "feed.atom-element", "/feed/entry/linc"),
        ("<link", "<rights/><rights/><link", "feed.atom-element", "/feed/entry/rights[2]"),
        ("<entry>", '<entry xmlns="">', "feed.namespace", "/feed/entry"),
    ],
)
def test_each_fault_of_an_atom_feed_has_its_place(written: str, instead: str, rule: str, place: str) -> None:
    """Empty, repeated and malformed elements, unknown ones in an entry, an entry in no namespace; all are read."""
    body = atom(CAP_LINK).decode().replace(written, instead)
    index = feeds.read_entries(body.encode(), kind="atom", base_url=BASE)
    assert [(finding.rule, finding.xpath) for finding in index.findings] == [(rule, place)]
    assert len(index.distinct) == 1


@pytest.mark.parametrize(
    ("namespace", "rule"),
    [
        ("http://www.w3.org/2005/Atom", []),
        ("http://example/", ["feed.namespace"]),
        ("http://purl.org/atom/ns#", ["feed.namespace"]),
        ("", ["feed.namespace"]),
    ],
)
def test_a_feed_of_another_namespace_is_read_with_an_error(namespace: str, rule: list[str]) -> None:
    """The namespace makes it Atom; what looks like it is read, and the one thing to mend is said once."""
    body = atom(CAP_LINK, CAP_LINK).replace(b"http://www.w3.org/2005/Atom", namespace.encode())
    index = feeds.read_entries(body, kind="atom", base_url=BASE)
    assert rules(index) == rule
    assert len(index.distinct) == 2


def test_an_rss_item_needs_a_title_or_a_description() -> None:
    """One of the two is there, or a finding."""
    body = rss("<link>/a</link>").replace(b"<title>T0</title>", b"")
    assert rules(feeds.read_entries(body, kind="rss", base_url=BASE)) == ["feed.rss-item"]


@pytest.mark.parametrize(
    ("written", "instead", "rule", "level", "place"),
    [
        ("<channel>(.*)</channel>", r"\1", "feed.rss-channel", "error", "/rss"),
        (
            "</channel>",
            "</channel><channel><pubDate>x</pubDate></channel>",
            "feed.rss-channel",
            "error",
            "/rss/channel[2]",
        ),
        ("(<item>.*</item>)</channel>", r"</channel>\1", "feed.rss-channel", "error", "/rss/item"),
        ("<pubDate>.*</pubDate>", "", "feed.rss-advised", "warning", "/rss/channel"),
        ("<guid .*</guid>", "", "feed.rss-advised", "warning", "/rss/channel/item"),
        ("<title>T0</title>", "<title/>", "feed.rss-item", "error", "/rss/channel/item"),
        ("<rss ", '<rss xmlns="http://example/" ', "feed.namespace", "error", "/rss"),
        ("<link>/a</link>", '<enclosure type="image/png" url="/a"/>', "feed.entry-link", "error", "/rss/channel/item"),
        (
            "<link>/a</link>",
            '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="self" href="/a"/>',
            "feed.entry-link",
            "error",
            "/rss/channel/item",
        ),
    ],
)
def test_each_fault_of_an_rss_feed_has_its_place(written: str, instead: str, rule: str, level: str, place: str) -> None:
    """A channel with a pubDate, items inside with a guid, a link to CAP; the items are read whatever is missing."""
    body = re.sub(written, instead, rss("<link>/a</link>").decode())
    index = feeds.read_entries(body.encode(), kind="rss", base_url=BASE)
    assert (rule, level, place) in [(finding.rule, finding.level, finding.xpath) for finding in index.findings]
    assert {finding.rule for finding in index.findings} <= {rule, "feed.rss-channel"}
    assert len(index.entries) == 1


def test_the_other_kind_of_feed_is_read_with_a_finding() -> None:
    """Atom where RSS was configured is read all the same, and a lone message; a page announces nothing."""
    index = feeds.read_entries(atom(CAP_LINK), kind="rss", base_url=BASE)
    assert rules(index) == ["feed.root"]
    assert len(index.distinct) == 1
    index = feeds.read_entries(ALERT.encode(), kind="rss", base_url=BASE)
    assert rules(index) == ["feed.root"]
    assert [entry.document for entry in index.entries] == [ALERT.encode()]
    index = feeds.read_entries(b"<html><body>Please log in</body></html>", kind="atom", base_url=BASE)
    assert (rules(index), index.entries) == (["feed.root"], ())


def test_a_plain_cap_document_is_its_own_entry() -> None:
    """A feed of kind cap announces one message: its body as received, whatever that is."""
    body = b"\xef\xbb\xbf<?xml version='1.0'?>" + ALERT.encode()
    (entry,) = feeds.read_entries(body, kind="cap", base_url=BASE).entries
    assert entry.document == body
    assert entry.key.startswith("sha256:")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"\x00\xff\xfe",
        b'<!DOCTYPE feed [<!ENTITY a "b">]><feed/>',
        b"<feed><entry></feed>",
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_what_is_no_xml_gives_a_finding(body: bytes) -> None:
    """Garbage, entities and bottomless nesting end in one finding of layer xml."""
    for kind in KINDS:
        index = feeds.read_entries(body, kind=kind, base_url=BASE)
        assert index.entries == ()
        assert [finding.layer for finding in index.findings] == ["xml"]


def test_an_endless_index_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bounds nothing is read, and that is said first; findings are bounded too."""
    index = feeds.read_entries(
        atom().replace(b"</feed>", b"<entry/>" * 22_000 + b"</feed>"), kind="atom", base_url=BASE
    )
    assert len(index.entries) == read.MAX_ENTRIES
    assert rules(index)[0] == "feed.size"
    assert len(index.findings) == read.MAX_FINDINGS
    index = feeds.read_entries(atom().replace(b"</feed>", b"<x/>" * 200_000 + b"</feed>"), kind="atom", base_url=BASE)
    assert rules(index) == ["xml.width"]
    monkeypatch.setattr(read, "MAX_DOCUMENT_BYTES", 500)
    index = read_atom(*[f"<content>{ALERT}</content>"] * 9)
    assert 0 < len(index.entries) < 9
    assert rules(index)[0] == "feed.size"


def test_titles_are_cut() -> None:
    """A title is for a list: blanks collapsed, length bounded."""
    (entry,) = feeds.read_entries(
        atom(CAP_LINK).replace(b"T0", b" a \n b" + b"x" * 999), kind="atom", base_url=BASE
    ).entries
    assert entry.title.startswith("a bxxx")
    assert len(entry.title) == MAX_TITLE


@given(
    st.binary(max_size=200),
    st.sampled_from([atom(CAP_LINK, ALERT), rss("<link>/a</link>", ALERT)]),
    st.integers(0, 900),
)
def test_no_bytes_make_it_raise(noise: bytes, body: bytes, at: int) -> None:
    """Whatever is spliced into a feed, the answer is an index."""
    for kind in (*KINDS, "cap"):
        assert isinstance(feeds.read_entries(body[:at] + noise + body[at:], kind=kind, base_url=BASE), feeds.Index)


def corpus_feeds() -> list[tuple[str, feeds.FeedKind, int, int]]:
    """Path, kind, entries and embedded alerts of each Atom and RSS feed of the corpus, as its index says."""
    if not CORPUS:
        return []
    with (Path(CORPUS) / "index.tsv").open(encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file, delimiter="\t")
            if row["kind"].startswith(("feed-atom", "feed-rss")) and "well-formed" not in row["xsd_valid"]
        ]
    return [
        (
            row["file"],
            "rss" if row["kind"] == "feed-rss" else "atom",
            _count("entries", row),
            _count("embedded alerts", row),
        )
        for row in rows
    ]


def _count(what: str, row: dict[str, str]) -> int:
    found = re.search(rf"(\d+) {what}", row["note"])
    return int(found[1]) if found else 0


@needs_corpus
@pytest.mark.parametrize(("path", "kind", "entries", "alerts"), corpus_feeds())
def test_real_feeds_have_the_entries_their_index_says(
    path: str, kind: feeds.FeedKind, entries: int, alerts: int
) -> None:
    """Each feed of the corpus announces as many entries, and holds as many messages, as was counted by hand."""
    body = (Path(CORPUS or "") / path).read_bytes()
    index = feeds.read_entries(body, kind=kind, base_url=BASE)
    assert len(index.entries) == entries
    assert sum(entry.document is not None for entry in index.entries) == alerts
    assert all(cap.parse(entry.document).alert for entry in index.entries if entry.document)


@needs_corpus
@pytest.mark.parametrize("name", ["invalid_element", "no_id", "no_link"])
def test_faults_of_feeds_are_found_where_another_validator_sees_them(name: str) -> None:
    """The places that the corpus names, which counts every step."""
    with (Path(CORPUS or "") / "index.tsv").open(encoding="utf-8") as file:
        (row,) = [row for row in csv.DictReader(file, delimiter="\t") if row["file"] == f"google/{name}.atom"]
    index = feeds.read_entries((Path(CORPUS or "") / row["file"]).read_bytes(), kind="atom", base_url=BASE)
    expected = [place.replace("[1]", "") for place in re.findall(r"/feed\S*", row["expected"])]
    assert expected
    assert set(expected) <= {finding.xpath for finding in index.findings if finding.level == "error"}


@needs_corpus
def test_one_message_in_three_areas_is_fetched_once() -> None:
    """MeteoAlarm lists one message once for each area."""
    body = (Path(CORPUS or "") / "derived/meteoalarm-it-one-cap-three-entries.atom").read_bytes()
    index = feeds.read_entries(body, kind="atom", base_url=BASE)
    assert len(index.entries) == 3
    assert len(index.distinct) == 1


def test_a_repeated_guid_is_a_warning() -> None:
    """Many readers keep one item per guid; both are read here, and an item without one repeats nothing."""
    index = read_rss(
        *[f"<title>t</title><guid>{guid}</guid><link>/{number}</link>" for number, guid in enumerate("aba")]
    )
    assert [(finding.rule, finding.level, finding.xpath) for finding in index.findings] == [
        ("feed.rss-unique-guid", "warning", "/rss/channel/item[3]")
    ]
    assert [entry.link for entry in index.entries] == [f"https://alerts.example/{number}" for number in range(3)]
    without = read_rss(*["<title>t</title><guid/><link>/a</link>"] * 2)
    assert "feed.rss-unique-guid" not in rules(without)

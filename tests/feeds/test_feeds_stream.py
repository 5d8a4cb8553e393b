"""Cutting a stream of messages into its documents."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capgateway import cap
from capgateway.feeds.stream.splitter import _MAX_BEGINNING, Splitter

CORPUS = os.environ.get("CAPGATEWAY_CORPUS")
needs_corpus = pytest.mark.skipif(
    not CORPUS, reason="set CAPGATEWAY_CORPUS to a directory of real feeds with index.tsv"
)

PLAIN = b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><note>one</note></alert>'
DECLARED = b"<?xml version='1.0' encoding='UTF-8'?>\r\n" + PLAIN
STYLED = b"<?xml version='1.0'?>\n<?xml-stylesheet href='x.xsl'?>\n<!-- from us -->\n" + PLAIN
PREFIXED = b'<cap:alert xmlns:cap="urn:x"><cap:note>d\xc3\xa9j\xc3\xa0</cap:note></cap:alert >'
TRICKY = (
    b"<alert><!-- </alert> <alert> --><note><![CDATA[</alert><?xml version='1.0'?><alert>]]></note>"
    b"<alerted></alerted><x:alert-like xmlns:x='u'/></alert>"
)
DOCUMENTS = (PLAIN, DECLARED, STYLED, PREFIXED, TRICKY)


def split(stream: bytes, *cuts: int) -> list[bytes]:
    """The documents of a stream that arrives in pieces cut at these positions."""
    splitter, places = Splitter(), [0, *sorted(cuts), len(stream)]
    return [document for begin, end in pairwise(places) for document in splitter.feed(stream[begin:end])]


@given(st.lists(st.sampled_from(DOCUMENTS)), st.sampled_from([b"", b"\r\n", b" \n\t"]), st.lists(st.integers(0, 2000)))
def test_documents_come_out_as_they_went_in(documents: list[bytes], between: bytes, cuts: list[int]) -> None:
    """Whatever the documents, the blanks between and the cuts: the same documents, byte for byte."""
    stream = between.join(documents)
    assert split(stream, *(cut for cut in cuts if cut < len(stream))) == documents


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_single_cut_matters(document: bytes) -> None:
    """Cut at every position, and into single bytes, two documents stay two."""
    stream = document * 2
    for cut in range(len(stream)):
        assert split(stream, cut) == [document, document]
    assert split(stream, *range(len(stream))) == [document, document]


def test_what_is_not_complete_waits() -> None:
    """Nothing is given out before its last byte."""
    splitter = Splitter()
    for byte in DECLARED[:-1]:
        assert splitter.feed(bytes([byte])) == []
    assert splitter.feed(DECLARED[-1:]) == [DECLARED]
    assert splitter.dropped == 0


def test_a_document_cut_off_by_the_next_is_given_out_too() -> None:
    """A message that lost its end does not swallow the next one."""
    for following in (PLAIN, DECLARED, PREFIXED):
        broken = PLAIN[:-12]
        assert split(broken + following) == [broken, following]


def test_what_belongs_to_no_document_is_dropped_and_counted() -> None:
    """Noise between documents, a byte order mark, other elements: dropped, and counted without blanks."""
    splitter = Splitter()
    noise = b"\xef\xbb\xbfHTTP/1.1 200 OK <alerts/> </alert>"
    assert splitter.feed(noise + b"\n" + PLAIN + b"\n\n" + DECLARED) == [PLAIN, DECLARED]
    assert splitter.dropped == len(noise)


def test_an_endless_document_is_dropped_at_the_limit() -> None:
    """A document that never ends costs bounded memory, and what comes after it is read."""
    for opening in (b"<alert>", b"<alert><!--", b"<alert><![CDATA[", b"<alert></alert"):
        splitter = Splitter(limit=10_000)
        for _ in range(50):
            assert splitter.feed(opening + b"x" * 1000 if opening else b"") in ([], [opening + b"x" * 1000])
            opening = b""  # noqa: PLW2901  (only the first piece opens)
        for _ in range(20):
            splitter.feed(b"y" * 1000)
        assert splitter.dropped > 10_000
        assert splitter.feed(PLAIN) == [PLAIN]


@given(
    st.lists(st.sampled_from([b"<alert>", b"</alert>", b"<?xml ", b"?>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"x"])),
    st.sampled_from([1, 50]),
)
@example([b"<?xml ", *[b"</alert>"] * 150], 1)
def test_no_bytes_make_it_raise_or_grow(some: list[bytes], times: int) -> None:
    """Any mixture of marks is taken, and every byte is given out, kept or counted; what may become a document is bounded."""
    splitter, pieces = Splitter(limit=_MAX_BEGINNING), some * times
    out = [document for piece in pieces for document in splitter.feed(piece)]
    whole = sum(map(len, out)) + splitter.dropped + len(splitter._buffer)
    assert whole + b"".join(pieces).count(b" ") >= sum(map(len, pieces))
    assert len(splitter._buffer) <= _MAX_BEGINNING


@needs_corpus
def test_a_real_stream_cut_anywhere_gives_the_same_alerts() -> None:
    """A recorded stream, cut at every byte: two heartbeats, three alerts, one message still on its way."""
    stream = (Path(CORPUS or "") / "derived/naads-tcp-stream-open.bin").read_bytes()
    whole = split(stream)
    senders = [parsed.sender for parsed in (cap.parse(document).alert for document in whole) if parsed]
    assert sum(sender.startswith("NAADS-Heartbeat") for sender in senders) == 2
    assert len(senders) == 5
    for cut in range(len(stream)):
        assert split(stream, cut) == whole
    assert split(stream, *range(len(stream))) == whole

"""Hostile and broken bytes: refused or repaired, and never an exception."""

from __future__ import annotations

import pytest
from cap_samples import CAP_1_2, corpus, judged, rules, the_finding
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_doctype_is_refused_in_every_encoding(encoding: str) -> None:
    """A document type declaration is the only thing said about a document, however its characters are written."""
    text = '<!-- hm --><?pi?>\n<!DOCTYPE alert [<!ENTITY a "aaaa">]><alert>&a;</alert>'
    xml = cap.read_xml(text.encode(encoding))
    assert xml.root is None
    assert [finding.rule for finding in xml.findings] == ["xml.doctype"]


def test_a_doctype_hidden_by_its_encoding_is_refused_too() -> None:
    """UTF-7 hides the declaration from a look at the bytes; the parsed tree still tells."""
    document = b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE alert+AD4<alert/>'
    assert [finding.rule for finding in cap.read_xml(document).findings] == ["xml.doctype"]


def test_a_doctype_inside_a_text_is_a_text() -> None:
    """Only a declaration before the root element counts."""
    document = CAP_1_2.replace("Go west.", "<![CDATA[<!DOCTYPE html>]]>")
    alert = cap.parse(document.encode()).alert
    assert alert is not None
    assert alert.infos[0].instruction == "<!DOCTYPE html>"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "iso-8859-1", "windows-1252"])
def test_declared_encodings_are_read(encoding: str) -> None:
    """UTF-16 with its mark and declared single-byte encodings give the same alert as UTF-8."""
    text = CAP_1_2.replace("UTF-8", encoding).replace("A note", "Señal")
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    parsed = cap.parse((mark + text).encode(encoding))
    assert parsed.alert is not None
    assert parsed.alert.note == "Señal"
    assert parsed.findings == ()


def test_blank_lines_before_the_declaration_are_repaired_with_a_finding() -> None:
    """The message is read, the fault is told, and lines keep their numbers."""
    document = "\r\n\n" + CAP_1_2.replace("Wildfire", "")
    assert "xml.leading-blank" in rules(document)
    assert the_finding(document, "cap.event.empty").line == CAP_1_2[: CAP_1_2.index("<event>")].count("\n") + 3


def test_a_byte_order_mark_is_worth_a_remark_only() -> None:
    """UTF-8 needs none, XML allows it."""
    report = judged(CAP_1_2.encode("utf-8-sig"))
    assert [(finding.rule, finding.level) for finding in report.findings] == [("xml.bom", "info")]


@pytest.mark.parametrize("declared", ["UTF-8", "utf-16", "nonsense-8", "us-ascii"])
def test_a_wrong_encoding_declaration_is_repaired_with_a_finding(declared: str) -> None:
    """What is called something else and is Windows-1252 is read as that."""
    text = CAP_1_2.replace("UTF-8", declared).replace("A note", "l’été")
    parsed = cap.parse(text.encode("cp1252"))
    assert parsed.alert is not None
    assert parsed.alert.note == "l’été"
    assert [finding.rule for finding in parsed.findings] == ["xml.encoding"]


@pytest.mark.parametrize(
    "document",
    [b"", b"hello", b"<alert>", b"\0\0", b"<a>" * 300 + b"</a>" * 300, b"<a>&nbsp;</a>", b"<a>\x00</a>", b'{"a": 1}'],
)
def test_what_is_no_xml_ends_in_one_finding(document: bytes) -> None:
    """One finding of layer xml, no version, verdict invalid."""
    report = judged(document)
    assert [(finding.rule, finding.layer) for finding in report.findings] == [("xml.syntax", "xml")]
    assert report.cap_version is None
    assert report.verdict == "invalid"


def test_a_document_over_the_limit_is_not_parsed() -> None:
    """Ten megabytes and one byte are refused by their size."""
    assert rules(b"<a>" + b" " * cap.MAX_BYTES) == {"xml.size"}


def test_a_document_too_wide_is_not_judged() -> None:
    """Its faults would take libxml2 minutes to name."""
    assert rules(CAP_1_2.replace("</alert>", "<info/>" * 25_001 + "</alert>")) == {"xml.width"}


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"<?xml{text}".encode()))
def test_no_bytes_raise(document: bytes) -> None:
    """Whatever comes in, there is a report."""
    assert judged(document).verdict == "invalid"


@given(st.data())
def test_no_damage_to_a_message_raises(data: st.DataObject) -> None:
    """A message with a stretch of its bytes exchanged is judged like any other."""
    document = bytearray(CAP_1_2.encode())
    start = data.draw(st.integers(0, len(document)))
    document[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    assert judged(bytes(document)).verdict in {"valid", "invalid"}


def test_every_nasty_document_ends_in_a_finding() -> None:
    """Bombs, external entities and foreign roots are all told."""
    for path in sorted(corpus().glob("nasty/*")):
        assert judged(path.read_bytes()).findings, path

"""Hostile and broken bytes: refused or repaired, and never an exception."""

from __future__ import annotations

import pytest
from cap_samples import CAP_1_2, SCHEMAS, corpus, judged, rules, the_finding
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap
from capgateway.cap.encoding import decoded


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


def test_a_document_that_declares_nothing_is_not_said_to() -> None:
    """It is UTF-8 for that."""
    text = CAP_1_2.partition("?>")[2].strip().replace("A note", "l’été")
    assert "declares no encoding" in the_finding(text.encode("cp1252"), "xml.encoding").message


@pytest.mark.parametrize(
    ("declared", "actual"), [("iso-8859-1", "utf-8"), ("iso-8859-1", "cp1252"), ("UTF-8", "utf-16")]
)
def test_a_wrong_label_that_reads_well_is_found_too(declared: str, actual: str) -> None:
    """By the book these are well-formed: with garbled accents, control characters for quotes, or by chance right."""
    text = CAP_1_2.replace("UTF-8", declared).replace("A note", "Niño “Ana”")
    parsed = cap.parse(text.encode(actual))
    assert parsed.alert is not None
    assert parsed.alert.note == "Niño “Ana”"
    assert [finding.rule for finding in parsed.findings] == ["xml.encoding"]


@pytest.mark.parametrize(
    ("declared", "actual"),
    [("UTF-32", "utf-16"), ("ISO-10646-UCS-4", "utf-16"), ("UTF-16", "utf-32"), ("ISO-10646-UCS-2", "utf-8")],
)
def test_another_width_of_characters_is_a_wrong_label(declared: str, actual: str) -> None:
    """The text is beyond doubt."""
    parsed = cap.parse(CAP_1_2.replace("UTF-8", declared).encode(actual))
    assert parsed.alert is not None
    assert [finding.rule for finding in parsed.findings] == ["xml.encoding"]


def test_blanks_before_line_ends_of_windows_are_kept() -> None:
    """They belong to the text, which is the issuer's."""
    alert = cap.parse(CAP_1_2.replace("A note", "  \r\n  Text").encode()).alert
    assert alert is not None
    assert alert.note == "  \n  Text"


def test_a_stray_byte_does_not_garble_the_rest() -> None:
    """One apostrophe pasted from elsewhere into a UTF-8 text."""
    parsed = cap.parse(CAP_1_2.replace("A note", "Niña’s").encode().replace("’".encode(), b"\x92"))
    assert parsed.alert is not None
    assert parsed.alert.note == "Niña’s"


DECLARED = ["UTF-8", "utf-16", "nonsense-8", "punycode", "us-ascii", "iso-8859-1", "windows-1252", "shift_jis"]
ACTUAL = ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le", "iso-8859-1", "cp1252", "shift_jis"]


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("actual", ACTUAL)
def test_a_document_is_shown_in_the_letters_in_which_it_is_read(declared: str, actual: str) -> None:
    """Whatever it declares and whatever it has; its declaration is shown as it is."""
    for note in ("A note", "l’été", "Ã±", "大雨"):
        text = CAP_1_2.replace("UTF-8", declared).replace("A note", note)
        document = text.encode(actual, "replace")
        alert = cap.parse(document).alert
        assert alert is None or f"<note>{alert.note}</note>" in decoded(document)
        assert decoded(document).startswith(text.partition("\n")[0])


def test_bytes_that_are_no_utf_8_are_shown_one_by_one() -> None:
    """As they are read: a stray one does not garble the others."""
    assert decoded("é ".encode() + b"\xe9") == "é é"


@given(st.binary(max_size=60), st.sampled_from(DECLARED + ["idna", "undefined", "hex", "utf-7", "x\0y", "é"]))
def test_any_bytes_can_be_shown(garbage: bytes, declared: str) -> None:
    """As some text."""
    decoded(garbage)
    decoded(f'<?xml version="1.0" encoding="{declared}"?>'.encode() + garbage)


@pytest.mark.parametrize("head", ["\n\ufeff", "\ufeff\n", "\n \ufeff \n", "\ufeff\ufeff"])
def test_blanks_and_byte_order_marks_come_in_any_order(head: str) -> None:
    """Both are told."""
    assert {"xml.bom", "xml.leading-blank"} <= rules((head + CAP_1_2).encode())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("AT&T", "&amp;"), ("A & T", "&amp;"), ("&nbsp;", "character itself"), ("<a>" * 300, "256 deep")],
)
def test_the_commonest_faults_of_xml_are_told_in_plain_words(wrong: str, said: str) -> None:
    """What to write instead, and where."""
    xml = cap.read_xml(CAP_1_2.replace("A note", wrong).encode())
    assert said in xml.findings[0].message
    assert xml.findings[0].line == CAP_1_2[: CAP_1_2.index("A note")].count("\n") + 1
    assert xml.findings[0].column or "deep" in said


def test_a_doctype_is_shown_where_it_stands() -> None:
    """Behind a comment of two lines it is on the third."""
    assert cap.read_xml(b"<!--\n-->\n<!DOCTYPE a><a/>").findings[0].line == 3


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


def test_several_wide_elements_are_too_wide_together() -> None:
    """Each costs by the square of its width."""
    wide = "<info>" + "<category>Fire</category>" * 20_000 + "</info>"
    assert rules(CAP_1_2.replace("</alert>", wide * 2 + "</alert>")) == {"xml.width"}
    assert rules(CAP_1_2.replace("</alert>", wide + "</alert>")) != {"xml.width"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_blank_before_a_cdata_section_is_text(encoding: str) -> None:
    """In whatever bytes the section is written."""
    text = CAP_1_2.replace("A note", " <![CDATA[x]]>").replace("UTF-8", encoding[:6].upper())
    alert = cap.parse(text.encode(encoding)).alert
    assert alert is not None
    assert alert.note == " x"


BLANKS = st.lists(
    st.sampled_from([" ", "\n\t", "<!-- c -->", "<?p i?>", "<![CDATA[ ]]>", "<![CDATA[x]]>", "x", "&#32;", "é"])
)


@given(st.data())
def test_what_is_left_out_between_elements_changes_nothing(data: st.DataObject) -> None:
    """A message is parsed without the blanks between its elements; no text and no verdict may depend on that."""
    text = CAP_1_2
    for place in data.draw(
        st.lists(st.sampled_from(["A note", "Wildfire", "Actual", "<info>", "</area>", "<value>4"]), unique=True)
    ):
        text = text.replace(place, "".join(data.draw(BLANKS)) + place)
    kept = cap.read_xml(text.encode(), keep="blanks").root
    lean = cap.read_xml(text.encode(), keep="elements").root
    assert kept is not None
    assert lean is not None
    assert cap.parse_element(lean).alert == cap.parse_element(kept).alert
    assert bool(SCHEMAS.findings(lean, "1.2")) == bool(SCHEMAS.findings(kept, "1.2"))


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"<?xml{text}".encode()))
def test_no_bytes_raise(document: bytes) -> None:
    """Whatever comes in, there is a report, by rules that were all asked."""
    assert judged(document).verdict == "invalid"
    assert "cap.unjudged" not in rules(document)


@given(st.data())
def test_no_damage_to_a_message_raises(data: st.DataObject) -> None:
    """A message with a stretch of its bytes exchanged is judged like any other."""
    document = bytearray(CAP_1_2.encode())
    start = data.draw(st.integers(0, len(document)))
    document[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    assert "cap.unjudged" not in rules(bytes(document))


def test_every_nasty_document_ends_in_a_finding() -> None:
    """Bombs, external entities and foreign roots are all told."""
    for path in sorted(corpus().glob("nasty/*")):
        found = rules(path.read_bytes())
        assert found, path
        assert "cap.unjudged" not in found, path

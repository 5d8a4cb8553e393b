"""The lines of a document that a report shows: the right ones, in the right letters, with the caret where it belongs."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from validating import FEED, VALID, on_terminal, run, screen

from capgateway.cap.rules.area import CIRCLE as CIRCLE_FORM

if TYPE_CHECKING:
    from pathlib import Path

AREA = "<area><areaDesc>Here</areaDesc></area>"
CIRCLE = "<circle>1,2</circle>"
BAD_AREA = AREA.replace("</area>", f"{CIRCLE}</area>")


def shown(path: Path, document: str | bytes, rule: str) -> tuple[str, str]:
    """The line that the report shows for a finding, and what stands in it from the caret on; "" without one."""
    path.write_bytes(document if isinstance(document, bytes) else document.encode())
    lines = run(str(path)).stdout.splitlines()
    line, under = lines[next(number for number, line in enumerate(lines) if f"[{rule}]" in line) + 2 :][:2]
    return line.partition(" | ")[2], line[under.index("^") :] if under.strip() == "^" else ""


def test_the_caret_is_under_the_element_that_is_meant(tmp_path: Path) -> None:
    """The third circle of a document in one line, not the first; nor one in a comment, or in CDATA."""
    good = BAD_AREA.replace("1,2", "1,2 3")
    note = "<!-- <area> --><area><areaDesc><![CDATA[</areaDesc></area>]]></areaDesc></area>"
    document = VALID.replace(AREA, good * 2 + note + BAD_AREA).replace("\n", "")
    line, from_caret = shown(tmp_path / "one.xml", document, CIRCLE_FORM.id)
    assert from_caret.startswith(CIRCLE)
    assert len(line) <= 100
    assert line.startswith("…")


def test_the_caret_is_not_in_a_comment(tmp_path: Path) -> None:
    """Although the comment holds the same tag."""
    document = VALID.replace(AREA, f"<!-- {CIRCLE} -->{BAD_AREA}")
    assert shown(tmp_path / "one.xml", document, CIRCLE_FORM.id)[1] == f"{CIRCLE}</area>"


def test_a_tag_of_many_lines_is_shown_where_it_begins(tmp_path: Path) -> None:
    """The parser counts the line where it ends, in which there may be nothing to see."""
    document = VALID.replace(AREA, BAD_AREA.replace("<circle>", "<circle\n  \n  >"))
    assert shown(tmp_path / "one.xml", document, CIRCLE_FORM.id)[1] == "<circle"


@pytest.mark.parametrize(
    ("fault", "from_caret"),
    [("1 & 2", "& 2"), ("</areaDesq>", "</areaDesq>"), ("東京 &nbsp;", "&nbsp;"), ("a\x1bb", "�b")],
)
def test_the_caret_is_where_the_document_stops_being_xml(tmp_path: Path, fault: str, from_caret: str) -> None:
    """In the column, counted in characters, that the parser names."""
    document = VALID.replace("Here", fault)
    path = tmp_path / "one.xml"
    path.write_text(document)
    lines = run(str(path)).stdout.splitlines()
    number = next(number for number, line in enumerate(lines) if " | " in line and "<areaDesc>" in line)
    wide = sum(character in "東京" for character in lines[number])  # take two columns each
    assert lines[number][lines[number + 1].index("^") - wide :].startswith(from_caret)


ENCODINGS = [
    "iso-8859-1",
    "windows-1252",
    "shift_jis",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "gb18030",
]


def test_the_line_of_a_tag_over_several_is_its_first(tmp_path: Path) -> None:
    """Where the caret is; parsers count the last one."""
    path = tmp_path / "one.xml"
    path.write_text(VALID.replace(AREA, BAD_AREA.replace("<circle>", "<circle\n\n>")))
    lines = run(str(path)).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if f"[{CIRCLE_FORM.id}]" in line)
    first = VALID[: VALID.index(AREA)].count("\n") + 1
    assert f", line {first}," in lines[at + 1]
    assert lines[at + 2].startswith(f"    {first} | ")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_lines_are_shown_in_the_letters_they_have(tmp_path: Path, encoding: str) -> None:
    """In the encoding in which the parser read them."""
    place = "大雨" if encoding == "shift_jis" else "Été à Québec"
    text = VALID.replace("UTF-8", encoding.removesuffix("-sig")).replace(AREA, BAD_AREA.replace("Here", place))
    line, _ = shown(tmp_path / "one.xml", text.encode(encoding), CIRCLE_FORM.id)
    assert line.strip() == BAD_AREA.replace("Here", place)


def test_a_wrong_declaration_is_read_as_the_parser_does(tmp_path: Path) -> None:
    """A document that says UTF-8 or UTF-16, or nonsense, and is Windows-1252."""
    for declared in ("UTF-8", "UTF-16", "x-none", "punycode"):
        text = VALID.replace("UTF-8", declared).replace(AREA, BAD_AREA.replace("Here", "Québec – été"))
        line, _ = shown(tmp_path / "one.xml", text.encode("cp1252"), CIRCLE_FORM.id)
        assert "Québec – été" in line


def test_harmless_characters_stay(tmp_path: Path) -> None:
    """No-break spaces, joiners, soft hyphens and emoji; what turns the direction of writing does not."""
    harmless = "a\N{NO-BREAK SPACE}: b\N{ZERO WIDTH JOINER}c\N{SOFT HYPHEN}d\N{IDEOGRAPHIC SPACE}e🚨"
    text = VALID.replace(AREA, BAD_AREA.replace("Here", f"{harmless}\N{RIGHT-TO-LEFT OVERRIDE}f\x9b"))
    line, _ = shown(tmp_path / "one.xml", text, CIRCLE_FORM.id)
    assert f"{harmless}�f�" in line


@pytest.mark.parametrize("place", ["東京都大雨警報", "e\u0301e\u0301 क्", "Ｗｉｄｅ", "plain"])
def test_the_caret_stands_under_its_tag_on_a_terminal(tmp_path: Path, place: str) -> None:
    """Where characters take two columns, or none; and where the line is cut."""
    columns = {"東京都大雨警報": 14, "e\u0301e\u0301 क्": 4, "Ｗｉｄｅ": 8, "plain": 5}[place]
    path = tmp_path / "one.xml"
    path.write_text(VALID.replace(f"  {AREA}", BAD_AREA.replace("Here", place)))
    _, written = on_terminal(path)
    lines = screen(written)
    caret = lines[next(number for number, line in enumerate(lines) if CIRCLE in line) + 1]
    assert caret.index("^") == len("    9 |   <area><areaDesc></areaDesc>") + columns


def test_lines_fit_the_terminal(tmp_path: Path) -> None:
    """A document in one line is cut on both sides, and sentences break between words."""
    path = tmp_path / "one.xml"
    path.write_text(VALID.replace("\n", "").replace(AREA, BAD_AREA * 20).replace("<status>Test", "<status>test"))
    for columns in (60, 120):
        lines = screen(on_terminal(path, columns=columns)[1])[1:-2]
        cut = [line for line in lines if " | " in line]
        assert max(map(len, lines)) <= columns
        assert all(line.endswith("…") for line in cut[:-1])
        assert [lines[lines.index(line) + 1].index("^") for line in cut[:1]] == [cut[0].index("<status>")]
        assert "write one of Actual, Exercise, System, Test" in " ".join(map(str.strip, lines))


def test_a_message_held_as_text_is_not_shown_by_the_lines_of_its_container(tmp_path: Path) -> None:
    """Packed in base64 it has none there."""
    envelope = (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">\n<!-- 2 -->\n<!-- 3 -->\n<!-- 4 -->\n'
        "<contentObject><nonXMLContent><mimeType>application/cap+xml</mimeType><contentData>"
        f"{base64.b64encode(VALID.replace('>Test<', '>test<').encode()).decode()}"
        "</contentData></nonXMLContent></contentObject></EDXLDistribution>"
    )
    path = tmp_path / "one.edxl"
    path.write_text(envelope)
    told = run(str(path)).stdout
    assert "/contentData/alert/status, " in told
    assert "4 | " not in told


def test_a_feed_is_shown_by_its_own_lines(tmp_path: Path) -> None:
    """An alert that is an element of it counts them too."""
    document = FEED.format(VALID.partition("?>")[2].replace(AREA, BAD_AREA))
    assert shown(tmp_path / "one.atom", document, CIRCLE_FORM.id)[1].startswith(CIRCLE)


def test_findings_are_told_by_line(tmp_path: Path) -> None:
    """In the text; other forms keep the order in which they were made."""
    path = tmp_path / "one.xml"
    path.write_text(VALID.replace(AREA, BAD_AREA).replace("10:15:00-06:00", "10:15:00+00:00").replace("Past", "past"))
    numbers = [int(line.split()[0]) for line in run(str(path)).stdout.splitlines() if " | " in line]
    assert numbers == sorted(numbers)
    assert len(numbers) == 3


def test_what_is_shown_is_bounded(tmp_path: Path) -> None:
    """A stranger chooses names and identifiers; JSON has all of them."""
    path = tmp_path / "one.xml"
    path.write_text(VALID.replace(AREA, f"<{'x' * 20_000}/>").replace("TX-1", "y" * 20_000))
    assert max(map(len, run(str(path)).stdout.splitlines())) < 1_200
    assert "y" * 20_000 in run("--json", str(path)).stdout


RING = "30.1,-97.9 30.1,-97.5 {} 30.1,-97.9"


@pytest.mark.parametrize(
    ("written", "from_caret"),
    [
        (RING.format("30.5;-97.5"), "30.5;-97.5 30.1"),
        ("\n  30.1,-97.9\n  30.1,-97.5\n  30.5;-97.5\n  30.1,-97.9\n", "30.5;-97.5"),
        ("30.1&#44;-97.9&#x20;30.1,-97.5 30.5;-97.5 30.1,-97.9", "30.5;-97.5 30.1"),
        ("30.1,-97.9 <!-- & < > -->30.1,-97.5 30.5;-97.5 30.1,-97.9", "30.5;-97.5 30.1"),
        ("<![CDATA[30.1,-97.9\r\n30.1,-97.5 ]]>30.5;-97.5 30.1,-97.9", "30.5;-97.5 30.1"),
        ("<?x y?>30.1,-97.9\r\n30.1,-97.5\r\n30.5;-97.5 30.1,-97.9", "30.5;-97.5 30.1"),
    ],
)
def test_the_caret_is_under_the_wrong_part_of_a_text(tmp_path: Path, written: str, from_caret: str) -> None:
    """Whatever stands before it in the text: entities, comments, sections, line breaks of two characters."""
    document = VALID.replace(AREA, f"<area><areaDesc>Été</areaDesc><polygon>{written}</polygon></area>")
    line, shown_from = shown(tmp_path / "one.xml", document.encode(), "cap.polygon.form")
    assert shown_from.startswith(from_caret)
    assert line


def test_json_has_the_line_and_the_column_of_the_caret(tmp_path: Path) -> None:
    """In characters, from 1, whatever the encoding; the offset inside of the text is not told."""
    written = "<polygon>30.1,-97.9\n 30.1,-97.5\n 30.5;-97.5 30.1,-97.9</polygon>"
    document = (
        VALID.replace("Here", "Été 🚨").replace("</areaDesc>", f"</areaDesc>{written}").replace("UTF-8", "utf-16")
    )
    (tmp_path / "one.xml").write_bytes(document.encode("utf-16"))
    (finding,) = json.loads(run("--json", str(tmp_path)).stdout)["findings"]
    assert "offset" not in finding
    assert document.split("\n")[finding["line"] - 1][finding["column"] - 1 :].startswith("30.5;-97.5")


def test_what_has_no_place_in_the_file_has_no_column(tmp_path: Path) -> None:
    """A message in a section of its container has lines, but its indentation is not known; one in base64 has neither."""
    inside = VALID.partition("?>")[2].replace(AREA, BAD_AREA)
    (tmp_path / "one.atom").write_text(FEED.format(f"<![CDATA[{inside}]]>"))
    _, alert = (json.loads(line) for line in run("--json", str(tmp_path)).stdout.splitlines())
    (finding,) = alert["findings"]
    assert finding["line"]
    assert finding["column"] is None

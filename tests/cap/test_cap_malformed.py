"""Documents that are not XML: the very place, and what to do, found by looking at the bytes."""

from __future__ import annotations

import gzip

import pytest
from cap_samples import CAP_1_2, rules
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap
from capgateway.cap import malformed

FORMS = "This is not well-formed XML: "


def refused(document: str | bytes) -> cap.Finding:
    """The only finding about a document that is not XML."""
    (finding,) = cap.read_xml(document.encode() if isinstance(document, str) else document).findings
    return finding


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("Age < 12", "< 12", "a `<` is in a text; write it as `&lt;`"),
        ("wind <50 km/h", "<50", "a `<` is in a text; write it as `&lt;`"),
        ("a<b and c", "<b", "a `<` is in a text before `b`; write it as `&lt;`"),
        ("east <Main Street", "<Main", "a `<` is in a text before `Main`"),
        ("call <555-0100> now", "<555", "a `<` is in a text; write it as `&lt;`"),
        ("see <John> there", "<John>", "write `&lt;` for its `<`"),
        ("Go<br>west", "<br>", "`<br>` is an HTML tag"),
        ("<a href=x>map</a>", "<a ", "`<a` is an HTML tag"),
        ("Tom & Ann", "& Ann", "an `&` is not part of an entity; write it as `&amp;`"),
        ("?a=1&b=2", "&b", "an `&` is not part of an entity"),
        ('<a href="?a&b">x</a>', "&b", "an `&` is not part of an entity"),
        ("caf&eacute;", "&eacute;", "XML has no entity `&eacute;`"),
        ("&#0;", "&#0;", "a character XML forbids"),
        ("a\x07b", "\x07", "the control character U+0007"),
        ("a ]]> b", "]]>", "write it as `]]&gt;`"),
        ("<!-- a", "<!-- a", "the comment that begins here is not closed"),
        ("<![CDATA[a", "<![CDATA[a", "the CDATA section that begins here is not closed"),
        ("a -- <!-- b -- c -->", "", "a comment contains `--`"),
        ("<x:y/>", "", "the prefix `x` is not declared; declare it by `xmlns:x`"),
        ("<y a='1' a='2'/>", "", "the attribute `a` twice"),
    ],
)
def test_a_fault_in_a_text_is_found_at_its_place(text: str, at: str, said: str) -> None:
    """Line and column of the very character, and the remedy; an `&amp;` is advised only where there is an `&`."""
    document = CAP_1_2.replace("A note", text)
    finding = refused(document)
    assert finding.message.startswith(FORMS)
    assert said in finding.message
    assert ("&amp;" in finding.message) == ("&" in text and "#" not in text)
    assert finding.line
    assert finding.column
    assert document.split("\n")[finding.line - 1][finding.column - 1 :].startswith(at)


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("</note>", "", "<note>", "`<note>` is not closed before `</alert>`; add `</note>`."),
        ("</note>", "</Note>", "</Note>", "`</Note>` does not close `<note>`; write `</note>`"),
        ("<note>", "", "</note>", "`</note>` closes nothing; add `<note>` before it"),
        ("<note>", "<note", "<note", "the tag `<note` is not closed with `>`"),
        ("<note>", "<note ", "<note", "the tag `<note` is not closed with `>`"),
        ("<note>", "<note a>", "<note a", "the tag `<note` has a broken attribute"),
        ("</alert>", "", "", "it ends inside `<alert>` of line 2; it was cut off"),
        ("</info>\n</alert>", "</inf", "</inf", "it ends inside the tag `</inf`; it was cut off"),
        ("</alert>", "</alert>\n<alert/>", "<alert/>", "a second root element `<alert>` begins"),
        ("</alert>", "</alert>\n<?xml version='1.0'?><alert/>", "<?xml", "a second document begins here"),
        ("</alert>", "</alert> the end", "the end", "there is text after the end of the root element: `the end`"),
        ("<?xml", "Warning: <?xml", "Warning", "it begins with `Warning:` instead of `<`"),
        ("A note", "<?xml version='1.0'?>", "<?xml", "an XML declaration is inside `<note>`"),
    ],
)
def test_a_fault_of_tags_is_found_at_its_place(old: str, new: str, at: str, said: str) -> None:
    """libxml2 names the place where it gave up, far behind the element that was not closed."""
    document = CAP_1_2.replace(old, new)
    finding = refused(document)
    assert said in finding.message
    assert finding.line
    assert finding.column
    assert document.split("\n")[finding.line - 1][finding.column - 1 :].startswith(at)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "windows-1252"])
def test_the_place_is_counted_in_characters_of_any_encoding(encoding: str) -> None:
    """As a person counts them, not in bytes."""
    document = CAP_1_2.replace("UTF-8", encoding.removesuffix("-sig")).replace("A note", "Québec < 5")
    finding = refused(document.encode(encoding))
    line = next(line for line in document.split("\n") if "Québec" in line)
    assert (finding.line, finding.column) == (document.split("\n").index(line) + 1, line.index("< 5") + 1)


PAGES = [
    "<!doctype html><html><body>Log in</body></html>",
    "<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'><html><p>",
    "\n<!-- proxy -->\n<HTML><HEAD><TITLE>502</TITLE>",
    "<?xml version='1.0'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><body/></html>",
    "<h1>Forbidden</h1><p>",
    "<head><meta charset=utf-8>",
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_html_page_is_called_one(page: str, encoding: str) -> None:
    """In whatever dress: nobody is told to write `&amp;` in a log-in page."""
    finding = refused(page.encode(encoding))
    assert finding.rule == ("xml.doctype" if "DOCTYPE" in page else "xml.syntax")
    assert "HTML page, perhaps a log-in or error page" in finding.message


def test_a_well_formed_page_is_called_one_too() -> None:
    """It is XML, and its root element is not CAP's."""
    (finding,) = cap.parse(b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>").findings
    assert (finding.rule, "HTML page" in finding.message) == ("cap.namespace", True)


@pytest.mark.parametrize(
    ("document", "line", "said"),
    [
        (b"", None, "is empty"),
        (b" \n", None, "is empty"),
        (gzip.compress(CAP_1_2.encode()), None, "gzip"),
        (b"PK\x03\x04....", None, "ZIP archive"),
        (b"%PDF-1.7", None, "PDF"),
        (b'{"type": "FeatureCollection"}', 1, "JSON"),
        (b"\xef\xbb\xbf[1]", 1, "JSON"),
        (b"HTTP/1.1 200 OK\r\n\r\n<alert/>", 1, "HTTP response"),
        (b"PD94bWwgdmVyc2lvbj0iMS4wIj8+", 1, "base64"),
    ],
)
def test_what_is_not_xml_at_all_is_named(document: bytes, line: int | None, said: str) -> None:
    """One finding for the whole document; what is not text has no line to show."""
    finding = refused(document)
    assert (finding.rule, finding.line, finding.column) == ("xml.syntax", line, None)
    assert said in finding.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (' xmlns="urn:oasis:names:tc:emergency:cap:1.2"', "", 'write xmlns="urn:oasis:names:tc:emergency:cap:1.2"'),
        (
            "urn:oasis:names:tc:emergency:cap:1.2",
            "urn:oasis:cap:1.1",
            'write xmlns="urn:oasis:names:tc:emergency:cap:1.1"',
        ),
        ("alert>", "Alert>", "write `alert`, in lower case"),
        ("alert>", "warning>", "the root element of a CAP message is `alert`"),
    ],
)
def test_a_wrong_root_is_explained(old: str, new: str, said: str) -> None:
    """What to write instead, by the version that is meant."""
    document = CAP_1_2.replace(old, new).replace("<alert ", f"<{new[:-1]} " if new.endswith(">") else "<alert ")
    assert rules(document) == {"cap.namespace"}
    assert said in cap.parse(document.encode()).findings[0].message


@given(
    st.lists(
        st.sampled_from(["<a>", "</a>", "<b", "&", "&lt;", "x", "<!--", "-->", "]]>", "<?", '"', "\n"]), max_size=12
    )
)
def test_whatever_is_refused_has_a_place_inside(pieces: list[str]) -> None:
    """A line that the document has, and a column in it or at its end."""
    document = "".join(pieces)
    xml = cap.read_xml(document.encode())
    for finding in xml.findings if xml.root is None and document.strip() else ():
        lines = document.split("\n")
        assert finding.line
        assert finding.line <= len(lines)
        assert finding.column is None or finding.column <= max(map(len, lines)) + 1
    assert malformed.explain(document.encode(), 1, 1, "x").message.startswith(FORMS)


def test_further_signs_in_texts_are_counted() -> None:
    """Nobody wants to learn of one after the other; right entities, tags, comments and sections are none."""
    note = "R&D <![CDATA[& <]]> <!-- & < -->\nage < 12 &amp; &#38;"
    finding = refused(CAP_1_2.replace("A note", note).replace("Go west.", "west & <5"))
    line = CAP_1_2[: CAP_1_2.index("A note")].count("\n") + 1
    last = CAP_1_2[: CAP_1_2.index("Go west.")].count("\n") + 2
    assert finding.line == line
    assert finding.message.endswith(f"Of `&` and `<` in texts, 3 more follow: line {line + 1}, {last}.")

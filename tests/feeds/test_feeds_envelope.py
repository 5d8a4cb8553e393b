"""The form of EDXL-DE envelopes, compared with the official schema where that is at hand."""

from __future__ import annotations

import os
import random
from copy import deepcopy
from pathlib import Path

import pytest
from lxml import etree

from capgateway import cap, feeds
from capgateway.cap.place import local
from capgateway.feeds.read.dates import is_date
from capgateway.feeds.read.entries import MAX_FINDINGS

BASE = "https://alerts.example/x/listing"
NS = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ALERT = f'<alert xmlns="{CAP}"><identifier>a</identifier><status>Actual</status></alert>'
CORPUS = os.environ.get("CAPGATEWAY_CORPUS")
needs_corpus = pytest.mark.skipif(
    not CORPUS, reason="set CAPGATEWAY_CORPUS to a directory of real feeds with index.tsv"
)
#: One of everything an envelope may hold.
SAMPLE = f"""<EDXLDistribution xmlns="{NS}">
<distributionID>d1</distributionID><senderID>s@alerts.example</senderID><dateTimeSent>2026-01-01T00:00:00.5Z</dateTimeSent>
<distributionStatus>Actual</distributionStatus><distributionType>Report</distributionType>
<combinedConfidentiality>none</combinedConfidentiality><language>en</language>
<senderRole><valueListUrn>urn:x</valueListUrn><value>a</value><value>b</value></senderRole>
<recipientRole><valueListUrn>urn:x</valueListUrn><value>a</value></recipientRole>
<keyword><valueListUrn>urn:x</valueListUrn><value>a</value></keyword>
<distributionReference>d0</distributionReference>
<explicitAddress><explicitAddressScheme>e-mail</explicitAddressScheme><explicitAddressValue>r@x.example</explicitAddressValue></explicitAddress>
<targetArea><circle>38.5,-77.0 10</circle><polygon>1,1 1,2 2,2 1,1</polygon><country>US</country>
<subdivision>US-TX</subdivision><locCodeUN>USHOU</locCodeUN></targetArea>
<contentObject><contentDescription>c</contentDescription><contentKeyword><valueListUrn>urn:x</valueListUrn><value>a</value></contentKeyword>
<incidentID>i</incidentID><incidentDescription>i</incidentDescription>
<originatorRole><valueListUrn>urn:x</valueListUrn><value>a</value></originatorRole>
<consumerRole><valueListUrn>urn:x</valueListUrn><value>a</value></consumerRole><confidentiality>none</confidentiality>
<xmlContent><keyXMLContent><x:key xmlns:x="urn:x"/></keyXMLContent><embeddedXMLContent>{ALERT}</embeddedXMLContent></xmlContent>
<x:more xmlns:x="urn:x"/></contentObject>
<contentObject><nonXMLContent><mimeType>image/png</mimeType><size>3</size><digest>d</digest><uri>https://x.example/</uri>
<contentData>AAAA</contentData></nonXMLContent></contentObject>
</EDXLDistribution>"""


def read(body: str) -> feeds.Index:
    return feeds.read_entries(body.encode(), kind="edxl", base_url=BASE)


def held(index: feeds.Index) -> list[str]:
    parsed = [cap.parse(entry.document).alert for entry in index.entries if entry.document]
    return [one.identifier for one in parsed if one]


def test_one_of_everything_is_right() -> None:
    """And the message in it is read."""
    index = read(SAMPLE)
    assert index.findings == ()
    assert held(index) == ["a"]


CONTENT = "/EDXLDistribution/contentObject[1]"
EMBEDDED = f"<embeddedXMLContent>{ALERT}</embeddedXMLContent>"


@pytest.mark.parametrize(
    ("written", "instead", "rule", "place", "words"),
    [
        # E-02
        ("<senderID>", "<distributionID>d2</distributionID><senderID>", "edxl.elements", "/EDXLDistribution/distributionID[2]", "keep one"),
        ("<distributionID>d1</distributionID><senderID>s@alerts.example</senderID>", "<senderID>s</senderID><distributionID>d</distributionID>", "edxl.elements", "/EDXLDistribution/distributionID", "move it before `senderID`"),
        ("<language>", "<foo/><language>", "edxl.elements", "/EDXLDistribution/foo", "remove it"),
        ("<language>", "<x:foo xmlns:x='urn:x'/><language>", "edxl.elements", "/EDXLDistribution/foo", "move or remove it"),
        ("<language>", "text<language>", "edxl.elements", "/EDXLDistribution", "remove it"),
        ("<language>", "<language a='b'>", "edxl.elements", "/EDXLDistribution/language", "has the attribute `a`"),
        ("<senderID>s@alerts.example</senderID>", "", "edxl.elements", "/EDXLDistribution", "has no `senderID`; add it"),
        ("<language>en", "<language><b>en</b>", "edxl.elements", "/EDXLDistribution/language", "text only"),
        # E-03, E-04, E-05
        ("Actual</dist", "Draft</dist", "edxl.values", "/EDXLDistribution/distributionStatus", "write Actual, Exercise, System or Test"),
        ("Report</dist", "Alert</dist", "edxl.values", "/EDXLDistribution/distributionType", "write Report"),
        ("2026-01-01T", "2026-13-01T", "edxl.values", "/EDXLDistribution/dateTimeSent", "write an existing time"),
        ("T00:00:00.5Z", "T25:00:00Z", "edxl.values", "/EDXLDistribution/dateTimeSent", "write an existing time"),
        # E-06
        ("<x:more xmlns:x=\"urn:x\"/>", "<confidentiality>c</confidentiality>", "edxl.content", f"{CONTENT}/confidentiality[2]", "move it before `xmlContent`"),
        ("<confidentiality>", "<foo/><confidentiality>", "edxl.content", f"{CONTENT}/foo", "remove it"),
        ("<confidentiality>", "<x:foo xmlns:x='urn:x'/><confidentiality>", "edxl.content", f"{CONTENT}/foo", "move it to the end"),
        ("</xmlContent>", "</xmlContent><nonXMLContent><mimeType>a/b</mimeType></nonXMLContent>", "edxl.content", f"{CONTENT}/nonXMLContent", "keep one of them"),
        # E-07
        (f"<keyXMLContent><x:key xmlns:x=\"urn:x\"/></keyXMLContent>{EMBEDDED}", ALERT, "edxl.place", CONTENT, "move it into `xmlContent/embeddedXMLContent`"),
        (EMBEDDED, f"<keyXMLContent>{ALERT}</keyXMLContent>", "edxl.place", CONTENT, "is in `keyXMLContent`"),
        (f"{EMBEDDED}</xmlContent>", f"</xmlContent>{ALERT}", "edxl.place", CONTENT, "is in `contentObject`"),
        (f"{EMBEDDED}</xmlContent>", f"<embeddedXMLContent><![CDATA[{ALERT}]]></embeddedXMLContent></xmlContent>", "edxl.content", f"{CONTENT}/xmlContent/embeddedXMLContent", "remove it"),
        # E-08
        ("<mimeType>image/png</mimeType>", "", "edxl.content", "/EDXLDistribution/contentObject[2]/nonXMLContent", "has no `mimeType`; add it"),
        (">AAAA<", ">no base64!<", "edxl.values", "/EDXLDistribution/contentObject[2]/nonXMLContent/contentData", "in base64"),
        # E-11
        ("<country>", "<foo/><country>", "edxl.elements", "/EDXLDistribution/targetArea/foo", "remove it"),
        ("38.5,-77.0 10", "x", "edxl.area", "/EDXLDistribution/targetArea/circle[1]", "`38.5,-77 10`"),
        ("1,1 1,2 2,2 1,1", "1,1", "edxl.area", "/EDXLDistribution/targetArea/polygon[1]", "at least four pairs"),
    ],
)  # fmt: skip
def test_each_fault_has_its_rule_its_place_and_a_remedy(
    written: str, instead: str, rule: str, place: str, words: str
) -> None:
    """And whatever it is, the message is found."""
    index = read(SAMPLE.replace(written, instead, 1))
    found = [finding for finding in index.findings if finding.rule == rule]
    assert {finding.xpath for finding in found} == {place}
    assert any(words in finding.message for finding in found)
    assert held(index) == ["a"]


def test_a_message_in_a_content_object_is_no_content() -> None:
    """Where xmlContent should be: it is read, and nothing says that there is none."""
    index = read(
        SAMPLE[: SAMPLE.index("<contentObject>")] + f"<contentObject>{ALERT}</contentObject></EDXLDistribution>"
    )
    assert held(index) == ["a"]
    assert [finding.rule for finding in index.findings] == ["edxl.content", "edxl.place"]


@pytest.mark.parametrize(("envelope", "inside", "is_told"), [("Test", "Actual", True), ("Test", "Test", False), ("Actual", "Actual", False)])  # fmt: skip
def test_an_envelope_that_makes_a_test_of_an_actual_message_says_so(envelope: str, inside: str, is_told: bool) -> None:
    """The envelope counts (E-03); others may take the message out of it."""
    body = SAMPLE.replace("Actual</dist", f"{envelope}</dist").replace("<status>Actual", f"<status>{inside}")
    told = [(finding.rule, finding.level, finding.line) for finding in read(body).findings]
    line = SAMPLE[: SAMPLE.index("<contentObject>")].count("\n") + 1
    assert told == [("edxl.status", "warning", line)] * is_told


def test_what_an_envelope_calls_a_test_is_another_entry() -> None:
    """The same message may come in earnest later, and must not be taken for known."""
    (test,), (actual,) = (
        read(SAMPLE.replace("Actual</dist", f"{status}</dist")).distinct for status in ("Test", "Actual")
    )
    assert test.document == actual.document
    assert test.key != actual.key


def test_long_names_of_a_stranger_are_cut_short() -> None:
    """In places and in messages, which still tell what to do."""
    children = "".join(f"<{'n' * 40_000}{number} {'a' * 40_000}=''/>" for number in range(200))
    index = read(SAMPLE.replace("<language>", f"{children}<language>").replace("AAAA", f"<{'m' * 40_000}/>"))
    assert len(index.findings) == MAX_FINDINGS
    assert max(len(finding.xpath or "") for finding in index.findings) < 200
    assert all(finding.message.endswith("remove it.") for finding in index.findings)
    assert held(index) == ["a"]


def test_a_long_status_is_cut_short() -> None:
    """It is none of the standard's, and is stored with what the envelope links to."""
    index = read(SAMPLE.replace("Actual</dist", f"{'Test' * 100}</dist"))
    assert [entry.envelope_status for entry in index.entries] == ["TestTestTestTestTest"]


@pytest.mark.parametrize(
    ("inside", "envelope", "counts"),
    [
        ("Actual", "Test", "Test"),
        ("Actual", "Actual", "Actual"),
        ("Actual", None, "Actual"),
        ("Test", "Actual", "Test"),
        ("Exercise", "Test", "Exercise"),
    ],
)
def test_an_envelope_makes_no_alert_more_real(inside: str, envelope: str | None, counts: str) -> None:
    """Only what says that it is Actual can be made less (E-03)."""
    alert = cap.parse(ALERT.replace("Actual", inside).encode()).alert
    assert alert is not None
    assert feeds.enveloped(alert, envelope).status == counts


def test_errors_are_told_before_advice() -> None:
    """When there is more to say than is told, the verdict is still right."""
    body = SAMPLE.replace("<circle>", "<circle>x</circle>" * MAX_FINDINGS + "<circle>").replace(
        "<mimeType>", "<foo/><mimeType>"
    )
    index = read(body)
    assert len(index.findings) == MAX_FINDINGS
    assert [finding.rule for finding in index.findings if finding.level == "error"] == ["edxl.content"]


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("2026-02-28T23:59:59.999-14:00", True),
        ("2026-01-01T24:00:00", True),
        ("-12026-02-29T00:00:00Z", False),
        ("2024-02-29T00:00:00Z", True),
        ("2026-01-01T24:00:01Z", False),
        ("2026-01-01T00:00:00+14:01", False),
        ("2026-01-01 00:00:00Z", False),
        ("0000-01-01T00:00:00Z", False),
        ("2026-1-01T00:00:00Z", False),
        ("", False),
    ],
)
def test_times_are_those_of_xml_schema(text: str, is_right: bool) -> None:
    """Of version 1.0, in which there is no year 0."""
    assert is_date(text) is is_right


#: What a mutant puts into a text.
TEXTS = ("", " ", "x", "Test", "Draft", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "12", "-1", "1.5", "QUJD", "<")

#: libxml2 lets stray characters pass in base64, and is stricter than XML Schema about what may be a URI; for us that is
#: a matter of whether it can be followed (`feed.link-scheme`).
LIBRARIES_DIFFER = {"contentData", "uri"}


def mutate(root: etree._Element, dice: random.Random) -> None:
    """Change one thing: take an element out, double it, move it, add a stranger, alter a text, add an attribute."""
    ours = [element for element in root.iter(f"{{{NS}}}*") if element is not root]
    element = dice.choice(ours)
    parent = element.getparent()
    assert parent is not None
    match dice.randrange(7):
        case 0:
            parent.remove(element)
        case 1:
            parent.insert(dice.randrange(len(parent) + 1), deepcopy(element))
        case 2:
            parent.insert(dice.randrange(len(parent)), element)
        case 3:
            dice.choice(ours).append(deepcopy(element))
        case 4:
            name = dice.choice([f"{{{NS}}}foo", "{urn:x}foo", "foo", f"{{{NS}}}language", f"{{{NS}}}value"])
            element.insert(0, etree.Element(name))
        case 5:
            element.text = dice.choice(TEXTS) if local(element) not in LIBRARIES_DIFFER else "QUJD"
        case _:
            element.set(dice.choice(["foo", "{urn:x}foo"]), "x")


@needs_corpus
@pytest.mark.parametrize("seed", range(20))
def test_the_verdict_is_that_of_the_official_schema(seed: int) -> None:
    """For mutants with one to three faults. Rules of ours that no schema has do not count: they have other ids."""
    schema = etree.XMLSchema(etree.parse(Path(CORPUS or "") / "xsd" / "edxlde-1_0.xsd"))
    dice = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    for _ in range(200):
        root = etree.fromstring(SAMPLE)
        for _ in range(dice.randint(1, 3)):
            mutate(root, dice)
        body = etree.tostring(root).decode()
        found = [f for f in read(body).findings if f.rule in {"edxl.elements", "edxl.values", "edxl.content"}]
        assert (not found) is schema.validate(etree.fromstring(body)), (body, found, schema.error_log)


def test_an_envelope_of_another_version_is_one_finding() -> None:
    """Which names the version; the message inside is read, and a test remains a test."""
    body = (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:2.0"><DistributionID>d</DistributionID>'
        "<DistributionStatus><StatusKindDefault>Test</StatusKindDefault></DistributionStatus><Content><ContentObject>"
        f"<ContentXML><EmbeddedXMLContent>{ALERT}</EmbeddedXMLContent></ContentXML></ContentObject></Content></EDXLDistribution>"
    )
    index = read(body)
    told = [finding for finding in index.findings if finding.rule != "edxl.status"]
    assert [(finding.rule, "EDXL-DE 2.0" in finding.message) for finding in told] == [("edxl.root", True)]
    assert held(index) == ["a"]
    assert [entry.envelope_status for entry in index.entries] == ["Test"]

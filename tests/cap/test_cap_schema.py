"""The schemas we wrote agree with the official ones, and both engines agree about ours."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import pytest
from cap_samples import CAP_1_0, CAP_1_1, CAP_1_2, SCHEMAS, changed, corpus, judged, the_finding
from cap_strategies import ALERTS, disagreements, mutants, older
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from capgateway import cap, shipped
from capgateway.cap.schema import MANY_CHILDREN, guard
from capgateway.cap.xml import is_wide

SAMPLES = {"1.0": CAP_1_0, "1.1": CAP_1_1, "1.2": CAP_1_2}
INFO = CAP_1_2[CAP_1_2.index("  <info>") : CAP_1_2.index("</alert>")]
SIGNATURE = b"http://www.w3.org/2000/09/xmldsig#"


def official(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(corpus() / "xsd" / f"CAP-v{version}.xsd"))


def agrees(document: bytes, version: str, judge: etree.XMLSchema) -> bool:
    """Whether both schemas judge alike. The guard speaks for ours and, where libxml2 errs, for the official one too; what
    is read all the same is no fault here."""
    root = cap.read_xml(document.replace(b"Very Likely", b"Likely")).root
    if root is None:
        return True
    expected = judge.validate(root) and not guard(root)
    return (SCHEMAS.findings(root, version) == ()) == expected


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_our_schema_judges_mutants_like_the_official_one(version: str) -> None:
    """Each element dropped, doubled, swapped, emptied and more; each list of values broken: the same verdict."""
    judge = official(version)
    documents = [
        document for document in mutants(SAMPLES[version].encode()) if version != "1.1" or SIGNATURE not in document
    ]
    assert len(documents) > 800
    assert [document for document in documents if not agrees(document, version, judge)] == []


def test_our_schema_judges_published_messages_like_the_official_one() -> None:
    """What the world sends gets the same verdict; a signed CAP 1.1 message only loses its Signature first."""
    judges = {version: official(version) for version in SAMPLES}
    count = 0
    for path in sorted(corpus().rglob("*")):
        parsed = cap.parse(path.read_bytes()) if path.is_file() else None
        if parsed and parsed.version and parsed.root is not None:
            for signature in (
                parsed.root.findall(f"{{{SIGNATURE.decode()}}}Signature") if parsed.version == "1.1" else []
            ):
                parsed.root.remove(signature)
            assert agrees(etree.tostring(parsed.root), parsed.version, judges[parsed.version]), path
            count += 1
    assert count > 50


def test_signed_messages_of_cap_1_1_are_valid_here() -> None:
    """The text of 1.1 allows a signature, its published schema forgot it."""
    document = changed("</alert>", f'<Signature xmlns="{SIGNATURE.decode()}"/></alert>', document=CAP_1_1)
    assert judged(document).verdict == "valid"
    assert the_finding(document, "cap.signature.version").level == "info"
    assert not official("1.1").validate(etree.fromstring(document))


@pytest.mark.parametrize("where", ["  <info>", "  <status>"])
def test_a_signature_before_other_elements_is_refused(where: str) -> None:
    """libxml2 wrongly accepts it before an info."""
    document = changed(where, f'  <Signature xmlns="{SIGNATURE.decode()}"/>{where}')
    assert the_finding(document, "cap.schema").xpath == "/alert/Signature"


@pytest.mark.parametrize("name", ["Alert", "Info", "Status", "NamedValue", "sent", "alert"])
@pytest.mark.parametrize("place", ["alert", "status", "info", "eventCode"])
def test_no_message_can_name_a_type_of_ours(name: str, place: str) -> None:
    """Nothing in our schema is there for xsi:type to name, as nothing is in the official one."""
    xsi = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type'
    document = re.sub(f"<{place}(?=[ >])", f'<{place} {xsi}="{name}"', CAP_1_2, count=1)
    assert judged(document).verdict == "invalid"
    assert the_finding(document, "cap.schema").level == "error"


@settings(max_examples=60, deadline=None)
@given(ALERTS)
def test_what_the_writer_writes_is_schema_valid(alert: cap.Alert) -> None:
    """And it is read back as it was, with its references as they were written."""
    parsed = cap.parse(cap.write(alert))
    assert parsed.root is not None
    assert SCHEMAS.findings(parsed.root, "1.2") == ()
    assert parsed.alert is not None
    written = " ".join(f"{item.sender},{item.identifier},{item.sent.text}" for item in alert.references) or None
    assert parsed.alert == msgspec.structs.replace(alert, references_text=written)


@settings(max_examples=40, deadline=None)
@given(ALERTS, st.sampled_from(["1.0", "1.1"]))
def test_older_versions_are_schema_valid_and_read_up(alert: cap.Alert, version: str) -> None:
    """A message as it was written twenty years ago says the same."""
    parsed = cap.parse(older(alert, version))
    assert parsed.root is not None
    assert parsed.alert is not None
    assert SCHEMAS.findings(parsed.root, version) == ()
    assert parsed.alert.version == version
    assert [info.event_codes for info in parsed.alert.infos] == [info.event_codes for info in alert.infos]
    assert [one.identifier for one in parsed.alert.references] == [one.identifier for one in alert.references]
    assert [info.description for info in parsed.alert.infos] == [info.description for info in alert.infos]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_both_engines_agree_about_our_schemas(version: str) -> None:
    """libxml2 with our guard and xmlschema, over a third of the mutants; `make fuzz` takes all and more."""
    differences = list(disagreements(mutants(SAMPLES[version].encode())[::3], version))
    assert differences == []


WHERE = {
    "/alert": "<alert",
    "/alert/info[1]": "<info>",
    "/alert/info[1]/area[1]": "<area>",
    "/alert/info[1]/parameter[1]": "<parameter>",
}
FAULTS = [
    ("<status>Actual", "<status>actual", "/alert/status", "write one of Actual, Exercise"),
    ("<category>Fire</category>", "", "/alert/info[1]", "no `category`"),
    ("<urgency>Immediate</urgency>", "", "/alert/info[1]", "no `urgency`"),
    ("<certainty>Observed</certainty>", "", "/alert/info[1]", "no `certainty`"),
    ("<areaDesc>Example County</areaDesc>", "", "/alert/info[1]/area[1]", "add it before `polygon`"),
    ("<value>4</value>", "", "/alert/info[1]/parameter[1]", "no `value`"),
    ("<language>en-US", "<language>en_US", "/alert/info[1]/language", "RFC 3066"),
    ("<size>5", "<size>five", "/alert/info[1]/resource[1]/size", "digits"),
    ("<altitude>100", "<altitude>", "/alert/info[1]/area[1]/altitude", "feet"),
    ("<web>https://agency.example/fire", "<web>http://[::1", "/alert/info[1]/web", "URI"),
    ("<expires>2026-11-22T20:15:00-06:00", "<expires>tonight", "/alert/info[1]/expires", "-06:00"),
    ("<note>", '<note xml:lang="en">', "/alert/note", "lang"),
    ("<scope>Public</scope>", "<scope>Public</scope>hello", "/alert", "the text `hello` after `scope`"),
    ("<note>A note</note>", "<remark/>", "/alert/remark", "no element `remark`"),
    ("<source>", "<sent>2026-11-22T10:15:00-06:00</sent><source>", "/alert/sent[2]", "more than once"),
]


@pytest.mark.parametrize(("old", "new", "place", "said"), FAULTS)
def test_a_schema_fault_is_placed_and_explained(old: str, new: str, place: str, said: str) -> None:
    """One fault, one finding: where it is and what to do."""
    found = the_finding(changed(old, new), "cap.schema")
    assert found.xpath == place
    assert said in found.message
    where = WHERE.get(place, old)  # where an element is missing, the one that it is missing from
    assert found.line == CAP_1_2[: CAP_1_2.index(where)].count("\n") + 1


def test_every_fault_is_told_in_one_pass() -> None:
    """libxml2 would stop at the missing category; its siblings' own faults are told as well."""
    document = (
        re.sub("<category>.*</category>", "", CAP_1_2).replace("Severe", "Bad").replace("Observed", "Sure").encode()
    )
    found = [finding.message.split(";")[0] for finding in judged(document).findings if finding.rule == "cap.schema"]
    assert found == ["`info` has no `category`", "`severity` is `Bad`", "`certainty` is `Sure`"]


def test_everything_that_is_missing_is_told() -> None:
    """An empty alert lacks six elements, an empty info five."""
    document = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><info/></alert>'
    found = [finding for finding in judged(document).findings if finding.rule == "cap.schema"]
    assert [finding.xpath for finding in found] == ["/alert"] * 6 + ["/alert/info[1]"] * 5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<scope>Public</scope>", "<scoep>Public</scoep>", "did you mean `scope`?"),
        ("<msgType>Update</msgType>", "<MsgType>Update</MsgType>", "did you mean `msgType`?"),
        ("<scope>Public</scope>", '<scope xmlns="">Public</scope>', "is in no namespace"),
        ("<status>Actual", "<status> Actual", "has white space around `Actual`"),
        ("<sent>2026-11-22", "<sent>2026-02-30", "no such day"),
        ("<sent>2026-11-22T", "<sent>2026-11-22 ", "has no `T` between date and time"),
        ("<sent>2026-11-22T10:15:00-06:00", "<sent>2026-11-22T10:15:00", "has no offset from UTC"),
        ("<sent>2026-11-22T10:15:00", "<sent>2026-11-22T10:15:00.5", "has a fraction of a second"),
        ("<sent>2026-11-22T10:15:00-06:00", "<sent>2026-11-22T16:15:00Z", "has a letter as its offset"),
        ("<sent>2026-11-22T10:15:00-06:00", "<sent>2026-11-22T10:15:00-0600", "has an offset in another form"),
        ("<source>", "<password>secret</password><source>", "CAP dropped `password`"),
        ("<event>Wildfire", "<event><b/>Wild<i/>fire", "contains text only; remove `b` and `i`"),
        ("<web>https://agency.example/fire", "<web>https://agency.example/%zz", "write an absolute URI"),
    ],
)
def test_a_fault_says_what_is_meant(old: str, new: str, said: str) -> None:
    """One finding, in words that tell what to do."""
    assert said in the_finding(changed(old, new), "cap.schema").message


def test_an_element_out_of_place_is_the_one_that_moved() -> None:
    """Not each of those that it jumped over."""
    audience = "    <audience>Residents</audience>\n"
    document = CAP_1_2.replace(audience, "").replace("    <event>", audience + "    <event>")
    assert the_finding(document, "cap.schema").xpath == "/alert/info[1]/audience"


def test_however_many_very_likely_are_read_they_are_no_error() -> None:
    """Sixty languages of an old sender: warnings, and no other fault hides behind them."""
    infos = "".join(INFO.replace("en-US", f"en-x-{number}").replace("Observed", "Very Likely") for number in range(60))
    document = CAP_1_2.replace(INFO, infos.replace("<polygon>", "<polygon/><polygon>"))
    assert judged(document).verdict == "valid"
    told = Counter(finding.rule for finding in judged(document).findings)
    assert told == {"cap.certainty.very-likely": 26, "cap.shape.empty": 26}
    assert judged(document.replace("<severity>Severe", "<severity>Bad", 1)).verdict == "invalid"
    assert judged(document.replace("<certainty>Very", '<certainty a="1">Very', 1)).verdict == "invalid"
    assert judged(re.sub("<urgency>.*</urgency>", "", document, count=1)).verdict == "invalid"


@pytest.mark.parametrize(
    ("text", "document"),
    [
        (" Very Likely ", CAP_1_0),
        ("\u00a0Very Likely", CAP_1_2),
        ('" xsi:nil="true">Very Likely', CAP_1_2),
        ('" xsi:type="xs:string">Very Likely', CAP_1_0),
    ],
)
def test_very_likely_excuses_nothing_else(text: str, document: str) -> None:
    """Blanks around it, and attributes beside it, are faults as everywhere."""
    old = "<certainty>Very Likely" if document is CAP_1_0 else "<certainty>Observed"
    namespaces = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" x="'
    new = f"<certainty {namespaces}{text}" if text[0] == '"' else f"<certainty>{text}"
    document = document.replace(old, new.replace(' x=""', ""))
    assert judged(document).verdict == "invalid"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<note>", '<note xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="x">', "xsi:type"),
        ("<note>", '<note xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">', "attribute `nil`"),
        ("<web>https://agency.example/fire", "<web>https://agency.example/%zz", "absolute URI"),
        ("<size>5", "<size>\u0663", "digits"),
    ],
)
def test_what_libxml2_alone_sees_is_told_beside_other_faults(old: str, new: str, said: str) -> None:
    """It stops at a missing element; we go on."""
    document = changed(old, new).replace(b"<scope>Public</scope>", b"").replace(b"<urgency>Immediate</urgency>", b"")
    messages = [finding.message for finding in judged(document).findings if finding.rule == "cap.schema"]
    assert len(messages) == 3
    assert any(said in message for message in messages)


def test_a_blank_that_counts_is_told_by_its_number() -> None:
    """A no-break space between elements, and beside a time."""
    assert "U+00A0" in the_finding(changed("</scope>", "</scope>\u00a0"), "cap.schema").message
    assert "U+00A0" in the_finding(changed("<sent>", "<sent>\u00a0"), "cap.schema").message


def test_faults_beyond_a_hundred_are_counted() -> None:
    """The report stays small and says so."""
    found = judged(CAP_1_2.replace("<resource>", "<bogus/>" * 150 + "<resource>")).findings
    assert len(found) == 101
    assert "50 more" in found[-1].message


def test_a_national_namespace_is_judged_by_the_schema_too() -> None:
    """Luxembourg's differs from CAP's by its name only."""
    luxembourg = CAP_1_2.replace("cap:1.2", "cap:1.2:profile:cap-lu:1.0").replace("<urgency>Immediate", "<urgency>Now")
    found = the_finding(luxembourg, "cap.schema")
    assert (found.xpath, found.line) == (
        "/alert/info[1]/urgency",
        CAP_1_2[: CAP_1_2.index("<urgency>")].count("\n") + 1,
    )


@pytest.mark.parametrize(
    "name", ["CAP-v1.2.xsd", "google-cap12.xsd", "google-cap12_extended.xsd", "cap1.2-capcollector.xsd"]
)
def test_schemas_of_others_explain_as_well(name: str) -> None:
    """With prefixes, anonymous types and patterns of their own."""
    schemas = cap.Schemas({"1.2": (corpus() / "xsd" / name).read_bytes()})
    root = cap.read_xml(changed("<scope>Public</scope>", "")).root
    assert root is not None
    assert any("`scope`" in finding.message for finding in schemas.findings(root, "1.2"))


def test_a_huge_faulty_message_is_explained_too() -> None:
    """Among twenty thousand parameters the odd one is named, with its place."""
    parameters = "<parameter><valueName>a</valueName><value>b</value></parameter>" * 20_000
    document = changed("<resource>", parameters + "<bogus/><resource>")
    found = the_finding(document, "cap.schema")
    assert found.xpath == "/alert/info[1]/bogus"


@pytest.mark.parametrize(
    "filler",
    [
        "<parameter><valueName>a</valueName></parameter>",
        "<parameter><valueName>a</valueName><value>b</value></parameter>",
        '<parameter><valueName xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1">a</valueName><value/></parameter>',
        "<bogus/>",
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_wide_message_gets_the_same_findings_by_the_short_way(filler: str, version: str) -> None:
    """libxml2 need not count the siblings of five thousand faults; what is valid, or read all the same, stays so."""
    wide = SAMPLES[version].replace("<parameter>", filler * 5_000 + "<parameter>", 1)
    for certainty in ("Likely", "Very Likely", "Perhaps"):
        root = cap.read_xml(re.sub("<certainty>[A-Z][a-z]+", f"<certainty>{certainty}", wide).encode()).root
        assert root is not None
        assert is_wide(root, MANY_CHILDREN)
        assert SCHEMAS.findings(root, version, is_large=True) == SCHEMAS.findings(root, version)


def test_what_makes_xmlschema_stumble_is_still_told() -> None:
    """`xsi:type` with an unknown name, and a year of twenty digits, raise inside xmlschema."""
    document = changed("<note>", '<note xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="nobody">')
    assert judged(document).verdict == "invalid"
    document = changed("<sent>2026", "<sent>99999999999999999999")
    assert the_finding(document, "cap.schema").xpath == "/alert/sent"


def test_the_shipped_schemas_are_the_three_versions() -> None:
    """Each compiles on its own, without looking elsewhere."""
    assert sorted(shipped.cap_schemas()) == ["1.0", "1.1", "1.2"]
    assert all(etree.XMLSchema(etree.fromstring(text)) for text in shipped.cap_schemas().values())

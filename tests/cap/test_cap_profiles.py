"""The profiles: a message that keeps one, and each of its rules broken once."""

from __future__ import annotations

import pytest
from cap_samples import CAP_1_2, NOW, SCHEMAS, changed

from capgateway import cap

INFO = CAP_1_2[CAP_1_2.index("  <info>") : CAP_1_2.index("</alert>")]
ORIGINATOR = "<parameter><valueName>EAS-ORG</valueName><value>CIV</value></parameter>"
WEA = "<parameter><valueName>CMAMtext</valueName><value>Leave</value></parameter>"
IPAWS = (
    CAP_1_2.replace("profile:example", "IPAWSv1.0")
    .replace("    <effective>2026-11-22T10:15:00-06:00</effective>\n    <onset>2026-11-22T10:20:00-06:00</onset>\n", "")
    .replace("    <resource>", f"{ORIGINATOR}{WEA}    <resource>")
)
EVENT = "<eventCode><valueName>profile:CAP-CP:Event:0.4</valueName><value>wildfire</value></eventCode>"
PLACE = "<geocode><valueName>profile:CAP-CP:Location:0.3</valueName><value>1234</value></geocode>"
ENGLISH = (
    INFO.replace("en-US", "en-CA")
    .replace("<eventCode><valueName>SAME</valueName><value>FRW</value></eventCode>", EVENT)
    .replace("<geocode><valueName>SAME</valueName><value>048453</value></geocode>", PLACE)
)
FRENCH = ENGLISH.replace("en-CA", "fr-CA").replace("Wildfire", "Feu").replace("Leave now", "Partez")
CAP_CP = CAP_1_2.replace("profile:example", "profile:CAP-CP:0.4").replace(INFO, ENGLISH + FRENCH)
SHAPES = INFO[INFO.index("      <polygon>") : INFO.index("      <geocode>")]
LIST = "https://govshare.gov.au/xmlui/handle/10772/6495"
CAP_AU = CAP_1_2.replace("profile:example", "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0").replace(
    "<valueName>SAME</valueName><value>FRW", f"<valueName>{LIST}</valueName><value>bushFire"
)


def judged(document: bytes | str, profile: str = "auto") -> cap.Report:
    content = document.encode() if isinstance(document, str) else document
    return cap.validate(cap.parse(content), SCHEMAS, now=NOW, profile=profile)


def rules(document: bytes | str, profile: str = "auto") -> dict[str, str]:
    return {one.rule: one.level for one in judged(document, profile).findings if one.layer == "profile"}


@pytest.mark.parametrize(
    ("document", "profile"), [(IPAWS, "ipaws"), (CAP_CP, "cap-cp"), (CAP_AU, "cap-au"), (CAP_1_2, None)]
)
def test_the_code_chooses_the_profile(document: str, profile: str | None) -> None:
    """And a message that keeps it gets no finding."""
    report = judged(document)
    assert report.profile == profile
    assert report.findings == ()


@pytest.mark.parametrize(
    ("profile", "code"), [("ipaws", "ipaws.code"), ("cap-cp", "cap-cp.code"), ("cap-au", "cap-au.code")]
)
def test_a_profile_can_be_asked_for_or_left_out(profile: str, code: str) -> None:
    """Asked for, the missing code is the first thing to say; `none` says nothing."""
    assert rules(CAP_1_2, profile)[code] == "error"
    assert rules(IPAWS, "none") == {}
    assert judged(IPAWS, "none").profile is None


BROKEN_IPAWS = [
    ("<sent>2026-11-22T10:15:00-06:00", "<sent>2026-11-22T16:15:00-00:00", "ipaws.sent.offset", "info"),
    ("    <expires>2026-11-22T20:15:00-06:00</expires>\n", "", "ipaws.expires", "error"),
    ("<value>FRW<", "<value>frw<", "ipaws.event-code", "error"),
    (
        "<eventCode>",
        "<eventCode><valueName>SAME</valueName><value>CAE</value></eventCode><eventCode>",
        "ipaws.event-code",
        "error",
    ),
    ("<value>048453<", "<value>48453<", "ipaws.geocode", "warning"),
    ("Go west.", " ", "ipaws.texts", "warning"),
    ("<senderName>", "<onset>2026-11-22T10:20:00-06:00</onset><senderName>", None, None),
    ("<value>CIV<", "<value>POLICE<", "ipaws.eas-org", "error"),
    (ORIGINATOR, ORIGINATOR * 2, "ipaws.eas-org", "error"),
    (ORIGINATOR, "", "ipaws.eas-org.missing", "warning"),
    (ORIGINATOR, ORIGINATOR.replace("EAS-ORG", "BLOCKCHANNEL").replace("CIV", "EAS"), None, None),
    (
        ORIGINATOR,
        ORIGINATOR + ORIGINATOR.replace("EAS-ORG", "EAS-STN-ID").replace("CIV", "KUT-FM"),
        "ipaws.eas-stn-id",
        "warning",
    ),
    ("<value>Leave<", f"<value>{'x' * 91}<", "ipaws.wea.text", "error"),
    ("CMAMtext</valueName><value>Leave", "CMAMlongtext</valueName><value>" + "x" * 361, "ipaws.wea.text", "error"),
    ("<expires>2026-11-22T20:15:00", "<expires>2026-11-23T10:15:01", "ipaws.wea.life", "error"),
    ("<expires>2026-11-22T20:15:00", "<expires>2026-11-24T10:15:00", "ipaws.wea.life", "error"),
    ("<polygon>30.1,-97.9", "<polygon>30.1,-97.9" + " 30.1,-97.8" * 100, "ipaws.wea.polygon", "error"),
]


@pytest.mark.parametrize(("old", "new", "rule", "level"), BROKEN_IPAWS)
def test_ipaws_rules(old: str, new: str, rule: str | None, level: str | None) -> None:
    """Broken once, found once. A lifetime of two days is more than 24 hours, which one validator never notices."""
    found = rules(changed(old, new, document=IPAWS))
    found.pop("ipaws.effective", None)
    assert found == ({rule: level} if rule else {})


def test_ipaws_infos_tell_of_one_event() -> None:
    """The Spanish info has the codes of the English one."""
    spanish = (
        IPAWS[IPAWS.index("  <info>") : IPAWS.index("</alert>")].replace("en-US", "es-US").replace("Leave now", "Salga")
    )
    assert rules(IPAWS.replace("</alert>", spanish + "</alert>")) == {}
    assert rules(IPAWS.replace("</alert>", spanish.replace("FRW", "CAE") + "</alert>")) == {"ipaws.info.same": "error"}


def test_ipaws_ignores_times_of_effect() -> None:
    """A remark only."""
    assert rules(CAP_1_2.replace("profile:example", "IPAWSv1.0"))["ipaws.effective"] == "info"


BROKEN_CAP_CP = [
    (ENGLISH + FRENCH, "", "cap-cp.info", "error"),
    ("<language>en-CA</language>", "", "cap-cp.language", "error"),
    (FRENCH, FRENCH.replace("Severe", "Minor"), "cap-cp.languages.equal", "error"),
    (FRENCH, FRENCH.replace("30.2,-97.7 5.5", "30.2,-97.7 6"), "cap-cp.languages.equal", "error"),
    (FRENCH, FRENCH.replace("20:15:00-06:00", "21:15:00-05:00"), None, None),
    (FRENCH, FRENCH.replace("wildfire", "flood"), "cap-cp.event", "error"),
    (ENGLISH, ENGLISH.replace("wildfire", "fire is here too"), "cap-cp.event-code", "error"),
    (FRENCH, "", "cap-cp.bilingual", "info"),
    ("<senderName>Example Agency</senderName>", "", "cap-cp.recommended", "warning"),
    (ENGLISH + FRENCH, (ENGLISH + FRENCH).replace(PLACE, ""), "cap-cp.area.code", "warning"),
    (ENGLISH + FRENCH, (ENGLISH + FRENCH).replace(PLACE, "").replace(SHAPES, ""), "cap-cp.area.shape", "error"),
    (ENGLISH + FRENCH, (ENGLISH + FRENCH).replace(">1234<", ">123<"), "cap-cp.location", "warning"),
]


@pytest.mark.parametrize(("old", "new", "rule", "level"), BROKEN_CAP_CP)
def test_cap_cp_rules(old: str, new: str, rule: str | None, level: str | None) -> None:
    """Broken once, found; a fault in one language also makes it differ from the other."""
    found = rules(changed(old, new, document=CAP_CP))
    assert found.get(rule or "") == level
    assert set(found) <= {rule, "cap-cp.languages.equal", "cap-cp.event", "cap-cp.bilingual"}
    assert rule or not found


def test_cap_cp_marks_have_their_values() -> None:
    """MinorChange belongs into every info of an Update, AutoTranslated is yes or no."""
    mark = "<parameter><valueName>profile:CAP-CP:1.0:MinorChange</valueName><value>text</value></parameter><resource>"
    assert rules(CAP_CP.replace("<resource>", mark)) == {}
    assert rules(CAP_CP.replace("<resource>", mark, 1)) == {"cap-cp.parameter": "warning"}
    assert rules(CAP_CP.replace("<resource>", mark.replace(">text<", ">big<"))) == {"cap-cp.parameter": "warning"}
    assert rules(CAP_CP.replace("<resource>", mark).replace(">Update<", ">Alert<")) == {"cap-cp.parameter": "warning"}


def test_cap_cp_versions_drift() -> None:
    """The national feed says 0.4, one validator demands 1.0; both are the profile."""
    assert rules(CAP_CP.replace("profile:CAP-CP:0.4", "profile:CAP-CP:1.0")) == {}
    assert "cap-cp.code" in rules(CAP_CP.replace("profile:CAP-CP:0.4", "profile:CAP-CP:"))


BROKEN_CAP_AU = [
    (
        INFO.replace("<valueName>SAME</valueName><value>FRW", f"<valueName>{LIST}</valueName><value>bushFire"),
        "",
        "cap-au.info",
        "error",
    ),
    (LIST, "mine", "cap-au.event-code", "error"),
    (LIST, "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:AUeventLIST:1.0", None, None),
    (">Update<", ">Cancel<", "cap-au.effective", "error"),
    (SHAPES, "", "cap-au.recommended", "warning"),
    ("<instruction>Go west.</instruction>", "", "cap-au.recommended", "warning"),
    ("<sender>alerts@agency.example", "<sender>agency", "cap-au.recommended", "warning"),
]


@pytest.mark.parametrize(("old", "new", "rule", "level"), BROKEN_CAP_AU)
def test_cap_au_rules(old: str, new: str, rule: str | None, level: str | None) -> None:
    """Broken once, found once."""
    assert rules(changed(old, new, document=CAP_AU)) == ({rule: level} if rule else {})


def test_cap_au_infos_tell_of_one_event() -> None:
    """Same codes everywhere, same event in one language."""
    info = CAP_AU[CAP_AU.index("  <info>") : CAP_AU.index("</alert>")]
    assert rules(CAP_AU.replace("</alert>", info.replace("Wildfire", "Bush fire") + "</alert>")) == {
        "cap-au.event": "error"
    }
    assert rules(CAP_AU.replace("</alert>", info.replace(">Fire<", ">Met<") + "</alert>")) == {
        "cap-au.info.same": "error"
    }


@pytest.mark.parametrize(
    ("document", "rule"), [(IPAWS, "ipaws.area"), (CAP_CP, "cap-cp.area"), (CAP_AU, "cap-au.area")]
)
def test_every_profile_wants_an_area(document: str, rule: str) -> None:
    """In each info."""
    start, end = document.index("    <area>"), document.index("  </info>")
    assert rules(document[:start] + document[end:])[rule] == "error"

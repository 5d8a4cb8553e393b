"""The profiles: a message that keeps one, and each of its rules broken once."""

from __future__ import annotations

import re

import pytest
from cap_samples import CAP_1_2, NOW, SCHEMAS, changed

from capgateway import cap
from capgateway.cap.catalogue import RULES
from capgateway.cap.profiles.au_events import TERMS

INFO = CAP_1_2[CAP_1_2.index("  <info>") : CAP_1_2.index("</alert>")]
CANADIAN = INFO.replace("30.", "50.")
AUSTRALIAN = INFO.replace("30.", "-33.").replace(",-97.", ",150.")
ORIGINATOR = "<parameter><valueName>EAS-ORG</valueName><value>CIV</value></parameter>"
STATION = ORIGINATOR.replace("EAS-ORG", "EAS-STN-ID").replace("CIV", "KUT-FM")
WEA = "<parameter><valueName>CMAMtext</valueName><value>Leave</value></parameter>"
IPAWS = (
    CAP_1_2.replace("profile:example", "IPAWSv1.0")
    .replace("    <effective>2026-11-22T10:15:00-06:00</effective>\n    <onset>2026-11-22T10:20:00-06:00</onset>\n", "")
    .replace("    <resource>", f"{ORIGINATOR}{WEA}    <resource>")
)
EVENT = "<eventCode><valueName>profile:CAP-CP:Event:0.4</valueName><value>wildfire</value></eventCode>"
PLACE = "<geocode><valueName>profile:CAP-CP:Location:0.3</valueName><value>1234</value></geocode>"
ENGLISH = (
    CANADIAN.replace("en-US", "en-CA")
    .replace("<eventCode><valueName>SAME</valueName><value>FRW</value></eventCode>", EVENT)
    .replace("<geocode><valueName>SAME</valueName><value>048453</value></geocode>", PLACE)
)
FRENCH = (
    ENGLISH.replace("en-CA", "fr-CA")
    .replace("Wildfire", "Feu")
    .replace("Leave now", "Partez")
    .replace("A fire\n  moves east.", "Un feu va vers l'est.")
    .replace("Go west.", "Allez vers l'ouest.")
)
CAP_CP = CAP_1_2.replace("profile:example", "profile:CAP-CP:0.4").replace(INFO, ENGLISH + FRENCH)
LIST = "https://govshare.gov.au/xmlui/handle/10772/6495"
STATE = "http://www.iso.org/iso/country_codes.html</valueName><value>AU-NSW"
BUSH_FIRE = (
    AUSTRALIAN.replace("SAME</valueName><value>FRW", f"{LIST}</valueName><value>bushFire")
    .replace("SAME</valueName><value>048453", STATE)
    .replace("Wildfire", "Bushfire")
)
CAP_AU = CAP_1_2.replace("profile:example", "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0").replace(
    INFO, BUSH_FIRE
)


def shapes(info: str) -> str:
    """The polygon and the circle of a document."""
    return info[info.index("      <polygon>") : info.index("      <geocode>")]


def judged(document: bytes | str, profile: str = "auto") -> cap.Report:
    content = document.encode() if isinstance(document, str) else document
    return cap.validate(cap.parse(content), SCHEMAS, now=NOW, profile=profile)


def rules(document: bytes | str, profile: str = "auto") -> dict[str, str]:
    return {one.rule: one.level for one in judged(document, profile).findings if one.layer == "profile"}


def places(document: bytes | str, rule: str) -> list[str | None]:
    """Where a rule is broken."""
    return [one.xpath for one in judged(document).findings if one.rule == rule]


def message(document: bytes | str, rule: str) -> str:
    """What the only finding of a rule says."""
    (finding,) = (one for one in judged(document).findings if one.rule == rule)
    return finding.message


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


@pytest.mark.parametrize(
    ("document", "old", "new", "rule"),
    [
        (IPAWS, "IPAWSv1.0", "ipawsv1.0", "ipaws.code"),
        (
            CAP_AU,
            "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU",
            "URN:oasis:names:tc:emergency:cap:1.2:profile:cap-au",
            "cap-au.code",
        ),
    ],
)
def test_a_code_in_the_wrong_case_chooses_the_profile(document: str, old: str, new: str, rule: str) -> None:
    """And is told how it is written, at the code."""
    wrong = changed(old, new, document=document)
    assert rules(wrong) == {rule: "error"}
    assert places(wrong, rule) == ["/alert/code[1]"]
    assert f"write `{old}" in message(wrong, rule)


def test_one_profile_is_judged() -> None:
    """Of two codes the first chooses; that the other profile is not looked at is said at its code."""
    both = IPAWS.replace("<code>", "<code>profile:CAP-CP:0.4</code><code>x</code><code>")
    assert judged(both).profile == "cap-cp"
    assert places(both, "profile.second") == ["/alert/code[3]"]
    assert rules(both)["profile.second"] == "info"
    assert "profile.second" not in rules(both, "cap-au")
    assert rules(CAP_CP.replace("<code>", "<code>profile:CAP-CP:1.0</code><code>")) == {}


@pytest.mark.parametrize(
    ("document", "rule", "level"),
    [(IPAWS, "ipaws.version", "warning"), (CAP_CP, "cap-cp.version", "error"), (CAP_AU, "cap-au.version", "error")],
)
def test_the_profiles_are_of_cap_1_2(document: str, rule: str, level: str) -> None:
    """A warning only for IPAWS, whose code real messages of CAP 1.1 carried for years."""
    assert rules(document.replace('cap:1.2">', 'cap:1.1">')) == {rule: level}


BROKEN_IPAWS = [
    ("<sent>2026-11-22T10:15:00-06:00", "<sent>2026-11-22T16:15:00-00:00", "ipaws.sent.offset", "info"),
    ("    <expires>2026-11-22T20:15:00-06:00</expires>\n", "", "ipaws.expires", "error"),
    ("<expires>2026-11-22T20:15:00-06:00", "<expires>2026-11-23T02:15:00-00:00", "ipaws.expires.offset", "info"),
    ("<valueName>SAME</valueName><value>048453", "<valueName>same</valueName><value>048453", None, None),
    ("<value>FRW<", "<value>frw<", "ipaws.event-code", "error"),
    (
        "<eventCode>",
        "<eventCode><valueName>SAME</valueName><value>CAE</value></eventCode><eventCode>",
        "ipaws.event-code",
        "error",
    ),
    ("<value>048453<", "<value>48453<", "ipaws.geocode", "warning"),
    ("Go west.", " ", "ipaws.texts", "warning"),
    ("<value>CIV<", "<value>POLICE<", "ipaws.eas-org", "error"),
    (ORIGINATOR, ORIGINATOR * 2, "ipaws.eas-org", "error"),
    (ORIGINATOR, "", "ipaws.eas-org.missing", "warning"),
    (ORIGINATOR, ORIGINATOR.replace("EAS-ORG", "BLOCKCHANNEL").replace("CIV", "EAS"), None, None),
    (ORIGINATOR, ORIGINATOR.replace("EAS-ORG", "BlockChannel").replace("CIV", "eas"), None, None),
    (ORIGINATOR, ORIGINATOR + STATION, "ipaws.eas-stn-id", "warning"),
    ("<value>Leave<", f"<value>{'x' * 91}<", "ipaws.wea.text", "error"),
    ("CMAMtext</valueName><value>Leave", "CMAMlongtext</valueName><value>" + "x" * 361, "ipaws.wea.text", "error"),
    ("<expires>2026-11-22T20:15:00", "<expires>2026-11-23T10:15:01", "ipaws.wea.life", "error"),
    ("<expires>2026-11-22T20:15:00", "<expires>2026-11-24T10:15:00", "ipaws.wea.life", "error"),
    ("<polygon>30.1,-97.9", "<polygon>30.1,-97.9" + " 30.1,-97.8" * 100, "ipaws.wea.polygon", "error"),
]


@pytest.mark.parametrize(("old", "new", "rule", "level"), BROKEN_IPAWS)
def test_ipaws_rules(old: str, new: str, rule: str | None, level: str | None) -> None:
    """Broken once, found once. A lifetime of two days is more than 24 hours, which one validator never notices."""
    assert rules(changed(old, new, document=IPAWS)) == ({rule: level} if rule else {})


def test_ipaws_infos_tell_of_one_event() -> None:
    """The Spanish info has the codes of the English one."""
    spanish = (
        IPAWS[IPAWS.index("  <info>") : IPAWS.index("</alert>")].replace("en-US", "es-US").replace("Leave now", "Salga")
    )
    assert rules(IPAWS.replace("</alert>", spanish + "</alert>")) == {}
    other = IPAWS.replace("</alert>", spanish.replace("FRW", "CAE") + "</alert>")
    assert rules(other) == {"ipaws.info.same": "error"}
    assert places(other, "ipaws.info.same") == ["/alert/info[2]"]
    assert "in eventCodes;" in message(other, "ipaws.info.same")
    assert rules(IPAWS.replace("</alert>", spanish.replace("SAME", "same") + "</alert>")) == {}


def test_ipaws_ignores_times_of_effect() -> None:
    """A remark only, at the time."""
    timed = CAP_1_2.replace("profile:example", "IPAWSv1.0")
    assert rules(timed)["ipaws.effective"] == "info"
    assert places(timed, "ipaws.effective") == ["/alert/info[1]/effective", "/alert/info[1]/onset"]


@pytest.mark.parametrize(
    ("old", "new", "rule", "place"),
    [
        (">FRW<", ">frw<", "ipaws.event-code", "eventCode[1]/value"),
        ("<eventCode>", "<eventCode><valueName>SAME</valueName><value>CAE</value></eventCode><eventCode>", "ipaws.event-code", "eventCode[2]"),
        (">CIV<", ">POLICE<", "ipaws.eas-org", "parameter[2]/value"),
        (ORIGINATOR, ORIGINATOR * 2, "ipaws.eas-org", "parameter[3]"),
        (WEA, WEA + STATION, "ipaws.eas-stn-id", "parameter[4]/value"),
        ("<value>Leave<", f"<value>{'x' * 91}<", "ipaws.wea.text", "parameter[3]/value"),
    ],
)  # fmt: skip
def test_ipaws_finds_the_value(old: str, new: str, rule: str, place: str) -> None:
    """Not only the info that holds it."""
    assert places(changed(old, new, document=IPAWS), rule) == [f"/alert/info[1]/{place}"]


BROKEN_CAP_CP = [
    (ENGLISH + FRENCH, "", "cap-cp.info", "error"),
    ("<language>en-CA</language>", "", "cap-cp.language", "error"),
    (FRENCH, FRENCH.replace("Severe", "Minor"), "cap-cp.languages.equal", "error"),
    (FRENCH, FRENCH.replace("50.2,-97.7 5.5", "50.2,-97.7 6"), "cap-cp.languages.equal", "error"),
    (FRENCH, FRENCH.replace("20:15:00-06:00", "21:15:00-05:00"), None, None),
    (FRENCH, FRENCH.replace("wildfire", "flood"), "cap-cp.event", "error"),
    (ENGLISH, ENGLISH.replace("wildfire", "fire is here too"), "cap-cp.event-code", "error"),
    (FRENCH, "", "cap-cp.bilingual", "info"),
    ("<senderName>Example Agency</senderName>", "", "cap-cp.recommended", "warning"),
    (ENGLISH + FRENCH, (ENGLISH + FRENCH).replace(PLACE, ""), "cap-cp.area.code", "warning"),
    (
        ENGLISH + FRENCH,
        (ENGLISH + FRENCH).replace(PLACE, "").replace(shapes(ENGLISH), ""),
        "cap-cp.area.shape",
        "error",
    ),
    (ENGLISH + FRENCH, (ENGLISH + FRENCH).replace(">1234<", ">123<"), "cap-cp.location", "warning"),
]


def test_a_message_that_is_kept_from_wea_need_not_keep_its_limits() -> None:
    """Of its texts it still holds what they are for."""
    polygon = "<polygon>30.1,-97.9" + " 30.1,-97.8" * 100
    document = IPAWS.replace("<polygon>30.1,-97.9", polygon).replace("<expires>2026-11-22T20", "<expires>2026-11-24T20")
    blocked = document.replace(
        ORIGINATOR, ORIGINATOR.replace("EAS-ORG", "BLOCKCHANNEL").replace("CIV", "CMAS") + ORIGINATOR
    )
    assert {"ipaws.wea.life", "ipaws.wea.polygon"} <= set(rules(document))
    assert not {"ipaws.wea.life", "ipaws.wea.polygon"} & set(rules(blocked))
    assert "ipaws.wea.text" in rules(blocked.replace("<value>Leave<", f"<value>{'x' * 91}<"))


def test_wea_counts_the_points_that_are_written() -> None:
    """One that only closes the ring is not."""
    ring = " ".join(f"30.{number:02},-97.{number % 2}" for number in range(100))
    document = IPAWS.replace(IPAWS[IPAWS.index("<polygon>") : IPAWS.index("</polygon>")], f"<polygon>{ring}")
    assert "ipaws.wea.polygon" not in rules(document)
    assert "ipaws.wea.polygon" in rules(document.replace(ring, f"{ring} 31,-97"))


def test_a_heartbeat_is_no_message_of_the_profile() -> None:
    """The network speaks to itself, with no info and with references only."""
    heartbeat = CAP_CP.replace(ENGLISH + FRENCH, "").replace(">Actual<", ">System<")
    assert rules(heartbeat) == {}
    assert rules(heartbeat.replace("profile:CAP-CP:0.4", "x"), profile="cap-cp") == {}


@pytest.mark.parametrize(("old", "new", "rule", "level"), BROKEN_CAP_CP)
def test_cap_cp_rules(old: str, new: str, rule: str | None, level: str | None) -> None:
    """Broken once, found; a fault in one language also makes it differ from the other."""
    found = rules(changed(old, new, document=CAP_CP))
    assert found.get(rule or "") == level
    assert set(found) <= {rule, "cap-cp.languages.equal", "cap-cp.event", "cap-cp.bilingual"}
    assert rule or not found


RING = "50.1,-97.9 50.1,-97.5 50.5,-97.5 50.1,-97.9"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (RING, "\n50.1,-97.9  50.1,-97.5\n50.5,-97.5 50.1,-97.9 "),
        (RING, "50.10,-97.90 50.1,-97.50 50.5,-97.5 50.1,-97.9"),
        (RING, "50.1,-97.9 50.1,-97.5 50.5,-97.5"),
        ("50.2,-97.7 5.5", "50.20,-97.7  5.50"),
        ("profile:CAP-CP:Location", "PROFILE:cap-cp:location"),
        ("<value>wildfire", "<value>WildFire"),
        ("2000.5</ceiling>", "2000.50</ceiling>"),
        ("    <effective>2026-11-22T10:15:00-06:00</effective>\n", ""),
        ("20:15:00-06:00", "21:15:00-05:00"),
        ("<category>Fire</category>", "<category>Fire</category><category>Fire</category>"),
    ],
)
def test_cap_cp_languages_may_be_written_differently(old: str, new: str) -> None:
    """What means the same is equal: C-06 is about what people are told."""
    assert "cap-cp.languages.equal" not in rules(CAP_CP.replace(FRENCH, changed(old, new, document=FRENCH).decode()))


def test_cap_cp_languages_may_be_cut_differently() -> None:
    """One info with two areas says as much as two infos with one each; one of them alone does not."""
    area = FRENCH[FRENCH.index("    <area>") : FRENCH.index("  </info>")]
    other = area.replace("50.", "51.")
    english = ENGLISH.replace(area, area + other)
    french = FRENCH + FRENCH.replace(area, other)
    assert rules(CAP_CP.replace(ENGLISH + FRENCH, english + french)) == {}
    for less in (CAP_CP.replace(ENGLISH, english), CAP_CP.replace(FRENCH, french)):
        assert places(less, "cap-cp.languages.equal")
        assert "in areas;" in message(less, "cap-cp.languages.equal")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("Severe", "Minor", "severity"),
        (">Fire<", ">Met<", "categories"),
        ("Evacuate", "Shelter", "responseTypes"),
        ("50.2,-97.7 5.5", "50.2,-97.7 6", "areas"),
        ("2000.5</ceiling>", "9000</ceiling>", "areas"),
        ("<onset>2026-11-22T10:20", "<onset>2026-11-22T10:21", "onset"),
    ],
)
def test_cap_cp_says_what_differs(old: str, new: str, field: str) -> None:
    """Which info, and which of its fields."""
    document = CAP_CP.replace(FRENCH, FRENCH + FRENCH.replace(old, new))
    assert places(document, "cap-cp.languages.equal") == ["/alert/info[3]"]
    assert message(document, "cap-cp.languages.equal").startswith(
        f"The info in fr-CA differs from that in en-CA in {field};"
    )


def test_cap_cp_finds_the_value() -> None:
    """Of an event code and of a location."""
    flood = CAP_CP.replace(FRENCH, FRENCH.replace("wildfire", "flood"))
    assert places(flood, "cap-cp.event") == ["/alert/info[2]/eventCode[1]/value"]
    assert (
        places(CAP_CP.replace("wildfire", "fire is here"), "cap-cp.event-code")[0]
        == "/alert/info[1]/eventCode[1]/value"
    )
    assert places(CAP_CP.replace(">1234<", ">123<"), "cap-cp.location")[1] == "/alert/info[2]/area[1]/geocode[1]/value"


@pytest.mark.parametrize(("kind", "says"), [("Alert", "what happened"), ("Update", "present"), ("Cancel", "has ended")])
def test_cap_cp_wants_an_info_by_type(kind: str, says: str) -> None:
    """An Alert is not told that it ends one."""
    document = CAP_CP.replace(ENGLISH + FRENCH, "").replace(">Update<", f">{kind}<")
    assert says in message(document, "cap-cp.info")


def test_cap_cp_compares_the_language_itself() -> None:
    """Frisian begins like French."""
    assert rules(CAP_CP.replace("fr-CA", "fry")) == {"cap-cp.bilingual": "info"}
    assert rules(CAP_CP.replace("fr-CA", "FR")) == {}


def test_cap_cp_marks_have_their_values() -> None:
    """MinorChange belongs into every info of an Update, AutoTranslated is yes or no."""
    mark = "<parameter><valueName>profile:CAP-CP:1.0:MinorChange</valueName><value>text</value></parameter><resource>"
    assert rules(CAP_CP.replace("<resource>", mark)) == {}
    assert rules(CAP_CP.replace("<resource>", mark, 1)) == {"cap-cp.parameter": "warning"}
    assert rules(CAP_CP.replace("<resource>", mark.replace(">text<", ">big<"))) == {"cap-cp.parameter": "warning"}
    assert rules(CAP_CP.replace("<resource>", mark).replace(">Update<", ">Alert<")) == {"cap-cp.parameter": "warning"}
    other = CAP_CP.replace("<resource>", mark.replace(">text<", ">other<"))
    assert rules(other) == {}
    assert rules(other.replace("<note>A note</note>", "<note> </note>"))["cap-cp.parameter"] == "warning"


def test_cap_cp_versions_drift() -> None:
    """The national feed says 0.4, one validator demands 1.0; both are the profile."""
    assert rules(CAP_CP.replace("profile:CAP-CP:0.4", "profile:CAP-CP:1.0")) == {}
    assert "cap-cp.code" in rules(CAP_CP.replace("profile:CAP-CP:0.4", "profile:CAP-CP:"))


BROKEN_CAP_AU = [
    (BUSH_FIRE, "", "cap-au.info", "error"),
    (LIST, "mine", "cap-au.event-code", "error"),
    (LIST, "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:AUeventLIST:1.0", "cap-au.event-code.urn", "info"),
    (">Update<", ">Cancel<", "cap-au.effective", "error"),
    ("<instruction>Go west.</instruction>", "", "cap-au.recommended", "warning"),
    ("<instruction>Go west.</instruction>", "<instruction> </instruction>", "cap-au.recommended", "warning"),
    (STATE, "SAME</valueName><value>048453", "cap-au.recommended", "warning"),
    (STATE, "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:ISO3166-2</valueName><value>AU-NSW", None, None),
    (">bushFire<", ">notAnEvent<", "cap-au.event-code", "error"),
    (">bushFire<", ">bushfire<", "cap-au.event-code", "error"),
    ("<event>Bushfire<", "<event>Bananas<", "cap-au.event", "error"),
    ("<event>Bushfire<", "<event>Fire<", None, None),
    ("<event>Bushfire<", "<event>\n  Bushfire <", None, None),
    ("<sender>alerts@agency.example", "<sender>agency", "cap-au.recommended", "warning"),
]


@pytest.mark.parametrize(("old", "new", "rule", "level"), BROKEN_CAP_AU)
def test_cap_au_rules(old: str, new: str, rule: str | None, level: str | None) -> None:
    """Broken once, found once."""
    assert rules(changed(old, new, document=CAP_AU)) == ({rule: level} if rule else {})


def test_cap_au_infos_tell_of_one_event() -> None:
    """Same codes everywhere, same event in one language."""
    info = CAP_AU[CAP_AU.index("  <info>") : CAP_AU.index("</alert>")]
    assert rules(CAP_AU.replace("</alert>", info.replace("Bushfire", "Fire") + "</alert>")) == {"cap-au.event": "error"}
    other = CAP_AU.replace("</alert>", info.replace(">Fire<", ">Met<") + "</alert>")
    assert rules(other) == {"cap-au.info.same": "error"}
    assert places(other, "cap-au.info.same") == ["/alert/info[2]"]


def test_cap_au_codes_are_those_of_the_list() -> None:
    """176 rows with 175 codes, for `water` is in two of them; the case is the list's, which the finding tells."""
    assert len(TERMS) == 175
    assert TERMS["bushFire"] == ("Fire", "Bushfire")
    for term in ("Utility", "Water Supply", "Water quality"):
        assert rules(CAP_AU.replace("bushFire", "water").replace("Bushfire", term)) == {}
    wrong = CAP_AU.replace("bushFire", "bushfire")
    assert places(wrong, "cap-au.event-code") == ["/alert/info[1]/eventCode[1]/value"]
    assert "write `bushFire`" in message(wrong, "cap-au.event-code")
    assert places(CAP_AU.replace(">Bushfire<", ">Bananas<"), "cap-au.event") == ["/alert/info[1]/event"]


def test_cap_au_terms_are_english() -> None:
    """Other languages have their own words."""
    assert rules(CAP_AU.replace("en-US", "it-AU").replace("Bushfire", "Incendio")) == {}


@pytest.mark.parametrize(
    ("document", "old", "new", "rule"),
    [(IPAWS, "-97.", "97.", "ipaws.abroad"), (CAP_CP, ",-97.", ",97.", "cap-cp.abroad"), (CAP_AU, "-33.", "33.", "cap-au.abroad")],
)  # fmt: skip
def test_a_shape_lies_in_its_country(document: str, old: str, new: str, rule: str) -> None:
    """One warning a shape, and only when none lies there: a sender who lost a minus lost it everywhere."""
    assert rules(document.replace(old, new)) == {rule: "warning"}
    assert places(document.replace(old, new), rule)[:2] == [
        f"/alert/info[1]/area[1]/{shape}" for shape in ("polygon[1]", "circle[1]")
    ]
    assert rule not in rules(document.replace(old, new, 4))


@pytest.mark.parametrize("circle", ["13.4,144.8 5", "-14.3,-170.7 5", "18.2,-66.5 5", "52.8,173.2 5", "61.2,-150 5"])
def test_the_territories_of_the_united_states_are_home(circle: str) -> None:
    """Guam, American Samoa, Puerto Rico, Attu, Anchorage."""
    document = IPAWS.replace(shapes(IPAWS), f"<circle>{circle}</circle>")
    assert rules(document) == {}


def test_exchanged_coordinates_are_suspected() -> None:
    """Where they are on the globe either way, in eastern Canada; text that is no shape says nothing."""
    shape = shapes(ENGLISH)
    east = CAP_CP.replace(shape, "<circle>-75.7,45.4 5</circle>")
    assert rules(east) == {"cap-cp.abroad": "warning"}
    assert all("with latitude and longitude exchanged" in one.message for one in judged(east).findings)
    assert rules(CAP_CP.replace(shape, "<circle>45.4,-75.7 5</circle>")) == {}
    assert "cap-cp.abroad" not in rules(CAP_CP.replace(shape, "<circle>there</circle><polygon>\u00a0</polygon>"))


@pytest.mark.parametrize(
    ("document", "rule"), [(IPAWS, "ipaws.area"), (CAP_CP, "cap-cp.area"), (CAP_AU, "cap-au.area")]
)
def test_every_profile_wants_an_area(document: str, rule: str) -> None:
    """In each info."""
    start, end = document.index("    <area>"), document.index("  </info>")
    assert rules(document[:start] + document[end:])[rule] == "error"


def test_cap_cp_names_every_field_that_differs() -> None:
    """Areas too, although others differ as well, and whichever language says more."""
    french = (
        FRENCH.replace("Immediate", "Expected").replace("20:15:00-06:00", "21:15:00-06:00").replace(">1234<", ">1235<")
    )
    assert "in urgency, expires, areas;" in message(CAP_CP.replace(FRENCH, french), "cap-cp.languages.equal")
    shapeless = FRENCH.replace("Severe", "Minor").replace(shapes(FRENCH), "")
    assert "in severity, areas;" in message(CAP_CP.replace(FRENCH, shapeless), "cap-cp.languages.equal")


@pytest.mark.parametrize(
    ("document", "old", "new", "rule", "count"),
    [
        (IPAWS, ORIGINATOR, ORIGINATOR + ORIGINATOR.replace("CIV", "XYZ"), "ipaws.eas-org", 2),
        (IPAWS, ORIGINATOR, ORIGINATOR + STATION + STATION.replace("KUT-FM", "A+B"), "ipaws.eas-stn-id", 3),
        (IPAWS, "<value>FRW</value></eventCode>", "<value>fire</value></eventCode><eventCode><valueName>SAME</valueName><value>x</value></eventCode>", "ipaws.event-code", 3),
        (CAP_CP, EVENT, EVENT + EVENT.replace("wildfire", "a b"), "cap-cp.event-code", 2),
        (CAP_AU, "<value>bushFire</value></eventCode>", f"<value>bushFire</value></eventCode><eventCode><valueName>{LIST}</valueName><value>nothing</value></eventCode>", "cap-au.event-code", 2),
    ],
)  # fmt: skip
def test_a_value_too_many_does_not_hide_that_it_is_wrong(
    document: str, old: str, new: str, rule: str, count: int
) -> None:
    """Both faults are found in one pass."""
    assert len(places(document.replace(old, new), rule)) == count


def test_a_mark_may_be_wrong_in_several_ways() -> None:
    """Its value, its number, and its place in an Alert."""
    mark = "<parameter><valueName>profile:CAP-CP:0.4:MinorChange</valueName><value>big</value></parameter>"
    document = CAP_CP.replace("<resource>", mark * 2 + "<resource>").replace(">Update<", ">Alert<")
    found = [one.message for one in judged(document).findings if one.rule == "cap-cp.parameter"]
    assert len(found) == 2 * 5
    assert any("more than one MinorChange" in one for one in found)


@pytest.mark.parametrize(
    ("document", "rule", "double"),
    [(IPAWS, "ipaws.area", "cap.area.missing"), (CAP_CP, "cap-cp.area", "cap.area.missing"), (CAP_AU, "cap-au.area", "cap.area.missing")],
)  # fmt: skip
def test_what_a_profile_demands_is_not_advised_as_well(document: str, rule: str, double: str) -> None:
    """One fault, one finding: the error of the profile, not the warning of the standard beside it."""
    without = re.sub("    <area>.*?</area>\n", "", document, flags=re.DOTALL)
    found = [one.rule for one in judged(without).findings]
    assert rule in found
    assert double not in found
    assert double in [one.rule for one in judged(without, "none").findings]


def test_an_empty_code_is_one_fault() -> None:
    """The profile's error, without the warning that the pair is empty."""
    document = IPAWS.replace("<value>FRW</value>", "<value/>")
    assert [(one.rule, one.level) for one in judged(document).findings] == [("ipaws.event-code", "error")]


def test_wea_limits_are_for_messages_with_a_parameter_of_wea() -> None:
    """Whether another one is meant for WEA would be a guess."""
    long = IPAWS.replace("2026-11-22T20:15:00", "2026-11-24T20:15:00")
    assert rules(long) == {"ipaws.wea.life": "error"}
    assert rules(long.replace(WEA, "")) == {}
    assert all(
        name in RULES["ipaws.wea.life"].why for name in ("CMAMtext", "CMAMlongtext", "WEAHandling", "BLOCKCHANNEL")
    )

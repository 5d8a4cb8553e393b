"""The standard's rules: each is broken once, found at its place, and silent where others cry wolf."""

from __future__ import annotations

import base64
import hashlib
import re
import textwrap

import pytest
from cap_samples import CAP_1_0, CAP_1_1, CAP_1_2, changed, judged, rules, the_finding

from capgateway import cap

REFERENCES = "<references>alerts@agency.example,TX-2026-0041,2026-11-22T09:15:00-06:00</references>"
INFO = CAP_1_2[CAP_1_2.index("  <info>") : CAP_1_2.index("</alert>")]
AREA = CAP_1_2[CAP_1_2.index("    <area>") : CAP_1_2.index("  </info>")]
RESOURCE = "/alert/info[1]/resource[1]"
AREA_PATH = "/alert/info[1]/area[1]"

#: What is exchanged, the rule that this breaks, its level, and where it is found.
BROKEN = [
    (">TX-2026-0042<", "><", "cap.identifier.characters", "error", "/alert/identifier"),
    ("TX-2026-0042", "TX 2026", "cap.identifier.characters", "error", "/alert/identifier"),
    ("TX-2026-0042", " TX-2026-0042", "cap.identifier.characters", "error", "/alert/identifier"),
    ("TX-2026-0042", "TX,2026", "cap.identifier.characters", "error", "/alert/identifier"),
    ("TX-2026-0042", "TX&amp;2026", "cap.identifier.characters", "error", "/alert/identifier"),
    ("TX-2026-0042", "TX\u00a02026", "cap.identifier.characters", "error", "/alert/identifier"),
    (REFERENCES, "", "cap.references.missing", "error", "/alert"),
    (REFERENCES, "<references> </references>", "cap.references.missing", "error", "/alert/references"),
    ("TX-2026-0041,", "", "cap.references.form", "error", "/alert/references"),
    ("09:15:00-06:00</ref", "09:15:00Z</ref", "cap.references.form", "error", "/alert/references"),
    ("09:15:00-06:00</ref", "25:15:00-06:00</ref", "cap.references.form", "error", "/alert/references"),
    ("TX-2026-0041,2026-11-22T09", "TX-2026-0042,2026-11-22T10", "cap.references.self", "error", "/alert/references"),
    (
        "2026-11-22T09:15:00-06:00</ref",
        "2026-11-22T09:15:00-08:00</ref",
        "cap.references.later",
        "error",
        "/alert/references",
    ),
    ("<references>alerts", "<references>others", "cap.references.sender", "warning", "/alert/references"),
    ("<scope>Public", "<scope>Restricted", "cap.restriction.missing", "error", "/alert"),
    (
        "<scope>Public</scope>",
        "<scope>Public</scope><restriction>staff</restriction>",
        "cap.restriction.scope",
        "warning",
        "/alert/restriction",
    ),
    ("<scope>Public</scope>", "<scope>Public</scope><restriction/><addresses/>", None, None, None),
    ("<scope>Public", "<scope>Private", "cap.addresses.missing", "error", "/alert"),
    (REFERENCES, REFERENCES.replace("</", ",</"), "cap.references.form", "error", "/alert/references"),
    ("09:15:00-06:00</ref", "09:15:00+15:00</ref", "cap.references.form", "error", "/alert/references"),
    ("09:15:00-06:00</ref", "15:15:00+00:00</ref", "cap.time.utc", "warning", "/alert/references"),
    ("<code>", '<addresses>"</addresses><code>', "cap.addresses.quotes", "error", "/alert/addresses"),
    ('lake "big fire"', '"', "cap.incidents.quotes", "error", "/alert/incidents"),
    ("<code>", '<addresses>"a b c</addresses><code>', "cap.addresses.quotes", "error", "/alert/addresses"),
    ('"big fire"', '"big fire', "cap.incidents.quotes", "error", "/alert/incidents"),
    ("Wildfire", " ", "cap.event.empty", "error", "/alert/info[1]/event"),
    ("Evacuate", "Assess", "cap.response-type.assess", "warning", "/alert/info[1]/responseType[1]"),
    ("Leave now", "x" * 161, "cap.headline.length", "info", "/alert/info[1]/headline"),
    ("Leave now", "x" * 160, None, None, None),
    ("https://agency.example/fire", "www.agency.example", "cap.web.absolute", "error", "/alert/info[1]/web"),
    ("https://agency.example/fire", "https:", "cap.web.absolute", "error", "/alert/info[1]/web"),
    ("https://agency.example/fire", "", "cap.uri.empty", "error", "/alert/info[1]/web"),
    ("<uri>https://agency.example/map.png", "<uri>", "cap.uri.empty", "error", RESOURCE + "/uri"),
    ("aGVsbG8=", "", "cap.uri.empty", "error", RESOURCE + "/derefUri"),
    ("https://agency.example/fire", "https://:80/", "cap.web.absolute", "error", "/alert/info[1]/web"),
    ("https://agency.example/fire", "https://user@/", "cap.web.absolute", "error", "/alert/info[1]/web"),
    ("https://agency.example/fire", "https://me@[::1]:80/a?b#c", None, None, None),
    ("A note", "&lt;br&gt;", "cap.text.markup", "warning", "/alert/note"),
    ("Example County", "&lt;!-- x --&gt;", "cap.text.markup", "warning", AREA_PATH + "/areaDesc"),
    (
        "<value>4</value>",
        "<value>a&amp;nbsp;b</value>",
        "cap.text.markup",
        "warning",
        "/alert/info[1]/parameter[1]/value",
    ),
    ("Go west.", "&lt;John&gt; said", None, None, None),
    ("Go west.", "Go &lt;b&gt;west&lt;/b&gt;.", "cap.text.markup", "warning", "/alert/info[1]/instruction"),
    ("Go west.", "Fish &amp;amp; chips", "cap.text.markup", "warning", "/alert/info[1]/instruction"),
    ("Go west.", "Fish &amp; chips, wind &lt; 5 &gt; 3", None, None, None),
    ("<value>4</value>", "<value/>", "cap.pair.empty", "warning", "/alert/info[1]/parameter[1]"),
    (
        "<valueName>SAME</valueName><value>048453",
        "<valueName>S.A.M.E.</valueName><value>048453",
        "cap.value-name.acronym",
        "warning",
        AREA_PATH + "/geocode[1]/valueName",
    ),
    (
        "<valueName>SAME",
        "<valueName>same",
        "cap.value-name.acronym",
        "warning",
        "/alert/info[1]/eventCode[1]/valueName",
    ),
    ("<resourceDesc>Map", "<resourceDesc>", "cap.resource-desc.empty", "error", RESOURCE + "/resourceDesc"),
    ("image/png", "", "cap.mime-type.form", "error", RESOURCE + "/mimeType"),
    ("<uri>https://agency.example/map.png", "<uri>C:\\map.png", None, None, None),
    ("image/png", "picture", "cap.mime-type.form", "error", RESOURCE + "/mimeType"),
    ("image/png", "text/html; charset=utf-8", None, None, None),
    ("<size>5", "<size>-5", "cap.size.range", "warning", RESOURCE + "/size"),
    ("<size>5", "<size>" + "5" * 5_000, "cap.size.range", "warning", RESOURCE + "/size"),
    ("<size>5", "<size>" + "5" * 30, "cap.size.range", "warning", RESOURCE + "/size"),
    ("aGVsbG8=", "hello!", "cap.deref-uri.base64", "error", RESOURCE + "/derefUri"),
    ("aGVsbG8=", "aGVs\n bG8=", None, None, None),
    ("aaf4c61d", "00000000", "cap.digest.mismatch", "warning", RESOURCE + "/digest"),
    ("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "qvTGHdzF6KLavt4PO0gs2a6pQ00=", None, None, None),
    ("aaf4c61d", "", "cap.digest.form", "warning", RESOURCE + "/digest"),
    ("<areaDesc>Example County", "<areaDesc> ", "cap.area-desc.empty", "error", AREA_PATH + "/areaDesc"),
    ("<altitude>100</altitude>", "", "cap.ceiling.altitude", "error", AREA_PATH + "/ceiling"),
    ("2000.5", "99.5", "cap.ceiling.altitude", "error", AREA_PATH + "/ceiling"),
    ("2000.5", "100.0", None, None, None),
    ("<altitude>100", "<altitude>-100", None, None, None),
    (AREA, "", "cap.area.missing", "warning", "/alert/info[1]"),
]


@pytest.mark.parametrize(("old", "new", "rule", "level", "place"), BROKEN)
def test_one_fault_gives_one_finding(
    old: str, new: str, rule: str | None, level: str | None, place: str | None
) -> None:
    """Nothing else is said, and where the rule is no rule at all, nothing."""
    found = [(one.rule, one.level, one.xpath) for one in judged(changed(old, new)).findings]
    assert found == ([(rule, level, place)] if rule else [])


@pytest.mark.parametrize("kind", ["Alert", "Update"])
def test_a_message_that_tells_nothing_is_told(kind: str) -> None:
    """An Alert needs an info; a Cancel, Ack or System message does not."""
    document = changed("<msgType>Update", f"<msgType>{kind}").decode().replace(INFO, "")
    assert rules(document) == {"cap.info.missing"}
    assert rules(document.replace(">Actual<", ">System<")) == set()
    assert rules(document.replace(f">{kind}<", ">Cancel<")) == set()


@pytest.mark.parametrize(
    ("old", "new", "rule"), [(">Actual<", ">Exercise<", "cap.note.exercise"), (">Update<", ">Error<", "cap.note.error")]
)
def test_exercises_and_errors_explain_themselves_in_note(old: str, new: str, rule: str) -> None:
    """With a note there is nothing to say, without one a warning."""
    document = changed(old, new).decode()
    assert rules(document) == set()
    assert the_finding(document.replace("A note", " "), rule).level == "warning"


@pytest.mark.parametrize("kind", ["Update", "Cancel", "Ack", "Error"])
def test_whatever_answers_a_message_must_name_it(kind: str) -> None:
    """Only a first Alert has nothing to refer to."""
    document = changed("<msgType>Update", f"<msgType>{kind}").decode().replace(REFERENCES, "")
    assert rules(document) == {"cap.references.missing"}
    assert rules(document.replace(f">{kind}<", ">Alert<")) == set()


@pytest.mark.parametrize("sender", ["", "al erts@agency.example", "a,b", "a&lt;b", "a&amp;b"])
def test_a_sender_can_be_referred_to(sender: str) -> None:
    """The same characters are barred as in an identifier."""
    document = changed("<sender>alerts@agency.example", f"<sender>{sender}")
    assert the_finding(document, "cap.sender.characters").level == "error"


def test_references_are_apart_by_any_white_space() -> None:
    """New lines and tabs too; a validator that splits at single blanks fails here."""
    first = REFERENCES[len("<references>") : -len("</references>")]
    assert rules(changed(first, f"\n\t{first}\n  {first.replace('0041', '0040')}\n")) == set()


def test_references_apart_by_an_unusual_blank_are_read_and_told() -> None:
    """To lose one would leave a cancelled alert on display."""
    document = changed(
        REFERENCES, REFERENCES.replace("</", "&#xA0;alerts@agency.example,A,2026-11-22T09:15:00-06:00</")
    )
    alert = cap.parse(document).alert
    assert alert is not None
    assert [item.identifier for item in alert.references] == ["TX-2026-0041", "A"]
    assert rules(document) == {"cap.blank.unusual"}


@pytest.mark.parametrize(("old", "rule"), [("<web>", "cap.web.absolute"), ("<uri>", "cap.uri.absolute")])
def test_a_blank_in_a_uri_is_one_finding(old: str, rule: str) -> None:
    """Whether the schema refuses it as well or not: two addresses it does, a blank in a path it does not."""
    document = changed(old, f"{old}https://agency.example/a b ").replace(b"<derefUri>aGVsbG8=</derefUri>", b"")
    two = document.replace(b"/a b ", b" ")
    for blank in (document, two):
        (finding,) = judged(blank).findings
        assert "%20" in finding.message
    relative = document.replace(b"https://agency.example/a b https://agency.example/", b"")
    assert "%20" not in the_finding(relative, rule).message


@pytest.mark.parametrize("name", ["web", "uri", "derefUri"])
def test_an_empty_address_is_to_be_left_out(name: str) -> None:
    """The three are alike; a resource with nothing else gets no second finding."""
    document = re.sub(f"<{name}>.*</{name}>", f"<{name}/>", CAP_1_2)
    finding = the_finding(document, "cap.uri.empty")
    assert rules(document) == {"cap.uri.empty"} | ({"cap.digest.mismatch"} & rules(document))
    assert finding.level == "error"
    assert "leave the element out" in finding.message
    both = re.sub("<(uri|derefUri)>.*</(uri|derefUri)>", r"<\1/>", CAP_1_2)
    assert rules(both) == {"cap.uri.empty"}


def test_a_self_reference_is_known_by_its_moment() -> None:
    """Producers rewrite offsets: 16:15 in UTC is 10:15 in Texas."""
    document = changed("TX-2026-0041,2026-11-22T09:15:00-06:00", "TX-2026-0042,2026-11-22T16:15:00-00:00")
    assert rules(document) == {"cap.references.self"}


def test_digits_are_a_sender() -> None:
    """IPAWS senders are no e-mail addresses."""
    assert rules(CAP_1_2.replace("alerts@agency.example", "200032")) == set()


def test_a_relative_uri_names_the_file_in_deref_uri() -> None:
    """Without the file it points nowhere."""
    document = changed("https://agency.example/map.png", "map.png").decode()
    assert rules(document) == set()
    document = document.replace("<derefUri>aGVsbG8=</derefUri>", "")
    assert rules(document) == {"cap.uri.absolute"}


@pytest.mark.parametrize("uri", ["a.jpg", "https://", "https:///x", "http:a", "C:\\x.jpg"])
@pytest.mark.parametrize("deref_uri", ["", "<derefUri> </derefUri>"])
def test_a_uri_stands_alone_only_when_it_is_absolute(uri: str, deref_uri: str) -> None:
    """A blank derefUri holds no file that a relative one could name."""
    document = changed("      <derefUri>aGVsbG8=</derefUri>\n", deref_uri).replace(
        b"https://agency.example/map.png", uri.encode()
    )
    assert the_finding(document, "cap.uri.absolute").level == "error"


@pytest.mark.parametrize("uri", ["http://" + "a" * 500_000 + " b", "a" * 500_000, "http://" + "a@" * 200_000])
def test_a_uri_may_be_as_long_as_it_likes(uri: str) -> None:
    """It is looked at once, not once more for each of its characters."""
    found = judged(changed("https://agency.example/map.png", uri).replace(b"<derefUri>aGVsbG8=</derefUri>", b""))
    assert ("cap.uri.absolute" in {finding.rule for finding in found.findings}) == ("@" not in uri)


def test_a_private_message_names_someone() -> None:
    """An empty name in quotes is nobody."""
    document = changed("<scope>Public</scope>", '<scope>Private</scope><addresses>""</addresses>')
    assert "cap.addresses.missing" in rules(document)


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        ("TX-2026-0042/alerts@agency.example", "cap.references.self"),
        ("I,D/alerts@agency.example", "cap.references.form"),
        ("I&amp;D/alerts@agency.example", "cap.references.form"),
    ],
)
def test_references_of_cap_1_0_are_judged_too(item: str, rule: str) -> None:
    """They have no time, so the same name is the same message."""
    document = changed("TX-2026-0041/alerts@agency.example", item, document=CAP_1_0)
    assert the_finding(document, rule).level == "error"


def test_a_resource_shows_something() -> None:
    """Neither uri nor derefUri is a warning."""
    document = (
        changed("<uri>https://agency.example/map.png</uri>", "").decode().replace("<derefUri>aGVsbG8=</derefUri>", "")
    )
    assert rules(document) == {"cap.resource.content"}


def test_codes_alone_are_worth_a_shape() -> None:
    """AMBER Alerts usually come so: a warning, not an error."""
    document = changed("<circle>30.2,-97.7 5.5</circle>", "").decode()
    polygon = document[document.index("      <polygon>") : document.index("</polygon>") + len("</polygon>")]
    assert the_finding(document.replace(polygon, ""), "cap.geocode.only").level == "warning"


def test_a_translation_has_its_own_words() -> None:
    """Identical texts under two languages: one of the two is mislabelled."""
    document = CAP_1_2.replace(INFO, INFO + INFO.replace("en-US", "es-US"))
    assert rules(document) == {"cap.language.identical"}


def test_infos_without_texts_need_no_translation() -> None:
    """The name of an event alone may be the same in two languages."""
    bare = re.sub("(?s)<headline>.*</instruction>", "", INFO)
    document = CAP_1_2.replace(INFO, bare + bare.replace("en-US", "es-US"))
    assert rules(document) == set()


def test_rules_run_where_the_schema_failed() -> None:
    """One pass shows every fault."""
    document = (
        changed("<status>Actual", "<status>actual")
        .decode()
        .replace("TX-2026-0042", "TX 42")
        .replace("image/png", "png")
    )
    assert rules(document) == {"cap.schema", "cap.identifier.characters", "cap.mime-type.form"}


def test_rules_look_at_older_versions_too() -> None:
    """The same fault, the same finding."""
    assert rules(changed("TX-2026-0042", "TX 42", document=CAP_1_1)) == {"cap.identifier.characters"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (REFERENCES, f"<references>{'a,b,2026-11-22T09:15:00-06:00 ' * 10_001}</references>"),
        ('lake "big fire"', "lake " * 20_000),
        ("<code>", f"<addresses>{'a ' * 10_001}</addresses><code>"),
    ],
)
def test_lists_without_end_are_not_read_to_the_end(old: str, new: str) -> None:
    """Ten thousand items are, and the rest is told of."""
    assert the_finding(changed(old, new), "cap.list.length").level == "error"
    assert "cap.list.length" not in rules(changed("<code>", f"<addresses>{'a ' * 10_000}</addresses><code>"))


def test_a_report_of_a_hostile_message_stays_small() -> None:
    """A thousand empty parameters are twenty-five findings and one that counts the rest."""
    parameters = "<parameter><valueName/><value/></parameter>" * 1_000
    *_, last = findings = judged(changed("<resource>", parameters + "<resource>")).findings
    assert len(findings) == 26
    assert "975 more places" in last.message


def test_no_fault_hides_behind_another() -> None:
    """However often one rule is broken, the others are heard, and the verdict knows them all."""
    parameters = "<parameter><valueName/><value/></parameter>" * 1_000
    document = changed("<resource>", parameters + "<resource>").replace(b"30.1,-97.9 30.1,-97.5", b"hello")
    assert judged(document).verdict == "invalid"
    assert "cap.polygon.form" in rules(document)


def test_a_stranger_s_long_names_are_not_repeated_whole() -> None:
    """An element with a name of forty thousand characters is told of in a few hundred."""
    name = "x" * 40_000
    found = the_finding(changed("<resource>", f"<{name}/><resource>"), "cap.schema")
    assert len(found.message) < 600
    assert len(found.xpath or "") < 200


PHOTO = bytes(range(256)) * 2
WRITTEN = base64.b64encode(PHOTO).decode()


def with_photo(digest: str, written: str = WRITTEN) -> bytes:
    return changed("aGVsbG8=", written).replace(b"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", digest.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WRITTEN, "as written"),
        ("\n".join(textwrap.wrap(WRITTEN, 60)), "lines of 60"),
        ("\r\n".join(textwrap.wrap(WRITTEN, 64)) + "\r\n", "lines of 64"),
        ("\n".join(textwrap.wrap(WRITTEN, 76)), "lines of 76"),
    ],
)
def test_a_digest_of_the_base64_text_is_accepted(text: str, said: str) -> None:
    """Nobody settled of which bytes it is, so an info says which matched."""
    finding = the_finding(with_photo(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()), "cap.digest.text")
    assert finding.level == "info"
    assert said in finding.message


def test_a_digest_of_wrapped_base64_without_its_line_breaks_is_accepted() -> None:
    """The text has breaks and a digest of the same without them."""
    digest = hashlib.sha1(WRITTEN.encode(), usedforsecurity=False).hexdigest()
    document = with_photo(digest, "\n" + "\n".join(textwrap.wrap(WRITTEN, 60)))
    assert rules(document) == {"cap.digest.text"}


def test_a_digest_that_matches_nothing_is_a_warning() -> None:
    """Its encoding is not settled, so it is no error."""
    finding = the_finding(with_photo("0" * 40), "cap.digest.mismatch")
    assert finding.level == "warning"
    assert rules(with_photo(hashlib.sha1(PHOTO, usedforsecurity=False).hexdigest())) == set()


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        ("a" * 64, "a SHA-256"),
        ("a" * 32, "an MD5"),
        ("sha1:" + "a" * 40, "prefix"),
        ("a" * 39, "39 hexadecimal"),
        ("x", "`x`"),
    ],
)
def test_a_digest_of_another_form_is_named(digest: str, said: str) -> None:
    """The sender sees which hash it wrote."""
    assert said in the_finding(with_photo(digest), "cap.digest.form").message


@pytest.mark.parametrize(
    ("written", "said"), [("data:image/png;base64,aGVsbG8=", "up to the first comma"), ("aGVs-G8_", "write + for -")]
)
def test_other_ways_to_write_base64_are_explained(written: str, said: str) -> None:
    """The file need not be encoded again."""
    assert said in the_finding(changed("aGVsbG8=", written), "cap.deref-uri.base64").message


def test_the_place_in_base64_is_shown() -> None:
    """The first character that is not base64."""
    finding = the_finding(changed("aGVsbG8=", "aGVs*G8="), "cap.deref-uri.base64")
    assert finding.offset == 4
    assert "`*`" in finding.message


@pytest.mark.parametrize("field", ["description", "instruction"])
def test_a_text_repeated_in_another_language_is_suspected(field: str) -> None:
    """Word for word, though all else was translated; not in another country's variety of the same language."""
    other = INFO.replace("en-US", "es-US").replace("A fire\n  moves east.", "Fuego.").replace("Go west.", "Vaya.")
    english = re.search(f"<{field}>.*?</{field}>", INFO, re.DOTALL)
    assert english
    copied = re.sub(f"<{field}>.*?</{field}>", english[0], other, flags=re.DOTALL)
    finding = the_finding(CAP_1_2.replace(INFO, INFO + copied), "cap.language.identical")
    assert f"the same {field} as" in finding.message
    assert rules(CAP_1_2.replace(INFO, INFO + other)) == set()
    assert rules(CAP_1_2.replace(INFO, INFO + INFO.replace("en-US", "en-CA"))) == set()


def test_a_pair_of_cap_1_0_without_its_sign_is_explained() -> None:
    """A name or a value alone: write name=value."""
    document = changed("<eventCode>SAME=FRW", "<eventCode>FRW", document=CAP_1_0)
    assert "write name=value, such as SAME=CAE" in the_finding(document, "cap.pair.empty").message


def test_a_pair_without_name_and_value_says_both() -> None:
    """One fault does not hide the other."""
    document = changed("<valueName>zone</valueName><value>4</value>", "<valueName/><value/>")
    assert "empty valueName and an empty value" in the_finding(document, "cap.pair.empty").message


def test_each_character_that_a_name_may_not_have_is_named() -> None:
    """With the place of the first."""
    finding = the_finding(changed("TX-2026-0042", "TX 2026,0042&#xA0;"), "cap.identifier.characters")
    assert "a space and a comma and the space U+00A0" in finding.message
    assert finding.offset == 2


def test_a_restriction_without_a_scope_is_one_fault() -> None:
    """The schema reports the missing scope; whether the restriction fits it cannot be known."""
    document = changed("<scope>Public</scope>", "<restriction>Desk only</restriction>")
    assert rules(document) == {"cap.schema"}
    scoped = changed("<scope>Public</scope>", "<scope>Public</scope><restriction>Desk only</restriction>")
    assert rules(scoped) == {"cap.restriction.scope"}

"""Messages of all versions become one model."""

from __future__ import annotations

import msgspec
import pytest
from cap_samples import CAP_1_0, CAP_1_1, CAP_1_2, changed, corpus, judged, rules, the_finding

from capgateway import cap


def alert(document: bytes | str) -> cap.Alert:
    found = cap.parse(document.encode() if isinstance(document, str) else document).alert
    assert found is not None
    return found


@pytest.mark.parametrize("document", [CAP_1_2, CAP_1_1, CAP_1_0])
def test_the_samples_are_valid_and_silent(document: str) -> None:
    """Nothing to say about a message as it should be."""
    report = judged(document)
    assert report.findings == ()
    assert report.verdict == "valid"
    assert report.kind == "cap"


def test_every_element_is_in_the_model() -> None:
    """Nothing of the data dictionary is lost, and texts are as they were."""
    read = alert(CAP_1_2)
    info, area = read.infos[0], read.infos[0].areas[0]
    assert read.references[0].identifier == "TX-2026-0041"
    assert read.incidents == ("lake", "big fire")
    assert info.description == "A fire\n  moves east."
    assert info.event_codes == (cap.Named(name="SAME", value="FRW"),)
    assert info.resources[0].size == 5
    assert area.polygons == ("30.1,-97.9 30.1,-97.5 30.5,-97.5 30.1,-97.9",)
    for struct in (info, info.resources[0], area):
        assert all(msgspec.structs.asdict(struct).values())


def test_older_versions_are_read_up() -> None:
    """CAP 1.0's pairs, references and certainty have the shapes of 1.2."""
    old, new = alert(CAP_1_0), alert(CAP_1_2)
    assert old.version == "1.0"
    assert old.infos[0].event_codes == new.infos[0].event_codes
    assert old.infos[0].certainty == "Likely"
    assert (old.references[0].sender, old.references[0].identifier) == ("alerts@agency.example", "TX-2026-0041")
    assert alert(CAP_1_1) == msgspec.structs.replace(new, version="1.1")


def test_a_value_of_cap_1_0_may_hold_equals_signs() -> None:
    """Only the first one divides."""
    document = changed("zone=4", "link=https://agency.example/?a=b", document=CAP_1_0)
    assert alert(document).infos[0].parameters[0].value == "https://agency.example/?a=b"


def test_mime_types_that_older_versions_leave_out_are_unknown_ones() -> None:
    """CAP 1.2 asks for one, so the up-conversion gives the one that says nothing."""
    document = changed("<mimeType>image/png</mimeType>", "", document=CAP_1_1)
    assert alert(document).infos[0].resources[0].mime_type == "application/octet-stream"


def test_very_likely_is_read_as_likely_with_a_finding() -> None:
    """The standard asks for it; in CAP 1.0 it is no fault."""
    document = changed("Observed", "Very Likely")
    assert alert(document).infos[0].certainty == "Likely"
    assert the_finding(document, "cap.certainty.very-likely").xpath == "/alert/info[1]/certainty"
    assert rules(document) == {"cap.certainty.very-likely"}  # the schema is not asked about what is repaired
    assert judged(document).verdict == "valid"
    assert rules(CAP_1_0) == set()


def test_the_password_of_cap_1_0_is_not_read() -> None:
    """It must never be passed on; the model has no place for it."""
    document = changed("<source>", "<password>hunter2</password><source>", document=CAP_1_0)
    assert rules(document) == {"cap.password"}
    assert b"hunter2" not in msgspec.json.encode(judged(document)) + cap.write(alert(document))


@pytest.mark.parametrize("language", ["", "<language/>"])
def test_the_language_is_english_where_none_is_given(language: str) -> None:
    """Absent and empty both mean en-US."""
    assert alert(changed("<language>en-US</language>", language)).infos[0].language == "en-US"


def test_prefixes_do_not_matter() -> None:
    """Elements are known by namespace."""
    document = (
        CAP_1_2.replace("xmlns=", "xmlns:x=").replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?xml", "<?xml")
    )
    assert alert(document) == alert(CAP_1_2)
    assert rules(document) == set()


@pytest.mark.parametrize(
    ("namespace", "said"),
    [("urn:oasis:names:tc:emergency:alerts:1.2", "alerts:1.2"), ("", "no namespace"), ("urn:cap:2.0", "urn:cap:2.0")],
)
def test_an_unknown_namespace_is_named(namespace: str, said: str) -> None:
    """The finding says what was found; there is no alert to read."""
    document = CAP_1_2.replace("urn:oasis:names:tc:emergency:cap:1.2", namespace)
    assert said in the_finding(document, "cap.namespace").message
    assert judged(document).kind == "unknown"
    assert cap.parse(document.encode()).alert is None


def test_luxembourgs_namespace_is_read_and_told() -> None:
    """It is no CAP by its namespace, and CAP 1.2 by its content."""
    document = CAP_1_2.replace("cap:1.2", "cap:1.2:profile:cap-lu:1.0")
    assert alert(document) == alert(CAP_1_2)
    assert rules(document) == {"cap.namespace"}


def test_a_root_that_the_schema_would_let_pass_is_no_message() -> None:
    """The official schema declares valueName globally, so a document of that alone is schema-valid."""
    assert rules('<valueName xmlns="urn:oasis:names:tc:emergency:cap:1.2">x</valueName>') == {"cap.namespace"}


def test_a_comment_inside_a_value_does_not_cut_it() -> None:
    """`TX-<!-- -->1` is TX-1: comments are no part of the text."""
    assert alert(changed("TX-2026-0042", "TX-<!-- x -->2026-0042")).identifier == "TX-2026-0042"


def test_elements_of_other_namespaces_are_not_read() -> None:
    """A sender smuggled in from elsewhere is not the sender."""
    document = changed("<sender>", '<sender xmlns="urn:x">evil</sender><sender>')
    assert alert(document).sender == "alerts@agency.example"


def test_every_published_message_is_read_and_written_back() -> None:
    """parse∘write is identity on what the world sends."""
    for path in sorted(corpus().rglob("*")):
        read = cap.parse(path.read_bytes()).alert if path.is_file() else None
        if read and read.version != "1.0":
            again = alert(cap.write(read))
            references = {"references_text": again.references_text}  # separated by single spaces now
            assert again == msgspec.structs.replace(read, version="1.2", **references), path

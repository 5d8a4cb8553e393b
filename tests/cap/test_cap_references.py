"""References: each fault is one finding that quotes the wrong part and says what to write."""

from __future__ import annotations

import pytest
from cap_samples import CAP_1_0, CAP_1_1, CAP_1_2, changed, judged, rules, the_finding

from capgateway import cap

ITEM = "alerts@agency.example,TX-2026-0041,2026-11-22T09:15:00-06:00"
OTHER = ITEM.replace("0041", "0040")
FORM = "cap.references.form"


def with_references(text: str, document: str = CAP_1_2) -> bytes:
    return changed(ITEM, text, document=document)


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        (ITEM.replace(",", ", "), " TX", "white space after a comma"),
        (ITEM.replace(",", " ,"), " ,", "white space before a comma"),
        (f"{ITEM}, {OTHER}", ", a", "separate them by a space only"),
        (f"{ITEM},{OTHER}", "alerts", "2 items that are separated by a comma"),
        (f"{ITEM};{OTHER}", "alerts", "separated by `;`"),
        (f"{OTHER} TX-2026-0041", "TX-2026-0041", "`TX-2026-0041` in references lacks two of its three parts"),
        ("alerts@agency.example,TX-1", "alerts", "lacks sent"),
        (ITEM.replace("TX-2026", "TX 2026"), " 2026", "white space in its identifier"),
        (
            f"{ITEM}{OTHER}",
            "alerts@agency.example,TX-2026-0040",
            "A space is missing after `2026-11-22T09:15:00-06:00`",
        ),
        ("TX-1/alerts@agency.example", "TX-1", "the form of CAP 1.0"),
        ("2026-11-22T09:15:00-06:00,alerts@agency.example,TX-1", "2026", "in the wrong order"),
        (ITEM.replace("TX-2026-0041", ""), ",2026", "an empty identifier"),
        (ITEM.replace("TX", "T&amp;X"), "&", "contains `&`, which no identifier may contain"),
        (ITEM.replace("alerts@", "alerts,desk@"), "alerts", "has 3 commas"),
        (ITEM.replace("09:15:00-06:00", "noon"), "2026-11-22Tnoon", "`2026-11-22Tnoon` in references is not a time"),
        (ITEM.replace("-06:00", ""), "2026-11-22", "has no offset from UTC"),
        (ITEM.replace("-06:00", "Z"), "2026-11-22", "does not have the form of a time"),
    ],
)
def test_a_broken_reference_is_one_finding_at_its_place(text: str, at: str, said: str) -> None:
    """Nothing else is said, and the offset is that of the wrong part."""
    document = with_references(text)
    assert rules(document) == {FORM}
    finding = the_finding(document, FORM)
    assert said in finding.message
    written = cap.parse(document).texts["references"]
    assert written[int(finding.offset or 0) :].startswith(at)


def test_a_long_reference_is_not_cut_before_its_fault() -> None:
    """The wrong part is quoted, whole."""
    item = f"{'sender.' * 12}example,urn:oid:{'2.49.0.' * 12}1,2026-11-22T09:15:00.770"
    assert "`2026-11-22T09:15:00.770` in references" in the_finding(with_references(item), FORM).message


def test_several_faults_of_one_item_are_all_found() -> None:
    """An early return would hide the later ones."""
    messages = [one.message for one in judged(with_references("a&amp;b,,noon")).findings if one.rule == FORM]
    assert [message.rpartition("; ")[0] for message in messages] == [
        "`a&b` in references contains `&`, which no sender may contain",
        "`a&b,,noon` in references has an empty identifier",
        "`noon` in references is not a time",
    ]


def test_a_torn_item_is_checked_in_its_pieces() -> None:
    """The blank is one fault, the missing offset another, each at its place."""
    document = with_references("alerts@agency.example, TX-1, 2026-11-22T09:15:00")
    found = [one for one in judged(document).findings if one.rule == FORM]
    assert [one.offset for one in found] == [len("alerts@agency.example,"), len("alerts@agency.example, TX-1, ")]


def test_cap_1_0_wants_pairs() -> None:
    """What CAP 1.1 writes is told apart from other slips."""
    new = with_references(ITEM, CAP_1_0.replace("TX-2026-0041/alerts@agency.example", ITEM))
    assert "has the form of CAP 1.1 and 1.2" in the_finding(new, FORM).message
    document = CAP_1_0.replace("TX-2026-0041/alerts@agency.example", "TX-2026-0041")
    assert "does not have the form identifier/sender" in the_finding(document, FORM).message


@pytest.mark.parametrize("which", ["sent", "reference"])
def test_no_order_is_judged_by_a_guessed_offset(which: str) -> None:
    """Read as UTC, the earlier message would be the later one, or the same."""
    document = CAP_1_1.replace(
        "10:15:00-06:00</sent>", "10:15:00</sent>" if which == "sent" else "10:15:00-06:00</sent>"
    )
    moment = "2026-11-22T09:15:00-06:00" if which == "sent" else "2026-11-22T17:15:00"
    found = rules(document.replace("2026-11-22T09:15:00-06:00</references>", f"{moment}</references>"))
    assert found == {"cap.time.form" if which == "sent" else FORM}


def test_a_later_reference_is_still_an_error_where_offsets_are_known() -> None:
    """In any two offsets."""
    document = with_references(ITEM.replace("09:15:00-06:00", "17:15:00-00:00"))
    assert rules(document) == {"cap.references.later"}
    assert the_finding(document, "cap.references.later").offset == ITEM.index("2026-11")

"""CAP's times become moments."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cap_samples import CAP_1_0, CAP_1_1, CAP_1_2, NOW, changed, rules, the_finding
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap

SENT = "<sent>2026-11-22T10:15:00-06:00</sent>"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T10:15:00-06:00", "2026-11-22T16:15:00+00:00"),
        ("2026-11-22T10:15:00-00:00", "2026-11-22T10:15:00+00:00"),
        ("2026-11-22T10:15:00Z", "2026-11-22T10:15:00+00:00"),
        ("2026-11-22T10:15:00.523+08:00", "2026-11-22T02:15:00.523000+00:00"),
        ("2026-11-22T10:15:00", "2026-11-22T10:15:00+00:00"),
        ("2026-12-31T24:00:00-00:00", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_forms_in_use_mean_one_moment(text: str, moment: str) -> None:
    """The standard's form and those that senders write besides."""
    read = cap.time(f" {text}\n")
    assert read.text == text
    assert read.instant == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-02-30T10:15:00-06:00", "2026-11-22", "2026-11-22T10:15:60-06:00", "2026-11-22T10:15:00,05:00"],
)
def test_what_means_no_moment_has_none(text: str) -> None:
    """A day that is not, a leap second, and the comma that the official pattern lets through by mistake."""
    assert cap.time(text).instant is None


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), st.integers(-14 * 60, 14 * 60))
def test_every_moment_survives(moment: datetime, offset: int) -> None:
    """What is written in the standard's form is read as the same moment."""
    there = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    assert cap.time(there.isoformat()).instant == there.astimezone(UTC)


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    """Any text is a time or none."""
    assert cap.time(text).text == text.strip()


@pytest.mark.parametrize("text", ["2026-11-22T10:15:00Z", "2026-11-22T10:15:00.5-06:00", "2026-11-22T10:15:00"])
def test_letters_fractions_and_missing_offsets_break_the_form(text: str) -> None:
    """In CAP 1.2 the schema says so, in CAP 1.1 a rule must."""
    assert "cap.schema" in rules(changed(SENT, f"<sent>{text}</sent>"))
    assert "cap.time.form" in rules(changed(SENT, f"<sent>{text}</sent>", document=CAP_1_1))


def test_a_missing_offset_is_read_as_utc_and_told() -> None:
    """The moment is a guess, so there is a finding, and only one: CAP 1.1 forbids it, CAP 1.0 does not."""
    for version, rule in ((CAP_1_1, "cap.time.form"), (CAP_1_0, "cap.time.offset")):
        document = changed(SENT, "<sent>2026-11-22T10:15:00</sent>", document=version)
        assert rules(document) == {rule}
        assert "no offset and is read as UTC" in the_finding(document, rule).message
    with_offset = changed(SENT, "<sent>2026-11-22T10:15:00.5-06:00</sent>", document=CAP_1_0)
    assert rules(with_offset) == set()


def test_utc_is_written_with_a_minus_in_cap_1_2() -> None:
    """`+00:00` is a warning in 1.2 and nothing in 1.1, which allowed both."""
    assert the_finding(changed(SENT, "<sent>2026-11-22T10:15:00+00:00</sent>"), "cap.time.utc").level == "warning"
    assert "cap.time.utc" not in rules(changed(SENT, "<sent>2026-11-22T10:15:00+00:00</sent>", document=CAP_1_1))
    assert "cap.time.utc" not in rules(changed(SENT, "<sent>2026-11-22T10:15:00-00:00</sent>"))


def test_midnight_as_24_is_legal_and_remarked() -> None:
    """It means the next midnight."""
    document = changed("2026-11-22T20:15:00-06:00", "2026-11-22T24:00:00-06:00")
    assert rules(document) == {"cap.time.midnight"}
    alert = cap.parse(document).alert
    assert alert is not None
    expires = alert.infos[0].expires
    assert expires is not None
    assert expires.instant == datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_blanks_around_a_time_are_legal() -> None:
    """White space collapses in a time, unlike in status."""
    assert rules(changed(SENT, "<sent>\n2026-11-22T10:15:00-06:00 </sent>")) == set()
    assert "cap.schema" in rules(changed("<status>Actual", "<status> Actual"))


def test_a_year_of_the_buddhist_calendar_is_suspected() -> None:
    """2569 is 2026 in Bangkok."""
    finding = the_finding(changed("2026-11-22T20:15:00", "2569-11-22T20:15:00"), "cap.time.year")
    assert "2026" in finding.message


@pytest.mark.parametrize("year", ["0008", "1447", "0001", "9999"])
def test_other_calendars_are_suspected_too(year: str) -> None:
    """Reiwa 8 and Hijri 1447 are 2026; and nothing is sent for the end of time."""
    assert "cap.time.year" in rules(changed("2026-11-22T20:15:00", f"{year}-12-31T23:59:59"))


def test_a_message_over_before_it_was_sent_is_found() -> None:
    """Even when it took effect earlier still."""
    document = (
        changed("<effective>2026-11-22T10:15:00-06:00", "<effective>2026-11-21T10:15:00-06:00")
        .replace(b"<onset>2026-11-22T10:20:00-06:00</onset>", b"")
        .replace(b"<expires>2026-11-22T20", b"<expires>2026-11-21T20")
    )
    assert the_finding(document, "cap.expires.order").level == "warning"


def test_a_message_from_the_future_is_suspected() -> None:
    """Ten minutes are forgiven."""
    document = changed(SENT, "<sent>2026-11-22T12:09:00-06:00</sent>")
    assert "cap.sent.future" not in rules(document, now=NOW)
    assert "cap.sent.future" in rules(document, now=NOW - timedelta(minutes=5))


@pytest.mark.parametrize(
    "expires", ["2026-11-22T10:15:00-06:00", "2026-11-22T10:16:00-06:00", "2026-11-21T10:15:00-06:00"]
)
def test_an_alert_that_is_over_before_it_begins_is_suspected(expires: str) -> None:
    """expires lies after sent or effective, and after onset."""
    assert "cap.expires.order" in rules(changed("2026-11-22T20:15:00-06:00", expires))


@pytest.mark.parametrize(
    "text", ["2569-11-22T10:15:00-06:00", "1447-11-22T10:15:00-06:00", "0008-11-22T10:15:00-06:00"]
)
def test_a_wrong_calendar_is_one_finding(text: str) -> None:
    """In whichever times it shows; nothing is called early or late by it."""
    document = CAP_1_2.replace("2026-11-22", text[:10]).replace(
        "T09:15:00-06:00</references>", "T09:15:00-06:00</references>"
    )
    assert rules(document) == {"cap.time.year"}
    finding = the_finding(document, "cap.time.year")
    assert finding.xpath == "/alert/sent"
    assert "4 more times of the message" in finding.message
    only_end = changed("<expires>2026", f"<expires>{text[:4]}")
    assert rules(only_end) == {"cap.time.year"}


@pytest.mark.parametrize("name", ["sent", "effective", "onset", "expires"])
def test_no_order_is_judged_by_a_guessed_offset(name: str) -> None:
    """Read as UTC each of them would be out of order; the missing offset itself is the one finding."""
    moment = {"sent": "23:00:00", "effective": "23:00:00", "onset": "23:00:00", "expires": "06:00:00"}[name]
    document = re.sub(f"<{name}>[^<]*</{name}>", f"<{name}>2026-11-22T{moment}</{name}>", CAP_1_1)
    document = document.replace("20:15:00-06:00", "18:00:00-00:00") if name != "expires" else document
    assert rules(document, now=datetime(2026, 11, 22, 17, tzinfo=UTC)) == {"cap.time.form"}


def test_no_contradiction_is_built_on_a_guessed_offset() -> None:
    """Whether the second info begins after the first has ended cannot be known."""
    info = CAP_1_1[CAP_1_1.index("  <info>") : CAP_1_1.index("</alert>")]
    first = info.replace("20:15:00-06:00", "12:00:00-06:00")
    second = info.replace("Severe", "Minor").replace("10:20:00-06:00", "17:00:00")
    assert rules(CAP_1_1.replace(info, first + second)) == {"cap.time.form"}
    assert "cap.info.override" in rules(CAP_1_1.replace(info, first + second.replace("17:00:00<", "17:00:00-00:00<")))

"""A document in lines and pieces, and charts: what is drawn is what was given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from capgateway.cap import Finding
from capgateway.web.console import charts, xml

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
DOCUMENT = b"""<?xml version="1.0"?>
<!-- two
lines -->
<alert xmlns='urn:x' a="&lt;b>"><event>A &amp; B<![CDATA[<x>]]></event>
</alert>
"""
MARKUP = st.text(alphabet="<>/!?-[]&;= \"'\nab\u202e\u00e9", max_size=60)


def test_every_part_of_a_document_has_its_kind() -> None:
    """Names, attributes, values, comments and entities; a section is text."""
    lines = xml.shown(DOCUMENT, []).lines
    assert [one.number for one in lines] == [1, 2, 3, 4, 5]
    assert [piece.kind for piece in lines[1].pieces + lines[2].pieces] == ["comment", "comment"]
    assert lines[3].pieces[:5] == [
        xml.Piece("tag", "<alert "),
        xml.Piece("attribute", "xmlns"),
        xml.Piece("tag", "="),
        xml.Piece("value", "'urn:x'"),
        xml.Piece("tag", " "),
    ]
    assert [one.text for one in lines[3].pieces if one.kind == "entity"] == ["&amp;"]
    assert [one.text for one in lines[3].pieces if not one.kind] == ["A ", " B<![CDATA[<x>]]>"]


@given(MARKUP)
def test_nothing_of_a_document_is_lost_or_added(text: str) -> None:
    """Whatever it is, well-formed or not; characters that nobody sees are named where they are."""
    lines = xml.shown(f"<a>{text}</a>".encode(), []).lines
    shown = "\n".join("".join(one.text for one in line.pieces) for line in lines)
    assert shown == f"<a>{text}</a>".replace("\u202e", "U+202E")


def test_findings_stand_beside_their_lines() -> None:
    """In the order of their columns; what speaks of no line is told before them."""
    first, second, nowhere = (
        Finding(rule="r", level="error", layer="xml", line=line, column=column, message=message)
        for line, column, message in ((4, 9, "later"), (4, 2, "sooner"), (None, None, "somewhere"))
    )
    shown = xml.shown(DOCUMENT, [first, nowhere, second])
    assert [one.message for one in shown.lines[3].findings] == ["sooner", "later"]
    assert [one.message for one in shown.elsewhere] == ["somewhere"]


def test_what_nobody_reads_is_left_out() -> None:
    """The letters of a picture, and the lines after some thousands; the page says so."""
    picture = xml.shown(b"<derefUri>" + b"QUJD" * 10_000 + b"</derefUri>", [])
    cut = [one for one in picture.lines[0].pieces if one.kind == "cut"]
    assert [one.text for one in cut] == ["… 39,700 more characters"]
    long = xml.shown(
        b"<a>" + b"\n" * 5_000 + b"</a>", [Finding(rule="r", level="info", layer="xml", line=4_000, message="m")]
    )
    assert len(long.lines) <= xml.MOST_LINES
    assert (len(long.elsewhere), "of 5,001 lines" in str(long.left_out)) == (1, True)
    findings = [Finding(rule="r", level="info", layer="xml", line=1, message=f"m{number}") for number in range(200)]
    many = xml.shown(b"<a/>", findings)
    assert (len(many.lines[0].findings), len(many.elsewhere), many.unshown) == (20, 100, 80)


def test_a_chart_of_durations_is_on_a_scale_of_tens() -> None:
    """A failed one has its own tone, and the summary says what a picture shows."""
    points = [
        charts.Point(NOW + timedelta(minutes=step), seconds, seconds > 1)
        for step, seconds in enumerate((0.1, 1.0, 10.0))
    ]
    chart = charts.latency(points, "Attempts")
    assert chart is not None
    assert chart.labels_y == ["10 s", "1 s", "100 ms"]
    assert chart.dots == {"good": "M0 1000h0M500 500h0", "bad": "M1000 0h0"}
    assert chart.summary == "Attempts: median 1.0 s, 95th percentile 10.0 s, highest 10.0 s; 1 of 3 failed"
    assert charts.latency([], "Attempts") is None


def test_a_chart_of_a_rhythm_counts() -> None:
    """Each bar is a part of the time, the last one ends now."""
    moments = [NOW - timedelta(minutes=60), NOW - timedelta(seconds=20), NOW - timedelta(seconds=10)]
    bars = charts.rhythm(moments, NOW, "Alerts")
    assert bars is not None
    assert (bars.most, bars.labels_x[-1]) == (2, "07:00 UTC")
    assert bars.path.count("z") == len(set(moments)) - 1
    assert charts.rhythm([], NOW, "Alerts") is None


@given(st.lists(st.floats(min_value=0, max_value=1e7), min_size=1), st.timedeltas(min_value=timedelta(0)))
def test_every_dot_is_within_its_chart(seconds: list[float], apart: timedelta) -> None:
    """Also those that took no time, or years."""
    gap = min(apart, timedelta(days=300))
    chart = charts.latency([charts.Point(NOW + gap * step, one) for step, one in enumerate(seconds[:20])], "x")
    assert chart is not None
    for place in "".join(chart.dots.values()).removeprefix("M").split("M"):
        x, y = place.removesuffix("h0").split()
        assert (0 <= int(x) <= charts.SIZE, 0 <= int(y) <= charts.SIZE) == (True, True)

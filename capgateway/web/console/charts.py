"""Charts as SVG that the server draws: how long things took, and how often they happened.

A chart is drawn in a square of 1,000 by 1,000 that the page stretches; dots and lines keep their size, since strokes do not scale.
Words stand beside it, as text of the page, and the chart has its summary as its name for those who do not see it.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from capgateway import explained

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE = 1_000
SCALE = {
    0.001: "1 ms",
    0.01: "10 ms",
    0.1: "100 ms",
    1.0: "1 s",
    10.0: "10 s",
    100.0: "100 s",
    1_000.0: "17 min",
    10_000.0: "2.8 h",
    100_000.0: "28 h",
}
"""What the horizontal lines of a chart of durations stand for; ten times as much each."""
SECONDS = tuple(SCALE)
LEAST_SPAN = timedelta(minutes=1)
BARS = 60
LABELS = 4
LEAST_DECADES = 2
SHORT, LONG = timedelta(minutes=10), timedelta(days=2)
"""Below and above these, moments are written to the second and to the day."""


class Point(NamedTuple):
    """How long something took that began then."""

    at: datetime
    seconds: float
    is_bad: bool = False


class Chart(NamedTuple):
    """``dots`` are paths by their tone; ``across`` are the heights of horizontal lines; labels go from the top and from the left."""

    summary: str
    dots: dict[str, str]
    across: list[int]
    marks: list[tuple[str, int]]
    labels_y: list[str]
    labels_x: list[str]


class Bars(NamedTuple):
    """``path`` are the bars; the highest one counts ``most``."""

    summary: str
    path: str
    most: int
    labels_x: list[str]


def latency(points: Sequence[Point], what: str) -> Chart | None:
    """Each point at its time, on a scale on which every line is ten times the one below; ``None`` without points."""
    if not points:
        return None
    lowest, highest = _decades([one.seconds for one in points])
    first, last = _span([one.at for one in points])
    steps = len(SECONDS[lowest : highest + 1]) - 1

    def height(seconds: float) -> int:
        share = (math.log10(max(seconds, SECONDS[lowest])) - math.log10(SECONDS[lowest])) / steps
        return round(SIZE * (1 - min(share, 1.0)))

    dots: dict[str, str] = {}
    for one in points:
        tone = "bad" if one.is_bad else "good"
        dots[tone] = dots.get(tone, "") + f"M{_place(one.at, first, last)} {height(one.seconds)}h0"
    ordered = sorted(one.seconds for one in points)
    middle, high = quantile(ordered, 0.5), quantile(ordered, 0.95)
    told = f"{what}: median {explained.duration(middle)}, 95th percentile {explained.duration(high)}, highest {explained.duration(ordered[-1])}"
    failed = sum(one.is_bad for one in points)
    return Chart(
        summary=f"{told}; {failed} of {len(points)} failed" if failed else told,
        dots=dots,
        across=[round(SIZE * step / steps) for step in range(steps + 1)],
        marks=[("median", height(middle)), ("high", height(high))],
        labels_y=[SCALE[one] for one in reversed(SECONDS[lowest : highest + 1])],
        labels_x=_labels(first, last),
    )


def rhythm(moments: Sequence[datetime], now: datetime, what: str) -> Bars | None:
    """How many came in each part of the time since the first of them; ``None`` where nothing came."""
    if not moments:
        return None
    first, last = _span([*moments, now])
    counts = [0] * BARS
    for one in moments:
        counts[min(_place(one, first, last) * BARS // SIZE, BARS - 1)] += 1
    most, width = max(counts), SIZE / BARS
    path = "".join(
        f"M{place * width:.1f} {SIZE}v{-round(SIZE * count / most)}h{width * 0.8:.1f}V{SIZE}z"
        for place, count in enumerate(counts)
        if count
    )
    part = explained.duration((last - first).total_seconds() / BARS)
    return Bars(f"{what}: at most {most} within {part}", path, most, _labels(first, last))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of these that at least such a share of them does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _decades(seconds: Sequence[float]) -> tuple[int, int]:
    """The lines below and above all of these."""
    least, most = min(seconds), max(seconds)
    lowest = max((place for place, one in enumerate(SECONDS) if one <= least), default=0)
    highest = min((place for place, one in enumerate(SECONDS) if one >= most), default=len(SECONDS) - 1)
    highest = max(highest, min(lowest + LEAST_DECADES, len(SECONDS) - 1))
    return min(lowest, highest - LEAST_DECADES), highest


def _span(moments: Sequence[datetime]) -> tuple[datetime, datetime]:
    first, last = min(moments), max(moments)
    return min(first, last - LEAST_SPAN), last


def _place(at: datetime, first: datetime, last: datetime) -> int:
    return round(SIZE * ((at - first) / (last - first)))


def _labels(first: datetime, last: datetime) -> list[str]:
    """Moments from the first to the last one, in UTC."""
    span = last - first
    written = "%H:%M:%S" if span < SHORT else "%H:%M" if span < LONG else "%d %b"
    moments = [(first + span * step / (LABELS - 1)).astimezone(UTC) for step in range(LABELS)]
    return [f"{one:{written}}" for one in moments[:-1]] + [f"{moments[-1]:{written}} UTC"]

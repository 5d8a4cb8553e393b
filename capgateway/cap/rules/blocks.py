"""The rule about several infos in one language: a later one adds to what an earlier one said, it does not override it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from capgateway.cap import geometry
from capgateway.cap.model import Circle
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap.model import Alert, Area, Info
    from capgateway.cap.rules.notes import Notes

#: What comparing the words of two infos costs, or reading a shape, in comparisons of edges.
COST_OF_A_PAIR = 20

OVERRIDE = Rule(
    id="cap.info.override",
    level="error",
    asks="Infos in one language for the same area and time agree in event, urgency and severity.",
    why="They form one sequence: a later one may add to an earlier one, not override it. Receivers differ in which of two "
    "contradicting ones they show.",
    reference="CAP 1.2 §3.2.2",
    source=("A-71",),
)
OVERLAP = Rule(
    id="cap.info.overlap",
    level="warning",
    asks="Infos in one language whose shapes overlap agree in event, urgency and severity.",
    why="As for cap.info.override; where shapes overlap only in part it may be a matter of careless borders.",
    reference="CAP 1.2 §3.2.2",
    source=("A-71",),
)

_SAID = ("event", "urgency", "severity")


def check_blocks(alert: Alert, notes: Notes) -> None:
    by_language: dict[str, list[int]] = {}
    for position, info in enumerate(alert.infos):
        by_language.setdefault(info.language.casefold(), []).append(position)
    for positions in by_language.values():
        if len(positions) > 1:
            _check(alert, positions, notes)


def _check(alert: Alert, positions: list[int], notes: Notes) -> None:
    statements = {_statement(alert.infos[position]) for position in positions}
    if len(statements) > 1 and not _same_area(alert, positions, notes):
        _same_ground(alert, positions, notes)


def _same_area(alert: Alert, positions: list[int], notes: Notes) -> bool:
    """Look for contradicting infos that name the same area in the same words; whether there are any."""
    first: dict[tuple[str, ...], int] = {}
    found = len(notes.findings)
    for position in positions:
        info = alert.infos[position]
        earlier = {first.setdefault(key, position) for key in _names(info)}
        for other in sorted(earlier - {position}):
            if _contradict(alert.infos[other], info):
                notes.add(OVERRIDE, _message(alert, other, position, "the same area"), ("info", position))
                break
    return len(notes.findings) > found


def _same_ground(alert: Alert, positions: list[int], notes: Notes) -> None:
    budget = geometry.Budget()
    rings = [(position, list(_rings(alert.infos[position], budget))) for position in positions]
    for number, (later, theirs) in enumerate(rings):
        for earlier, ours in rings[:number]:
            budget.left -= COST_OF_A_PAIR
            if budget.left <= 0:
                return
            if not _contradict(alert.infos[earlier], alert.infos[later]):
                continue
            if any(geometry.overlap(one, other, budget) for one, other in product(ours, theirs)):
                notes.add(OVERLAP, _message(alert, earlier, later, "overlapping areas"), ("info", later))
                break


def _statement(info: Info) -> tuple[str, ...]:
    return tuple(" ".join(getattr(info, name).split()).casefold() for name in _SAID)


def _contradict(earlier: Info, later: Info) -> bool:
    """Whether two infos say different things at one time."""
    return _statement(earlier) != _statement(later) and not (
        _ends_before(earlier, later) or _ends_before(later, earlier)
    )


def _ends_before(one: Info, other: Info) -> bool:
    start = other.onset or other.effective
    if one.expires is None or start is None or one.expires.instant is None or start.instant is None:
        return False
    return one.expires.instant <= start.instant


def _message(alert: Alert, earlier: int, later: int, what: str) -> str:
    pairs = zip(_SAID, _statement(alert.infos[earlier]), _statement(alert.infos[later]), strict=True)
    names = " and ".join(name for name, one, other in pairs if one != other)
    return f"This info and info[{earlier + 1}] speak in one language of {what} and differ in {names}; make them agree."


def _names(info: Info) -> Iterator[tuple[str, ...]]:
    """What an info calls its areas; the same name is the same area."""
    if not info.areas:
        yield ("everywhere",)
    for area in info.areas:
        yield from (("geocode", code.name, code.value) for code in area.geocodes if code.value)
        yield from (("polygon", *text.split()) for text in area.polygons)
        yield from (("circle", *text.split()) for text in area.circles)
        if not (area.geocodes or area.polygons or area.circles):
            yield ("description", " ".join(area.area_desc.split()).casefold())


def _rings(info: Info, budget: geometry.Budget) -> Iterator[tuple[geometry.Point, ...]]:
    for area in info.areas:
        for ring in _rings_of(area):
            budget.left -= COST_OF_A_PAIR
            if budget.left <= 0:
                return
            yield ring


def _rings_of(area: Area) -> Iterator[tuple[geometry.Point, ...]]:
    for text in area.polygons:
        if points := geometry.polygon(text).points:
            yield points
    for text in area.circles:
        shape = geometry.circle(text)
        if isinstance(shape, Circle):
            yield geometry.outline(shape)

"""The rules about several infos in one language: a later one adds to an earlier one and does not override it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from capgateway.cap import geometry, topology
from capgateway.cap.model import Circle
from capgateway.cap.rule import Rule
from capgateway.cap.rules.dates import is_certain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap.model import Alert, Area, Info
    from capgateway.cap.rules.notes import Notes

#: What comparing the words of two infos costs, or reading a shape, in comparisons of edges.
COST_OF_A_PAIR = 20

OVERRIDE = Rule(
    id="cap.info.override",
    level="error",
    asks="Infos in one language for the same area, time and audience have the same event, urgency and severity.",
    why="They form one sequence, in which a later info may add to an earlier one but not override it. Receivers differ in "
    "which of two contradicting infos they show. Areas are the same if a polygon, a circle or a geocode is, or if "
    "both infos have only the same areaDesc or no area at all. A circle smaller than 10 metres is a marker, not an area.",
    reference="CAP 1.2 §3.2.2",
    source=("A-71",),
)
OVERLAP = Rule(
    id="cap.info.overlap",
    level="warning",
    asks="Infos in one language, for one time and audience, whose shapes overlap or that share a geocode have the same event, "
    "urgency and severity.",
    why="See cap.info.override. Where areas overlap only in part, the cause may be a careless border. If a message follows a "
    "profile, the geocodes of an area with shapes do not count.",
    reference="CAP 1.2 §3.2.2",
    source=("A-71",),
)

UNCHECKED = Rule(
    id="cap.info.unchecked",
    level="info",
    asks="The infos in one language are few and simple enough to be compared with each other.",
    why="The search for contradictions is limited, so that no message takes longer than about a second.",
    reference="CAP 1.2 §3.2.2",
    source=("A-15", "A-71"),
)

_SAID = ("event", "urgency", "severity")
#: What an info says in each of these, without differences of case and blanks.
Statement = tuple[str, ...]
#: A geocode's name and value, and the heights it is between.
Code = tuple[str, str, topology.Heights]
#: A place as a text or corners, and the heights it is between.
Name = tuple[object, ...]


def check_blocks(alert: Alert, notes: Notes, profile: str | None) -> None:
    """Look for infos in one language that contradict each other; ``profile`` says what an area is."""
    repeated = [positions for positions in alert.by_language().values() if len(positions) > 1]
    if not repeated:
        return
    # In every profile shapes, where there are any, are the area alone, and codes only approximate it (C-22, D-09).
    grounds = _Grounds(alert, shapes_decide=profile is not None)
    statements = [_statement(info) for info in alert.infos]
    for positions in repeated:
        if len({statements[position] for position in positions}) > 1:
            _check(alert, positions, statements, grounds, notes)
    if grounds.budget.left <= 0:
        notes.add(UNCHECKED, "The message has too many infos or shapes; not all were searched for contradictions.")


def _check(alert: Alert, positions: list[int], statements: list[Statement], grounds: _Grounds, notes: Notes) -> None:
    for number, later in enumerate(positions):
        for earlier in positions[:number]:
            grounds.budget.left -= COST_OF_A_PAIR
            if grounds.budget.left <= 0:
                return
            said = statements[earlier], statements[later]
            if said[0] == said[1] or not _meet_in_time(alert.infos[earlier], alert.infos[later]):
                continue
            if grounds.of(earlier).names & grounds.of(later).names:
                notes.add(OVERRIDE, _message(earlier, said, "the same area"), ("info", later))
                break
            if grounds.overlap(earlier, later):
                notes.add(OVERLAP, _message(earlier, said, "overlapping areas"), ("info", later))
                break


def _statement(info: Info) -> Statement:
    return tuple(" ".join(getattr(info, name).split()).casefold() for name in _SAID)


def _meet_in_time(earlier: Info, later: Info) -> bool:
    """Whether two infos speak to the same people at one time."""
    is_same_audience = (earlier.audience or "").casefold() == (later.audience or "").casefold()
    return is_same_audience and not (_ends_before(earlier, later) or _ends_before(later, earlier))


def _ends_before(one: Info, other: Info) -> bool:
    start = other.onset or other.effective
    if one.expires is None or start is None or one.expires.instant is None or start.instant is None:
        return False
    if not (is_certain(one.expires) and is_certain(start)):
        return True  # no contradiction is built on a guessed offset
    return one.expires.instant <= start.instant


def _message(earlier: int, said: tuple[Statement, Statement], what: str) -> str:
    names = " and ".join(name for name, one, other in zip(_SAID, *said, strict=True) if one != other)
    return f"This info has another {names} than info[{earlier + 1}], in the same language for {what}; make them equal."


class _Ground(NamedTuple):
    """Where an info applies. ``names`` are areas that are the same when their names are; ``codes`` may only approximate an
    area that has shapes; ``rings`` are its shapes, each with the heights it is between."""

    names: frozenset[Name]
    codes: frozenset[Code]
    rings: tuple[tuple[topology.Ring, topology.Heights], ...]


class _Grounds:
    """Where the infos of a message hold, each looked up once."""

    def __init__(self, alert: Alert, shapes_decide: bool) -> None:
        self.budget = topology.Budget()
        self._alert = alert
        self._shapes_decide = shapes_decide
        self._known: dict[int, _Ground] = {}

    def of(self, position: int) -> _Ground:
        """The ground of the info at that position."""
        if position not in self._known:
            self._known[position] = self._ground(self._alert.infos[position])
        return self._known[position]

    def overlap(self, earlier: int, later: int) -> bool:
        """Whether two infos share ground, by a code or by their shapes."""
        one, other = self.of(earlier), self.of(later)
        if _share_code(one.codes, other.codes):
            return True
        for (ring, heights), (its_ring, its_heights) in product(one.rings, other.rings):
            self.budget.left -= COST_OF_A_PAIR
            if self.budget.left <= 0:
                return False
            if _meet(heights, its_heights) and topology.overlap(ring, its_ring, self.budget):
                return True
        return False

    def _ground(self, info: Info) -> _Ground:
        names: set[Name] = set() if info.areas else {("everywhere",)}
        codes: set[Code] = set()
        rings: list[tuple[topology.Ring, topology.Heights]] = []
        for area in info.areas:
            heights = topology.heights(area.altitude, area.ceiling)
            shapes = [(ring, heights) for ring in self._rings(area)]
            rings += shapes
            names |= {("ring", topology.normal(ring), heights) for ring, _ in shapes}
            if not shapes:
                names |= {("code", code.name, code.value, heights) for code in area.geocodes if code.value}
            if not (shapes and self._shapes_decide):
                codes |= {(code.name, code.value, heights) for code in area.geocodes if code.value}
            if not shapes and not area.geocodes and area.area_desc.strip():
                names.add(("description", " ".join(area.area_desc.split()).casefold(), heights))
        return _Ground(frozenset(names), frozenset(codes), tuple(rings))

    def _rings(self, area: Area) -> Iterator[topology.Ring]:
        for text in area.polygons:
            self.budget.left -= COST_OF_A_PAIR + len(text) // 10
            if self.budget.left > 0 and (points := geometry.polygon(text).points):
                yield points
        for text in area.circles:
            self.budget.left -= COST_OF_A_PAIR
            shape = geometry.circle(text) if self.budget.left > 0 else "form"
            if isinstance(shape, Circle) and shape.radius >= geometry.MARKER_RADIUS:  # a marker is no area
                yield topology.outline(shape)


def _share_code(one: frozenset[Code], other: frozenset[Code]) -> bool:
    """Whether a code is common to both, or one of SAME's for a whole state (`048000`) covers one of the other's."""
    return bool(one & other or _states(one) & _in_states(other) or _states(other) & _in_states(one))


def _states(codes: frozenset[Code]) -> set[tuple[str, topology.Heights]]:
    return {
        (value[-5:-3], heights) for name, value, heights in codes if name.casefold() == "same" and value[-3:] == "000"
    }


def _in_states(codes: frozenset[Code]) -> set[tuple[str, topology.Heights]]:
    return {(value[-5:-3], heights) for name, value, heights in codes if name.casefold() == "same"}


def _meet(one: topology.Heights, other: topology.Heights) -> bool:
    """Touching is not meeting, as with rings."""
    return one == other or (one[0] < other[1] and other[0] < one[1])

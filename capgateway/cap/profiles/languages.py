"""Whether a message says the same in all its languages, apart from its texts (CAP-CP): same classes, codes, times, areas.

What is written differently and means the same is the same: `30` and `30.0`, a ring left open or begun elsewhere, a code in
capitals, one info with two areas and two infos with one each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap import geometry, topology
from capgateway.cap.times import has_offset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap.model import Alert, Area, Info, Time
    from capgateway.cap.rule import Rule
    from capgateway.cap.rules.notes import Notes

    Facts = tuple[object, ...]
    Place = tuple[object, ...]

#: More than any message speaks; a hostile one could have an info in each of thousands.
MAX_LANGUAGES = 20

_NAMES = (
    *("categories", "responseTypes", "urgency", "severity", "certainty"),
    *("eventCodes", "effective", "onset", "expires"),
)


def check_languages(alert: Alert, notes: Notes, rule: Rule) -> None:
    """Note for each language that says something else than the message's first one its info, and the fields that differ."""
    spoken = alert.by_language()
    if len(spoken) < 2:  # noqa: PLR2004  (one language cannot differ)
        return
    first, *others = spoken.values()
    model: dict[Facts, set[Place]] | None = None
    for other in others[:MAX_LANGUAGES]:
        if _is_alike(alert, first, other):
            continue
        model = model or _said(alert, first)
        if found := _difference(alert, model, other):
            position, names = found
            language, before = (alert.infos[one].language[:20] for one in (position, first[0]))
            message = (
                f"The info in {language} differs from that in {before} in {', '.join(names)}; make them equal. Only texts "
                "may differ between languages."
            )
            notes.add(rule, message, ("info", position))


def _is_alike(alert: Alert, first: list[int], other: list[int]) -> bool:
    """Whether infos are the same to the letter, which most are and is seen at once."""
    return len(first) == len(other) and all(
        _letters(alert.infos[one]) == _letters(alert.infos[two]) for one, two in zip(first, other, strict=True)
    )


def _letters(info: Info) -> tuple[object, ...]:
    return (
        *(info.categories, info.response_types, info.urgency, info.severity, info.certainty, info.event_codes),
        *(info.effective, info.onset, info.expires),
        [(area.polygons, area.circles, area.geocodes, area.altitude, area.ceiling) for area in info.areas],
    )


def _difference(alert: Alert, model: dict[Facts, set[Place]], other: list[int]) -> tuple[int, list[str]] | None:
    """The info of the other language that says what the model does not, and in which fields; where the language only says
    less, its first info."""
    mine = _said(alert, other)
    for position in other:
        facts = _facts(alert, alert.infos[position])
        places = {place for area in alert.infos[position].areas for place in _places(area)}
        if names := _nearest(facts, places if facts in model else mine[facts], model):
            return position, names
    for facts, said in model.items():
        if names := _nearest(facts, said, mine):
            return other[0], names
    return None


def _nearest(facts: Facts, places: set[Place], others: dict[Facts, set[Place]]) -> list[str]:
    """The names of the fields that differ, areas among them, compared with the facts that are the least different."""
    nearest = min(others, key=lambda other: len(_different(facts, other)))
    different = _different(facts, nearest)
    is_elsewhere = places != others[nearest] if different else not places <= others[nearest]
    return [*different, *(["areas"] if is_elsewhere else [])]


def _different(facts: Facts, other: Facts) -> list[str]:
    return [name for name, one, two in zip(_NAMES, facts, other, strict=True) if one != two]


def _said(alert: Alert, positions: list[int]) -> dict[Facts, set[Place]]:
    """The facts that infos tell, each with where it is so."""
    said: dict[Facts, set[Place]] = {}
    for position in positions:
        places = said.setdefault(_facts(alert, alert.infos[position]), set())
        for area in alert.infos[position].areas:
            places.update(_places(area))
    return said


def _facts(alert: Alert, info: Info) -> Facts:
    return (
        frozenset(info.categories),
        frozenset(info.response_types),
        *(info.urgency, info.severity, info.certainty),
        frozenset((code.name.casefold(), code.value.casefold()) for code in info.event_codes),
        _moment(info.effective or alert.sent),  # CAP 1.2 §3.2.2: without effective it is the time of sent
        *(_moment(info.onset), _moment(info.expires)),
    )


def _moment(time: Time | None) -> object:
    return time and ((has_offset(time) and time.instant) or time.text)


def _places(area: Area) -> Iterator[Place]:
    heights = topology.heights(area.altitude, area.ceiling)
    for text in area.polygons:
        ring = geometry.polygon(text).points
        yield "polygon", topology.normal(ring) if ring else " ".join(text.split()), heights
    for text in area.circles:
        shape = geometry.circle(text)
        yield "circle", " ".join(text.split()) if isinstance(shape, str) else shape, heights
    for code in area.geocodes:
        yield "geocode", code.name.casefold(), code.value, heights

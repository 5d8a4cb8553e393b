"""Where an alert is meant, what of that lies in the policy's regions, and what the card says of it.

``places`` resolves the area blocks. A gist keeps what decisions need of the result (:class:`Meant`), a draft what only the card
shows (:class:`DraftArea`): neither has to be resolved again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from capgateway import places
from capgateway.cards.card import Basis, CardArea, Target
from capgateway.cards.numbers import plain, plain_geometry
from capgateway.places import ATLAS, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway.cap import Area, Info
    from capgateway.places import Atlas, Resolved

DRAWN = "drawn"
REGIONAL = ("iso3166-1", "iso3166-2", DRAWN)
SHARE_DIGITS = 4
MOST_CODES = 10_000
"""Units that codes name: more than there are means none."""
CHARTED = ("US", "CA", "FM", "MH", "PW")
"""Countries whose units are all known: what lies in none of them lies elsewhere."""


class Meant(msgspec.Struct, frozen=True, array_like=True):
    """The places that the area blocks of one info mean, clipped to nothing. ``is_clear`` says whether each of the
    blocks means a place we know."""

    units: tuple[Unit, ...] = ()
    is_clear: bool = False


def resolved(areas: Sequence[Area], profile: str | None, atlas: Atlas = ATLAS, *, drawings: int = 1) -> Resolved:
    """What area blocks mean together. Under IPAWS, CAP-CP and CAP-AU the shapes of a block decide (C-22, D-09). ``drawings`` is how
    many different areas the whole alert draws: they share what may be spent on one."""
    return places.resolve(tuple(areas), shapes_decide=profile is not None, atlas=atlas, drawings=drawings)


def drawings(infos: Iterable[Info]) -> int:
    """How many different areas with shapes an alert has. Languages repeat theirs."""
    areas = {info.areas for info in infos}
    return max(1, sum(any(area.polygons or area.circles for area in each) for each in areas))


def by_codes(areas: Sequence[Area]) -> Meant:
    """What the codes of area blocks say by themselves, without the boundary file: for an alert of no known programme, which a person
    may still publish."""
    units: dict[tuple[str, str], Unit] = {}
    is_clear = bool(areas)
    for area in areas:
        named = [unit for pair in area.geocodes for unit in places.read(pair.name, pair.value) or ()]
        counted = [unit for unit in named if unit.scheme != "ugc-zone"]
        is_clear = is_clear and bool(counted)
        for unit in counted:
            key = unit.scheme, unit.code
            units[key] = places.wider(units[key], unit) if key in units else unit
        if len(units) > MOST_CODES:
            return Meant()
    return Meant(places.smallest(units.values()), is_clear)


def meant(found: Resolved) -> Meant:
    """Of what was resolved, all that decisions need."""
    return Meant(found.units, found.is_clear)


def together(meant: Iterable[Meant]) -> Meant:
    """What several infos mean together."""
    units: dict[tuple[str, str], Unit] = {}
    is_clear = True
    for one in meant:
        is_clear = is_clear and one.is_clear
        for unit in one.units:
            key = unit.scheme, unit.code
            units[key] = places.wider(units[key], unit) if key in units else unit
    return Meant(tuple(units.values()), is_clear)


def target(meant: Meant, regions: tuple[str, ...]) -> tuple[Unit, ...] | None:
    """The units to show a card in, or ``None`` when it is not known whether the alert touches ``regions``: nothing that it means
    lies in them, and it is not clear where all of it lies. Empty: the alert is clear, but touches none of them.
    """
    found = places.smallest(_clipped(meant.units, regions))
    is_clear = meant.is_clear and not any(_may_touch(unit, regions) for unit in meant.units if not unit.region)
    if not meant.units or (not found and not is_clear):
        return None
    return found


def lies_within(meant: Meant, regions: tuple[str, ...]) -> bool:
    """Whether all that the alert means, shown here or not, lies in the regions; none at all means everywhere."""
    return not regions or all(_is_inside(unit, regions) for unit in meant.units)


def touches(area: CardArea, regions: tuple[str, ...]) -> bool:
    """Whether what a card is shown in and any of the regions overlap; no regions at all means everywhere."""
    shown = [region for target in area.target for region in _regions_of(target, area)] + list(area.drawn)
    return not regions or any(places.touches(region, regions) for region in shown if region)


def _regions_of(target: Target, area: CardArea) -> Sequence[str]:
    """The region of a unit, by its code; for a unit of the operator's own, those that the area touches."""
    if target.scheme in ("fips", "sgc", "iso3166-1", "iso3166-2"):
        return (places.region_of(target.code, target.scheme),)
    return (*area.subdivisions, *area.countries)


def overlap(one: Meant, other: Meant) -> bool:
    """Whether two alerts mean some of the same viewers, as far as units tell. What only shapes say counts as the whole region."""
    here, there = one.units, other.units
    codes = {(unit.scheme, unit.code) for unit in here}
    if any((unit.scheme, unit.code) in codes for unit in there):
        return True
    return any(_meet(a, b, here, there) for a in here for b in there)


def covers(wide: Iterable[Unit], narrow: Iterable[Unit]) -> bool:
    """Whether the first area contains the second: as much of each of its units, or a region that contains it, is meant there too.
    What only a shape says is covered by the same shape, or by the whole region."""
    around = {(unit.scheme, unit.code): unit for unit in wide}
    regions = tuple({unit.code for unit in around.values() if unit.whole and unit.scheme in ("iso3166-1", "iso3166-2")})
    return all(
        _is_as_much(around.get((unit.scheme, unit.code)), unit) or bool(regions and _is_inside(unit, regions))
        for unit in narrow
    )


def _is_as_much(wide: Unit | None, unit: Unit) -> bool:
    """Whether at least as much of a unit is meant; of parts that nobody can draw one is taken for the other."""
    if wide is None or wide.outline != unit.outline:
        return False
    if wide.whole or unit.whole:
        return wide.whole
    return wide.share is None or unit.share is None or wide.share >= unit.share


def shown_codes(units: Iterable[Unit]) -> tuple[str, ...]:
    """The codes by which a store remembers where a card is shown."""
    return tuple(unit.code for unit in units)


def stored_codes(area: CardArea) -> tuple[str, ...]:
    """The same, of a card."""
    return (*(target.code for target in area.target), *(f"~{region}" for region in area.drawn))


def _clipped(units: Iterable[Unit], regions: tuple[str, ...]) -> list[Unit]:
    """The units within the regions; a whole country meant where only some of its subdivisions are asked for becomes
    those subdivisions."""
    kept: list[Unit] = []
    for unit in units:
        if not regions or _is_inside(unit, regions):
            kept.append(unit)
        elif unit.scheme in ("iso3166-1", "iso3166-2"):
            kept += [places.whole(region) for region in regions if places.is_within(region, unit.region)]
    return kept


def _is_inside(unit: Unit, regions: tuple[str, ...]) -> bool:
    return bool(unit.region) and any(places.is_within(unit.region, region) for region in regions)


def _may_touch(unit: Unit, regions: tuple[str, ...]) -> bool:
    """Whether a unit of which nobody knows the country may lie in one of the regions: not in those of which all units are
    known."""
    return any(region[:2] not in CHARTED and not places.is_within(region, "US") for region in regions)


def _meet(one: Unit, other: Unit, here: Sequence[Unit], there: Sequence[Unit]) -> bool:
    """Whether two units of different codes have viewers in common: one is a region that contains the other, or their schemes cannot
    be compared."""
    if one.scheme in REGIONAL or other.scheme in REGIONAL:
        a, b = one.region, other.region
        wide = [region for unit, region in ((one, a), (other, b)) if unit.scheme in REGIONAL]
        return bool(a and b) and (places.is_within(a, b) or places.is_within(b, a)) and bool(wide)
    if one.scheme == other.scheme or one.region != other.region:
        return False
    return one.scheme not in {unit.scheme for unit in there} and other.scheme not in {unit.scheme for unit in here}


class DraftArea(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a card says of its area beside the target: all that does not depend on the policy. ``names`` are those of the units
    that may be listed."""

    basis: Basis = "geocode"
    places: str = ""
    names: dict[str, str] = {}
    countries: tuple[str, ...] = ()
    subdivisions: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    sgc: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    geometry: dict[str, Any] | None = None
    bbox: tuple[float, float, float, float] | None = None
    centroid: tuple[float, float] | None = None
    unresolved: tuple[str, ...] = ()


def draft_area(found: Sequence[Resolved], descriptions: Iterable[str], atlas: Atlas = ATLAS) -> DraftArea:
    """What the info blocks say together, each as it was resolved."""
    touched = {(unit.scheme, unit.code): unit for one in found for unit in (*one.touched, *one.units)}.values()
    kinds = {kind for one in found for kind in one.kinds}
    listed = [unit for one in found for unit in one.units]
    outline = places.outline(found, atlas)
    return DraftArea(
        basis=_basis(kinds),
        places=atlas.version,
        names={unit.code: name for unit in listed if (name := atlas.name(unit.code, unit.scheme))},
        countries=_sorted(unit.country for unit in touched),
        subdivisions=_sorted(unit.subdivision for unit in touched),
        counties=_sorted(places.counties_in(found, atlas)),
        sgc=_sorted([*(code for one in found for code in one.sgc), *(u.code for u in touched if u.scheme == "sgc")]),
        same=_sorted(places.same_codes(found)),
        descriptions=tuple(dict.fromkeys(descriptions)),
        geometry=outline.geometry,
        bbox=outline.bbox,
        centroid=outline.centroid,
        unresolved=tuple(dict.fromkeys(text for one in found for text in one.unresolved)),
    )


def card_area(target: Sequence[Unit], draft: DraftArea, regions: tuple[str, ...]) -> CardArea:
    """The area of a card that is shown in these units."""
    drawn = tuple(unit.region for unit in target if unit.scheme == DRAWN)
    area = CardArea(
        basis=draft.basis,
        match="geometry" if drawn else "codes",
        places=draft.places,
        target=tuple(_target(unit, draft) for unit in target if unit.scheme != DRAWN),
        drawn=drawn,
        countries=draft.countries,
        subdivisions=draft.subdivisions,
        counties=draft.counties,
        sgc=draft.sgc,
        same=draft.same,
        descriptions=draft.descriptions,
        geometry=draft.geometry,
        bbox=draft.bbox,
        centroid=draft.centroid,
        unresolved=draft.unresolved,
    )
    cut = _cut(area, regions) if drawn and regions else area
    return msgspec.structs.replace(
        cut,
        geometry=plain_geometry(cut.geometry),
        bbox=cut.bbox and tuple(map(plain, cut.bbox)),
        centroid=cut.centroid and tuple(map(plain, cut.centroid)),
    )


def _target(unit: Unit, draft: DraftArea) -> Target:
    name = draft.names.get(unit.code) or unit.name
    share = None if unit.share is None else plain(round(unit.share, SHARE_DIGITS))
    return Target(code=unit.code, scheme=unit.scheme, name=name, share=share)


def _cut(area: CardArea, regions: tuple[str, ...]) -> CardArea:
    """The area without what lies in none of the regions: where its geometry decides, that has to be clipped like the target."""
    kept = [place for place in (area.subdivisions or area.countries) if places.touches(place, regions)]
    if len(kept) == len(area.subdivisions or area.countries) or area.geometry is None:
        return area
    outline = places.clipped(area.geometry, kept)
    return msgspec.structs.replace(area, geometry=outline.geometry, bbox=outline.bbox, centroid=outline.centroid)


def _basis(kinds: set[str]) -> Basis:
    match sorted(kinds):
        case ["polygon"]:
            return "polygon"
        case ["circle"]:
            return "circle"
        case ["geocode"] | []:
            return "geocode"
        case _:
            return "mixed"


def _sorted(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))

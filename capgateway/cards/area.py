"""Where a card is shown, from the codes an alert gives.

Shapes are not resolved yet: an alert that has shapes only gives no area here, and its card waits in quarantine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway import places
from capgateway.cards.card import CardArea, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway.cap import Info

MAX_PLACES = 10_000
"""Geocodes, or units they name, of one alert: every county of the US by SAME and by UGC is 6,500, every census
subdivision of Canada 5,253. All of them go into the card."""


def area(infos: Sequence[Info], regions: tuple[str, ...]) -> CardArea | None:
    """The area that all info blocks mean together, or ``None`` when it is not known whether it touches ``regions``:
    no code names a place in them, and some area block names no place at all.

    ``target`` may be empty: then the alert is clear, but touches none of ``regions``.
    """
    areas = [area for info in infos for area in info.areas]
    found = _resolved(dict.fromkeys((pair.name, pair.value) for area in areas for pair in area.geocodes))
    units: dict[str, places.Unit] = {}
    for unit in (unit for group in found.values() for unit in group):
        units[unit.code] = _wider(units.get(unit.code), unit)
    target = _smallest(_clipped(units.values(), regions))
    is_clear = all(any(found.get((pair.name, pair.value)) for pair in area.geocodes) for area in areas)
    if not units or not target and not is_clear:
        return None
    return CardArea(
        basis="geocode",
        target=tuple(_target(unit) for unit in target),
        countries=_codes(unit.country for unit in units.values()),
        subdivisions=_codes(unit.subdivision for unit in units.values()),
        counties=_codes(unit.code for unit in units.values() if unit.scheme == "fips"),
        sgc=_codes(value for name, value in found if name.casefold().startswith("profile:cap-cp:location")),
        same=_codes(value for name, value in found if name.casefold() == "same"),
        descriptions=tuple(dict.fromkeys(area.area_desc for area in areas if area.area_desc)),
        unresolved=tuple(f"{name}={value}" for (name, value), group in found.items() if not group),
    )


def _resolved(geocodes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[places.Unit, ...]]:
    """The units that each geocode names; none at all when there are more than anyone could have meant."""
    found: dict[tuple[str, str], tuple[places.Unit, ...]] = {}
    count = 0
    for geocode in geocodes:
        found[geocode] = places.read(*geocode) or ()
        count += max(1, len(found[geocode]))
        if count > MAX_PLACES:
            return {}
    return found


def touches(area: CardArea, regions: tuple[str, ...]) -> bool:
    """Whether what a card is shown in and any of the regions overlap; no regions at all means everywhere."""
    shown = [places.region_of(target.code, target.scheme) for target in area.target]
    return any(places.touches(region, regions) for region in shown)


def lies_within(area: CardArea, regions: tuple[str, ...]) -> bool:
    """Whether all that the alert means, shown here or not, lies in the regions; none at all means everywhere."""
    meant = area.subdivisions or area.countries
    return not regions or all(any(places.is_within(place, region) for region in regions) for place in meant)


def _wider(known: places.Unit | None, unit: places.Unit) -> places.Unit:
    return known if known is not None and known.whole else unit


def _clipped(units: Iterable[places.Unit], regions: tuple[str, ...]) -> list[places.Unit]:
    """The units within the regions; a whole country meant where only some of its subdivisions are asked for becomes
    those subdivisions."""
    kept: list[places.Unit] = []
    for unit in units:
        if not regions or any(places.is_within(unit.region, region) for region in regions):
            kept.append(unit)
        else:
            kept += [places.whole(region) for region in regions if places.is_within(region, unit.region)]
    return kept


def _smallest(units: list[places.Unit]) -> list[places.Unit]:
    """The list without units that a whole country or subdivision in it already covers."""
    whole = {unit.code for unit in units if unit.whole and unit.scheme in ("iso3166-1", "iso3166-2")}
    covered = [
        unit
        for unit in units
        if unit.code in whole
        and (unit.scheme == "iso3166-1" or unit.country not in whole)
        or not whole & {unit.country, unit.subdivision}
    ]
    return sorted({unit.code: unit for unit in covered}.values(), key=lambda unit: unit.code)


def _target(unit: places.Unit) -> Target:
    return Target(code=unit.code, scheme=unit.scheme, name=unit.name, share=1.0 if unit.whole else None)


def _codes(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))

"""Where an alert is meant, from the codes it gives, and what of that lies in the policy's regions.

Shapes are not resolved yet: an alert that has shapes only gives no area here, and its card waits in quarantine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway import places
from capgateway.places import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway.cap import Area
    from capgateway.cards.card import CardArea

MAX_PLACES = 10_000
"""Geocodes, or units they name, of one alert: every county of the US by SAME and by UGC is 6,500, every census
subdivision of Canada 5,253. All of them go into the card."""


class Meant(msgspec.Struct, frozen=True, array_like=True):
    """The places that the area blocks of one info mean, clipped to nothing. ``is_clear`` says whether each of the
    blocks names a place we know."""

    units: tuple[Unit, ...] = ()
    is_clear: bool = False


class Resolver:
    """Reads the geocodes of one alert. Infos of several languages mostly repeat the same ones: each is read once."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], tuple[Unit, ...]] = {}
        self._count = 0

    @property
    def is_beyond(self) -> bool:
        """Whether there are more places than anyone could mean; then none of them counts."""
        return self._count > MAX_PLACES

    def meant(self, areas: Sequence[Area]) -> Meant:
        """What these area blocks mean together."""
        units: dict[str, Unit] = {}
        is_clear = True
        for area in areas:
            named = [unit for pair in area.geocodes for unit in self._read(pair.name, pair.value)]
            is_clear = is_clear and bool(named)
            for unit in named:
                units[unit.code] = _wider(units.get(unit.code), unit)
        return Meant() if self.is_beyond else Meant(tuple(units.values()), is_clear)

    def _read(self, name: str, value: str) -> tuple[Unit, ...]:
        geocode = (name, value)
        if geocode not in self.found and not self.is_beyond:
            self.found[geocode] = places.read(name, value) or ()
            self._count += max(1, len(self.found[geocode]))
        return self.found.get(geocode, ())


def together(meant: Iterable[Meant]) -> Meant:
    """What several infos mean together."""
    units: dict[str, Unit] = {}
    is_clear = True
    for one in meant:
        is_clear = is_clear and one.is_clear
        for unit in one.units:
            units[unit.code] = _wider(units.get(unit.code), unit)
    return Meant(tuple(units.values()), is_clear)


def target(meant: Meant, regions: tuple[str, ...]) -> tuple[Unit, ...] | None:
    """The units to show a card in, or ``None`` when it is not known whether the alert touches ``regions``: no code names
    a place in them, and some area block names no place at all. Empty: the alert is clear, but touches none of them.
    """
    found = _smallest(_clipped(meant.units, regions))
    if not meant.units or not found and not meant.is_clear:
        return None
    return tuple(found)


def lies_within(meant: Meant, regions: tuple[str, ...]) -> bool:
    """Whether all that the alert means, shown here or not, lies in the regions; none at all means everywhere."""
    places_meant = {unit.region for unit in meant.units}
    return not regions or all(any(places.is_within(place, region) for region in regions) for place in places_meant)


def overlap(one: Meant, other: Meant) -> bool:
    """Whether two alerts mean a common place."""
    return any(_lies_in(mine, yours) or _lies_in(yours, mine) for mine in one.units for yours in other.units)


def covers(outer: Iterable[Unit], inner: Iterable[Unit]) -> bool:
    """Whether each of the inner units lies in one of the outer ones."""
    around = tuple(outer)
    return all(any(_lies_in(unit, wide) for wide in around) for unit in inner)


def touches(area: CardArea, regions: tuple[str, ...]) -> bool:
    """Whether what a card is shown in and any of the regions overlap; no regions at all means everywhere."""
    shown = [places.region_of(target.code, target.scheme) for target in area.target]
    return any(places.touches(region, regions) for region in shown)


def _lies_in(unit: Unit, wide: Unit) -> bool:
    if unit.code == wide.code:
        return wide.whole or not unit.whole
    return wide.whole and wide.code in (unit.subdivision, unit.country)


def _wider(known: Unit | None, unit: Unit) -> Unit:
    return known if known is not None and known.whole else unit


def _clipped(units: Iterable[Unit], regions: tuple[str, ...]) -> list[Unit]:
    """The units within the regions; a whole country meant where only some of its subdivisions are asked for becomes
    those subdivisions."""
    kept: list[Unit] = []
    for unit in units:
        if not regions or any(places.is_within(unit.region, region) for region in regions):
            kept.append(unit)
        else:
            kept += [places.whole(region) for region in regions if places.is_within(region, unit.region)]
    return kept


def _smallest(units: list[Unit]) -> list[Unit]:
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

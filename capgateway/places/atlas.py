"""The units that are known, by code: those of the shipped boundary file, and those of ``[[places]]``.

The file is read on first use: its table of codes and names (3 ms), and its shapes (with shapely, 0.1 s) when the first shape
comes.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from capgateway import shipped
from capgateway.places import pack
from capgateway.places.codes import Unit, region_of, whole
from capgateway.places.regions import SUBDIVISION_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.places.chart import Chart
    from capgateway.places.layer import Layer, LayerUnit

Shares = dict[str, float | None]
"""Counties by their FIPS codes, each with the share of it that is meant; ``None`` where nobody knows."""

FIPS_DIGITS = 5
FIRST_PLANNING_REGION = "09110"


class Atlas:
    """What the resolution looks up. ``layers`` are the operator's own units."""

    def __init__(self, layers: Sequence[Layer] = ()) -> None:
        self.layers = tuple(layers)

    @cached_property
    def _content(self) -> bytes:
        return shipped.boundaries()

    @cached_property
    def _table(self) -> dict[str, Any]:
        return pack.unpack_table(self._content)

    @property
    def version(self) -> str:
        """The version of the boundary file."""
        return str(self._table["version"])

    @cached_property
    def names(self) -> dict[str, str | None]:
        """The counties and planning regions by FIPS code, and the provinces, in the order of their shapes."""
        return dict(self._table["units"])

    @cached_property
    def zones(self) -> dict[str, Shares]:
        """The counties of each forecast zone on land."""
        return {code: dict(counties) for code, counties in self._table["zones"].items()}

    @cached_property
    def zones_of(self) -> dict[str, Shares]:
        """The zones of each county, with the share of the county that each covers."""
        found: dict[str, Shares] = {}
        for zone, counties in self.zones.items():
            for fips, share in counties.items():
                found.setdefault(fips, {})[zone] = share
        return found

    @cached_property
    def retired(self) -> dict[str, Shares]:
        """What became of counties that do not exist any more."""
        return {code: dict(counties) for code, counties in self._table["retired"].items()}

    @cached_property
    def own(self) -> dict[tuple[str, str], LayerUnit]:
        """The units of the layers by scheme and code. Raises :class:`capgateway.places.LayerError`."""
        from capgateway.places.layer import units  # noqa: PLC0415

        return {(layer.scheme, unit.code): unit for layer in self.layers for unit in units(layer)}

    @cached_property
    def chart(self) -> Chart:
        """The same with their shapes."""
        from capgateway.places.chart import Chart  # noqa: PLC0415  (imports shapely)

        return Chart(self._units(), pack.unpack_shapes(self._content), self.own)

    @cached_property
    def outlines(self) -> dict[str, Any]:
        """States, provinces and countries in free association with less detail, for maps."""
        return dict(zip(self._table["outlines"], pack.unpack_outlines(self._content), strict=True))

    def counties(self, fips: str) -> Shares:
        """The counties of today that a FIPS code means; none for one that never existed."""
        if fips in self.names:
            return {fips: 1.0}
        return self.retired.get(fips, {})

    def name(self, code: str, scheme: str) -> str | None:
        """The name of a unit."""
        if scheme == "fips":
            return self.names.get(code)
        if (scheme, code) in self.own:
            return self.own[scheme, code].name
        return whole(code).name

    def _units(self) -> list[Unit]:
        return [county(code) if len(code) == FIPS_DIGITS and code.isdigit() else whole(code) for code in self.names]


def county(fips: str, share: float | None = 1.0) -> Unit:
    """A county, or a planning region of Connecticut, as a unit."""
    region = region_of(fips, "fips")
    subdivision = region if region in SUBDIVISION_NAMES else None
    return Unit(code=fips, scheme="fips", country=region[:2], subdivision=subdivision, share=share)


def is_planning_region(code: str) -> bool:
    """Whether a FIPS code is one of the planning regions that the Census counts as Connecticut's counties."""
    return code.startswith("09") and code >= FIRST_PLANNING_REGION


ATLAS = Atlas()
"""The shipped boundaries, without units of an operator's own."""


@lru_cache(maxsize=4)
def atlas_of(layers: tuple[Layer, ...]) -> Atlas:
    """The atlas with these layers: the same one as long as they are the same."""
    return Atlas(layers) if layers else ATLAS

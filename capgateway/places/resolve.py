"""Who is meant: the units that the area blocks of an alert mean together, with the share of each.

::

    area blocks ─▶ codes, shapes ─▶ which of them decide ─▶ units with shares ─▶ states that are meant as a whole

A unit is meant if 2 % of it lies in the area or 2 % of the area lies in it: the first alone would lose a whole side of a border
where units are large, the second alone every small unit. A state, province or country is meant if 98 % of it is, or a code names it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from capgateway.places import shapes
from capgateway.places.atlas import ATLAS, Atlas
from capgateway.places.block import MAX_EFFORT, MAX_PLACES, Block, block
from capgateway.places.codes import WHOLE, Unit, whole
from capgateway.places.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from capgateway.cap import Area
    from capgateway.places.chart import Touch

PART = 0.02
MOSTLY = 0.9
"""Of a province's part of an area: so much has to lie in smaller units for these to stand for it. Two sources draw a coast
differently."""
MAX_SHAPES = 500
"""Polygons and circles of one info. Real alerts have one; a list of warning districts has some dozens."""
DIGITS = 4
"""Of a share."""
Shares = dict[tuple[str, str], float]
"""Units by scheme and code, each with the share of it that all shapes of an info cover together."""
COUNTY, PLANNING, PROVINCE, DRAWN = "county", "planning region", "province", "drawn"


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """``units`` are meant, without those that a state or country among them contains. ``is_clear`` says whether each area block
    means a place that we know. ``kinds`` are those of what decided: polygon, circle, geocode.

    ``touched`` are all units, states and countries that the area touches. ``same`` and ``sgc`` are the codes of the blocks whose
    codes count, as received. ``shapes`` are those of the blocks, ``outlined`` the units that codes name.
    """

    units: tuple[Unit, ...] = ()
    is_clear: bool = False
    kinds: frozenset[str] = frozenset()
    touched: tuple[Unit, ...] = ()
    same: tuple[str, ...] = ()
    sgc: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    outlined: tuple[Unit, ...] = ()


@lru_cache(maxsize=64)  # languages repeat their areas, and a card's draft asks for what its gist asked for
def resolve(
    areas: tuple[Area, ...], *, shapes_decide: bool = False, atlas: Atlas = ATLAS, drawings: int = 1
) -> Resolved:
    """What area blocks mean together. With ``shapes_decide`` the codes of a block that has a shape count only where there are no
    smaller units (IPAWS, CAP-CP, CAP-AU); without, shapes and codes both count (CAP 1.2 §3.2.4). Shapes may take an equal
    part of the effort that is allowed for all ``drawings`` of an alert."""
    drawn = sum(len(area.polygons) + len(area.circles) for area in areas)
    if drawn > MAX_SHAPES or sum(len(area.geocodes) for area in areas) > MAX_PLACES:
        return Resolved()
    blocks: list[Block] = []
    budget, purse, count = MAX_EFFORT // drawings, shapes.Purse(drawings), 0
    for area in areas:
        blocks.append(block(area, atlas, budget, purse))
        budget = max(0, budget - blocks[-1].drawn.effort)
        count += len(blocks[-1].units)
        if count > MAX_PLACES:
            return Resolved()
    return _Resolution(atlas, shapes_decide=shapes_decide).of(blocks)


class _Resolution:
    """The units found so far, and where they are from."""

    def __init__(self, atlas: Atlas, *, shapes_decide: bool) -> None:
        self.atlas, self.shapes_decide = atlas, shapes_decide
        self.found: dict[tuple[str, str], Unit] = {}
        self.touched: dict[tuple[str, str], Unit] = {}
        self.kinds: set[str] = set()
        self.named: list[Unit] = []
        self.same: list[str] = []
        self.sgc: list[str] = []
        self.provinces: dict[str, float] = {}
        self.is_clear = True

    def of(self, blocks: Sequence[Block]) -> Resolved:
        drawn = {number: one.drawn.shape for number, one in enumerate(blocks) if one.drawn.shape is not None}
        touches = {number: self.atlas.chart.touched(shape) for number, shape in drawn.items()}
        shares = self._together(list(drawn.values()), touches)
        for number, one in enumerate(blocks):
            if number not in drawn or one.drawn.is_damaged or not self.shapes_decide:
                self._add_codes(one)
            if number in drawn:
                self._add_shape(one, touches[number], shares)
            is_drawn = number in drawn and not one.drawn.is_damaged
            self.is_clear = self.is_clear and (is_drawn or (bool(one.units) and not one.is_unknown))
        if not self.found:
            self._add_markers(blocks)
        self._add_other_layers()
        self._add_regions()
        return Resolved(
            units=smallest(self.found.values()),
            is_clear=self.is_clear and bool(blocks),
            kinds=frozenset(self.kinds),
            touched=tuple(self.touched.values()),
            same=tuple(dict.fromkeys(self.same)),
            sgc=tuple(dict.fromkeys(self.sgc)),
            unresolved=tuple(
                dict.fromkeys(text for one in blocks for text in (*one.unresolved, *one.drawn.unreadable))
            ),
            shapes=tuple(drawn.values()),
            outlined=tuple({(unit.scheme, unit.code): unit for unit in self.named}.values()),
        )

    def _together(self, drawn: Sequence[shapes.Shape], touches: Mapping[int, Sequence[Touch]]) -> Shares:
        """The share of each unit that lies in all shapes together: at least that in the shape of one block."""
        shares: Shares = {}
        shape = shapes.together(drawn) if len(drawn) > 1 else None
        everything = [*touches.values(), [] if shape is None else self.atlas.chart.touched(shape)]
        for touch in (touch for some in everything for touch in some):
            key = touch.unit.scheme, touch.unit.code
            shares[key] = max(touch.share, shares.get(key, 0.0))
        return shares

    def _add(self, unit: Unit) -> None:
        key = unit.scheme, unit.code
        self.found[key] = wider(self.found[key], unit) if key in self.found else unit

    def _add_codes(self, one: Block) -> None:
        for unit in one.units:
            self._add(unit)
            self.touched[unit.scheme, unit.code] = unit
        self.named += one.units
        self.same += one.same
        self.sgc += one.sgc
        if one.units:
            self.kinds.add("geocode")

    def _add_shape(self, one: Block, touches: Sequence[Touch], together: Shares) -> None:
        """The units that the shape of a block means. Their shares are those in all shapes ``together``."""
        self.kinds |= one.drawn.kinds
        self.touched |= {(touch.unit.scheme, touch.unit.code): touch.unit for touch in touches}
        meant = _meant(touches, float(shapes.square_kilometres(one.drawn.shape)), together)
        for touch in meant:
            share = together[touch.unit.scheme, touch.unit.code]
            if touch.layer == PROVINCE:
                self.provinces[touch.unit.code] = max(share, self.provinces.get(touch.unit.code, 0.0))
                self._add_province(touch, share, meant, one)
            else:
                self._add(msgspec.structs.replace(touch.unit, share=round(share, DIGITS)))
        if not meant:
            self._add_in_place_of(one.units, "", one)

    def _add_province(self, touch: Touch, share: float, meant: Sequence[Touch], one: Block) -> None:
        """A part of a province: its smaller units stand for it, or the codes of the block, or only its shape."""
        province = touch.unit.code
        layers: dict[str, float] = defaultdict(float)
        for other in meant:
            if other.layer != PROVINCE and other.unit.subdivision == province:
                layers[other.layer] += other.square_kilometres
        if share >= WHOLE or max(layers.values(), default=0.0) >= MOSTLY * touch.square_kilometres:
            return
        self._add_in_place_of([unit for unit in one.units if unit.subdivision == province], province, one)

    def _add_in_place_of(self, units: Iterable[Unit], region: str, one: Block) -> None:
        """These units of a block's codes for a part of its shape that no smaller unit stands for; else its shape alone."""
        coded = [msgspec.structs.replace(unit, share=None) for unit in units]
        for unit in coded or [_only_drawn(region, one)]:
            self._add(unit)
        if coded:
            self.touched |= {(unit.scheme, unit.code): unit for unit in coded}
            self.kinds.add("geocode")
            self.same += () if region else one.same
            self.sgc += one.sgc

    def _add_markers(self, blocks: Iterable[Block]) -> None:
        """Circles without a radius, where nothing else is given: the counties of their centres."""
        markers = [marker for one in blocks for marker in one.drawn.markers]
        for longitude, latitude in markers:
            for unit in self.atlas.chart.at(longitude, latitude):
                if unit.scheme != "iso3166-2":
                    found = msgspec.structs.replace(unit, share=None)
                    self._add(found)
                    self.named.append(found)
                    self.touched[unit.scheme, unit.code] = found
                    self.kinds.add("circle")
                    self.is_clear = True

    def _add_other_layers(self) -> None:
        """Units of other layers in what codes name: a viewer may be known by any of them."""
        chart, layers = self.atlas.chart, defaultdict(list)
        for unit in self.named:
            place = chart.places.get((unit.scheme, unit.code))
            if place is not None and (self.atlas.own or unit.subdivision == "US-CT"):
                layers[chart.layers[place]].append(unit)
        for layer, units in layers.items():
            shape = shapes.together([chart.shape(unit) for unit in {unit.code: unit for unit in units}.values()])
            if shape is None:
                continue
            is_whole = all(unit.whole for unit in units)
            touches = [touch for touch in chart.touched(shape) if touch.layer != layer]
            for touch in _meant(touches, float(shapes.square_kilometres(shape))):
                if touch.layer == PROVINCE:
                    if is_whole:
                        self.provinces[touch.unit.code] = max(touch.share, self.provinces.get(touch.unit.code, 0.0))
                    continue
                share = round(touch.share, DIGITS) if is_whole else None
                self._add(msgspec.structs.replace(touch.unit, share=share))

    def _add_regions(self) -> None:
        """States, provinces and countries of which 98 % is meant."""
        chart = self.atlas.chart
        inside: dict[str, float] = defaultdict(float)
        for unit in list(self.found.values()):
            place = chart.places.get((unit.scheme, unit.code))
            if place is not None and chart.layers[place] == COUNTY:
                inside[unit.region] += (unit.share or 0.0) * float(chart.areas[place])
        shares = {region: part / chart.region_areas[region] for region, part in inside.items()}
        for region, share in self.provinces.items():
            shares[region] = max(share, shares.get(region, 0.0))
        for unit in self.found.values():
            if unit.scheme in ("iso3166-1", "iso3166-2") and unit.share and unit.code in chart.region_areas:
                shares[unit.code] = unit.share
        for country in {region[:2] for region in shares if "-" in region}:
            parts = (
                share * chart.region_areas[region] for region, share in shares.items() if region[:3] == f"{country}-"
            )
            shares.setdefault(country, sum(parts) / chart.region_areas[country])
        for region, share in shares.items():
            if share >= WHOLE:
                self._add(msgspec.structs.replace(whole(region), share=round(min(share, 1.0), DIGITS)))


def _meant(touches: Sequence[Touch], square_kilometres: float, together: Shares | None = None) -> list[Touch]:
    """The units of which 2 % lies in an area, ``together`` with other areas, or in which 2 % of the area lies. Where there is none,
    because nearly all of it lies at sea, those in which 2 % of what lies on land is."""
    shares = together or {}
    found = [
        one
        for one in touches
        if one.square_kilometres >= PART * square_kilometres
        or shares.get((one.unit.scheme, one.unit.code), one.share) >= PART
    ]
    if found or not touches:
        return found
    land = sum(one.square_kilometres for one in touches if one.layer in (COUNTY, PROVINCE))
    return [one for one in touches if one.square_kilometres >= PART * land]


def _only_drawn(region: str, one: Block) -> Unit:
    """What only the shape says: a part of a region, or of nobody knows which."""
    import shapely  # noqa: PLC0415

    outline = hashlib.sha256(shapely.to_wkb(shapely.normalize(one.drawn.shape))).hexdigest()[:12]
    subdivision = region if "-" in region else None
    return Unit(
        code=f"~{region}", scheme=DRAWN, country=region[:2], subdivision=subdivision, share=None, outline=outline
    )


def wider(one: Unit, other: Unit) -> Unit:
    """Of two that mean the same unit the one that means more of it. Parts that only shapes say keep both outlines."""
    if one.outline != other.outline:
        return msgspec.structs.replace(one, outline="+".join(sorted({one.outline, other.outline})))
    return other if (other.share or 0.0) > (one.share or 0.0) else one


def smallest(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """The units without those that a whole country or subdivision among them contains, in the order of their codes."""
    some = list(units)
    regions = {unit.code for unit in some if unit.whole and unit.scheme in ("iso3166-1", "iso3166-2")}
    kept = [
        unit
        for unit in some
        if (unit.code in regions and (unit.scheme == "iso3166-1" or unit.country not in regions))
        or not regions & {unit.country, unit.subdivision}
    ]
    return tuple(sorted(kept, key=lambda unit: (unit.code, unit.scheme)))

"""One area block of an alert, read: the units that its codes name, and its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.places import shapes
from capgateway.places.atlas import county
from capgateway.places.codes import SGC_NAME, Unit, is_on_land, read, ugc_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cap import Area
    from capgateway.places.atlas import Atlas, Shares

MAX_EFFORT = 30_000
"""Pairs of an edge and a unit near it, in all shapes of an info: two seconds of work. The outline of Texas has a thousand."""
MAX_PLACES = 10_000
"""Geocodes of one alert, or units that they name: every county of the US by SAME and by UGC is 6,500, every census subdivision of
Canada 5,253."""
LONGEST_SHOWN = 60
"""Characters of a shape that is quoted."""


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """``shape`` is what polygons and circles cover together, ``kinds`` which of them there are. ``markers`` are circles without a
    radius, as longitude and latitude. A block with a shape that cannot be read ``is_damaged``."""

    shape: shapes.Shape | None = None
    kinds: frozenset[str] = frozenset()
    markers: tuple[tuple[float, float], ...] = ()
    unreadable: tuple[str, ...] = ()
    effort: int = 0

    @property
    def is_damaged(self) -> bool:
        return bool(self.unreadable)


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """``units`` are those that codes name; ``is_unknown`` says whether a code on land is not among them. ``same`` and ``sgc`` the codes of these schemes as received, ``unresolved`` the codes that name no
    place, and notes on those that name a part of one."""

    units: tuple[Unit, ...]
    is_unknown: bool
    same: tuple[str, ...]
    sgc: tuple[str, ...]
    unresolved: tuple[str, ...]
    drawn: Drawn


def block(area: Area, atlas: Atlas, budget: int = MAX_EFFORT, purse: shapes.Purse | None = None) -> Block:
    """What an area block gives. A shape that would take more effort than the ``budget``, or meets itself more often than the ``purse``
    allows, counts as one that cannot be read."""
    units: list[Unit] = []
    same: list[str] = []
    sgc: list[str] = []
    unresolved: list[str] = []
    is_unknown = False
    for pair in dict.fromkeys(area.geocodes):
        if len(units) > MAX_PLACES:
            break
        found = named(pair.name, pair.value.strip(), atlas)
        units += found
        if not found or (note := _note(pair.name, pair.value.strip(), found)):
            unresolved.append(f"{pair.name}={pair.value}{'' if not found else note}")
        pieces = ugc_pieces(pair.name, pair.value) or [pair.value.strip()]
        missing = [piece for piece in pieces if not (found if len(pieces) == 1 else named(pair.name, piece, atlas))]
        unresolved += [f"{pair.name}={piece}" for piece in missing if found]
        is_unknown = is_unknown or any(is_on_land(pair.name, piece) for piece in missing)
        if pair.name.strip().casefold() == "same":
            same.append(pair.value.strip())
        if found and SGC_NAME.fullmatch(pair.name.strip()):
            sgc.append(pair.value.strip())
    return Block(
        units=tuple(units),
        same=tuple(same),
        sgc=tuple(sgc),
        unresolved=tuple(unresolved),
        is_unknown=is_unknown,
        drawn=drawn(area, atlas, budget, purse or shapes.Purse()),
    )


def named(name: str, value: str, atlas: Atlas) -> list[Unit]:
    """The units of today that a geocode means."""
    found: list[Unit] = []
    for unit in read(name, value) or ():
        if unit.scheme == "fips":
            found += _counties(atlas.counties(unit.code), unit)
        elif unit.scheme == "ugc-zone":
            found += _counties(atlas.zones.get(unit.code, {}), unit)
        else:
            found.append(unit)
    return found + [
        atlas.chart.units[atlas.chart.places[layer.scheme, value]]
        for layer in atlas.layers
        if layer.is_of(name) and (layer.scheme, value) in atlas.own
    ]


def _counties(shares: Shares, unit: Unit) -> list[Unit]:
    """Counties with their shares; none is known where the code means only a part."""
    return [county(code, share if unit.share else None) for code, share in shares.items()]


def _note(name: str, value: str, found: Iterable[Unit]) -> str:
    """What to say of a code whose first digit names a part of a county: nobody can draw it."""
    first = next(iter(found))
    is_part = name.strip().casefold() in ("same", "fips6") and len(value) == len("PSSCCC") and value[0] != "0"
    return f" (part of {first.code})" if is_part else ""


def drawn(area: Area, atlas: Atlas, budget: int, purse: shapes.Purse) -> Drawn:
    """The polygons and circles of an area block as one shape."""
    texts = [("polygon", text) for text in dict.fromkeys(area.polygons)]
    texts += [("circle", text) for text in dict.fromkeys(area.circles)]
    found, markers, unreadable = [], [], []
    for kind, text in texts:
        circle = shapes.circle(text) if kind == "circle" else None
        if circle and shapes.is_marker(circle):
            markers.append((circle.longitude, circle.latitude))
        elif (shape := shapes.disc(circle) if circle else _polygon(kind, text, purse)) is None:
            unreadable.append(f"{kind}={text[:LONGEST_SHOWN]}")
        else:
            found.append((kind, shape))
    shape = shapes.together([shape for _, shape in found], purse) if found else None
    if found and shape is None:
        unreadable.append(f"{_counted(found)} crossing each other too often")
    effort = 0 if shape is None else atlas.chart.effort(shape, budget)
    if effort > budget:
        unreadable.append(f"{_counted(found)} with too many edges")
        shape = None
    kinds = frozenset(kind for kind, _ in found) if shape is not None else frozenset()
    return Drawn(shape=shape, kinds=kinds, markers=tuple(markers), unreadable=tuple(unreadable), effort=effort)


def _polygon(kind: str, text: str, purse: shapes.Purse) -> shapes.Shape | None:
    return shapes.polygon(text, purse) if kind == "polygon" else None


def _counted(found: list[tuple[str, shapes.Shape]]) -> str:
    return "1 shape" if len(found) == 1 else f"{len(found)} shapes"

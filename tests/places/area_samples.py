"""Area blocks to resolve, and the shortest ways to ask what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from capgateway import cap, places
from capgateway.places import ATLAS, Atlas, Resolved

LOCATION = "profile:CAP-CP:Location:0.3"
OTTAWA, ANCHORAGE, DETROIT = "45.42,-75.70 20", "61.2,-149.9 30", "42.32,-83.04 25"
DIVISIONS = Path(__file__).parents[2] / "examples/matches/divisions.geojson"


def block(*, polygons: Sequence[str] = (), circles: Sequence[str] = (), **codes: str | Sequence[str]) -> cap.Area:
    """An area block: ``same="048113"``, ``ugc=("TXC113", "TXZ119")``, ``sgc="3506"``, or any other valueName."""
    named = []
    for scheme, values in codes.items():
        name = {"same": "SAME", "ugc": "UGC", "fips6": "FIPS6", "sgc": LOCATION}.get(scheme, scheme)
        named += [cap.Named(name=name, value=value) for value in ([values] if isinstance(values, str) else values)]
    return cap.Area(polygons=tuple(polygons), circles=tuple(circles), geocodes=tuple(named))


def resolved(*areas: cap.Area, shapes_decide: bool = True, atlas: Atlas = ATLAS) -> Resolved:
    return places.resolve(areas, shapes_decide=shapes_decide, atlas=atlas)


def units(*areas: cap.Area, shapes_decide: bool = True, atlas: Atlas = ATLAS) -> list[str]:
    """The codes of what area blocks mean."""
    return [unit.code for unit in resolved(*areas, shapes_decide=shapes_decide, atlas=atlas).units]


def shares(*areas: cap.Area, atlas: Atlas = ATLAS) -> dict[str, float | None]:
    return {unit.code: unit.share for unit in resolved(*areas, atlas=atlas).units}


def with_divisions() -> Atlas:
    """The shipped boundaries, and a sketch of two census divisions."""
    layer = places.Layer(scheme="sgc", file=str(DIVISIONS), code="CDUID", name="CDNAME")
    return Atlas([layer])


def box(south: float, west: float, north: float, east: float) -> str:
    """A polygon as CAP writes it."""
    corners = [(south, west), (south, east), (north, east), (north, west), (south, west)]
    return " ".join(f"{latitude},{longitude}" for latitude, longitude in corners)

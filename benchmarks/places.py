"""Places: how long the boundaries take to load, and how long a point, a circle and the outline of Texas take to resolve."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import shapely

from capgateway import cap, cards
from capgateway.places import ATLAS, resolve

ROUNDS = 9
POINTS = 2_000
LOADING = """
import time, sys
import capgateway.places as places
started = time.perf_counter()
if sys.argv[1] == "imports": import shapely, numpy
else:
    import shapely, numpy
    started = time.perf_counter()
    places.ATLAS.chart
print(time.perf_counter() - started)
"""


def main() -> None:
    """Print all measurements."""
    print(f"  import shapely and numpy: {_loading('imports') * 1e3:.0f} ms, in a new process")
    print(f"  load the boundaries: {_loading('file') * 1e3:.0f} ms, in a new process (goal 200, with the imports)")
    chart = ATLAS.chart
    seconds = _best(lambda: [chart.county(-97 + number / POINTS, 32.5) for number in range(POINTS)]) / POINTS
    print(f"  point to county: {seconds * 1e6:.1f} µs (goal 20)")
    for what, area, goal in (("a circle", _circle(), 5), ("the outline of Texas", _texas(), 100)):
        count = len(chart.touched(_shape(area)))
        seconds = _best(lambda area=area: resolve.__wrapped__((area,), shapes_decide=True, atlas=ATLAS))
        print(f"  {what} over {count} counties: {seconds * 1e3:.1f} ms (goal {goal})")
    coded = cap.Area(geocodes=(cap.Named(name="SAME", value="048113"), cap.Named(name="SAME", value="048439")))
    seconds = _best(lambda: resolve.__wrapped__((coded,), shapes_decide=True, atlas=ATLAS))
    print(f"  two codes: {seconds * 1e6:.0f} µs")
    _print_ratio()


def _print_ratio() -> None:
    """What a storm warning pays for its polygon, which nobody resolves."""
    plain, drawn = (_storm(polygons) for polygons in ((), (_texas().polygons[0],)))
    gists = [_best(lambda alert=alert: [cards.gist(alert) for _ in range(POINTS)]) for alert in (drawn, plain)]
    ratio = gists[0] / gists[1]
    print(f"  the gist of an alert that becomes no card, with the outline of Texas: {ratio:.2f} x without (goal 1)")


def _storm(polygons: tuple[str, ...]) -> cap.Alert:
    code = cap.Named(name="SAME", value="SVR")
    area = cap.Area(area_desc="Here", polygons=polygons, geocodes=(cap.Named(name="SAME", value="048113"),))
    return cap.Alert(identifier="a", sender="b", infos=(cap.Info(event_codes=(code,), areas=(area,)),))


def _circle() -> cap.Area:
    return cap.Area(circles=("32.78,-96.80 160",))


def _texas() -> cap.Area:
    counties = [ATLAS.chart.shape(unit) for unit in ATLAS.chart.counties_of(["US-TX"])]
    ring = max(
        shapely.get_parts(shapely.simplify(shapely.union_all(counties), 0.01)), key=lambda part: part.area
    ).exterior
    return cap.Area(polygons=(" ".join(f"{y:.4f},{x:.4f}" for x, y in ring.coords),))


def _shape(area: cap.Area) -> object:
    from capgateway.places.block import drawn  # noqa: PLC0415

    return drawn(area, ATLAS).shape


def _loading(what: str) -> float:
    def once() -> float:
        told = subprocess.run([sys.executable, "-c", LOADING, what], capture_output=True, check=True, text=True)  # noqa: S603
        return float(told.stdout)

    return min(once() for _ in range(ROUNDS))


def _best(work: Callable[[], object]) -> float:
    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(once() for _ in range(ROUNDS))

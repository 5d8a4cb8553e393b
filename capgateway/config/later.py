"""Keys that are known but whose feature this version does not have: accepted only as if they were not there.

An operator who configures a review before display must not get "ok" from a gateway that displays at once.
"""

from __future__ import annotations

from typing import Any

from capgateway.config.spot import UNUSABLE, Spot
from capgateway.config.values import Kind, shown

NOT_YET = frozenset(
    {
        "receivers.snapshot",
    }
)
"""Nothing but the default is taken for these."""


def read(kind: Kind, value: Any, default: Any, spot: Spot) -> Any:
    """The value, or :data:`UNUSABLE` after reporting that this version cannot do it."""
    steps = [step for step in spot.path if isinstance(step, str)]
    if steps[:1] == ["programmes"]:
        del steps[1:2]  # the programme's own name
    name = ".".join(steps)
    if name not in NOT_YET or value == default:
        return spot.read(kind.read, value)
    if default is None or isinstance(default, list):
        return _refused("", "remove it", spot)
    found = spot.read(kind.read, value)
    if found is UNUSABLE or found == kind.read(default, spot):
        return found
    return _refused(f"{shown(value)} ", f"remove it or set it to its default ({shown(default)})", spot)


def _refused(what: str, way_out: str, spot: Spot) -> Any:
    spot.fault(f"{what}is not available in this version; {way_out}")
    return UNUSABLE

"""Keys that are known but whose feature this version does not have: accepted only as if they were not there.

An operator who asks for a review before display must not be told "ok" by a gateway that displays at once.
"""

from __future__ import annotations

from typing import Any

from capgateway.config.spot import UNUSABLE, Spot
from capgateway.config.values import Kind, shown

NOT_YET: dict[str, tuple[str, ...] | None] = {
    "feeds.kind": ("ipaws", "nws", "naads", "edxl", "directory", "push"),
    "feeds.profile": ("ipaws", "cap-cp", "cap-au"),
    "feeds.signature": ("require",),
    "feeds.urls": None,
    "feeds.archives": None,
    "feeds.path": None,
    "feeds.trust": None,
    "feeds.jurisdiction": None,
    "feeds.precedence": None,
    "feeds.rehearsal": None,
    "feeds.media_hosts": None,
    "policy.review": None,
    "policy.review_timeout": None,
    "policy.review_default": None,
    "policy.facts": None,
    "policy.retention": None,
    "receivers.signing_key": None,
    "receivers.rate": None,
    "receivers.snapshot": None,
    "tokens": None,
}
"""``None``: nothing but the default; words: only these are missing."""


def read(kind: Kind, value: Any, default: Any, spot: Spot) -> Any:
    """The value, or :data:`UNUSABLE` after telling that this version cannot do it."""
    name = ".".join(step for step in spot.path if isinstance(step, str))
    if name not in NOT_YET:
        return spot.read(kind.read, value)
    missing = NOT_YET[name]
    if missing is None and (default is None or isinstance(default, list)):
        return spot.read(kind.read, value) if value == default else _refused("", _way_out(default), spot)
    found = spot.read(kind.read, value)
    if found is UNUSABLE or (found not in missing if missing else found == kind.read(default, spot)):
        return found
    others = [word for word in kind.form.get("enum", ()) if word not in (missing or ())]
    return _refused(f"{shown(value)} ", f"use {' or '.join(others)}" if missing else _way_out(default), spot)


def _way_out(default: Any) -> str:
    return "remove it" if default in (None, []) else f"remove it or set it to its default ({shown(default)})"


def _refused(what: str, way_out: str, spot: Spot) -> Any:
    spot.fault(f"{what}is not available in this version yet; {way_out}")
    return UNUSABLE

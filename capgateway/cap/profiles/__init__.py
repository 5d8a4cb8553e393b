"""The rules that national profiles of CAP add: IPAWS, CAP-CP, CAP-AU. Chosen by the message's code, or by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap.profiles import cap_au, cap_cp, ipaws

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.cap.model import Alert
    from capgateway.cap.rules.notes import Notes

_CHECKS: dict[str, Callable[[Alert, Notes], None]] = {
    "ipaws": ipaws.check,
    "cap-cp": cap_cp.check,
    "cap-au": cap_au.check,
}


def choose(alert: Alert, wanted: str) -> str | None:
    """The profile to judge by: the wanted one, with ``auto`` the one whose code the message carries; ``None`` for none."""
    if wanted != "auto":
        return wanted if wanted in _CHECKS else None
    if not alert.codes:
        return None
    applying = {"ipaws": ipaws.applies, "cap-cp": cap_cp.applies, "cap-au": cap_au.applies}
    return next((name for name, applies in applying.items() if applies(alert)), None)


def check(alert: Alert, profile: str, notes: Notes) -> None:
    """Note what breaks the rules of a profile."""
    _CHECKS[profile](alert, notes)

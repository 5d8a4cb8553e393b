"""The rules that national profiles of CAP add: IPAWS, CAP-CP, CAP-AU. Chosen by the message's code, or by name.

Each is imported when the first message of its kind comes.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from capgateway.cap.profiles.every import profile_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.cap.model import Alert
    from capgateway.cap.rules.notes import Notes

_MODULES = {"ipaws": "ipaws", "cap-cp": "cap_cp", "cap-au": "cap_au"}


def choose(alert: Alert, wanted: str) -> str | None:
    """The profile to judge by: the wanted one, with ``auto`` the first whose code the message carries; ``None`` for none."""
    if wanted != "auto":
        return wanted if wanted in _MODULES else None
    for code in alert.codes:
        if profile := profile_of(code):
            return profile
    return None


def check(alert: Alert, profile: str, notes: Notes) -> None:
    """Note what breaks the rules of a profile."""
    _check_of(profile)(alert, notes)


@cache
def _check_of(profile: str) -> Callable[[Alert, Notes], None]:
    check: Callable[[Alert, Notes], None] = import_module(f"capgateway.cap.profiles.{_MODULES[profile]}").check
    return check

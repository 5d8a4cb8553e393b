"""The rules that national profiles of CAP add: IPAWS, CAP-CP, CAP-AU. Chosen by the message's code, or by name.

Each is imported when the first message of its kind comes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capgateway.cap.model import Alert
    from capgateway.cap.rules.notes import Notes

_MODULES = {"ipaws": "ipaws", "cap-cp": "cap_cp", "cap-au": "cap_au"}


def choose(alert: Alert, wanted: str) -> str | None:
    """The profile to judge by: the wanted one, with ``auto`` the one whose code the message carries; ``None`` for none."""
    if wanted != "auto":
        return wanted if wanted in _MODULES else None
    for code in alert.codes:
        if code.startswith("IPAWSv"):
            return "ipaws"
        if code.casefold().startswith("profile:cap-cp:"):
            return "cap-cp"
        if ":profile:CAP-AU:" in code:
            return "cap-au"
    return None


def check(alert: Alert, profile: str, notes: Notes) -> None:
    """Note what breaks the rules of a profile."""
    import_module(f"capgateway.cap.profiles.{_MODULES[profile]}").check(alert, notes)

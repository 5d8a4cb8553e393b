"""Event codes of the schemes that programmes are known by.

Category, severity and urgency are never asked: real AMBER Alerts come as ``Other`` and ``Moderate``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cap import Info, Named

Scheme = Literal["same", "nws", "cap-cp", "oet"]

CAP_CP_EVENT = re.compile(r"profile:cap-cp:event(:\d+(\.\d+)*)?", re.IGNORECASE)
CODE = re.compile(r"[\w.:/-]{0,40}")
OET_VALUE = re.compile(r"OET-\d{3}", re.IGNORECASE)


class Code(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event code of a known scheme, lower-cased."""

    scheme: Scheme
    value: str


TEST_CODES = frozenset(
    [Code("cap-cp", "testmessage"), *(Code("same", value) for value in ("rwt", "rmt", "npt", "nst", "dmo"))]
)
"""Codes that say that a message is a test or a demonstration, whatever its status (F-26)."""


def ruling(found: Iterable[Code]) -> list[Code]:
    """The codes that count. NWS repeats a SAME code under a name of its own, at times with another value: where a SAME
    code is present, that one rules and the repetition is left out."""
    kept = list(found)
    return [code for code in kept if code.scheme != "nws"] if any(code.scheme == "same" for code in kept) else kept


def codes(info: Info) -> tuple[Code, ...]:
    """The event codes of schemes we know. A value that cannot be a code is ``?``: it settles that there is one."""
    return tuple(Code(scheme, value if CODE.fullmatch(value) else "?") for scheme, value in _known(info.event_codes))


def _known(pairs: Iterable[Named]) -> Iterable[tuple[Scheme, str]]:
    for pair in pairs:
        name, value = pair.name.replace(".", "").strip().casefold(), pair.value.strip().casefold()
        if name == "same":
            yield "same", value
        elif name == "nationalweatherservice":
            yield "nws", value
        elif CAP_CP_EVENT.fullmatch(pair.name.strip()):
            yield "cap-cp", value
        elif OET_VALUE.fullmatch(value):  # by form: senders name the OASIS list in many ways
            yield "oet", value

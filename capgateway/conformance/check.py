"""What a check is, and what comes of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from capgateway.conformance.bench import Bench
    from capgateway.conformance.wire import Answer

Level = Literal[1, 2]
REPEATED = "not-repeated"
"""The check without which nothing can be asked by repeating a message."""
Fault = str | None
"""Why a check fails, in a sentence; ``None`` where it passes."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` is for programs and for looking it up in the documentation, ``title`` what the receiver does if it passes.
    ``needs`` names the checks without which it shows nothing, such as the one of ``REPEATED`` where a message is repeated only to learn
    what is shown."""

    name: str
    level: Level
    title: str
    run: Callable[[Bench], Awaitable[Fault]]
    needs: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """``passed`` is ``None`` for what was not checked; ``detail`` says why it failed or was not checked."""

    name: str
    level: Level
    title: str
    passed: bool | None
    detail: str | None = None


def result(check: Check, fault: Fault) -> Result:
    """What came of a check that ran."""
    return Result(name=check.name, level=check.level, title=check.title, passed=fault is None, detail=fault)


def not_checked(check: Check, why: str) -> Result:
    """A check that could not run."""
    return Result(name=check.name, level=check.level, title=check.title, passed=None, detail=why)


def level_1(name: str, title: str, run: Callable[[Bench], Awaitable[Fault]]) -> Check:
    """A check that looks at statuses."""
    return Check(name=name, level=1, title=title, run=run)


def level_2(name: str, title: str, run: Callable[[Bench], Awaitable[Fault]], *needs: str) -> Check:
    """A check that looks at confirmations."""
    return Check(name=name, level=2, title=title, run=run, needs=needs)


def accepted(answer: Answer, what: str = "") -> Fault:
    """A 2xx was due."""
    return None if answer.is_accepted else f"it {answer}{what}, but 2xx is right"


def refused(answer: Answer, what: str = "") -> Fault:
    """A 4xx was due."""
    return None if answer.is_refused else f"it {answer}{what and f' to {what}'}, but 4xx is right"


def shows(answer: Answer, revision: int, state: Literal["displayed", "removed"], when: str = "") -> Fault:
    """The confirmation in the answer has to say this."""
    said = answer.said
    if said is None:
        return f"it {answer} without a confirmation{when}"
    if (said.revision, said.state) == (revision, state):
        return None
    return f"it says revision {said.revision} {said.state}{when}, but revision {revision} {state} is right"


def first(*faults: Fault) -> Fault:
    """The first fault of several."""
    return next((fault for fault in faults if fault), None)

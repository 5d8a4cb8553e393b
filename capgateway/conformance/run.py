"""All checks of one receiver, one after the other; whatever happens, what was displayed is taken down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from capgateway.conformance import level1, level2
from capgateway.conformance.bench import Bench, Limits
from capgateway.conformance.check import REPEATED, Check, Result, not_checked, result
from capgateway.conformance.wire import Wire
from capgateway.webhooks.send import session_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capgateway.webhooks import Receiver

USUAL = Limits()
COUNT = 1 + len(level1.CHECKS) + len(level1.KEYED) + len(level1.WHOLE) + len(level2.CHECKS)
REFUSES_ALL = "not checked: it does not accept a valid message"
NOT_KEYED = "not checked: no signing key was given (--signing-key)"
CANNOT_BE_ASKED = "not checked: repeating a message, which asks for the state, changes it"
NOT_OBSERVABLE = 'not observable: the receiver does not answer {"revision", "state"} to every message'


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``level`` is the highest that could be observed, 0 where not even a valid message is accepted; ``left`` counts exercise
    cards whose take-down was not acknowledged, and which end by themselves."""

    level: int
    results: list[Result]
    left: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing that was checked failed."""
        return all(one.passed is not False for one in self.results)


async def probe(
    receiver: Receiver,
    *,
    user_agent: str,
    limits: Limits = USUAL,
    is_keyed: bool = False,
    on_result: Callable[[Result], None] = lambda _: None,
) -> Report:
    """Try a receiver out. ``on_result`` is called for each check. ``is_keyed``: it has the public key of ``signing_key``."""
    async with session_for(receiver, user_agent) as session:
        bench, results = Bench(Wire(session, receiver), receiver, limits), list[Result]()
        run = _Run(bench, results, on_result, is_keyed=is_keyed)
        try:
            level = await run.all()
        finally:
            left = await _tidied(bench)
    return Report(level=level, results=results, left=left)


async def _tidied(bench: Bench) -> int:
    """Take the cards down even if the user does not want to wait for the rest."""
    tidying = asyncio.ensure_future(bench.tidy())
    try:
        return await asyncio.shield(tidying)
    except asyncio.CancelledError:
        await tidying
        raise


class _Run:
    def __init__(
        self, bench: Bench, results: list[Result], on_result: Callable[[Result], None], *, is_keyed: bool
    ) -> None:
        self._bench, self._results, self._on_result, self._is_keyed = bench, results, on_result, is_keyed

    async def all(self) -> int:
        """Run all checks that can be run; the highest level that could be observed."""
        await self._checked([level1.VALID])
        if not self._results[0].passed:
            return await self._none()
        self._bench.is_keyed_only = await level1.is_keyed_only(self._bench)
        await self._checked(level1.CHECKS)
        if self._is_keyed:
            await self._checked(level1.KEYED)
        else:
            self._left_out(level1.KEYED, NOT_KEYED)
        is_observable = await level2.is_observable(self._bench)
        if is_observable:
            await self._checked(level2.CHECKS)
        await self._checked(level1.WHOLE)
        if not is_observable:
            self._left_out(level2.CHECKS, NOT_OBSERVABLE)
        return 2 if is_observable else 1

    async def _none(self) -> int:
        """A redirect is worth a line; all else would fail for the same reason."""
        self._left_out([*level1.CHECKS, *level1.KEYED], REFUSES_ALL)
        await self._checked([check for check in level1.WHOLE if check.name == "no-redirect"])
        self._left_out([check for check in level1.WHOLE if check.name != "no-redirect"], REFUSES_ALL)
        self._left_out(level2.CHECKS, REFUSES_ALL)
        return 0

    async def _checked(self, checks: Sequence[Check]) -> None:
        for check in checks:
            lacking = next((one.name for one in self._results if one.name in check.needs and not one.passed), None)
            if lacking:
                self._note(
                    not_checked(check, CANNOT_BE_ASKED if lacking == REPEATED else f"not checked: {lacking} fails")
                )
            else:
                self._note(result(check, await check.run(self._bench)))

    def _left_out(self, checks: Sequence[Check], why: str) -> None:
        for check in checks:
            self._note(not_checked(check, why))

    def _note(self, one: Result) -> None:
        self._results.append(one)
        self._on_result(one)

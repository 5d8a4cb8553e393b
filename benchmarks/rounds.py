"""Two ways of doing the same, measured in turn: A B A B …, so that a slow moment of the machine hits both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable

ROUNDS = 5


async def compare(one: Callable[[], Awaitable[object]], other: Callable[[], Awaitable[object]], times: int) -> float:
    """CPU time of ``one`` over ``other``: the median of the rounds' ratios, each of ``times`` calls."""
    ratios = [await _cpu(one, times) / await _cpu(other, times) for _ in range(ROUNDS)]
    return statistics.median(ratios)


async def _cpu(work: Callable[[], Awaitable[object]], times: int) -> float:
    started = time.process_time()
    for _ in range(times):
        await work()
    return time.process_time() - started

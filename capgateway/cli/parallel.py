"""Many sources judged, in order: by this process, or where that takes long by as many as there are processors."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from itertools import repeat
from threading import Thread
from typing import TYPE_CHECKING

from capgateway.cli.judging import Judged, Order, judge
from capgateway.cli.source_names import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

#: Below both, some 50 ms of work, more processes cost more than they bring.
MIN_SOURCES, MIN_BYTES = 200, 2_000_000
#: A worker's share at a time: large enough to be worth the way, small enough to keep all of them busy to the end.
MAX_SHARE, SHARES_EACH = 32, 4


@contextmanager
def judged(names: Sequence[str], order: Order) -> Iterator[Iterator[Judged]]:
    """What came of each source. No process is left behind, whether all of it was taken or the user had enough."""
    workers = min(os.cpu_count() or 1, len(names))
    if workers == 1 or not _is_much(names):
        yield map(judge, names, repeat(order))
        return
    import multiprocessing  # noqa: PLC0415  (both take 20 ms, a third of a run over one file)
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    most = max(1, min(MAX_SHARE, len(names) // (workers * SHARES_EACH)))
    shares = [names[at : at + most] for at in range(0, len(names), most)]
    pool = ProcessPoolExecutor(workers, initializer=_live_with_parent)
    try:
        with _no_interrupt():
            futures = [pool.submit(_judge_share, share, order) for share in shares]
        yield _in_order(shares, futures, order)
    finally:
        for worker in multiprocessing.active_children():
            worker.kill()  # in the middle of a share that nobody waits for, or idle
        pool.shutdown(cancel_futures=True)


def _is_much(names: Sequence[str]) -> bool:
    if len(names) >= MIN_SOURCES:
        return True
    size = 0
    for name in names:
        with suppress(OSError, ValueError):
            size += os.stat(name).st_size
    return size >= MIN_BYTES


def _judge_share(share: Sequence[str], order: Order) -> list[Judged | None]:
    """In a worker. Standard input is the parent's."""
    return [None if name == STANDARD_INPUT else judge(name, order) for name in share]


def _in_order(
    shares: Sequence[Sequence[str]], futures: Sequence[Future[list[Judged | None]]], order: Order
) -> Iterator[Judged]:
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    for share, future in zip(shares, futures, strict=True):
        try:
            done = future.result()
        except BrokenProcessPool:  # a worker was killed, for want of memory perhaps: what is left is done here
            done = [None] * len(share)
        for name, one in zip(share, done, strict=True):
            yield one or judge(name, order)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Processes and threads begun within never see Ctrl-C, which is the parent's to answer; it waits until the end."""
    import signal  # noqa: PLC0415

    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)


def _live_with_parent() -> None:
    """In a worker: end when the parent does, however it ends; it may be killed and tell nobody."""
    import multiprocessing  # noqa: PLC0415

    def watch() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()

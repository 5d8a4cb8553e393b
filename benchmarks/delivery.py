"""From store to receivers: throughput, fan-out, take-downs past hung receivers, and memory, against a bare client.

The gateway's part runs in this process, on the loop that the gateway runs on, without feeds; the receivers are another
process. The bare client posts the same bodies to the same receivers, signed, as many at once.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import resource
import statistics
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

import aiohttp
import msgspec

from benchmarks.alertmanager import Alertmanager, is_installed
from benchmarks.far_end import FarEnd, far_end
from capgateway import log
from capgateway.cli.run import run_async as run_on_its_loop
from capgateway.dispatch import Dispatch
from capgateway.metrics import Metrics
from capgateway.store import Store, outbox
from capgateway.store.write import Write
from capgateway.webhooks import Lane, Message, Outlets, Receiver, encode

T = TypeVar("T")
ROUNDS = 5
AT_ONCE = 8
EACH = 500
SECRET = b"a secret of the right length...."
LOOPBACK = (ip_network("127.0.0.0/8"),)
PATIENCE_SECONDS = 120.0
CARD = encode({"type": "card.published", "data": {"action": "display", "card": "x" * 2900}})
LIFETIME = timedelta(hours=1)


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of the clock and of this process's CPU."""

    seconds: float
    cpu: float


def main() -> None:
    """Print one line for each figure."""
    for measure in (sustained, fan_out, take_down, healthy, memory, alertmanager):
        measure()


def _run(work: Awaitable[T]) -> T:
    """What it gives, on the loop that the gateway runs on."""
    found: list[T] = []

    async def noted() -> None:
        found.append(await work)

    run_on_its_loop(noted())
    return found[0]


def sustained() -> None:
    """Deliveries that are stored already, to eight receivers."""
    _compare(
        "4,000 stored deliveries to 8 receivers",
        receivers=AT_ONCE,
        messages=EACH,
        slots=AT_ONCE,
        goal="0.6x",
        is_rate=True,
    )


def fan_out() -> None:
    """One card to a thousand receivers."""
    _compare("one card to 1,000 receivers", receivers=1000, messages=1, slots=AT_ONCE, goal="3x", is_rate=False)


def _compare(what: str, *, receivers: int, messages: int, slots: int, goal: str, is_rate: bool) -> None:
    pairs = []
    for _ in range(ROUNDS):  # in turn, so that a slow moment of the machine hits both
        with far_end(b"", receivers * messages) as far:
            urls = [far.hook(number) for number in range(receivers)]
            bare = _run(_bare(far, urls, messages, slots))
        with far_end(b"", receivers * messages) as far:
            urls = [far.hook(number) for number in range(receivers)]
            pairs.append((bare, _run(_whole(far, urls, messages, slots))))
    for name in ("seconds", "cpu"):
        both = [(getattr(bare, name), getattr(whole, name)) for bare, whole in pairs]
        ratio = statistics.median(bare / whole if is_rate else whole / bare for bare, whole in both)
        bare, whole = (statistics.median(each) for each in zip(*both, strict=True))
        count = receivers * messages
        print(
            f"  {what}, by {name}: {ratio:.2f}x the bare client (goal {goal}); {whole:.2f} against {bare:.2f} s", end=""
        )
        print(f", {count / whole:,.0f} against {count / bare:,.0f} a second")


async def _bare(far: FarEnd, urls: Sequence[str], messages: int, slots: int) -> Cost:
    async def send(session: aiohttp.ClientSession, url: str, mine: list[str]) -> None:
        while mine:
            name, timestamp = mine.pop(), str(int(time.time()))
            digest = hmac.digest(SECRET, f"{name}.{timestamp}.".encode() + CARD, "sha256")
            signature = {"webhook-id": name, "webhook-timestamp": timestamp, "content-type": "application/json"}
            signature["webhook-signature"] = "v1," + b64encode(digest).decode()
            async with session.post(url, data=CARD, headers=signature) as response:
                await response.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session, asyncio.TaskGroup() as group:
        begun = _now()
        for url in urls:
            mine = [f"msg_{number}" for number in range(messages)]
            for _ in range(min(slots, messages)):
                group.create_task(send(session, url, mine))
        await _done(far)
        return _since(begun)


async def _whole(far: FarEnd, urls: Sequence[str], messages: int, slots: int) -> Cost:
    receivers = [_receiver(f"r{number}", url, slots) for number, url in enumerate(urls)]
    async with _gateway(receivers) as (store, dispatch):
        names = [receiver.name for receiver in receivers]
        await store.write_alone(_post_many, names, messages)
        begun = _now()
        running = asyncio.create_task(dispatch.run())
        await _done(far)
        cost = _since(begun)
        dispatch.stop()
        await running
    return cost


def _receiver(name: str, url: str, slots: int = AT_ONCE) -> Receiver:
    secrets, allowed = (SECRET,), LOOPBACK
    return Receiver(name=name, url=url, secrets=secrets, allow_networks=allowed, rate=1e6, concurrency=slots)


@asynccontextmanager
async def _gateway(receivers: Sequence[Receiver]) -> AsyncIterator[tuple[Store, Dispatch]]:
    """A store in a new directory and the walk to these receivers, logging to a file as the gateway does."""
    with tempfile.TemporaryDirectory() as directory, (Path(directory) / "log").open("w") as lines:
        log.set_up("INFO", "json", lines)
        store = Store.open(f"sqlite:///{directory}/gateway.db")
        store.outlets = Outlets(receivers=tuple(receivers), public_url="http://x.example")
        try:
            yield store, Dispatch(store, receivers, user_agent="bench", metrics=Metrics())
        finally:
            store.close()
            logging.getLogger().handlers.clear()


def _post_many(write: Write, names: Sequence[str], messages: int, start: str = "card") -> None:
    for number in range(messages):
        _post(write, names, f"{start}-{number}", "card.published")


def _post(write: Write, names: Sequence[str], subject: str, kind: str, known: Sequence[Lane] = ()) -> str:
    """A message about no card of the database, as a lane of its own."""
    is_end = kind.endswith("cancelled")
    sequence = write.next_sequence()
    message = Message(
        id=f"msg_{sequence}",
        type=kind,
        action="take_down" if is_end else "display",
        card_id=None,
        revision=1 + is_end,
        sequence=sequence,
        timestamp=write.now,
        expires_at=write.now + LIFETIME,
        body=CARD,
    )
    outbox.post(write, message, names, known, subject=subject)
    return message.id


def take_down() -> None:
    """A cancel, with 25 of 50 receivers hung and 25,000 updates queued."""
    worst = sorted(_with_far(_take_down, expected=10**9) for _ in range(ROUNDS))
    print(
        "  with 25 of 50 receivers hung and 25,000 updates queued, a cancel reaches the last healthy one after ", end=""
    )
    print(f"{statistics.median(worst):.2f} s (goal 1 s); rounds {worst[0]:.2f} to {worst[-1]:.2f}")


def _with_far(work: Callable[[FarEnd], Awaitable[float]], expected: int) -> float:
    with far_end(b"", expected) as far:
        return _run(work(far))


async def _take_down(far: FarEnd) -> float:
    well = [_receiver(f"w{number}", far.hook(number)) for number in range(25)]
    hung = [_receiver(f"h{number}", far.hang(number)) for number in range(25)]
    names = [receiver.name for receiver in (*well, *hung)]
    async with _gateway([*well, *hung]) as (store, dispatch):
        await store.write_alone(_post, names, "ending", "card.published")
        running = asyncio.create_task(dispatch.run())
        await asyncio.sleep(1)
        for start in range(0, 500, 50):
            await store.write_alone(_post_many, names, 50, f"queue{start}")
        dispatch.wake()
        await asyncio.sleep(1)
        known = [Lane(receiver=name, revision=1, taken_down=False) for name in names]
        message = await store.write_alone(_post, names, "ending", "card.cancelled", known)
        committed = time.monotonic()
        dispatch.wake()
        arrived = await _arrived(far, message, len(well))
        await _end(dispatch, running)
    return max(arrived) - committed


def healthy() -> None:
    """What hung receivers do to the others."""
    pairs = []
    for _ in range(ROUNDS):
        alone = _with_far(lambda far: _latency(far, 0), expected=10**9)
        pairs.append((alone, _with_far(lambda far: _latency(far, 10), expected=10**9)))
    ratio = statistics.median(beside / alone for alone, beside in pairs)
    alone, beside = (statistics.median(each) for each in zip(*pairs, strict=True))
    print(f"  p99 of ten healthy receivers with ten hung ones beside them: {ratio:.2f}x (goal 1.2x); ", end="")
    print(f"{beside * 1000:.0f} against {alone * 1000:.0f} ms")


async def _latency(far: FarEnd, hanging: int) -> float:
    """p99 from commit to acknowledgement, at ten cards a second."""
    well = [_receiver(f"w{number}", far.hook(number)) for number in range(10)]
    hung = [_receiver(f"h{number}", far.hang(number)) for number in range(hanging)]
    names, took = [receiver.name for receiver in (*well, *hung)], list[float]()
    async with _gateway([*well, *hung]) as (store, dispatch):
        running = asyncio.create_task(dispatch.run())
        await asyncio.sleep(1)  # who begins opens a session for each receiver
        for number in range(50):
            message = await store.write_alone(_post, names, f"card-{number}", "card.published")
            committed = time.monotonic()
            dispatch.wake()
            await asyncio.sleep(0.1)
            took += [at - committed for at in await _arrived(far, message, len(well))]
        await _end(dispatch, running)
    return statistics.quantiles(took, n=100)[98]


async def _arrived(far: FarEnd, message: str, count: int) -> list[float]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found := await asyncio.to_thread(far.arrivals, message)) < count:
            await asyncio.sleep(0.01)
    return list(found.values())


async def _end(dispatch: Dispatch, running: asyncio.Task[None]) -> None:
    """Do not wait for what hangs."""
    dispatch.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def memory() -> None:
    """What a hundred thousand deliveries leave behind."""
    with far_end(b"", 10**9) as far:
        before, after = _run(_memory(far))
    print(
        f"  memory after 100,000 deliveries, over that after the first 10,000: {after / before - 1:+.1%} (goal +10%); ",
        end="",
    )
    print(f"{after / 1024:,.0f} against {before / 1024:,.0f} MB")


async def _memory(far: FarEnd) -> tuple[int, int]:
    receivers = [_receiver(f"r{number}", far.hook(number)) for number in range(50)]
    names, sizes = [receiver.name for receiver in receivers], list[int]()
    async with _gateway(receivers) as (store, dispatch):
        running = asyncio.create_task(dispatch.run())
        for thousand in range(100):
            await store.write_alone(_post_many, names, 20, f"part{thousand}")
            dispatch.wake()
            while await asyncio.to_thread(far.acknowledged) < (thousand + 1) * 1000:
                await asyncio.sleep(0.02)
            sizes.append(_size())
        dispatch.stop()
        await running
    return sizes[9], sizes[-1]


def _size() -> int:
    """What this process occupies, in kilobytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def alertmanager() -> None:
    """What is stored already, against Debian's prometheus-alertmanager that posts as many alerts to the same receivers."""
    if not is_installed():
        print("  prometheus-alertmanager is not installed (Debian: apt install prometheus-alertmanager): not compared")
        return
    pairs = []
    for _ in range(ROUNDS):
        with far_end(b"", EACH * AT_ONCE) as far:
            other = _run(_alertmanager(far, [far.hook(number) for number in range(AT_ONCE)]))
        with far_end(b"", EACH * AT_ONCE) as far:
            pairs.append((other, _run(_whole(far, [far.hook(number) for number in range(AT_ONCE)], EACH, AT_ONCE))))
    for name in ("seconds", "cpu"):
        both = [(getattr(other, name), getattr(whole, name)) for other, whole in pairs]
        ratio = statistics.median(other / whole for other, whole in both)
        other, whole = (statistics.median(each) for each in zip(*both, strict=True))
        print(f"  {EACH * AT_ONCE:,} deliveries, by {name}: {ratio:.2f}x prometheus-alertmanager (goal 1.0x); ", end="")
        print(f"{whole:.2f} against {other:.2f} s")


async def _alertmanager(far: FarEnd, urls: Sequence[str]) -> Cost:
    with Alertmanager(urls) as other:
        await other.ready()
        begun = time.monotonic()
        await other.post(EACH)
        await _done(far)
        seconds = time.monotonic() - begun
    return Cost(seconds=seconds, cpu=other.cpu)


async def _done(far: FarEnd) -> None:
    if not await asyncio.to_thread(far.done, PATIENCE_SECONDS):
        raise RuntimeError(f"only {far.acknowledged():,} were acknowledged")


def _now() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def _since(begun: tuple[float, float]) -> Cost:
    return Cost(seconds=time.monotonic() - begun[0], cpu=time.process_time() - begun[1])

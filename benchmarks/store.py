"""What the store's inner steps cost: a look and a claim with many deliveries waiting, and an update of a long chain."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from capgateway import cap, shipped
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.simulate import story
from capgateway.store import Store, alerts, deliveries
from capgateway.store.tables import deliveries as delivery_rows
from capgateway.store.tables import lanes, microseconds
from capgateway.store.tables import messages as message_rows
from capgateway.store.write import Commit, Write
from capgateway.webhooks import Outlets, Receiver

T = TypeVar("T")
FEW, MANY = 250, 25_000
RECEIVERS = [f"receiver-{number}" for number in range(50)]
ROUNDS = 40
CHAIN = 160
SCHEMAS = cap.Schemas(shipped.cap_schemas())
FEED = Feed(name="bench", kind="push")
OUTLETS = Outlets(
    receivers=(Receiver(name="app", url="https://app.example/", secrets=(bytes(32),)),), public_url="https://x.example"
)


def main() -> None:
    """Print one line for each step."""
    with _store() as few, _store() as many:
        for store, count in ((few, FEW), (many, MANY)):
            _wait(store, count, due=utc_now() + timedelta(hours=1))
            _wait(store, 400, due=utc_now() - timedelta(seconds=1), name="due")
        for name, step in (("a look for what is due", _look), ("a claim of eight", _claim)):
            _print_ratio(name, [(step(few), step(many)) for _ in range(ROUNDS)])
    with _store() as store:
        _print_chain(store)


def _look(store: Store) -> float:
    with store._reader.connect() as connection:
        return _seconds(lambda: deliveries.next_due(connection, RECEIVERS))


def _claim(store: Store) -> float:
    def claim() -> None:
        claims = _do(store, lambda write: deliveries.claim(write, RECEIVERS[0], room=8, lease=timedelta(0)))
        if len(claims) != 8:
            raise RuntimeError(f"{len(claims)} claims")

    return _seconds(claim)


def _print_ratio(name: str, pairs: list[tuple[float, float]]) -> None:
    few, many = (statistics.median(one) for one in zip(*pairs, strict=True))
    ratio = statistics.median(more / less for less, more in pairs)
    print(f"  {name}: with {MANY:,} waiting {ratio:.2f}x what it costs with {FEW} (goal 1.5x); ", end="")
    print(f"{few * 1000:.2f} and {many * 1000:.2f} ms")


def _print_chain(store: Store) -> None:
    """Each update names all before it; the goal holds for the last ones too."""
    sent = [story.amber(utc_now() - timedelta(hours=1))]
    took: list[float] = []
    for number in range(CHAIN):
        update = story.update(utc_now() - timedelta(minutes=50) + timedelta(seconds=number), sent[0])
        named = tuple(reference for one in sent for reference in story.update(utc_now(), one).references)
        sent.append(replace(update, identifier=f"TX-U-{number}", references=named))
    for alert in sent:
        came = examine(cap.write(alert), FEED, SCHEMAS, received_at=utc_now())
        took.append(_seconds(lambda: _do(store, lambda write: alerts.take_in(write, [came], Policy()))))  # noqa: B023
    last = statistics.median(took[-20:])
    print(f"  an update that names all of {CHAIN} before it: {last * 1000:.1f} ms in the writer (goal 20 ms), ", end="")
    print(f"{sum(took):.2f} s for the whole chain")


@contextmanager
def _store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as directory:
        store = Store(f"sqlite:///{Path(directory) / 'bench.db'}")
        store.upgrade()
        try:
            yield store
        finally:
            store.close()


def _wait(store: Store, count: int, *, due: datetime, name: str = "later") -> None:
    """Let deliveries wait, the same number for each receiver; those of ``due`` all for the first one."""

    def work(write: Write) -> None:
        for number in range(count):
            receiver = RECEIVERS[0] if name == "due" else RECEIVERS[number % len(RECEIVERS)]
            key = f"{name}-{number}"
            message = {"id": f"msg_{key}", "sequence": microseconds(due) + number, "type": "card.published"}
            body = {"sha256": "", "body": b"{}", "created_at": write.now, "revision": 1, "action": "display"}
            write.add(message_rows, message | body | {"card_id": None})
            lane = {"receiver": receiver, "subject": key, "card_id": None, "revision": 1, "action": "display"}
            head = {"delivery_id": f"dlv_{key}", "priority": 1, "since": write.now, "due_at": due}
            state = {"id": f"dlv_{key}", "message_id": f"msg_{key}", "state": "pending", "created_at": write.now}
            write.add(delivery_rows, lane | state | {"deadline": None, "attempts": 0, "confirmed": False})
            write.add(lanes, lane | head | {"in_flight": None, "lease_until": None})

    _do(store, work)


def _do(store: Store, work: Callable[[Write], T]) -> T:
    """A unit of work as the writer does it, in this thread."""
    with store._engine.begin() as connection:
        commit = Commit.begin(connection, now=utc_now(), outlets=OUTLETS, alone=True)
        result = commit.unit(work)
        commit.finish()
    return result


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun

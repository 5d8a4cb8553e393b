"""How long the overview takes on a store of 100,000 alerts, 20,000 cards and 1,000,000 attempts; the goal is 50 ms."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Connection, Table, insert, select

from benchmarks.store import FEED, SCHEMAS, _do
from capgateway import cap
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.examine import examine
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.store import Store, alerts, overview
from capgateway.store import tables as t

ALERTS, CARDS, SHOWN, RECEIVERS, ATTEMPTS = 100_000, 20_000, 120, 10, 5
"""Of all cards so many are on display; each has a delivery to every receiver, and that so many attempts."""
FAILING = 300
"""Cards whose take-down the last receiver has not acknowledged."""
DISMISSED, WAITING = 20_000, 40
"""Quarantined alerts."""
ROUNDS, BATCH = 40, 20_000

Row = dict[str, Any]


def main() -> None:
    """Print what the overview costs in the database, and as a page over HTTP."""
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            gateway=GatewaySettings(database=f"sqlite:///{Path(directory) / 'bench.db'}", listen="127.0.0.1:0"),
            policy=Policy(regions=("US-TX",)),
        )
        store = Store.open(settings.gateway.database)
        try:
            _fill(store)
            asyncio.run(_measure(settings, store))
        finally:
            store.close()


async def _measure(settings: Settings, store: Store) -> None:
    service, ready = Service(settings, store, roles=["web"]), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(ready))
        await ready.wait()
        assert service.address is not None
        async with aiohttp.ClientSession(f"http://{service.address.host}:{service.address.port}") as session:

            async def page() -> None:
                async with session.get("/") as answer:
                    assert answer.status == 200, await answer.text()
                    await answer.read()

            await _print("the questions to the database", lambda: store.read(overview.overview))
            await _print("the whole page over HTTP", page)
        service.stop()


async def _print(name: str, ask: Callable[[], Any]) -> None:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - begun) * 1000)
    print(f"  {name}: {statistics.median(took):.1f} ms, the slowest of {ROUNDS} {max(took):.1f} ms (goal 50 ms)")


def _fill(store: Store) -> None:
    """One card as the gateway makes it, again and again under other names."""
    first = examine(cap.write(story.amber(utc_now())), FEED, SCHEMAS, received_at=utc_now())
    _do(store, lambda write: alerts.take_in(write, [first], Policy()))
    with store._engine.begin() as connection:
        (card,), (alert,), (revision,), (message,), (delivery,), (lane,) = (
            list(connection.execute(select(one)).mappings())
            for one in (t.cards, t.alerts, t.card_revisions, t.messages, t.deliveries, t.lanes)
        )
        _insert(connection, t.alerts, _alerts(dict(alert)))
        _insert(connection, t.cards, _cards(dict(card)))
        _insert(connection, t.card_revisions, (dict(revision) | {"card_id": f"crd_{n}"} for n in range(CARDS)))
        named = (
            {"id": f"msg_{n}", "sequence": message["sequence"] + n + 1, "card_id": f"crd_{n}"} for n in range(CARDS)
        )
        _insert(connection, t.messages, (dict(message) | one | {"body": b"{}"} for one in named))
        _insert(connection, t.deliveries, (one for one, _ in _deliveries(dict(delivery), dict(lane))))
        _insert(connection, t.lanes, (one for _, one in _deliveries(dict(delivery), dict(lane))))
        _insert(connection, t.attempts, _attempts())


def _alerts(row: Row) -> Iterator[Row]:
    for n in range(ALERTS):
        other = {"id": f"alt_{n}", "identity": f"{n}", "received_at": utc_now() - timedelta(seconds=ALERTS - n)}
        if n < DISMISSED + WAITING:
            other |= {"decision": "quarantined", "reason": "unreadable", "card_id": None}
            other |= {"handled": "dismissed" if n >= WAITING else None, "handled_at": utc_now()}
        else:
            other["card_id"] = f"crd_{n % CARDS}"
        yield row | other


def _cards(row: Row) -> Iterator[Row]:
    for n in range(CARDS):
        other = {"id": f"crd_{n}", "incident_id": f"inc_{n}", "published_at": utc_now() - timedelta(seconds=CARDS - n)}
        if n < CARDS - SHOWN:
            other |= {"state": "ended", "ended_at": utc_now(), "end_reason": "cancelled"}
        yield row | other


def _deliveries(delivery: Row, lane: Row) -> Iterator[tuple[Row, Row]]:
    for n in range(CARDS):
        for receiver in range(RECEIVERS):
            is_open = n < FAILING and receiver == 0
            same = {"receiver": f"receiver-{receiver}", "subject": f"crd_{n}", "card_id": f"crd_{n}"}
            same |= {"action": "display" if n >= CARDS - SHOWN else "take_down"}
            made = {"id": f"dlv_{n}_{receiver}", "message_id": f"msg_{n}", "attempts": ATTEMPTS}
            made |= {"state": "pending" if is_open else "delivered", "ended_at": None if is_open else utc_now()}
            head = {"delivery_id": f"dlv_{n}_{receiver}", "priority": 0 if same["action"] == "take_down" else 1}
            head |= {"due_at": utc_now() + timedelta(hours=1) if is_open else None}
            yield delivery | same | made, lane | same | head


def _attempts() -> Iterator[Row]:
    now = utc_now()
    for n in range(CARDS * RECEIVERS * ATTEMPTS):
        made = {
            "delivery_id": f"dlv_{n // ATTEMPTS // RECEIVERS}_{n // ATTEMPTS % RECEIVERS}",
            "number": n % ATTEMPTS + 1,
        }
        yield made | {
            "started_at": now,
            "microseconds": 40_000,
            "ambiguous": False,
            "confirmed": False,
            "outcome": "delivered",
            "status": 200,
        }


def _insert(connection: Connection, table: Table, rows: Iterator[Row]) -> None:
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert(table), batch)

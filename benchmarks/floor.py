"""The bare pipeline: the least that any gateway has to do for an alert, without a gateway around it.

::

    GET the wrapper ─▶ cut out each <alert> ─▶ lxml parse + XSD ─▶ SQLite, a durable commit every 50 ─▶ signed POST

It decides nothing, remembers nothing and tries nothing twice. ``python -m benchmarks.floor`` runs it in a process of its
own, reads what to do as one line of JSON and prints what it cost; the other end of its connections is another process.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import resource
import sqlite3
import sys
import time
from base64 import b64encode
from collections.abc import Iterator

import aiohttp
import msgspec
from lxml import etree

from capgateway import shipped
from capgateway.cli.run import run_async

COMMIT_EVERY = 50
AT_ONCE = 8
"""Requests under way to one receiver, as many as the gateway's default."""
VERSION = "1.2"
ALERT = re.compile(rb"<alert[\s>].*?</alert>", re.DOTALL)
TABLE = "CREATE TABLE alerts (id INTEGER PRIMARY KEY, document BLOB NOT NULL, is_valid INTEGER NOT NULL)"


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: the feed, where to store, and the receivers, none for a run without POST."""

    feed: str
    database: str
    secret: bytes = b""
    receivers: tuple[str, ...] = ()


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What it took: seconds of CPU time and of the clock, from the first request to the last acknowledgement."""

    cpu: float
    seconds: float
    stored: int
    acknowledged: int


async def run(task: Task) -> Cost:
    """Everything is made ready first; only then the clocks start."""
    schema = etree.XMLSchema(etree.fromstring(shipped.cap_schemas()[VERSION]))
    database = sqlite3.connect(task.database, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(TABLE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        cpu, started = _cpu(), time.monotonic()
        async with session.get(task.feed) as response:
            wrapper = await response.read()
        senders = [Sender(session, url, task.secret) for url in task.receivers]
        stored = 0
        async with asyncio.TaskGroup() as group:
            for sender in senders:
                sender.start(group)
            for documents in _batches(wrapper):
                _store(database, schema, documents)  # what is sent is durable
                messages = [_message(stored + number, document) for number, document in enumerate(documents)]
                stored += len(documents)
                for sender in senders:
                    sender.put(messages)
                await asyncio.sleep(0)
            for sender in senders:
                sender.end()
        cost = Cost(
            cpu=_cpu() - cpu,
            seconds=time.monotonic() - started,
            stored=stored,
            acknowledged=sum(sender.acknowledged for sender in senders),
        )
    database.close()
    return cost


def _batches(wrapper: bytes) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for found in ALERT.finditer(wrapper):
        batch.append(found[0])
        if len(batch) == COMMIT_EVERY:
            yield batch
            batch = []
    if batch:
        yield batch


def _store(database: sqlite3.Connection, schema: etree.XMLSchema, documents: list[bytes]) -> None:
    rows = [(document, schema.validate(etree.fromstring(document))) for document in documents]
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO alerts (document, is_valid) VALUES (?, ?)", rows)
    database.execute("COMMIT")


def _message(number: int, document: bytes) -> tuple[str, bytes]:
    """An id and a JSON body of about the size of a card, made once for all receivers."""
    data = {"action": "display", "card_id": f"crd_{number}", "revision": 1, "card": document.decode()}
    return f"msg_{number}", msgspec.json.encode({"type": "card.published", "timestamp": time.time(), "data": data})


class Sender:
    """One receiver: a queue, and a few tasks that sign and send."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: bytes) -> None:
        self.acknowledged = 0
        self._session, self._url, self._secret = session, url, secret
        self._queue: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue()

    def start(self, group: asyncio.TaskGroup) -> None:
        for _ in range(AT_ONCE):
            group.create_task(self._send())

    def put(self, messages: list[tuple[str, bytes]]) -> None:
        for message in messages:
            self._queue.put_nowait(message)

    def end(self) -> None:
        """Nothing more comes."""
        for _ in range(AT_ONCE):
            self._queue.put_nowait(None)

    async def _send(self) -> None:
        while (message := await self._queue.get()) is not None:
            identifier, body = message
            async with self._session.post(self._url, data=body, headers=self._headers(identifier, body)) as response:
                await response.read()
                self.acknowledged += response.status == 200

    def _headers(self, identifier: str, body: bytes) -> dict[str, str]:
        """Those of Standard Webhooks, signed anew for each receiver and attempt."""
        timestamp = str(int(time.time()))
        digest = hmac.digest(self._secret, f"{identifier}.{timestamp}.".encode() + body, "sha256")
        return {
            "Content-Type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": timestamp,
            "webhook-signature": "v1," + b64encode(digest).decode(),
        }


def _cpu() -> float:
    """Of all threads of this process, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _main() -> None:
    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    print(msgspec.json.encode(await run(task)).decode(), flush=True)


if __name__ == "__main__":
    run_async(_main())  # on the event loop that the gateway runs on

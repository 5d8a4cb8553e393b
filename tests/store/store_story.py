"""What the tests of the store take in: the story's alerts, decided as the gateway decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select

from capgateway import cap, shipped
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.simulate import story
from capgateway.store import Arrival, Store, StoredDelivery, Taken, alerts, lists
from capgateway.store.audit import Act
from capgateway.store.tables import metadata
from capgateway.webhooks import Attempt, Outlets, Receiver

SCHEMAS = cap.Schemas(shipped.cap_schemas())
POLICY = Policy(regions=("US-TX",))
NOW = utc_now().replace(microsecond=0)
ACT = Act(actor="ops", reason="a test")
LEASE = timedelta(seconds=45)


def outlets(*names: str) -> Outlets:
    """Receivers of these names; one called ``app`` if none is given."""
    receivers = (Receiver(name=name, url="https://app.example/", secrets=(bytes(32),)) for name in names or ("app",))
    return Outlets(receivers=tuple(receivers), public_url="https://cap.example")


def arrival(
    document: cap.Alert | bytes,
    *,
    feed: str = "simulator",
    senders: Sequence[str] = (),
    signature: str = "absent",
    status: str | None = None,
    at: datetime | None = None,
) -> Arrival:
    """The document as the walk from feed to store hands it in; ``status`` is that of an envelope."""
    raw = document if isinstance(document, bytes) else cap.write(document)
    source = Feed(name=feed, kind="push", senders=tuple(senders))
    came = examine(raw, source, SCHEMAS, received_at=at or utc_now(), envelope_status=status)
    if signature == "absent":
        return came
    return replace(came, report=replace(came.report, signature=cap.Signature(status=signature)))  # type: ignore[arg-type]


async def take(
    store: Store, document: cap.Alert | bytes | Arrival, *receivers: str, policy: Policy = POLICY, **how: Any
) -> Taken:
    """Take one document in, for these receivers."""
    store.outlets = outlets(*receivers)
    came = document if isinstance(document, Arrival) else arrival(document, **how)
    (taken,) = await store.write_alone(alerts.take_in, [came], policy)
    return taken


@contextmanager
def at(store: Store, moment: datetime) -> Iterator[None]:
    """The writer's clock stands at this moment."""
    store.clock = lambda: moment
    try:
        yield
    finally:
        store.clock = utc_now


def chain(name: str = "TX-1") -> list[cap.Alert]:
    """An Alert, two Updates and a Cancel, each of which refers only to the one before."""
    first = replace(story.amber(NOW - timedelta(minutes=9)), identifier=f"{name}-A")
    links = [first]
    for minutes, kind in ((6, "U1"), (3, "U2")):
        update = story.update(NOW - timedelta(minutes=minutes), links[-1])
        links.append(replace(update, identifier=f"{name}-{kind}"))
    links.append(replace(story.cancel(NOW, links[-1]), identifier=f"{name}-C"))
    return links


def attempt(number: int, outcome: str = "delivered", at: datetime = NOW) -> Attempt:
    """One attempt that took no time."""
    status = {"delivered": 200, "status": 500}.get(outcome)
    return Attempt(number=number, started_at=at, duration=timedelta(0), outcome=outcome, status=status)


async def deliveries(store: Store) -> list[StoredDelivery]:
    """All of them, the oldest first."""
    return sorted((await store.read(lists.delivery_page)).items, key=lambda each: each.sequence)


async def states(store: Store) -> list[str]:
    """``type state`` of every delivery, the oldest first."""
    return [f"{each.type} {each.state}" for each in await deliveries(store)]


async def contents(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""

    def read(connection: Any) -> dict[str, list[tuple[Any, ...]]]:
        tables = metadata.tables.items()
        return {name: sorted(map(tuple, connection.execute(select(table))), key=repr) for name, table in tables}

    return await store.read(read)

"""Handing deliveries out: leases, fencing numbers, the order of the lane; on one gateway and on two."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from store_story import LEASE, NOW, arrival, at, attempt, chain, deliveries, states, take

from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.store import Finished, Store, lists
from capgateway.store import deliveries as delivery_rows
from capgateway.webhooks import Claim, Dead, Delivered, Next, Retry

ALERT = story.amber(NOW)
SOON = timedelta(seconds=1)


async def claim(
    store: Store,
    moment: datetime,
    receiver: str = "app",
    limit: int = 10,
    *,
    lease: timedelta = LEASE,
    take_downs_only: bool = False,
) -> list[Claim]:
    with at(store, moment):
        room, reserve = (0, limit) if take_downs_only else (limit, 0)
        return await store.write(delivery_rows.claim, receiver, room=room, reserve=reserve, lease=lease)


async def record(store: Store, claimed: Claim, after: Next, outcome: str = "status") -> bool:
    (ours,) = await store.write_alone(
        delivery_rows.record, [Finished(claimed, attempt(claimed.number, outcome), after)]
    )
    return ours


async def test_what_is_claimed_is_nobody_elses(store: Store) -> None:
    """A delivery is handed out once while its lease runs, to its own receiver only, with the body as stored."""
    await take(store, ALERT, "app", "other")
    now = utc_now()
    (claimed,) = await claim(store, now)
    assert await claim(store, now) == []
    assert (claimed.receiver, claimed.type, claimed.number, claimed.tries) == ("app", "card.published", 1, 1)
    assert b"Ada Testchild" in claimed.body
    (others,) = await claim(store, now, "other")
    assert (others.message_id, others.body) == (claimed.message_id, claimed.body)
    assert others.delivery_id != claimed.delivery_id


async def test_the_fencing_number_tells_old_from_new(store: Store) -> None:
    """After its lease ran out and another has the delivery, a late word changes nothing, but is kept as an attempt."""
    await take(store, ALERT)
    now = utc_now()
    (first,) = await claim(store, now)
    (second,) = await claim(store, now + LEASE)
    assert (first.number, second.number) == (1, 2)
    assert not await record(store, first, Dead("deadline"))
    assert await states(store) == ["card.published pending"]
    assert await record(store, second, Delivered(), "delivered")
    (delivery,) = await deliveries(store)
    assert (delivery.state, [each.number for each in delivery.attempts]) == ("delivered", [1, 2])


async def test_a_lease_that_ran_out_unclaimed_is_still_ours(store: Store) -> None:
    """A word that comes after the lease's end, but before another claim, counts."""
    await take(store, ALERT)
    (claimed,) = await claim(store, utc_now(), limit=1, lease=timedelta(0))
    assert await record(store, claimed, Delivered(), "delivered")
    assert await states(store) == ["card.published delivered"]


async def test_a_retry_waits_for_its_time(store: Store) -> None:
    """What is to be tried again is handed out from its time on, and its number grows."""
    await take(store, ALERT)
    now = utc_now()
    (claimed,) = await claim(store, now)
    again = now + timedelta(seconds=30)
    assert await record(store, claimed, Retry(again))
    assert await store.read(delivery_rows.next_due, ["app", "unknown"]) == {"app": again}
    assert await claim(store, again - SOON) == []
    (second,) = await claim(store, again)
    assert (second.number, second.message_id) == (2, claimed.message_id)


async def test_what_is_given_up_says_why(store: Store) -> None:
    """A dead delivery keeps its reason, is never handed out again, and nothing is due."""
    await take(store, ALERT)
    now = utc_now()
    (claimed,) = await claim(store, now)
    assert await record(store, claimed, Dead("tls"))
    (delivery,) = await deliveries(store)
    assert (delivery.state, delivery.reason, delivery.next_at) == ("dead", "tls", None)
    assert await claim(store, now + timedelta(days=1)) == []
    assert await store.read(delivery_rows.next_due, ["app"]) == {}


async def test_take_downs_go_first(store: Store) -> None:
    """Of what is due the take-down comes first, then what is published, then updates; or take-downs alone."""
    first, update, _, _ = chain("TX-1")
    await take(store, first)
    await record(store, (await claim(store, utc_now()))[0], Delivered(), "delivered")
    await take(store, update)
    await take(store, ALERT)
    second = chain("TX-2")[0]
    await take(store, second)
    await take(store, story.cancel(NOW + SOON, second))
    only = await claim(store, utc_now(), limit=1, take_downs_only=True)
    rest = await claim(store, utc_now())
    assert [each.type for each in only + rest] == ["card.cancelled", "card.published", "card.updated"]


async def test_newer_revisions_supersede_what_waits(store: Store) -> None:
    """R3, R6: each message of the chain supersedes the former at once; the take-down goes though nothing was shown."""
    for link in chain():
        await take(store, link)
    assert await states(store) == [
        "card.published superseded",
        "card.updated superseded",
        "card.updated superseded",
        "card.cancelled pending",
    ]
    (claimed,) = await claim(store, utc_now())
    assert (claimed.action, claimed.revision) == ("take_down", 4)


async def test_a_take_down_waits_for_the_request_under_way_only(store: Store) -> None:
    """R1, R4: while a display is under way nothing of its lane starts, and it is named as overtaken; when it fails it
    is superseded instead of retried, and the take-down goes at once."""
    await take(store, ALERT)
    (display,) = await claim(store, utc_now())
    assert await store.read(delivery_rows.overtaken, [display.delivery_id]) == []
    await take(store, story.cancel(NOW + SOON, ALERT))
    assert await claim(store, utc_now()) == []
    assert await store.read(delivery_rows.overtaken, [display.delivery_id]) == [display.delivery_id]
    assert await record(store, display, Retry(utc_now() + timedelta(hours=1)))
    assert await states(store) == ["card.published superseded", "card.cancelled pending"]
    assert await store.read(delivery_rows.overtaken, [display.delivery_id]) == []
    assert [each.action for each in await claim(store, utc_now())] == ["take_down"]


async def test_a_display_nobody_reported_does_not_wait_for_good(store: Store) -> None:
    """R3: its lane moved on while it was under way, and its gateway died: it is superseded when the newest goes."""
    await take(store, ALERT)
    await claim(store, utc_now())
    await take(store, story.cancel(NOW + SOON, ALERT))
    (take_down,) = await claim(store, utc_now() + LEASE)
    assert take_down.action == "take_down"
    assert await states(store) == ["card.published superseded", "card.cancelled pending"]
    assert (await store.read(lists.waiting)).pending == {"app": 1}


async def test_a_display_that_arrived_late_is_still_delivered(store: Store) -> None:
    """A display under way when the lane moved on counts as delivered if it was; then the newer one goes."""
    first, update, *_ = chain()
    await take(store, first)
    (display,) = await claim(store, utc_now())
    await take(store, update)
    assert await record(store, display, Delivered(), "delivered")
    assert await states(store) == ["card.published delivered", "card.updated pending"]
    assert [each.revision for each in await claim(store, utc_now())] == [2]


async def test_lanes_do_not_wait_for_each_other(store: Store) -> None:
    """R1 holds within a lane: the same card at another receiver, and another card at this one, go on."""
    await take(store, ALERT, "app", "other")
    await claim(store, utc_now())
    await take(store, chain()[0], "app", "other")
    assert len(await claim(store, utc_now())) == 1
    assert len(await claim(store, utc_now(), "other")) == 2


async def test_a_restart_frees_what_was_under_way(sqlite_url: str) -> None:
    """Only one gateway uses a SQLite file, so whoever held its leases is gone when it is opened: same id, next number."""
    store = Store.open(sqlite_url)
    await take(store, ALERT)
    (before,) = await claim(store, utc_now())
    store.close()
    store = Store.open(sqlite_url)
    (after,) = await claim(store, utc_now())
    store.close()
    assert (after.message_id, after.body, after.number) == (before.message_id, before.body, 2)


@pytest.mark.postgresql
async def test_another_gateways_leases_are_respected(postgresql_url: str) -> None:
    """Several gateways share a PostgreSQL: one that starts leaves alone what another has under way."""
    one = Store.open(postgresql_url)
    await take(one, ALERT)
    await claim(one, utc_now())
    other = Store.open(postgresql_url)
    assert await claim(other, utc_now()) == []
    assert len(await claim(other, utc_now() + LEASE)) == 1
    one.close()
    other.close()


@pytest.mark.postgresql
async def test_two_gateways_never_claim_the_same(postgresql_url: str) -> None:
    """Two gateways that claim at the same moment share the work: each delivery is handed out once."""
    stores = [Store.open(postgresql_url), Store.open(postgresql_url)]
    for number in range(20):
        await take(stores[0], chain(f"TX-{number}")[0])
    now = utc_now()
    claims = await asyncio.gather(*(claim(stores[turn % 2], now, limit=2) for turn in range(24)))
    more = await claim(stores[0], now, limit=20)
    handed = [each.delivery_id for part in (*claims, more) for each in part]
    assert len(handed) == len(set(handed)) == 20
    for store in stores:
        store.close()


@pytest.mark.postgresql
async def test_two_gateways_see_each_others_alerts(postgresql_url: str) -> None:
    """An Alert taken in by one gateway and its Cancel taken in by another at the same moment leave no card; the same
    document taken in by both is one alert."""
    stores = [Store.open(postgresql_url), Store.open(postgresql_url)]
    for number in range(8):
        first = chain(f"TX-{number}")[0]
        cancel = replace(story.cancel(NOW, first), identifier=f"TX-{number}-C")
        both = [arrival(first), arrival(cancel)]
        taken = await asyncio.gather(*(take(store, each) for store in stores for each in both))
        assert sorted(each.is_new for each in taken) == [False, False, True, True]
    assert (await stores[0].read(lists.card_page, state="active")).items == []
    for store in stores:
        store.close()

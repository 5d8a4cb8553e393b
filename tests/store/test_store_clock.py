"""Leases and retries when the wall clock is set: nothing waits for a time that has become another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from store_story import LEASE, NOW, at, attempt, chain, take

from capgateway.store import Finished, MissingEntry, Store, deliveries, feeds, leases
from capgateway.webhooks import Claim, Retry

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=2)


async def claimed(store: Store) -> Claim:
    """A take-down under way at NOW."""
    first, *_, last = chain()
    with at(store, NOW):
        await take(store, first)
        await take(store, replace(last, references=last.references))
        (claim,) = await store.write(deliveries.claim, "app", room=1, lease=LEASE)
    return claim


async def due(store: Store) -> list[timedelta]:
    """How long after NOW what waits is due."""
    return [moment - NOW for moment in (await store.read(deliveries.next_due, ["app"])).values()]


async def waiting(store: Store) -> Claim:
    """A take-down that failed and is tried again in two seconds."""
    claim = await claimed(store)
    with at(store, NOW):
        await store.write(deliveries.record, [Finished(claim, attempt(1, "status"), Retry(NOW + SOON))])
    return claim


async def test_a_retry_does_not_wait_for_the_old_time(store: Store) -> None:
    """The clock goes back an hour: what was due in two seconds is due in two seconds."""
    await waiting(store)
    with at(store, NOW - HOUR):
        await store.write(leases.clock_stepped, -HOUR, [])
    assert await due(store) == [SOON - HOUR]


async def test_what_is_due_sooner_after_a_step_forward_stays_so(store: Store) -> None:
    """An hour too early harms nobody; what is more is left as it is."""
    await waiting(store)
    with at(store, NOW + HOUR):
        await store.write(leases.clock_stepped, HOUR, [])
        assert await store.write(deliveries.claim, "app", room=1, lease=LEASE)


@pytest.mark.parametrize("step", [-HOUR, HOUR])
async def test_a_lease_lasts_as_long_as_before(store: Store, step: timedelta) -> None:
    """What this process carries out stays its own for the rest of the lease, by the new time."""
    claim = await claimed(store)
    with at(store, NOW + step):
        await store.write(leases.clock_stepped, step, [claim.delivery_id])
    assert await due(store) == [LEASE + step]


async def test_what_is_under_way_is_not_handed_out_whatever_the_clock_says(store: Store) -> None:
    """Until the step is noticed its lease may seem over: a second request of one lane must not begin."""
    claim = await claimed(store)
    with at(store, NOW + HOUR):
        assert not await store.write(deliveries.claim, "app", room=9, lease=LEASE, held={claim.delivery_id})
        assert await store.write(deliveries.claim, "app", room=9, lease=LEASE)


@pytest.mark.parametrize("wait", [timedelta(minutes=1), timedelta(hours=1)])
async def test_what_waits_for_ever_is_due_again(store: Store, wait: timedelta) -> None:
    """The clock went back while no gateway ran: what lies further ahead than any retry is due, what does not stays."""
    await waiting(store)
    with at(store, NOW + SOON - wait):
        is_astray = await store.read(leases.astray, NOW + SOON - wait)
        await store.write(leases.bring_back)
        got = await store.write(deliveries.claim, "app", room=1, lease=LEASE)
    assert (is_astray, bool(got)) == ((True, True) if wait == HOUR else (False, False))


async def test_a_lease_of_the_old_time_is_nobodys(store: Store) -> None:
    """The same for what a gateway that is gone had under way."""
    claim = await claimed(store)
    with at(store, NOW - HOUR):
        await store.write(leases.bring_back)
        (again,) = await store.write(deliveries.claim, "app", room=1, lease=LEASE)
    assert (again.delivery_id, again.number) == (claim.delivery_id, 2)


async def test_what_nobody_holds_is_let_go(store: Store) -> None:
    """Leases of deliveries that are not under way end at once, the others stay."""
    claim = await claimed(store)
    with at(store, NOW):
        held = {claim.delivery_id}
        assert await store.write(lambda write: leases.release(write.connection, NOW, held)) == 0
        assert not await store.write(deliveries.claim, "app", room=1, lease=LEASE)
        assert await store.write(lambda write: leases.release(write.connection, NOW)) == 1
        assert await store.write(deliveries.claim, "app", room=1, lease=LEASE)


async def test_a_missing_entry_does_not_wait_for_the_old_time(store: Store) -> None:
    """An alert that could not be fetched is looked for again as soon as before."""
    missed = MissingEntry(key="k", link="https://feed.example/1", failures=1, retry_at=NOW + SOON)
    await store.write(feeds.entries_missing, "f", [(missed, "500")])
    with at(store, NOW - HOUR):
        await store.write(feeds.clock_stepped, -HOUR)
    (entry,) = await store.read(feeds.missing_entries, "f")
    assert entry.retry_at == NOW + SOON - HOUR

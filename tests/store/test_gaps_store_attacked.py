"""Marks that must not vanish, and reminders that must come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from store_story import NOW, POLICY, SCHEMAS, arrival, at, chain, take
from test_store_gaps import MINUTE, SINCE, begin, told, unverified

from capgateway import cap
from capgateway.cards import FeedRules
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.store import Store, again, alerts, gaps

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "rules", [FeedRules(is_push=True), FeedRules(is_push=True, senders=("else@x",)), FeedRules(jurisdiction=("US-OK",))]
)
async def test_a_copy_that_could_not_end_the_card_verifies_nothing(store: Store, rules: FeedRules) -> None:
    """Anybody may repeat an alert: a push feed that does not name the sender, or a feed that may not speak for the area."""
    first = chain()[0]
    policy = replace(POLICY, feeds={"simulator": FeedRules(), "other": rules})
    await store.write_alone(alerts.take_in, [arrival(first)], policy)
    await begin(store)
    await store.write_alone(alerts.take_in, [replace(arrival(first), feed="other")], policy)
    assert await unverified(store) == [SINCE]


async def test_a_copy_in_a_test_envelope_verifies_nothing(store: Store) -> None:
    """It is not seen as the real thing again."""
    first = chain()[0]
    await take(store, first)
    await begin(store)
    drill = examine(
        cap.write(first), Feed(name="simulator", kind="push"), SCHEMAS, received_at=NOW, envelope_status="Test"
    )
    await store.write_alone(alerts.take_in, [drill], POLICY)
    assert await unverified(store) == [SINCE]


async def test_reminders_come_after_a_clock_set_back_over_a_restart(store: Store) -> None:
    """They count from the restart, and not from a time that is still to come."""
    await take(store, chain()[0])
    with at(store, NOW):
        await begin(store)
    with at(store, NOW - HOUR):
        assert await store.write(gaps.not_ahead) == 1
    counts = []
    for minutes in (0, 4, 6, 16, 30):
        with at(store, NOW - HOUR + minutes * MINUTE):
            counts.append(await store.write_alone(gaps.remind))
    assert counts == [0, 0, 1, 1, 0]


async def test_an_earlier_gap_from_the_future_silences_no_later_one(store: Store) -> None:
    """The clock goes back after all its reminders: it moves too."""
    await take(store, chain()[0])
    with at(store, NOW):
        await begin(store)
        await store.write(gaps.end, "simulator", NOW)
    with at(store, NOW + 20 * MINUTE):
        await store.write_alone(gaps.remind)
    back = NOW - 3 * HOUR
    with at(store, back):
        await store.write(gaps.clock_stepped, -3 * HOUR)
        await store.write_alone(gaps.begin, "simulator", NOW + MINUTE)
        latest = (await store.read(gaps.latest))["simulator"]
        assert latest.ended_at is None
    with at(store, back + 6 * MINUTE):
        assert await store.write_alone(gaps.remind) == 1


async def test_a_display_that_waited_over_a_gap_is_unverified(store: Store) -> None:
    """Its Cancel may have been missed meanwhile; what came after the gap is verified."""
    narrow = replace(POLICY, regions=("US-OK",))
    with at(store, NOW):
        (taken,) = await store.write_alone(alerts.take_in, [replace(arrival(chain()[0]), received_at=NOW)], narrow)
    with at(store, NOW + MINUTE):
        await begin(store)
        await store.write(gaps.end, "simulator", NOW + MINUTE)
    with at(store, NOW + 2 * MINUTE):
        await store.write_alone(again.decide_again, taken.alert_id, POLICY)
        await take(store, chain("TX-2")[0], at=NOW + 2 * MINUTE)
    assert await unverified(store) == [SINCE]
    assert [kind for kind, _ in await told(store)] == ["feed_gap", "cards_unverified"]

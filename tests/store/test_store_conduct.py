"""The report of conduct: real moments of each card, nothing personal, and the same after an erasure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from store_story import ACT, LEASE, NOW, POLICY, at, attempt, chain, take

from capgateway.simulate import story
from capgateway.store import (
    Finished,
    Store,
    again,
    conduct,
    copies,
    corrections,
    erase,
    gaps,
    hand,
    recovery,
    retention,
)
from capgateway.store import deliveries as delivery_rows
from capgateway.store.conduct import Conduct
from capgateway.store.tallies import spread
from capgateway.webhooks import Delivered

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
CONFIRMS = ("app", "board")
PERSONAL = (story.CHILD, story.PLATE, "Testchild", "court", "order 12")


async def report(store: Store, since: Any = NOW - HOUR, until: Any = NOW + HOUR) -> Conduct:
    return await store.read(conduct.conduct, since, until, NOW + HOUR)


async def deliver(store: Store, receiver: str, moment: Any) -> None:
    """The receiver acknowledges all that is due, at this moment; what it says of it is so."""
    with at(store, moment):
        for one in await store.write(delivery_rows.claim, receiver, room=10, lease=LEASE):
            answer = replace(attempt(one.number, at=moment), confirmed=receiver in CONFIRMS)
            await store.write_alone(delivery_rows.record, [Finished(one, answer, Delivered())])


async def story_of(store: Store) -> str:
    """An alert that was sent 9 minutes ago, displayed 1 s after its receipt, followed, corrected, held during a gap, and ended by
    its issuer; the id of its card."""
    first, update, *_ = chain()
    cancel = story.cancel(NOW, update)
    receipt = NOW - timedelta(minutes=8)
    with at(store, receipt + SECOND):
        taken = await take(store, first, "app", "silent", at=receipt)
    card_id = taken.decision.changes[0].card_id
    await deliver(store, "app", receipt + 3 * SECOND)
    with at(store, NOW - timedelta(minutes=5)):
        await take(store, update, "app", "silent", at=NOW - timedelta(minutes=5))
        await store.write_alone(corrections.correct, card_id, ["/vehicles/0/plate"], POLICY, ACT)
        await store.write(hand.hold, card_id, ACT)
        await store.write_alone(gaps.begin, "simulator", NOW - timedelta(minutes=6))
    await deliver(store, "app", NOW - timedelta(minutes=4))
    with at(store, NOW):
        await store.write(gaps.end, "simulator", NOW)
        await store.write(hand.lift, card_id, ACT)
        await take(store, cancel, "app", "silent", at=NOW - SECOND)
    await deliver(store, "app", NOW + 2 * SECOND)
    return card_id


async def test_a_card_is_told_from_sent_to_its_last_take_down(store: Store) -> None:
    """Each moment by itself: what a receiver did not do is null."""
    card_id = await story_of(store)
    told = await report(store)
    (card,) = told.cards
    assert (card.card_id, card.programme, card.status, card.state) == (card_id, "amber", "actual", "ended")
    assert card.issuer == story.SENDER
    assert "48113" in card.area
    assert card.sent_at == NOW - timedelta(minutes=9)
    assert (card.received_at, card.published_at) == (NOW - timedelta(minutes=8), NOW - timedelta(minutes=8) + SECOND)
    app, silent = card.receivers
    assert (app.receiver, app.first_acknowledged_at) == ("app", NOW - timedelta(minutes=8) + 3 * SECOND)
    assert app.last_acknowledged_at == NOW - timedelta(minutes=4)
    assert (app.take_down_acknowledged_at, app.take_down_confirmed_at) == (NOW + 2 * SECOND,) * 2
    assert (silent.first_acknowledged_at, silent.take_down_acknowledged_at, silent.is_taken_down) == (None, None, True)
    assert card.end
    assert (card.end.reason, card.end.sent_at) == ("cancelled", NOW)
    assert (card.end.received_at, card.end.ended_at) == (NOW - SECOND, NOW)
    assert [one.removed for one in card.corrections] == ["/vehicles/0/plate"]
    assert [(one.held_at, one.lifted_at) for one in card.holds] == [(NOW - timedelta(minutes=5), NOW)]
    assert [(one.feed, one.since) for one in card.gaps] == [("simulator", NOW - timedelta(minutes=6))]
    totals = told.totals
    assert (totals.cards, totals.ended, totals.held, totals.corrected, totals.with_gaps) == (
        1,
        {"cancelled": 1},
        1,
        1,
        1,
    )
    assert (totals.take_downs, totals.take_downs_acknowledged, totals.take_downs_confirmed) == (2, 1, 1)
    assert totals.durations["sent_to_received"].p50 == 60.0
    assert totals.durations["published_to_acknowledged"].p95 == 2.0
    assert totals.durations["end_to_confirmed"] == spread([2.0])


async def test_an_erasure_changes_nothing_that_is_reported(store: Store) -> None:
    """Neither an order, nor the retention, nor the passing of a year; and no name is in it before or after."""
    card_id = await story_of(store)
    before = msgspec.to_builtins(await report(store))
    await store.write_alone(erase.erase, ACT, POLICY, card_id=card_id, identifier=None)
    with at(store, NOW + timedelta(days=400)):
        while found := await store.read(retention.due, POLICY, NOW + timedelta(days=400)):
            await store.write(retention.erase_card, found, POLICY)
        await store.write(retention.prune)
    after = msgspec.to_builtins(await report(store))
    assert after["cards"][0].pop("erased_at") is not None
    assert before["cards"][0].pop("erased_at") is None
    assert after == before
    for word in PERSONAL:
        assert word not in str(before)


async def test_what_ended_a_gap_did_not_live_in_it(store: Store) -> None:
    """A card that came with the first answer after an outage has no gap; one that was live during it has."""
    with at(store, NOW - HOUR):
        lived = (await take(store, chain("LIVED")[0], "app", at=NOW - HOUR)).decision.changes[0].card_id
    with at(store, NOW):
        await store.write_alone(gaps.begin, "simulator", NOW - HOUR / 2)
        came = await take(store, replace(chain("CAME")[0], sender="other@dps.example"), "app", at=NOW)
    with at(store, NOW + SECOND):
        assert await store.write(gaps.end, "simulator", NOW - SECOND) == NOW - SECOND
    told = {card.card_id: len(card.gaps) for card in (await report(store, since=NOW - 2 * HOUR)).cards}
    assert told == {lived: 1, came.decision.changes[0].card_id: 0}


async def test_only_what_is_real_counts(store: Store) -> None:
    """An exercise is counted by itself, a copy is no card, and what was declined is counted by its reason."""
    policy = replace(POLICY, exercises=True)
    drill = replace(chain("DRILL")[0], status="Exercise")
    await take(store, drill, "app", policy=policy, at=NOW)
    await take(store, chain("REAL")[0], "app", policy=policy, at=NOW)
    test = replace(chain("TEST")[0], status="Test")
    for one in (test, replace(test, identifier="TEST-2"), b"<alert"):
        await take(store, one, "app", policy=policy, at=NOW)
    told = await report(store, until=NOW + 24 * HOUR)
    assert (told.totals.cards, told.totals.exercises, told.totals.live) == (1, 1, 1)
    assert sorted(card.status for card in told.cards) == ["actual", "exercise"]
    assert [(one.decision, one.reason, one.count) for one in told.declined] == [
        ("ignored", "status", 2),
        ("quarantined", "unreadable", 1),
    ]


async def test_a_take_down_that_is_sent_again_keeps_its_first_acknowledgement(store: Store) -> None:
    """A person has the state sent again: when it was first confirmed is told all the same."""
    await story_of(store)
    with at(store, NOW + timedelta(minutes=3)):
        await store.write(recovery.recover, "app", "state", ACT)
    told = await report(store)
    assert told.cards[0].receivers[0].take_down_confirmed_at == NOW + 2 * SECOND


@pytest.mark.parametrize("inside", [True, False])
async def test_a_period_has_what_was_displayed_first_in_it(store: Store, inside: bool) -> None:
    """From its beginning until before its end, so that periods can be added up."""
    await take(store, chain()[0], "app", at=NOW)
    published = (await report(store, until=NOW + 24 * HOUR)).cards[0].published_at
    assert published
    since, until = (published, published + SECOND) if inside else (published - SECOND, published)
    assert len((await report(store, since, until)).cards) == inside


def test_percentiles_are_values_that_were_measured() -> None:
    """By nearest rank: of a hundred the fiftieth and the ninety-fifth."""
    assert spread([]).p50 is None
    assert (spread([7.0]).p50, spread([7.0]).p95) == (7.0, 7.0)
    hundred = spread([float(one) for one in range(100, 0, -1)])
    assert (hundred.count, hundred.p50, hundred.p95) == (100, 50.0, 95.0)


async def test_an_end_names_the_alert_only_where_one_ended_it(store: Store) -> None:
    """A card that expires, one that a person withdraws, and one that another configuration takes down have no alert to name."""
    ends = {}
    for name in ("EXPIRED", "WITHDRAWN", "NARROWED"):
        taken = await take(store, replace(chain(name)[0], sender=f"{name}@dps.example"), "app", at=NOW)
        ends[taken.decision.changes[0].card_id] = taken.alert_id
    expired, withdrawn, narrowed = ends
    await store.write_alone(hand.withdraw, withdrawn, POLICY, ACT)
    await store.write_alone(again.decide_again, ends[narrowed], replace(POLICY, regions=("US-OK",)))
    with at(store, NOW + timedelta(days=8)):
        await store.write_alone(copies.end_overdue, 10, POLICY)
    told = {card.card_id: card.end for card in (await report(store, until=NOW + 24 * HOUR)).cards}
    for card_id, reason in ((expired, "expired"), (withdrawn, "withdrawn"), (narrowed, "left_region")):
        end = told[card_id]
        assert end is not None
        assert (end.reason, end.sent_at, end.received_at) == (reason, None, None)

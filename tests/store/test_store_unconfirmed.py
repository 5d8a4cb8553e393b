"""Take-downs that nobody acknowledges: operators get a message after a minute, after five and after fifteen; on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from store_story import ACT, LEASE, NOW, at, attempt, chain, take

from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.store import Finished, Store, catch_up, deliveries, readiness, recovery, unconfirmed
from capgateway.webhooks import Claim, Delivered, Retry

ALERT = chain()[0]
CANCEL = story.cancel(NOW, ALERT)
SECONDS = (59, 60, 61, 299, 300, 301, 899, 900, 901, 3600)


async def told(store: Store) -> list[dict[str, Any]]:
    page = await store.read(catch_up.messages_after, 0)
    return [
        msgspec.json.decode(one.body)["data"] for one in page.items if one.type.startswith("operator.") and one.body
    ]


async def ended(store: Store) -> None:
    """A card whose take-down waits, committed at NOW."""
    with at(store, NOW):
        await take(store, ALERT)
        await take(store, CANCEL)


async def look(store: Store, seconds: float) -> int:
    """What a look so long after the take-down reports."""
    with at(store, NOW + timedelta(seconds=seconds)):
        if await store.read(unconfirmed.are_due, store.clock()):
            return await store.write_alone(unconfirmed.remind)
    return 0


async def claim(store: Store) -> Claim:
    (one,) = await store.write(deliveries.claim, "app", room=9, reserve=1, lease=LEASE)
    return one


async def test_operators_get_three_messages(store: Store) -> None:
    """And none between or after; each names card and receiver."""
    await ended(store)
    assert [await look(store, seconds) for seconds in SECONDS] == [0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
    first, *_ = said = await told(store)
    assert len(said) == 3
    assert (first["receiver"], first["message_type"], first["severity"]) == ("app", "card.cancelled", "critical")
    assert (first["attempts"], first["last_answer"]) == (0, None)
    assert first["card_id"] in first["advice"]


async def test_the_last_answer_is_named(store: Store) -> None:
    """Whatever the receiver said before it."""
    await ended(store)
    with at(store, NOW):
        one = await claim(store)
        failed = attempt(one.number, "status")
        await store.write_alone(deliveries.record, [Finished(one, failed, Retry(NOW + timedelta(hours=1)))])
    assert await look(store, 70) == 1
    (said,) = await told(store)
    assert (said["attempts"], said["last_answer"]) == (1, "answered 500")


async def test_what_is_acknowledged_is_not_reported(store: Store) -> None:
    """Neither at the first time nor later."""
    await ended(store)
    with at(store, NOW):
        one = await claim(store)
        await store.write_alone(deliveries.record, [Finished(one, attempt(one.number), Delivered())])
    assert [await look(store, seconds) for seconds in SECONDS] == [0] * len(SECONDS)


async def test_a_gateway_that_was_down_reports_once(store: Store) -> None:
    """However many times for it have passed; what is still to come follows."""
    await ended(store)
    assert [await look(store, seconds) for seconds in (400, 401, 900, 901)] == [1, 0, 1, 0]


async def test_one_that_is_sent_again_by_hand_has_its_minute(store: Store) -> None:
    """The receiver can acknowledge it first."""
    await ended(store)
    assert await look(store, 4000) == 1
    with at(store, NOW + timedelta(seconds=5000)):
        await store.write_alone(recovery.recover, "app", "state", ACT)
    assert [await look(store, seconds) for seconds in (5001, 5059, 5060, 5300)] == [0, 0, 1, 1]


async def test_the_clock_may_go_back(store: Store) -> None:
    """The message comes after as long as before."""
    await ended(store)
    with at(store, NOW - timedelta(seconds=3600)):
        await store.write(unconfirmed.clock_stepped, timedelta(seconds=-3600))
    assert [await look(store, seconds - 3600) for seconds in (59, 60)] == [0, 1]


async def test_two_gateways_send_one_challenge(store: Store) -> None:
    """Both see that it is due; one makes it."""
    await ended(store)
    receivers = store.outlets.receivers
    await store.write(readiness.register, receivers)
    due = await store.read(readiness.due, utc_now(), receivers, snapshots=True)
    assert [one.kind for one in due] == ["challenge", "snapshot"]
    made = [await store.write_alone(readiness.take, due) for _ in range(2)]
    assert [[one.kind for one in each] for each in made] == [["challenge", "snapshot"], []]

"""Take-downs that are sent once more (rule R7), what is given up, and receivers that say that they are gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select
from store_story import LEASE, NOW, attempt, deliveries, outlets, take

from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.store import Finished, Store, leases, standing
from capgateway.store import deliveries as delivery_rows
from capgateway.store.tables import messages, receivers
from capgateway.webhooks import REISSUE_AFTER, Claim, Dead, Delivered, Next, Outlets, Retry

ALERT = story.amber(NOW)
CANCEL = story.cancel(NOW + timedelta(seconds=1), ALERT)


async def claim(store: Store, seconds: float = 0) -> Claim:
    """The only delivery that is due to the receiver so many seconds from now."""
    store.clock = lambda: utc_now() + timedelta(seconds=seconds)
    (claimed,) = await store.write(delivery_rows.claim, "app", room=5, lease=LEASE)
    return claimed


async def end(store: Store, claimed: Claim, following: Next, outcome: str = "delivered", **how: Any) -> None:
    tried = replace(attempt(claimed.number, outcome), **how)
    assert await store.write_alone(delivery_rows.record, [Finished(claimed, tried, following)]) == [True]


async def shown(store: Store, outcome: str, *, is_ambiguous: bool) -> None:
    """A card whose display ended so, and which is then cancelled."""
    await take(store, ALERT)
    again = Delivered() if outcome == "delivered" else Retry(utc_now() + timedelta(hours=1))
    await end(store, await claim(store), again, outcome, ambiguous=is_ambiguous)
    await take(store, CANCEL)


async def test_an_unclear_display_has_its_take_down_sent_again(store: Store) -> None:
    """R7: a minute after the acknowledgement the same body goes out under another id, once; it is no message of its own."""
    await shown(store, "timeout", is_ambiguous=True)
    first = await claim(store)
    await end(store, first, Delivered())
    due = await store.read(delivery_rows.next_due, ["app"])
    assert abs(due["app"] - utc_now() - REISSUE_AFTER) < timedelta(seconds=30)
    again = await claim(store, 61)
    assert (again.body, again.revision, again.reissue) == (first.body, first.revision, 1)
    assert again.message_id != first.message_id
    await end(store, again, Delivered())
    assert await store.read(delivery_rows.next_due, ["app"]) == {}
    assert [each.type for each in await deliveries(store)] == ["card.published", "card.cancelled", "card.cancelled"]
    count = await store.read(lambda connection: len(connection.execute(select(messages.c.id)).all()))
    assert count == 2


@pytest.mark.parametrize("outcome", ["delivered", "status", "connect"])
async def test_a_clear_display_has_not(store: Store, outcome: str) -> None:
    """Where the receiver answered, or was never reached, one take-down is enough."""
    await shown(store, outcome, is_ambiguous=False)
    await end(store, await claim(store), Delivered())
    assert await store.read(delivery_rows.next_due, ["app"]) == {}


async def test_a_display_that_nobody_reported_is_unclear(store: Store) -> None:
    """The gateway was killed with a display under way: the next one sends its take-down twice."""
    await take(store, ALERT)
    await claim(store)
    await store.write(lambda write: leases.release(write.connection, write.now))
    await take(store, CANCEL)
    await end(store, await claim(store), Delivered())
    assert (await claim(store, 61)).reissue == 1


async def test_a_reissue_survives_a_restart_and_a_jump_of_the_clock(store: Store) -> None:
    """It is due a minute after the acknowledgement, whatever the clock is set to meanwhile."""
    await shown(store, "timeout", is_ambiguous=True)
    await end(store, await claim(store), Delivered())
    before = await store.read(delivery_rows.next_due, ["app"])
    hour = timedelta(hours=1)
    store.clock = lambda: utc_now() + hour
    await store.write(leases.clock_stepped, hour, [], alone=True)
    assert await store.read(delivery_rows.next_due, ["app"]) == {"app": before["app"] + hour}


async def test_bodies_of_displays_go_when_nothing_can_send_them(store: Store) -> None:
    """The card has ended and every lane of it is closed: what displays said is erased, its hash and the take-down stay."""
    await take(store, ALERT, "app", "other")
    await end(store, await claim(store), Delivered())
    await take(store, CANCEL, "app", "other")
    await end(store, await claim(store), Delivered())
    assert all(body for body in await bodies(store))
    (others,) = await store.write(delivery_rows.claim, "other", room=5, lease=LEASE)
    await end(store, others, Delivered())
    display, take_down = await bodies(store)
    assert display is None
    assert take_down is not None


async def bodies(store: Store) -> list[bytes | None]:
    query = select(messages.c.body).order_by(messages.c.sequence)
    return await store.read(lambda connection: list(connection.execute(query).scalars()))


async def told(store: Store) -> list[dict[str, Any]]:
    """What operators are told, the oldest first."""
    query = select(messages.c.type, messages.c.body).where(messages.c.card_id.is_(None)).order_by(messages.c.sequence)
    rows = await store.read(lambda connection: connection.execute(query).all())
    return [{"type": row.type} | msgspec.json.decode(row.body)["data"] for row in rows]


async def test_operators_are_told_of_what_is_given_up(store: Store) -> None:
    """A take-down that nobody acknowledged in time is a critical dead letter, in the same transaction."""
    await take(store, ALERT)
    await take(store, CANCEL)
    await end(store, await claim(store), Dead("deadline"), "status")
    (letter,) = await told(store)
    assert (letter["type"], letter["severity"], letter["message_type"]) == (
        "operator.dead_letter",
        "critical",
        "card.cancelled",
    )
    assert (letter["receiver"], letter["attempts"], letter["last_answer"]) == ("app", 1, "answered 500")


async def test_of_lost_operator_messages_nobody_is_told(store: Store) -> None:
    """A message to operators that is given up makes no further one."""
    await take(store, ALERT)
    store.outlets = outlets("app")
    wanting = Outlets(receivers=(replace(store.outlets.receivers[0], messages=("operator.*",)),), public_url="")
    claimed = await claim(store)
    store.outlets = wanting
    await end(store, claimed, Dead("deadline"), "status")
    await end(store, await claim(store), Dead("deadline"), "status")
    assert [each["type"] for each in await told(store)] == ["operator.dead_letter"]


async def test_a_receiver_that_is_gone_gets_no_displays(store: Store) -> None:
    """After a second 410 to a display its receiver is suspended: take-downs go on, displays wait until that is lifted."""
    await take(store, ALERT)
    await end(store, await claim(store), Retry(utc_now()), "status", status=410)
    second = await claim(store, 1)
    assert second.gone_at is not None
    await end(store, second, Dead("gone"), "status", status=410)
    assert [each["type"] for each in await told(store)] == ["operator.dead_letter", "operator.receiver_degraded"]
    update = replace(story.update(NOW + timedelta(seconds=1), ALERT), identifier="TX-U")
    await take(store, update)
    assert await store.write(delivery_rows.claim, "app", room=5, lease=LEASE) == []
    assert await store.read(delivery_rows.next_due, ["app"]) == {}
    await take(store, replace(story.cancel(NOW + timedelta(seconds=2), update), identifier="TX-C"))
    down = await claim(store, 2)
    assert (down.action, down.is_suspended) == ("take_down", True)


async def test_a_lifted_suspension_lets_displays_go(store: Store) -> None:
    """What waits goes as soon as the receiver has displays again."""
    await take(store, ALERT)
    await end(store, await claim(store), Retry(utc_now()), "status", status=410)
    await end(store, await claim(store, 1), Dead("gone"), "status", status=410)
    await take(store, replace(story.update(NOW + timedelta(seconds=1), ALERT), identifier="TX-U"))
    assert await store.write(standing.lift, "app") == 1
    assert (await claim(store, 2)).type == "card.updated"
    row = await store.read(lambda connection: connection.execute(select(receivers.c.suspended_at)).scalar())
    assert row is None


async def test_a_newer_revision_keeps_the_receivers_wish(store: Store) -> None:
    """A receiver that asked for a pause gets it from the next display too; a take-down goes at once."""
    await take(store, ALERT)
    later = utc_now() + timedelta(minutes=2)
    await end(store, await claim(store), Retry(later, later), "status")
    update = replace(story.update(NOW + timedelta(seconds=1), ALERT), identifier="TX-U")
    await take(store, update)
    assert await store.read(delivery_rows.next_due, ["app"]) == {"app": later}
    await take(store, replace(story.cancel(NOW + timedelta(seconds=2), update), identifier="TX-C"))
    assert (await claim(store)).action == "take_down"


async def test_what_nobody_can_deliver_is_given_up(store: Store) -> None:
    """A take-down of a receiver that cannot be reached any more does not wait for ever: operators are told."""
    await take(store, ALERT)
    await take(store, CANCEL)
    assert not await store.read(standing.are_overdue, utc_now())
    store.clock = lambda: utc_now() + timedelta(days=3)
    assert await store.read(standing.are_overdue, utc_now() + timedelta(days=3))
    await store.write_alone(standing.bury)
    (letter,) = await told(store)
    assert (letter["type"], letter["severity"], letter["attempts"]) == ("operator.dead_letter", "critical", 0)
    assert [(each.state, each.reason) for each in await deliveries(store)][-1] == ("dead", "deadline")
    assert await store.read(delivery_rows.next_due, ["app"]) == {}
    assert not await store.read(standing.are_overdue, utc_now() + timedelta(days=3))

"""A pause: no display starts anywhere, take-downs continue, and afterwards the latest state is displayed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from store_story import LEASE, NOW, POLICY, arrival, at, attempt, chain, outlets, take
from test_store_incidents import EQUAL, LESSER, PARTNER, STATE, came, said
from test_store_incidents import take as take_all

from capgateway import cap, shipped
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.operate import Operate
from capgateway.simulate import story
from capgateway.store import Finished, Store, StoredDelivery, alerts, cards, copies, deliveries, hand, lists, pause
from capgateway.store.audit import Act
from capgateway.store.tables import gateway, lanes
from capgateway.webhooks import Claim, Delivered

WHO = Act(actor="ops", reason="a drill went wrong")
ALERT, FIRST, SECOND, _ = chain()
CANCEL = story.cancel(NOW, ALERT)


def operate(store: Store, policy: Policy = POLICY) -> Operate:
    return Operate(store, cap.Schemas(shipped.cap_schemas()), policy, {}, on_messages=lambda: None)


async def stop(store: Store) -> pause.Paused:
    return await store.write_alone(pause.pause, WHO)


async def claim(store: Store) -> list[Claim]:
    return await store.write(deliveries.claim, "app", room=9, reserve=1, lease=LEASE)


async def due(store: Store) -> dict[str, Any]:
    return await store.read(deliveries.next_due, ["app"])


async def shown(store: Store) -> list[tuple[int, str]]:
    """The revision and the alert of each card on display."""
    found = (await store.read(lists.card_page, state="active")).items
    return [(one.revision, one.card.source.identifier) for one in found if one.card]


async def reason(store: Store, alert_id: str) -> str | None:
    found = await store.read(lists.one_alert, alert_id)
    return found.reason if found else "gone"


async def test_what_arrives_in_a_pause_waits(store: Store) -> None:
    """New cards and updates are quarantined; what was on display stays as it was."""
    await take(store, ALERT)
    await stop(store)
    for document in (FIRST, story.amber(utc_now(), 7)):
        taken = await take(store, document)
        assert (taken.decision.word, taken.decision.reason) == ("quarantined", "paused")
    assert await shown(store) == [(1, ALERT.identifier)]


async def test_no_display_is_claimed_and_take_downs_are(store: Store) -> None:
    """Also what was due before; and nothing looks due, so that no courier is woken for nothing."""
    await take(store, ALERT)
    await take(store, story.amber(utc_now(), 7))
    await stop(store)
    assert (await claim(store), await due(store)) == ([], {})
    assert (await take(store, CANCEL)).decision.word == "ended"
    assert list(await due(store)) == ["app"]
    assert [one.action for one in await claim(store)] == ["take_down"]
    await operate(store).resume(WHO)
    assert [one.action for one in await claim(store)] == ["display"]


async def test_operators_are_told_in_a_pause(store: Store) -> None:
    """What is about no display is sent."""
    store.outlets = outlets()
    (app,) = store.outlets.receivers
    await stop(store)
    listening = replace(store.outlets, receivers=(replace(app, messages=("card.*", "operator.*")),))
    store.outlets = listening
    await store.write_alone(alerts.take_in, [arrival(ALERT)], POLICY)
    (told,) = await claim(store)
    assert told.type == "operator.review_waiting"
    assert b"After `capgateway resume`" in told.body


async def test_after_a_pause_the_latest_state_is_displayed(store: Store) -> None:
    """Of two Updates the later one, in one revision; nothing waits any more."""
    await take(store, ALERT)
    await stop(store)
    waiting = [(await take(store, document)).alert_id for document in (FIRST, SECOND)]
    since = await operate(store).resume(WHO)
    assert since is not None
    assert await shown(store) == [(2, SECOND.identifier)]
    assert [await reason(store, alert_id) for alert_id in waiting] == ["stale", None]
    assert (await store.read(lists.quarantine_page)).items == []


async def test_what_was_due_before_a_pause_is_not_sent_after_it_where_it_is_old(store: Store) -> None:
    """What waited is decided before anything is claimed: of a card that was never sent, only its latest revision is."""
    await take(store, ALERT)
    await stop(store)
    await take(store, FIRST)
    walk, seen = operate(store), []
    resume = pause.resume

    def look(write: Any, act: Act) -> Any:
        seen.extend(write.execute(lanes.select()).mappings())
        return resume(write, act)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pause, "resume", look)
        await walk.resume(WHO)
    assert [lane["revision"] for lane in seen] == [2]


async def test_what_is_over_after_a_pause_is_not_displayed(store: Store) -> None:
    """Cancelled meanwhile, or past its time."""
    await stop(store)
    first, second = await take(store, ALERT), await take(store, story.amber(NOW, 7))
    await take(store, CANCEL)
    with at(store, NOW + timedelta(days=3)):
        await operate(store).resume(WHO)
    assert await shown(store) == []
    assert [await reason(store, one.alert_id) for one in (first, second)] == ["stale", "expired"]


async def test_a_withdrawal_works_in_a_pause_and_a_restoration_does_not(store: Store) -> None:
    """Taking down is never paused."""
    await take(store, ALERT)
    await stop(store)
    card_id = (await store.read(lists.card_page)).items[0].card_id
    await store.write_alone(hand.withdraw, card_id, POLICY, WHO)
    assert [one.action for one in await claim(store)] == ["take_down"]
    with pytest.raises(ValueError, match="displays are paused; run `capgateway resume` first"):
        await store.write_alone(hand.restore, card_id, POLICY, WHO)


async def test_a_pause_survives_a_restart(sqlite_url: str) -> None:
    """And another gateway of the same database knows it."""
    store = Store.open(sqlite_url)
    since = (await stop(store)).since
    store.close()
    store = Store.open(sqlite_url)
    assert await store.read(pause.since) == since
    assert (await take(store, ALERT)).decision.reason == "paused"
    store.close()


async def test_two_gateways_pause_as_one(postgresql_url: str) -> None:
    """What one pauses the other neither displays nor claims."""
    one, other = Store.open(postgresql_url), Store.open(postgresql_url)
    try:
        await take(one, ALERT)
        other.outlets = one.outlets
        assert (await stop(other)).is_new
        assert not (await stop(one)).is_new
        assert await claim(one) == []
        assert (await take(one, FIRST)).decision.reason == "paused"
        await operate(other).resume(WHO)
        assert [claimed.revision for claimed in await claim(one)] == [2]
    finally:
        one.close()
        other.close()


async def test_pausing_twice_is_harmless(store: Store) -> None:
    """The pause goes on since it began; to resume twice says that there was no pause."""
    first, second = await stop(store), await stop(store)
    assert (first.is_new, second.is_new, first.since == second.since) == (True, False, True)
    assert await operate(store).resume(WHO) == first.since
    assert await operate(store).resume(WHO) is None


async def test_a_gateway_that_was_stopped_while_it_resumed_goes_on_at_its_start(store: Store) -> None:
    """What still waits for a pause that is over is decided with the rest."""
    await stop(store)
    await take(store, ALERT)
    await store.write_alone(pause.resume, WHO)
    assert await shown(store) == []
    await operate(store).reconsider()
    assert await shown(store) == [(1, ALERT.identifier)]


async def test_what_a_policy_lets_in_during_a_pause_waits_too(store: Store) -> None:
    """A reload that widens the regions displays nothing before the pause is over."""
    await take(store, ALERT, policy=Policy(regions=("US-OK",)))
    await stop(store)
    wider = operate(store)
    await wider.reconsider()
    assert await shown(store) == []
    await wider.resume(WHO)
    assert await shown(store) == [(1, ALERT.identifier)]


async def test_a_copy_takes_its_turn_after_a_pause(store: Store) -> None:
    """The displayed card of its incident expired meanwhile."""
    soon = utc_now().replace(microsecond=0) + timedelta(minutes=2)
    infos = tuple(replace(info, expires=cap.time(soon.isoformat())) for info in story.amber(NOW).infos)
    await take_all(store, came(said(STATE, infos=infos)), came(said(PARTNER, minutes=20)))
    await claim(store)
    await stop(store)
    with at(store, soon + timedelta(minutes=1)):
        await store.write_alone(copies.end_overdue, 10, EQUAL)
        assert [one.action for one in await claim(store)] in ([], ["take_down"])
        await operate(store, EQUAL).resume(WHO)
    with at(store, soon + timedelta(minutes=3)):
        actions = [one.action for one in await claim(store)]
    assert "display" in actions


async def test_a_card_does_not_give_way_in_a_pause(store: Store) -> None:
    """Nobody has the one that takes its place; once displays are sent again, it is given its time."""
    await take_all(store, came(said(PARTNER)), policy=LESSER)
    (first,) = await claim(store)
    await store.write(deliveries.record, [Finished(first, attempt(1), Delivered())])
    await take_all(store, came(said(STATE, minutes=20)), policy=LESSER)
    await stop(store)
    late = utc_now() + timedelta(minutes=5)
    with at(store, late):
        assert await store.write_alone(copies.end_overdue, 10, LESSER) == 0
        end = await store.read(copies.next_end, late)
        assert end is not None
        assert end > late
        await operate(store, LESSER).resume(WHO)
        assert await store.write_alone(copies.end_overdue, 10, LESSER) == 0
    with at(store, late + copies.HAND_OVER):
        assert await store.write_alone(copies.end_overdue, 10, LESSER) == 1


@pytest.mark.parametrize("is_updated", [False, True])
async def test_a_receiver_that_is_meant_again_costs_nobody_a_card_in_a_pause(store: Store, is_updated: bool) -> None:
    """It takes a new card to show it there, which nobody would get: the old one stays until displays are sent again."""
    await take(store, ALERT, "app", "other")
    app, other = (replace(one, regions=()) for one in outlets("app", "other").receivers)
    store.outlets = replace(outlets(), receivers=(replace(app, regions=("US-OK",)), other))
    assert await store.write_alone(cards.route_again) == 1
    await stop(store)
    store.outlets = replace(outlets(), receivers=(app, other))
    if is_updated:
        await store.write_alone(alerts.take_in, [arrival(FIRST)], POLICY)
    assert await store.write_alone(cards.route_again) == 0
    assert [one.receiver for one in await sent(store) if one.action == "take_down"] == ["app"]
    await operate(store).resume(WHO)
    newest = {one.receiver: one.type for one in await sent(store) if one.action == "display"}
    assert newest == {"app": "card.published", "other": "card.published"}
    assert len(await shown(store)) == 1


async def sent(store: Store) -> list[StoredDelivery]:
    return sorted((await store.read(lists.delivery_page)).items, key=lambda one: one.sequence)


async def test_requests_under_way_are_counted(store: Store) -> None:
    """They are not stopped, and whoever pauses learns of them."""
    await take(store, ALERT)
    assert len(await claim(store)) == 1
    assert (await stop(store)).under_way == 1


async def test_a_database_has_one_pause(store: Store) -> None:
    """It is kept where every gateway locks before it decides."""
    await stop(store)
    found = await store.read(lambda connection: connection.execute(gateway.select()).mappings().all())
    assert [bool(row["paused_since"]) for row in found] == [True]

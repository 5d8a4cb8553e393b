"""Sending again what a receiver lost, and reading what went out: always by the rules of the lane."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from store_story import LEASE, NOW, attempt, chain, deliveries, states, take
from test_store_reissue import ALERT, CANCEL, claim, end

from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.store import Finished, Store, catch_up, hand, lists, recovery, standing
from capgateway.store import deliveries as delivery_rows
from capgateway.store.audit import Act
from capgateway.store.tables import audit, messages, receivers
from capgateway.webhooks import Breaker, Dead, Delivered, Retry

ACT = Act(actor="ops", reason="they lost it")
SECOND = timedelta(seconds=1)
UPDATE = replace(story.update(NOW + SECOND, ALERT), identifier="TX-U")


async def again(store: Store, place: int) -> str:
    """Send the delivery at this place of the list again."""
    return await store.write(recovery.redeliver, (await deliveries(store))[place].id, ACT)


async def test_a_dead_letter_is_sent_again_under_its_id(store: Store) -> None:
    """Its schedule begins anew, and who asked for it is in the audit trail."""
    await take(store, ALERT)
    first = await claim(store)
    await end(store, first, Dead("tls"), "tls")
    assert await again(store, 0) == first.delivery_id
    second = await claim(store)
    assert (second.message_id, second.body, second.number, second.tries) == (first.message_id, first.body, 2, 1)
    row = await store.read(lambda connection: connection.execute(select(audit)).mappings().one())
    assert (row["actor"], row["action"], row["reason"]) == ("ops", "delivery.redelivered", ACT.reason)


async def test_what_is_delivered_may_be_sent_again(store: Store) -> None:
    """A display whose card is live, for a receiver that lost it; not twice at once."""
    await take(store, ALERT)
    await end(store, await claim(store), Delivered())
    await again(store, 0)
    assert (await claim(store)).action == "display"
    with pytest.raises(ValueError, match="being sent at this moment"):
        await again(store, 0)


async def test_nothing_superseded_or_ended_is_ever_sent_again(store: Store) -> None:
    """R3, R5: neither an older revision, nor a display of a card that has ended, in whatever way it is asked for."""
    for link in chain():
        await take(store, link)
        await end(store, await claim(store), Delivered())
    for place in (0, 1, 2):
        with pytest.raises(ValueError, match="superseded"):
            await again(store, place)
    with pytest.raises(LookupError):
        await store.write(recovery.redeliver, "dlv_unknown", ACT)
    for mode in ("state", "failed", "log"):
        await store.write(recovery.recover, "app", mode, ACT)
        claims = await store.write(delivery_rows.claim, "app", room=9, lease=timedelta(0))
        assert {each.action for each in claims} <= {"take_down"}


async def test_a_card_that_has_just_ended_is_not_sent_again(store: Store) -> None:
    """Its deadline has passed, although nobody has taken it down yet."""
    await take(store, ALERT)
    await end(store, await claim(store), Dead("deadline"), "late")
    store.clock = lambda: utc_now() + timedelta(days=9)
    with pytest.raises(ValueError, match="its card has ended"):
        await again(store, 0)


async def test_a_take_down_is_sent_again_with_a_day_more(store: Store) -> None:
    """However long ago its deadline was."""
    await take(store, ALERT)
    await take(store, CANCEL)
    await end(store, await claim(store), Dead("deadline"), "late")
    late = timedelta(days=9)
    store.clock = lambda: utc_now() + late
    await again(store, 1)
    claimed = await claim(store, late.total_seconds())
    assert claimed.deadline is not None
    assert claimed.deadline > utc_now() + late + timedelta(hours=23)


async def test_state_recovery_sends_what_is_true_now(store: Store) -> None:
    """The newest revision of each live card and the take-downs of the week, these first, and displays no sooner than
    updates; suspension and breaker are forgotten."""
    await take(store, ALERT)
    other = chain("TX-9")[0]
    for alert in (UPDATE, other, replace(story.cancel(NOW + SECOND, other), identifier="TX-9-C")):
        await take(store, alert)
    for claimed in await store.write(delivery_rows.claim, "app", room=9, lease=timedelta(0)):
        await end(store, claimed, Delivered())
    await store.write(standing.remember, "app", Breaker(pause=5.0))
    told = await store.write(recovery.recover, "app", "state", ACT)
    assert (told.displays, told.take_downs, told.others) == (1, 1, 0)
    claims = await store.write(delivery_rows.claim, "app", room=9, lease=timedelta(0))
    assert [each.type for each in claims] == ["card.cancelled", "card.updated"]
    row = await store.read(lambda connection: connection.execute(select(receivers)).mappings().one())
    assert (row["pause"], row["opened_at"], row["failures"]) == (None, None, 0)
    assert row["revived_at"] is not None


async def test_failed_recovery_sends_dead_letters_only(store: Store) -> None:
    """What was delivered stays delivered."""
    other = chain("TX-9")[0]
    await take(store, ALERT)
    await end(store, await claim(store), Delivered())
    await take(store, other)
    await end(store, await claim(store), Dead("tls"), "tls")
    assert (await store.write(recovery.recover, "app", "failed", ACT)).displays == 1
    assert sorted(await states(store)) == ["card.published delivered", "card.published pending"]


async def test_a_breaker_that_closes_brings_forward_what_waits(store: Store) -> None:
    """At once, but for what the receiver asked not to have before a time."""
    await take(store, ALERT)
    await end(store, await claim(store), Retry(utc_now() + timedelta(minutes=9)), "status")
    await store.write(standing.remember, "app", Breaker())
    assert (await store.read(delivery_rows.next_due, ["app"]))["app"] <= utc_now()
    wish = utc_now() + timedelta(minutes=2)
    await end(store, await claim(store), Retry(utc_now() + timedelta(minutes=9), wish), "status")
    await store.write(standing.remember, "app", Breaker())
    assert await store.read(delivery_rows.next_due, ["app"]) == {"app": wish}


async def test_a_breaker_that_closes_brings_forward_nothing_under_way(store: Store) -> None:
    """R1: its lease is another gateway's."""
    await take(store, ALERT)
    await claim(store)
    await store.write(standing.remember, "app", Breaker())
    assert await store.write(delivery_rows.claim, "app", room=9, reserve=1, lease=SECOND) == []


@pytest.mark.parametrize("is_held", [False, True])
async def test_what_displays_said_is_erased_with_the_last_take_down(store: Store, is_held: bool) -> None:
    """Not while a receiver still waits for its own, and not of a card that a person keeps."""
    taken = await take(store, ALERT, "app", "other")
    if is_held:
        await store.write(hand.hold, taken.decision.changes[0].card_id, ACT)
    await take(store, CANCEL, "app", "other")
    for name, are_left in (("app", True), ("other", is_held)):
        (claimed,) = await store.write(delivery_rows.claim, name, room=5, lease=LEASE)
        await end(store, claimed, Delivered())
        assert (await read_all(store))[0].action == "display"
        assert ((await read_all(store))[0].body is not None) == are_left


async def read_all(store: Store, receiver: str | None = None, limit: int = 2) -> list[catch_up.StoredMessage]:
    """Everything that went out, page by page."""
    found, after = list[catch_up.StoredMessage](), 0
    while True:
        page = await store.read(catch_up.messages_after, after, limit=limit, receiver=receiver)
        found += page.items
        if page.next is None:
            return found
        after = page.next


async def test_messages_are_read_in_order(store: Store) -> None:
    """Page by page, each once, whatever the size of the pages; a receiver reads its own, and no body of a card that has ended."""
    for link in chain():
        await take(store, link, "app", "other")
    found = await read_all(store)
    assert [each.type for each in found] == ["card.published", "card.updated", "card.updated", "card.cancelled"]
    assert [each.sequence for each in found] == sorted({each.sequence for each in found})
    mine = await read_all(store, "app")
    assert [each.id for each in mine] == [each.id for each in found]
    assert [each.body is None for each in mine] == [True, True, True, False]
    assert await read_all(store, "stranger") == []


async def test_a_reissue_is_not_listed(store: Store) -> None:
    """A take-down that is sent once more is one message."""
    await take(store, ALERT)
    await end(store, await claim(store), Retry(utc_now() + timedelta(hours=1)), "timeout", ambiguous=True)
    await take(store, CANCEL)
    await end(store, await claim(store), Delivered())
    assert [each.type for each in await read_all(store, "app")] == ["card.published", "card.cancelled"]


@pytest.mark.postgresql
async def test_no_cursor_skips_what_another_gateway_commits(postgresql_url: str) -> None:
    """Two gateways commit at the same time, in whatever order their transactions end; a reader that follows the cursor all
    the while has read everything in the end."""
    stores = [Store.open(postgresql_url) for _ in range(3)]
    seen, after, is_over = list[int](), 0, False

    async def follow() -> None:
        nonlocal after
        while True:
            was_over = is_over
            page = await stores[2].read(catch_up.messages_after, after, limit=50)
            seen.extend(each.sequence for each in page.items)
            after = max([after, *(each.sequence for each in page.items)])
            if was_over and not page.items:
                return
            await asyncio.sleep(0)

    async def commit(store: Store, name: str) -> None:
        for number in range(25):
            alert = replace(ALERT, identifier=f"{name}-{number}")
            await take(store, alert)

    reader = asyncio.create_task(follow())
    await asyncio.gather(commit(stores[0], "one"), commit(stores[1], "two"))
    is_over = True
    await reader
    stored = await stores[2].read(lambda connection: list(connection.execute(select(messages.c.sequence)).scalars()))
    for store in stores:
        store.close()
    assert len(stored) >= 50
    assert seen == sorted(stored)


async def test_one_id_names_one_body_after_a_restored_backup(tmp_path: Path, sqlite_model: Path) -> None:
    """A backup is restored, and what comes then says something else under the same card and revision: under another id, with a
    higher sequence."""
    live, backup = tmp_path / "live.db", tmp_path / "backup.db"
    shutil.copyfile(sqlite_model, live)
    bodies = dict[str, bytes]()

    async def told(path: Path, work: Callable[[Store], Any]) -> list[catch_up.StoredMessage]:
        store = Store.open(f"sqlite:///{path}")
        try:
            await work(store)
            return await read_all(store)
        finally:
            store.close()

    def note(found: list[catch_up.StoredMessage]) -> None:
        for each in found:
            body = bytes(each.body or b"")
            assert bodies.setdefault(each.id, body) == body

    note(await told(live, lambda store: take(store, ALERT)))
    shutil.copyfile(live, backup)
    first = await told(live, lambda store: take(store, UPDATE))
    other = replace(UPDATE, identifier="TX-V", infos=(replace(UPDATE.infos[0], headline="Another headline"),))
    second = await told(backup, lambda store: take(store, other))
    note(first)
    note(second)
    assert first[-1].revision == second[-1].revision == 2
    assert second[-1].sequence > first[-1].sequence
    assert len(bodies) == 3


async def test_a_receiver_sees_the_cards_that_it_displays(store: Store) -> None:
    """By its lanes: a card that was taken down there is not shown to it any more, and no other receiver's."""
    await take(store, ALERT, "app")
    (card,) = (await store.read(lists.card_page)).items
    assert await store.read(lists.shown_to, "app", [card.card_id]) == {card.card_id}
    assert await store.read(lists.shown_to, "other", [card.card_id]) == set()
    await take(store, CANCEL, "app")
    assert await store.read(lists.shown_to, "app", [card.card_id]) == set()


async def test_the_last_word_of_a_lost_claim_changes_nothing(store: Store) -> None:
    """A redelivery begins after a lease ran out; what the first claimant says later is written down, and no more."""
    await take(store, ALERT)
    lost = await claim(store)
    fresh = await claim(store, 60)
    await end(store, fresh, Dead("tls"), "tls")
    await again(store, 0)
    late = Finished(lost, attempt(lost.number), Delivered())
    assert await store.write(delivery_rows.record, [late]) == [False]
    assert await states(store) == ["card.published pending", "operator.dead_letter pending"][:1]

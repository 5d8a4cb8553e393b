"""Gaps in the store: begun once, cards marked and verified, operators told and reminded; on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select
from store_story import NOW, POLICY, SCHEMAS, arrival, at, chain, deliveries, take

from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.simulate import story
from capgateway.store import Store, again, feeds, gaps, retention
from capgateway.store import cards as card_rows
from capgateway.store.tables import cards, messages
from capgateway.webhooks import Outlets, Receiver

SINCE = NOW - timedelta(hours=3)
MINUTE = timedelta(minutes=1)


async def told(store: Store) -> list[tuple[str, dict[str, Any]]]:
    """Kind and data of the operator messages, the oldest first."""
    query = select(messages.c.type, messages.c.body).where(messages.c.type.like("operator.%"))
    rows = await store.read(lambda connection: connection.execute(query.order_by(messages.c.sequence)).all())
    return [(kind.removeprefix("operator."), msgspec.json.decode(body)["data"]) for kind, body in rows]


async def standing(store: Store) -> list[tuple[str, Any, Any]]:
    """Of each active card how it stands: since when it is unverified, and when it was verified."""
    query = select(cards.c.id, cards.c.unverified_since, cards.c.verified_at).where(cards.c.state == "active")
    return [tuple(row) for row in await store.read(lambda connection: connection.execute(query).all())]


async def unverified(store: Store) -> list[Any]:
    return [since for _, since, _ in await standing(store) if since]


async def begin(store: Store, feed: str = "simulator", **how: Any) -> gaps.Begun:
    return await store.write_alone(gaps.begin, feed, SINCE, **how)


async def test_a_gap_marks_the_cards_of_its_feed_and_tells_operators(store: Store) -> None:
    """One message for the feed, one for each card that came through it; a card of another feed stays verified."""
    await take(store, chain()[0])
    await take(store, chain("TX-2")[0], feed="other")
    begun = await begin(store)
    (card_id,) = begun.card_ids
    assert await unverified(store) == [SINCE]
    of_feed, of_card = await told(store)
    assert (of_feed[0], of_feed[1]["severity"], of_feed[1]["feed"]) == ("feed_gap", "critical", "simulator")
    assert of_card[0] == "cards_unverified"
    facts = {"severity": "critical", "card_id": card_id, "feed": "simulator", "message_type": None}
    assert {name: of_card[1][name] for name in facts} == facts
    assert of_feed[1]["since"] == of_card[1]["since"] == SINCE.isoformat().replace("+00:00", "Z")
    assert card_id in of_card[1]["advice"]


async def test_a_gap_without_cards_is_a_warning(store: Store) -> None:
    """The feed is named all the same: alerts may have been lost."""
    assert (await begin(store)).card_ids == ()
    assert [(kind, data["severity"], data["card_id"]) for kind, data in await told(store)] == [
        ("feed_gap", "warning", None)
    ]


async def test_a_gap_begins_once(store: Store) -> None:
    """However many gateways notice it; after its end another one may begin. A later answer, of another gateway, is none."""
    await take(store, chain()[0])
    assert (await begin(store)).is_new
    again = await store.write_alone(gaps.begin, "simulator", SINCE - MINUTE)
    assert (again.is_new, again.gap and again.gap.since) == (False, SINCE)
    assert len(await told(store)) == 2
    assert await store.write(gaps.end, "simulator", NOW) is not None
    assert await store.write(gaps.end, "simulator", NOW) is None
    late = await begin(store)
    assert (late.gap, late.complete_at) == (None, NOW)
    assert (await store.write_alone(gaps.begin, "simulator", NOW)).is_new


async def test_a_display_after_the_gap_is_verified(store: Store) -> None:
    """What came in the answer that showed the gap was seen just now."""
    await take(store, chain()[0], at=NOW - MINUTE)
    await take(store, chain("TX-2")[0], at=NOW)
    assert len((await begin(store, before=NOW)).card_ids) == 1
    await take(store, chain("TX-3")[0])
    assert len(await unverified(store)) == 1


async def test_a_later_alert_verifies(store: Store) -> None:
    """Whatever it changes; only a change of the policy is no word of the issuer."""
    first, second, *_ = chain()
    await take(store, first)
    await begin(store)
    narrow = replace(POLICY, facts=())
    (head,) = await store.read(lambda connection: connection.execute(select(cards.c.alert_id)).scalars().all())
    await store.write_alone(again.decide_again, head, narrow)
    assert await unverified(store) == [SINCE]
    with at(store, NOW + MINUTE):
        await take(store, second)
    assert await standing(store) == [(await _only(store), None, NOW + MINUTE)]


async def _only(store: Store) -> str:
    ((card_id, _, _),) = await standing(store)
    return card_id


@pytest.mark.parametrize("feed", ["simulator", "other"])
async def test_the_same_alert_verifies(store: Store, feed: str) -> None:
    """Through whichever feed it is seen again. A second look at its document, which no index lists, says nothing."""
    first = chain()[0]
    await take(store, first)
    await begin(store)
    looked = replace(arrival(first), is_second_look=True)
    await take(store, looked)
    assert await unverified(store) == [SINCE]
    await take(store, first, feed=feed)
    assert await unverified(store) == []


async def test_another_alert_verifies_nothing(store: Store) -> None:
    """Nor does what is refused, or an older word of the chain."""
    first = chain()[0]
    early, late = (
        replace(story.update(NOW - minutes * MINUTE, first), identifier=f"TX-1-{minutes}") for minutes in (6, 3)
    )
    await take(store, first)
    await take(store, late)
    await begin(store)
    await take(store, chain("TX-2")[0])
    assert (await take(store, early)).decision.reason == "stale"
    await take(store, b"<nonsense/>")
    assert await unverified(store) == [SINCE]


async def test_a_person_verifies(store: Store) -> None:
    """An active card only."""
    first, *_, last = chain()
    await take(store, first)
    (card_id,) = (await begin(store)).card_ids
    assert not await store.write(gaps.verify, "crd_unknown")
    with at(store, NOW + MINUTE):
        assert await store.write(gaps.verify, card_id)
    assert await standing(store) == [(card_id, None, NOW + MINUTE)]
    await take(store, replace(last, references=story.cancel(NOW, first).references))
    assert not await store.write(gaps.verify, card_id)


async def test_operators_are_reminded_after_five_and_fifteen_minutes(database_url: str) -> None:
    """Over a restart too, and no more once the card is verified or has ended."""
    store = Store.open(database_url)
    for name in ("TX-1", "TX-2", "TX-3"):
        await take(store, chain(name)[0])
    with at(store, NOW):
        card_ids = (await begin(store)).card_ids
    store.close()
    store = Store.open(database_url)
    counts = []
    for minutes, verified in ((4, None), (5, None), (6, card_ids[0]), (15, card_ids[1]), (60, None)):
        with at(store, NOW + minutes * MINUTE):
            assert await store.read(gaps.next_reminder) == (
                NOW + (5 if minutes <= 5 else 15) * MINUTE if minutes < 60 else None
            )
            counts.append(await store.write_alone(gaps.remind))
        if verified:
            await store.write(gaps.verify, verified)
    assert counts == [0, 3, 0, 2, 0]
    assert [kind for kind, _ in await told(store)] == ["feed_gap", *["cards_unverified"] * 8]
    store.close()


async def test_a_reminder_that_comes_late_comes_once(store: Store) -> None:
    """After an hour at rest there is one, not two; and of two gaps of a feed only the last reminds."""
    await take(store, chain()[0])
    with at(store, NOW):
        await begin(store)
        await store.write(gaps.end, "simulator", NOW)
        await store.write_alone(gaps.begin, "simulator", NOW)
    with at(store, NOW + 60 * MINUTE):
        assert await store.write_alone(gaps.remind) == 1
        assert await store.write_alone(gaps.remind) == 0


async def test_reminders_do_not_wait_for_the_old_time(store: Store) -> None:
    """The clock goes back an hour: they come after as long as before."""
    await take(store, chain()[0])
    with at(store, NOW):
        await begin(store)
    back = NOW - timedelta(hours=1)
    with at(store, back):
        await store.write(gaps.clock_stepped, -timedelta(hours=1))
    assert await store.read(gaps.next_reminder) == back + 5 * MINUTE


async def test_operator_messages_go_to_who_asks(store: Store) -> None:
    """The operators' own receiver gets them; the app that shows cards does not."""
    await take(store, chain()[0])
    ops = Receiver(name="ops", url="https://ops.example/", secrets=(bytes(32),), messages=("operator.*",))
    app = Receiver(name="app", url="https://app.example/", secrets=(bytes(32),))
    store.outlets = Outlets(receivers=(app, ops), public_url="https://cap.example")
    await begin(store)
    assert [(one.receiver, one.type) for one in await deliveries(store)][1:] == [
        ("ops", "operator.feed_gap"),
        ("ops", "operator.cards_unverified"),
    ]


async def test_what_a_listing_would_show_is_known_by_feed(store: Store) -> None:
    """The bytes that each feed brought, and the codes that the National Weather Service knows."""
    first = chain()[0]
    assert await store.read(gaps.unverified) == ({}, ())
    await take(store, first)
    await take(store, first, feed="other")
    await begin(store)
    sought, codes = await store.read(gaps.unverified)
    sha256 = examine(arrival(first).document, Feed(name="x", kind="push"), SCHEMAS, received_at=NOW).sha256
    assert {feed: list(one.hashes) for feed, one in sought.items()} == {"simulator": [sha256], "other": [sha256]}
    assert codes == ("CAE",)


async def test_gaps_are_listed_for_a_month(store: Store) -> None:
    """Those that are over; one that is open stays."""
    with at(store, NOW - timedelta(days=31)):
        await begin(store)
        await store.write(gaps.end, "simulator", NOW - timedelta(days=31))
        await begin(store, "away")
    assert set(await store.read(gaps.latest)) == {"simulator", "away"}
    await store.write(retention.prune)
    assert set(await store.read(gaps.latest)) == {"away"}


async def test_a_reopened_card_stands_as_before(store: Store) -> None:
    """A receiver that asks for a card's region again gets a new card; nobody has seen its alert meanwhile."""
    await take(store, chain()[0])
    await begin(store)
    elsewhere = Receiver(name="app", url="https://app.example/", secrets=(bytes(32),), regions=("US-OK",))
    for receiver in (elsewhere, replace(elsewhere, regions=())):
        store.outlets = Outlets(receivers=(receiver,), public_url="https://cap.example")
        await store.write_alone(card_rows.route_again)
    ended = await store.read(lambda connection: connection.execute(select(cards.c.state)).scalars().all())
    assert sorted(ended) == ["active", "ended"]
    assert await unverified(store) == [SINCE]


async def test_the_end_of_a_gap_remembers_the_answer(store: Store) -> None:
    """Both in one unit of work: a crash in between would begin the gap anew."""
    await begin(store)
    await store.write(gaps.end, "simulator", NOW)
    assert (await store.read(feeds.complete))["simulator"] == NOW


async def test_what_changes_nothing_verifies_its_own_chain_only(store: Store) -> None:
    """A new alert that changes nothing is a word about its own chain, and a Cancel is none that confirms."""
    await take(store, chain()[0])
    await begin(store)
    others = [(await take(store, chain("TX-2")[place])).alert_id for place in (0, -1)]
    assert await store.write(gaps.arrived, set(), others, lambda _: True) == []
    assert await unverified(store) == [SINCE]

"""What a person does to a card: it is taken down for good, shown again as a new one, corrected, held; and the trail says who did
it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Update, func, select, update
from store_story import NOW, POLICY, at, chain, states, take
from test_store_incidents import EQUAL, PARTNER, STATE, came, said, words
from test_store_incidents import take as take_all

from capgateway.cards import Card, NotAFact
from capgateway.simulate import story
from capgateway.store import Store, again, audit, corrections, hand, lists, retention
from capgateway.store.audit import Act
from capgateway.store.records import StoredCard
from capgateway.store.tables import cards
from capgateway.store.tables import corrections as correction_rows
from capgateway.store.write import Write

WHO = Act(actor="ops", reason="the sheriff asked")
ALERT, FIRST, SECOND, CANCEL = chain()
PAGE = "https://dps.example.tx.us/amber"


async def live(store: Store) -> list[StoredCard]:
    return (await store.read(lists.card_page, state="active")).items


async def shown(store: Store) -> tuple[StoredCard, Card]:
    """The one card on display, and what it says."""
    (one,) = await live(store)
    assert one.card
    return one, one.card


async def trail(store: Store) -> list[tuple[str, str, str | None]]:
    found = await store.read(audit.page)
    return [(one.action, one.actor, one.card_id) for one in reversed(found.items)]


async def withdrawn(store: Store) -> str:
    """An alert came, and a person took its card down; the card."""
    await take(store, ALERT)
    card_id = (await live(store))[0].card_id
    await store.write_alone(hand.withdraw, card_id, POLICY, WHO)
    return card_id


async def restore(store: Store, card_id: str) -> hand.Restored:
    return await store.write_alone(hand.restore, card_id, POLICY, WHO)


async def correct(store: Store, card_id: str, *pointers: str) -> corrections.Corrected:
    return await store.write_alone(corrections.correct, card_id, pointers, POLICY, WHO)


async def test_a_withdrawal_takes_down_and_sticks(store: Store) -> None:
    """The take-down goes out; an Update of the case waits for a person, and the decision is not displayed again by a reload."""
    card_id = await withdrawn(store)
    assert await states(store) == ["card.published superseded", "card.withdrawn pending"]
    taken = await take(store, FIRST)
    assert (taken.decision.word, taken.decision.reason) == ("quarantined", "withdrawn")
    await store.write_alone(again.decide_again, taken.alert_id, POLICY)
    assert await live(store) == []
    assert await trail(store) == [("card.withdrawn", "ops", card_id)]


async def test_a_withdrawal_is_refused_where_there_is_nothing_to_take_down(store: Store) -> None:
    """An unknown card, and one that has ended already, whoever ended it."""
    with pytest.raises(LookupError, match="there is no card crd_none"):
        await store.write_alone(hand.withdraw, "crd_none", POLICY, WHO)
    card_id = await withdrawn(store)
    with pytest.raises(ValueError, match=r"has ended \(withdrawn\): there is nothing to withdraw"):
        await store.write_alone(hand.withdraw, card_id, POLICY, WHO)
    assert len(await trail(store)) == 1


async def test_a_restored_card_is_a_new_one(store: Store) -> None:
    """It says what its issuer said last, also what waited; the bar is lifted, and later Updates count again."""
    card_id = await withdrawn(store)
    waited = await take(store, FIRST)
    restored = await restore(store, card_id)
    one, card = await shown(store)
    assert (restored.card_id, restored.alert_id) == (one.card_id, waited.alert_id)
    assert (one.card_id != card_id, card.revision, card.source.identifier) == (True, 1, FIRST.identifier)
    stored = await store.read(lists.one_alert, waited.alert_id)
    assert stored
    assert (stored.decision, stored.reason, stored.card_id) == ("published", None, one.card_id)
    assert (await take(store, SECOND)).decision.word == "updated"
    assert (await trail(store))[-1] == ("card.restored", "ops", card_id)


async def test_a_restored_card_is_displayed_although_copies_of_it_wait(store: Store) -> None:
    """A withdrawal lets every copy wait for a person: the one who restores the card has said that the case goes on."""
    await take_all(store, came(said(STATE)), came(said(PARTNER)))
    (card,) = await live(store)
    await store.write_alone(hand.withdraw, card.card_id, EQUAL, WHO)
    assert await words(store) == {"state": ["ended withdrawn"], "partner": ["waiting"]}
    restored = await store.write_alone(hand.restore, card.card_id, EQUAL, WHO)
    assert (restored.state, [one.card_id for one in await live(store)]) == ("active", [restored.card_id])
    assert restored.messages > 0
    await take_all(store, came(said(PARTNER, "Update", 1)))
    assert await words(store) == {"state": ["ended withdrawn", "active"], "partner": ["linked"]}


async def test_a_restored_card_can_be_withdrawn_again(store: Store) -> None:
    """The second withdrawal sticks as the first did; only the second card can be restored then."""
    first = await withdrawn(store)
    second = (await restore(store, first)).card_id
    await store.write_alone(hand.withdraw, second, POLICY, WHO)
    assert (await take(store, FIRST)).decision.reason == "withdrawn"
    with pytest.raises(ValueError, match="was restored already"):
        await restore(store, first)
    third = (await restore(store, second)).card_id
    assert len({first, second, third}) == 3
    assert (await shown(store))[0].card_id == third


async def test_what_a_cancel_ended_meanwhile_is_not_restored(store: Store) -> None:
    """Nor does the attempt lift the bar."""
    card_id = await withdrawn(store)
    assert (
        await take(store, replace(CANCEL, references=story.cancel(NOW, ALERT).references))
    ).decision.word == "unchanged"
    with pytest.raises(ValueError, match="cannot be restored: a Cancel or a later message"):
        await restore(store, card_id)
    assert await store.read(lambda one: one.execute(select(cards.c.restored_at)).scalar()) is None
    assert await live(store) == []


async def test_what_is_over_or_erased_is_not_restored(store: Store) -> None:
    """A person learns why."""
    card_id = await withdrawn(store)
    with at(store, NOW + timedelta(days=2)), pytest.raises(ValueError, match="its time is over"):
        await restore(store, card_id)
    await store.write(retention.erase_alerts, [(await store.read(lists.alert_page)).items[0].id])
    with pytest.raises(ValueError, match="its words are erased"):
        await restore(store, card_id)


async def test_only_what_a_person_withdrew_is_restored(store: Store) -> None:
    """Neither a live card, nor one that its issuer ended, nor one that a change of the configuration took down."""
    await take(store, ALERT)
    (one,) = await live(store)
    with pytest.raises(ValueError, match="has not ended"):
        await restore(store, one.card_id)
    for reason in ("cancelled", "withdrawn"):
        change = update(cards).values(state="ended", end_reason=reason)
        await store.write(change_rows, change)
        with pytest.raises(ValueError, match=f"was not withdrawn by a person, it ended as {reason}"):
            await restore(store, one.card_id)


async def test_a_removed_fact_stays_away_until_its_value_changes(store: Store) -> None:
    """A new revision is without it; Updates with the same value do not bring it back, one with another value does."""
    before, wrong = with_page(ALERT, PAGE), with_page(FIRST, PAGE)
    await take(store, before)
    one, card = await shown(store)
    pointer = next(f"/actions/{place}" for place, each in enumerate(card.actions) if each.value == PAGE)
    corrected = await correct(store, one.card_id, pointer)
    assert (corrected.card_id, corrected.revision, corrected.messages) == (one.card_id, 2, 1)
    assert await values(store) == ["911"]
    assert (await take(store, wrong)).decision.word == "updated"
    assert await values(store) == ["911"]
    await take(store, with_page(SECOND, f"{PAGE}/7"))
    assert await values(store) == ["911", f"{PAGE}/7"]
    assert await trail(store) == [("card.corrected", "ops", one.card_id)]


async def test_a_correction_outlives_the_card(store: Store) -> None:
    """A card that takes the place of a corrected one of the same chain is without the fact too."""
    await take(store, with_page(ALERT, PAGE))
    card_id = (await shown(store))[0].card_id
    await correct(store, card_id, "/actions/1")
    await store.write_alone(hand.withdraw, card_id, POLICY, WHO)
    await restore(store, card_id)
    assert await values(store) == ["911"]


async def test_a_correction_belongs_to_the_chain_when_chains_become_one(store: Store) -> None:
    """A later message ties the chain of the corrected card to an older one."""
    await take(store, with_page(SECOND, PAGE))
    await correct(store, (await shown(store))[0].card_id, "/actions/1")
    await take(store, replace(with_page(story.update(NOW, ALERT), PAGE), references=references(ALERT, SECOND)))
    assert await values(store) == ["911"]
    found = select(func.count()).select_from(
        correction_rows.join(cards, correction_rows.c.chain_id == cards.c.chain_id)
    )
    assert await store.read(lambda connection: connection.execute(found).scalar()) == 1


@pytest.mark.parametrize(
    ("pointer", "error", "words"),
    [
        ("/actions/0", NotAFact, "is an action of your policy"),
        ("/content/en-US/headline", NotAFact, "cannot be removed: give the JSON Pointer of a fact"),
        ("/vehicles/9/plate", ValueError, "the card has no fact at /vehicles/9/plate"),
        ("/actions/9", ValueError, "the card has no fact at /actions/9"),
    ],
)
async def test_what_cannot_be_removed_is_refused(
    store: Store, pointer: str, error: type[Exception], words: str
) -> None:
    """With a sentence, and nothing is changed: not even what could be removed."""
    await take(store, with_page(ALERT, PAGE))
    one, _ = await shown(store)
    before = await values(store)
    with pytest.raises(error, match=words):
        await correct(store, one.card_id, "/actions/1", pointer)
    assert await values(store) == before
    assert await store.read(lambda connection: connection.execute(select(correction_rows)).all()) == []
    assert await trail(store) == []


async def test_an_ended_card_is_not_corrected(store: Store) -> None:
    """There is nothing to correct."""
    card_id = await withdrawn(store)
    with pytest.raises(ValueError, match=r"has ended \(withdrawn\): there is nothing to correct"):
        await correct(store, card_id, "/actions/1")


async def test_two_gateways_act_once(postgresql_url: str) -> None:
    """Of two persons who do the same at the same time one does it, and the other learns that it was done."""
    one, other = Store.open(postgresql_url), Store.open(postgresql_url)
    try:
        await take(one, ALERT)
        other.outlets = one.outlets
        card_id = (await live(one))[0].card_id
        for act in (
            (hand.withdraw, card_id, POLICY, WHO),
            (hand.restore, card_id, POLICY, WHO),
            (hand.hold, card_id, WHO),
        ):
            both = (each.write_alone(*act) for each in (one, other))
            results = await asyncio.gather(*both, return_exceptions=True)
            assert [isinstance(result, ValueError) for result in results].count(True) == 1
        assert [action for action, *_ in await trail(one)] == ["card.withdrawn", "card.restored", "card.held"]
        assert len(await live(other)) == 1
    finally:
        one.close()
        other.close()


async def test_a_hold_is_set_once_and_lifted_once(store: Store) -> None:
    """Of any card, also of one that has ended; repetition gets a clear answer."""
    card_id = await withdrawn(store)
    await store.write(hand.hold, card_id, WHO)
    with pytest.raises(ValueError, match="is held already, since 20"):
        await store.write(hand.hold, card_id, WHO)
    await store.write(hand.lift, card_id, WHO)
    with pytest.raises(ValueError, match="is not held: there is nothing to lift"):
        await store.write(hand.lift, card_id, WHO)
    assert [action for action, *_ in await trail(store)] == ["card.withdrawn", "card.held", "card.hold_lifted"]


async def test_the_trail_is_read_a_page_at_a_time(store: Store) -> None:
    """The newest first, with who, why and what; by card, and since a time."""
    card_id = await withdrawn(store)
    await store.write(hand.hold, card_id, Act(actor="night shift"))
    first = await store.read(audit.page, limit=1)
    (held,), (taken_down,) = first.items, (await store.read(audit.page, limit=1, after=first.next)).items
    assert (held.action, held.actor, held.reason) == ("card.held", "night shift", None)
    assert (taken_down.action, taken_down.reason) == ("card.withdrawn", "the sheriff asked")
    assert (await store.read(audit.page, card_id="crd_none")).items == []
    assert (await store.read(audit.page, since=NOW + timedelta(days=1))).items == []
    with pytest.raises(ValueError, match="not a cursor"):
        await store.read(audit.page, after="x")


def change_rows(write: Write, change: Update) -> None:
    write.execute(change)


def with_page(alert: Any, page: str) -> Any:
    """The alert with a web page in each of its infos."""
    return replace(alert, infos=tuple(replace(info, web=page, contact=None) for info in alert.infos))


def references(*alerts: Any) -> Any:
    return story.cancel(NOW, *alerts).references


async def values(store: Store) -> list[str]:
    """What the actions of the card on display are about."""
    return [action.value for action in (await shown(store))[1].actions]

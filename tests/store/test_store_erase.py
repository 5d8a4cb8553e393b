"""Erasure by order: an incident is taken down and wiped, stays away, and touches nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update
from store_story import LEASE, NOW, POLICY, attempt, chain, contents, deliveries, take

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.feeds.http.answer import Validators
from capgateway.simulate import story
from capgateway.store import Body, Finished, Store, Taken, erase, feeds, held, lists
from capgateway.store import deliveries as delivery_rows
from capgateway.store.audit import Act, record
from capgateway.store.tables import audit, cards
from capgateway.webhooks import Retry

ACT = Act(actor="ops", reason="order 12 of the court, for Ada Testchild and KPW4471")
MINUTE = timedelta(minutes=1)


async def order(store: Store, card_id: str | None = None, identifier: str | None = None) -> erase.Erased:
    return await store.write_alone(erase.erase, ACT, POLICY, card_id=card_id, identifier=identifier)


def card_of(taken: Taken) -> str:
    return taken.decision.changes[0].card_id


async def names_left(store: Store) -> list[str]:
    """The tables whose rows still have the child's name or the plate."""
    every = await contents(store)
    return [name for name, rows in every.items() if any(word in repr(rows) for word in (story.CHILD, story.PLATE))]


def told(decision: Taken) -> tuple[str, str | None]:
    return decision.decision.word, decision.decision.reason


async def test_a_live_card_is_taken_down_and_wiped(store: Store) -> None:
    """Its receivers get a take-down with the reason, and nothing of its words is left in any table."""
    first, update_ = chain()[:2]
    card_id = card_of(await take(store, first, "app"))
    await take(store, update_, "app")
    body = Body(url="https://x.example/", status=200, media_type="", content=cap.write(first))
    await store.write(feeds.save_validators, "simulator", "", Validators(), [body])
    erased = await order(store, card_id)
    assert (erased.card_ids, erased.ended, len(erased.alert_ids)) == ((card_id,), (card_id,), 2)
    assert [(one.type, one.state) for one in await deliveries(store)][-1] == ("card.withdrawn", "pending")
    stored = await store.read(lists.one_card, card_id)
    assert stored is not None
    assert (stored.state, stored.end_reason, stored.card) == ("ended", "erased", None)
    assert await names_left(store) == []


async def test_a_card_on_hold_is_erased_too(store: Store) -> None:
    """An order outweighs the wish to keep evidence."""
    card_id = card_of(await take(store, chain()[0], "app"))
    await store.write(lambda write: write.execute(update(cards).values(held_at=NOW)))
    await order(store, card_id)
    assert await names_left(store) == []


async def test_an_erased_alert_stays_away(store: Store) -> None:
    """The same alert, those of its chain that come later, and what refers to these: only hashes of them are stored."""
    first, *later, cancel = chain()
    await order(store, card_of(await take(store, first, "app")))
    assert told(await take(store, first, "app", feed="another")) == ("ignored", "erased")
    for one in (*later, cancel):
        assert told(await take(store, one, "app")) == ("ignored", "erased")
    after = story.update(utc_now() + MINUTE, later[-1])
    assert told(await take(store, after, "app")) == ("ignored", "erased")
    assert (await store.read(lists.card_page, state="active")).items == []
    assert await names_left(store) == []


async def test_a_broken_copy_stays_away_too(store: Store) -> None:
    """It cannot be used, but its words could be read."""
    first = chain()[0]
    faulty = cap.write(first).replace(b"<scope>Public</scope>", b"")
    conflicting = replace(first, note="Ada Testchild")
    for one in (first, faulty, conflicting):
        await take(store, one, "app")
    erased = await order(store, identifier=first.identifier)
    assert len(erased.alert_ids) == 3
    assert await names_left(store) == []
    assert told(await take(store, faulty.replace(b"Dallas", b"Dallas "), "app")) == ("ignored", "erased")
    assert await names_left(store) == []


async def test_every_card_of_the_incident_is_erased(store: Store) -> None:
    """Copies that nobody saw as well, and what ended long ago."""
    one, other = card_of(await take(store, chain("ONE")[0], "app")), card_of(await take(store, chain("TWO")[0], "app"))
    await take(store, story.cancel(NOW, chain("TWO")[0]), "app")
    await store.write(lambda write: write.execute(update(cards).values(incident_id="inc_both")))
    erased = await order(store, one)
    assert (set(erased.card_ids), erased.ended) == ({one, other}, (one,))
    assert await names_left(store) == []


async def test_a_chain_that_began_again_is_erased_with_its_new_card(store: Store) -> None:
    """The Update after a Cancel is another card of the same story: an order for the first covers it."""
    first = replace(chain()[0], sent=moment(-30))
    card_id = card_of(await take(store, first, "app"))
    await take(store, replace(story.cancel(NOW, first), sent=moment(-20)), "app")
    again = card_of(await take(store, replace(story.update(NOW, first), msg_type="Alert", sent=moment(-10)), "app"))
    assert again != card_id
    assert (await order(store, card_id)).ended == (again,)
    assert await names_left(store) == []


async def test_another_case_that_one_cancel_names_is_not_touched(store: Store) -> None:
    """Issuers cancel two cases at once: erasing one leaves the other's words, and its later Updates count."""
    one, old = chain("ONE")[0], chain("OLD")[0]
    other = replace(story.update(NOW, old), identifier="TWO")
    first = card_of(await take(store, one, "app"))
    await take(store, replace(story.cancel(NOW - MINUTE, one), references=refs(one, old)), "app")
    second = card_of(await take(store, other, "app"))
    query = select(cards.c.chain_id).distinct()
    assert len(await store.read(lambda connection: connection.execute(query).all())) == 1
    assert (await order(store, first)).card_ids == (first,)
    stored = await store.read(lists.one_card, second)
    assert stored is not None
    assert stored.card is not None
    assert told(await take(store, story.update(utc_now() + MINUTE, other), "app")) == ("updated", None)


async def test_a_cancel_that_names_an_erased_case_still_ends_a_live_one(store: Store) -> None:
    """It is stored without its words, and takes the other card down."""
    one, other = chain("ONE")[0], chain("TWO")[0]
    await order(store, card_of(await take(store, one, "app")))
    live = card_of(await take(store, other, "app"))
    both = replace(story.cancel(utc_now(), one, other), identifier="BOTH", note="Ada Testchild is safe")
    assert told(await take(store, both, "app")) == ("ended", "cancelled")
    stored = await store.read(lists.one_card, live)
    assert stored is not None
    assert stored.state == "ended"
    assert "alerts" not in [name for name, rows in (await contents(store)).items() if "is safe" in repr(rows)]


@pytest.mark.parametrize("was_over", [True, False])
async def test_an_identifier_used_again_waits_for_a_person(store: Store, was_over: bool) -> None:
    """It may be another child's alert, or the same one in new clothes: it is neither lost nor displayed until a person releases it."""
    first = chain()[0]
    card_id = card_of(await take(store, first, "app"))
    if was_over:
        await take(store, story.cancel(NOW, first), "app")
    await order(store, card_id)
    new = replace(first, sent=moment(2))
    assert told(await take(store, new, "app")) == ("quarantined", "review")
    follows = await take(store, replace(story.update(NOW, new), sent=moment(3)), "app")
    assert told(follows) == ("quarantined", "review")
    released = await store.write_alone(held.release, follows.alert_id, None, POLICY, ACT)
    assert released.word == "published"
    assert told(await take(store, replace(first, sent=moment(-60)), "app")) == ("ignored", "erased")


async def test_an_identifier_of_several_senders_is_refused_with_their_ids(store: Store) -> None:
    """Nothing is erased until the operator says which; an id of the list is enough."""
    first = chain()[0]
    taken = [await take(store, replace(first, sender=f"s{number}@x.example"), "app") for number in range(2)]
    with pytest.raises(ValueError, match="several senders") as refused:
        await order(store, identifier=first.identifier)
    assert all(one.alert_id in str(refused.value) for one in taken)
    ended = (await order(store, identifier=taken[0].alert_id)).ended
    assert set(ended) == {card_of(one) for one in taken}  # they speak of one child: the whole incident is erased
    with pytest.raises(LookupError):
        await order(store, "crd_nothing")
    with pytest.raises(LookupError):
        await order(store, identifier="nothing")


async def test_an_order_may_be_repeated(store: Store) -> None:
    """The second time nothing changes but the audit trail, which goes on saying why it was done the first time."""
    card_id = card_of(await take(store, chain()[0], "app"))
    first, before = await order(store, card_id), await contents(store)
    again, after = await order(store, identifier=chain()[0].identifier), await contents(store)
    assert (again.card_ids, again.alert_ids, again.ended) == (first.card_ids, first.alert_ids, ())
    assert {name for name, rows in after.items() if rows != before[name]} == {"audit"}
    assert set(before["audit"]) < set(after["audit"])


async def test_the_reason_is_kept_without_the_words_that_it_erases(store: Store) -> None:
    """Who, when and why stay for good; what others said of the card before goes."""
    card_id = card_of(await take(store, chain()[0], "app"))
    said = Act(actor="ops", reason="Ada is a friend")
    await store.write(lambda write: record(write, said, "card.held", card_id=card_id))
    await order(store, card_id)
    query = select(audit.c.action, audit.c.reason).order_by(audit.c.id)
    rows = await store.read(lambda connection: connection.execute(query).all())
    assert [tuple(row) for row in rows] == [
        ("card.held", None),
        ("incident.erased", "order 12 of the court, for […] […] and […]"),
    ]


@pytest.mark.parametrize("said", ["order 12 for Ada Testchild", "for ada testchild, kpw4471", "Testchild's family"])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_reason_names_nobody_however_it_is_written(store: Store, said: str, times: int) -> None:
    """In small letters or as a possessive; and where the same command is run again, when the texts to compare with are gone."""
    card_id = card_of(await take(store, chain()[0], "app"))
    for _ in range(times):
        await store.write_alone(erase.erase, Act(actor="ops", reason=said), POLICY, card_id=card_id)
    reasons = await store.read(lambda connection: connection.execute(select(audit.c.reason)).scalars().all())
    assert len(reasons) == times
    for name in ("ada", "testchild", "kpw4471"):
        assert not any(name in reason.casefold() for reason in reasons)
    assert all(word in reason for reason in reasons for word in ("order 12 for", "family", "for ") if word in said)


async def test_a_display_under_way_leaves_nothing(store: Store) -> None:
    """The courier has the body; the take-down follows it, and the answer is not kept."""
    card_id = card_of(await take(store, chain()[0], "app"))
    (claim,) = await store.write(delivery_rows.claim, "app", room=1, lease=LEASE)
    await order(store, card_id)
    echoed = replace(attempt(1, "status"), response_excerpt=claim.body.decode())
    await store.write(delivery_rows.record, [Finished(claim, echoed, Retry(utc_now()))])
    (next_,) = await store.write(delivery_rows.claim, "app", room=1, lease=LEASE)
    assert (next_.type, next_.action) == ("card.withdrawn", "take_down")
    assert await names_left(store) == []
    (shown,) = await store.read(erase.acknowledgements, [card_id])
    assert (shown.receiver, shown.state, shown.confirmed) == ("app", "pending", False)


async def test_an_alert_that_made_no_card_is_erased(store: Store) -> None:
    """A declined one: wider regions do not bring it back."""
    elsewhere = replace(POLICY, regions=("US-OK",))
    left_out = await take(store, chain()[0], "app", policy=elsewhere)
    assert told(left_out) == ("ignored", "region")
    assert (await order(store, identifier=chain()[0].identifier)).card_ids == ()
    assert await names_left(store) == []
    assert told(await take(store, chain()[0], "app")) == ("ignored", "erased")
    assert told(await take(store, chain()[1], "app")) == ("ignored", "erased")


def moment(minutes: int) -> cap.Time:
    return cap.time((utc_now() + timedelta(minutes=minutes)).isoformat(timespec="seconds"))


def refs(*named: cap.Alert) -> Sequence[cap.Reference]:
    return tuple(
        cap.Reference(sender=one.sender, identifier=one.identifier, sent=one.sent) for one in named if one.sent
    )

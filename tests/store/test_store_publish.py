"""A person lets a declined alert be displayed: what that makes, and what nobody may let be displayed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from store_story import NOW, POLICY, SCHEMAS, arrival, at, take
from test_store_incidents import PARTNER, STATE, came, said
from test_store_incidents import take as take_all

from capgateway import cap
from capgateway.cards import AMBER, MEP, FeedRules, Policy
from capgateway.feeds import Feed
from capgateway.operate import Operate
from capgateway.simulate import story
from capgateway.store import Store, alerts, audit, hand, lists, pause
from capgateway.store.audit import Act
from capgateway.store.publish import Published
from capgateway.store.records import StoredAlert

WHO = Act(actor="ops", reason="the state police asked")
STORM = story.thunderstorm(NOW - timedelta(minutes=9))
ALERT = story.amber(NOW - timedelta(minutes=9))


async def publish(
    store: Store, alert_id: str, programme: str | None = "amber", policy: Policy = POLICY, **feed: Any
) -> Published:
    """As the gateway does, with the bytes as they are stored."""
    feeds = {"simulator": Feed(name="simulator", kind="push", **feed)}
    walk = Operate(store, SCHEMAS, policy, feeds, on_messages=lambda: None)
    return await walk.publish(alert_id, programme, WHO)


async def stored(store: Store, alert_id: str) -> StoredAlert:
    found = await store.read(lists.one_alert, alert_id)
    assert found
    return found


async def live(store: Store) -> dict[str, str]:
    """Cards on display, by the identifier of their alert."""
    found = (await store.read(lists.card_page, state="active")).items
    return {card.card.source.identifier: card.card_id for card in found if card.card}


def follow(first: cap.Alert, kind: str) -> cap.Alert:
    """An Update or a Cancel of an alert."""
    made = story.update(NOW - timedelta(minutes=2), first) if kind == "Update" else story.cancel(NOW, first)
    return replace(made, identifier=f"{first.identifier}-{kind}")


async def test_an_alert_of_no_programme_becomes_a_card(store: Store) -> None:
    """With the words of its issuer; the list and the trail say who let it, and why."""
    taken = await take(store, STORM)
    assert taken.decision.reason == "no_programme"
    done = await publish(store, taken.alert_id)
    assert (await live(store), done.programme) == ({STORM.identifier: done.card_id}, "amber")
    now = await stored(store, taken.alert_id)
    assert (now.decision, now.reason, now.handled, now.card_id) == ("published", None, "published", done.card_id)
    (entry,) = (await store.read(audit.page)).items
    assert (entry.action, entry.actor, entry.reason) == ("alert.published", "ops", "the state police asked")
    assert (entry.card_id, entry.detail) == (done.card_id, {"programme": "amber", "was": "ignored no_programme"})


async def test_a_cancel_ends_what_a_person_published(store: Store) -> None:
    """It belongs to its chain like any other card."""
    taken = await take(store, STORM)
    done = await publish(store, taken.alert_id)
    ended = await take(store, follow(STORM, "Cancel"))
    assert (ended.decision.word, [one.card_id for one in ended.decision.changes]) == ("ended", [done.card_id])


async def test_an_update_follows_what_a_person_published(store: Store) -> None:
    """With the code that the person overruled: the next revision. With another code it is something else."""
    taken = await take(store, STORM)
    done = await publish(store, taken.alert_id)
    assert (await take(store, follow(STORM, "Update"))).decision.word == "updated"
    assert await live(store) == {f"{STORM.identifier}-Update": done.card_id}
    other = cap.Named(name="SAME", value="TOR")
    infos = tuple(replace(info, event_codes=(other,)) for info in STORM.infos)
    ended = await take(store, replace(story.update(NOW, STORM), infos=infos))
    assert (ended.decision.word, ended.decision.reason) == ("ended", "superseded")


async def test_what_a_cancel_ended_is_not_published(store: Store) -> None:
    """A person cannot overrule the issuer, and the attempt leaves nothing behind."""
    taken = await take(store, STORM)
    await take(store, follow(STORM, "Cancel"))
    with pytest.raises(ValueError, match="cannot be published: a Cancel or a later message"):
        await publish(store, taken.alert_id)
    assert (await stored(store, taken.alert_id)).handled is None
    assert (await store.read(audit.page)).items == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "Exercise"}, "it is not actual"),
        ({"status": "Test"}, "it is not actual"),
        ({"scope": "Private"}, "its scope is not Public"),
        ({"scope": "Restricted"}, "its scope is not Public"),
        ({"msg_type": "Ack"}, "it is not an Alert or an Update"),
        ({"msg_type": "Cancel"}, "it is not an Alert or an Update"),
    ],
)
async def test_what_is_not_real_or_not_public_is_never_published(
    store: Store, change: dict[str, str], words: str
) -> None:
    """Whatever programme a person names, and whether exercises are relayed or not."""
    taken = await take(store, replace(STORM, **change))
    for policy in (POLICY, replace(POLICY, exercises=True)):
        with pytest.raises(ValueError, match=words):
            await publish(store, taken.alert_id, policy=policy)
    assert await live(store) == {}


async def test_a_rehearsal_is_never_published(store: Store) -> None:
    """Its feed says that nothing it brings is real."""
    came = replace(arrival(STORM), rehearsal=True)
    (taken,) = await store.write_alone(alerts.take_in, [came], POLICY)
    with pytest.raises(ValueError, match="it is not actual"):
        await publish(store, taken.alert_id)


async def test_a_known_area_in_the_regions_is_needed(store: Store) -> None:
    """Nobody knows where else to show it."""
    nowhere = replace(STORM, infos=tuple(replace(info, areas=()) for info in STORM.infos))
    for document, policy, words in (
        (nowhere, POLICY, "its area is unknown"),
        (replace(STORM, identifier="S-2"), Policy(regions=("US-OK",)), "it is meant for no region of the policy"),
    ):
        taken = await take(store, document)
        with pytest.raises(ValueError, match=words):
            await publish(store, taken.alert_id, policy=policy)


async def test_what_is_over_is_not_published(store: Store) -> None:
    """Its time has passed since it came."""
    taken = await take(store, STORM)
    with at(store, NOW + timedelta(days=2)), pytest.raises(ValueError, match="it is over"):
        await publish(store, taken.alert_id)


@pytest.mark.parametrize(
    "document", [b"<alert", cap.write(replace(STORM, infos=())).replace(b"<scope>Public", b"<scope>Everyone")]
)
async def test_what_cannot_be_read_is_not_published(store: Store, document: bytes) -> None:
    """Unreadable, or in violation of the schema."""
    taken = await take(store, document)
    assert taken.decision.reason in ("unreadable", "schema")
    with pytest.raises(ValueError, match=r"it cannot be read|it violates the CAP schema"):
        await publish(store, taken.alert_id)


async def test_what_a_feed_may_not_bring_is_published_by_a_person(store: Store) -> None:
    """Quarantined for its sender, it had no place in any chain; from then on its Cancel ends it."""
    taken = await take(store, arrival(ALERT, senders=["other@police.example"]))
    assert taken.decision.reason == "sender"
    done = await publish(store, taken.alert_id, None, senders=("other@police.example",))
    assert await live(store) == {ALERT.identifier: done.card_id}
    assert (await take(store, follow(ALERT, "Cancel"))).decision.word == "ended"


async def test_the_same_alert_is_not_published_twice(store: Store) -> None:
    """Neither again, nor where a good copy of it is on display already."""
    refused = await take(store, arrival(ALERT, senders=["other@police.example"]))
    shown = await take(store, ALERT)
    with pytest.raises(ValueError, match=f"the same alert came another way as well: publish {shown.alert_id}"):
        await publish(store, refused.alert_id)
    with pytest.raises(ValueError, match="is displayed already, as the card crd_"):
        await publish(store, shown.alert_id)
    storm = await take(store, STORM)
    await publish(store, storm.alert_id)
    with pytest.raises(ValueError, match="is displayed already, as the card crd_"):
        await publish(store, storm.alert_id)


async def test_an_alert_outside_the_jurisdiction_is_published_by_a_person(store: Store) -> None:
    """The feed may not speak for the area; the person may."""
    policy = replace(POLICY, feeds={"simulator": FeedRules(jurisdiction=("US-OK",))})
    taken = await take(store, ALERT, policy=policy)
    assert taken.decision.reason == "jurisdiction"
    done = await publish(store, taken.alert_id, None, policy)
    assert await live(store) == {ALERT.identifier: done.card_id}


async def test_a_person_says_as_what_it_is_displayed(store: Store) -> None:
    """Its own programme if it has one; otherwise an enabled one that is named."""
    policy = replace(POLICY, programmes=(AMBER, MEP))
    taken = await take(store, STORM, policy=policy)
    for programme, words in ((None, "say with --programme"), ("silver", '"silver" is not enabled')):
        with pytest.raises(ValueError, match=words):
            await publish(store, taken.alert_id, programme, policy)
    assert (await publish(store, taken.alert_id, "mep", policy)).programme == "mep"
    (card,) = (await store.read(lists.card_page)).items
    assert card.card
    assert card.card.kind == "mep"


async def test_a_withdrawn_case_is_restored_and_not_published(store: Store) -> None:
    """A published card is withdrawn as any other, and stays down."""
    taken = await take(store, STORM)
    card_id = (await publish(store, taken.alert_id)).card_id
    await store.write_alone(hand.withdraw, card_id, POLICY, WHO)
    with pytest.raises(ValueError, match=r"has ended \(withdrawn\); run `capgateway cards restore`"):
        await publish(store, taken.alert_id)
    assert (await take(store, follow(STORM, "Update"))).decision.reason == "withdrawn"
    assert await live(store) == {}
    restored = await store.write_alone(hand.restore, card_id, POLICY, WHO)
    assert await live(store) == {f"{STORM.identifier}-Update": restored.card_id}


async def test_a_copy_that_waits_is_published(store: Store) -> None:
    """Another sender's card of its incident was cancelled; the person says that the case goes on. A copy of what is displayed
    is not published."""
    first, second = (came(said(sender), feed="simulator") for sender in (STATE, PARTNER))
    policy = replace(POLICY, feeds={"simulator": FeedRules()})
    _, copy = await take_all(store, first, second, policy=policy)
    with pytest.raises(ValueError, match="is a copy: another card of its incident is displayed"):
        await publish(store, copy.alert_id, None, policy)
    await take_all(store, came(said(STATE, "Cancel", 5), feed="simulator"), policy=policy)
    assert await live(store) == {}
    done = await publish(store, copy.alert_id, None, policy)
    assert list((await live(store)).values()) == [done.card_id]
    with pytest.raises(ValueError, match="is displayed already"):
        await publish(store, copy.alert_id, None, policy)


async def test_nothing_is_published_in_a_pause(store: Store) -> None:
    """A display that a person asks for is a display."""
    taken = await take(store, STORM)
    await store.write_alone(pause.pause, WHO)
    with pytest.raises(ValueError, match="displays are paused; run `capgateway resume` first"):
        await publish(store, taken.alert_id)


async def test_an_unknown_alert_cannot_be_published(store: Store) -> None:
    """That is another answer than a refusal."""
    with pytest.raises(LookupError, match="there is no alert alt_none"):
        await publish(store, "alt_none")

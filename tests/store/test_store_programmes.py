"""What another configuration makes of what is stored: programmes come and go, words change, receivers ask for others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from store_story import ACT, NOW, POLICY, SCHEMAS, arrival, at, deliveries, take

from capgateway import cap
from capgateway.cards import AMBER, MEP, Policy, Programme
from capgateway.cards.codes import Code
from capgateway.clock import utc_now
from capgateway.operate import Operate
from capgateway.simulate import story
from capgateway.store import Store, alerts, copies, gists, held, lists, retention
from capgateway.webhooks import Outlets, Receiver

ALERT = story.amber(NOW - timedelta(minutes=9))
INFO = ALERT.infos[0]
BOTH = replace(POLICY, programmes=(AMBER, MEP))
SILVER = Programme(
    id="silver",
    name={"en": "Silver Alert"},
    codes=(Code("cap-cp", "silver"),),
    words=("senior missing", "silver alert"),
)
ALL = replace(POLICY, programmes=(AMBER, SILVER))


def coded(name: str, value: str, identifier: str, event: str = "Missing person") -> cap.Alert:
    infos = tuple(replace(info, event=event, event_codes=(cap.Named(name=name, value=value),)) for info in ALERT.infos)
    return replace(ALERT, identifier=identifier, infos=infos)


def spoken(event: str, identifier: str) -> cap.Alert:
    """An alert without any code."""
    infos = (replace(INFO, event=event, headline=None, event_codes=()),)
    return replace(ALERT, identifier=identifier, infos=infos)


MISSING = coded("SAME", "MEP", "M")


async def live(store: Store) -> list[tuple[str, str]]:
    """The identifiers of the alerts on display, and as what."""
    page = await store.read(lists.card_page, state="active")
    return sorted((one.card.source.identifier, one.card.kind) for one in page.items if one.card)


async def reload(store: Store, policy: Policy, *receivers: Receiver) -> int:
    """What the gateway does with a new configuration."""
    if receivers:
        store.outlets = Outlets(receivers=receivers, public_url="https://cap.example")
    return await Operate(store, SCHEMAS, policy, {}, on_messages=lambda: None).reconsider()


async def test_a_programme_is_turned_on_off_and_on(store: Store) -> None:
    """Live alerts of it are displayed, withdrawn, and displayed as new cards."""
    for alert in (ALERT, MISSING):
        await take(store, alert)
    amber = [(ALERT.identifier, "amber")]
    assert await live(store) == amber
    for policy, expected in [(BOTH, [("M", "mep"), *amber]), (POLICY, amber), (BOTH, [("M", "mep"), *amber])]:
        await reload(store, policy)
        assert await live(store) == sorted(expected)
    ended = (await store.read(lists.card_page, state="ended")).items
    assert [card.end_reason for card in ended] == ["withdrawn"]
    assert await reload(store, BOTH) == 2
    assert len((await store.read(lists.card_page)).items) == 3


async def test_a_programme_of_the_configuration_finds_its_alerts(store: Store) -> None:
    """Also those whose texts nobody thought worth keeping; what is erased stays away."""
    kept = coded("profile:CAP-CP:Event:0.4", "silver", "S")
    erased = coded("profile:CAP-CP:Event:0.4", "silver", "E")
    await take(store, kept)
    taken = await take(store, erased)
    await store.write(retention.erase_alerts, [taken.alert_id])
    await reload(store, ALL)
    assert await live(store) == [("S", "silver")]


async def test_other_words_are_asked_of_what_is_stored(store: Store) -> None:
    """A phrase that a reload adds displays live alerts without code; one that it removes withdraws them."""
    await take(store, spoken("Silver Alert", "W"))
    await take(store, spoken("AMBER Alert", "A"))
    assert await live(store) == [("A", "amber")]
    await reload(store, ALL)
    assert await live(store) == [("A", "amber"), ("W", "silver")]
    await reload(store, replace(ALL, programmes=(replace(AMBER, words=()), SILVER)))
    assert await live(store) == [("W", "silver")]


async def test_gists_are_made_again_once(store: Store) -> None:
    """Only those of alerts without code, and only where other phrases are asked for."""
    await take(store, spoken("Silver Alert", "W"))
    await take(store, ALERT)
    since = NOW - timedelta(days=1)
    assert await store.read(gists.asked_otherwise, POLICY, since) == ([], None)
    renewed, following = await store.read(gists.asked_otherwise, ALL, since)
    assert (len(renewed), following) == (1, None)
    await store.write_alone(gists.save, renewed)
    assert await store.read(gists.asked_otherwise, ALL, since) == ([], None)


async def test_what_the_policy_withdrew_is_not_what_a_person_withdrew(store: Store) -> None:
    """A chain whose card only a configuration took down goes on with its next Update."""
    await take(store, MISSING, policy=BOTH)
    await reload(store, POLICY)
    update = replace(story.update(NOW, MISSING), infos=MISSING.infos)
    taken = await take(store, update, policy=BOTH)
    assert (taken.decision.word, await live(store)) == ("published", [(update.identifier, "mep")])


def receiver(name: str, *programmes: str) -> Receiver:
    return Receiver(name=name, url="https://app.example/", secrets=(bytes(32),), programmes=programmes or ("amber",))


async def lanes(store: Store) -> list[tuple[str, str]]:
    return [(one.receiver, one.type) for one in await deliveries(store)]


async def test_a_receiver_gets_amber_alone_unless_it_asks_for_more(store: Store) -> None:
    """By name, or all."""
    receivers = [receiver("app"), receiver("both", "amber", "mep"), receiver("all", "*"), receiver("mep", "mep")]
    await take(store, MISSING, policy=BOTH)
    await reload(store, BOTH, *receivers)
    got = {name for name, kind in await lanes(store) if kind == "card.published"}
    assert got == {"both", "all", "mep"}


async def test_a_receiver_that_asks_for_less_loses_the_card(store: Store) -> None:
    """Its take-down says withdrawn. Asking again, it gets a new card; others keep theirs until then."""
    await take(store, MISSING, policy=BOTH)
    await reload(store, BOTH, receiver("app", "*"))
    await reload(store, BOTH, receiver("app"))
    assert await lanes(store) == [("app", "card.published"), ("app", "card.withdrawn")]
    await reload(store, BOTH, receiver("app"))
    assert len(await lanes(store)) == 2
    await reload(store, BOTH, receiver("app", "mep"))
    assert [kind for _, kind in await lanes(store)][-1] == "card.published"


async def test_an_update_that_leaves_a_receivers_regions_leaves_the_receiver(store: Store) -> None:
    """It gets a take-down, and the others the update; when the alert returns, it is a new card."""
    here, there = (replace(receiver(name), regions=(region,)) for name, region in (("tx", "US-TX"), ("ok", "US-OK")))
    policy = replace(POLICY, regions=("US",))
    store.outlets = Outlets(receivers=(here, there), public_url="https://cap.example")
    areas = (
        replace(
            INFO.areas[0], geocodes=(cap.Named(name="SAME", value="040001"), cap.Named(name="SAME", value="048113"))
        ),
    )
    both = replace(ALERT, infos=(replace(INFO, areas=areas),))
    only = (replace(INFO.areas[0], geocodes=(cap.Named(name="SAME", value="040001"),)),)
    moved = replace(story.update(NOW, both), infos=(replace(INFO, areas=only),))
    for alert in (both, moved):
        await take_for(store, alert, policy)
    assert sorted(await lanes(store)) == [
        ("ok", "card.published"),
        ("ok", "card.updated"),
        ("tx", "card.published"),
        ("tx", "card.withdrawn"),
    ]


async def take_for(store: Store, alert: cap.Alert, policy: Policy) -> None:
    """Take one in for the receivers that there are."""
    await store.write_alone(alerts.take_in, [arrival(alert)], policy)


async def test_what_nobody_answered_for_is_displayed_by_the_clock(store: Store) -> None:
    """Each second somebody looks; what a person has to decide is left alone."""
    policy = replace(POLICY, review="all", review_default="publish")
    await take(store, ALERT, policy=policy)
    drill = replace(ALERT, identifier="D", infos=(replace(INFO, headline="DRILL - AMBER Alert"),))
    await take(store, drill, policy=policy)
    operate = Operate(store, SCHEMAS, replace(policy, review_timeout=timedelta(0)), {}, on_messages=lambda: None)
    for _ in range(2):
        await operate.publish_unanswered()
        assert await live(store) == [(ALERT.identifier, "amber")]
    operate = Operate(store, SCHEMAS, replace(policy, review_timeout=timedelta(days=1)), {}, on_messages=lambda: None)
    await operate.publish_unanswered()
    await store.write_alone(held.release, await waiting(store), None, policy, ACT)
    assert len(await live(store)) == 2


async def waiting(store: Store) -> str:
    (one,) = (await store.read(lists.quarantine_page)).items
    return one.id


@pytest.mark.parametrize("step", [timedelta(hours=12), timedelta(hours=-12)])
async def test_a_card_ends_by_the_wall_clock_after_a_restart(database_url: str, step: timedelta) -> None:
    """Its ``expires_at`` counts, wherever the clock was in between: a step forward ends it, a step back does not bring it back."""
    store = Store.open(database_url)
    await take(store, ALERT)
    (card,) = (await store.read(lists.card_page)).items
    store.close()
    store = Store.open(database_url)
    try:
        with at(store, utc_now() + step):
            await store.write_alone(copies.end_overdue, 10, POLICY)
            assert len(await live(store)) == (step < timedelta(0))
        with at(store, card.expires_at):
            await store.write_alone(copies.end_overdue, 10, POLICY)
        with at(store, card.expires_at - timedelta(hours=1)):
            assert (await take(store, ALERT)).decision.word == "unchanged"
        assert await live(store) == []
    finally:
        store.close()

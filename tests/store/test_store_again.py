"""The same alert again, by another way: what was refused for the way it came gets a second chance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from store_story import NOW, POLICY, arrival, contents, deliveries, outlets, states, take

from capgateway import cap
from capgateway.cards import FeedRules, Policy, Programme
from capgateway.cards.codes import Code
from capgateway.clock import utc_now
from capgateway.feeds.http.answer import Validators
from capgateway.simulate import story
from capgateway.store import Body, Store, again, alerts, cards, feeds, gists, lists, retention

NATIONWIDE = Policy(regions=("US",))


async def test_a_feed_without_jurisdiction_does_not_block_the_one_that_has_it(store: Store) -> None:
    """First held back, then published when the right feed brings the same bytes; a third copy changes nothing."""
    policy = replace(
        POLICY, feeds={"ipaws": FeedRules(jurisdiction=("US-TX",)), "ohio": FeedRules(jurisdiction=("US-OH",))}
    )
    first = arrival(story.amber(NOW), feed="ohio")
    held = await take(store, first, policy=policy)
    assert (held.decision.word, held.decision.reason) == ("quarantined", "jurisdiction")
    again = await take(store, first, policy=policy)
    assert again.decision.word == "unchanged"
    taken = await take(store, replace(first, feed="ipaws"), policy=policy)
    assert (taken.decision.word, taken.alert_id) == ("published", held.alert_id)
    (stored,) = (await store.read(lists.alert_page)).items
    assert (stored.feed, stored.decision) == ("ipaws", "published")
    assert (await take(store, first, policy=policy)).decision.word == "unchanged"
    assert {row[1] for row in (await contents(store))["sightings"]} == {"ohio"}


async def test_a_test_envelope_does_not_block_the_real_alert(store: Store) -> None:
    """In an envelope marked Test it is a test; the same message without it is real."""
    real, enveloped = arrival(story.amber(NOW)), arrival(story.amber(NOW), status="Test")
    assert (await take(store, enveloped)).decision.reason == "status"
    assert (await take(store, real)).decision.word == "published"
    assert (await take(store, enveloped)).decision.word == "unchanged"
    assert await states(store) == ["card.published pending"]


@pytest.mark.parametrize("is_all_clear", [False, True])
async def test_a_copy_that_lost_its_references_does_not_block_the_update(store: Store, is_all_clear: bool) -> None:
    """A relay stripped an Update of references and content: the genuine one changes the card, or ends it."""
    first = story.amber(NOW - timedelta(minutes=5))
    update = story.update(NOW, first)
    if is_all_clear:
        update = replace(update, infos=tuple(replace(info, response_types=("AllClear",)) for info in update.infos))
    assert (await take(store, first)).decision.word == "published"
    await take(store, replace(update, references=(), infos=()), feed="relay")
    taken = await take(store, update)
    assert taken.decision.word == ("ended" if is_all_clear else "updated")


async def test_a_cancel_and_an_update_that_name_the_same_unseen_alert_belong_together(store: Store) -> None:
    """The first Alert never came: its Update is shown, and its Cancel takes that down."""
    unseen = story.amber(NOW)
    update, cancel = story.update(NOW, unseen), story.cancel(NOW, unseen)
    assert (await take(store, update)).decision.word == "published"
    assert (await take(store, cancel)).decision.word == "ended"


async def test_wider_regions_show_a_live_card_where_they_say(store: Store) -> None:
    """The pilot becomes the nation: the card gets a revision with all the alert means, and keeps its alert's decision."""
    alert = story.amber(NOW)
    counties = (
        *alert.infos[0].areas,
        replace(alert.infos[0].areas[0], geocodes=(cap.Named(name="SAME", value="040001"),)),
    )
    wide = replace(alert, infos=tuple(replace(info, areas=counties) for info in alert.infos))
    taken = await take(store, wide)
    assert (await store.write_alone(again.decide_again, taken.alert_id, POLICY)).messages == 0
    assert (await store.write_alone(again.decide_again, taken.alert_id, NATIONWIDE)).messages == 1
    (card,) = (await store.read(lists.card_page)).items
    assert card.card is not None
    assert [target.code for target in card.card.area.target] == ["40001", "48113", "48439"]
    assert POLICY.regions == ("US-TX",)


async def test_the_area_of_a_new_programme_is_resolved_when_it_is_enabled(store: Store) -> None:
    """Until then nobody pays for it. The alert is displayed where its shape lies; those of no programme stay as they are."""
    senior = Programme(id="senior", name={"en-US": "Silver Alert"}, codes=(Code("same", "sil"),))
    shape = cap.Area(area_desc="Here", polygons=("32.72,-96.90 32.72,-96.72 32.86,-96.72 32.72,-96.90",))
    for number, code in enumerate(("SIL", "SVR")):
        alert = story.amber(NOW)
        codes = (cap.Named(name="SAME", value=code),)
        infos = tuple(replace(info, event_codes=codes, areas=(shape,)) for info in alert.infos)
        taken = await take(store, replace(alert, identifier=f"N-{number}", infos=infos))
        assert taken.decision.reason == "no_programme"
    policy = replace(POLICY, programmes=(senior,))
    renewed, after = await store.read(gists.asked_otherwise, policy, NOW - timedelta(days=2))
    assert (len(renewed), after) == (1, None)
    await store.write_alone(gists.save, renewed)
    assert (await store.read(gists.asked_otherwise, policy, NOW - timedelta(days=2)))[0] == []
    decided = await store.write_alone(again.decide_again, renewed[0]["alert"], policy)
    assert decided.decision.word == "published"
    (card,) = (await store.read(lists.card_page)).items
    assert card.card is not None
    assert [target.code for target in card.card.area.target] == ["48113"]


async def test_bodies_of_feeds_are_erased_when_they_are_old(store: Store) -> None:
    """Their content goes, the record of the fetching stays."""
    body = Body(url="https://feeds.example/", status=200, media_type="text/xml", content=b"<feed/>")
    await store.write(feeds.save_validators, "nws", "", Validators(), [body])
    assert await store.write(retention.erase_bodies, NOW) == 0
    assert await store.write(retention.erase_bodies, utc_now() + timedelta(seconds=1)) == 1
    ((*_, sha256, content),) = (await contents(store))["bodies"]
    assert (content, len(sha256)) == (None, 64)


async def test_a_receiver_that_wants_no_cards_any_more_takes_no_new_one(store: Store) -> None:
    """It had left the card, and its regions take part again: the others keep the card that they have."""
    await take(store, story.amber(NOW), "app", "other")
    app, other = outlets("app", "other").receivers
    store.outlets = replace(outlets(), receivers=(replace(app, regions=("US-OK",)), other))
    assert await store.write_alone(cards.route_again) == 1
    store.outlets = replace(outlets(), receivers=(replace(app, messages=("operator.*",)), other))
    assert await store.write_alone(cards.route_again) == 0


async def test_a_receiver_that_is_wanted_again_gets_the_revision_it_missed(store: Store) -> None:
    """It was disabled, or gone from the file, while the card changed, and shows what is no longer so: it gets the newest, once.
    Nobody else is sent anything."""
    said = story.amber(NOW - timedelta(minutes=9))
    await take(store, said, "app", "other")
    (app, other) = outlets("app", "other").receivers
    for minutes, receivers in enumerate(((replace(app, enabled=False), other), (other,)), start=-8):
        store.outlets = replace(outlets("app"), receivers=receivers)
        said = story.update(NOW + timedelta(minutes=minutes), said)
        await store.write_alone(alerts.take_in, [arrival(said)], POLICY)
    store.outlets = replace(outlets("app"), receivers=(app, other))
    assert await store.write_alone(cards.route_again) == 1
    assert await store.write_alone(cards.route_again) == 0
    assert [(one.receiver, one.revision) for one in await deliveries(store) if one.state == "pending"] == [
        ("other", 3),
        ("app", 3),
    ]


async def test_receivers_get_what_their_regions_say_now(store: Store) -> None:
    """A new receiver is sent the live card, one whose regions no longer take part takes it down, asking again changes
    nothing, and the card's end reaches those who have it."""
    first = story.amber(NOW)
    await take(store, first, "texas")
    ohio = replace(outlets("texas").receivers[0], regions=("US-OH",))
    new = replace(ohio, name="new", regions=())
    store.outlets = replace(outlets("texas"), receivers=(ohio, new))
    assert await store.write_alone(cards.route_again) == 2
    assert await store.write_alone(cards.route_again) == 0
    assert sorted(f"{one.receiver} {one.type} {one.state}" for one in await deliveries(store)) == [
        "new card.published pending",
        "texas card.published superseded",
        "texas card.withdrawn pending",
    ]
    await store.write_alone(alerts.take_in, [arrival(story.cancel(NOW, first))], POLICY)
    assert [one.type for one in await deliveries(store) if one.receiver == "new"] == [
        "card.published",
        "card.cancelled",
    ]
    assert [one.type for one in await deliveries(store) if one.receiver == "texas"] == [
        "card.published",
        "card.withdrawn",
    ]


async def test_a_receiver_that_comes_back_is_shown_a_new_card(store: Store) -> None:
    """An Update leaves Oklahoma, a later one means it again: its lane stays closed, so everybody gets a new card, and the
    Cancel takes that down."""
    first = story.amber(NOW)
    county = cap.Area(area_desc="Adair County, OK", geocodes=(cap.Named(name="SAME", value="040001"),))
    with_oklahoma = tuple(replace(info, areas=(*info.areas, county)) for info in first.infos)
    wide = replace(first, infos=with_oklahoma)
    narrow = story.update(NOW + timedelta(seconds=1), first)
    again = replace(story.update(NOW + timedelta(seconds=2), first), identifier="TX-AGAIN", infos=with_oklahoma)
    end = story.cancel(NOW + timedelta(seconds=3), wide, narrow, again)
    texas, oklahoma = outlets("texas", "oklahoma").receivers
    store.outlets = replace(outlets(), receivers=(texas, replace(oklahoma, regions=("US-OK",))))
    for alert in (wide, narrow, again, end):
        await store.write_alone(alerts.take_in, [arrival(alert)], NATIONWIDE)
    told = {
        name: [one.type for one in await deliveries(store) if one.receiver == name] for name in ("texas", "oklahoma")
    }
    assert told["oklahoma"] == ["card.published", "card.withdrawn", "card.published", "card.cancelled"]
    assert told["texas"] == ["card.published", "card.updated", "card.withdrawn", "card.published", "card.cancelled"]
    ended = (await store.read(lists.card_page)).items
    assert [(card.state, card.end_reason) for card in ended] == [("ended", "cancelled"), ("ended", "superseded")]
    assert len({card.incident_id for card in ended}) == 1

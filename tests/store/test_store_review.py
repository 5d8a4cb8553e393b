"""Review in the store: what waits is told at once, released, dismissed or displayed in time, and survives whatever comes between."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from store_story import ACT, NOW, POLICY, SCHEMAS, at, take

from capgateway import cap
from capgateway.cards import FeedRules, Policy
from capgateway.clock import utc_now
from capgateway.operate import Operate
from capgateway.simulate import story
from capgateway.store import Store, again, held, lists, pause, review
from capgateway.store.tables import audit, messages

ALERT = story.amber(NOW - timedelta(minutes=9))
ALL = replace(POLICY, review="all")
PUBLISH = replace(ALL, review_default="publish")
TIMEOUT = ALL.review_timeout


async def live(store: Store) -> list[str]:
    """The identifiers of the alerts on display."""
    page = await store.read(lists.card_page, state="active")
    return sorted(one.card.source.identifier for one in page.items if one.card)


async def told(store: Store) -> list[str]:
    """What operators were told, as advice."""
    rows = await store.read(lambda connection: connection.execute(select(messages.c.body, messages.c.type)).all())
    return [json.loads(row.body)["data"]["advice"] for row in rows if row.type == "operator.review_waiting"]


async def due(store: Store, moment: datetime, policy: Policy = PUBLISH) -> Sequence[str]:
    """What waits too long by then."""
    return await store.read(review.unanswered, policy.review_timeout, moment)


async def test_what_waits_is_told_at_once_and_listed(store: Store) -> None:
    """With what to do; a copy from another byte is not told again."""
    taken = await take(store, ALERT, policy=ALL)
    assert (taken.decision.word, taken.decision.reason) == ("quarantined", "review")
    (advice,) = await told(store)
    assert f"quarantine release {taken.alert_id}" in advice
    assert "it is displayed" not in advice
    (one,) = (await store.read(lists.quarantine_page)).items
    assert f"quarantine release {one.id} --reason" in one.advice
    await take(store, cap.write(ALERT).replace(b"</alert>", b"<!-- --></alert>"), policy=ALL)
    assert len(await told(store)) == 1


async def test_a_person_releases_it(store: Store) -> None:
    """It is displayed, the audit trail says who did it, and what follows waits by itself."""
    taken = await take(store, ALERT, policy=ALL)
    decision = await store.write_alone(held.release, taken.alert_id, None, ALL, ACT)
    assert (decision.word, await live(store)) == ("published", [ALERT.identifier])
    (row,) = await store.read(lambda connection: connection.execute(select(audit)).mappings().all())
    assert (row["action"], row["actor"], row["alert_id"]) == ("quarantine.released", "ops", taken.alert_id)
    assert row["card_id"] == decision.changes[0].card_id
    assert (await store.read(lists.quarantine_page)).items == []
    update = await take(store, story.update(NOW, ALERT), policy=ALL)
    assert update.decision.reason == "review"
    assert await live(store) == [ALERT.identifier]
    await store.write_alone(held.release, update.alert_id, None, ALL, ACT)
    assert await live(store) == [story.update(NOW, ALERT).identifier]


async def test_a_released_alert_stays_released(store: Store) -> None:
    """However often it is decided again."""
    taken = await take(store, ALERT, policy=ALL)
    await store.write_alone(held.release, taken.alert_id, None, ALL, ACT)
    for alert_id in await store.read(again.undecided_by_policy, utc_now(), ALL):
        assert (await store.write_alone(again.decide_again, alert_id, ALL)).messages == 0
    assert await live(store) == [ALERT.identifier]


async def test_a_person_dismisses_it(store: Store) -> None:
    """It is never displayed, whatever the policy says later."""
    taken = await take(store, ALERT, policy=PUBLISH)
    await store.write_alone(held.dismiss, taken.alert_id, ACT)
    later = utc_now() + 2 * TIMEOUT
    assert await due(store, later) == []
    with at(store, later):
        await store.write_alone(again.decide_again, taken.alert_id, PUBLISH)
        await store.write_alone(again.decide_again, taken.alert_id, POLICY)
    assert await live(store) == []
    with pytest.raises(ValueError, match="dismissed"):
        await store.write_alone(held.release, taken.alert_id, None, ALL, ACT)


async def test_a_cancel_ends_the_waiting(store: Store) -> None:
    """Its alert is never displayed, by time or by a person."""
    taken = await take(store, ALERT, policy=PUBLISH)
    await take(store, story.cancel(NOW, ALERT), policy=PUBLISH)
    with pytest.raises(ValueError, match="its decision is ignored"):
        await store.write_alone(held.release, taken.alert_id, None, PUBLISH, ACT)
    with at(store, utc_now() + 2 * TIMEOUT):
        decided = await store.write_alone(again.decide_again, taken.alert_id, PUBLISH)
    assert (decided.decision.word, await live(store)) == ("ignored", [])
    assert await due(store, utc_now() + 3 * TIMEOUT) == []  # it waits no more


async def test_time_is_counted_from_the_store(store: Store) -> None:
    """So a restart changes nothing; nor does another look before it is over."""
    taken = await take(store, ALERT, policy=PUBLISH)
    assert "it is displayed" in (await told(store))[0]
    (row,) = (await store.read(lists.quarantine_page)).items
    over = row.decided_at + TIMEOUT
    assert await due(store, over - timedelta(seconds=1)) == []
    assert await due(store, over) == [taken.alert_id]
    with at(store, over - timedelta(seconds=1)):
        await store.write_alone(again.decide_again, taken.alert_id, PUBLISH)
    assert await live(store) == []
    with at(store, over):
        shown = await store.write_alone(again.decide_again, taken.alert_id, PUBLISH)
    assert (shown.decision.word, await live(store)) == ("published", [ALERT.identifier])
    assert (await store.read(lists.quarantine_page)).items == []


@pytest.mark.parametrize("step", [timedelta(hours=3), -timedelta(hours=3)])
async def test_a_step_of_the_clock_is_no_waiting(store: Store, step: timedelta) -> None:
    """It has waited as long as before."""
    taken = await take(store, ALERT, policy=PUBLISH)
    await store.write(review.clock_stepped, step)
    moment = utc_now() + step
    assert await due(store, moment + TIMEOUT - timedelta(seconds=30)) == []
    assert await due(store, moment + TIMEOUT + timedelta(seconds=30)) == [taken.alert_id]


async def test_what_another_alert_brings_up_waits_no_more(store: Store) -> None:
    """The time of a waiting alert is over when something else of its chain comes: it is displayed, and no longer listed."""
    taken = await take(store, ALERT, policy=PUBLISH)
    with at(store, utc_now() + TIMEOUT):
        older = replace(story.update(NOW - timedelta(minutes=20), ALERT), identifier="OLDER")
        assert (await take(store, older, policy=PUBLISH)).decision.reason == "stale"
    one = await store.read(lists.one_alert, taken.alert_id)
    assert one
    assert (one.decision, await live(store)) == ("published", [ALERT.identifier])


async def test_a_laxer_policy_displays_what_waits(store: Store) -> None:
    """A reload does; a stricter one leaves what is on display."""
    taken = await take(store, ALERT, policy=ALL)
    assert await store.read(again.undecided_by_policy, utc_now(), POLICY) == [taken.alert_id]
    await store.write_alone(again.decide_again, taken.alert_id, POLICY)
    assert await live(store) == [ALERT.identifier]
    await store.write_alone(again.decide_again, taken.alert_id, ALL)
    assert await live(store) == [ALERT.identifier]


async def test_widened_regions_are_reviewed_too(store: Store) -> None:
    """What a reload would display waits, and operators are told."""
    elsewhere = replace(ALL, regions=("CA",))
    taken = await take(store, ALERT, policy=elsewhere)
    assert (taken.decision.reason, await told(store)) == ("region", [])
    await store.write_alone(again.decide_again, taken.alert_id, ALL)
    one = await store.read(lists.one_alert, taken.alert_id)
    assert one
    assert (one.decision, one.reason, len(await told(store))) == ("quarantined", "review", 1)
    assert await live(store) == []


FAR = replace(POLICY, feeds={"simulator": FeedRules(jurisdiction=("US-OK",)), "other": FeedRules()})


async def test_a_person_vouches_for_a_feed(store: Store) -> None:
    """Outside its jurisdiction, an alert is displayed once it is released."""
    taken = await take(store, ALERT, policy=FAR)
    assert taken.decision.reason == "jurisdiction"
    await store.write_alone(held.release, taken.alert_id, None, FAR, ACT)
    assert await live(store) == [ALERT.identifier]


async def test_what_no_person_can_release(store: Store) -> None:
    """What cannot be read, has no known area, is of a sender that the feed does not accept, or speaks of others only."""
    unknown = replace(ALERT, identifier="U", infos=(replace(ALERT.infos[0], areas=(cap.Area(area_desc="Somewhere"),)),))
    stranger = story.update(NOW, replace(ALERT, sender="other@state.example"))
    cases = [
        (await take(store, b"<alert>"), "unreadable"),
        (await take(store, unknown), "area"),
        (await take(store, replace(ALERT, identifier="S"), senders=["x@y.example"]), "sender"),
        (await take(store, replace(stranger, sender=ALERT.sender)), "cross_sender"),
    ]
    for taken, reason in cases:
        assert taken.decision.reason == reason
        with pytest.raises(ValueError, match="released|displayed|submit|ask its issuer"):
            await store.write_alone(held.release, taken.alert_id, None, POLICY, ACT)
    assert await live(store) == []


async def test_a_drill_that_calls_itself_real_is_held(store: Store) -> None:
    """Operators are told why, and time does not display it."""
    drill = replace(ALERT, infos=(replace(ALERT.infos[0], headline="DRILL - AMBER Alert"),))
    taken = await take(store, drill, policy=replace(POLICY, review_default="publish"))
    (one,) = (await store.read(lists.quarantine_page)).items
    assert (one.doubts, "says that it is a test" in one.advice, len(await told(store))) == (["drill"], True, 1)
    with at(store, utc_now() + 2 * TIMEOUT):
        await store.write_alone(again.decide_again, taken.alert_id, PUBLISH)
    assert await live(store) == []


async def test_a_dismissed_copy_does_not_stand_in_the_way(store: Store) -> None:
    """A person settled what came through a feed that may not speak for the area; through one that may, it is displayed, and
    stays so."""
    taken = await take(store, ALERT, policy=FAR)
    await store.write_alone(held.dismiss, taken.alert_id, ACT)
    assert (await take(store, ALERT, feed="other", policy=FAR)).decision.word == "published"
    await store.write_alone(again.decide_again, taken.alert_id, FAR)
    assert await live(store) == [ALERT.identifier]


OWNERS = replace(ALL, feeds={"push": FeedRules(is_push=True), "ipaws": FeedRules()})


async def test_an_approved_alert_that_another_feed_takes_over_stays(store: Store) -> None:
    """Its card does not wait again, and does not end for that."""
    taken = await take(store, ALERT, feed="push", policy=OWNERS)
    await store.write_alone(held.release, taken.alert_id, None, OWNERS, ACT)
    (before,) = (await store.read(lists.card_page)).items
    assert (await take(store, ALERT, feed="ipaws", policy=OWNERS)).decision.word == "unchanged"
    (after,) = (await store.read(lists.card_page)).items
    assert (after.card_id, after.state, after.revision) == (before.card_id, "active", before.revision)


async def test_a_policy_that_makes_a_card_wait_does_not_end_it(store: Store) -> None:
    """Its issuer did not: a feed that may no longer speak for the area leaves what is displayed."""
    taken = await take(store, ALERT)
    await store.write_alone(again.decide_again, taken.alert_id, FAR)
    assert await live(store) == [ALERT.identifier]


async def test_what_waits_does_not_keep_up_what_was_cancelled(store: Store) -> None:
    """A Cancel of what is displayed ends the card, while an Update that waits is not displayed by that."""
    first = await take(store, ALERT, policy=ALL)
    await store.write_alone(held.release, first.alert_id, None, ALL, ACT)
    update = story.update(NOW + timedelta(minutes=1), ALERT)
    assert (await take(store, update, policy=ALL)).decision.reason == "review"
    ended = await take(store, replace(story.cancel(NOW, ALERT), identifier="C"), policy=ALL)
    assert (ended.decision.word, ended.decision.reason, await live(store)) == ("ended", "cancelled", [])


@pytest.mark.parametrize("how", ["cancel", "release"])
async def test_what_is_out_of_date_waits_for_nobody(store: Store, how: str) -> None:
    """Its chain was cancelled, or a later Update of it is on display: it is no longer listed."""
    await take(store, ALERT, policy=ALL)
    if how == "cancel":
        await take(store, story.cancel(NOW, ALERT), policy=ALL)
    else:
        update = await take(store, story.update(NOW, ALERT), policy=ALL)
        await store.write_alone(held.release, update.alert_id, None, ALL, ACT)
    assert (await store.read(lists.quarantine_page)).items == []
    (first,) = (await store.read(lists.alert_page, identifier=ALERT.identifier)).items
    assert (first.decision, first.reason) == ("ignored", "stale")


async def test_what_would_display_nothing_is_not_released(store: Store) -> None:
    """Its time is over meanwhile; the answer says so, and it stays in quarantine."""
    taken = await take(store, ALERT, policy=ALL)
    expires = ALERT.infos[0].expires
    assert expires
    with (
        at(store, expires.instant or NOW),
        pytest.raises(ValueError, match=r"would display nothing: it would be ignored \(expired\)"),
    ):
        await store.write_alone(held.release, taken.alert_id, None, ALL, ACT)
    assert len((await store.read(lists.quarantine_page)).items) == 1


async def test_a_pause_outlasts_a_review(store: Store) -> None:
    """What nobody answered for waits on while displays are paused, also for a release; then its time is over at once."""
    taken = await take(store, ALERT, policy=PUBLISH)
    operate = Operate(store, SCHEMAS, replace(PUBLISH, review_timeout=timedelta(0)), {}, on_messages=lambda: None)
    await store.write_alone(pause.pause, ACT)
    await operate.publish_unanswered()
    (one,) = (await store.read(lists.quarantine_page)).items
    assert (one.reason, await live(store)) == ("review", [])
    with pytest.raises(ValueError, match="paused"):
        await store.write_alone(held.release, taken.alert_id, None, PUBLISH, ACT)
    await store.write_alone(pause.resume, ACT)
    await operate.publish_unanswered()
    assert await live(store) == [ALERT.identifier]

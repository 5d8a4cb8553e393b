"""Attacks on take-downs: a Cancel is never missed or unseen, and a push feed that writes a sender's name ends nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from store_story import NOW, POLICY, SCHEMAS, arrival, outlets, take
from test_store_held import ALERT, ELSEWHERE, INFO, OTHER, SENT, STORM, cancel, live, marks, told

from capgateway import cap
from capgateway.cards import FeedRules
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.simulate import story
from capgateway.store import Store, alerts, cards, chains

GUARDED = replace(POLICY, feeds={"simulator": FeedRules(), "push": FeedRules(is_push=True)})


def ref(*names: str) -> tuple[cap.Reference, ...]:
    return tuple(cap.Reference(sender=ALERT.sender, identifier=name, sent=SENT) for name in names)


def sent(minutes: float) -> Any:
    return cap.time((NOW - timedelta(minutes=minutes)).isoformat())


@pytest.mark.parametrize("kind", ["Cancel", "Update"])
async def test_who_may_end_nothing_ties_nothing(store: Store, kind: str) -> None:
    """A push feed names two cards of one sender at once; the Cancel of one leaves the other on display."""
    for alert in (ALERT, OTHER):
        await take(store, alert, policy=GUARDED)
    forged = (
        cancel(ALERT.identifier, "TX-OTHER", identifier="F", sent=sent(3))
        if kind == "Cancel"
        else replace(
            story.update(NOW - timedelta(minutes=3), ALERT),
            identifier="F",
            references=ref(ALERT.identifier, "TX-OTHER"),
        )
    )
    await take(store, forged, feed="push", policy=GUARDED)
    assert len(await live(store)) == 2
    await take(store, cancel(ALERT.identifier), policy=GUARDED)
    assert list(await live(store)) == ["TX-OTHER"]


async def test_an_update_replaces_only_its_own_card(store: Store) -> None:
    """Though a push feed named two cards at once."""
    for alert in (ALERT, OTHER):
        await take(store, alert, policy=GUARDED)
    await take(store, cancel(ALERT.identifier, "TX-OTHER", identifier="F", sent=sent(3)), feed="push", policy=GUARDED)
    await take(store, story.update(NOW, ALERT), policy=GUARDED)
    assert len(await live(store)) == 2


async def test_alerts_that_a_stranger_named_in_advance(store: Store) -> None:
    """Are two cards."""
    await take(store, cancel(ALERT.identifier, "TX-OTHER", identifier="F", sent=sent(30)), feed="push", policy=GUARDED)
    for alert in (ALERT, OTHER):
        await take(store, alert, policy=GUARDED)
    assert len(await live(store)) == 2


async def test_a_removed_feeds_cancel_in_advance_counts_no_more(store: Store) -> None:
    """Its feed could not end the card, and cannot when it is gone."""
    await take(store, OTHER, policy=GUARDED)
    await take(store, cancel(ALERT.identifier, identifier="F"), feed="push", policy=GUARDED)
    removed = replace(POLICY, feeds={"simulator": FeedRules()})
    await take(store, ALERT, policy=removed)
    assert ALERT.identifier in await live(store)


async def test_a_strangers_copy_gives_no_right_to_end(store: Store) -> None:
    """The feed that may speak for the sender brings the same alert second: a push feed cannot end it then."""
    await take(store, ALERT, feed="push", policy=GUARDED)
    await take(store, ALERT, policy=GUARDED)
    await take(store, cancel(ALERT.identifier), feed="push", policy=GUARDED)
    assert list(await live(store)) == [ALERT.identifier]


async def test_a_strangers_copy_and_cancel_lose_no_alert(store: Store) -> None:
    """The alert is displayed when a feed brings it that may speak for its sender."""
    await take(store, ALERT, feed="push", policy=GUARDED)
    await take(store, cancel(ALERT.identifier), feed="push", policy=GUARDED)
    await take(store, ALERT, policy=GUARDED)
    assert list(await live(store)) == [ALERT.identifier]


HOSTILE: list[tuple[str, cap.Alert]] = [
    ("storm", replace(ALERT, infos=(STORM,))),
    ("storm-update", replace(ALERT, msg_type="Update", infos=(STORM,), references=ref("X"))),
    (
        "cross",
        replace(ALERT, msg_type="Update", references=(cap.Reference(sender="x@y.example", identifier="1", sent=SENT),)),
    ),
    ("cancel", replace(ALERT, msg_type="Cancel", infos=(), references=ref("X"))),
    ("ack", replace(ALERT, msg_type="Ack", infos=())),
    ("expired", replace(ALERT, infos=(replace(INFO, expires=sent(1)),))),
    ("allclear", replace(ALERT, infos=(replace(INFO, response_types=("AllClear",)),))),
    ("elsewhere", replace(ALERT, infos=(ELSEWHERE,))),
    ("future", replace(ALERT, infos=(replace(INFO, expires=sent(1)),), references=ref("X"))),
]


@pytest.mark.parametrize("hostile", [row[1] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
@pytest.mark.parametrize("gated", [False, True])
async def test_another_content_under_its_name_loses_no_alert(store: Store, hostile: cap.Alert, gated: bool) -> None:
    """Whatever a push feed brought under the triple before, the genuine one is displayed, or a person hears of it."""
    await take(store, hostile, feed="push", policy=GUARDED)
    await take(store, ALERT, policy=GUARDED, **({"senders": ("no@where.example",)} if gated else {}))
    shown = ALERT.identifier in await live(store)
    assert shown or ("review_waiting", None) in await told(store), (shown, await told(store))


@pytest.mark.parametrize(
    "fields",
    [
        {"msg_type": "cancel"},
        {"msg_type": "CANCEL"},
        {"status": "actual"},
        {"scope": "public"},
        {"status": "ACTUAL "},
        {"status": ""},
        {"scope": ""},
    ],
)
async def test_a_cancel_in_words_of_another_case(store: Store, fields: dict[str, Any]) -> None:
    """Ends the card, or is told."""
    await take(store, ALERT)
    came = await take(store, cancel(ALERT.identifier, **fields))
    assert await live(store) == {} or await told(store), came.decision


@pytest.mark.parametrize(
    "fields",
    [{"msg_type": "alert"}, {"status": "actual"}, {"scope": "public"}, {"scope": ""}, {"msg_type": ""}, {"status": ""}],
)
async def test_an_alert_in_words_of_another_case(store: Store, fields: dict[str, Any]) -> None:
    """Is displayed to nobody, so operators are told."""
    came = await take(store, replace(ALERT, **fields))
    assert await live(store) or await told(store), came.decision


async def test_the_case_of_a_sender_is_ignored_at_the_gate(store: Store) -> None:
    """As everywhere."""
    await take(store, ALERT, senders=(ALERT.sender,))
    came = await take(store, replace(cancel(ALERT.identifier), sender=ALERT.sender.upper()), senders=(ALERT.sender,))
    assert came.decision.word == "ended"


async def test_an_all_clear_that_came_before_what_is_displayed(store: Store) -> None:
    """Is told, as a Cancel is."""
    await take(store, ALERT)
    await take(store, story.update(NOW, ALERT))
    came = await take(
        store, cancel(ALERT.identifier, msg_type="Update", infos=(replace(INFO, response_types=("AllClear",)),))
    )
    assert await told(store), came.decision


async def test_a_better_copy_that_ends_a_card_settles_the_other(store: Store) -> None:
    """A relay's copy without references marked all cards; the genuine one ends its card and leaves no mark."""
    for alert in (ALERT, OTHER):
        await take(store, alert)
    await take(store, cancel(), feed="relay")
    assert len(await marks(store)) == 2
    came = await take(store, cancel(ALERT.identifier))
    assert came.decision.word == "ended"
    assert await marks(store) == set()


async def test_copies_of_a_take_down_are_told_once(store: Store) -> None:
    """A relay changes its note each time."""
    for alert in (ALERT, OTHER):
        await take(store, alert)
    for number in range(4):
        await take(store, cancel("NEVER", note=f"fetched {number}"), feed="relay")
    assert len(await told(store)) == 2, await told(store)


async def test_copies_of_a_display_are_told_once(store: Store) -> None:
    """A feed changes its note each time."""
    for number in range(3):
        await take(store, replace(ALERT, note=f"fetched {number}"), senders=("a@b.example",))
    assert len(await told(store)) == 1


@pytest.mark.parametrize("count", [600, 2500, 6000])
async def test_a_list_of_references_may_be_of_any_length(store: Store, count: int) -> None:
    """The live one is the last."""
    last = replace(ALERT, identifier="zz-last")
    await take(store, last)
    came = await take(store, cancel(*(f"OLD-{n}" for n in range(count)), "zz-last"))
    assert came.decision.word == "ended", (came.decision, await told(store))


async def test_strangers_do_not_crowd_a_held_take_down_out(store: Store) -> None:
    """Fifty later ones of another sender name this sender too."""
    early = await take(store, cancel("NEVER-SEEN"))
    for number in range(51):
        strange = cancel(f"N-{number}", identifier=f"H-{number}", sender="evil@else.example", sent=sent(1))
        await take(store, strange)
    await take(store, ALERT)
    assert early.alert_id in {alert for _, alert in await marks(store)}


async def test_an_update_without_a_code_may_be_meant(store: Store) -> None:
    """It follows an AMBER Alert and makes a card: a take-down that is held is told."""
    bare = replace(INFO, event_codes=(), event="x", headline="x", description="y", instruction="z", parameters=())
    short = replace(ALERT, infos=(replace(INFO, expires=sent(5)),))
    await take(store, short, policy=GUARDED)
    assert await live(store) == {}
    forged = await take(store, cancel(ALERT.identifier), feed="push", policy=GUARDED)
    up = replace(
        story.update(NOW, ALERT), infos=(replace(bare, expires=cap.time((NOW + timedelta(hours=2)).isoformat())),)
    )
    came = await take(store, up, policy=GUARDED)
    assert await live(store) == {} or await told(store), (came.decision, forged.decision)


async def test_a_test_under_its_name_does_not_silence_a_take_down(store: Store) -> None:
    """The Cancel names nothing else that is known."""
    await take(store, ALERT)
    await take(store, replace(ALERT, identifier="TX-C", status="Test"), feed="push")
    await take(store, cancel("TX-1 typo"))
    assert await told(store)


async def test_a_planted_word_does_not_silence_a_take_down(store: Store) -> None:
    """A push feed's alert has a word of its references for an identifier."""
    await take(store, ALERT, policy=GUARDED)
    await take(store, replace(ALERT, identifier="typo", infos=(STORM,)), feed="push", policy=GUARDED)
    await take(store, cancel("TX-1 typo"), policy=GUARDED)
    assert await told(store)


async def test_words_that_cancels_share_tie_nothing(store: Store) -> None:
    """Free text in references: each ends what it names."""

    def free(text: str, **f: Any) -> bytes:
        return cap.write(cancel(**f)).replace(b"</alert>", f"<references>{text}</references></alert>".encode())

    await take(store, free("Cancels AMBER alert TX-99", identifier="C0", sent=sent(20)))
    one, two = replace(ALERT, identifier="TX-1"), replace(ALERT, identifier="TX-2")
    await take(store, one)
    await take(store, two)
    await take(store, free("Cancels AMBER alert TX-1", identifier="C1", sent=sent(6)))
    again = replace(one, sent=sent(3))
    await take(store, again)
    assert sorted(await live(store)) == ["TX-1", "TX-2"]
    await take(store, free("Cancels AMBER alert TX-2", identifier="C2"))
    assert sorted(await live(store)) == ["TX-1"]


async def test_a_cancel_does_not_make_two_alerts_one(store: Store) -> None:
    """It names both, in words, before they come; both were sent after it."""
    text = b"<references>Cancels AMBER alerts 7 and 8</references></alert>"
    await take(store, cap.write(cancel(identifier="C0", sent=sent(20))).replace(b"</alert>", text))
    for name in ("7", "8"):
        await take(store, replace(ALERT, identifier=name))
    assert sorted(await live(store)) == ["7", "8"]


async def test_a_reopened_card_keeps_its_marks(store: Store) -> None:
    """A receiver that it had left is meant again: the card that follows it has the same marks."""
    await take(store, ALERT)
    stray = await take(store, cancel("NEVER-SEEN"))
    (app,) = outlets("app").receivers
    for receiver in (replace(app, regions=("US-OK",)), app):
        store.outlets = replace(outlets("app"), receivers=(receiver,))
        await store.write_alone(cards.route_again)
    assert await marks(store) == {(card, stray.alert_id) for card in (await live(store)).values()}


async def test_many_forged_cancels_do_not_hide_the_genuine_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than are looked at, all newer: what the genuine one ended stays down when an older Update comes late."""
    monkeypatch.setattr(chains, "_MEMBERS", chains._MEMBERS.limit(30))
    await take(store, ALERT, policy=GUARDED)
    await take(store, cancel(ALERT.identifier, sent=sent(3)), policy=GUARDED)
    forged = [arrival(cancel(ALERT.identifier, identifier=f"F-{number}"), feed="push") for number in range(40)]
    await store.write_alone(alerts.take_in, forged, GUARDED)
    await take(store, story.update(NOW - timedelta(minutes=5), ALERT), policy=GUARDED)
    assert await live(store) == {}


async def test_a_drill_ends_no_real_card(store: Store) -> None:
    """Neither an exercise nor what a rehearsing feed says, with references or without."""
    policy = replace(GUARDED, exercises=True)
    await take(store, ALERT, policy=policy)
    drill = Feed(name="drill", kind="push", rehearsal=True)
    for name, names in (("one", (ALERT.identifier,)), ("two", ())):
        said = cancel(*names, identifier=name, infos=ALERT.infos)
        await take(store, replace(said, status="Exercise"), policy=policy)
        await take(store, examine(cap.write(said), drill, SCHEMAS, received_at=NOW), policy=policy)
    assert list(await live(store)) == [ALERT.identifier]


async def test_a_take_down_in_force_is_kept_for_what_it_may_not_end(store: Store) -> None:
    """A push feed's Cancel names an alert that the feed brought itself, and one that comes later from the right feed."""
    await take(store, replace(OTHER, infos=(replace(INFO, expires=sent(1)),)), feed="push", policy=GUARDED)
    forged = await take(store, cancel("TX-OTHER", ALERT.identifier), feed="push", policy=GUARDED)
    await take(store, ALERT, policy=GUARDED)
    assert await marks(store) == {((await live(store))[ALERT.identifier], forged.alert_id)}

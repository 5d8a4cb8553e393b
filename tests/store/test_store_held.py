"""A Cancel that ends nothing never passes silently: the cards it may be meant for are marked, and operators are told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update
from store_story import ACT, NOW, POLICY, SCHEMAS, arrival, outlets, take

from capgateway import cap
from capgateway.cards import FeedRules, Policy
from capgateway.clock import utc_now
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.simulate import story
from capgateway.store import Store, again, alerts, held, lists
from capgateway.store.tables import attention, cards, messages
from capgateway.webhooks import Receiver

ALERT = story.amber(NOW - timedelta(minutes=9))
OTHER = replace(ALERT, identifier="TX-OTHER")
ANOTHER_CHILD = tuple(
    replace(
        info,
        headline=info.event,
        description="Ben Otherchild, 9 years old, was last seen in Kaufman, Texas.",
        parameters=(),
    )
    for info in ALERT.infos
)
SENT = cap.time((NOW - timedelta(minutes=9)).isoformat())
INFO = ALERT.infos[0]
ELSEWHERE = replace(INFO, areas=(replace(INFO.areas[0], geocodes=(cap.Named(name="SAME", value="048201"),)),))
STORM = replace(INFO, event_codes=(cap.Named(name="SAME", value="SVR"),), event="Severe Thunderstorm Warning")


def cancel(*names: str, identifier: str = "TX-C", **fields: Any) -> cap.Alert:
    """A Cancel that names these identifiers."""
    sent = cap.time((NOW - timedelta(minutes=1)).isoformat())
    named = tuple(cap.Reference(sender=ALERT.sender, identifier=name, sent=SENT) for name in names)
    plain = replace(story.cancel(NOW, ALERT), identifier=identifier, sent=sent, references=named)
    return replace(plain, **fields)


async def told(store: Store) -> list[tuple[str, str | None]]:
    """The operator messages, as kind and card."""
    query = select(messages.c.type, messages.c.body).where(messages.c.type.like("operator.%"))
    rows = await store.read(lambda connection: connection.execute(query.order_by(messages.c.sequence)).all())
    return [(row.type.removeprefix("operator."), json.loads(row.body)["data"]["card_id"]) for row in rows]


async def marks(store: Store) -> set[tuple[str, str]]:
    """Cards and the take-downs that they are marked for."""
    query = select(attention.c.card_id, attention.c.alert_id)
    return {tuple(row) for row in await store.read(lambda connection: connection.execute(query).all())}


async def live(store: Store) -> dict[str, str]:
    """Cards on display, by the identifier of their alert."""
    found = (await store.read(lists.card_page, state="active")).items
    return {card.card.source.identifier: card.card_id for card in found if card.card}


async def test_a_cancel_that_matches_nothing_marks_all_its_sender_shows(store: Store) -> None:
    """Which is meant a person has to say. The same again says nothing new."""
    for alert in (ALERT, OTHER, replace(OTHER, identifier="X", sender="someone@else.example")):
        await take(store, alert)
    stray = cancel("NEVER-SEEN")
    came = await take(store, stray)
    assert (came.decision.word, came.decision.reason) == ("quarantined", "review")
    shown = await live(store)
    meant = {shown[ALERT.identifier], shown["TX-OTHER"]}
    assert await marks(store) == {(card, came.alert_id) for card in meant}
    assert sorted(await told(store)) == sorted(("takedown_held", card) for card in meant)
    assert {pair.card_id for pair in came.held} == meant
    await take(store, stray, feed="another")
    assert len(await told(store)) == 2


async def test_operators_are_told_once_of_the_same_take_down(store: Store) -> None:
    """A push feed that admits everybody and one that does not each have a copy of it. Another take-down is another message."""
    policy = Policy(regions=("US-TX",), feeds={"one": FeedRules(is_push=True)})
    await take(store, ALERT)
    (card_id,) = (await live(store)).values()
    same = cancel(ALERT.identifier)
    admitted = await take(store, same, policy=policy, feed="one")
    refused = await take(store, same, policy=policy, feed="two", senders=("nobody@else.example",))
    copies = {admitted.alert_id, refused.alert_id}
    assert await marks(store) == {(card_id, alert_id) for alert_id in copies}
    assert (len(copies), await told(store)) == (2, [("takedown_held", card_id)])
    await take(store, replace(same, identifier="TX-C9"), policy=policy, feed="one")
    assert len(await told(store)) == 2


async def test_a_storm_of_the_same_sender_marks_nothing(store: Store) -> None:
    """One national weather office sends the Cancels of all its warnings under one name."""
    await take(store, ALERT)
    for number in range(3):
        came = await take(store, cancel(f"STORM-{number}", identifier=f"S-{number}", infos=(STORM,)))
        assert (came.decision.word, came.decision.reason) == ("ignored", "no_programme")
    nameless = await take(store, cancel(identifier="S-X", infos=(STORM,)))
    assert nameless.decision.reason == "no_programme"
    assert (await marks(store), await told(store)) == (set(), [])


@pytest.mark.parametrize(
    ("info", "others", "word"),
    [
        ((INFO,), (), "ended"),
        ((ELSEWHERE,), (), "quarantined"),
        ((INFO,), (OTHER,), "quarantined"),
        ((), (), "quarantined"),
    ],
    ids=["same area", "another area", "two cards", "no code"],
)
async def test_a_cancel_without_references(
    store: Store, info: tuple[cap.Info, ...], others: tuple[cap.Alert, ...], word: str
) -> None:
    """It ends its sender's only live card, where it carries the programme's code and targets the same area; an older Update
    does not bring the card back. Otherwise all of them are marked."""
    for alert in (ALERT, *others):
        await take(store, alert)
    shown = await live(store)
    came = await take(store, cancel(infos=info))
    assert came.decision.word == word
    if word == "ended":
        await take(store, story.update(NOW - timedelta(minutes=5), ALERT))
        assert await live(store) == {}
    else:
        assert await marks(store) == {(card, came.alert_id) for card in shown.values()}


BARRED = [
    ("unnamed", {"push": FeedRules(is_push=True)}, {}, "sender"),
    ("require", {"simulator": FeedRules(signature="require"), "push": FeedRules()}, {}, "signature"),
    ("abroad", {"push": FeedRules(jurisdiction=("CA",))}, {}, "jurisdiction"),
    ("gate", {}, {"senders": ("nobody@else.example",)}, "sender"),
    ("forged", {}, {"signature": "invalid"}, "signature"),
]


@pytest.mark.parametrize("is_late", [False, True], ids=["after the alert", "before it"])
@pytest.mark.parametrize("kind", ["Cancel", "AllClear"])
@pytest.mark.parametrize(("feeds", "how", "reason"), [row[1:] for row in BARRED], ids=[row[0] for row in BARRED])
async def test_a_take_down_that_may_not_end_the_card_it_names(
    store: Store, feeds: dict[str, FeedRules], how: dict[str, Any], reason: str, kind: str, is_late: bool
) -> None:
    """It changes nothing, and operators are told of the card at once, whichever comes first."""
    policy = Policy(regions=("US-TX",), feeds={"simulator": FeedRules(), **feeds})
    signed = replace(arrival(ALERT), report=replace(arrival(ALERT).report, signature=cap.Signature(status="valid")))
    over = (replace(INFO, response_types=("AllClear",)),)
    said = cancel(ALERT.identifier) if kind == "Cancel" else cancel(ALERT.identifier, msg_type="Update", infos=over)
    source = Feed(name="push", kind="push", senders=how.get("senders", ()))
    came = examine(cap.write(said), source, SCHEMAS, received_at=NOW)
    if "signature" in how:
        came = replace(came, gate="signature")
    for each in (came, signed) if is_late else (signed, came):
        (taken,) = await store.write_alone(alerts.take_in, [each], policy)
        decided = taken.decision if each is came else None
        assert decided is None or decided.word != "ended"
    (card,) = (await live(store)).values()
    stored = await store.read(lists.one_alert, (await marks(store)).pop()[1])
    assert stored is not None
    assert (stored.decision, stored.reason) == ("quarantined", reason)
    assert await told(store) == [("takedown_held", card)]


async def test_the_genuine_copy_of_a_held_cancel_ends_the_card(store: Store) -> None:
    """A push feed that may not speak brought it before its Alert, while its sender showed another card."""
    policy = replace(POLICY, feeds={"simulator": FeedRules(), "push": FeedRules(is_push=True)})
    await take(store, OTHER, policy=policy)
    early = await take(store, cancel(ALERT.identifier), feed="push", policy=policy)
    assert early.decision.reason == "review"
    await take(store, ALERT, policy=policy)
    assert len(await live(store)) == 2
    genuine = await take(store, cancel(ALERT.identifier), feed="simulator", policy=policy)
    assert (genuine.decision.word, list(await live(store))) == ("ended", ["TX-OTHER"])
    assert await marks(store) == set()


async def test_anothers_cancel_is_told(store: Store) -> None:
    """A Cancel that names the live card of another sender ends nothing, but an operator hears of it."""
    await take(store, ALERT)
    came = await take(store, replace(cancel(ALERT.identifier), sender="clearinghouse@else.example"))
    assert (came.decision.word, came.decision.reason) == ("quarantined", "cross_sender")
    assert await told(store) == [("takedown_held", (await live(store))[ALERT.identifier])]


async def test_a_cancel_of_its_own_alert_and_anothers(store: Store) -> None:
    """It ends its own card only."""
    await take(store, ALERT)
    theirs = replace(OTHER, sender="else@else.example", infos=ANOTHER_CHILD)
    await take(store, theirs)
    both = (
        *cancel(ALERT.identifier).references,
        cap.Reference(sender=theirs.sender, identifier="TX-OTHER", sent=SENT),
    )
    came = await take(store, cancel(references=both))
    assert came.decision.word == "ended"
    assert list(await live(store)) == ["TX-OTHER"]


async def test_a_cancel_that_came_before_what_is_displayed(store: Store) -> None:
    """An Update that was sent after it stays on display; a Cancel that names a live card is never just unchanged."""
    await take(store, ALERT)
    await take(store, story.update(NOW, ALERT))
    came = await take(store, cancel(ALERT.identifier))
    assert (came.decision.word, came.decision.reason) == ("quarantined", "review")
    assert [kind for kind, _ in await told(store)] == ["takedown_held"]


async def test_the_alert_that_it_names_settles_it(store: Store) -> None:
    """It came first, while its sender had another card on display: that one is marked until the Alert comes, and the Alert is
    never displayed."""
    await take(store, OTHER)
    early = await take(store, cancel(ALERT.identifier))
    assert len(await marks(store)) == 1
    await take(store, ALERT)
    assert list(await live(store)) == ["TX-OTHER"]
    assert await marks(store) == set()
    stored = await store.read(lists.one_alert, early.alert_id)
    assert stored is not None
    assert (stored.decision, stored.reason) == ("unchanged", None)


async def test_a_body_with_both_tells_nobody(store: Store) -> None:
    """An Alert and its Cancel in one body, while its sender shows another card: nothing is held."""
    await take(store, OTHER)
    both = [arrival(ALERT), arrival(cancel(ALERT.identifier))]
    _, ended = await store.write_alone(alerts.take_in, both, POLICY)
    assert ended.decision.word == "unchanged"
    assert (await marks(store), await told(store)) == (set(), [])


async def test_a_display_after_a_cancel_that_matched_nothing(store: Store) -> None:
    """The Cancel came before any card of its sender. An alert that was sent before it may be meant; one after it is not."""
    early = await take(store, cancel("NEVER-SEEN"))
    assert early.decision.word == "unchanged"
    later = replace(OTHER, sent=cap.time(NOW.isoformat()))
    assert (await take(store, later)).held == ()
    came = await take(store, ALERT)
    assert [pair.alert_id for pair in came.held] == [early.alert_id]
    assert await marks(store) == {((await live(store))[ALERT.identifier], early.alert_id)}


@pytest.mark.parametrize("how", ["released", "dismissed"])
async def test_a_person_settles_it(store: Store, how: str) -> None:
    """Released, it ends the card as its issuer's word, for all that was said until then; dismissed, it marks nothing. Neither
    can be done twice."""
    store.clock = lambda: NOW  # not when the suite comes to this test
    for alert in (ALERT, OTHER):
        await take(store, alert)
    card = (await live(store))[ALERT.identifier]
    came = await take(store, cancel("NEVER-SEEN"))
    with pytest.raises(ValueError, match="2 live cards"):
        await store.write_alone(held.release, came.alert_id, None, POLICY, ACT)
    if how == "released":
        ended = await store.write_alone(held.release, came.alert_id, card, POLICY, ACT)
        assert (ended.word, ended.reason) == ("ended", "cancelled")
        await take(store, story.update(NOW, ALERT))
        assert list(await live(store)) == ["TX-OTHER"]
        await take(store, story.update(utc_now() + timedelta(minutes=4), ALERT))
    else:
        await store.write_alone(held.dismiss, came.alert_id, ACT)
    assert len(await live(store)) == 2
    assert await marks(store) == set()
    with pytest.raises(ValueError, match=how):
        await store.write_alone(held.dismiss, came.alert_id, ACT)


async def test_a_slip_ends_nobody_elses_card(store: Store) -> None:
    """A take-down that marks cards is released for one of these only; another one stays, and so does the mark."""
    await take(store, ALERT)
    await take(store, replace(OTHER, identifier="TX-X", sender="someone@else.example", infos=ANOTHER_CHILD))
    shown = await live(store)
    came = await take(store, cancel("NEVER-SEEN"))
    with pytest.raises(ValueError, match=f"may be meant for {shown[ALERT.identifier]}, not for {shown['TX-X']}"):
        await store.write_alone(held.release, came.alert_id, shown["TX-X"], POLICY, ACT)
    assert await live(store) == shown
    assert await marks(store) == {(shown[ALERT.identifier], came.alert_id)}


async def test_what_cannot_be_released(store: Store) -> None:
    """An unknown alert or card, an ended card, an alert outside quarantine, an exercise for a real card, a display."""
    shown = await take(store, ALERT)
    (card,) = (await live(store)).values()
    stray = await take(store, cancel("NEVER-SEEN"))
    drill = await take(
        store, cancel("NEVER", identifier="D", status="Exercise"), policy=replace(POLICY, exercises=True)
    )
    await store.write_alone(lambda write: write.execute(update(cards).values(status="exercise")))
    for alert_id, card_id, error in [
        ("alt_no", card, LookupError),
        (stray.alert_id, "crd_no", LookupError),
        (stray.alert_id, card, ValueError),
        (shown.alert_id, card, ValueError),
        (drill.alert_id, card, ValueError),
    ]:
        with pytest.raises(error):
            await store.write_alone(held.release, alert_id, card_id, POLICY, ACT)


async def test_the_end_of_a_card_ends_its_marks(store: Store) -> None:
    """However it ends."""
    await take(store, ALERT)
    await take(store, cancel("NEVER-SEEN"))
    assert await marks(store) != set()
    await take(store, cancel(ALERT.identifier, identifier="TX-C2"))
    assert (await live(store), await marks(store)) == ({}, set())


async def test_who_asks_for_operator_messages_gets_them(store: Store) -> None:
    """And no other receiver does; a name or a plate is not in them."""
    await take(store, ALERT)
    operators = Receiver(name="ops", url="https://ops.example/", secrets=(bytes(32),), messages=("operator.*",))
    store.outlets = replace(outlets("app"), receivers=(*outlets("app").receivers, operators))
    (came,) = await store.write_alone(alerts.take_in, [arrival(cancel("NEVER-SEEN"))], POLICY)
    sent = (await store.read(lists.delivery_page)).items
    assert [(one.receiver, one.type) for one in sent if one.type.startswith("operator")] == [
        ("ops", "operator.takedown_held")
    ]
    body = (await store.read(lambda c: c.execute(select(messages.c.body).order_by(messages.c.sequence)).all()))[-1].body
    data = json.loads(body)["data"]
    assert data["severity"] == "critical"
    assert data["message_type"] == "card.cancelled"
    assert came.alert_id in data["advice"]


@pytest.mark.parametrize(
    ("alert", "how", "is_told"),
    [
        (replace(ALERT, infos=(replace(INFO, areas=(replace(INFO.areas[0], geocodes=()),)),)), {}, True),
        (replace(ALERT, infos=(replace(INFO, urgency="Soon"),)), {}, True),
        (ALERT, {"senders": ("nobody@else.example",)}, True),
        (replace(ALERT, infos=(ELSEWHERE,)), {"senders": ("nobody@else.example",)}, False),
        (replace(ALERT, infos=(STORM,)), {"senders": ("nobody@else.example",)}, False),
        (replace(ALERT, status="Test"), {"senders": ("nobody@else.example",)}, False),
        (story.amber(NOW - timedelta(days=3)), {"senders": ("nobody@else.example",)}, False),
    ],
    ids=["nowhere", "schema", "sender", "elsewhere", "storm", "test", "over"],
)
async def test_a_display_that_waits_is_told(store: Store, alert: cap.Alert, how: dict[str, Any], is_told: bool) -> None:
    """An AMBER Alert in quarantine is seen by nobody, so an operator has to know; once, and of nothing else."""
    policy = Policy(regions=("US-OH",)) if alert.infos[0] is ELSEWHERE else POLICY
    for _ in range(2):
        came = await take(store, alert, policy=policy, **how)
        assert came.decision.word in ("quarantined", "unchanged")
    assert await told(store) == ([("review_waiting", None)] if is_told else [])


async def test_a_display_after_a_change_of_the_regions(store: Store) -> None:
    """A card that a wider policy shows may be what an earlier Cancel meant."""
    elsewhere = Policy(regions=("US-OH",))
    left_out = await take(store, ALERT, policy=elsewhere)
    early = await take(store, cancel("NEVER-SEEN"), policy=elsewhere)
    assert await marks(store) == set()
    shown = await store.write_alone(again.decide_again, left_out.alert_id, POLICY)
    assert [pair.alert_id for pair in shown.held] == [early.alert_id]
    assert [kind for kind, _ in await told(store)] == ["takedown_held"]


async def test_a_feed_that_is_removed_gains_nothing(store: Store) -> None:
    """What a push feed was not entitled to say counts no more when the feed is no longer configured."""
    named = {"simulator": FeedRules(), "push": FeedRules(is_push=True)}
    await take(store, ALERT, policy=replace(POLICY, feeds=named))
    forged = await take(store, cancel(ALERT.identifier), feed="push", policy=replace(POLICY, feeds=named))
    assert forged.decision.reason == "sender"
    removed = replace(POLICY, feeds={"simulator": FeedRules()})
    before = story.update(NOW - timedelta(minutes=4), ALERT)
    assert (await take(store, before, policy=removed)).decision.word == "updated"
    assert len(await live(store)) == 1


async def test_a_damaged_take_down_that_names_a_card_is_told(store: Store) -> None:
    """Its end is missing, or a character in it is none of XML's: it ends nothing, and operators hear of the card."""
    await take(store, ALERT)
    whole = cap.write(cancel(ALERT.identifier))
    for damaged in (whole.replace(b"</alert>", b""), whole.replace(b"safe", b"sa\x0bfe")):
        came = await take(store, damaged)
        assert (came.decision.word, came.decision.reason) == ("quarantined", "unreadable")
    assert await told(store) == [("takedown_held", (await live(store))[ALERT.identifier])]


async def test_a_damaged_display_is_told(store: Store) -> None:
    """Nobody sees it, so a person has to know of it; a page that is no CAP at all is nothing of the kind."""
    await take(store, cap.write(ALERT).replace(b"</alert>", b""))
    await take(store, b"<html><body>AMBER Alert")
    await take(store, b'<!DOCTYPE x [<!ENTITY e "x">]>' + cap.write(ALERT))
    assert await told(store) == [("review_waiting", None)]

"""A Cancel ends what it names, and neither ends nor hides another child's card, whatever else it lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from store_story import NOW, POLICY, take

from capgateway import cap
from capgateway.cards import FeedRules
from capgateway.simulate import story
from capgateway.store import Store, again, lists
from capgateway.store.tables import cards

ALERT = story.amber(NOW - timedelta(minutes=9))


def alert(name: str, minutes: int) -> cap.Alert:
    """An alert about another child, sent so long ago."""
    return replace(ALERT, identifier=name, sent=cap.time((NOW - timedelta(minutes=minutes)).isoformat()))


def cancel(name: str, minutes: int, *of: cap.Alert) -> cap.Alert:
    sent = cap.time((NOW - timedelta(minutes=minutes)).isoformat())
    return replace(story.cancel(NOW, *of), identifier=name, sent=sent)


async def live(store: Store) -> list[str]:
    found = (await store.read(lists.card_page, state="active")).items
    return sorted(card.card.source.identifier for card in found if card.card)


ONE, TWO, OLD = alert("ONE", 9), alert("TWO", 7), alert("OLD", 60)


async def decide_again(store: Store) -> None:
    """As a restart or a reload does."""
    heads = await store.read(lambda connection: connection.execute(select(cards.c.alert_id)).scalars().all())
    for head in heads:
        await store.write_alone(again.decide_again, head, POLICY)


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_cancels_that_list_the_same_old_alert(store: Store, order: Sequence[int]) -> None:
    """Some senders repeat all their earlier alerts. One child is found; the other stays on display, in any order."""
    earlier = cancel("EARLIER", 8, OLD, alert("THREE", 20))
    four = (ONE, earlier, cancel("FOUND", 1, OLD, ONE), replace(TWO, references=()))
    for place in order:
        await take(store, four[place])
    assert await live(store) == ["TWO"]
    await decide_again(store)
    assert await live(store) == ["TWO"]


async def test_a_cancel_that_may_not_speak_ties_nothing(store: Store) -> None:
    """A push feed names two cards of one sender. It ends neither, now or when they are decided again."""
    policy = replace(POLICY, feeds={"simulator": FeedRules(), "push": FeedRules(is_push=True)})
    for each in (ONE, TWO):
        await take(store, each, policy=policy)
    forged = await take(store, cancel("FORGED", 1, ONE, TWO), feed="push", policy=policy)
    assert (forged.decision.word, forged.decision.reason) == ("quarantined", "sender")
    assert len(forged.held) == 2
    await decide_again(store)
    assert (await take(store, story.update(NOW, ONE), policy=policy)).decision.word == "updated"
    assert len(await live(store)) == 2
    assert (await take(store, cancel("TRUE", 0, TWO), policy=policy)).decision.word == "ended"
    assert await live(store) == [story.update(NOW, ONE).identifier]


async def test_one_cancel_for_two_children(store: Store) -> None:
    """It ends both cards."""
    for each in (ONE, TWO, alert("THREE", 5)):
        await take(store, each)
    ended = await take(store, cancel("BOTH", 1, ONE, TWO))
    assert [type(change).__name__ for change in ended.decision.changes] == ["End", "End"]
    assert await live(store) == ["THREE"]


@pytest.mark.parametrize(
    ("sender", "name"), [("Safety, Department of", "Case 7, A"), ("ops@dps.example", "TX,A,1")], ids=["words", "commas"]
)
async def test_an_update_by_a_name_with_blanks_and_commas(store: Store, sender: str, name: str) -> None:
    """Its whole triple is read, so that the card goes on, and the Cancel of the Update ends it."""
    first = replace(alert(name, 9), sender=sender)
    await take(store, first)
    following = replace(story.update(NOW - timedelta(minutes=5), first), identifier=f"{name} b")
    written = f"{sender},{name},{first.sent.text if first.sent else ''}"
    plain = cap.write(replace(following, references=()))
    document = plain.replace(b"<info>", f"<references>{written}</references><info>".encode(), 1)
    came = await take(store, document)
    assert (came.decision.word, came.decision.reason) == ("updated", None)
    last = cap.write(replace(story.cancel(NOW, following), identifier=f"{name} c", references=()))
    named = f"{sender},{name} b,{following.sent.text if following.sent else ''}"
    ended = await take(store, last.replace(b"</alert>", f"<references>{named}</references></alert>".encode()))
    assert ended.decision.word == "ended"
    assert await live(store) == []


async def test_cancels_that_share_parts_of_their_names(store: Store) -> None:
    """Both came before their Alerts, and name them without a sender or a time: neither Alert is displayed."""
    for number in (450, 451):
        first = alert(f"TX,A,0{number}", 9)
        plain = cap.write(replace(story.cancel(NOW, first), identifier=f"C-{number}", references=()))
        named = f"<references>TX,A,0{number}</references></alert>"
        await take(store, plain.replace(b"</alert>", named.encode()))
    for number in (450, 451, 452):
        await take(store, alert(f"TX,A,0{number}", 9))
    assert await live(store) == ["TX,A,0452"]


async def test_senders_are_compared_without_regard_to_case(store: Store) -> None:
    """In a feed's allow list as well."""
    taken = await take(store, ONE, senders=(ONE.sender.upper(),))
    assert taken.decision.word == "published"

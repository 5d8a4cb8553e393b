"""A Cancel goes out once, and senders write it in many ways: whichever they choose, the card ends, and nothing else does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace
from store_story import NOW, arrival, states, take

from capgateway import cap
from capgateway.simulate import story
from capgateway.store import Store, lists

ALERT = story.amber(NOW - timedelta(minutes=9))
SENT = ALERT.sent.text if ALERT.sent else ""


def named(identifier: str = "TX-1", sender: str = "Ops@Dps.example") -> cap.Alert:
    return replace(ALERT, identifier=identifier, sender=sender)


def cancel(of: cap.Alert, references: str | None, **fields: object) -> bytes:
    """A Cancel with the text of its references as a sender wrote it; without the element where it is ``None``."""
    plain = replace(story.cancel(NOW, of), identifier="TX-C", references=(), **fields)
    written = cap.write(plain)
    if references is None:
        return written
    return written.replace(b"</alert>", f"<references>{references}</references></alert>".encode())


async def live(store: Store) -> list[str]:
    cards = (await store.read(lists.card_page, state="active")).items
    return sorted(card.card.source.identifier for card in cards if card.card)


WAYS = [
    ("TX-1", "Ops@Dps.example", "Ops@Dps.example,TX-1,{sent}"),
    ("TX-1", "Ops@Dps.example", "OPS@dps.EXAMPLE,tx-1,{sent}"),
    ("TX-1", "Ops@Dps.example", "TX-1"),
    ("TX-1", "Ops@Dps.example", "TX-0;TX-1;TX-2"),
    ("TX-1", "Ops@Dps.example", "Ops@Dps.example,\n   TX-1,\n   {sent}"),
    ("TX-1", "Ops@Dps.example", "TX-1,Ops@Dps.example,{sent}"),
    ("TX-1", "Ops@Dps.example", "Ops@Dps.example,TX-1"),
    ("Texas  AMBER 7", "Ops@Dps.example", "Ops@Dps.example,Texas AMBER 7,{sent}"),
    ("Texas AMBER 7", "Ops@Dps.example", "texas amber 7"),
    ("A,B;7", "Ops@Dps.example", "Ops@Dps.example,A,B;7,{sent}"),
    ("A,B;7", "Ops@Dps.example", "A,B;7,Ops@Dps.example,{sent}"),
    ("A,B,7", "Ops@Dps.example", "Ops@Dps.example,A,B,7"),
    ("TX-1", "Safety, Department of", "Safety, Department of,TX-1,{sent}"),
    ("Case 7, A", "Safety, Department of", "Safety, Department of,Case 7, A"),
    ("TX-1", "Ops@Dps.example", " ".join(f"Ops@Dps.example,OLD-{number},{{sent}}" for number in range(700)) + " TX-1"),
    (
        "Texas AMBER 7",
        "Ops@Dps.example",
        " ".join(f"Ops@Dps.example,OLD-{number},{{sent}}" for number in range(350))
        + " Ops@Dps.example,Texas AMBER 7,{sent}",
    ),
]


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(("identifier", "sender", "references"), WAYS)
async def test_however_it_is_written_it_ends_the_card(
    store: Store, identifier: str, sender: str, references: str, is_late: bool
) -> None:
    """Before its Alert or after it."""
    alert = named(identifier, sender)
    both: list[bytes] = [cap.write(alert), cancel(alert, references.format(sent=SENT), sender=sender.upper())]
    for document in both[::-1] if is_late else both:
        await take(store, document)
    assert await live(store) == []


async def test_a_cancel_under_its_alerts_name_stays_in_force(store: Store) -> None:
    """It came before its Alert, and another card of its sender was on display."""
    other, alert = named("TX-0"), named("TX-1")
    await take(store, other)
    await take(store, replace(story.cancel(NOW, alert), identifier="TX-1", references=(), infos=alert.infos))
    await take(store, alert)
    assert "TX-1" not in await live(store)


async def test_the_longest_name_is_meant(store: Store) -> None:
    """An identifier that is part of another one is not cancelled with it; nor is one that is only part of a word."""
    alerts = [named(name) for name in ("Texas AMBER 7", "7", "AMBER", "TX-1")]
    for alert in alerts:
        await take(store, alert)
    ended = await take(store, cancel(alerts[0], "Texas AMBER 7"))
    assert ended.decision.word == "ended"
    assert await live(store) == ["7", "AMBER", "TX-1"]
    await take(store, cancel(alerts[0], "TX-10 XTX-1", sent=cap.time(NOW.isoformat())))
    assert await live(store) == ["7", "AMBER", "TX-1"]


async def test_anothers_alert_of_the_same_name_is_not_meant(store: Store) -> None:
    """A whole triple under another sender's name is that sender's alert."""
    alert = named()
    await take(store, alert)
    strange = await take(store, cancel(alert, f"someone@else.example,TX-1,{SENT}"))
    assert (strange.decision.word, strange.decision.reason) == ("quarantined", "cross_sender")
    assert await live(store) == ["TX-1"]


async def test_without_references_its_own_identifier_counts(store: Store) -> None:
    """Some senders cancel an alert under its own identifier. Words in a note never end a card."""
    alert = named()
    await take(store, alert)
    spoken = await take(store, cancel(alert, None, note="Cancels TX-1"))
    assert (spoken.decision.word, spoken.decision.reason) == ("quarantined", "review")
    assert await live(store) == ["TX-1"]
    same = replace(story.cancel(NOW, alert), identifier="TX-1", references=())
    assert (await take(store, same)).decision.word == "ended"


async def test_a_fault_elsewhere_does_not_keep_a_card_up(store: Store) -> None:
    """A Cancel that breaks the schema ends the card; one that names nothing we know is quarantined for its schema; an Alert
    with the same fault is never displayed."""
    alert = named()
    await take(store, alert)
    broken = replace(ALERT.infos[0], urgency="Soon")
    stray = cancel(alert, f"{alert.sender},TX-9,{SENT}", infos=(broken,))
    held = await take(store, stray)
    assert (held.decision.word, held.decision.reason) == ("quarantined", "schema")
    ended = await take(store, cancel(alert, "TX-1", infos=(broken,), sent=cap.time(NOW.isoformat())))
    assert (ended.decision.word, ended.decision.reason) == ("ended", "cancelled")
    shown = await take(store, replace(named("TX-2"), infos=(broken,)))
    assert (shown.decision.word, shown.decision.reason) == ("quarantined", "schema")


@pytest.mark.parametrize(("identifier", "sender"), [("TX-1", "Ops@Dps.example"), ("TX,1", "Safety, Department of")])
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_spoiled_copy_does_not_stand_in_the_way(
    store: Store, order: Sequence[int], identifier: str, sender: str
) -> None:
    """A relay lost the references; the genuine Cancel has the same identity. In whichever order they and the Alert come."""
    alert = named(identifier, sender)
    genuine = cancel(alert, f"{sender},{identifier},{SENT}", sender=sender)
    three = [(cap.write(alert), "one"), (cancel(alert, None, sender=sender), "relay"), (genuine, "one")]
    for place in order:
        document, feed = three[place]
        await take(store, document, feed=feed)
    assert await live(store) == []


async def test_a_time_from_the_future_outlives_no_cancel(store: Store) -> None:
    """An Update of next year is placed after what it names: a correction replaces it, and a Cancel of the Alert ends it."""
    alert = named()
    ahead = replace(story.update(NOW + timedelta(days=400), alert), identifier="TX-AHEAD")
    correction = replace(story.update(NOW - timedelta(minutes=2), alert), identifier="TX-RIGHT")
    await take(store, alert)
    assert (await take(store, ahead)).decision.word == "updated"
    assert (await take(store, correction)).decision.word == "updated"
    assert await live(store) == ["TX-RIGHT"]
    assert (await take(store, cancel(alert, "TX-1"))).decision.word == "ended"
    assert await live(store) == []


async def test_the_same_identifier_sent_again_is_one_chain(store: Store) -> None:
    """A sender that issues under one identifier again changes its card."""
    alert = named()
    again = replace(alert, sent=cap.time((NOW - timedelta(minutes=2)).isoformat()))
    await take(store, alert)
    assert (await take(store, arrival(again))).decision.word == "updated"
    assert await states(store) == ["card.published superseded", "card.updated pending"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("end", ["Cancel", "AllClear"])
async def test_an_identifier_used_again_after_an_end_is_a_new_alert(
    store: Store, end: str, order: Sequence[int]
) -> None:
    """The Cancel names the first by its whole triple, not the second; in whichever order they come the second is displayed,
    with its own beginning, and its own Cancel ends it."""
    first = named()
    over = story.cancel(NOW - timedelta(minutes=6), first)
    if end == "AllClear":
        over = replace(over, msg_type="Update", infos=(replace(ALERT.infos[0], response_types=("AllClear",)),))
    again = replace(first, sent=cap.time((NOW - timedelta(minutes=3)).isoformat()))
    three = (first, over, again)
    for place in order:
        await take(store, three[place])
    (card,) = (await store.read(lists.card_page, state="active")).items
    assert card.card is not None
    assert again.sent is not None
    assert card.card.source.sent == again.sent.text
    if order == (0, 1, 2):
        assert card.card.issued_at == again.sent.instant
    ended = await take(store, replace(story.cancel(NOW, again), identifier="TX-C2"))
    assert (ended.decision.word, await live(store)) == ("ended", [])


async def test_an_identifier_used_again_after_expiry_lives_anew(store: Store) -> None:
    """The longest life counts from the new beginning; an Update after it belongs to that life."""
    first = named()
    days = [replace(first, sent=cap.time((NOW - timedelta(days=ago)).isoformat())) for ago in (20, 1)]
    for alert in days:
        await take(
            store, replace(alert, infos=(replace(alert.infos[0], expires=None),)), at=alert.sent and alert.sent.instant
        )
    assert await live(store) == []
    long = cap.time((NOW + timedelta(days=2)).isoformat())
    shown = replace(days[1], sent=cap.time(NOW.isoformat()), infos=(replace(first.infos[0], expires=long),))
    assert (await take(store, shown)).decision.word == "published"


@pytest.mark.parametrize("way", ["{0.sender},{0.identifier},{1}", "{0.identifier},{0.sender},{1}"])
async def test_cancels_that_came_first_have_nothing_to_do_with_each_other(store: Store, way: str) -> None:
    """Two of one sender, whose name has a comma: an alert that is older than the second, and not meant by either, is shown."""
    first, second = (named(name, "Safety, Department of") for name in ("TX-1", "TX-2"))
    between = replace(named("TX-1", first.sender), sent=cap.time((NOW - timedelta(minutes=3)).isoformat()))
    for alert, minutes in ((first, 5), (second, 1)):
        sent = cap.time((NOW - timedelta(minutes=minutes)).isoformat())
        ended = cancel(alert, way.format(alert, SENT), sender=alert.sender, sent=sent, infos=())
        await take(store, ended.replace(b"TX-C", f"TX-C{minutes}".encode()))
    for alert in (first, second, between):
        await take(store, alert)
    assert await live(store) == ["TX-1"]

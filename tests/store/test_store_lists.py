"""The lists that API and command line show, a page at a time; and what is remembered of feeds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from store_story import NOW, arrival, contents, take

from capgateway.feeds.http.answer import Validators
from capgateway.simulate import story
from capgateway.store import Body, MissingEntry, Store, StoredAlert, StoredCard, TakenEntry, feeds, lists

ALERT = story.amber(NOW)


async def test_pages_lead_through_the_whole_list(store: Store) -> None:
    """Pages follow each other without gap or repetition, also where rows share a moment and new ones come in."""
    same_moment = arrival(ALERT).received_at
    for number in range(7):
        one = arrival(replace(ALERT, identifier=f"TX-{number}"))
        at = same_moment - timedelta(seconds=10 - number // 3)
        await take(store, replace(one, received_at=at))
    seen: list[StoredAlert] = []
    cursor, pages = None, 0
    while cursor or not pages:
        page = await store.read(lists.alert_page, limit=2, after=cursor)
        seen, cursor, pages = seen + page.items, page.next, pages + 1
        await take(store, replace(ALERT, identifier=f"TX-LATE-{pages}"))
    assert pages == 4
    assert sorted(alert.identifier or "" for alert in seen) == [f"TX-{number}" for number in range(7)]
    assert [alert.received_at for alert in seen] == sorted((alert.received_at for alert in seen), reverse=True)


MADE_UP = ["", "~", "x", "12", "~alt_a", "-1~alt_a", "1" * 17 + "~a", "١~a", "1.5~a", "1~\0", "1~\ud800", "1~é", " 1~a"]


async def test_a_made_up_cursor_is_a_value_error(store: Store) -> None:
    """A cursor no page gave is refused before the database sees it, in every list."""
    for cursor in MADE_UP:
        for listing in (lists.alert_page, lists.card_page, lists.delivery_page, lists.quarantine_page):
            with pytest.raises(ValueError, match="not a cursor"):
                await store.read(listing, after=cursor)


async def test_a_cursor_of_nowhere_is_an_empty_page(store: Store) -> None:
    """A well-formed cursor before everything ends the list."""
    await take(store, ALERT)
    assert (await store.read(lists.alert_page, after="0~")).items == []
    assert len((await store.read(lists.card_page, after="9999999999999999~crd_z")).items) == 1


async def test_alerts_are_found_by_what_became_of_them(store: Store) -> None:
    """Decision, feed, identifier, card and time each narrow the list, and together."""
    await take(store, ALERT)
    await take(store, story.thunderstorm(NOW), feed="nws")
    await take(store, b"<alert")
    card = (await store.read(lists.card_page)).items[0]

    async def found(**asked: object) -> list[str | None]:
        return [alert.identifier for alert in (await store.read(lists.alert_page, **asked)).items]  # type: ignore[arg-type]

    assert await found(decision="published") == await found(card_id=card.card_id) == ["TX-AMBER-2026-0042"]
    assert await found(decision="ignored", feed="nws") == await found(identifier="TX-SVR-42") == ["TX-SVR-42"]
    assert await found(decision="quarantined") == [None]
    assert await found(decision="published", feed="nws") == []
    assert len(await found(since=NOW - timedelta(minutes=1))) == 3
    assert await found(since=NOW + timedelta(hours=1)) == []


async def test_a_card_keeps_its_last_words(store: Store) -> None:
    """An ended card is listed as ended, for which reason and when, with the text of its last display."""
    for document in (ALERT, story.cancel(NOW + timedelta(seconds=1), ALERT)):
        await take(store, document)
    card = (await store.read(lists.card_page, state="ended")).items[0]
    assert (card.revision, card.end_reason, card.ended_at) == (2, "cancelled", card.updated_at)
    assert card.card is not None
    assert (card.card.revision, card.card.source.identifier) == (1, ALERT.identifier)
    assert await store.read(lists.one_card, card.card_id) == card
    assert await store.read(lists.one_card, "crd_unknown") is None
    assert await store.read(lists.one_alert, "alt_unknown") is None
    assert await store.read(lists.original, "alt_unknown") is None


async def test_waiting_counts_what_is_not_acknowledged(store: Store) -> None:
    """Pending deliveries by receiver, and since when the oldest take-down of each waits."""
    await take(store, ALERT, "a", "b")
    assert (await store.read(lists.waiting)).pending == {"a": 1, "b": 1}
    assert (await store.read(lists.waiting)).oldest_take_down == {}
    await take(store, story.cancel(NOW, ALERT), "a", "b")
    told = await store.read(lists.waiting)
    made = {each.receiver: each.created_at for each in (await store.read(lists.delivery_page, state="pending")).items}
    assert (told.pending, told.oldest_take_down) == ({"a": 1, "b": 1}, made)


async def test_feed_state_is_the_last_that_was_saved(store: Store) -> None:
    """A feed never read has no state; of each part of a feed the last body's counts."""
    assert await store.read(feeds.validators) == {}
    for tag in ('"one"', '"two"'):
        await store.write(feeds.save_validators, "nws", "", Validators(etag=tag, sha256="0" * 64))
    await store.write(feeds.save_validators, "nws", "cancels", Validators(last_modified="then"))
    parts = {"": Validators(etag='"two"', sha256="0" * 64), "cancels": Validators(last_modified="then")}
    assert await store.read(feeds.validators) == {"nws": parts}


async def test_a_body_is_kept_with_its_fetch_record(store: Store) -> None:
    """A body that brought something new is kept as received, whatever its server called it."""
    body = Body(url="https://a.example/", status=200, media_type="text/\udcff\0", content=b"<feed/>" * 1000)
    await store.write(feeds.save_validators, "nws", "", Validators(), [body])
    assert any("text/??" in row for row in (await contents(store))["bodies"])


async def test_entries_are_known_by_keys_of_any_length(store: Store) -> None:
    """A key of thousands of characters, as links are, is known again; missing ones come back until they are taken."""
    for length in (10, 64, 65, 3000):
        key = "https://a.example/?".ljust(length, "é")[:length]
        others = ("https://b.example/", "https://c.example/ x")
        noted = MissingEntry(key=key, link="https://a.example/", failures=0, retry_at=NOW, others=others)
        await store.write(feeds.entries_announced, "nws", [noted])
        missed = replace(noted, failures=1)
        await store.write(feeds.entries_missing, "nws", [(missed, "answered 404 \udcff\0")])
        (waiting,) = await store.read(feeds.missing_entries, "nws")
        assert (waiting.link, waiting.failures, waiting.retry_at, waiting.others) == (missed.link, 1, NOW, others)
        assert await store.read(feeds.known_entries, "nws", [key, f"{key}2"]) == {key}
        assert await store.read(feeds.known_entries, "another", [key]) == set()
        await store.write(feeds.entries_taken, [TakenEntry(feed="nws", key=waiting.key, link=waiting.link)])
        assert await store.read(feeds.missing_entries, "nws") == []
        assert await store.read(feeds.known_entries, "nws", [key]) == {key}


async def test_thousands_of_entries_are_asked_about_at_once(store: Store) -> None:
    """A feed of more entries than a statement has parameters is asked about in one call."""
    keys = [f"https://a.example/{number}" for number in range(1201)]
    for key in keys[::400]:
        await store.write(feeds.entries_taken, [TakenEntry(feed="nws", key=key, link=key)])
    assert await store.read(feeds.known_entries, "nws", keys) == set(keys[::400])


async def test_marks_of_many_cards_take_one_query(store: Store) -> None:
    """A page of cards costs as many queries as one card, and each card has its own marks, the oldest first."""
    for number in range(3):
        await take(store, replace(ALERT, identifier=f"TX-{number}"))
    strays = [replace(story.cancel(NOW, ALERT), identifier=f"TX-C{number}", references=()) for number in range(2)]
    held = [(await take(store, stray)).alert_id for stray in strays]

    def counted(connection: Any, limit: int) -> tuple[int, list[StoredCard]]:
        seen: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *told: seen.append(told[2]))
        found = lists.card_page(connection, limit=limit).items
        return len(seen), found

    (one, _), (many, found) = [await store.read(counted, limit) for limit in (1, 3)]
    assert one == many
    assert [sorted(mark.alert_id for mark in card.attention) for card in found] == [sorted(held)] * 3
    moments = [mark.since for mark in found[0].attention]
    assert moments == sorted(moments)
    assert (await store.read(lists.needs_person)).held == 2

"""The lists that API and command line show, a page at a time; and what is remembered of feeds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from store_story import NOW, arrival, contents, decide, outlets, take

from capgateway.simulate import story
from capgateway.store import Body, FeedState, MissingEntry, Store, StoredAlert

ALERT = story.amber(NOW)


async def test_pages_lead_through_the_whole_list(store: Store) -> None:
    """Pages follow each other without gap or repetition, also where rows share a moment and new ones come in."""
    same_moment = arrival(ALERT).received_at
    for number in range(7):
        one = arrival(replace(ALERT, identifier=f"TX-{number}"))
        at = same_moment - timedelta(seconds=10 - number // 3)
        await store.take_in(replace(one, received_at=at), decide, outlets())
    seen: list[StoredAlert] = []
    cursor, pages = None, 0
    while cursor or not pages:
        page = await store.alerts(limit=2, after=cursor)
        seen, cursor, pages = seen + page.items, page.next, pages + 1
        await take(store, replace(ALERT, identifier=f"TX-LATE-{pages}"))
    assert pages == 4
    assert sorted(alert.identifier or "" for alert in seen) == [f"TX-{number}" for number in range(7)]
    assert [alert.received_at for alert in seen] == sorted((alert.received_at for alert in seen), reverse=True)


MADE_UP = ["", "~", "x", "12", "~alt_a", "-1~alt_a", "1" * 17 + "~a", "١~a", "1.5~a", "1~\0", "1~\ud800", "1~é", " 1~a"]


async def test_a_made_up_cursor_is_a_value_error(store: Store) -> None:
    """A cursor no page gave is refused before the database sees it, in every list."""
    for cursor in MADE_UP:
        for listing in (store.alerts, store.cards, store.deliveries):
            with pytest.raises(ValueError, match="no cursor"):
                await listing(after=cursor)


async def test_a_cursor_of_nowhere_is_an_empty_page(store: Store) -> None:
    """A well-formed cursor before everything ends the list."""
    await take(store, ALERT)
    assert (await store.alerts(after="0~")).items == []
    assert len((await store.cards(after="9999999999999999~crd_z")).items) == 1


async def test_alerts_are_found_by_what_became_of_them(store: Store) -> None:
    """Decision, feed, identifier, card and time each narrow the list, and together."""
    await take(store, ALERT)
    await take(store, story.thunderstorm(NOW), feed="nws")
    await take(store, b"<alert")
    card = (await store.cards()).items[0]

    async def found(**asked: object) -> list[str | None]:
        return [alert.identifier for alert in (await store.alerts(**asked)).items]  # type: ignore[arg-type]

    assert await found(decision="published") == await found(card_id=card.card_id) == ["TX-AMBER-2026-0042"]
    assert await found(decision="ignored", feed="nws") == await found(identifier="TX-SVR-19") == ["TX-SVR-19"]
    assert await found(decision="quarantined") == [None]
    assert await found(decision="published", feed="nws") == []
    assert len(await found(since=NOW - timedelta(minutes=1))) == 3
    assert await found(since=NOW + timedelta(hours=1)) == []


async def test_a_card_keeps_its_last_words(store: Store) -> None:
    """An ended card is listed as ended, for which reason and when, with the text of its last display."""
    for document in (ALERT, story.cancel(NOW + timedelta(seconds=1), ALERT)):
        await take(store, document)
    card = (await store.cards(state="ended")).items[0]
    assert (card.revision, card.end_reason, card.ended_at) == (2, "cancelled", card.updated_at)
    assert card.card is not None
    assert (card.card.revision, card.card.source.identifier) == (1, ALERT.identifier)
    assert await store.card(card.card_id) == card
    assert await store.card("crd_unknown") is None
    assert await store.alert("alt_unknown") is None
    assert await store.original("alt_unknown") is None


async def test_waiting_counts_what_is_not_acknowledged(store: Store) -> None:
    """Pending deliveries by receiver, and since when the oldest take-down of each waits."""
    await take(store, ALERT, "a", "b")
    assert (await store.waiting()).pending == {"a": 1, "b": 1}
    assert (await store.waiting()).oldest_take_down == {}
    await take(store, story.cancel(NOW, ALERT), "a", "b")
    told = await store.waiting()
    made = {each.receiver: each.created_at for each in (await store.deliveries(state="pending")).items}
    assert (told.pending, told.oldest_take_down) == ({"a": 1, "b": 1}, made)


async def test_feed_state_is_the_last_that_was_saved(store: Store) -> None:
    """A feed never read has no state; of each part of a feed the last body's counts."""
    assert await store.feed_states() == {}
    for tag in ('"one"', '"two"'):
        await store.save_feed_state("nws", "", FeedState(etag=tag, sha256="0" * 64))
    await store.save_feed_state("nws", "cancels", FeedState(last_modified="then"))
    parts = {"": FeedState(etag='"two"', sha256="0" * 64), "cancels": FeedState(last_modified="then")}
    assert await store.feed_states() == {"nws": parts}


async def test_a_body_is_kept_with_its_fetch_record(store: Store) -> None:
    """A body that brought something new is kept as received, whatever its server called it."""
    body = Body(url="https://a.example/", status=200, media_type="text/\udcff\0", content=b"<feed/>" * 1000)
    await store.save_feed_state("nws", "", FeedState(), [body])
    assert any("text/??" in row for row in (await contents(store))["bodies"])


async def test_entries_are_known_by_keys_of_any_length(store: Store) -> None:
    """A key of thousands of characters, as links are, is known again; missing ones come back until they are taken."""
    for length in (10, 64, 65, 3000):
        key = "https://a.example/?".ljust(length, "é")[:length]
        missed = MissingEntry(key=key, link="https://a.example/", failures=1, retry_at=NOW)
        await store.entry_missing("nws", missed, "answered 404 \udcff\0")
        (waiting,) = await store.missing_entries("nws")
        assert (waiting.link, waiting.failures, waiting.retry_at) == (missed.link, 1, NOW)
        assert await store.known_entries("nws", [key, f"{key}2"]) == {key}
        assert await store.known_entries("another", [key]) == set()
        await store.entry_taken("nws", waiting.key, waiting.link)
        assert await store.missing_entries("nws") == []
        assert await store.known_entries("nws", [key]) == {key}


async def test_thousands_of_entries_are_asked_about_at_once(store: Store) -> None:
    """A feed of more entries than a statement has parameters is asked about in one call."""
    keys = [f"https://a.example/{number}" for number in range(1201)]
    for key in keys[::400]:
        await store.entry_taken("nws", key, key)
    assert await store.known_entries("nws", keys) == set(keys[::400])

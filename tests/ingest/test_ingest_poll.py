"""Polling over real HTTP: nothing twice, nothing lost, one feed's trouble is its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from ingest_source import NOW, SCHEMAS, Source
from msgspec.structs import replace
from sqlalchemy import text

from capgateway import cap, shipped
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.ingest import poll
from capgateway.operate import Operate
from capgateway.simulate import story
from capgateway.simulate.feed import Fault
from capgateway.store import Store, feeds, lists

ALERT = story.amber(NOW)
UPDATE = story.update(NOW + timedelta(seconds=5), ALERT)
AMBER_XML = f"{ALERT.identifier}.xml"
PAGE = "<!DOCTYPE html><html><p>Please sign in. {}</p></html>"


@pytest.mark.parametrize("name", ["index.atom", "embedded.atom", "index.rss", "embedded.rss"])
async def test_new_entries_come_in_once(source: Source, name: str) -> None:
    """A poll takes in what is announced, the next one only what is new, and its CAP is fetched once."""
    source.publish(ALERT)
    assert await source.poll(name) == ("ok", 1)
    source.publish(UPDATE)
    assert await source.poll(name) == ("ok", 1)
    assert await source.decisions() == ["published", "updated"]
    assert len(source.server.requests_for(AMBER_XML)) == int(name.startswith("index"))


async def test_a_plain_document_is_a_feed(source: Source) -> None:
    """A CAP document at an address of its own is taken in when it changes."""
    source.server.publish("alert.xml", cap.write(ALERT))
    assert await source.poll("alert.xml") == ("ok", 1)
    assert await source.poll("alert.xml") == ("not_modified", 0)
    source.server.publish("alert.xml", cap.write(story.cancel(NOW + timedelta(seconds=9), ALERT)))
    assert await source.poll("alert.xml") == ("ok", 1)
    assert await source.decisions() == ["published", "ended cancelled"]


async def test_nothing_new_writes_nothing(source: Source) -> None:
    """A poll answered 304, and one answered with the same body under another tag, leave every table as it was."""
    source.publish(ALERT)
    await source.poll("index.atom")
    before = await source.contents()
    assert await source.poll("index.atom") == ("not_modified", 0)
    assert source.server.requests_for("index.atom")[-1].status == 304
    source.server.misbehave("index.atom", Fault(headers={"ETag": '"changes at each answer"'}))
    assert await source.poll("index.atom") == ("not_modified", 0)
    assert await source.contents() == before


async def test_what_was_read_outlives_a_restart(source: Source) -> None:
    """A new process asks with the tags of the old one, for the index and for what it links to."""
    source.publish(ALERT)
    await source.poll("index.atom")
    feed = source.watches.pop("index.atom").feed
    watch = source.watch("index.atom")
    watch.known = type(watch)(feed, source.session, (await source.store.read(feeds.validators))[feed.name]).known
    assert await source.poll("index.atom") == ("not_modified", 0)
    assert [request.status for request in source.server.requests_for(AMBER_XML)] == [200, 304]


async def test_an_entry_that_fails_is_taken_later(source: Source) -> None:
    """While an entry's CAP cannot be fetched its neighbours come in; it is tried again though the index stays the same."""
    source.publish(story.thunderstorm(NOW))
    source.publish(ALERT)
    source.server.misbehave(AMBER_XML, Fault(status=503), times=1)
    assert await source.poll("index.atom") == ("ok", 1)
    (missing,) = await source.store.read(feeds.missing_entries, "index-atom")
    assert missing.link == source.server.url(AMBER_XML)
    assert await source.poll("index.atom") == ("not_modified", 1)
    assert await source.store.read(feeds.missing_entries, "index-atom") == []
    assert await source.decisions() == ["ignored no_programme", "published"]


async def test_a_cut_alert_is_held_and_taken_when_whole(source: Source) -> None:
    """CAP that breaks off is quarantined as it is and asked for again; whole, it becomes a card."""
    source.publish(ALERT)
    whole = cap.write(ALERT)
    source.server.misbehave(AMBER_XML, Fault(body=whole[:-300]), times=1)
    await source.poll("index.atom")
    assert await source.poll("index.atom") == ("not_modified", 1)
    assert await source.decisions() == ["quarantined unreadable", "published"]


async def test_an_empty_page_under_the_right_tag_hides_nothing(source: Source) -> None:
    """What is no Atom and lists nothing is read as a quiet feed, and its ETag is not believed."""
    source.publish(ALERT)
    source.server.misbehave("index.atom", Fault(body=b"<feed/>"), times=1)
    await source.poll("index.atom")
    assert await source.poll("index.atom") == ("ok", 1)


class Stumbling(cap.Schemas):
    """A validator with a fault: it breaks down over thunderstorms."""

    def findings(self, root: Any, version: str, **options: Any) -> tuple[cap.Finding, ...]:
        if "SVR" in "".join(root.itertext()):
            raise RuntimeError("a fault of ours")
        return super().findings(root, version, **options)


async def test_a_fault_of_ours_over_one_alert_stops_no_other(source: Source) -> None:
    """What cannot be judged is kept, with the reason, and its neighbours come in."""
    source.intake._schemas = Stumbling(shipped.cap_schemas())
    source.publish(story.thunderstorm(NOW))
    source.publish(ALERT)
    assert await source.poll("index.atom") == ("ok", 2)
    assert sorted(await source.decisions()) == ["published", "quarantined undecided"]
    held = next(
        alert for alert in (await source.store.read(lists.alert_page, limit=9)).items if alert.decision == "quarantined"
    )
    assert [finding.rule for finding in held.findings] == ["cap.unjudged"]


async def test_a_cut_connection_loses_nothing(source: Source) -> None:
    """An index and a document whose connection breaks in the middle are read again, whole."""
    source.publish(ALERT)
    source.server.misbehave("index.atom", Fault(cut_after=200), times=1)
    assert (await source.poll("index.atom"))[0] == "truncated"
    source.server.misbehave(AMBER_XML, Fault(cut_after=200), times=1)
    await source.poll("index.atom")
    await source.poll("index.atom")
    assert await source.decisions() == ["published"]


@pytest.mark.parametrize("name", ["index.atom", "alert.xml"])
async def test_an_error_page_is_held_once(source: Source, name: str) -> None:
    """A sign-in page with status 200 is a failure of the feed, quarantined the first time however it changes; the feed
    recovers by itself."""
    if name == "alert.xml":
        source.server.publish(name, cap.write(ALERT))
    source.publish(ALERT)
    for number in range(3):
        source.server.misbehave(name, Fault(body=PAGE.format(number).encode()))
        assert await source.poll(name) == ("unreadable", 0)
    assert await source.decisions() == ["quarantined unreadable"]
    source.server.behave()
    assert await source.poll(name) == ("ok", 1)
    assert source.watch(name).failures == 0


async def test_a_failing_feed_backs_off_and_disturbs_no_other(source: Source) -> None:
    """Failures in a row double the wait of their feed, up to a quarter of an hour; the other feed of the same gateway comes in as ever."""
    minute = timedelta(minutes=1)
    source.server.misbehave("index.rss", Fault(status=500))
    for waits in (1, 1, 2, 4, 8, 15, 15):
        before = utc_now()
        await source.poll("index.rss", interval=minute)
        next_try = source.watch("index.rss").next_try
        assert next_try is not None
        assert next_try - before >= waits * minute
        source.publish(replace(ALERT, identifier=f"TX-{source.watch('index.rss').failures}"))
        assert await source.poll("index.atom") == ("ok", 1)
    assert source.watch("index.atom").failures == 0


async def test_what_a_server_asks_for_is_kept(source: Source) -> None:
    """Retry-After puts the next poll off, further than the interval would, and says so."""
    source.server.misbehave("index.atom", Fault(status=429, headers={"Retry-After": "600"}))
    before = utc_now()
    await source.poll("index.atom", interval=timedelta(minutes=1))
    next_try = source.watch("index.atom").next_try
    assert next_try is not None
    assert next_try - before >= timedelta(seconds=599)
    assert "Retry-After" in (source.watch("index.atom").status(before).wait_reason or "")


async def test_no_answer_is_a_failure(source: Source) -> None:
    """A server that is not there, and one that answers nonsense, are told apart by their outcome; nothing raises."""
    watch = source.watch("index.atom")
    watch.feed = replace(watch.feed, url="http://127.0.0.1:9/index.atom")
    assert (await source.poll("index.atom"))[0] == "connect"
    async with RawServer(b"what?\r\n\r\n") as url:
        watch.feed = replace(watch.feed, url=url)
        assert (await source.poll("index.atom"))[0] == "protocol"


async def test_bytes_that_are_no_text_do_no_harm(source: Source) -> None:
    """Tags, types and reasons outside UTF-8 neither break the store nor the request that would send them back."""
    index = b'<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:a</id><title/><updated>2026-11-22T07:00:00Z</updated></feed>'
    odd = b'ETag: "\xff\xfe"\r\nContent-Type: text/\xff\r\n'
    watch = source.watch("index.atom")
    async with RawServer(answer(b"200 OK", index, odd)) as url:
        watch.feed = replace(watch.feed, url=url)
        assert [(await source.poll("index.atom"))[0] for _ in range(2)] == ["ok", "not_modified"]
    async with RawServer(answer(b"500 Bro\xffken", b"no")) as url:
        source.publish(ALERT)
        linked = f"<item><title>a</title><link>{url}</link><guid>{url}</guid></item>"
        source.server.publish("list.rss", f'<rss version="2.0"><channel>{linked}</channel></rss>'.encode())
        assert await source.poll("list.rss") == ("ok", 0)
    assert len(await source.store.read(feeds.missing_entries, "list-rss")) == 1


async def test_trouble_of_the_database_is_no_crash(source: Source, store: Store) -> None:
    """While the database refuses, the poll says so and nothing is remembered: the next one reads again."""
    source.publish(ALERT)
    source.publish(UPDATE)
    hold = "ALTER TABLE alerts RENAME TO gone"
    await store.write(lambda write: write.execute(text(hold)).rowcount)
    assert await source.poll("index.atom") == ("store", 0)
    back = "ALTER TABLE gone RENAME TO alerts"
    await store.write(lambda write: write.execute(text(back)).rowcount)
    assert await source.poll("index.atom") == ("ok", 2)


async def test_expired_cards_end(source: Source) -> None:
    """A card whose time has come is taken down without any message from its issuer, once."""
    ends = utc_now() + timedelta(seconds=2)  # of which cutting to whole seconds leaves one at least
    soon = cap.Time(text=ends.isoformat(timespec="seconds"), instant=ends.replace(microsecond=0))
    brief = replace(ALERT, infos=tuple(replace(info, expires=soon) for info in ALERT.infos))
    source.publish(brief)
    await source.poll("index.atom")
    async with asyncio.timeout(60):
        while not await source.intake.expire():
            await asyncio.sleep(0.05)
    (card,) = (await source.store.read(lists.card_page)).items
    assert (card.state, card.end_reason) == ("ended", "expired")
    assert [each.type for each in (await source.store.read(lists.delivery_page, state="pending")).items] == [
        "card.expired"
    ]
    assert await source.intake.expire() == 0


async def test_other_regions_decide_live_alerts_anew(source: Source) -> None:
    """When the policy leaves Texas its card is taken down as left, when it takes part again a new card is published;
    and the same policy again changes nothing."""
    source.publish(ALERT)
    await source.poll("index.atom")
    for regions in (("US-OK",), ("US-OK",), ("US",), ("US",)):
        operate = Operate(source.store, SCHEMAS, Policy(regions=regions), {}, on_messages=lambda: None)
        await operate.reconsider()
    messages = sorted((await source.store.read(lists.delivery_page)).items, key=lambda each: each.sequence)
    assert [each.type for each in messages] == ["card.published", "card.withdrawn", "card.published"]
    assert messages[0].card_id == messages[1].card_id != messages[2].card_id


async def test_two_polls_of_a_feed_do_not_meet(source: Source) -> None:
    """Asked for twice at once, the feed is polled twice in turn, and each alert is new once."""
    source.publish(ALERT)
    watch = source.watch("index.atom")
    results = await asyncio.gather(*(poll(source.intake, watch) for _ in range(2)))
    assert sorted(result.new for result in results) == [0, 1]


def answer(status: bytes, body: bytes, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n%b" % (status, headers, len(body), body)


class RawServer:
    """Answers every request with these bytes."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/index.atom"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._said)
        await writer.drain()
        writer.close()


async def test_a_sloppy_index_without_entries_is_a_quiet_feed(source: Source) -> None:
    """It breaks rules of Atom, and has nothing to say: neither a failure nor worth a place in quarantine."""
    source.server.publish("sloppy.atom", b'<feed xmlns="http://www.w3.org/2005/Atom"><title>quiet</title></feed>')
    assert await source.poll("sloppy.atom") == ("ok", 0)
    assert await source.decisions() == []

"""Every kind of source, simulated, asked as the gateway asks: nothing is lost, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capgateway import cap, feeds, net
from capgateway.feeds import Feed, FeedKind
from capgateway.feeds.http.fetch import ACCEPT, Fetched, fetch
from capgateway.simulate.feed import Fault, FeedServer

LOOPBACK = (ip_network("127.0.0.0/8"),)
SOURCES: list[tuple[FeedKind, str]] = [
    ("atom", "index.atom"),
    ("atom", "embedded.atom"),
    ("rss", "index.rss"),
    ("rss", "embedded.rss"),
    ("ipaws", "recent/{since}"),
    ("ipaws", "index.atom"),
    ("nws", "alerts/active"),
    ("nws", "alerts/active.atom"),
    ("edxl", "envelope.edxl"),
]
FAULTS = [
    Fault(status=500),
    Fault(status=403),
    Fault(status=429, headers={"Retry-After": "1"}),
    Fault(cut_after=40),
    Fault(body=b"<html>log in</html>"),
    Fault(body=b""),
    Fault(location="/loop"),
    Fault(encoding="utf-16-be"),
    Fault(times_each=3),
    Fault(is_reversed=True),
    Fault(headers={"Cache-Control": "max-age=999999999"}),
]


def alert(identifier: str, message_type: str = "Alert") -> bytes:
    info = cap.Info(event="Child Abduction Emergency", headline=f"Headline é {identifier}")
    sent = cap.time("2026-01-01T12:00:00-06:00")
    return cap.write(
        cap.Alert(
            identifier=identifier,
            sender="s@x.example",
            sent=sent,
            status="Actual",
            msg_type=message_type,
            infos=(info,),
        )
    )


class Poller:
    """Polls one feed as the walk does: what is new in the listing is taken, what failed is asked for again."""

    def __init__(self, server: FeedServer, session: aiohttp.ClientSession, kind: FeedKind, name: str) -> None:
        self.session = session
        self.feed = Feed(name="f", kind=kind, url=server.url(name), allow_networks=LOOPBACK)
        self.taken: dict[str, str] = {}

    async def get(self, url: str, accept: str | None = None) -> Fetched | None:
        found = await fetch(self.session, url, feed=self.feed, now=datetime.now(UTC), accept=accept or ACCEPT)
        return found if isinstance(found, Fetched) else None

    async def poll(self) -> None:
        for question in feeds.questions(self.feed, last_success=None, now=datetime.now(UTC)):
            url: str | None = question.url
            for _ in range(feeds.MAX_PAGES):
                got = await self.get(url, question.accept) if url else None
                if got is None:
                    break
                index = feeds.read_entries(got.body, kind=self.feed.kind, base_url=got.url)
                for entry in index.distinct:
                    await self.take(entry)
                url = index.next_url

    async def take(self, entry: feeds.Entry) -> None:
        if entry.key in self.taken:
            return
        found = None if entry.document else await self.get(entry.link or "")
        parsed = cap.parse(entry.document or (found.body if found else b"")).alert
        if parsed is not None:
            self.taken[entry.key] = parsed.identifier


@pytest.mark.parametrize(("kind", "name"), SOURCES)
async def test_every_kind_gives_what_was_published(kind: FeedKind, name: str) -> None:
    """Alerts, updates and cancels arrive once each, from linked, embedded, wrapped and paged listings alike."""
    published = {"a": "Alert", "b": "Update", "c": "Cancel", "d": "Alert"}
    async with FeedServer() as server, net.new_session(user_agent="t", allow_networks=LOOPBACK) as session:
        for identifier, message_type in published.items():
            server.publish(f"{identifier}.xml", alert(identifier, message_type))
        poller = Poller(server, session, kind, name)
        await poller.poll()
        await poller.poll()
        assert sorted(poller.taken.values()) == sorted(published)


async def test_cancels_of_the_nws_come_in_pages_of_their_own() -> None:
    """The active listing has none of them; the other one is walked page by page."""
    async with FeedServer() as server, net.new_session(user_agent="t", allow_networks=LOOPBACK) as session:
        for number in range(7):
            server.publish(f"{number}.xml", alert(str(number), "Cancel"))
        poller = Poller(server, session, "nws", "alerts/active")
        got = await poller.get(server.url("alerts/active"))
        assert got is not None
        assert feeds.read_entries(got.body, kind="nws", base_url=got.url).entries == ()
        url: str | None = server.url("alerts?message_type=cancel&limit=3")
        pages = []
        while url:
            got = await poller.get(url)
            assert got is not None
            index = feeds.read_entries(got.body, kind="nws", base_url=got.url)
            pages.append(len(index.entries))
            url = index.next_url
        assert pages == [3, 3, 1]


async def test_ipaws_lists_only_what_is_recent() -> None:
    """The moment in the address leaves out what was published before."""
    async with FeedServer() as server, net.new_session(user_agent="t", allow_networks=LOOPBACK) as session:
        server.publish("a.xml", alert("a"))
        poller = Poller(server, session, "ipaws", "recent/{since}")
        for hours, count in ((-1, 1), (1, 0)):
            since = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
            got = await poller.get(server.url(f"recent/{since}"))
            assert got is not None
            assert len(feeds.read_entries(got.body, kind="ipaws", base_url="").entries) == count


async def test_an_index_that_changes_while_it_is_read_loses_nothing() -> None:
    """An alert published while the index travels, and one replaced before its link is followed, are both taken."""
    async with FeedServer() as server, net.new_session(user_agent="t", allow_networks=LOOPBACK) as session:
        server.publish("a.xml", alert("a"))

        def change(name: str) -> None:
            if name == "index.atom":
                server.on_answer = None
                server.publish("a.xml", alert("a2"))
                server.publish("b.xml", alert("b"))

        server.on_answer = change
        poller = Poller(server, session, "atom", "index.atom")
        await poller.poll()
        await poller.poll()
        assert set(poller.taken.values()) == {"a2", "b"}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SOURCES), st.lists(st.tuples(st.sampled_from(FAULTS), st.booleans()), max_size=6))
def test_no_fault_on_the_way_loses_an_alert(source: tuple[FeedKind, str], faults: list[tuple[Fault, bool]]) -> None:
    """Whatever the source does to its index or to a document, once it behaves everything has arrived, exactly once."""
    kind, name = source

    async def story() -> list[str]:
        async with FeedServer() as server, net.new_session(user_agent="t", allow_networks=LOOPBACK) as session:
            poller = Poller(server, session, kind, name)
            for number, (fault, on_document) in enumerate(faults):
                server.publish(f"{number}.xml", alert(str(number)))
                server.misbehave(f"{number}.xml" if on_document else name, fault, times=1)
                server.misbehave("loop", Fault(location="/loop"))
                await poller.poll()
            server.behave()
            await poller.poll()
            return sorted(poller.taken.values())

    assert asyncio.run(story()) == sorted(str(number) for number in range(len(faults)))

"""The simulated source behaves as real ones do, and misbehaves as told."""

from __future__ import annotations

import aiohttp
import pytest

from capgateway import cap, feeds
from capgateway.feeds import FeedKind
from capgateway.simulate.feed import Fault, FeedServer

NS = "urn:oasis:names:tc:emergency:cap:1.2"


def alert(identifier: str) -> bytes:
    return (
        f'<alert xmlns="{NS}"><identifier>{identifier}</identifier><sender>s@alerts.example</sender>'
        f"<info><event>Child Abduction</event><headline>Headline {identifier}</headline></info></alert>"
    ).encode()


async def read(server: FeedServer, name: str, kind: FeedKind) -> feeds.Index:
    async with aiohttp.ClientSession() as session, session.get(server.url(name)) as response:
        assert response.status == 200
        return feeds.read_entries(await response.read(), kind=kind, base_url=server.url(name))


@pytest.mark.parametrize("kind", ["atom", "rss"])
async def test_indexes_link_to_what_was_published_newest_first(kind: FeedKind) -> None:
    """The linked indexes announce each document with its headline and address."""
    async with FeedServer() as server:
        for name in ("a.xml", "b.xml"):
            server.publish(name, alert(name))
        index = await read(server, f"index.{kind}", kind)
        assert index.findings == ()
        assert [(entry.title, entry.link) for entry in index.entries] == [
            ("Headline b.xml", server.url("b.xml")),
            ("Headline a.xml", server.url("a.xml")),
        ]


@pytest.mark.parametrize("kind", ["atom", "rss"])
async def test_embedded_indexes_hold_what_was_published(kind: FeedKind) -> None:
    """The embedded ones hold each message whole; a document that is no XML is told apart."""
    async with FeedServer() as server:
        server.publish("a.xml", alert("a1"))
        server.publish("broken.xml", b"<alert><never closed\x00")
        index = await read(server, f"embedded.{kind}", kind)
        (held,) = (entry.document for entry in index.entries if entry.document)
        parsed = cap.parse(held).alert
        assert parsed is not None
        assert parsed.identifier == "a1"


async def test_a_document_is_served_changed_and_removed() -> None:
    """Publishing again replaces, with a newer time of update; removing takes it from index and address."""
    async with FeedServer() as server, aiohttp.ClientSession() as session:
        server.publish("a.xml", alert("one"))
        before = (await read(server, "index.atom", "atom")).entries[0]
        server.publish("a.xml", alert("two"))
        after = (await read(server, "index.atom", "atom")).entries[0]
        assert before.link == after.link
        assert before.key != after.key
        server.remove("a.xml")
        assert (await read(server, "index.atom", "atom")).entries == ()
        async with session.get(server.url("a.xml")) as response:
            assert response.status == 404


async def test_tags_and_dates_answer_conditions() -> None:
    """304 for the tag or the date it gave, 200 once changed."""
    async with FeedServer() as server, aiohttp.ClientSession() as session:
        server.publish("a.xml", alert("a"))
        async with session.get(server.url("a.xml")) as response:
            tag, date = response.headers["ETag"], response.headers["Last-Modified"]
        for headers, status in (
            ({"If-None-Match": f'W/{tag}, "x"'}, 304),
            ({"If-Modified-Since": date}, 304),
            ({"If-None-Match": '"x"', "If-Modified-Since": date}, 200),
            ({"If-Modified-Since": "garbage"}, 200),
        ):
            async with session.get(server.url("a.xml"), headers=headers) as response:
                assert response.status == status


async def test_faults_last_as_long_as_told() -> None:
    """A fault with a count ends by itself, one without lasts until told to behave."""
    async with FeedServer() as server, aiohttp.ClientSession() as session:
        server.publish("a.xml", alert("a"))

        async def status() -> int:
            async with session.get(server.url("a.xml")) as response:
                return response.status

        server.misbehave("a.xml", Fault(status=500), times=2)
        assert [await status() for _ in range(3)] == [500, 500, 200]
        server.misbehave("a.xml", Fault(status=503))
        assert [await status() for _ in range(2)] == [503, 503]
        server.behave()
        assert await status() == 200
        assert [request.status for request in server.requests_for("a.xml")] == [500, 500, 200, 503, 503, 200]


async def test_other_content_and_half_content() -> None:
    """It can send something else under a good tag, and stop in the middle."""
    async with FeedServer() as server, aiohttp.ClientSession() as session:
        server.publish("a.xml", alert("a"))
        server.misbehave("a.xml", Fault(body=b"<html>log in</html>"), times=1)
        async with session.get(server.url("a.xml")) as response:
            assert await response.read() == b"<html>log in</html>"
        server.misbehave("a.xml", Fault(cut_after=10), times=1)
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get(server.url("a.xml")) as response:
                await response.read()

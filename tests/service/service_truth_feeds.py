"""Feeds of every kind on loopback that publish a story, and fail in every way while they do."""

from __future__ import annotations

import os
import random
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
from service_truth_case import Told
from service_truth_words import Signer, reference

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.feeds.stream import naads
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.simulate.stream import StreamServer

LOOPBACK = (ip_network("127.0.0.0/8"),)
INTERVAL = timedelta(milliseconds=400)
LISTINGS = {
    "atom": ("atom", "links.atom"),
    "rss": ("rss", "index.rss"),
    "held": ("rss", "embedded.rss"),
    "relay": ("atom", "embedded.atom"),
    "ipaws": ("ipaws", "recent/{since}"),
    "wrap": ("ipaws", "wrapper.xml"),
    "nws": ("nws", "alerts/active"),
    "edxl": ("edxl", "envelope.edxl"),
    "cap": ("cap", "one.xml"),
    "texas": ("rss", "index.rss"),
    "signed": ("atom", "index.atom"),
}
LINKED = ("atom", "rss", "nws", "texas", "signed")
PUSHED = ("partner", "stranger")
LISTENED = (*PUSHED, "cap")
"""They need somebody who listens: a push is refused while the gateway is down, and one alert at one address replaces another."""
PAGE = b"<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>"
INDEX_FAULTS = {
    "answers nothing": (Fault(body=b""), 2),
    "answers 304": (Fault(status=304), 2),
    "lies with its ETag": (Fault(etag='"always-the-same"'), 3),
    "answers with a page": (Fault(body=PAGE), 2),
    "answers 500": (Fault(status=500), 2),
    "resets the connection": (Fault(cut_after=40), 1),
}
LINK_FAULTS = {
    "answers 500": (Fault(status=500), 1),
    "answers 404": (Fault(status=404), 2),
    "answers too late": (Fault(delay=timedelta(seconds=2)), 1),
    "answers with a page": (Fault(body=PAGE), 1),
    "breaks off": (Fault(cut_after=200), 1),
}
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x</id><title>Alerts</title><updated>2026-01-01T00:00:00Z</updated>
{}</feed>"""
ENTRY = """<entry><id>{url}</id><title>An alert</title><updated>2026-01-01T00:00:00Z</updated>
{links}</entry>"""
LINKS = """<link href="{}"/>\n""", """<link href="{}" type="application/cap+xml"/>\n"""
DEAD = ("gone-1.xml", "gone-2.xml")


class Feeds:
    """``faults`` is what they did wrong so far, in words."""

    def __init__(self, chance: random.Random, folder: Path) -> None:
        self.servers = {name: FeedServer() for name in LISTINGS}
        self.archive, self.stream = FeedServer(), StreamServer()
        self.folder = folder
        self.faults: list[str] = []
        self._chance = chance
        self._entries: dict[str, str] = {}
        self._wrapped: list[bytes] = []
        self._sent: deque[cap.Alert] = deque(maxlen=naads.MAX_REFERENCES)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.folder.mkdir()
        async with AsyncExitStack() as stack:
            for server in (*self.servers.values(), self.archive):
                await stack.enter_async_context(server)
            await stack.enter_async_context(self.stream)
            self.servers["atom"].publish("links.atom", ATOM.format("").encode())
            yield

    def configured(self, senders: tuple[str, ...], signer: Signer) -> tuple[Feed, ...]:
        special: dict[str, dict[str, Any]] = {
            "texas": {"jurisdiction": ("US-TX",)},
            "signed": {"signature": "require", "trust": signer.trust},
        }
        return (
            *(
                Feed(
                    name=name,
                    kind=kind,  # type: ignore[arg-type]
                    url=self.servers[name].url(path),
                    interval=INTERVAL,
                    allow_networks=LOOPBACK,
                    **special.get(name, {}),
                )
                for name, (kind, path) in LISTINGS.items()
            ),
            Feed(
                name="naads",
                kind="naads",
                urls=(self.stream.url,),
                archives=(self.archive.url(""),),
                allow_networks=LOOPBACK,
            ),
            Feed(name="directory", kind="directory", path=str(self.folder), interval=INTERVAL),
            Feed(name="partner", kind="push", senders=senders),
            Feed(name="stranger", kind="push"),
        )

    async def publish(self, told: Told) -> None:
        """Through any feed but those that others push to."""
        match told.feed:
            case "naads":
                await self._send(told)
            case "directory":
                hidden = self.folder / f".{told.name}"
                hidden.write_bytes(told.document)
                os.utime(hidden, (0, 0))
                hidden.rename(self.folder / told.name)
            case "wrap":
                self._wrapped.insert(
                    self._chance.randint(0, len(self._wrapped)), re.sub(rb"^<\?xml.*?\?>", b"", told.document)
                )
                self.servers["wrap"].publish("wrapper.xml", b"<alerts>%s</alerts>" % b"\n".join(self._wrapped))
            case "cap":
                self.servers["cap"].publish("one.xml", told.document)
            case "atom":
                self._link(told)
            case _:
                self.servers[told.feed].publish(told.name, told.document)
        if told.feed in LINKED and self._chance.random() < 0.3:
            self._spoil(told)

    async def push(self, told: Told, api: str, session: aiohttp.ClientSession) -> None:
        async with session.post(f"{api}/feeds/{told.feed}/alerts", data=told.document) as answer:
            assert answer.status == 202, await answer.text()

    def trouble(self) -> None:
        """Some indexes fail for a while, and the stream is cut now and then."""
        for name in self._chance.sample(sorted(LISTINGS), 3):
            what = self._chance.choice(sorted(INDEX_FAULTS))
            fault, times = INDEX_FAULTS[what]
            if name != "cap":
                self.servers[name].misbehave(LISTINGS[name][1], fault, times=times)
                self.faults.append(f"{name} {what}")

    async def cut(self) -> None:
        self.faults.append("naads is cut")
        await self.stream.cut()

    async def heartbeat(self) -> None:
        """What a site says once a minute."""
        if self._sent:
            await self.stream.heartbeat(*map(reference, self._sent), now=utc_now())

    def behave(self) -> None:
        for one in self.servers.values():
            one.behave()

    async def _send(self, told: Told) -> None:
        (where, *_) = naads.archive_urls(reference(told.alert), ["x:"])
        self.archive.publish(unquote(where.removeprefix("x:/")), told.document)
        self._sent.append(told.alert)
        await self.stream.send(told.document, piece=self._chance.randrange(100, 900))

    def _link(self, told: Told) -> None:
        """An entry of which the first links may lead nowhere, and which does not change when the document does."""
        server = self.servers["atom"]
        server.publish(told.name, told.document)
        if told.name not in self._entries:
            dead = self._chance.choice((0, 0, 1, 2))
            links = [*(server.url(f"{name}?{told.name}") for name in DEAD[:dead]), server.url(told.name)]
            text = ENTRY.format(url=f"urn:{told.name}", links="".join(map(self._chance.choice(LINKS).format, links)))
            self._entries[told.name] = text
            body = ATOM.format("".join([*self._entries.values()][::-1]))
            server.publish("links.atom", body.encode())

    def _spoil(self, told: Told) -> None:
        what = self._chance.choice(sorted(LINK_FAULTS))
        fault, times = LINK_FAULTS[what]
        self.servers[told.feed].misbehave(told.name, fault, times=times)
        self.faults.append(f"{told.feed} {what} for {told.name}")

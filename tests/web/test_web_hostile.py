"""Requests as attackers send them: each is refused, none is believed, and the next one is answered as ever."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from capgateway.web import connections

HOST = b"Host: localhost\r\n"
CARDS = b"/api/v1/cards"
END = b"Connection: close\r\n\r\n"

PROBES = {
    # not HTTP, or another kind of it
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http 0.9": b"GET /api/v1/cards\r\n\r\n",
    "http 3.7": b"GET /api/v1/cards HTTP/3.7\r\n" + HOST + END,
    "nulls": bytes(1000),
    "blank lines": b"\r\n" * 1000,
    "no version": b"GET /api/v1/cards HTTP/\r\n" + HOST + END,
    "unknown method": b"STEAL " + CARDS + b" HTTP/1.1\r\n" + HOST + END,
    "trace": b"TRACE " + CARDS + b" HTTP/1.1\r\n" + HOST + END,
    "connect": b"CONNECT 10.0.0.1:22 HTTP/1.1\r\n" + HOST + END,
    "proxy": b"GET http://169.254.169.254/latest/ HTTP/1.1\r\nHost: 169.254.169.254\r\n" + END,
    # who it is for
    "no host": b"GET " + CARDS + b" HTTP/1.1\r\n" + END,
    "two hosts": b"GET " + CARDS + b" HTTP/1.1\r\nHost: evil.example\r\n" + HOST + END,
    "rebound name": b"GET " + CARDS + b" HTTP/1.1\r\nHost: evil.example\r\n" + END,
    "absolute to another": b"GET http://evil.example/api/v1/cards HTTP/1.1\r\nHost: evil.example\r\n" + END,
    "host with login": b"GET " + CARDS + b" HTTP/1.1\r\nHost: localhost@evil.example\r\n" + END,
    "forwarded host": b"GET " + CARDS + b" HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n" + END,
    # where a request ends
    "two lengths": b"POST /api/v1/reload HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\nContent-Length: 44\r\n" + END,
    "length and chunks": b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n" + END,
    "length with plus": b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n" + END + b"x",
    "huge length": b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999999\r\n" + END,
    "odd transfer encoding": b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n" + END,
    "chunked twice": b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "bad chunk": b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n",
    "bare line feeds": b"GET /api/v1/cards HTTP/1.1\nHost: localhost\n\n",
    "folded header": b"GET /x HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n" + END,
    "blank before colon": b"GET /x HTTP/1.1\r\nHost : localhost\r\n" + END,
    "null in header": b"GET /x HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n" + END,
    # paths
    "dots": b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + END,
    "escaped dots": b"GET /api/v1/alerts/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\n" + HOST + END,
    "null in path": b"GET /api/v1/alerts/%00 HTTP/1.1\r\n" + HOST + END,
    "not utf-8": b"GET /api/v1/alerts/%ff%fe HTTP/1.1\r\n" + HOST + END,
    "control characters": b"GET /api/v1/alerts/%0d%0aSet-Cookie:x HTTP/1.1\r\n" + HOST + END,
    "long path": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + END,
    "sql": b"GET /api/v1/alerts/x'%20OR%20'1'='1 HTTP/1.1\r\n" + HOST + END,
    # queries
    "null in query": b"GET /api/v1/alerts?identifier=%00 HTTP/1.1\r\n" + HOST + END,
    "sql in query": b"GET /api/v1/cards?after=1;DROP%20TABLE%20cards HTTP/1.1\r\n" + HOST + END,
    "endless limit": b"GET /api/v1/cards?limit=999999999999999999999999 HTTP/1.1\r\n" + HOST + END,
    "negative limit": b"GET /api/v1/cards?limit=-1 HTTP/1.1\r\n" + HOST + END,
    "arabic digits": "GET /api/v1/cards?limit=٣ HTTP/1.1\r\n".encode() + HOST + END,
    "unknown parameter": b"GET /api/v1/cards?__proto__=1 HTTP/1.1\r\n" + HOST + END,
    "odd state": b"GET /api/v1/cards?state[]=active HTTP/1.1\r\n" + HOST + END,
    "far future": b"GET /api/v1/alerts?since=99999-01-01T00:00:00Z HTTP/1.1\r\n" + HOST + END,
    # headers
    "many headers": b"GET / HTTP/1.1\r\n" + HOST + b"x: y\r\n" * 1000 + END,
    "long header": b"GET / HTTP/1.1\r\n" + HOST + b"x: " + b"y" * 20_000 + b"\r\n" + END,
    "odd expectation": b"POST /api/v1/validate HTTP/1.1\r\n" + HOST + b"Expect: a-pony\r\nContent-Length: 1\r\n" + END + b"x",
    "packed": b"POST /api/v1/validate HTTP/1.1\r\n" + HOST + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n" + END + b"x",
    "other site": b"POST /api/v1/reload HTTP/1.1\r\n" + HOST + b"Origin: https://evil.example\r\n" + END,
    # bodies
    "doctype": b"POST /api/v1/feeds/partner/alerts HTTP/1.1\r\n" + HOST + b"Content-Length: 64\r\n" + END
    + b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "not xml": b"POST /api/v1/feeds/partner/alerts HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\n" + END + b"\xff\xfe\x00\x00",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that never end are waited for briefly."""
    monkeypatch.setattr(connections, "FIRST_REQUEST_SECONDS", 0.5)
    monkeypatch.setattr(connections, "WAITING_SECONDS", 0.5)
    monkeypatch.setattr(connections, "LOOK_EVERY_SECONDS", 0.1)
    monkeypatch.setitem(connections.SETTINGS, "lingering_time", 0.1)


async def answer(site: Any, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(site.address.host, site.address.port)
    found = b""
    with suppress(ConnectionError):
        writer.write(sent)
        async with asyncio.timeout(60):
            while piece := await reader.read(65_536):
                found += piece
    writer.close()
    return found


@pytest.mark.parametrize("probe", PROBES)
async def test_a_hostile_request_is_refused(site: Any, probe: str, caplog: pytest.LogCaptureFixture) -> None:
    """No answer at all, or one of the four hundreds: no page, no name, no fault of ours, and no harm to the next."""
    found = await answer(site, PROBES[probe])
    assert found == b"" or found.split(b" ", 2)[1][:1] == b"4", found[:200]
    for secret in (b"Testchild", b"crd_", b"root:", b"Traceback", b"aiohttp", b"Python"):
        assert secret not in found
    assert not [record for record in caplog.records if record.name.startswith("capgateway.web") and record.exc_info]
    assert await site.get("/healthz") == (200, {"status": "ok"})
    assert len((await site.get("/api/v1/cards"))[1]["items"]) == 1


async def test_only_the_first_of_two_hidden_requests_is_answered(site: Any) -> None:
    """A request hidden in the body of another is a body."""
    inside = b"GET " + CARDS + b" HTTP/1.1\r\n" + HOST + END
    sent = b"POST /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(inside) + inside
    found = await answer(site, sent)
    assert found.count(b"HTTP/1.1 ") == 1
    assert found.startswith(b"HTTP/1.1 405 ")

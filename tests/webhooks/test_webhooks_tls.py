"""A receiver's certificate: who cannot prove who he is gets no card."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import trustme
from aiohttp import web

from capgateway import net
from capgateway.webhooks import Attempt, Claim, Receiver
from capgateway.webhooks.send import send

NOW = datetime(2026, 11, 22, 7, 41, 3, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"),)
CLAIM = Claim(
    delivery_id="dlv_1",
    message_id="msg_1",
    receiver="feed",
    card_id="crd_1",
    revision=1,
    type="card.published",
    action="display",
    body=b"{}",
    number=1,
    created_at=NOW,
)


@asynccontextmanager
async def serving(
    certificate: trustme.LeafCert, settle: Callable[[ssl.SSLContext], None] = lambda context: None
) -> AsyncIterator[tuple[str, list[str]]]:
    """A TLS receiver: its URL, and the requests that got through."""
    seen: list[str] = []

    async def hook(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    settle(context)
    app = web.Application()
    app.router.add_post("/", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}/", seen
    finally:
        await runner.cleanup()


async def attempt(
    url: str,
    ca: Path | None = None,
    client: Path | None = None,
    *,
    timeout: timedelta = timedelta(seconds=30),
    proxy: str | None = None,
) -> Attempt:
    receiver = Receiver(name="feed", url=url, secrets=(b"x" * 32,), allow_networks=LOOPBACK, timeout=timeout)
    async with net.new_session(
        user_agent="test",
        allow_networks=LOOPBACK,
        ca=str(ca) if ca else None,
        client_cert=str(client) if client else None,
        proxy=proxy,
    ) as session:
        return await send(session, receiver, CLAIM, now=NOW)


def written(authority: trustme.CA, folder: Path) -> Path:
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


async def test_an_own_authority(tmp_path: Path) -> None:
    """A receiver whose authority the operator named is believed."""
    authority = trustme.CA()
    async with serving(authority.issue_cert("127.0.0.1")) as (url, seen):
        made = await attempt(url, written(authority, tmp_path))
    assert (made.outcome, seen) == ("delivered", ["/"])


async def test_unproven_receivers_get_nothing(tmp_path: Path) -> None:
    """An unknown authority, a wrong name and a certificate of the past are refused before anything is sent."""
    authority = trustme.CA()
    ca = written(authority, tmp_path)
    expired = authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    for certificate, known in (
        (authority.issue_cert("127.0.0.1"), None),
        (authority.issue_cert("other.example"), ca),
        (expired, ca),
    ):
        async with serving(certificate) as (url, seen):
            made = await attempt(url, known)
        assert (made.outcome, made.ambiguous, seen) == ("tls", False, [])


async def test_a_client_certificate(tmp_path: Path) -> None:
    """A receiver that wants to know us is shown our certificate; without one it refuses us."""
    authority = trustme.CA()
    ca, client = written(authority, tmp_path), tmp_path / "client.pem"
    authority.issue_cert("gateway.example").private_key_and_cert_chain_pem.write_to_path(client)

    def ask(context: ssl.SSLContext) -> None:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)

    async with serving(authority.issue_cert("127.0.0.1"), ask) as (url, seen):
        assert (await attempt(url, ca, client)).outcome == "delivered"
        assert (await attempt(url, ca)).outcome in {"tls", "disconnected"}
    assert seen == ["/"]


async def test_a_handshake_that_stalls_sent_nothing() -> None:
    """A receiver that accepts and says nothing before TLS is there has not taken the message in."""
    async with silent() as port:
        made = await attempt(f"https://127.0.0.1:{port}/", timeout=timedelta(seconds=0.3))
    assert (made.outcome, made.ambiguous) == ("timeout", False)


async def test_a_proxy_that_says_nothing_is_not_the_receiver() -> None:
    """Its silence is the proxy's trouble; so is that of a proxy that nobody runs. Nothing was sent, and no login is told."""
    async with silent() as port:
        for proxy in (f"http://us:passw0rd@127.0.0.1:{port}", "http://us:passw0rd@127.0.0.1:1"):
            made = await attempt("https://127.0.0.1:8443/", timeout=timedelta(seconds=0.3), proxy=proxy)
            assert (made.outcome, made.ambiguous) == ("proxy", False)
            assert "passw0rd" not in repr(made)


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A port that accepts and never says anything."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)

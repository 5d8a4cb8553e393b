"""Certificate files that change while the gateway runs."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web
from net_server import LOOPBACK

from capgateway import net
from capgateway.errors import ConfigError, FetchError


@asynccontextmanager
async def serving(
    certificate: trustme.LeafCert, settle: Callable[[ssl.SSLContext], None] = lambda _: None
) -> AsyncIterator[str]:
    """A server on loopback with this certificate: its URL."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(headers={"Connection": "close"})

    context, app = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), web.Application()
    certificate.configure_cert(context)
    settle(context)
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def outcome(session: aiohttp.ClientSession, url: str) -> str:
    try:
        async with session.get(url) as response:
            return str(response.status)
    except net.TROUBLE as error:
        return net.fetch_error(error).reason


def put(authority: trustme.CA, path: Path) -> None:
    """In place of what was there, as tools that renew certificates do it."""
    authority.cert_pem.write_to_path(path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)


async def test_a_new_authority_is_believed_and_the_old_one_no_more(tmp_path: Path) -> None:
    """The file of authorities counts as it is, for a session that has long been running."""
    old, new, path = trustme.CA(), trustme.CA(), tmp_path / "ca.pem"
    put(old, path)
    async with (
        serving(old.issue_cert("127.0.0.1")) as by_old,
        serving(new.issue_cert("127.0.0.1")) as by_new,
        net.new_session(user_agent="t", allow_networks=LOOPBACK, ca=str(path)) as session,
    ):
        assert [await outcome(session, url) for url in (by_old, by_new)] == ["200", "tls"]
        put(new, path)
        assert [await outcome(session, url) for url in (by_old, by_new)] == ["tls", "200"]


async def test_a_renewed_client_certificate_is_shown(tmp_path: Path) -> None:
    """A receiver that knows the new authority only is shown the new certificate."""
    server, old, new, path = trustme.CA(), trustme.CA(), trustme.CA(), tmp_path / "client.pem"
    put(server, tmp_path / "ca.pem")
    old.issue_cert("gateway.example").private_key_and_cert_chain_pem.write_to_path(path)

    def ask(context: ssl.SSLContext) -> None:
        context.verify_mode = ssl.CERT_REQUIRED
        new.configure_trust(context)

    ca = str(tmp_path / "ca.pem")
    async with (
        serving(server.issue_cert("127.0.0.1"), ask) as url,
        net.new_session(user_agent="t", allow_networks=LOOPBACK, ca=ca, client_cert=str(path)) as session,
    ):
        assert await outcome(session, url) in {"tls", "disconnected"}
        new.issue_cert("gateway.example").private_key_and_cert_chain_pem.write_to_path(path)
        assert await outcome(session, url) == "200"


async def test_a_bad_file_is_trouble_until_it_is_mended(tmp_path: Path) -> None:
    """Missing, broken or unreadable: each request fails with the name of the file, and the first after the mending does
    not."""
    authority, path = trustme.CA(), tmp_path / "ca.pem"
    async with (
        serving(authority.issue_cert("127.0.0.1")) as url,
        net.new_session(user_agent="t", allow_networks=LOOPBACK, ca=str(path)) as session,
    ):
        for spoil in (lambda: None, lambda: path.write_text("no certificate"), path.unlink):
            spoil()
            with pytest.raises(FetchError, match=r"ca\.pem") as caught:
                await session.get(url)
            assert caught.value.reason == "tls"
            put(authority, path)
            assert await outcome(session, url) == "200"


async def test_nothing_is_read_again_without_need(tmp_path: Path) -> None:
    """Unchanged files give the same context, and with it the connections that are open; so do the system's."""
    put(trustme.CA(), tmp_path / "ca.pem")
    for certificates in (net.Certificates(), net.Certificates(str(tmp_path / "ca.pem"))):
        assert certificates.context() is certificates.context()
    assert net.Certificates().context() is net.Certificates().context()


async def test_a_file_behind_a_link_is_seen_to_change(tmp_path: Path) -> None:
    """Secrets of containers are links that are turned to another directory, their files of the same size and age."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        put(trustme.CA(), tmp_path / name / "ca.pem")
        os.utime(tmp_path / name / "ca.pem", (0, 0))
    link = tmp_path / "current"
    link.symlink_to("one")
    certificates = net.Certificates(str(link / "ca.pem"))
    before = certificates.context().get_ca_certs()
    link.unlink()
    link.symlink_to("two")
    assert certificates.context().get_ca_certs() != before


def test_an_unusable_certificate_file_is_a_configuration_error(tmp_path: Path) -> None:
    """A missing or broken PEM file is told with its name."""
    (tmp_path / "bad.pem").write_text("not a certificate")
    for name in ("absent.pem", "bad.pem"):
        with pytest.raises(ConfigError, match=name):
            net.tls_context(str(tmp_path / name))

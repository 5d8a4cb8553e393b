"""Where a session may connect."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from net_proxy import resolved

from capgateway import net
from capgateway.errors import Blocked, FetchError

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Names(AbstractResolver):
    """A name server that gives the next list of addresses at each question."""

    def __init__(self, *answers: Iterable[str]) -> None:
        self.answers = [list(answer) for answer in answers]

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
        return resolved(host, port, self.answers.pop(0))

    async def close(self) -> None:
        pass


class Server:
    """A loopback server that remembers the paths it was asked for."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.port = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append(request.path)
        if target := request.query.get("to"):
            raise web.HTTPFound(target)
        return web.Response(text="hello")


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server, app = Server(), web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


REFUSED = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255
    192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255
    240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1
    64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1 fc00::1
    fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 localhost example.org 127.1 2130706433 0x7f.0.0.1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 9.9.9.9 93.184.216.34 151.101.1.140 172.32.0.1 192.0.1.1 2606:4700:4700::1111
    2001:4860:4860::8888 2a00:1450:4001:81b::200e ::ffff:8.8.8.8
"""


@pytest.mark.parametrize("address", REFUSED.split())
def test_special_addresses_are_refused(address: str) -> None:
    """What leads inside, into a tunnel or nowhere is not connected to."""
    assert not net.is_allowed(address, ())


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_are_allowed(address: str) -> None:
    """The public internet needs no permission."""
    assert net.is_allowed(address, ())


def test_an_allowed_network_opens_exactly_itself() -> None:
    """A CIDR in allow_networks opens its own addresses, mapped ones too, and no others."""
    assert net.is_allowed("127.0.0.1", LOOPBACK)
    assert net.is_allowed("::ffff:127.0.0.1", LOOPBACK)
    assert not net.is_allowed("::1", LOOPBACK)
    assert not net.is_allowed("10.0.0.1", LOOPBACK)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://example.org:99999/", "url"),
        ("https:///path", "url"),
        ("file:///etc/passwd", "url"),
        ("ftp://example.org/", "url"),
        ("gopher://example.org/", "url"),
        ("/relative", "url"),
        ("", "url"),
        ("https://user:word@example.org/", "url"),
        ("https://user@example.org/", "url"),
        ("https://example.org:22/", "url"),
        ("https://8.8.8.8:25/", "url"),
        ("https://example.org:6667/", "url"),
        ("https://127.0.0.1:22/", "blocked"),
        ("http://example.org/", "scheme"),
        ("https://127.0.0.1/", "blocked"),
        ("https://127.0.0.1./", "blocked"),
        ("https://[::1]/", "blocked"),
        ("https://[::ffff:127.0.0.1]/", "blocked"),
        ("https://[fe80::1%25eth0]/", "blocked"),
        ("https://①②⑦.0.0.1/", "blocked"),
        ("https://127.1/", "blocked"),
        ("https://0/", "blocked"),
        ("https://2130706433/", "blocked"),
        ("https://0177.0.0.1/", "blocked"),
        ("https://0x7f.0.0.1/", "blocked"),
        ("https://0x7f000001/", "blocked"),
        ("https://169.254.169.254/latest", "blocked"),
    ],
)
def test_bad_urls_are_refused_before_anything_is_sent(url: str, reason: str) -> None:
    """A URL is refused for its form, its scheme or its literal address, with a stable reason."""
    with pytest.raises(FetchError) as caught:
        net.check_url(url)
    assert caught.value.reason == reason


def test_good_urls_pass() -> None:
    """https to a name or a public address passes; plain http where allow_networks says, a name to be vetted later."""
    for url in ("https://example.org/", "https://8.8.8.8/", "https://[2606:4700::1]/"):
        net.check_url(url)
    net.check_url("http://127.0.0.1:8025/", allow_networks=LOOPBACK)
    net.check_url("http://inside.example/", allow_networks=LOOPBACK)
    with pytest.raises(Blocked, match="plain http"):
        net.check_url("http://8.8.8.8/", allow_networks=LOOPBACK)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "①②⑦.0.0.1"])
async def test_no_spelling_of_loopback_is_reached(host: str) -> None:
    """However loopback is written, an unprivileged session never opens it."""
    async with serving() as server, net.new_session(user_agent="test") as session:
        with pytest.raises(FetchError):
            await session.get(f"https://{host}:{server.port}/")
        assert server.seen == []


async def test_an_allowed_network_is_reached_over_plain_http() -> None:
    """Inside allow_networks plain http works, for a literal and for a name that resolves there."""
    async with (
        serving() as server,
        net.new_session(user_agent="test", allow_networks=LOOPBACK, resolver=Names(["127.0.0.1"])) as session,
    ):
        for host in ("127.0.0.1", "inside.example"):
            async with session.get(f"http://{host}:{server.port}/") as response:
                assert await net.read_bounded(response, 100) == b"hello"


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["::1"], ["8.8.8.8", "127.0.0.1"], ["2606:4700:4700::1111", "10.0.0.1"], ["::ffff:127.0.0.1"]],
)
async def test_a_name_with_any_bad_answer_is_refused(answer: list[str]) -> None:
    """One private address among the answers rejects the name, as we cannot tell which would be used."""
    async with net.new_session(user_agent="test", resolver=Names(answer)) as session:
        with pytest.raises(Blocked):
            await session.get("https://mixed.example/")


async def test_plain_http_to_a_public_name_is_refused() -> None:
    """A name that resolves outside allow_networks is not spoken to in plain text, although its address is public."""
    async with net.new_session(user_agent="test", allow_networks=LOOPBACK, resolver=Names(["8.8.8.8"])) as session:
        with pytest.raises(Blocked, match="plain http"):
            await session.get("http://public.example/")


async def test_a_rebinding_name_is_vetted_at_each_connection() -> None:
    """A name that turns to a private address at its second look-up is refused then."""
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with (
        serving() as server,
        net.new_session(user_agent="test", allow_networks=LOOPBACK, resolver=names) as session,
    ):
        url = f"http://rebind.example:{server.port}/"
        async with session.get(url, headers={"Connection": "close"}) as response:
            assert response.status == 200
        with pytest.raises(Blocked):
            await session.get(url)
        assert server.seen == ["/"]


async def test_a_followed_redirect_is_vetted_too() -> None:
    """A redirect from an allowed address to a forbidden one never reaches its target."""
    async with serving() as server, serving() as target:
        allowed = (ip_network("127.0.0.1/32"),)
        async with net.new_session(user_agent="test", allow_networks=allowed) as session:
            with pytest.raises(Blocked):
                await session.get(f"http://127.0.0.1:{server.port}/?to=http://127.0.0.2:{target.port}/")
        assert server.seen == ["/"]
        assert target.seen == []


async def test_the_socket_factory_refuses_by_itself() -> None:
    """A request that slips past the middleware is still stopped where the address is opened."""
    async with serving() as server, net.new_session(user_agent="test") as session:
        with pytest.raises(Blocked):
            await session.get(f"https://127.0.0.1:{server.port}/", middlewares=())


async def test_an_environment_proxy_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """http_proxy in the environment changes nothing."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with (
        serving() as server,
        net.new_session(user_agent="test", allow_networks=LOOPBACK) as session,
        session.get(f"http://127.0.0.1:{server.port}/") as response,
    ):
        assert response.status == 200


async def test_a_proxy_is_the_only_way_out_and_targets_stay_vetted() -> None:
    """With a proxy, which may be private, targets are vetted here; nothing is asked of the proxy for a forbidden one."""
    async with serving() as proxy:
        names = Names(["10.0.0.1"], ["127.0.0.5"], ["8.8.8.8"])
        async with net.new_session(
            user_agent="test", allow_networks=LOOPBACK, proxy=f"http://127.0.0.1:{proxy.port}", resolver=names
        ) as session:
            for url in ("http://10.0.0.1/", "https://10.0.0.1/", "https://private.example/"):
                with pytest.raises(Blocked):
                    await session.get(url)
            async with session.get("http://inside.example/x") as response:
                assert response.status == 200
            with pytest.raises(Blocked):
                await session.get("http://public.example/")
    assert proxy.seen == ["/x"]


async def test_tls_is_verified_against_the_given_authority(tmp_path: Path) -> None:
    """The operator's own authority is accepted for the name it signed, and refused for another or by default."""
    authority, server_side = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("inside.example").configure_cert(server_side)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def status(host: str, ca: str | None) -> int:
        names = Names(["127.0.0.1"])
        async with (
            net.new_session(user_agent="t", allow_networks=LOOPBACK, ca=ca, resolver=names) as session,
            session.get(f"https://{host}:{server.port}/") as response,
        ):
            return response.status

    async with serving(server_side) as server:
        assert await status("inside.example", str(tmp_path / "ca.pem")) == 200
        for host, ca in (("other.example", str(tmp_path / "ca.pem")), ("inside.example", None)):
            with pytest.raises(aiohttp.ClientSSLError) as caught:
                await status(host, ca)
            assert net.fetch_error(caught.value).reason == "tls"


async def test_the_end_of_a_certificate_is_told(tmp_path: Path) -> None:
    """A server's certificate is looked at like any connection is made: vetted, verified, and its end read."""
    authority, server_side = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    end = datetime(2035, 5, 5, 5, 5, 5, tzinfo=UTC)
    authority.issue_cert("inside.example", not_after=end).configure_cert(server_side)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = net.tls_context(str(tmp_path / "ca.pem"))
    async with serving(server_side) as server:
        names = Names(["127.0.0.1"], ["127.0.0.1"])
        found = await net.certificate_expires(
            "inside.example", server.port, tls=tls, allow_networks=LOOPBACK, resolver=names
        )
        assert found == end
        with pytest.raises(Blocked):
            await net.certificate_expires("inside.example", server.port, tls=tls, resolver=names)


async def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    """A server that wants a client certificate gets the configured one."""
    authority, server_side = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("inside.example").configure_cert(server_side)
    authority.configure_trust(server_side)
    server_side.verify_mode = ssl.CERT_REQUIRED
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client = authority.issue_cert("client.example")
    client.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    async with (
        serving(server_side) as server,
        net.new_session(
            user_agent="t",
            allow_networks=LOOPBACK,
            ca=str(tmp_path / "ca.pem"),
            client_cert=str(tmp_path / "client.pem"),
            resolver=Names(["127.0.0.1"]),
        ) as session,
        session.get(f"https://inside.example:{server.port}/") as response,
    ):
        assert response.status == 200

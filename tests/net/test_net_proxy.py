"""An egress proxy: the only way out, which is asked for vetted addresses and never for names."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web
from net_proxy import EgressProxy, Named, proxying
from net_server import LOOPBACK, answering

from capgateway import net
from capgateway.errors import Blocked, FetchError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WEB = ["8.8.8.8"]
CARDS = {"cards_example": [WEB], "other_example": [WEB], "proxy_example": [["127.0.0.1"]]}


class Target:
    """A TLS server for cards.example, and the requests that reached it."""

    def __init__(self, port: int, ca: str, seen: list[web.BaseRequest]) -> None:
        self.port, self.ca, self.seen = port, ca, seen
        self.routes: dict[str, int | bytes] = {"8.8.8.8:443": port}


@asynccontextmanager
async def target(tmp_path: Path) -> AsyncIterator[Target]:
    seen: list[web.BaseRequest] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(request)
        return web.Response(text="ok")

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("cards.example", "proxy.example").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield Target(runner.addresses[0][1], str(tmp_path / "ca.pem"), seen)
    await runner.cleanup()


def through(
    proxy: EgressProxy | str, *, ca: str | None = None, login: str = "", names: Named | None = None
) -> aiohttp.ClientSession:
    url = proxy if isinstance(proxy, str) else f"http://{login}127.0.0.1:{proxy.port}"
    resolver = names or Named(**CARDS)
    return net.new_session(user_agent="t", allow_networks=LOOPBACK, ca=ca, proxy=url, resolver=resolver)


async def outcome(session: aiohttp.ClientSession, url: str) -> str:
    try:
        async with session.get(url) as response:
            return (await net.read_bounded(response, 100)).decode()
    except net.TROUBLE as error:
        return net.fetch_error(error).reason


async def test_the_proxy_is_given_an_address_and_tls_the_name(tmp_path: Path) -> None:
    """The proxy cannot look the name up once more: nothing that it is sent contains it. The server is asked by its name."""
    async with (
        target(tmp_path) as server,
        proxying(server.routes) as proxy,
        through(proxy, ca=server.ca) as session,
        session.get("https://cards.example/hook") as response,
    ):
        assert (response.status, str(response.url)) == (200, "https://cards.example/hook")
    assert proxy.targets == ["8.8.8.8:443"]
    assert "cards.example" not in proxy.heads[0]
    assert server.seen[0].host == "cards.example"


async def test_two_names_at_one_address_share_no_connection(tmp_path: Path) -> None:
    """The certificate of one is not taken for the other, although a connection to the address is open."""
    async with (
        target(tmp_path) as server,
        proxying(server.routes) as proxy,
        through(proxy, ca=server.ca) as session,
    ):
        asked = [await outcome(session, f"https://{name}.example/") for name in ("cards", "cards", "other")]
    assert asked == ["ok", "ok", "tls"]
    assert len(proxy.heads) == 2


async def test_plain_http_goes_to_the_vetted_address() -> None:
    """Inside allow_networks: the address in the request line, the name in the Host header, the login for the proxy."""
    names = Named(inside_example=[["127.0.0.7"]])
    async with (
        answering(OK) as url,
        proxying({"127.0.0.7": int(url.rstrip("/").rpartition(":")[2])}) as proxy,
        through(proxy, names=names, login="us:p%40ss@") as session,
    ):
        assert await outcome(session, "http://inside.example/a?b=c") == "ok"
    assert proxy.targets == ["http://127.0.0.7/a?b=c"]
    assert "Host: inside.example\r\n" in proxy.heads[0]
    assert "Proxy-Authorization: Basic dXM6cEBzcw==\r\n" in proxy.heads[0]


async def test_the_login_is_for_the_proxy_alone(tmp_path: Path) -> None:
    """The server behind it sees nothing of it."""
    async with (
        target(tmp_path) as server,
        proxying(server.routes) as proxy,
        through(proxy, ca=server.ca, login="us:p%40ss@") as session,
    ):
        assert await outcome(session, "https://cards.example/") == "ok"
    assert "Proxy-Authorization: Basic dXM6cEBzcw==\r\n" in proxy.heads[0]
    assert not {"Proxy-Authorization", "Authorization"} & server.seen[0].headers.keys()


@pytest.mark.parametrize(
    "answer",
    [
        [["127.0.0.1", "10.0.0.1"]],
        [["10.0.0.1"]],
        [["8.8.8.8", "::1"]],
    ],
)
async def test_the_proxy_is_not_asked_for_what_is_forbidden(answer: list[list[str]]) -> None:
    """A name with a private address is refused before the proxy hears of it."""
    async with proxying() as proxy, through(proxy, names=Named(bad_example=answer)) as session:
        for url in ("https://bad.example/", "https://10.0.0.1/", "https://[::1]/", "https://0x7f.1/"):
            assert await outcome(session, url) == "blocked"
    assert proxy.heads == []


async def test_a_name_that_cannot_be_looked_up_is_not_left_to_the_proxy() -> None:
    """What cannot be vetted is not asked for."""
    async with proxying() as proxy, through(proxy) as session:
        assert await outcome(session, "https://unknown.example/") == "dns"
    assert proxy.heads == []


async def test_without_the_proxy_nothing_goes_out(tmp_path: Path) -> None:
    """While it is down, unknown, or left out by a fault of ours, nobody is asked directly."""
    async with target(tmp_path) as server, proxying() as gone:
        url = f"https://127.0.0.1:{server.port}/"
        async with through("http://127.0.0.1:9", ca=server.ca) as session:
            assert await outcome(session, url) == "proxy"
        async with through("http://unknown.example:3128", ca=server.ca) as session:
            assert await outcome(session, url) == "proxy"
        names = Named(**CARDS)
        async with through(gone, ca=server.ca, names=names) as session:
            session._default_proxy = None  # as if it had been forgotten
            assert await outcome(session, url) == "blocked"
            with pytest.raises(Blocked):
                await session.get(url, middlewares=())
            with pytest.raises(Blocked):
                await session.get(f"https://cards.example:{server.port}/", middlewares=())
    assert (server.seen, gone.heads, names.asked) == ([], [], [])
    with pytest.raises(ValueError, match="not the URL of a proxy"):
        through("")


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200",
        b"x" * 200_000,
        *(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode() for status in (301, 403, 407, 500, 502, 503)),
    ],
)
async def test_the_proxys_trouble_is_its_own(says: bytes) -> None:
    """Whatever it answers instead of connecting us is not blamed on the server; the sentence does not quote the login."""
    async with proxying(says=says) as proxy, through(proxy, login="us:passw0rd@") as session:
        with pytest.raises(FetchError) as caught:
            await session.get("https://cards.example/")
        assert caught.value.reason == "proxy"
        assert "passw0rd" not in f"{caught.value!r} {caught.value}"
        stream = net.open_stream(
            "8.8.8.8", 443, tls=None, proxy=f"http://us:passw0rd@127.0.0.1:{proxy.port}", resolver=Named()
        )
        with pytest.raises(FetchError) as caught:
            await stream
        assert caught.value.reason == "proxy"


async def test_a_login_that_plain_http_lacks_is_the_proxys_trouble() -> None:
    """There the proxy's own answer comes in the place of the server's."""
    async with proxying(says=b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n") as proxy, through(proxy) as session:
        assert await outcome(session, "http://127.0.0.9/") == "proxy"


async def test_the_servers_trouble_is_not_the_proxys(tmp_path: Path) -> None:
    """A certificate that is not accepted, and a server that hangs up in the tunnel."""
    hanging_up = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with target(tmp_path) as server, hanging_up:
        routes = {**server.routes, "8.8.8.8:444": hanging_up.sockets[0].getsockname()[1]}
        async with proxying(routes) as proxy, through(proxy) as session:
            assert await outcome(session, "https://cards.example/") == "tls"
            assert await outcome(session, "https://cards.example:444/") in {"tls", "connect", "disconnected"}


async def test_another_address_is_tried(tmp_path: Path) -> None:
    """When the proxy does not reach the first, with the whole message: IPv4 goes before, as every proxy has it."""
    names = Named(cards_example=[["2606:4700::1", "9.9.9.9", "8.8.8.8"]])
    async with target(tmp_path) as server:
        routes = {**server.routes, "9.9.9.9:443": b"HTTP/1.1 503 Unreachable\r\nContent-Length: 0\r\n\r\n"}
        async with (
            proxying(routes) as proxy,
            through(proxy, ca=server.ca, names=names) as session,
            session.post("https://cards.example/", data=b"body") as response,
        ):
            assert (response.status, server.seen[0].content_length) == (200, 4)
    assert proxy.targets == ["9.9.9.9:443", "8.8.8.8:443"]


async def test_a_name_behind_a_proxy_is_looked_up_now_and_then(tmp_path: Path) -> None:
    """Not for each message, and the connection that is open is used for the next."""
    names = Named(**CARDS)
    async with (
        target(tmp_path) as server,
        proxying(server.routes) as proxy,
        through(proxy, ca=server.ca, names=names) as session,
    ):
        assert [await outcome(session, "https://cards.example/") for _ in range(5)] == ["ok"] * 5
    assert (names.asked.count("cards.example"), len(proxy.heads)) == (1, 1)


async def test_a_proxy_behind_tls(tmp_path: Path) -> None:
    """Its certificate is verified too, and its failure is the proxy's trouble."""
    async with target(tmp_path) as server:
        authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("proxy.example").configure_cert(context)
        authority.cert_pem.write_to_path(server.ca, append=True)
        async with proxying(server.routes, tls=context) as proxy:
            async with through(f"https://proxy.example:{proxy.port}", ca=server.ca) as session:
                assert await outcome(session, "https://cards.example/") == "ok"
            async with through(f"https://127.0.0.1:{proxy.port}", ca=server.ca) as session:
                assert await outcome(session, "https://cards.example/") == "proxy"
    assert len(server.seen) == 1


def test_the_faster_loop_does_the_same(tmp_path: Path) -> None:
    """uvloop, which the gateway runs on where it is installed, has TLS of its own."""
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test_two_names_at_one_address_share_no_connection(tmp_path))
        runner.run(test_a_proxy_behind_tls(tmp_path))
        runner.run(test_streams_go_through_the_proxy("tls", tmp_path))


@pytest.mark.parametrize("scheme", ["tls", "tcp"])
async def test_streams_go_through_the_proxy(scheme: str, tmp_path: Path) -> None:
    """A stream, too, is joined to a vetted address, and to nothing without the proxy."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("cards.example").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    came = []

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        writer.write(b"<alert/>")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0, ssl=context if scheme == "tls" else None)
    tls = net.tls_context(str(tmp_path / "ca.pem")) if scheme == "tls" else None
    async with server, proxying({"8.8.8.8:443": server.sockets[0].getsockname()[1]}) as proxy:

        async def opened(url: str) -> bytes:
            reader, writer = await net.open_stream("cards.example", 443, tls=tls, proxy=url, resolver=Named(**CARDS))
            try:
                return await reader.read()
            finally:
                writer.close()

        assert await opened(f"http://proxy.example:{proxy.port}") == b"<alert/>"
        assert proxy.targets == ["8.8.8.8:443"]
        assert "cards.example" not in proxy.heads[0]
        with pytest.raises(FetchError, match="proxy"):
            await opened("http://127.0.0.1:9")
    assert len(came) == 1


@pytest.mark.parametrize(
    "text",
    ["", "proxy:3128", "socks5://proxy:1080", "http://", "http://u:secret@proxy:0", "http://u:sec/ret@proxy:3128",
     "http://u:secret@proxy:3128/path", "http://u:secret@0x7f.1:3128", "http://u:secret@127.1:3128", "http://u:secret@proxy:99999", "http://u:sec ret@proxy:1", "http://u:secret@[::1"],
)  # fmt: skip
def test_what_is_not_the_url_of_a_proxy(text: str) -> None:
    """Said without quoting it: it may contain a password."""
    with pytest.raises(ValueError, match="is not the URL of a proxy") as caught:
        net.read_proxy(text)
    assert "secret" not in str(caught.value)


def test_a_proxy_does_not_show_its_login() -> None:
    """Neither its form in logs nor the URL that the library is given."""
    proxy = net.read_proxy("http://user:passw0rd@[FD00:0::1]:3128/")
    assert (proxy.url, proxy.headers) == (
        "http://[fd00::1]:3128",
        {"Proxy-Authorization": "Basic dXNlcjpwYXNzdzByZA=="},
    )
    assert "passw0rd" not in f"{proxy} {proxy!r} {proxy.url}"

"""Everything that names, addresses and certificates may be, by every way out: sessions, sessions through a proxy, streams."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import re
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver
from net_proxy import Named, proxying
from net_server import LOOPBACK, answering

import capgateway
from capgateway import net
from capgateway.net import answers, stream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
QUICK = aiohttp.ClientTimeout(total=5, sock_connect=0.5)

#: Inside, into a tunnel, or nowhere: the ends of each range, and what hides them.
FORBIDDEN = """
    0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.255 168.63.129.16
    169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.0 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
    192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1
    255.255.255.255 :: ::1 ::7f00:1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
    64:ff9b::10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1::1
    2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1
    fe80::a9fe:a9fe fec0::1 ff02::1
"""
SPELLINGS = r"""
    0177.0.0.1 0x7f.0.0.1 0x7f000001 2130706433 017700000001 127.1 0 0x0 00 1.1 ①②⑦.⓪.⓪.① １２７.0.0.1 127。0。0。1
    0xa9fea9fe 2852039166 0251.0376.0251.0376 [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::ffff:a9fe:a9fe] [fe80::1%25lo]
"""

Way = Callable[[str, AbstractResolver], Awaitable[None]]


async def by_session(host: str, names: AbstractResolver) -> None:
    async with net.new_session(user_agent="t", resolver=names, timeout=QUICK) as session:
        await session.get(f"https://{host}/")


async def by_proxy(host: str, names: AbstractResolver) -> None:
    async with (
        proxying(says=OK) as proxy,
        net.new_session(
            user_agent="t", resolver=names, proxy=f"http://127.0.0.1:{proxy.port}", timeout=QUICK
        ) as session,
    ):
        try:
            await session.get(f"https://{host}/")
        finally:
            assert proxy.heads == []


async def by_stream(host: str, names: AbstractResolver) -> None:
    await net.open_stream(host.strip("[]"), 443, tls=None, resolver=names)


async def by_certificate(host: str, names: AbstractResolver) -> None:
    await net.certificate_expires(host.strip("[]"), 443, tls=net.certificates().context(), resolver=names)


WAYS = {"session": by_session, "proxy": by_proxy, "stream": by_stream, "certificate": by_certificate}


async def reason(way: Way, host: str, *answer: str) -> str:
    try:
        await way(host, Named(name_example=[list(answer)]))
    except (*net.TROUBLE, ValueError) as error:
        return net.fetch_error(error).reason if not isinstance(error, ValueError) else "url"
    return "connected"


@pytest.mark.parametrize("way", WAYS)
async def test_no_way_out_leads_inside(way: str) -> None:
    """As a literal, as the answer to a name, alone or beside a public address: refused, whatever way is taken."""
    for address in FORBIDDEN.split():
        literal = f"[{address}]" if ":" in address else address
        told = [
            await reason(WAYS[way], literal),
            await reason(WAYS[way], "name.example", address),
            await reason(WAYS[way], "name.example", "8.8.8.8", address),
            await reason(WAYS[way], "name.example", address, "2606:4700:4700::1111"),
        ]
        assert told == ["blocked"] * 4, address


@pytest.mark.parametrize("way", WAYS)
async def test_no_spelling_of_an_address_leads_inside(way: str) -> None:
    """Octal, hex, decimal, short, full-width and mapped. No name server is asked what they mean."""
    for host in SPELLINGS.split():
        names = Named(**{host: [["127.0.0.1"]]})
        with pytest.raises((*net.TROUBLE, ValueError)):
            await WAYS[way](host, names)
        told = await reason(WAYS[way], host)
        assert told in {"blocked", "url", "dns"}, host


class Failing(Named):
    """A name server with an error for each name."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[Any]:
        kind = {"servfail.example": socket.EAI_AGAIN, "nxdomain.example": socket.EAI_NONAME}[host]
        raise socket.gaierror(kind, "no answer")


@pytest.mark.parametrize("way", WAYS)
async def test_names_without_an_address(way: str) -> None:
    """A failing name server, an unknown name and an answer without addresses are troubles of DNS, not of the server."""
    for host in ("servfail.example", "nxdomain.example"):
        with pytest.raises(net.TROUBLE) as caught:
            await WAYS[way](host, Failing())
        assert net.fetch_error(caught.value).reason == "dns"
    assert await reason(WAYS[way], "name.example") == "dns"


async def test_a_rebinding_name_is_used_as_it_was_vetted() -> None:
    """A name that is allowed at its first look-up and private at each later one is looked up once per connection."""
    names = Named(name_example=[["127.0.0.1"], ["10.0.0.1"]])
    async with answering(OK, OK, turns=True) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        async with net.new_session(user_agent="t", allow_networks=LOOPBACK, resolver=names) as session:
            for _ in range(2):
                async with session.get(f"http://name.example:{port}/") as response:
                    assert await net.read_bounded(response, 10) == b"ok"
    assert names.asked == ["name.example"]


async def test_a_busy_connection_does_not_outlive_a_change_in_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed after a while although it is never idle, and the name is vetted again."""
    monkeypatch.setattr(answers, "OLDEST_SECONDS", 0.0)
    names = Named(name_example=[["127.0.0.1"], ["10.0.0.1"]])
    async with answering(OK, OK, turns=True) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        async with net.new_session(user_agent="t", allow_networks=LOOPBACK, resolver=names) as session:
            async with session.get(f"http://name.example:{port}/") as response:
                assert await net.read_bounded(response, 10) == b"ok"
            with pytest.raises(net.TROUBLE) as caught:
                await session.get(f"http://name.example:{port}/")
    assert net.fetch_error(caught.value).reason == "blocked"


async def test_another_configuration_uses_no_connection_of_the_first() -> None:
    """Sessions share nothing: what one was allowed to open, another with narrower networks does not find open."""
    async with (
        answering(OK, OK, turns=True) as url,
        net.new_session(user_agent="t", allow_networks=LOOPBACK) as wide,
        net.new_session(user_agent="t", allow_networks=[ip_network("127.9.0.0/16")]) as narrow,
        wide.get(url) as response,
    ):
        await response.read()
        with pytest.raises(net.TROUBLE) as caught:
            await narrow.get(url)
    assert net.fetch_error(caught.value).reason == "blocked"


@contextmanager
def swallowing(host: str, port: int) -> Iterator[None]:
    """A port whose connections never come about: its queue is full."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket(family))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket(family))
            client.setblocking(False)
            client.connect_ex((host, port))
        yield


@pytest.mark.parametrize("black_hole", ["::1", "127.0.0.3"])
async def test_an_address_that_swallows_packets_is_passed_over(
    black_hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPv6 that leads nowhere is common: the next address is taken in time, by sessions and by streams."""
    monkeypatch.setattr(stream, "TIMEOUT", QUICK)
    names = Named(name_example=[[black_hole, "127.0.0.1"]])
    allowed = (*LOOPBACK, ip_network("::1"))
    async with answering(OK) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        with swallowing(black_hole, port):
            patient = aiohttp.ClientTimeout(total=10, sock_connect=5)
            async with (
                net.new_session(user_agent="t", allow_networks=allowed, resolver=names, timeout=patient) as session,
                session.get(f"http://name.example:{port}/") as response,
            ):
                assert await net.read_bounded(response, 10) == b"ok"
            _, writer = await net.open_stream("name.example", port, tls=None, allow_networks=allowed, resolver=names)
            assert writer.get_extra_info("peername")[0] == "127.0.0.1"
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def speaking(context: ssl.SSLContext | None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server with this TLS, or one that says nothing: its port, and what was sent to it through TLS."""
    seen: list[bytes] = []
    tasks = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if context is None:
                await reader.read()
            else:
                seen.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(OK)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], seen
    await asyncio.gather(*filter(None, tasks))


class World:
    """An authority that we know, one that we do not, and servers with their certificates."""

    def __init__(self, directory: Path) -> None:
        self.ours, self.strange, self.directory = trustme.CA(), trustme.CA(), directory
        self.ca = str(directory / "ca.pem")
        self.ours.cert_pem.write_to_path(self.ca)

    def server(self, certificate: trustme.LeafCert, **settings: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        for name, value in settings.items():
            setattr(context, name, value)
        return context

    def old(self) -> ssl.SSLContext:
        """TLS 1.1 at most, as the server would like it."""
        context = self.server(self.ours.issue_cert("name.example"))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        return context

    def self_signed(self) -> ssl.SSLContext:
        """Its own authority, for the right name."""
        return self.server(trustme.CA().issue_cert("name.example"))

    def wants_client(self) -> ssl.SSLContext:
        """Knows the clients of our authority alone."""
        context = self.server(self.ours.issue_cert("name.example"), verify_mode=ssl.CERT_REQUIRED)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # later versions refuse a client only after the handshake
        self.ours.configure_trust(context)
        return context

    def client(self, authority: trustme.CA) -> str:
        path = self.directory / "client.pem"
        authority.issue_cert("gateway.example").private_key_and_cert_chain_pem.write_to_path(path)
        return str(path)


PAST = datetime(2020, 1, 1, tzinfo=UTC)
CASES: dict[str, Callable[[World], tuple[ssl.SSLContext | None, dict[str, Any], str]]] = {
    "well": lambda w: (w.server(w.ours.issue_cert("name.example")), {"ca": w.ca}, "ok"),
    "TLS 1.2": lambda w: (
        w.server(w.ours.issue_cert("name.example"), maximum_version=ssl.TLSVersion.TLSv1_2), {"ca": w.ca}, "ok"
    ),
    "TLS 1.1": lambda w: (w.old(), {"ca": w.ca}, "tls"),
    "expired": lambda w: (w.server(w.ours.issue_cert("name.example", not_after=PAST)), {"ca": w.ca}, "tls"),
    "wrong name": lambda w: (w.server(w.ours.issue_cert("other.example")), {"ca": w.ca}, "tls"),
    "the address, not the name": lambda w: (w.server(w.ours.issue_cert("127.0.0.1")), {"ca": w.ca}, "tls"),
    "self-signed": lambda w: (w.self_signed(), {"ca": w.ca}, "tls"),
    "unknown authority": lambda w: (w.server(w.strange.issue_cert("name.example")), {"ca": w.ca}, "tls"),
    "our authority, not named": lambda w: (w.server(w.ours.issue_cert("name.example")), {}, "tls"),
    "stalled": lambda w: (None, {"ca": w.ca}, "timeout"),
    "our certificate": lambda w: (w.wants_client(), {"ca": w.ca, "client_cert": w.client(w.ours)}, "ok"),
    "no client certificate": lambda w: (w.wants_client(), {"ca": w.ca}, "tls"),
    "a strange client": lambda w: (w.wants_client(), {"ca": w.ca, "client_cert": w.client(w.strange)}, "tls"),
}  # fmt: skip


@pytest.mark.parametrize("way", ["session", "proxy"])
@pytest.mark.parametrize("case", CASES)
async def test_certificates_by_every_way(case: str, way: str, tmp_path: Path) -> None:
    """Who cannot prove the name, speaks old TLS, or does not know us, gets not a byte; directly and through a proxy."""
    context, files, wanted = CASES[case](World(tmp_path))
    async with speaking(context) as (port, seen), proxying({f"127.0.0.1:{port}": port}) as proxy:
        through: Any = {"proxy": f"http://127.0.0.1:{proxy.port}"} if way == "proxy" else {}
        async with net.new_session(
            user_agent="t", allow_networks=LOOPBACK, resolver=Named(name_example=[["127.0.0.1"]]), timeout=QUICK,
            **(files | through),
        ) as session:  # fmt: skip
            try:
                async with session.get(f"https://name.example:{port}/") as response:
                    told = (await response.read()).decode()
            except net.TROUBLE as error:
                told = net.fetch_error(error).reason
    assert (told, len(seen)) == (wanted, int(wanted == "ok"))


#: What connects, and who else may: the command line asks its own gateway, the demonstration its own servers.
CONNECTS = re.compile(
    r"ClientSession\(|TCPConnector\(|open_connection\(|open_unix_connection\(|create_connection\(|urlopen|http\.client"
    r"|getaddrinfo\(|gethostby|socket\.socket\(|sock_connect\(|start_tls\(|import (?:requests|httpx|urllib3|ftplib|smtplib)"
)
ALLOWED = {
    "cli/gateway.py": 1,
    "cli/demo.py": 1,
    "simulate/demo.py": 2,
    "supervisor.py": 1,
}  # systemd is told over a local socket


def test_nothing_else_connects() -> None:
    """Whatever leaves the gateway goes through this package, which watches where to."""
    root = Path(capgateway.__file__).parent
    found = {
        str(path.relative_to(root)): len(CONNECTS.findall(path.read_text(encoding="utf-8")))
        for path in root.rglob("*.py")
        if path.parent.name != "net"
    }
    assert {name: number for name, number in found.items() if number} == ALLOWED


def test_no_way_out_forgets_the_proxy() -> None:
    """Whoever opens a session, a stream or a look at a certificate says which proxy; only a person's own download has none."""
    root = Path(capgateway.__file__).parent
    forgotten = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if path.parent.name != "net"
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"new_session", "open_stream", "certificate_expires"}
        and "proxy" not in {named.arg for named in call.keywords}
    ]
    assert forgotten == ["cli/download.py"]

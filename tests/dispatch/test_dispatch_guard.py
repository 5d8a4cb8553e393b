"""Names, certificates and proxies that are wrong at first: what they are counted as, and that everything arrives in the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import trustme
from dispatch_gateway import Gateway, a_receiver, delivering, opened, until
from test_dispatch import a_server, all_ended

from capgateway.store import outbox
from capgateway.webhooks import retry

SYSTEM = socket.getaddrinfo
NAME = "cards.example"
NOT_FOUND = socket.gaierror(socket.EAI_NONAME, "unknown")
FAILED = socket.gaierror(socket.EAI_AGAIN, "the name server failed")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "REISSUE_AFTER", timedelta(milliseconds=50))
    for steps in ("FAST_STEPS", "CALM_STEPS"):
        monkeypatch.setattr(retry, steps, (0.05,) * 6)
    for name in ("MINUTE", "FIVE_MINUTES"):
        monkeypatch.setattr(retry, name, 0.05)


def name_server(monkeypatch: pytest.MonkeyPatch, *answers: list[str] | OSError, times: int = 2) -> None:
    """The first answer for some time, then that the receiver is here."""
    left = [*answers] * times

    def getaddrinfo(host: str, port: Any, *arguments: Any, **named: Any) -> Any:
        if host != NAME:
            return SYSTEM(host, port, *arguments, **named)
        answer = left.pop(0) if left else ["127.0.0.1"]
        if isinstance(answer, OSError):
            raise answer
        return [found for address in answer for found in SYSTEM(address, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


async def prepare(gateway: Gateway, kind: str) -> None:
    """A delivery that waits: an update of a displayed card, or its take-down."""
    await gateway.issue("a")
    async with delivering(gateway):
        await until(lambda: all_ended(gateway))
    await (gateway.cancel("a") if kind == "take-down" else gateway.update("a"))


async def outcomes(gateway: Gateway) -> list[str]:
    """Of the attempts of the last delivery, the same ones together."""
    attempts = (await gateway.deliveries())[-1].attempts
    assert not any(one.ambiguous for one in attempts)
    return list(dict.fromkeys(one.outcome for one in attempts))


ANSWERS: dict[str, tuple[list[str] | OSError, str]] = {
    "rebound": (["10.0.0.1"], "blocked"),
    "mixed": (["127.0.0.1", "10.0.0.1"], "blocked"),
    "metadata": (["169.254.169.254"], "blocked"),
    "unknown": (NOT_FOUND, "dns"),
    "failing": (FAILED, "dns"),
    "empty": ([], "dns"),
}


@pytest.mark.parametrize("kind", ["update", "take-down"])
@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_name_that_heals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, kind: str) -> None:
    """While it leads nowhere or inside nothing is sent, and the receiver cannot have taken anything in."""
    wrong, word = ANSWERS[answer]
    async with a_server() as well, opened(tmp_path, a_receiver(well.url)) as gateway:
        await prepare(gateway, kind)
        name_server(monkeypatch, wrong)
        behind = Gateway(gateway.store, [a_receiver(well.url.replace("127.0.0.1", NAME))])
        async with delivering(behind):
            await until(lambda: all_ended(gateway))
        assert await outcomes(gateway) == [word, "delivered"]
        assert len(well.cards) == int(kind == "update")


async def test_narrower_networks_count_at_once(tmp_path: Path) -> None:
    """A connection that is open is not used any more when its address is no longer allowed."""
    narrow = (ip_network("127.9.0.0/16"),)
    async with a_server() as well, opened(tmp_path, a_receiver(well.url)) as gateway, delivering(gateway):
        await gateway.issue("a")
        await until(lambda: all_ended(gateway))
        gateway.dispatch.replace_receivers([a_receiver(well.url, allow_networks=narrow)])
        arrived = len(well.arrivals)
        await gateway.update("a")
        await until(lambda: has_tried(gateway, 2))
        assert await outcomes(gateway) == ["blocked"]
        assert len(well.arrivals) == arrived
        gateway.dispatch.replace_receivers([a_receiver(well.url)])
        await until(lambda: all_ended(gateway))


async def has_tried(gateway: Gateway, times: int) -> bool:
    return len((await gateway.deliveries())[-1].attempts) >= times


@asynccontextmanager
async def joined(
    port: int, *, tls: ssl.SSLContext | None = None, proxy_at: int | None = None
) -> AsyncIterator[tuple[int, list[str]]]:
    """TLS before a receiver, or a proxy that leads to it: its port, and what a proxy was asked for."""
    asked: list[str] = []
    tasks = []
    writers: list[asyncio.StreamWriter] = []

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", port)
        writers.extend((writer, onward))
        if proxy_at is not None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            asked.append(head.split()[1])
            path = "/" + head.split()[1].split("/", 3)[3]
            onward.write(head.replace(head.split()[1], path, 1).encode())
        await asyncio.gather(pipe(reader, onward), pipe(onward_reader, writer))

    server = await asyncio.start_server(join, "127.0.0.1", proxy_at or 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], asked
    for writer in writers:
        writer.transport.abort()
    await asyncio.gather(*filter(None, tasks))


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.mark.parametrize("kind", ["update", "take-down"])
async def test_a_certificate_that_heals(tmp_path: Path, kind: str) -> None:
    """The file of authorities is replaced while the gateway runs, and the next attempt uses it."""
    authority, context, ca = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trustme.CA().cert_pem.write_to_path(ca)
    async with a_server() as well, opened(tmp_path, a_receiver(well.url)) as gateway:
        await prepare(gateway, kind)
        async with joined(int(well.url.split("/")[2].split(":")[1]), tls=context) as (port, _):
            behind = Gateway(gateway.store, [a_receiver(f"https://127.0.0.1:{port}/hook", ca=str(ca))])
            async with delivering(behind):
                await until(lambda: has_tried(gateway, 2))
                authority.cert_pem.write_to_path(ca)
                await until(lambda: all_ended(gateway))
        assert await outcomes(gateway) == ["tls", "delivered"]
        assert len(well.cards) == int(kind == "update")


@pytest.mark.parametrize("kind", ["update", "take-down"])
async def test_a_proxy_that_heals(tmp_path: Path, kind: str) -> None:
    """While it is down nothing is sent directly."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        proxy_port = free.getsockname()[1]
    async with a_server() as well, opened(tmp_path, a_receiver(well.url)) as gateway:
        await prepare(gateway, kind)
        arrived, port = len(well.arrivals), int(well.url.split("/")[2].split(":")[1])
        behind = Gateway(gateway.store, [a_receiver(well.url, proxy=f"http://127.0.0.1:{proxy_port}")])
        async with delivering(behind):
            await until(lambda: has_tried(gateway, 2))
            assert len(well.arrivals) == arrived
            async with joined(port, proxy_at=proxy_port) as (_, asked):
                await until(lambda: all_ended(gateway))
        assert await outcomes(gateway) == ["proxy", "delivered"]
        assert asked[0] == well.url

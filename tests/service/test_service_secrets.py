"""No secret is left behind: whatever fails, no secret, key, login or query value of the configuration is in what a gateway logs,
answers or keeps."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
import service_names
from aiohttp import web
from service_names import found_in, in_answers, in_files, in_tables

from capgateway import cap, config, log
from capgateway.clock import utc_now
from capgateway.errors import ConfigErrors
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.store import Store
from capgateway.webhooks import encode_secret, encode_seed

PATIENCE_SECONDS = 60
HMAC, OLD, SEED = (
    b"hmac-Xk29vQm-hmac-Xk29vQm-hmac-1",
    b"old0-Wp73bTr-old0-Wp73bTr-old0-1",
    b"seed-Zr81nLc-seed-Zr81nLc-seed-1",
)
QUERY, LOGIN, PASSWORD, HEADER, FEED_QUERY, TOKEN = (
    "qv-Jh64sDy-qv",
    "lg-Bq35mXe",
    "pw-Uv58kGt-pw",
    "hd-Ny92cRf-hd",
    "fq-Ea47wPz",
    "tk-Oi63hVb-token",
)
SECRETS = (
    *(raw.decode() for raw in (HMAC, OLD, SEED)),
    *(encode_secret(HMAC)[6:], encode_secret(OLD)[6:], encode_seed(SEED)[5:]),
    *(QUERY, LOGIN, PASSWORD, HEADER, FEED_QUERY, TOKEN),
)
GATEWAY = """
[gateway]
database = "sqlite:///gateway.db"
listen = "127.0.0.1:0"
contact = "ops@platform.example"

[[tokens]]
name = "ops"
token = "env:TOKEN"
scopes = ["read", "operate", "submit"]

[[feeds]]
name = "partner"
kind = "push"

[[feeds]]
name = "failing"
kind = "atom"
url = "{echo}feed?key={query}"
headers = {{ X-Key = "env:HEADER" }}
interval = "1s"
allow_networks = ["127.0.0.0/8"]
"""
RECEIVER = """
[[receivers]]
name = "{name}"
url = "{url}"
secret = ["env:HMAC", "env:OLD"]
signing_key = "env:SEED"
allow_networks = ["127.0.0.0/8"]
timeout = "1s"
{more}
"""
ENVIRON = {
    "HMAC": encode_secret(HMAC),
    "OLD": encode_secret(OLD),
    "SEED": encode_seed(SEED),
    "HEADER": HEADER,
    "TOKEN": TOKEN,
}


@pytest.fixture(autouse=True)
def search_for_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for names looks for the secrets, in every form."""
    monkeypatch.setattr(service_names, "WORDS", SECRETS)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


async def echo(request: web.BaseRequest) -> web.Response:
    """A receiver, feed or proxy that says on failure all that it was told."""
    told = {"url": str(request.url), "path": request.raw_path, "headers": dict(request.headers)}
    if "redirect" in request.path:
        return web.Response(
            status=302, headers={"Location": str(request.url.with_path("/elsewhere"))}, text=json.dumps(told)
        )
    if "hang" in request.path:
        await asyncio.sleep(5)
    return web.Response(status=500, text=json.dumps(told), reason=f"no {request.query_string}"[:60])


@asynccontextmanager
async def echoing() -> AsyncIterator[str]:
    """The URL of :func:`echo`, which also serves as a proxy that refuses."""
    server = web.Server(echo, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def babbling() -> AsyncIterator[str]:
    """The URL of a server that answers with the first line of the request, which is not HTTP."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def unused() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def receivers(echo_url: str, babble_url: str) -> dict[str, tuple[str, str | None]]:
    """By name the URL, and the proxy, of receivers that fail in every way."""
    proxy, lost_proxy = (url.replace("://", f"://{LOGIN}:{PASSWORD}@") for url in (echo_url, unused()))
    return {
        "refused": (unused(), None),
        "echo": (echo_url, None),
        "redirect": (f"{echo_url}redirect", None),
        "hang": (f"{echo_url}hang", None),
        "babble": (babble_url, None),
        "tls": (echo_url.replace("http:", "https:"), None),
        "dns": ("https://nowhere.invalid/", None),
        "proxied": (f"{echo_url}proxied", proxy),
        "tunnel": ("https://127.0.0.1:9/", proxy),
        "lost-proxy": (f"{echo_url}x", lost_proxy),
    }


@contextmanager
def logged(folder: Path) -> Iterator[None]:
    """Everything that is logged, in both forms, in files of the folder."""
    root, before = logging.getLogger(), logging.getLogger().level
    added = [logging.FileHandler(folder / name) for name in ("log.json", "log.txt")]
    for output, form in zip(added, (log.JsonLines(), log.TextLines()), strict=True):
        output.setFormatter(form)
        root.addHandler(output)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(before)
        for output in added:
            root.removeHandler(output)
            output.close()


async def test_no_secret_is_left_behind(tmp_path: Path) -> None:
    """Ten receivers and a feed fail in every way, some of them repeating all that they were told; a reload fails; strangers try
    tokens. Then no secret is in the log, in any answer of the API, in the metrics, or in any column or file of the database."""
    path = tmp_path / "capgateway.toml"
    async with AsyncExitStack() as stack:
        stack.enter_context(logged(tmp_path))
        failing = receivers(await stack.enter_async_context(echoing()), await stack.enter_async_context(babbling()))
        text = GATEWAY.format(echo=failing["echo"][0], query=FEED_QUERY) + "".join(
            RECEIVER.format(name=name, url=f"{url}?v={QUERY}&token={QUERY}", more=f'proxy = "{proxy}"' if proxy else "")
            for name, (url, proxy) in failing.items()
        )
        text += RECEIVER.format(name="ops", url=failing["refused"][0], more='messages = ["operator.*"]')
        path.write_text(text)
        service, session = await stack.enter_async_context(running(path))
        await service.submit("partner", cap.write(story.amber(utc_now())), actor="test")
        await all_attempted(session, set(failing))
        path.write_text(
            text.replace('"env:SEED"', f'"{ENVIRON["HMAC"]}"').replace('"env:OLD"', f'"{encode_seed(SEED)}"')
        )
        async with session.post("/api/v1/reload") as answer:
            assert not found_in(await answer.read())
        async with session.get("/api/v1/cards", headers={"Authorization": f"Bearer {TOKEN}x"}) as answer:
            assert answer.status == 401
        left = await in_answers(session)
        columns = await asyncio.to_thread(in_tables, f"sqlite:///{tmp_path / 'gateway.db'}")
    assert left | columns | in_files(tmp_path) == {}


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[tuple[Service, aiohttp.ClientSession]]:
    settings = config.load(path)
    store = Store.open(settings.gateway.database)
    service, ready = Service(settings, store), asyncio.Event()
    task = asyncio.create_task(service.run(ready))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ready.wait()
        assert service.address is not None
        url, known = f"http://127.0.0.1:{service.address.port}", {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(url, headers=known) as session:
            yield service, session
    finally:
        service.stop()
        await task
        store.close()


async def all_attempted(session: aiohttp.ClientSession, names: set[str]) -> None:
    """Wait until each receiver was sent a card twice, and the feed was asked."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with session.get("/api/v1/deliveries", params={"limit": "200"}) as answer:
                items = (await answer.json())["items"]
            tried = {one["receiver"] for one in items if one["type"] == "card.published" and len(one["attempts"]) > 1}
            if tried == names:
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", f"https://{LOGIN}:{PASSWORD}@cards.platform.example/?token={QUERY}"),
        ("url", f"http://cards.platform.example/?token={QUERY}"),
        ("url", f"ftp://{LOGIN}:{PASSWORD}@cards.platform.example/"),
        ("proxy", f"socks5://{LOGIN}:{PASSWORD}@proxy.platform.example:1080"),
        ("secret", encode_secret(HMAC)[:-3]),
        ("secret", encode_seed(SEED)),
        ("signing_key", encode_secret(HMAC)),
        ("signing_key", encode_seed(SEED)[:-3]),
        ("signing_key", SEED.decode()),
    ],
)
def test_a_refused_configuration_repeats_no_secret(tmp_path: Path, key: str, value: str) -> None:
    """`config check` says what is wrong with an address, a secret or a key, not what it is."""
    written = {"name": "app", "url": "https://cards.platform.example/", "secret": "env:HMAC", key: value}
    path = tmp_path / "capgateway.toml"
    path.write_text("[[receivers]]\n" + "".join(f'{name} = "{text}"\n' for name, text in written.items()))
    with pytest.raises(ConfigErrors) as caught:
        config.load(path)
    assert key in str(caught.value)
    assert not found_in(str(caught.value).encode())

"""From a receiver that fails to the pager: a real gateway, Prometheus and Alertmanager, with the files of ``deploy/``."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from deploy_files import DEPLOY, program
from msgspec.structs import replace
from ports import free_port

from capgateway.service import Service
from capgateway.simulate import demo
from capgateway.store import Store

PATIENCE_SECONDS = 60.0
Posts = dict[str, asyncio.Queue[dict[str, Any]]]


async def test_a_receiver_that_fails_wakes_somebody(tmp_path: Path) -> None:
    """It does not have the secret: pager and chat say so with the command to run, and the watchdog hears that all works."""
    prometheus = program("prometheus", "prometheus")
    alertmanager = program("prometheus-alertmanager", "prometheus-alertmanager", "alertmanager")
    ports = free_port(), free_port()
    async with sink() as (url, posts), gateway(tmp_path) as target:
        configure_prometheus(tmp_path, target, ports[1])
        configure_alertmanager(tmp_path, url)
        with (
            running(
                alertmanager,
                f"--config.file={tmp_path / 'alertmanager.yml'}",
                f"--storage.path={tmp_path / 'alerts'}",
                f"--web.listen-address=127.0.0.1:{ports[1]}",
                "--cluster.listen-address=",
            ),
            running(
                prometheus,
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'series'}",
                f"--web.listen-address=127.0.0.1:{ports[0]}",
                "--rules.alert.resend-delay=1s",  # the first time it may not know yet whom to tell
            ),
        ):
            async with asyncio.timeout(PATIENCE_SECONDS):
                page, word, ping = [await posts[name].get() for name in ("pager", "chat", "watchdog")]
    assert page["routing_key"] == "an-invented-key"
    assert page["event_action"] == "trigger"
    assert page["payload"]["summary"] == "demo-app is degraded. Run: capgateway receivers list"
    assert page["payload"]["custom_details"]["runbook"] == "docs/on-call.md#a-receiver-is-degraded"
    assert word["attachments"][0]["title"] == "FIRING: ReceiverNotReady"
    assert "demo-app is degraded" in word["attachments"][0]["text"]
    assert ping["commonLabels"]["alertname"] == "Watchdog"


@asynccontextmanager
async def gateway(directory: Path) -> AsyncIterator[str]:
    """A running gateway whose receiver has another secret; its address."""
    async with demo.stage() as stage:
        settings = stage.settings("127.0.0.1:0")
        receivers = tuple(replace(one, secrets=(bytes(32),)) for one in settings.receivers)
        store = Store.open(f"sqlite:///{directory / 'gateway.db'}")
        service, ready = Service(replace(settings, receivers=receivers), store), asyncio.Event()
        serving = asyncio.create_task(service.run(ready))
        try:
            await ready.wait()
            assert service.address
            yield f"{service.address.host}:{service.address.port}"
        finally:
            service.stop()
            await serving
            store.close()


@asynccontextmanager
async def sink() -> AsyncIterator[tuple[str, Posts]]:
    """A server that takes what is posted to it, by the last word of the path."""
    posts: Posts = {name: asyncio.Queue() for name in ("pager", "chat", "watchdog")}

    async def take(request: web.Request) -> web.Response:
        posts[request.match_info["name"]].put_nowait(await request.json())
        return web.Response(text="ok", status=202 if request.match_info["name"] == "pager" else 200)

    app = web.Application()
    app.router.add_post("/{name}", take)
    runner, port = web.AppRunner(app, shutdown_timeout=0.1), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}", posts
    finally:
        await runner.cleanup()


def configure_prometheus(directory: Path, target: str, alertmanager: int) -> None:
    """The shipped file with other addresses, in a hurry."""
    text = (DEPLOY / "prometheus/prometheus.yml").read_text()
    for old, new in (
        ("127.0.0.1:8025", target),
        ("127.0.0.1:9093", f"127.0.0.1:{alertmanager}"),
        ("rules.yml", str(DEPLOY / "prometheus/rules.yml")),
        ("interval: 15s", "interval: 1s"),
    ):
        assert old in text
        text = text.replace(old, new)
    (directory / "prometheus.yml").write_text(text)


def configure_alertmanager(directory: Path, url: str) -> None:
    """The shipped file with other addresses and secrets, in a hurry."""
    (directory / "pager.key").write_text("an-invented-key")
    (directory / "chat.url").write_text(f"{url}/chat")
    text = (DEPLOY / "alertmanager/alertmanager.yml").read_text()
    shipped = yaml.safe_load(text)
    pager, _, watchdog = shipped["receivers"]
    for old, new in (
        ("/etc/alertmanager/", f"{directory}/"),
        (pager["pagerduty_configs"][0]["url"], f"{url}/pager"),
        (watchdog["webhook_configs"][0]["url"], f"{url}/watchdog"),
        ("group_wait: 10s", "group_wait: 0s"),
    ):
        assert old in text
        text = text.replace(old, new)
    (directory / "alertmanager.yml").write_text(text)


@contextmanager
def running(*command: str) -> Iterator[None]:
    """A program that ends with the context."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        yield
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)

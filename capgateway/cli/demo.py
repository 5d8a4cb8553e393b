"""``capgateway demo``: the way of an AMBER Alert from feed to receiver, on this machine."""

from __future__ import annotations

import asyncio
import socket

import click

from capgateway import log
from capgateway.cli.output import INTERRUPTED, fail
from capgateway.cli.run import run_async
from capgateway.service import Service, stop_on_signals
from capgateway.simulate.demo import Stage, StepFailed, stage
from capgateway.store import Store

USUAL_PORT = 8025


@click.command()
@click.option("--once", is_flag=True, help="Exit after the story: with code 0 if every step succeeded, else 1.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="error",
    show_default=True,
    help="The least severe events of the gateway's log to show.",
)
def demo(once: bool, log_level: str) -> None:
    """Run a feed, the gateway and a receiver on loopback, and narrate how an AMBER Alert passes through them.

    Everything is real: HTTP, signatures, a database in a temporary directory. Without --once it runs until Ctrl-C.
    """
    log.set_up(level=log_level.upper())
    try:
        run_async(_demo(once=once))
    except StepFailed as failure:
        fail(f"the story failed: {failure}", code=1)


async def _demo(*, once: bool) -> None:
    async with stage() as scene:
        settings = scene.settings(listen=f"127.0.0.1:{_port()}")
        store = Store.open(settings.gateway.database)
        try:
            service = Service(settings, store)
            stop_on_signals(service)
            await _run(scene, service, once=once)
        finally:
            store.close()


async def _run(scene: Stage, service: Service, *, once: bool) -> None:
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(ready))
        try:
            await ready.wait()
            click.echo(f"feed      {scene.feed.url('index.atom')}")
            click.echo(f"gateway   http://{service.settings.gateway.listen}/   (console)")
            click.echo(f"receiver  {scene.receiver.url}\n")
            telling = asyncio.ensure_future(scene.play(service.store, click.echo))
            await asyncio.wait([telling, running], return_when=asyncio.FIRST_COMPLETED)
            if not telling.done():  # Ctrl-C in the middle
                telling.cancel()
                raise SystemExit(INTERRUPTED if once else 0)
            telling.result()
            if not once:
                click.echo("\nThe story is over; everything runs on. Press Ctrl-C to end.")
                await running
        finally:
            service.stop()


def _port() -> int:
    """The usual port, or a free one where something else has it."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(attempt.getsockname()[1])
    return fail("no port is free on 127.0.0.1")

"""``capgateway demo``: an AMBER Alert on its way from a feed to a receiver, on this machine."""

from __future__ import annotations

import asyncio
import socket
from itertools import count
from typing import Any

import click

from capgateway import log
from capgateway.cli import card_text
from capgateway.cli.output import INTERRUPTED, Between, Choice, fail
from capgateway.cli.run import run_async
from capgateway.service import Service, stop_on_signals
from capgateway.simulate.demo import Stage, StepFailed, stage
from capgateway.store import Store

USUAL_PORT = 8025
USUAL_PACE = 8.0
"""Seconds: long enough to read the card, and to open the pages that show it."""
MOST_SECONDS = 3600.0
"""An alert of the story lives for six hours; it has four parts."""


@click.command()
@click.option("--once", is_flag=True, help="Exit after the story instead of repeating it.")
@click.option(
    "--pace",
    type=Between(0, MOST_SECONDS),
    metavar="SECONDS",
    help=f"How long to pause after each part of the story.  [default: {USUAL_PACE:g}; with --once 0]",
)
@click.option(
    "--log-level",
    type=Choice(["debug", "info", "warning", "error"]),
    default="error",
    show_default=True,
    help="The least severe events of the gateway's log to show.",
)
def demo(once: bool, pace: float | None, log_level: str) -> None:
    """Run a feed, the gateway and a receiver on loopback, and narrate how an AMBER Alert passes through them.

    Everything is real: HTTP, signatures, and a database in a temporary directory. The story repeats until Ctrl-C. Exit
    code 1 when a step of the story fails.
    """
    log.set_up(level=log_level.upper())
    usual = 0 if once else USUAL_PACE
    try:
        run_async(_demo(once=once, pace=usual if pace is None else pace))
    except StepFailed as failure:
        fail(f"the story failed: {failure}", code=1)


async def _demo(*, once: bool, pace: float) -> None:
    async with stage() as scene:
        settings = scene.settings(listen=f"127.0.0.1:{_port()}")
        store = Store.open(settings.gateway.database)
        try:
            service = Service(settings, store)
            stop_on_signals(service)
            await _run(scene, service, once=once, pace=pace)
        finally:
            store.close()


async def _run(scene: Stage, service: Service, *, once: bool, pace: float) -> None:
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(ready))
        try:
            await ready.wait()
            _introduce(scene, service)
            telling = asyncio.ensure_future(_tell(scene, service.store, once=once, pace=pace))
            await asyncio.wait([telling, running], return_when=asyncio.FIRST_COMPLETED)
            if not telling.done():  # Ctrl-C
                telling.cancel()
                raise SystemExit(INTERRUPTED if once else 0)
            telling.result()
        finally:
            service.stop()


def _introduce(scene: Stage, service: Service) -> None:
    click.echo(f"feed      {scene.feed.url('index.atom')}")
    click.echo(f"gateway   http://{service.settings.gateway.listen}/")
    click.echo(f"receiver  {scene.receiver.url}   cards on display: {scene.receiver.cards_url}\n")


async def _tell(scene: Stage, store: Store, *, once: bool, pace: float) -> None:
    """The story, again and again unless ``once``."""
    for episode in count(1):
        await scene.play(store, click.echo, _show, episode=episode, pace=pace)
        if once:
            return
        click.echo("\nThe story begins again. Press Ctrl-C to stop.\n")


def _show(card: dict[str, Any]) -> None:
    """The whole card when it is new, and the area of a later revision, which is what the story changes."""
    if card["revision"] == 1:
        click.echo("")
        for line in card_text.card_lines(card, "    "):
            click.echo(line)
        click.echo("")
    else:
        click.echo(f"            area: {card_text.area(card)}")


def _port() -> int:
    """The usual port, or a free one if that is taken."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(attempt.getsockname()[1])
    return fail("no port of 127.0.0.1 is free")

"""``capgateway run``: the gateway."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING, Any

import click

from capgateway import config, log, net, service
from capgateway.cli.access import explained
from capgateway.cli.output import Choice

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from capgateway.cli.output import Context


LOGGER = logging.getLogger(__name__)
ENOUGH_DESCRIPTORS = 4096
"""Files and connections that a gateway with a few hundred receivers may have open on its worst day."""


def read_roles(_: click.Context, __: click.Parameter, value: str) -> tuple[service.Role, ...]:
    """The roles of a comma-separated list."""
    roles = tuple(role for role in service.ROLES if role in value.split(","))
    unknown = sorted(set(value.split(",")) - set(service.ROLES))
    if unknown:
        raise click.BadParameter(f"{', '.join(map(repr, unknown))} is not one of {', '.join(service.ROLES)}")
    return roles


@click.command()
@click.option(
    "--roles",
    default=",".join(service.ROLES),
    show_default=True,
    callback=read_roles,
    metavar="LIST",
    help="What this process does, separated by commas. Several processes can share a PostgreSQL database.",
)
@click.option(
    "--log-format",
    type=Choice(["auto", "text", "json"]),
    default="auto",
    show_default=True,
    help="Form of the log on stderr; auto is text on a terminal and JSON lines elsewhere.",
)
@click.option(
    "--log-level",
    type=Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="The least severe events that are logged; debug includes polls that brought nothing.",
)
@click.pass_obj
def run(context: Context, roles: tuple[service.Role, ...], log_format: log.Format, log_level: str) -> None:
    """Run the gateway until Ctrl-C or SIGTERM. SIGHUP reloads the configuration."""
    settings = config.load(config.find(context.config_path))
    log.set_up(level=log_level.upper(), format=log_format)
    service.introduce(settings)
    _allow_many_connections()
    gc.freeze()  # what is loaded by now stays; going through it again and again would hold the loop for tens of milliseconds
    with explained(settings.gateway.database, writes=True):
        run_async(service.serve(settings, roles))


def _allow_many_connections() -> None:
    allowed = net.raise_descriptor_limit()
    if allowed < ENOUGH_DESCRIPTORS:
        advice = f"raise `ulimit -n` (LimitNOFILE= of systemd) to {ENOUGH_DESCRIPTORS} or more"
        log.event(LOGGER, "gateway.few_descriptors", level=logging.WARNING, allowed=allowed, advice=advice)


def run_async(work: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop where it is installed. What a task group gathered is raised as the one fault it is."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        runner = asyncio.Runner()
    else:
        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with runner:
        try:
            runner.run(work)
        except BaseExceptionGroup as group:
            raise _only(group) from None


def _only(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error

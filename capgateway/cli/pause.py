"""``capgateway pause`` and ``capgateway resume``: no display starts anywhere, until they do again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from capgateway.cli import ask, output, table
from capgateway.cli.group import asks_gateway
from capgateway.cli.reach import act

if TYPE_CHECKING:
    from capgateway.cli.output import Context


@asks_gateway
@click.command()
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def pause(context: Context, reason: str | None, as_json: bool) -> None:
    """Stop all displays: new cards and updates wait, and take-downs continue. A pause survives restarts.

    It counts for every gateway of the same database, until `capgateway resume`.
    """
    told = act(context, "pause", {"reason": reason})
    if as_json:
        output.emit_json(told)
        return
    since = table.moment(told["paused_since"])
    click.echo(f"displays are paused since {since}" + ("" if told["is_new"] else ": they were paused already"))
    if told["under_way"]:
        count = told["under_way"]
        was = "1 request with a display was" if count == 1 else f"{count} requests with displays were"
        output.say(f"capgateway: {was} under way and may still arrive")


@asks_gateway
@click.command()
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def resume(context: Context, reason: str | None, as_json: bool) -> None:
    """End a pause: the latest state of each card is displayed, if it is still in force."""
    told = act(context, "resume", {"reason": reason})
    if as_json:
        output.emit_json(told)
    elif told["was_paused_since"]:
        click.echo(f"displays are sent again; they were paused since {table.moment(told['was_paused_since'])}")
    else:
        click.echo("displays were not paused")

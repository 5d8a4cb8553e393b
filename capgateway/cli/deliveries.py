"""``capgateway deliveries``: what went out to receivers, or waits, and sending it again."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from capgateway.cli import ask, output, table
from capgateway.cli.group import Group, asks_gateway
from capgateway.cli.reach import tried
from capgateway.explained import last_answer

COLUMNS = (
    table.Column("created"),
    table.Column("receiver"),
    table.Column("type"),
    table.Column("state"),
)
STATES = ("pending", "delivered", "superseded", "dead")


@click.group(cls=Group)
def deliveries() -> None:
    """Show deliveries to receivers; send some again."""


@asks_gateway
@deliveries.command("list")
@click.option("--state", type=output.Choice(STATES), help="Only deliveries in this state.")
@click.option("--receiver", metavar="NAME", help="Only deliveries to this receiver.")
@click.option("--card", "card_id", metavar="CARD_ID", help="Only deliveries of this card.")
@ask.limit_option
@output.format_option
@click.pass_obj
def list_deliveries(
    context: output.Context, state: str | None, receiver: str | None, card_id: str | None, limit: int, as_json: bool
) -> None:
    """List deliveries, the newest first, each with the receiver's last answer."""
    page = ask.deliveries(context, state=state, receiver=receiver, card_id=card_id, limit=limit)
    if as_json:
        output.emit_json(page)
        return
    table.print_table(COLUMNS, map(_row, page["items"]), f"no {state} delivery" if state else "no delivery")
    ask.tell_more(page)


@asks_gateway
@deliveries.command("dead")
@click.option("--receiver", metavar="NAME", help="Only deliveries to this receiver.")
@ask.limit_option
@output.format_option
@click.pass_obj
def list_dead(context: output.Context, receiver: str | None, limit: int, as_json: bool) -> None:
    """List the dead letters, the newest first: deliveries that were given up, each with the reason."""
    page = ask.deliveries(context, state="dead", receiver=receiver, card_id=None, limit=limit)
    if as_json:
        output.emit_json(page)
        return
    table.print_table(COLUMNS, map(_row, page["items"]), "no delivery was given up")
    ask.tell_more(page)


@asks_gateway
@deliveries.command()
@click.argument("delivery_ids", metavar="ID...", nargs=-1, required=True)
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def redeliver(context: output.Context, delivery_ids: tuple[str, ...], reason: str | None, as_json: bool) -> None:
    """Send deliveries again. Nothing is sent that is superseded, and no display of a card that has ended.

    Exit code 1 when one of them cannot be sent again; the others are. With --format json it prints one JSON object per delivery
    that is sent again, each on a line.
    """
    refusals = 0
    for delivery_id in delivery_ids:
        told = tried(context, f"deliveries/{quote(delivery_id, safe='')}/redeliver", {"reason": reason})
        if isinstance(told, str):
            refusals += 1
            output.say(f"capgateway: {told}")
        elif as_json:
            output.emit_json(told)
        else:
            click.echo(f"{told['id']}: is sent again")
    if refusals:
        raise SystemExit(1)


def _row(one: dict[str, Any]) -> table.Row:
    cells = [table.moment(one["created_at"]), one["receiver"], one["type"], one["state"]]
    card = [f"{one['card_id']} revision {one['revision']}"] if one["card_id"] else []
    return table.Row(cells=cells, below=[last_answer(one), [one["id"], *card]])

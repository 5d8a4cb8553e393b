"""``capgateway audit``: who did what, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from capgateway.cli import ask, output, table
from capgateway.cli.group import Group, asks_gateway
from capgateway.explained import about

if TYPE_CHECKING:
    from datetime import datetime

COLUMNS = (table.Column("when"), table.Column("who"), table.Column("action"))


@click.group(cls=Group)
def audit() -> None:
    """Show who did what, when and why."""


@asks_gateway
@audit.command("list")
@click.option("--card", "card_id", metavar="CARD", help="Only what concerns this card.")
@click.option(
    "--since", type=output.Since(), metavar="TIME", help="Only since then: a time, or how long ago, such as 1h."
)
@ask.limit_option
@output.format_option
@click.pass_obj
def list_audit(context: output.Context, card_id: str | None, since: datetime | None, limit: int, as_json: bool) -> None:
    """List what operators did, the newest first, with their reasons."""
    page = ask.audit(context, card_id=card_id, since=since, limit=limit)
    if as_json:
        output.emit_json(page)
        return
    table.print_table(COLUMNS, map(entry_row, page["items"]), "no action")
    ask.tell_more(page)


def entry_row(one: dict[str, Any]) -> table.Row:
    """One act, with what it was about and why."""
    reason = [f"reason: {one['reason']}"] if one["reason"] else []
    return table.Row(cells=[table.moment(one["at"]), one["actor"], one["action"]], below=[about(one), *reason])

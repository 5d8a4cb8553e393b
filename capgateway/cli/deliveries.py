"""``capgateway deliveries``: what went out to receivers, or waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from capgateway.cli.ask import ask, limit_option, server_option, tell
from capgateway.cli.output import format_option
from capgateway.store import lists

if TYPE_CHECKING:
    from capgateway.cli.output import Context

COLUMNS = ("created_at", "receiver", "type", "card_id", "revision", "state", "attempts", "next_at", "reason", "id")
STATES = ("pending", "delivered", "superseded", "dead")


@click.group()
def deliveries() -> None:
    """Ask for deliveries."""


@deliveries.command("list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--receiver", metavar="NAME")
@click.option("--card", "card_id", metavar="CARD_ID")
@limit_option
@server_option
@format_option
@click.pass_obj
def list_deliveries(
    context: Context,
    state: str | None,
    receiver: str | None,
    card_id: str | None,
    limit: int,
    server: str | None,
    as_json: bool,
) -> None:
    """List deliveries with their attempts, the newest first."""
    query = {"state": state, "receiver": receiver, "card_id": card_id, "limit": limit}
    page = ask(
        context,
        server,
        "deliveries",
        query,
        lambda store: store.read(lists.delivery_page, state=state, receiver=receiver, card_id=card_id, limit=limit),
    )
    tell(page, COLUMNS, as_json=as_json)

"""``capgateway cards``: which cards there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from capgateway.cli.ask import ask, limit_option, server_option, tell
from capgateway.cli.output import format_option
from capgateway.store import lists

if TYPE_CHECKING:
    from capgateway.cli.output import Context

COLUMNS = ("card_id", "state", "status", "revision", "feed", "published_at", "expires_at", "end_reason")


@click.group()
def cards() -> None:
    """Ask for cards."""


@cards.command("list")
@click.option("--state", type=click.Choice(["active", "ended"]))
@limit_option
@server_option
@format_option
@click.pass_obj
def list_cards(context: Context, state: str | None, limit: int, server: str | None, as_json: bool) -> None:
    """List cards, the newest first."""
    query = {"state": state, "limit": limit}
    page = ask(context, server, "cards", query, lambda store: store.read(lists.card_page, state=state, limit=limit))
    tell(page, COLUMNS, as_json=as_json)

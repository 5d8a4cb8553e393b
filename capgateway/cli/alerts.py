"""``capgateway alerts``: what came in, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import click

from capgateway.cards.decision import Word
from capgateway.cli.ask import ask, limit_option, server_option, tell
from capgateway.cli.output import Moment, format_option
from capgateway.store import lists

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cli.output import Context

COLUMNS = ("received_at", "feed", "identifier", "status", "msg_type", "event", "verdict", "decision", "reason", "id")


@click.group()
def alerts() -> None:
    """Ask for alerts."""


@alerts.command("list")
@click.option("--decision", type=click.Choice(get_args(Word)))
@click.option("--feed", metavar="NAME")
@click.option("--since", type=Moment(), help="Received at or after this time.")
@limit_option
@server_option
@format_option
@click.pass_obj
def list_alerts(
    context: Context,
    decision: str | None,
    feed: str | None,
    since: datetime | None,
    limit: int,
    server: str | None,
    as_json: bool,
) -> None:
    """List alerts, the newest first, each with its decision and the reason."""
    query = {"decision": decision, "feed": feed, "since": since.isoformat() if since else None, "limit": limit}
    page = ask(
        context,
        server,
        "alerts",
        query,
        lambda store: store.read(lists.alert_page, decision=decision, feed=feed, since=since, limit=limit),
    )
    tell(page, COLUMNS, as_json=as_json)

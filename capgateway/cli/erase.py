"""``capgateway erase``: take a card down and wipe all that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from capgateway.cli import ask, output, table
from capgateway.cli.group import asks_gateway
from capgateway.cli.reach import act

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = {
    "rewritten": "the database file was rewritten, so nothing of it is left there",
    "vacuumed": "the tables were vacuumed; PostgreSQL overwrites what it frees only in time",
    "too_large": "the database file is too large to be rewritten while the gateway runs: traces may be left in it until you stop"
    " the gateway and run VACUUM on the file",
    "pending": "somebody reads the database: traces may be left in its files until the gateway can rewrite them",
}


@asks_gateway
@click.command()
@click.argument("what", metavar="CARD|IDENTIFIER")
@ask.reason_option()
@output.format_option
@click.pass_obj
def erase(context: output.Context, what: str, reason: str, as_json: bool) -> None:
    """Take a card down, wipe all that it is about, and keep it from coming back.

    CARD is the id of a card; its whole incident is erased. IDENTIFIER is that of an alert: as its issuer wrote it, or its id here.
    Cards on hold are erased, too. This cannot be undone, and does not reach backups.

    Exit code 1 when there is no such card or alert, when several senders use the identifier, or when a receiver has not
    acknowledged the take-down yet.
    """
    said = {"card" if what.startswith("crd_") else "identifier": what, "reason": reason}
    told = act(context, "erase", dict(said))
    output.emit(told, _lines(told), as_json=as_json)
    if _missing(told):
        raise SystemExit(1)


def _missing(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The receivers that have not acknowledged a take-down."""
    return [one for one in told["take_downs"] if one["state"] != "delivered"]


def _lines(told: dict[str, Any]) -> Iterator[str]:
    cards = ", ".join(told["cards"]) or "no card"
    yield f"erased: {cards}; alerts: {told['alerts']}"
    yield f"taken down now: {', '.join(told['ended']) or 'nothing, as no card was live'}"
    for one in told["take_downs"]:
        yield output.harmless(f"  {one['receiver']}  {one['card_id']}  {_acknowledged(one)}")
    if missing := _missing(told):
        count = "1 take-down is" if len(missing) == 1 else f"{len(missing)} take-downs are"
        yield f"{count} not acknowledged; what is pending is tried again: `capgateway deliveries list --state pending`"
    yield f"files: {FILES.get(told['files'], told['files'])}"


def _acknowledged(one: dict[str, Any]) -> str:
    if one["state"] != "delivered":
        return f"NOT ACKNOWLEDGED ({one['state']})"
    word = "acknowledged and confirmed" if one["confirmed"] else "acknowledged"
    return f"{word} at {table.moment(one['ended_at'])}"

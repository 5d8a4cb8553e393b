"""``capgateway quarantine``: which alerts wait for a person, and what a person makes of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote

import click

from capgateway.cards.decision import QuarantineReason
from capgateway.cli import ask, output, table
from capgateway.cli.alerts import alert_lines
from capgateway.cli.group import Group, asks_gateway
from capgateway.cli.reach import act

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = (
    table.Column("received"),
    table.Column("feed"),
    table.Column("reason"),
    table.Column("message"),
    table.Column("event", is_text=True),
)
MOST_REFERENCES = 600
"""Characters of them that are shown: a few messages; --format json has them all."""

_COMMAND = re.compile(r"`(capgateway [^`]+)`")


@click.group(cls=Group)
def quarantine() -> None:
    """Show quarantined alerts; release or dismiss one."""


@asks_gateway
@quarantine.command("list")
@click.option("--feed", metavar="NAME", help="Only alerts that came through this feed.")
@click.option(
    "--reason", type=output.Choice(get_args(QuarantineReason)), help="Only alerts quarantined for this reason."
)
@ask.limit_option
@output.format_option
@click.pass_obj
def list_quarantine(context: output.Context, feed: str | None, reason: str | None, limit: int, as_json: bool) -> None:
    """List quarantined alerts that nobody has dealt with, the newest first, with the live cards they may be meant for."""
    page = ask.quarantine(context, feed=feed, reason=reason, limit=limit)
    if as_json:
        output.emit_json(page)
        return
    table.print_table(COLUMNS, map(_row, page["items"]), "no alert is in quarantine")
    ask.tell_more(page)


@asks_gateway
@quarantine.command()
@click.argument("alert_id", metavar="ID")
@output.format_option
@click.pass_obj
def show(context: output.Context, alert_id: str, as_json: bool) -> None:
    """Show one quarantined alert, and what to do. Exit code 1 when no such alert is in quarantine."""
    found = ask.quarantined(context, alert_id)
    if found is None:
        output.fail(
            f"no alert {alert_id} is in quarantine; `capgateway quarantine list` lists those that are, and `capgateway"
            f" alerts show {alert_id}` shows what became of it",
            code=1,
        )
    output.emit(found, _lines(found), as_json=as_json)


@asks_gateway
@quarantine.command()
@click.argument("alert_id", metavar="ID")
@click.option("--card", "card_id", metavar="CARD", help="The card that it ends. Default: the only one that it marks.")
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def release(context: output.Context, alert_id: str, card_id: str | None, reason: str | None, as_json: bool) -> None:
    """Let a take-down end a card after all, or let an alert be displayed that waits for review.

    Alerts that were quarantined for their feed's jurisdiction, or because the feed may not change the card of another, can be
    released too. Exit code 1 when that cannot be done: the alert is not in quarantine, the card has ended, or nothing would be
    displayed.
    """
    told = act(context, f"quarantine/{quote(alert_id, safe='')}/release", {"card": card_id, "reason": reason})
    if as_json:
        output.emit_json(told)
    else:
        done = "is taken down" if told["decision"] == "ended" else "is displayed"
        click.echo(f"{alert_id}: released; {told['cards'][0]} {done}")


@asks_gateway
@quarantine.command()
@click.argument("alert_id", metavar="ID")
@ask.reason_option()
@output.format_option
@click.pass_obj
def dismiss(context: output.Context, alert_id: str, reason: str, as_json: bool) -> None:
    """Settle a quarantined alert without an effect. Cards that it marks stay on display and lose the mark.

    Exit code 1 when the alert is not in quarantine.
    """
    told = act(context, f"quarantine/{quote(alert_id, safe='')}/dismiss", {"reason": reason})
    if as_json:
        output.emit_json(told)
    else:
        click.echo(f"{alert_id}: dismissed")


def _row(one: dict[str, Any]) -> table.Row:
    message = one["msg_type"] or "-"
    cells = [table.minute(one["received_at"]), one["feed"], one["reason"] or "-", message, one["event"] or "-"]
    return table.Row(cells=cells, below=[[one["id"], one["identifier"] or ""], *_marks(one)])


def _marks(one: dict[str, Any]) -> Iterator[str]:
    if one["cards"]:
        cards = "the live card" if len(one["cards"]) == 1 else f"one of {len(one['cards'])} live cards:"
        yield f"! may be meant for {cards} {', '.join(one['cards'])}"


def _lines(one: dict[str, Any]) -> Iterator[str]:
    yield from alert_lines(one)
    yield ""
    if one.get("references"):
        yield from table.wrapped("refers to: ", output.harmless(output.cut(one["references"], MOST_REFERENCES)))
    yield f"live cards it may be meant for: {'none' if not one['cards'] else len(one['cards'])}"
    yield from (f"  {output.harmless(card_id)}" for card_id in one["cards"])
    if one.get("advice"):
        yield ""
        yield from table.wrapped("what to do: ", output.harmless(one["advice"]))
        yield from (f"    {output.harmless(command)}" for command in _COMMAND.findall(one["advice"]))  # to be copied

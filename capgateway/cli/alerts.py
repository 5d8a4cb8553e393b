"""``capgateway alerts``: what came in, what became of it, and that one is displayed all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote

import click

from capgateway.cards.decision import Word
from capgateway.cli import ask, output, table
from capgateway.cli.group import Group, asks_gateway
from capgateway.cli.reach import act
from capgateway.explained import decided, no_findings, of_alert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

COLUMNS = (
    table.Column("received"),
    table.Column("feed"),
    table.Column("decision"),
    table.Column("event", is_text=True),
)


@click.group(cls=Group)
def alerts() -> None:
    """Show alerts and what became of them; publish one."""


@asks_gateway
@alerts.command("list")
@click.option("--decision", type=output.Choice(get_args(Word)), help="Only alerts with this decision.")
@click.option("--feed", metavar="NAME", help="Only alerts that came through this feed.")
@click.option(
    "--since", type=output.Since(), metavar="TIME", help="Received since then: a time, or how long ago, such as 1h."
)
@ask.limit_option
@output.format_option
@click.pass_obj
def list_alerts(
    context: output.Context,
    decision: str | None,
    feed: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List alerts, the newest first, each with its decision and the reason for it."""
    page = ask.alerts(context, decision=decision, feed=feed, since=since, limit=limit)
    if as_json:
        output.emit_json(page)
        return
    table.print_table(COLUMNS, map(_row, page["items"]), "no alert")
    ask.tell_more(page)


@asks_gateway
@alerts.command()
@click.argument("name", metavar="ID")
@output.format_option
@click.pass_obj
def show(context: output.Context, name: str, as_json: bool) -> None:
    """Show one alert with its findings. ID is its id here, or its CAP identifier. Exit code 1 when there is no such alert."""
    found = ask.alert(context, name)
    if found is None:
        output.fail(f"there is no alert {name}; `capgateway alerts list` shows what came in", code=1)
    output.emit(found, alert_lines(found), as_json=as_json)


@asks_gateway
@alerts.command()
@click.argument("alert_id", metavar="ID")
@click.option(
    "--programme", metavar="P", help="As an alert of which programme. Default: its own, or the only one enabled."
)
@ask.reason_option()
@output.format_option
@click.pass_obj
def publish(context: output.Context, alert_id: str, programme: str | None, reason: str, as_json: bool) -> None:
    """Display a declined alert as a card. Its later updates follow it, and its Cancel ends it.

    Never displayed are exercises and tests, what is not for the public, what is over or cannot be read, and what has no known
    area in the regions of the policy. Exit code 1 when it cannot be done.
    """
    said = {"programme": programme, "reason": reason}
    told = act(context, f"alerts/{quote(alert_id, safe='')}/publish", said)
    if as_json:
        output.emit_json(told)
    else:
        click.echo(f"{alert_id}: published as the card {told['card_id']}, programme {told['programme']}")


def _row(alert: dict[str, Any]) -> table.Row:
    cells = [table.minute(alert["received_at"]), alert["feed"], decided(alert), alert["event"] or "-"]
    return table.Row(cells=cells, below=[[alert["id"], alert["identifier"] or ""]])


def alert_lines(alert: dict[str, Any]) -> Iterator[str]:
    """An alert with what became of it, and its findings."""
    yield from table.fields(of_alert(alert))
    yield ""
    if not alert["findings"]:
        yield no_findings(alert)
    for finding in alert["findings"]:
        yield from finding_lines(finding)


def finding_lines(finding: dict[str, Any], indent: str = "") -> Iterator[str]:
    """A finding with its rule, and where it was found."""
    yield from table.wrapped(
        f"{indent}{finding['level']}: ", output.harmless(f"{finding['message']} [{finding['rule']}]")
    )
    place = [finding.get("xpath"), f"line {finding['line']}" if finding.get("line") else None, finding.get("reference")]
    if any(place):
        yield from table.wrapped(f"{indent}    ", output.harmless(", ".join(filter(None, place))))

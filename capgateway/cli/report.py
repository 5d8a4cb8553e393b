"""``capgateway report``: the proof of conduct for an agreement, a regulator or a yearly report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from capgateway.cli import ask, output, table
from capgateway.cli.group import asks_gateway
from capgateway.explained import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

Item = dict[str, Any]


@asks_gateway
@click.command()
@click.option(
    "--from", "since", type=output.Day(), metavar="TIME", help="From then on.  [default: 30 days before --to]"
)
@click.option("--to", "until", type=output.Day(), metavar="TIME", help="Until before then.  [default: now]")
@click.option(
    "--format",
    "form",
    type=output.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="How the report is printed; csv has a row for each receiver of each card.",
)
@click.option("--json", "form", flag_value="json", is_flag=True, help="Same as --format json.")
@click.pass_obj
def report(context: output.Context, since: datetime | None, until: datetime | None, form: str) -> None:
    """Report what was displayed in a period, how fast it went up, and how fast it came down.

    The report has no personal data, so it stays the same after cards are erased. TIME is a time with its zone, a day (its beginning
    in UTC), or how long ago, such as 30d. A card belongs to the period in which it was first displayed.
    """
    if since is not None and until is not None and since > until:
        raise click.BadParameter("the period ends before it begins: --from is later than --to")
    told = ask.report(context, since, until)
    if form == "csv":
        from capgateway.operate.spreadsheet import spreadsheet  # noqa: PLC0415

        sys.stdout.flush()
        click.echo(spreadsheet(told).encode(), nl=False)
        return
    output.emit(told, _lines(told), as_json=form == "json")


def _lines(told: Item) -> Iterator[str]:
    totals = told["totals"]
    yield f"from {table.moment(told['since'])} until before {table.moment(told['until'])}"
    yield ""
    ended = ", ".join(f"{reason} {count}" for reason, count in totals["ended"].items())
    yield from table.fields(
        [
            ("cards displayed", totals["cards"]),
            ("still displayed", totals["live"]),
            ("ended", ended or 0),
            ("copies, not displayed", totals["copies"]),
            ("exercises", totals["exercises"]),
            ("held", totals["held"]),
            ("corrected", totals["corrected"]),
            ("with gaps", totals["with_gaps"]),
            ("take-downs", _take_downs(totals)),
        ]
    )
    yield ""
    yield from _durations(totals["durations"])
    yield ""
    yield "declined alerts" if told["declined"] else "no alert was declined"
    yield from (f"  {one['decision']} {one['reason'] or ''}".rstrip() + f": {one['count']}" for one in told["declined"])
    for card in told["cards"]:
        yield ""
        yield from (output.harmless(line) for line in _card(card))


def _take_downs(totals: Item) -> str:
    of = f"of {totals['take_downs']}"
    return f"{totals['take_downs_acknowledged']} {of} acknowledged, {totals['take_downs_confirmed']} {of} confirmed"


def _durations(durations: Item) -> Iterator[str]:
    widest = max(map(len, STEPS.values()))
    yield f"{'DURATION':<{widest}}  {'P50':>12}  {'P95':>12}  {'OF':>6}"
    for name, meaning in STEPS.items():
        one = durations[name]
        half, most = (table.duration(one[rank]) or "-" for rank in ("p50", "p95"))
        yield f"{meaning:<{widest}}  {half:>12}  {most:>12}  {one['count']:>6}"


def _card(card: Item) -> Iterator[str]:
    yield f"{card['card_id']}  {card['programme']}  {card['status']}  {card['state']}"
    issued = [("issuer", card["issuer"]), ("area", card["area"])]
    moments = [(name.removesuffix("_at"), card[name]) for name in ("sent_at", "received_at", "published_at")]
    yield from table.fields([*issued, *((name, value and table.moment(value)) for name, value in moments)], "  ")
    if end := card["end"]:
        came = (
            f", sent {table.moment(end['sent_at'])}, received {table.moment(end['received_at'])}"
            if end["sent_at"]
            else ""
        )
        yield f"  ended {table.moment(end['ended_at'])} {end['reason']}{came}"
    for one in card["receivers"]:
        yield f"  {one['receiver']}: {_receiver(one)}"
    for hold in card["holds"]:
        yield f"  held from {table.moment(hold['held_at'])} to {table.moment(hold['lifted_at'])}"
    for one in card["corrections"]:
        yield f"  corrected {table.moment(one['corrected_at'])}: {one['removed']} removed"
    for gap in card["gaps"]:
        yield f"  gap of {gap['feed']} from {table.moment(gap['since'])} to {table.moment(gap['ended_at'])}"
    if card["erased_at"]:
        yield f"  erased {table.moment(card['erased_at'])}"


def _receiver(one: Item) -> str:
    shown, last = table.moment(one["first_acknowledged_at"]), table.moment(one["last_acknowledged_at"])
    told = f"displayed {shown}" + (f", last {last}" if last != shown else "")
    if one["is_taken_down"]:
        told += f"; taken down {table.moment(one['take_down_acknowledged_at'])}"
        told += f", confirmed {table.moment(one['take_down_confirmed_at'])}"
    return told

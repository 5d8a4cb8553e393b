"""``capgateway receivers``: how each receiver is doing, a test, and sending it again what it lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from capgateway.cli import ask, output, table
from capgateway.cli.conformance import conformance
from capgateway.cli.group import Group, asks_gateway
from capgateway.cli.reach import act
from capgateway.explained import CAUSES

COLUMNS = (table.Column("receiver"), table.Column("state"), table.Column("pending"), table.Column("last success"))
MODES = ("state", "failed", "log")


@click.group(cls=Group)
def receivers() -> None:
    """Show receivers; check one; send one a test, or again what it lost."""


@asks_gateway
@receivers.command("list")
@output.format_option
@click.pass_obj
def list_receivers(context: output.Context, as_json: bool) -> None:
    """List every configured receiver with its state."""
    every = ask.receivers(context)
    if as_json:
        output.emit_json({"items": every, "next": None})
        return
    table.print_table(COLUMNS, map(_row, every), "no receiver is configured")


@asks_gateway
@receivers.command()
@click.argument("name")
@click.option(
    "--mode",
    type=output.Choice(MODES),
    default="state",
    show_default=True,
    help="state: what it has to display, and the take-downs of a week; failed: what was given up; log: the newest of each card"
    " and message since a time.",
)
@click.option(
    "--since",
    type=output.Since(),
    metavar="TIME",
    help="How far back: a time, or how long ago, such as 1h. Default: 7d for state, 24h for log.",
)
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def recover(context: output.Context, name: str, mode: str, since: Any, reason: str | None, as_json: bool) -> None:
    """Send a receiver again what it lost, take-downs first, and let it have displays if it was suspended.

    Nothing is sent that is superseded, and no display of a card that has ended.
    """
    ask.check_name("receiver", name, [one["name"] for one in ask.receivers(context)])
    said = {"mode": mode, "since": since and since.isoformat(), "reason": reason}
    told = act(context, f"receivers/{quote(name, safe='')}/recover", said)
    if as_json:
        output.emit_json(told)
        return
    click.echo(
        f"{name}: {told['displays']} displays, {told['take_downs']} take-downs and {told['others']} others are sent again"
    )


receivers.add_command(conformance)


@asks_gateway
@receivers.command()
@click.argument("name")
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def ping(context: output.Context, name: str, reason: str | None, as_json: bool) -> None:
    """Send a receiver `receiver.test` in the way that messages go, and say what came of it; exit 1 if it fails.

    The test shows no card, and also goes to a receiver that is suspended, disabled or failing.
    """
    ask.check_name("receiver", name, [one["name"] for one in ask.receivers(context)])
    told = act(context, f"receivers/{quote(name, safe='')}/ping", {"reason": reason})
    if as_json:
        output.emit_json(told)
    else:
        click.echo("\n".join(_pinged(told)))
    if not told["passed"]:
        raise SystemExit(1)


TIMES = (("name looked up", "looked_up"), ("connected", "connected"), ("answered", "answered"), ("total", "total"))


def _pinged(told: dict[str, Any]) -> list[str]:
    """What came of a test, a line each."""
    outcome = f"answered {told['status']}" if told["status"] else told["outcome"]
    lines = [f"{told['receiver']}: {'well' if told['passed'] else 'failed'}: {outcome}", f"  {told['url']}"]
    reached = [told["remote"], told["tls"]]
    lines += [f"  reached {' by '.join(one for one in reached if one)}"] if told["remote"] else []
    times = [f"{name} {told[key] * 1000:.0f} ms" for name, key in TIMES if told[key] is not None]
    lines.append(f"  {', '.join(times)}")
    lines += [f"  {told['error']}"] if told["error"] and told["error"] != outcome else []
    return lines + [f"  hint: {hint}" for hint in told["hints"]]


def _row(one: dict[str, Any]) -> table.Row:
    success = table.moment(one["last_success_at"]) if one["last_success_at"] else "-"
    below = [one["url"], *(_trouble(each) for each in one["troubles"])]
    return table.Row(cells=[one["name"], one["state"], str(one["pending"]), success], below=below)


def _trouble(one: dict[str, Any]) -> str:
    """Why it is degraded, in a line."""
    answer = f" ({one['last_answer']})" if one["last_answer"] else ""
    return f"degraded since {table.moment(one['since'])}: {CAUSES.get(one['cause'], one['cause'])}{answer}"

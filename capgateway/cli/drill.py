"""``capgateway drill``: an exercise card goes the whole way, and comes down again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from capgateway.cli import ask, output
from capgateway.cli.group import asks_gateway
from capgateway.cli.reach import act

if TYPE_CHECKING:
    from collections.abc import Iterator


@asks_gateway
@click.command()
@click.option("--feed", metavar="NAME", help="Send it through this feed, as if it was submitted by hand.")
@click.option(
    "--receiver",
    "receivers",
    metavar="NAME",
    multiple=True,
    help="Send it to this receiver, whatever its messages are; may be repeated. Default: those that take exercise.card.*.",
)
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def drill(
    context: output.Context, feed: str | None, receivers: tuple[str, ...], reason: str | None, as_json: bool
) -> None:
    """Send an exercise card the whole way to the receivers, and take it down again.

    A CAP message of status Exercise is taken in, decided and delivered like any other, also with `exercises = false`. It never
    leaves as card.*. The report shows how long each receiver took to acknowledge the display and the take-down.

    Exit code 1 when a receiver did not acknowledge one of them within 35 seconds, or when the drill cannot be displayed.
    """
    _check_names(context, feed, receivers)
    output.say("capgateway: a drill takes a minute at most")
    told = act(context, "drill", {"feed": feed, "receivers": list(receivers), "reason": reason})
    output.emit(told, _lines(told), as_json=as_json)
    if not told["passed"]:
        raise SystemExit(1)


def _check_names(context: output.Context, feed: str | None, receivers: tuple[str, ...]) -> None:
    """A name that does not exist is a mistake of the command line; the gateway knows them."""
    if feed is not None:
        ask.check_name("feed", feed, [one["name"] for one in ask.feeds(context)])
    known = [one["name"] for one in ask.receivers(context)] if receivers else []
    for name in receivers:
        ask.check_name("receiver", name, known)


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"drill through {told['feed']}: card {told['card_id']}, alert {told['alert_id']}"
    ended = {one["receiver"]: one for one in told["take_downs"]}
    widest = max((len(one["receiver"]) for one in told["displays"]), default=0)
    for one in told["displays"]:
        down = ended.get(one["receiver"])
        shown = f"displayed {_after(one)}, taken down {_after(down)}"
        yield output.harmless(f"  {one['receiver']:<{widest}}  {shown}")
    yield "every receiver acknowledged both" if told["passed"] else "NOT every receiver acknowledged both"


def _after(one: dict[str, Any] | None) -> str:
    """How long an acknowledgement took, or what there is instead."""
    if one is None:
        return "NOT SENT"
    if one["state"] != "delivered":
        answer = one["last_error"] or "no attempt yet"
        return f"NOT ACKNOWLEDGED ({one['state']}; {answer})"
    tries = f" at attempt {one['attempts']}" if one["attempts"] > 1 else ""
    return f"after {one['seconds']:.2f} s{tries}{', confirmed' if one['confirmed'] else ''}"

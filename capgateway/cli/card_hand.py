"""What a person does to a card by command: withdraw, restore, correct, hold, verify, export."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from capgateway.cli import ask, output, table
from capgateway.cli.group import asks_gateway
from capgateway.cli.reach import act
from capgateway.errors import CapgatewayError

if TYPE_CHECKING:
    from capgateway.cli.output import Context


@asks_gateway
@click.command()
@click.argument("card_id", metavar="ID")
@ask.reason_option()
@output.format_option
@click.pass_obj
def verify(context: Context, card_id: str, reason: str, as_json: bool) -> None:
    """Confirm that a card is still true, so that it is no longer unverified.

    Exit code 1 when there is no such card, or it has ended.
    """
    told = _act(context, card_id, "verify", reason=reason)
    _answer(told, as_json, lambda: f"{card_id}: verified at {table.moment(told['verified_at'])}")


@asks_gateway
@click.command()
@click.argument("card_id", metavar="ID")
@ask.reason_option()
@output.format_option
@click.pass_obj
def withdraw(context: Context, card_id: str, reason: str, as_json: bool) -> None:
    """Take a card down. Later updates of its case are quarantined until the card is restored.

    Exit code 1 when there is no such card, or it has ended.
    """
    told = _act(context, card_id, "withdraw", reason=reason)
    _answer(told, as_json, lambda: f"{card_id}: withdrawn; its take-down is being sent")


@asks_gateway
@click.command()
@click.argument("card_id", metavar="ID")
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def restore(context: Context, card_id: str, reason: str | None, as_json: bool) -> None:
    """Display a withdrawn card again, as a new card with the latest that its issuer said.

    Exit code 1 when that cannot be done: nobody withdrew it, its issuer ended it meanwhile, or its time is over.
    """
    told = _act(context, card_id, "restore", reason=reason)
    copy = ", a copy: another card of its incident is displayed" if told["state"] == "linked" else ""
    _answer(told, as_json, lambda: f"{card_id}: restored as the new card {told['card_id']}{copy}")


@asks_gateway
@click.command()
@click.argument("card_id", metavar="ID")
@click.option(
    "--remove",
    "pointers",
    metavar="POINTER",
    multiple=True,
    required=True,
    help="JSON Pointer of the fact to remove, such as /vehicles/0/plate. May be given several times.",
)
@ask.reason_option()
@output.format_option
@click.pass_obj
def correct(context: Context, card_id: str, pointers: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Remove wrong facts from a card, in a new revision. They stay away until the issuer gives another value.

    Facts of persons, vehicles, the last-seen place, safety, pictures, and actions of the alert can be removed. Nothing can be
    added or changed, and the issuer's own text stays as it is. Exit code 1 when the card has no such fact or has ended.
    """
    told = _act(context, card_id, "correct", remove=list(pointers), reason=reason)
    removed = ", ".join(dict.fromkeys(told.get("removed", ())))
    _answer(told, as_json, lambda: f"{told['card_id']}: revision {told['revision']} is without {removed}")
    if told.get("paused_since"):
        output.say(
            f"capgateway: displays are paused since {table.moment(told['paused_since'])}: receivers still show what was removed, until"
            " `capgateway resume`; to take it down now, withdraw the card"
        )


@asks_gateway
@click.command()
@click.argument("card_id", metavar="ID")
@click.option("--lift", is_flag=True, help="Let the retention count again.")
@ask.reason_option(required=False)
@output.format_option
@click.pass_obj
def hold(context: Context, card_id: str, lift: bool, reason: str | None, as_json: bool) -> None:
    """Keep the data of a card beyond the retention, as evidence. `erase` overrides it.

    Exit code 1 when there is no such card, or it is held already.
    """
    told = _act(context, card_id, "hold", reason=reason, lift=lift or None)
    _answer(told, as_json, lambda: f"{card_id}: {'no longer held' if lift else 'held: the retention does not count'}")


@asks_gateway
@click.command()
@click.argument("card_id", metavar="ID")
@click.option("--output", "target", metavar="FILE", help="Where to write the bundle; - is stdout.  [default: ID.zip]")
@output.format_option
@click.pass_obj
def export(context: Context, card_id: str, target: str | None, as_json: bool) -> None:
    """Write the evidence bundle of a card, a zip with the sha256 of each file in its manifest.

    It contains the card's revisions, the alerts of its case as received, and its messages, attempts and acts: personal data. A file
    that exists is not overwritten. Exit code 1 when there is no such card.
    """
    path = None if target == "-" else Path(target or f"{card_id}.zip")
    if as_json and path is None:
        raise click.UsageError("the bundle itself goes to stdout; leave out --json, or name a file with --output")
    if path is not None and path.exists():
        output.fail(f"{path} exists already; give another name with --output")
    try:
        content = ask.evidence(context, card_id)
    except LookupError as error:
        output.fail(str(error.args[0]), code=1)
    if path is None:
        click.echo(content, nl=False)
    else:
        _write(path, content)
    digest = hashlib.sha256(content).hexdigest()
    if as_json:
        output.emit_json({"card_id": card_id, "file": str(path), "bytes": len(content), "sha256": digest})
        return
    output.say(f"capgateway: {path or 'the bundle'} has {len(content):,} bytes; sha256 {digest}")


def _write(path: Path, content: bytes) -> None:
    """A file that only its owner reads."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise CapgatewayError(f"cannot write {path}: {error.strerror}") from error


def _act(context: Context, card_id: str, action: str, **said: Any) -> dict[str, Any]:
    return act(context, f"cards/{quote(card_id, safe='')}/{action}", said)


def _answer(told: dict[str, Any], as_json: bool, sentence: Any) -> None:
    if as_json:
        output.emit_json(told)
    else:
        click.echo(output.harmless(sentence()))


COMMANDS = (verify, withdraw, restore, correct, hold, export)

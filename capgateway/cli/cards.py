"""``capgateway cards``: which cards there are, what is on one, and what a person does to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from capgateway.cards.card import Evidence
from capgateway.cards.decision import CardWord
from capgateway.cli import ask, card_hand, card_text, output, table
from capgateway.cli.group import Group, asks_gateway
from capgateway.explained import decided, last_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = (
    table.Column("published"),
    table.Column("state"),
    table.Column("event", is_text=True),
    table.Column("area", is_text=True),
)


@click.group(cls=Group)
def cards() -> None:
    """Show cards; verify, withdraw, restore, correct, hold or export one."""


@asks_gateway
@cards.command("list")
@click.option("--state", type=output.Choice(get_args(CardWord)), help="Only cards in this state.")
@ask.limit_option
@output.format_option
@click.pass_obj
def list_cards(context: output.Context, state: str | None, limit: int, as_json: bool) -> None:
    """List cards, the newest first, and say which live ones need a person."""
    page = ask.cards(context, state=state, limit=limit)
    if as_json:
        output.emit_json(page)
        return
    table.print_table(COLUMNS, map(_row, page["items"]), f"no {state} card" if state else "no card")
    ask.tell_more(page)


@asks_gateway
@cards.command()
@click.argument("card_id", metavar="ID")
@output.format_option
@click.pass_obj
def show(context: output.Context, card_id: str, as_json: bool) -> None:
    """Show one card, the alerts it is made from, and its deliveries. Exit code 1 when there is no such card."""
    found = ask.card(context, card_id)
    if found is None:
        output.fail(f"there is no card {card_id}; `capgateway cards list` lists the cards", code=1)
    output.emit(found, _lines(found), as_json=as_json)


for _command in card_hand.COMMANDS:
    cards.add_command(_command)


def _row(stored: dict[str, Any]) -> table.Row:
    """The text is missing once it is erased."""
    card = stored["card"]
    words = [card_text.first(card, "event"), card_text.area(card)] if card else ["(erased)", "(erased)"]
    state = "exercise" if stored["status"] == "exercise" and stored["state"] == "active" else stored["state"]
    cells = [table.minute(stored["published_at"]), state, *(word or "-" for word in words)]
    issuer = f"issuer: {card['issuer']['name']}" if card else ""
    return table.Row(cells=cells, below=[[stored["card_id"], _life(stored), issuer], *_remarks(stored)])


def _remarks(stored: dict[str, Any]) -> Iterator[str]:
    """Why a live card needs a person. A gateway of an earlier version does not say."""
    if since := _unverified(stored):
        yield f"! unverified since {table.moment(since)}: a take-down may have been missed: `capgateway cards show {stored['card_id']}`"
    for mark in stored.get("attention", ()):
        yield f"! a take-down is held since {table.moment(mark['since'])}: `capgateway quarantine show {mark['alert_id']}`"


def _unverified(stored: dict[str, Any]) -> Any:
    """Since when a live card is unverified; ``None`` for every other one."""
    return stored.get("unverified_since") if stored["state"] == "active" else None


def _life(stored: dict[str, Any]) -> str:
    end = f"ended {stored['end_reason']}" if stored["end_reason"] else f"until {table.moment(stored['expires_at'])}"
    return f"revision {stored['revision']}, {end}"


def _evidence(stored: dict[str, Any]) -> dict[str, Evidence]:
    return msgspec.convert(stored.get("evidence") or {}, dict[str, Evidence])


def _lines(stored: dict[str, Any]) -> Iterator[str]:
    yield from table.fields(
        [
            ("id", stored["card_id"]),
            ("state", f"{stored['state']}, {stored['status']}, {_life(stored)}"),
            ("published", table.moment(stored["published_at"])),
            ("changed", table.moment(stored["updated_at"])),
            ("ended", table.moment(stored["ended_at"]) if stored["ended_at"] else None),
            ("verified", table.moment(stored.get("verified_at"))),
            ("held", f"since {table.moment(stored['held_at'])}" if stored.get("held_at") else None),
            ("unverified", f"since {table.moment(since)}" if (since := _unverified(stored)) else None),
        ]
    )
    yield from _attention(stored)
    yield ""
    if stored["card"]:
        yield from card_text.card_lines(stored["card"], evidence=_evidence(stored))
    else:
        yield "the text of this card is erased"
    for title, items, line in (("alerts", stored["alerts"], _alert), ("deliveries", stored["deliveries"], _delivery)):
        yield ""
        yield f"{title}: {'none' if not items else len(items)}"
        for one in items:
            yield from map(output.harmless, line(one))


def _attention(stored: dict[str, Any]) -> Iterator[str]:
    """What a person has to do about a live card, with the commands to run."""
    card_id = stored["card_id"]
    if _unverified(stored):
        yield ""
        yield from table.wrapped(
            "unverified: ",
            "a take-down may have been missed while the feed was out of reach. Ask the issuer whether the alert is still in"
            " force. If it is, run the first command; if the case is over, submit the issuer's Cancel with the second:",
        )
        yield f"    capgateway cards verify {card_id} --reason TEXT"
        yield f"    capgateway feeds submit {stored['feed']} FILE"
    for mark in stored.get("attention", ()):
        yield ""
        yield from table.wrapped(
            "attention: ",
            f"since {table.moment(mark['since'])} a take-down is held that may be meant for this card. Read it, and ask"
            " the issuer of the card. If the case is over, release it; if not, dismiss it:",
        )
        yield f"    capgateway quarantine show {mark['alert_id']}"
        yield f"    capgateway quarantine release {mark['alert_id']} --card {card_id} --reason TEXT"
        yield f"    capgateway quarantine dismiss {mark['alert_id']} --reason TEXT"


def _alert(alert: dict[str, Any]) -> tuple[str, str]:
    identity = "  ".join(filter(None, (alert["id"], alert["identifier"])))
    return f"  {table.moment(alert['received_at'])}  {alert['msg_type'] or '-'}  {decided(alert)}", f"    {identity}"


def _delivery(one: dict[str, Any]) -> tuple[str, str]:
    told = f"  {table.moment(one['created_at'])}  {one['receiver']}  {one['type']}  {one['state']}"
    return told, f"    {last_answer(one)}"

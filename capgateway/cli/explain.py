"""``capgateway explain``: the whole life of an alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from capgateway.cli import ask, output, table
from capgateway.cli.alerts import alert_lines, decided
from capgateway.cli.audit import entry_row
from capgateway.cli.deliveries import last_answer
from capgateway.cli.group import asks_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Item = dict[str, Any]


@asks_gateway
@click.command()
@click.argument("name", metavar="IDENTIFIER")
@output.format_option
@click.pass_obj
def explain(context: output.Context, name: str, as_json: bool) -> None:
    """Show the whole life of an alert: where it came from, what was found and decided, its card, messages and attempts.

    IDENTIFIER is its id here or its CAP identifier, which several alerts may have. For an unknown one the command shows which
    feeds had gaps, in which it may have been lost, and exits with code 1.
    """
    found = ask.lives(context, name)
    is_known = bool(found.get("items"))
    output.emit(found, _lines(found) if is_known else _unknown(found), as_json=as_json)
    raise SystemExit(0 if is_known else 1)


def _lines(found: Item) -> Iterator[str]:
    for number, life in enumerate(found["items"]):
        if number:
            yield from ("", "-" * 40, "")
        yield from _life(life)


def _life(life: Item) -> Iterator[str]:
    alert = life["alert"]
    yield from alert_lines(alert)
    yield from table.fields(
        [("means", life["meaning"]), ("signer", life["signer"]), ("published as", life["published_as"])]
    )
    yield from (output.harmless(note) for note in life["notes"])
    parts: list[tuple[str, list[Item], Callable[[Item], Iterator[str]]]] = [
        ("documents in feeds", life["entries"], _entry),
        ("later copies", life["sightings"], _sighting),
        ("other alerts of its case", life["chain"], _other),
        ("cards", life["cards"], _card),
        ("messages", life["messages"], _message),
        ("deliveries", life["deliveries"], _delivery),
        ("gaps of its feed", life["gaps"], _gap),
        ("what operators did", life["audit"], _act),
    ]
    for title, items, line in parts:
        yield ""
        yield f"{title}: {len(items) or 'none'}"
        for one in items:
            yield from (f"  {output.harmless(each)}" for each in line(one))


def _unknown(found: Item) -> Iterator[str]:
    yield output.harmless(str(found.get("detail")))
    for one in found.get("gaps") or []:
        yield from (f"  {output.harmless(each)}" for each in _gap(one))


def _entry(one: Item) -> Iterator[str]:
    yield f"{table.moment(one['changed_at'])}  {one['feed']}  {one['link'] or 'in the feed itself'}"


def _sighting(one: Item) -> Iterator[str]:
    yield f"{table.moment(one['seen_at'])}  {one['feed']}  sha256 {one['sha256'][:16]}…"


def _other(one: Item) -> Iterator[str]:
    yield f"{table.moment(one['received_at'])}  {one['feed']}  {one['msg_type'] or '-'}  {decided(one)}"
    yield f"  {one['id']}  {one['identifier'] or ''}".rstrip()


def _card(one: Item) -> Iterator[str]:
    end = f"ended {one['end_reason']} {table.moment(one['ended_at'])}" if one["ended_at"] else one["state"]
    yield f"{one['card_id']}  {one['programme']}  {end}"
    for each in one["revisions"]:
        yield f"  revision {each['revision']}  {table.moment(each['created_at'])}  shows {each['alert_id']}"


def _message(one: Item) -> Iterator[str]:
    yield f"{table.moment(one['created_at'])}  {one['type']}  revision {one['revision']}  sequence {one['sequence']}"
    yield f"  {one['id']}"


def _delivery(one: Item) -> Iterator[str]:
    why = f" ({one['reason']})" if one["reason"] else ""
    yield f"{table.moment(one['created_at'])}  {one['receiver']}  {one['type']}  {one['state']}{why}"
    for each in one["attempts"]:
        answer = f"HTTP {each['status']}" if each["status"] else each["outcome"]
        yield f"  attempt {each['number']}  {table.moment(each['started_at'])}  {answer}  {each['duration_ms']:.0f} ms"
    if not one["attempts"]:
        yield f"  {last_answer(one)}"


def _gap(one: Item) -> Iterator[str]:
    until = f"to {table.moment(one['ended_at'])}" if one["ended_at"] else "and is still away"
    yield f"{one['feed']}  from {table.moment(one['since'])} {until}"


def _act(one: Item) -> Iterator[str]:
    row = entry_row(one)
    yield "  ".join(row.cells)
    for below in row.below:
        yield "  " + (below if isinstance(below, str) else "  ".join(filter(None, below)))

"""``capgateway explain``: the whole life of an alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from capgateway import explained
from capgateway.cli import ask, output, table
from capgateway.cli.alerts import alert_lines
from capgateway.cli.group import asks_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.explained import Item


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
    lines = _lines(found) if is_known else map(output.harmless, explained.unknown(name, found.get("gaps") or []))
    output.emit(found, lines, as_json=as_json)
    raise SystemExit(0 if is_known else 1)


def _lines(found: Item) -> Iterator[str]:
    for number, life in enumerate(found["items"]):
        if number:
            yield from ("", "-" * 40, "")
        yield from _life(life)


def _life(life: Item) -> Iterator[str]:
    yield from alert_lines(life["alert"])
    yield from table.fields(explained.of_life(life))
    yield from map(output.harmless, explained.remarks(life))
    for section in explained.sections(life):
        yield ""
        yield f"{section.title}: {len(section.items) or 'none'}"
        for lines in section.items:
            yield from (f"  {output.harmless(each)}" for each in lines)

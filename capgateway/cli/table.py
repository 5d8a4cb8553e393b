"""Tables for people. They fit the terminal, or 80 columns where there is none: what is text is cut, an id never is, so that it
can be copied. What does not fit beside the columns goes below, indented."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click
import msgspec

from capgateway import explained
from capgateway.cli.output import cut, harmless, width

USUAL_WIDTH = 80
NARROWEST_CELL = 8
INDENT = "    "
GAP = "  "
moment, text, duration = explained.moment, explained.text, explained.duration
"""Times and values as pages have them too."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """``cells`` stand in columns; each of ``below`` is a line of parts that stay whole, or a sentence."""

    cells: Sequence[str]
    below: Sequence[Sequence[str] | str] = ()


class Column(msgspec.Struct, frozen=True):
    """``is_text``: may be cut, as a name or an id may not."""

    title: str
    is_text: bool = False


def print_table(columns: Sequence[Column], rows: Iterable[Row], nothing: str) -> None:
    """The rows under their titles; ``nothing`` says what there is none of."""
    shown = list(rows)
    for line in _lines(columns, shown, width() or USUAL_WIDTH) if shown else (nothing,):
        click.echo(line)


def fields(told: Sequence[tuple[str, Any]], indent: str = "") -> Iterator[str]:
    """``name  value``, a line each, values under each other and broken between words; what is empty is left out."""
    known = [(name, harmless(text(value))) for name, value in told if value not in (None, "", [], ())]
    widest = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        yield from wrapped(f"{indent}{name:<{widest}}{GAP}", value)


def wrapped(beginning: str, sentence: str, *, most: int | None = None) -> list[str]:
    """The sentence in lines that fit; a word longer than a line stays whole."""
    room = most or width() or USUAL_WIDTH
    return textwrap.wrap(
        sentence,
        room,
        initial_indent=beginning,  # so that a word longer than the line stays beside its name
        subsequent_indent=" " * len(beginning),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    ) or [beginning.rstrip()]


def minute(value: Any) -> str:
    """The same to the minute, for lists."""
    told = moment(value)
    return f"{told[:16]}Z" if told.endswith("Z") else told


def _lines(columns: Sequence[Column], rows: Sequence[Row], room: int) -> Iterator[str]:
    titles = [column.title.upper() for column in columns]
    table = [titles, *([harmless(cell) for cell in row.cells] for row in rows)]
    widths = _widths(columns, table, room)
    yield _line(titles, widths)
    for row, cells in zip(rows, table[1:], strict=True):
        yield _line(cells, widths)
        for below in row.below:
            yield from _below(below, room)


def _widths(columns: Sequence[Column], table: Sequence[Sequence[str]], room: int) -> list[int]:
    """As wide as the widest cell; where that is too much, the widest columns of text give way."""
    widths = [max(len(row[position]) for row in table) for position in range(len(columns))]
    while sum(widths) + len(GAP) * (len(widths) - 1) > room:
        giving = [number for number, column in enumerate(columns) if column.is_text and widths[number] > NARROWEST_CELL]
        if not giving:
            break
        widths[max(giving, key=lambda number: widths[number])] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(cut(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _below(below: Sequence[str] | str, room: int) -> Iterator[str]:
    if isinstance(below, str):
        yield from wrapped(INDENT, harmless(below), most=room)
        return
    line = ""
    for part in map(harmless, filter(None, below)):
        if line and len(INDENT + line + GAP + part) > room:
            yield INDENT + line
            line = ""
        line = f"{line}{GAP}{part}" if line else part
    if line:
        yield INDENT + line

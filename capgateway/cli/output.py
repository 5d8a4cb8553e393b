"""What every command needs to answer: JSON or text on stdout, everything else on stderr."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any, NoReturn, TypeVar

import click
import msgspec

from capgateway.clock import utc_now

F = TypeVar("F", bound=Callable[..., Any])

#: What could steer a terminal, or make text look like other text: controls (C0, DEL and C1), separators of lines, signs
#: that change the direction of writing. And what no encoding or no XML can hold: halves of surrogate pairs, U+FFFE, U+FFFF.
_STEERING = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
#: Times are compared with others some days away; beyond these years the calendar of Python ends.
_YEARS = range(1900, 9000)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
#: Narrower terminals are written to as if they had this width: less holds no sentence.
_NARROWEST = 40
#: What shells say of a program that a signal ended, 128 and its number: SIGINT and SIGPIPE.
INTERRUPTED, UNREAD = 130, 141


class Context(msgspec.Struct, kw_only=True):
    """What every command may be given, before or after its name. Filled while the command line is parsed."""

    config_path: str | None = None
    server: str | None = None


class Moment(click.ParamType[datetime]):
    """An RFC 3339 time with its offset, such as 2026-11-22T07:41:03Z."""

    name = "time"
    example = "2026-11-22T07:41:03Z"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a time; write it like {self.example}", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no offset from UTC; end it with Z, or with an offset such as -06:00", param, ctx)
        if moment.year not in _YEARS:
            self.fail(f"{value!r} is not in the years {_YEARS.start} to {_YEARS.stop - 1}", param, ctx)
        return moment.astimezone(UTC)


class Since(Moment):
    """A time as above, or how long ago: ``90s``, ``15m``, ``1h``, ``2d``, ``1w``."""

    name = "time"
    example = "2026-11-22T07:41:03Z, or how long ago: 15m, 1h, 2d"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, str) and (found := re.fullmatch(r"(\d{1,5})([smhdw])", value.strip().lower())):
            return utc_now() - timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
        return super().convert(value, param, ctx)


class Between(click.FloatRange):
    """A number within these bounds. ``nan`` lies within none, although no comparison says so."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


class Day(Since):
    """A time as above, or a day, which means its beginning in UTC."""

    example = "2026-11-22, 2026-11-22T07:41:03Z, or how long ago: 30d, 52w"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
            value = f"{value.strip()}T00:00:00Z"
        return super().convert(value, param, ctx)


class Choice(click.Choice[str]):
    """One of some words; a misspelt one gets a suggestion."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        from difflib import get_close_matches  # noqa: PLC0415  (only who misspells a word waits for it)

        near = get_close_matches(str(value).lower(), self.choices, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        return f"{super().get_invalid_choice_message(value, ctx)}{hint}"


def format_option(command: F) -> F:
    """``--format text|json``, and ``--json`` for short; the command gets ``as_json``."""
    command = click.option("--json", "as_json", flag_value=True, is_flag=True, help="Same as --format json.")(command)
    return click.option(
        "--format",
        "output_format",
        type=Choice(["text", "json"]),
        callback=_merge,
        expose_value=False,
        help="How the answer is printed.  [default: text]",
    )(command)


def _merge(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value == "json":
        ctx.params["as_json"] = True


def emit_json(value: Any) -> None:
    """One JSON document on one line of stdout: UTF-8 whatever the locale, with what steers a terminal written as JSON escapes."""
    line = msgspec.json.encode(value).decode()
    click.echo(re.sub(_STEERING, lambda found: f"\\u{ord(found[0]):04x}", line).encode())


def emit(value: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """One thing that was asked for: as JSON, or in lines for people."""
    if as_json:
        emit_json(value)
        return
    for line in lines:
        click.echo(line)


def harmless(text: str) -> str:
    """The text on one line, without what could steer a terminal."""
    if text.isascii() and text.isprintable():  # most is, and the pattern takes a millisecond to compile
        return text
    return re.sub(_STEERING, "\N{REPLACEMENT CHARACTER}", text)


def cut(text: str, most: int) -> str:
    """The text in at most so many characters, ending in … where there were more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def fitted(beginning: str, text: str, indent: str, *, width: int | None, is_strict: bool = False) -> list[str]:
    """The text, harmless, in lines that break between words to fit so many columns, later ones indented; one line for
    ``None``, where no terminal reads. A word that is longer than a line stays whole, to be copied, unless ``is_strict``."""
    line = harmless(beginning + text)
    if width is None:
        return [line]
    indent = indent if len(indent) < width // 2 else "    "
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=is_strict, break_on_hyphens=False)


def say(message: str) -> None:
    """Lines for the user on stderr; what they quote may come from anyone."""
    click.echo("\n".join(map(harmless, message.split("\n"))), err=True)


def fail(message: str, code: int = 2) -> NoReturn:
    """Say why on stderr, and end with this exit code."""
    say(f"capgateway: {message}")
    raise SystemExit(code)


def is_plain() -> bool:
    """Whether the user, or the terminal, wants no colours: https://no-color.org counts a variable that is not empty."""
    return bool(os.environ.get("NO_COLOR")) or is_dumb()


def is_dumb() -> bool:
    """Whether the terminal says of itself that it does not understand sequences."""
    return os.environ.get("TERM") == "dumb"


def width() -> int | None:
    """How many columns the terminal has that reads the answer; ``None`` when none does."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    import shutil  # noqa: PLC0415  (reads archives too)

    return max(_NARROWEST, shutil.get_terminal_size().columns)

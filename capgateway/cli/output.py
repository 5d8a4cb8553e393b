"""What every command needs to answer: JSON or text on stdout, everything else on stderr."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

import click
import msgspec

F = TypeVar("F", bound=Callable[..., Any])


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the user said before the command's name."""

    config_path: str | None = None


class Moment(click.ParamType[datetime]):
    """An RFC 3339 time with its offset, such as 2026-11-22T07:41:03Z."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write it like 2026-11-22T07:41:03Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no offset; end it with Z or one like -06:00", param, ctx)
        return moment.astimezone(UTC)


def format_option(command: F) -> F:
    """``--format text|json``, and ``--json`` for short; the command gets ``as_json``."""
    command = click.option("--json", "as_json", flag_value=True, is_flag=True, help="Same as --format json.")(command)
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", "json"]),
        callback=_merge,
        expose_value=False,
        help="How to answer.  [default: text]",
    )(command)


def _merge(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value == "json":
        ctx.params["as_json"] = True


def emit_json(value: Any) -> None:
    """One JSON document on one line of stdout."""
    click.echo(msgspec.json.encode(value).decode())


def fail(message: str, code: int = 2) -> NoReturn:
    """Say why on stderr, and end with this exit code."""
    click.echo(f"capgateway: {message}", err=True)
    raise SystemExit(code)

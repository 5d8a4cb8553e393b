"""``capgateway keys``: generate the secret that a receiver shares with the gateway, and find out why a signature is refused."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from capgateway import webhooks
from capgateway.cli import output
from capgateway.cli.group import Group
from capgateway.clock import utc_now
from capgateway.errors import SignatureError, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

NEW_SECRET_BYTES = 32
LARGEST_FILE = 1 << 20
"""Messages have 20 kB; a larger file is the wrong one."""


class Secret(click.ParamType[bytes]):
    """``whsec_…``, or where to find it: ``env:NAME``, ``file:PATH``. A wrong one is never repeated."""

    name = "secret"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        try:
            return webhooks.decode_secret(_referred(value))
        except (ValueError, SourceError) as error:
            self.fail(str(error), param, ctx)


def _referred(value: str) -> str:
    place, _, name = value.partition(":")
    if place == "env":
        if not os.environ.get(name):
            raise SourceError(f"the environment variable {name} is not set")
        return os.environ[name]
    return _read(name).decode(errors="replace") if place == "file" else value


@click.group(cls=Group)
def keys() -> None:
    """Generate secrets and verify signatures. Nothing is sent anywhere."""


@keys.command()
@output.format_option
def generate(as_json: bool = False) -> None:
    """Print a new secret for a receiver."""
    secret = webhooks.encode_secret(secrets.token_bytes(NEW_SECRET_BYTES))
    if as_json:
        output.emit_json({"secret": secret})
    else:
        click.echo(secret)


@keys.command()
@click.argument("headers", type=click.Path(allow_dash=True))
@click.argument("body", type=click.Path(allow_dash=True))
@click.option(
    "--secret", "known", type=Secret(), multiple=True, required=True, help="whsec_…, env:NAME or file:PATH; repeatable."
)
@click.option("--at", type=output.Moment(), metavar="TIME", help="The time to use as now.")
@output.format_option
@click.pass_context
def verify(
    context: click.Context,
    headers: str,
    body: str,
    known: tuple[bytes, ...],
    at: datetime | None,
    as_json: bool = False,
) -> None:
    """Check the signature of a webhook whose headers and raw body are in these files, and say why it is invalid.

    HEADERS contains a line "name: value" per header; BODY is the body as received, byte for byte. Exit code 0 when the
    signature is valid, 1 when it is not.
    """
    found, content, now = _headers(_read(headers)), _read(body), at or utc_now()
    reason = _refusal(known, found, content, now)
    if as_json:
        output.emit_json({"valid": reason is None, "reason": reason})
    else:
        click.echo("valid" if reason is None else f"invalid: {reason}")
    context.exit(0 if reason is None else 1)


def _refusal(known: Sequence[bytes], headers: dict[str, str], body: bytes, now: datetime) -> str | None:
    """Why it does not verify, ``None`` if it does."""
    try:
        webhooks.verify(known, headers, body, now=now)
    except SignatureError as error:
        return f"{error}{_hint(known, headers, body, now)}"
    return None


def _hint(known: Sequence[bytes], headers: dict[str, str], body: bytes, now: datetime) -> str:
    """The commonest fault: an editor or ``echo`` has put a new line after the body."""
    trimmed = body.rstrip(b"\r\n")
    if trimmed == body:
        return ""
    try:
        webhooks.verify(known, headers, trimmed, now=now)
    except SignatureError:
        return ""
    return "; without the line break at its end the body verifies, so the file is not exactly what was received"


def _headers(content: bytes) -> dict[str, str]:
    """Header lines as a server logs them or ``curl -v`` prints them; other lines are passed over."""
    lines = (line.lstrip("<> ") for line in content.decode(errors="surrogateescape").splitlines())
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _read(name: str) -> bytes:
    """The bytes of a file, or of standard input for ``-``."""
    try:
        if name == "-":
            content = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SourceError(f"cannot read {name}: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise SourceError(f"{name} is larger than {LARGEST_FILE:,} bytes, so it is not a webhook")
    return content

"""``capgateway keys``: generate what signs messages to a receiver, and find out why a signature is refused."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from capgateway import webhooks
from capgateway.cli import output
from capgateway.cli.group import Group
from capgateway.clock import utc_now
from capgateway.errors import SignatureError, SourceError

NEW_SECRET_BYTES = 32
"""Of an HMAC secret, and of the seed of an ed25519 key."""
OWNER_ONLY = 0o600
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


class Public(click.ParamType[webhooks.PublicKey]):
    """``whpk_…``, or where to find it, as above."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> webhooks.PublicKey:
        if isinstance(value, webhooks.PublicKey):
            return value
        try:
            return webhooks.decode_public_key(_referred(value))
        except (ValueError, SourceError) as error:
            self.fail(str(error), param, ctx)


class SigningSeed(click.ParamType[bytes]):
    """``whsk_…``, or where to find it, as above. A wrong one is never repeated."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        try:
            return webhooks.decode_seed(_referred(value))
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
@click.option(
    "--type",
    "kind",
    type=output.Choice(["secret", "ed25519"]),
    default="secret",
    show_default=True,
    help="secret: whsec_…, which gateway and receiver share; ed25519: whsk_… for the gateway and whpk_… for the receiver.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="A new file, for you alone, for the part that is secret.",
)
@output.format_option
def generate(kind: str, out: str | None, as_json: bool = False) -> None:
    """Print a new secret, or a new pair of ed25519 keys, for a receiver.

    The part that is secret is printed on stdout, or written to the file of --out with mode 0600. The public key is printed
    on stderr, or on stdout with --out.
    """
    fresh = secrets.token_bytes(NEW_SECRET_BYTES)
    if kind == "secret":
        secret, told = webhooks.encode_secret(fresh), {}
    else:
        secret, public = webhooks.encode_seed(fresh), webhooks.public_key(fresh)
        told = {"public_key": str(public), "kid": public.jwk["kid"]}
    if out:
        _write_new(Path(out), secret)
    if as_json:
        hidden = {"file": out} if out else {"secret" if kind == "secret" else "signing_key": secret}
        output.emit_json(hidden | told)
        return
    if not out:
        click.echo(secret)
    if told:
        click.echo(told["public_key"], err=not out)


def _write_new(path: Path, secret: str) -> None:
    """A file that nobody else can read, at any moment. One that exists is left alone: it may be somebody's only key."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY)
        with os.fdopen(number, "w", encoding="ascii") as file:
            os.fchmod(number, OWNER_ONLY)  # whatever the umask says
            file.write(f"{secret}\n")
    except FileExistsError:
        raise SourceError(f"{path} exists already and is not overwritten") from None
    except OSError as error:
        raise SourceError(f"cannot write {path}: {error.strerror}") from None


@keys.command()
@click.argument("headers", type=click.Path(allow_dash=True))
@click.argument("body", type=click.Path(allow_dash=True))
@click.option("--secret", "known", type=Secret(), multiple=True, help="whsec_…, env:NAME or file:PATH; repeatable.")
@click.option("--public-key", "public", type=Public(), multiple=True, help="whpk_…, env:NAME or file:PATH; repeatable.")
@click.option("--at", type=output.Moment(), metavar="TIME", help="The time to use as now.")
@output.format_option
@click.pass_context
def verify(
    context: click.Context,
    headers: str,
    body: str,
    known: tuple[bytes, ...],
    public: tuple[webhooks.PublicKey, ...],
    at: datetime | None,
    as_json: bool = False,
) -> None:
    """Check the signatures of a webhook whose headers and raw body are in these files, and say why they are invalid.

    HEADERS contains a line "name: value" per header; BODY is the body as received, byte for byte. Exit code 0 when one
    signature is valid, 1 when none is. Each signature is listed with the key that made it.
    """
    if not known and not public:
        raise click.UsageError("give at least one --secret or --public-key")
    if headers == body == "-":
        raise click.UsageError("standard input has either HEADERS or BODY; give a file for the other")
    found, content, now = _headers(_read(headers)), _read(body), at or utc_now()
    ring = Ring(secrets=known, public_keys=public)
    reason, looked = _refusal(ring, found, content, now), _looked(ring, found, content)
    if as_json:
        signatures = [{"version": one.version, "match": ring.name(one), "reason": one.reason or None} for one in looked]
        output.emit_json({"valid": reason is None, "reason": reason, "signatures": signatures})
    else:
        click.echo("valid" if reason is None else f"invalid: {reason}")
        for one in looked:
            click.echo(output.harmless(f"  {output.cut(one.version, 8):<4} {ring.name(one) or one.reason}"))
    context.exit(0 if reason is None else 1)


class Ring(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that were given."""

    secrets: tuple[bytes, ...]
    public_keys: tuple[webhooks.PublicKey, ...]

    def name(self, one: webhooks.Looked) -> str | None:
        """How the user calls the key that made a signature: the option, and its position if there are several."""
        if one.key is None:
            return None
        option, all_ = ("--secret", self.secrets) if one.version == "v1" else ("--public-key", self.public_keys)
        return f"{option} {one.key + 1}" if len(all_) > 1 else option


def _looked(ring: Ring, headers: dict[str, str], body: bytes) -> list[webhooks.Looked]:
    try:
        return webhooks.examine(ring.secrets, headers, body, public_keys=ring.public_keys)
    except SignatureError:  # a header is missing: the reason says which
        return []


def _refusal(ring: Ring, headers: dict[str, str], body: bytes, now: datetime) -> str | None:
    """Why it does not verify, ``None`` if it does."""
    try:
        webhooks.verify(ring.secrets, headers, body, now=now, public_keys=ring.public_keys)
    except SignatureError as error:
        return f"{error}{_hint(ring, headers, body, now)}"
    return None


def _hint(ring: Ring, headers: dict[str, str], body: bytes, now: datetime) -> str:
    """The commonest fault: an editor or ``echo`` has put a new line after the body."""
    trimmed = body.rstrip(b"\r\n")
    if trimmed == body:
        return ""
    try:
        webhooks.verify(ring.secrets, headers, trimmed, now=now, public_keys=ring.public_keys)
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

"""``capgateway validate``: judge CAP messages before they are published, or those of a source one distrusts."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from capgateway.cli import judging, output, sources
from capgateway.cli.findings import Count
from capgateway.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgateway.cli.judging import Judged, Order

PROFILES = ("auto", "none", "ipaws", "cap-cp", "cap-au")
FORMATS = ("text", "json", "sarif", "junit")
#: A worker's share at a time: large enough to be worth the way, small enough to keep all of them busy to the end.
CHUNK = 32


@click.command()
@click.argument("names", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--profile", type=click.Choice(PROFILES), default="auto", help="Rules of a country.  [default: by code]")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--ignore", "ignored", metavar="RULE", multiple=True, help="Leave a rule out; may be given more than once."
)
@click.option("--schema", "schema_path", type=click.Path(exists=True, dir_okay=False), help="Use this XSD instead.")
@click.option(
    "--trust", "trust_path", type=click.Path(exists=True, dir_okay=False), help="PEM file with trusted signers."
)
@click.option("--at", type=output.Moment(), help="The time that counts as now, for certificates too.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How reports are written.")
@click.option("--json", "form", flag_value="json", help="Same as --format json: a line for each alert or container.")
@click.pass_context
def validate(  # noqa: PLR0913  (one per option)
    context: click.Context,
    *,
    names: tuple[str, ...],
    profile: str,
    strict: bool,
    ignored: tuple[str, ...],
    schema_path: str | None,
    trust_path: str | None,
    at: datetime | None,
    form: str,
) -> None:
    """Validate CAP messages, feeds and EDXL-DE envelopes: files, directories, globs, URLs, or - for standard input.

    Exit 0 when all are valid, 1 when one is invalid, 2 when a source cannot be read.
    """
    if "NO_COLOR" in os.environ:
        context.color = False
    order = judging.Order(
        now=at or datetime.now(UTC),
        signed_at=at,
        profile=profile,
        trust=_trust(trust_path),
        schema=_schema(schema_path),
        is_strict=strict,
        ignored=_known(ignored),
        is_text=form == "text",
    )
    count = Count()
    _write(form, _counted(_all(list(sources.find(names)), order), count), count)
    context.exit(2 if count.unreadable else 1 if count.invalid else 0)


def _all(names: list[str], order: Order) -> Iterator[Judged]:
    """Each source judged, in order; many of them in as many processes as there are processors."""
    if len(names) < judging.MIN_PARALLEL:
        yield from map(judging.judge, names, repeat(order))
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  (takes 15 ms, a third of a run over one file)

    with ProcessPoolExecutor() as pool:
        judged = pool.map(judging.judge, names, repeat(order), chunksize=CHUNK)
        yield from _with_progress(judged, len(names))


def _with_progress(judged: Iterable[Judged], total: int) -> Iterator[Judged]:
    if not sys.stderr.isatty():
        yield from judged
        return
    from rich.console import Console  # noqa: PLC0415  (takes 30 ms, and only a person looks)
    from rich.progress import track  # noqa: PLC0415

    yield from track(judged, "Validating", total, console=Console(stderr=True), transient=True)


def _counted(judged: Iterable[Judged], count: Count) -> Iterator[Judged]:
    for one in judged:
        if one.unreadable:
            count.unreadable += 1
            click.echo(one.unreadable, err=True)
        else:
            count.sources += 1
        for report in one.reports:
            count.add(report)
        yield one


def _write(form: str, judged: Iterable[Judged], count: Count) -> None:
    if form in {"sarif", "junit"}:
        from capgateway.cli import formats  # noqa: PLC0415  (knows every rule)

        gathered = list(judged)
        if form == "sarif":
            output.emit_json(formats.sarif(gathered))
        else:
            click.echo("\n".join(formats.junit(gathered)))
        return
    for one in judged:
        if form == "json":
            for report in one.reports:
                output.emit_json(report)
        elif one.text:
            click.echo(one.text)
    if form == "text":
        click.echo(str(count))


def _trust(path: str | None) -> bytes:
    if path is None:
        return b""
    from capgateway.cap.trust import anchors  # noqa: PLC0415  (cryptography takes 50 ms)

    pem = Path(path).read_bytes()
    try:
        anchors(pem)
    except ValueError as error:
        raise SourceError(f"{path}: no trust anchors: {error}") from None
    return pem


def _schema(path: str | None) -> bytes | None:
    if path is None:
        return None
    from lxml import etree  # noqa: PLC0415

    text = Path(path).read_bytes()
    try:
        etree.XMLSchema(etree.fromstring(text))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        raise SourceError(f"{path}: no XML schema that can be used by itself: {error}") from None
    return text


def _known(ignored: tuple[str, ...]) -> frozenset[str]:
    if not ignored:
        return frozenset()
    from capgateway.cli.rules import known  # noqa: PLC0415  (knows every rule)

    return frozenset(known(name).id for name in ignored)

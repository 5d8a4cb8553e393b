"""``capgateway validate``: judge CAP messages before they are published, or those of a source one distrusts."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click
import msgspec

from capgateway import cap, shipped
from capgateway.cli import sources
from capgateway.cli.findings import Count, lines
from capgateway.errors import SourceError


@click.command()
@click.argument("names", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How reports are written.")
@click.option("--json", "form", flag_value="json", help="The same as --format json: a line for each alert.")
@click.option("--at", metavar="TIME", help="The time that counts as now, such as 2026-11-22T08:00:00-06:00.")
@click.pass_context
def validate(context: click.Context, names: tuple[str, ...], form: str, at: str | None) -> None:
    """Validate CAP messages: files, directories, globs, or - for standard input.

    Exit 0 when all are valid, 1 when one is invalid, 2 when a source cannot be read.
    """
    if "NO_COLOR" in os.environ:
        context.color = False
    now, schemas = _moment(at), cap.Schemas(shipped.cap_schemas())
    count = Count()
    for name in sources.find(names):
        try:
            document = sources.read(name)
        except SourceError as error:
            count.unreadable += 1
            click.echo(str(error), err=True)
            continue
        report = cap.validate(cap.parse(document.content), schemas, now=now, source=document.name)
        count.sources += 1
        count.add(report)
        _tell(report, document.content, form)
    if form == "text":
        click.echo(str(count))
    context.exit(2 if count.unreadable else 1 if count.invalid else 0)


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    instant = cap.time(text).instant
    if instant is None:
        raise click.BadParameter(f"`{text}` is no time such as 2026-11-22T08:00:00-06:00", param_hint="--at")
    return instant


def _tell(report: cap.Report, document: bytes, form: str) -> None:
    if form == "json":
        click.echo(msgspec.json.encode(report))
        return
    for line in lines(report, document):
        click.echo(line)

"""``capgateway validate``: judge CAP messages before they are published, or those of a source one distrusts."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click
import msgspec

from capgateway import cap, shipped
from capgateway.cli import output, sources
from capgateway.cli.findings import Count, lines
from capgateway.errors import SourceError


@click.command()
@click.argument("names", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How reports are written.")
@click.option("--json", "form", flag_value="json", help="The same as --format json: a line for each alert.")
@click.option("--at", type=output.Moment(), metavar="TIME", help="The time that counts as now.")
@click.pass_context
def validate(context: click.Context, names: tuple[str, ...], form: str, at: datetime | None) -> None:
    """Validate CAP messages: files, directories, globs, or - for standard input.

    Exit 0 when all are valid, 1 when one is invalid, 2 when a source cannot be read.
    """
    if "NO_COLOR" in os.environ:
        context.color = False
    now, schemas = at or datetime.now(UTC), cap.Schemas(shipped.cap_schemas())
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


def _tell(report: cap.Report, document: bytes, form: str) -> None:
    if form == "json":
        click.echo(msgspec.json.encode(report))
        return
    for line in lines(report, document):
        click.echo(line)

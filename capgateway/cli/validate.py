"""``capgateway validate``: judge CAP messages before they are published, or those of a source that may not be trusted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from capgateway.cli import judging, output, parallel, sources
from capgateway.cli.findings import Count, has_failed
from capgateway.cli.progress import Progress
from capgateway.clock import utc_now
from capgateway.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgateway.cap import Report
    from capgateway.cli.judging import Judged

PROFILES = ("auto", "none", "ipaws", "cap-cp", "cap-au")
FORMATS = ("text", "lines", "json", "sarif", "junit")
#: What includes other documents: the XSD must be complete, because nothing is fetched for it.
_ELSEWHERE = ("import", "include", "redefine", "override")
_XSD = "http://www.w3.org/2001/XMLSchema"


@click.command()
@click.argument("names", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "--profile", type=output.Choice(PROFILES), default="auto", help="Apply the rules of a country.  [default: by code]"
)
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
@click.option(
    "--ignore", "ignored", metavar="RULE", multiple=True, help="Do not apply a rule. Can be given more than once."
)
@click.option(
    "--schema",
    "schema_path",
    type=click.Path(exists=True, dir_okay=False),
    help="Use this XSD instead of the built-in ones.",
)
@click.option(
    "--trust",
    "trust_path",
    type=click.Path(exists=True, dir_okay=False),
    help="Check signatures against the certificates and keys of this PEM file.",
)
@click.option("--at", type=output.Moment(), help="Use this time as now, also for certificates.")
@click.option("--format", "form", type=output.Choice(FORMATS), default="text", help="The form of the report.")
@click.option("-q", "--quiet", "is_quiet", is_flag=True, help="Show only what failed, and no summary.")
@click.option("--json", "form", flag_value="json", help="Same as --format json: one line per alert or container.")
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
    is_quiet: bool,
) -> None:
    """Validate CAP messages, feeds and EDXL-DE envelopes.

    A SOURCE is a file, a directory, a glob, an http(s) URL, or - for standard input.

    The exit code is 0 if all documents are valid, 1 if one is invalid (with --strict: or has a warning), and 2 if a source
    cannot be read.
    """
    if output.is_plain():
        context.color = False
    order = judging.Order(
        now=at or utc_now(),
        signed_at=at,
        profile=profile,
        trust=_trust(trust_path),
        schema=_schema(schema_path),
        is_strict=strict,
        ignored=_known(ignored),
        is_text=form == "text",
        is_quiet=is_quiet,
        width=output.width(),
    )
    found, count = list(sources.find(names)), Count()
    with parallel.judged(found, order) as judged, Progress(len(found)) as progress:
        _write(form, _counted(judged, count, progress), progress, strict=strict, is_quiet=is_quiet)
    if form == "text" and not is_quiet:
        click.echo(str(count))
    context.exit(2 if count.unreadable else 1 if count.failed else 0)


def _counted(judged: Iterable[Judged], count: Count, progress: Progress) -> Iterator[Judged]:
    for one in judged:
        progress.done += 1
        if one.unreadable:
            count.unreadable += 1
            with progress.aside():
                output.say(one.unreadable)
        else:
            count.sources += 1
        for report in one.reports:
            count.add(report)
        yield one


def _write(form: str, judged: Iterable[Judged], progress: Progress, *, strict: bool, is_quiet: bool) -> None:
    if form in {"sarif", "junit"}:
        from capgateway.cli import formats  # noqa: PLC0415  (knows every rule)

        gathered = list(judged)
        with progress.aside():
            if form == "sarif":
                output.emit_json(formats.sarif(gathered, is_strict=strict))
            else:
                click.echo("\n".join(formats.junit(gathered, is_strict=strict)).encode())
        return
    for one in judged:
        with progress.aside():
            if one.text:
                click.echo(one.text)
            for report in (report for report in one.reports if has_failed(report) or not is_quiet):
                if form == "json":
                    output.emit_json(report)
                elif form == "lines":
                    _write_lines(report)


def _write_lines(report: Report) -> None:
    """A line per finding, as compilers write them; a finding about a whole document is at its beginning."""
    for finding in report.findings:
        place = f"{report.source}:{finding.line or 1}:{finding.column or 1}"
        click.echo(output.harmless(f"{place}: {finding.level} {finding.rule}: {finding.message}"))


def _trust(path: str | None) -> bytes:
    if path is None:
        return b""
    from capgateway.cap.trust import anchors  # noqa: PLC0415  (cryptography takes 50 ms)

    pem = _given(path)
    try:
        anchors(pem)
    except ValueError as error:
        raise SourceError(f"{path}: no trust anchors: {error}") from None
    return pem


def _schema(path: str | None) -> bytes | None:
    if path is None:
        return None
    from lxml import etree  # noqa: PLC0415

    from capgateway import cap  # noqa: PLC0415

    text = _given(path)
    xml = cap.read_xml(text)
    if xml.root is None:
        raise SourceError(f"{path}: not an XML schema: {xml.findings[-1].message}")
    if xml.root.tag != f"{{{_XSD}}}schema":
        raise SourceError(f"{path}: not an XML schema: its root element is not `schema` in the namespace {_XSD}")
    for name in _ELSEWHERE:
        if xml.root.find(f"{{{_XSD}}}{name}") is not None:
            raise SourceError(f"{path}: not a complete XML schema: it contains `{name}`, and nothing is fetched")
    try:
        etree.XMLSchema(xml.root)
    except etree.XMLSchemaParseError as error:
        raise SourceError(f"{path}: not a usable XML schema: {error}") from None
    return text


def _given(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None


def _known(ignored: tuple[str, ...]) -> frozenset[str]:
    if not ignored:
        return frozenset()
    from capgateway.cli.rules import known  # noqa: PLC0415  (knows every rule)

    return frozenset(known(name).id for name in ignored)

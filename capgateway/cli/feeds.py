"""``capgateway feeds``: how feeds are doing, what is wrong with one, poll one now, submit a document."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from capgateway.cli import ask, output, table
from capgateway.cli.group import Group, asks_gateway
from capgateway.cli.reach import change, settings
from capgateway.clock import utc_now
from capgateway.feeds.status import Health

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.config import Settings
    from capgateway.feeds import Feed
    from capgateway.feeds.check.probe import Look

COLUMNS = (
    table.Column("name"),
    table.Column("kind"),
    table.Column("health"),
    table.Column("last success"),
    table.Column("newest alert"),
)
SUBMITTED = (
    table.Column("decision"),
    table.Column("verdict"),
    table.Column("identifier", is_text=True),
)
#: What needs attention comes first.
ORDER: tuple[Health, ...] = ("failing", "silent", "waiting", "ok", "disabled")
MOST_FINDINGS = 20  # shown of one message; --format json has all


@click.group(cls=Group)
def feeds() -> None:
    """Show the state of feeds; check or poll one, or submit a document."""


@asks_gateway
@feeds.command("list")
@click.option(
    "--health", multiple=True, type=output.Choice(get_args(Health)), help="Only feeds in this state; may be repeated."
)
@output.format_option
@click.pass_obj
def list_feeds(context: output.Context, health: tuple[Health, ...], as_json: bool) -> None:
    """List every configured feed, failing ones first. Without a running gateway: what the database knows of them."""
    every = sorted(ask.feeds(context), key=lambda one: ORDER.index(one["health"]))
    items = [one for one in every if not health or one["health"] in health]
    if as_json:
        output.emit_json({"items": items, "next": None})
        return
    nothing = f"none of the {len(every)} feeds is {' or '.join(health)}" if health else "no feed is configured"
    table.print_table(COLUMNS, map(_row, items), nothing)


@asks_gateway
@feeds.command()
@click.argument("name")
@output.format_option
@click.pass_obj
def show(context: output.Context, name: str, as_json: bool) -> None:
    """Show one feed, with the entries whose alerts are missing."""
    found = ask.feed(context, name)
    output.emit(found, _shown(found), as_json=as_json)


@asks_gateway
@feeds.command()
@click.argument("name")
@output.format_option
@click.pass_obj
def poll(context: output.Context, name: str, as_json: bool) -> None:
    """Poll a feed now, in the running gateway. Exit code 1 when the feed gives no usable answer."""
    told = change(context, f"feeds/{name}/poll").told
    if as_json:
        output.emit_json(told)
    else:
        click.echo(
            f"{name}: {told['outcome']}, {told['new']} new" + (f"; {told['trouble']}" if told["trouble"] else "")
        )
    raise SystemExit(1 if told["trouble"] else 0)


@asks_gateway
@feeds.command()
@click.argument("name")
@click.argument("file")
@output.format_option
@click.pass_obj
def submit(context: output.Context, name: str, file: str, as_json: bool) -> None:
    """Submit a CAP message or an EDXL-DE envelope to a feed of the running gateway, as if it came through that feed.

    FILE may be - for standard input. Exit code 1 when nothing in it can be used.
    """
    from capgateway.cli import sources  # noqa: PLC0415  (only here)

    answer = change(context, f"feeds/{name}/alerts", sources.read(file))
    is_taken = "findings" not in answer.told
    if as_json:
        output.emit_json(answer.told)
    elif is_taken:
        table.print_table(SUBMITTED, map(_submitted, answer.told["items"]), "no alert")
    else:
        click.echo(f"{file}: {answer.told['detail']}")
        for line in (*_findings(answer.told["findings"]), *_stored(answer.told.get("items", []))):
            click.echo(line)
    raise SystemExit(0 if is_taken else 1)


@feeds.command()
@click.argument("name")
@output.format_option
@click.pass_obj
def check(context: output.Context, name: str, as_json: bool) -> None:
    """Fetch a feed once, as configured, and report what is wrong with it. Needs no running gateway.

    Nothing is stored. The report is written so that it can be forwarded to the feed's issuer. Exit code 1 when something
    is wrong.
    """
    ask.check_name("feed", name, [one.name for one in settings(context).feeds])
    known = settings(context, [f"feeds.{name}"])
    output.say(f"capgateway: as configured in {known.path}" if known.path else "capgateway: no configuration file")
    found = asyncio.run(_look(next(one for one in known.feeds if one.name == name), known))
    if as_json:
        output.emit_json({"verdict": "trouble" if found.troubles else "ok"} | msgspec.structs.asdict(found))
    else:
        for line in _lines(found):
            click.echo(output.harmless(line))
    raise SystemExit(1 if found.troubles else 0)


async def _look(feed: Feed, known: Settings) -> Look:
    from capgateway import cap, net, shipped  # noqa: PLC0415  (what only this command needs)
    from capgateway.feeds.check.probe import look  # noqa: PLC0415
    from capgateway.service import user_agent  # noqa: PLC0415

    session = net.new_session(
        user_agent=user_agent(known),
        allow_networks=feed.allow_networks,
        ca=feed.ca,
        client_cert=feed.client_cert,
        client_key=feed.client_key,
        proxy=feed.proxy,
    )
    async with session:
        return await look(
            feed,
            session,
            cap.Schemas(shipped.cap_schemas()),
            now=utc_now(),
            trust=feed.trust,
            progress=lambda line: click.echo(f"capgateway: {line}", err=True),
        )


def _lines(found: Look) -> Iterator[str]:
    yield f"{found.feed} ({found.kind})"
    yield from (f"  {fact}" for fact in found.facts)
    if found.reports:
        yield "Messages read"
    for report in found.reports:
        yield f"  {report.verdict}: {report.identifier or report.kind}, from {report.source}"
        yield from _findings(msgspec.to_builtins(report.findings))
    for title, sentences in (("Could be better", found.advice), ("Wrong", found.troubles)):
        if sentences:
            yield title
            yield from (f"  {sentence}" for sentence in sentences)
    if not found.troubles:
        yield "Nothing is wrong."


def _row(feed: dict[str, Any]) -> table.Row:
    cells = [
        feed["name"],
        feed["kind"],
        feed["health"],
        table.minute(feed["last_success"]),
        table.minute(feed["newest_at"]),
    ]
    return table.Row(cells=cells, below=list(_remarks(feed)))


def _remarks(feed: dict[str, Any]) -> Iterator[str]:
    """What an operator has to know of a feed that is not simply well."""
    if feed["trouble"]:
        count = feed["consecutive_failures"]
        yield f"{feed['trouble']}" + (f" ({count} failures in a row)" if count > 1 else "")
    if feed["gap_since"]:
        yield f"{_gap(feed)} for longer than it keeps alerts: some may be lost"
    if feed["missing"]:
        what = "1 entry is" if feed["missing"] == 1 else f"{feed['missing']} entries are"
        yield f"{what} missing; `capgateway feeds show {feed['name']}` lists them"
    if feed.get("unusable"):
        what = "1 entry leads" if feed["unusable"] == 1 else f"{feed['unusable']} entries lead"
        yield f"{what} to no message; `capgateway feeds check {feed['name']}` says why"
    if feed.get("wait_reason") and feed["next_try"]:
        yield f"waits until {table.moment(feed['next_try'])}: {feed['wait_reason']}"
    if feed["moved_to"]:
        yield f"has moved permanently to {feed['moved_to']}; change its url"


def _gap(feed: dict[str, Any]) -> str:
    """When it was out of reach. A gateway of an earlier version does not say until when."""
    since, ended_at = table.moment(feed["gap_since"]), feed.get("gap_ended_at")
    return f"was out of reach from {since} to {table.moment(ended_at)}," if ended_at else f"out of reach since {since},"


def _shown(feed: dict[str, Any]) -> Iterator[str]:
    names = (
        "name", "kind", "health", "url", "last_try", "last_success", "next_try", "consecutive_failures", "trouble", "newest_at",
        "wait_reason", "unusable", "latency_seconds", "gap_since", "gap_ended_at", "moved_to",
        "certificate_expires_at", "client_certificate_expires_at",
    )  # fmt: skip
    moments = {
        "last_try",
        "last_success",
        "next_try",
        "newest_at",
        "gap_since",
        "gap_ended_at",
        "certificate_expires_at",
        "client_certificate_expires_at",
    }
    told = {name: table.moment(feed[name]) if name in moments and feed.get(name) else feed.get(name) for name in names}
    told["latency_seconds"] = table.duration(feed["latency_seconds"])
    titles = {"url": "path" if feed["kind"] == "directory" else "url", "latency_seconds": "latency"}
    usual = {name: name.replace("_", " ").replace(" at", "") for name in names}
    yield from table.fields([((usual | titles)[name], value) for name, value in told.items()])
    missing = feed.get("missing_entries", [])
    yield ""
    yield f"missing entries: {len(missing) or 'none'}"
    for one in missing:
        yield from table.wrapped("  ", output.harmless(one["link"] or one["key"]))
        yield f"    {one['failures']} failures, next try {table.moment(one['retry_at'])}"


def _submitted(one: dict[str, Any]) -> table.Row:
    decision = f"{one['decision']}: {one['reason']}" if one["reason"] else one["decision"]
    cells = [decision if one["is_new"] else f"{decision} (known)", one["verdict"], one["identifier"] or "-"]
    return table.Row(cells=cells, below=[[one["alert_id"]], *_waits(one)])


def _waits(one: dict[str, Any]) -> Iterator[str]:
    """That a person has to look at it, or end the pause."""
    if one["reason"] == "paused":
        yield "waits for the end of the pause: `capgateway resume`"
    elif one["decision"] == "quarantined":
        yield f"waits for a person: `capgateway quarantine show {one['alert_id']}`"


def _stored(items: list[dict[str, Any]]) -> Iterator[str]:
    """That what cannot be used is kept all the same, and where to see it."""
    for one in items[:MOST_FINDINGS]:
        how = "was stored" if one["is_new"] else "had been stored before"
        where = "quarantine" if one["decision"] == "quarantined" else "alerts"
        yield f"It {how} as {one['alert_id']}; `capgateway {where} show {one['alert_id']}` shows it."


def _findings(findings: list[dict[str, Any]]) -> Iterator[str]:
    for finding in findings[:MOST_FINDINGS]:
        place = f" (line {finding['line']})" if finding["line"] else ""
        yield f"    {finding['level']}: {output.harmless(finding['message'])} [{finding['rule']}]{place}"
    if len(findings) > MOST_FINDINGS:
        yield f"    and {len(findings) - MOST_FINDINGS} more; --format json has them all"

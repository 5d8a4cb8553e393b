"""``capgateway feeds``: how feeds are doing, what is wrong with one, poll one now, hand a document in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click
import msgspec

from capgateway.cli.ask import ask, change, limit_option, server_option, settings, tell
from capgateway.cli.output import emit_json, fail, format_option, harmless
from capgateway.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cli.output import Context
    from capgateway.config import Settings
    from capgateway.feeds import Feed
    from capgateway.feeds.check.probe import Look
    from capgateway.store import Store

COLUMNS = (
    "name", "kind", "health", "last_success", "newest_at", "latency_seconds", "consecutive_failures", "missing",
    "gap_since", "trouble", "url",
)  # fmt: skip
SUBMITTED = ("identifier", "decision", "reason", "is_new", "verdict", "alert_id")
MOST_FINDINGS = 20  # told of one message; --format json has all


@click.group()
def feeds() -> None:
    """Ask how feeds are doing, check, poll or feed one."""


@feeds.command("list")
@limit_option
@server_option
@format_option
@click.pass_obj
def list_feeds(context: Context, limit: int, server: str | None, as_json: bool) -> None:
    """List the configured feeds with their health. Without a running gateway: what the database knows of them."""
    query = {"limit": limit}
    page = ask(context, server, "feeds", query, lambda store: _from_store(store, settings(context), limit))
    tell(page, COLUMNS, as_json=as_json)


@feeds.command()
@click.argument("name")
@server_option
@format_option
@click.pass_obj
def poll(context: Context, name: str, server: str | None, as_json: bool) -> None:
    """Let the running gateway ask a feed now. Exit code 1 when the feed does not answer usably."""
    told = change(context, server, f"feeds/{name}/poll").told
    if as_json:
        emit_json(told)
    else:
        click.echo(
            f"{name}: {told['outcome']}, {told['new']} new" + (f"; {told['trouble']}" if told["trouble"] else "")
        )
    raise SystemExit(1 if told["trouble"] else 0)


@feeds.command()
@click.argument("name")
@click.argument("file")
@server_option
@format_option
@click.pass_obj
def submit(context: Context, name: str, file: str, server: str | None, as_json: bool) -> None:
    """Hand a CAP message or an EDXL-DE envelope in to a feed of the running gateway, as if the feed had brought it.

    FILE may be - for standard input. Exit code 1 when nothing in it can be used.
    """
    from capgateway.cli import sources  # noqa: PLC0415  (only here)

    answer = change(context, server, f"feeds/{name}/alerts", sources.read(file))
    is_taken = "findings" not in answer.told
    if as_json:
        emit_json(answer.told)
    elif is_taken:
        tell({"items": answer.told["items"], "next": None}, SUBMITTED, as_json=False)
    else:
        click.echo(f"{file}: {answer.told['detail']}")
        for line in _findings(answer.told["findings"]):
            click.echo(line)
    raise SystemExit(0 if is_taken else 1)


@feeds.command()
@click.argument("name")
@format_option
@click.pass_obj
def check(context: Context, name: str, as_json: bool) -> None:
    """Fetch a feed once, as configured, and say what it is like and what is wrong with it. Needs no gateway.

    Nothing is stored. The sentences may be forwarded to the feed's issuer. Exit code 1 when something is wrong.
    """
    known = settings(context)
    feed = next((one for one in known.feeds if one.name == name), None)
    if feed is None:
        names = ", ".join(one.name for one in known.feeds) or "none"
        fail(f'there is no feed "{name}" in the configuration; there are: {names}')
    found = asyncio.run(_look(feed, known))
    if as_json:
        emit_json({"verdict": "trouble" if found.troubles else "ok"} | msgspec.structs.asdict(found))
    else:
        for line in _lines(found):
            click.echo(harmless(line))
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


def _findings(findings: list[dict[str, Any]]) -> Iterator[str]:
    for finding in findings[:MOST_FINDINGS]:
        place = f" (line {finding['line']})" if finding["line"] else ""
        yield f"    {finding['level']}: {harmless(finding['message'])} [{finding['rule']}]{place}"
    if len(findings) > MOST_FINDINGS:
        yield f"    and {len(findings) - MOST_FINDINGS} more; --format json has them all"


async def _from_store(store: Store, known: Settings, limit: int) -> Any:
    """What the database knows of the configured feeds, in the form of the API."""
    items = [await _stored_status(store, feed) for feed in known.feeds[:limit]]
    return {"items": items, "next": items[-1]["name"] if len(known.feeds) > limit else None}


async def _stored_status(store: Store, feed: Feed) -> dict[str, Any]:
    from capgateway.feeds.status import FeedStatus  # noqa: PLC0415
    from capgateway.store import feeds as stored_feeds  # noqa: PLC0415
    from capgateway.store import lists  # noqa: PLC0415

    newest = (await store.read(lists.alert_page, feed=feed.name, limit=1)).items
    status = FeedStatus(
        name=feed.name,
        kind=feed.kind,
        enabled=feed.enabled,
        health="waiting" if feed.enabled else "disabled",
        url=feed.address,
        newest_at=newest[0].received_at if newest else None,
        missing=len(await store.read(stored_feeds.missing_entries, feed.name)),
    )
    told: dict[str, Any] = msgspec.to_builtins(status)
    return told

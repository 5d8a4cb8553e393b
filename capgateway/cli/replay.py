"""``capgateway replay``: what this version would decide otherwise of stored alerts."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
import msgspec

from capgateway.cli import ask, output, table
from capgateway.cli.group import asks_gateway
from capgateway.cli.reach import settings
from capgateway.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.operate.replay import Material, Replayed

MOST_ALERTS = 2_000
"""Alerts of one replay, of which each takes some milliseconds and is asked for by itself."""
USUAL = timedelta(days=1)


@asks_gateway
@click.command()
@click.option(
    "--since", type=output.Since(), metavar="TIME", help="Received since then: a time, or how long ago.  [default: 1d]"
)
@output.format_option
@click.pass_obj
def replay(context: output.Context, since: datetime | None, as_json: bool) -> None:
    """Run stored alerts through the code of this version, with this configuration, and show what would differ.

    Nothing is sent or changed: the alerts are read from the gateway and decided in a temporary database. Cases on which a person
    acted are not compared. Exit code 1 when a decision, its reason or the content of a card would differ.
    """
    since = since or utc_now() - USUAL
    material, is_more = _material(context, since)
    if is_more:
        output.say(f"capgateway: there are more; only the newest {MOST_ALERTS:,} alerts are replayed")
    found = _replayed(context, material, since)
    output.emit(msgspec.to_builtins(found), _lines(found), as_json=as_json)
    raise SystemExit(1 if found.differences else 0)


def _material(context: output.Context, since: datetime) -> tuple[Material, bool]:
    from capgateway.operate import replay as stage  # noqa: PLC0415  (what only this command needs)

    def wanted(one: dict[str, Any]) -> bool:
        return stage.matters(datetime.fromisoformat(one["received_at"]), one["decision"], since)

    begin = stage.lead_in(settings(context).policy, since)
    found, is_more = ask.material(context, begin, MOST_ALERTS, wanted=wanted)
    return msgspec.convert(found, stage.Material), is_more


def _replayed(context: output.Context, material: Material, since: datetime) -> Replayed:
    from capgateway import cap, shipped  # noqa: PLC0415
    from capgateway.cli.progress import Progress  # noqa: PLC0415
    from capgateway.operate import replay as stage  # noqa: PLC0415
    from capgateway.service import policy_of  # noqa: PLC0415

    known = settings(context)
    with Progress(len(material.alerts), "replayed") as told:
        return asyncio.run(
            stage.replay(
                material,
                since=since,
                policy=policy_of(known),
                feeds={feed.name: feed for feed in known.feeds},
                schemas=cap.Schemas(shipped.cap_schemas()),
                progress=lambda done: setattr(told, "done", done),
            )
        )


def _lines(found: Replayed) -> Iterator[str]:
    for one in found.differences:
        yield f"{table.moment(one.received_at)}  {one.feed}  {one.alert_id}  {output.harmless(one.identifier or '')}".rstrip()
        if one.stored != one.now:
            yield f"    decision: {one.stored}; now: {one.now}"
        if one.card_differs_in:
            yield f"    its card differs in {', '.join(one.card_differs_in)}"
    count = len(found.differences)
    differ = "nothing would differ" if not count else f"{count} would differ"
    compared = "1 alert" if found.compared == 1 else f"{found.compared} alerts"
    yield f"{compared} compared: {differ}"
    for why, number in found.not_compared.items():
        yield f"{number} not compared: {why}"

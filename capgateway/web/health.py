"""Does it live, may it be relied on, how is it doing: for orchestrators and Prometheus."""

from __future__ import annotations

import asyncio
from typing import Literal, get_args

import msgspec
from aiohttp import web

from capgateway import metrics
from capgateway.cards.decision import QuarantineReason
from capgateway.errors import StoreError
from capgateway.feeds.status import FeedStatus
from capgateway.store import lists, pause
from capgateway.store.counted import counted
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY, Gateway
from capgateway.web.guard import may_know
from capgateway.web.problems import problem
from capgateway.web.receivers import ReceiverStatus, statuses_of
from capgateway.web.told import tells

DATABASE_SECONDS = 3.0  # orchestrators commonly give a probe five

routes = web.RouteTableDef()


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Ready(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """This gateway may be relied on; ``notes`` say what does not go well all the same."""

    status: Literal["ready"]
    notes: list[str] = []


@routes.get("/healthz")
@tells(Alive)
async def healthz(_: web.Request) -> web.Response:
    """The process lives and answers; nothing else is asked."""
    return as_json(Alive())


@routes.get("/readyz")
@tells(Ready)
async def readyz(request: web.Request) -> web.Response:
    """The database takes writes and this process does its part; 503 otherwise. With scope read the answer contains the
    reasons, and what else does not go well."""
    gateway = request.app[GATEWAY]
    trouble = await gateway.store.trouble()
    reasons = [*gateway.troubles(), *([trouble] if trouble else [])]
    if reasons and not may_know(request):
        return problem(503, "not ready; with a token of scope read this page says why")
    if reasons:
        return problem(503, "; ".join(reasons), reasons=reasons)
    notes = [*gateway.notes(), *await _notes_of_the_store(gateway)] if may_know(request) else []
    return as_json(Ready(status="ready", notes=notes))


@routes.get("/metrics")
@tells(media="text/plain")
async def exposition(request: web.Request) -> web.Response:
    """Prometheus' text format."""
    gateway = request.app[GATEWAY]
    body = gateway.metrics.exposition(await _state(gateway), gateway.now())
    return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})


async def _notes_of_the_store(gateway: Gateway) -> list[str]:
    """Sentences about a pause, about live cards that a person has to look at, and about receivers, with the command that lists
    them."""
    try:
        found = await asyncio.wait_for(gateway.store.read(lists.needs_person), DATABASE_SECONDS)
        paused_since = await asyncio.wait_for(gateway.store.read(pause.since), DATABASE_SECONDS)
        receivers = await asyncio.wait_for(statuses_of(gateway), DATABASE_SECONDS)
    except (StoreError, TimeoutError):
        return []
    unverified = "1 live card is" if found.unverified == 1 else f"{found.unverified} live cards are"
    held = "1 take-down is" if found.held == 1 else f"{found.held} take-downs are"
    notes = [f"displays are paused since {paused_since:%Y-%m-%d %H:%M:%SZ}: capgateway resume"] if paused_since else []
    notes += [f"{unverified} unverified: capgateway cards list --state active"] if found.unverified else []
    notes += [f"{held} held: capgateway quarantine list"] if found.held else []
    return notes + [note for one in receivers if (note := _note(one))]


def _note(one: ReceiverStatus) -> str | None:
    """What does not go well with a receiver."""
    if one.state == "suspended":
        return f"the receiver {one.name} is suspended since {one.suspended_at:%Y-%m-%d %H:%M:%SZ}: it gets no displays"
    if one.state != "degraded":
        return None
    causes = ", ".join(each.cause for each in one.troubles)
    return f"the receiver {one.name} is degraded ({causes}): capgateway receivers list"


async def _state(gateway: Gateway) -> metrics.State:
    told = gateway.operations.feed_statuses() if gateway.operations else []
    feeds, store = tuple(_of_feed(status) for status in told if status.enabled), gateway.store
    is_writable = await store.trouble() is None
    try:
        queues = await asyncio.wait_for(_queues(gateway), DATABASE_SECONDS)
        receivers = await asyncio.wait_for(statuses_of(gateway), DATABASE_SECONDS)
    except (StoreError, TimeoutError):
        return metrics.State(feeds=feeds, writes_waiting=store.writes_waiting)
    return metrics.State(
        feeds=feeds,
        receivers=tuple(_of_receiver(status) for status in receivers),
        queues=queues,
        is_writable=is_writable,
        writes_waiting=store.writes_waiting,
    )


async def _queues(gateway: Gateway) -> metrics.Queues:
    store = gateway.store
    waiting, found = await store.read(lists.waiting), await store.read(counted)
    person, paused_since = await store.read(lists.needs_person), await store.read(pause.since)
    none = {receiver.name: 0 for receiver in gateway.settings.receivers}
    return metrics.Queues(
        pending=none | waiting.pending,
        dead=none | found.dead,
        # A moment that lies ahead was written before the clock went back.
        oldest_take_down={name: gateway.now() - gateway.age(at) for name, at in waiting.oldest_take_down.items()},
        quarantined=dict.fromkeys(get_args(QuarantineReason), 0) | found.quarantined,
        displayed=found.displayed,
        unverified=person.unverified,
        held=person.held,
        is_paused=paused_since is not None,
    )


def _of_receiver(status: ReceiverStatus) -> metrics.ReceiverGauge:
    return metrics.ReceiverGauge(
        receiver=status.name,
        state=status.state,
        acknowledged_at=status.snapshot_at,
        misses=status.snapshot_misses,
        is_only_probed=status.failing_since is not None,
        causes=tuple(dict.fromkeys(each.cause for each in status.troubles)),
    )


def _of_feed(status: FeedStatus) -> metrics.FeedGauge:
    """A feed that never answered counts as silent, but for one that speaks only when it has something to say."""
    never = status.last_success is None and status.kind != "push"
    return metrics.FeedGauge(
        feed=status.name,
        is_silent=never or status.health == "silent",
        last_success=status.last_success,
        newest_at=status.newest_at,
        latency_seconds=status.latency_seconds,
        failures=status.consecutive_failures,
        missing=status.missing,
        gap_since=status.gap_since,
        certificate_expires_at=status.certificate_expires_at,
        clock_offset_seconds=status.clock_offset_seconds,
    )

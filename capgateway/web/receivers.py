"""Receivers: how deliveries to each are going."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
from aiohttp import web

from capgateway import log, net
from capgateway.config.values import unknown
from capgateway.dispatch import errands
from capgateway.masking import mask_query
from capgateway.store import Page, readiness
from capgateway.store.readiness import Stood
from capgateway.store.troubles import Trouble
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY, Gateway
from capgateway.web.problems import Refused
from capgateway.web.said import Said, act, said
from capgateway.web.told import tells

if TYPE_CHECKING:
    from capgateway.store.audit import Act
    from capgateway.store.readiness import Known
    from capgateway.webhooks import Receiver

LOGGER = logging.getLogger(__name__)
State: TypeAlias = Literal["disabled", "suspended", "degraded", "failing", "well"]

routes = web.RouteTableDef()


class ReceiverStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One receiver now. ``state`` is ``suspended`` (it gets no displays), ``disabled``, ``degraded`` (it gets everything, and
    somebody has to look: ``troubles`` say why), ``failing`` (attempts fail) or ``well``. ``failures`` are attempts that failed
    in a row; ``pending`` are deliveries neither acknowledged nor given up; ``failing_since`` is set while it is only probed,
    ``suspended_at`` while it gets no displays; ``proved_at`` is when it last passed a challenge, ``snapshot_at`` when it last
    acknowledged a snapshot;
    ``client_certificate_expires_at`` is that of its ``client_cert``; ``fault`` says what in the gateway itself fails for this
    receiver."""

    name: str
    url: str
    enabled: bool
    state: State
    pending: int = 0
    failures: int = 0
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    last_outcome: str | None = None
    last_status: int | None = None
    failing_since: datetime | None = None
    suspended_at: datetime | None = None
    degraded_since: datetime | None = None
    troubles: list[Trouble] = []
    challenged_at: datetime | None = None
    proved_at: datetime | None = None
    snapshot_at: datetime | None = None
    snapshot_misses: int = 0
    client_certificate_expires_at: datetime | None = None
    fault: str | None = None


@routes.get("/api/v1/receivers")
@tells(Page[ReceiverStatus], filters={})
async def receivers(request: web.Request) -> web.Response:
    """Every configured receiver, in the order of the configuration."""
    return as_json(query.part(request, await statuses_of(request.app[GATEWAY])))


@routes.get("/api/v1/receivers/{id}")
@tells(ReceiverStatus)
async def receiver(request: web.Request) -> web.Response:
    """One receiver."""
    return as_json(await status_of(request.app[GATEWAY], query.name(request)))


@routes.post("/api/v1/receivers/{id}/ping")
@tells(errands.Pinged, takes=Said)
async def ping(request: web.Request) -> web.Response:
    """Send ``receiver.test`` in the way that messages go, and say what came of it; also to a receiver that is suspended,
    disabled or failing."""
    return as_json(await pinged(request.app[GATEWAY], query.name(request), act(request, await said(request, Said))))


def configured(gateway: Gateway, name: str) -> Receiver:
    """The receiver of that name."""
    found = next((one for one in gateway.settings.receivers if one.name == name), None)
    if found is None:
        known = [one.name for one in gateway.settings.receivers]
        raise Refused(404, unknown("receiver", name, known) or f'there is no receiver "{name}"')
    return found


async def pinged(gateway: Gateway, name: str, by: Act) -> errands.Pinged:
    """Send a receiver a test, on behalf of ``by``."""
    found = configured(gateway, name)
    came = await errands.ping(
        gateway.store,
        found,
        by,
        user_agent=gateway.user_agent,
        metrics=gateway.metrics,
        shown_url=mask_query(found.url),
    )
    log.event(LOGGER, "receiver.pinged", actor=by.actor, receiver=name, outcome=came.outcome, why=by.reason)
    return came


def statuses(
    receivers: Sequence[Receiver], known: Known, fault: Callable[[str], str | None] = lambda _: None
) -> list[ReceiverStatus]:
    """Each receiver with what the database knows of it."""
    return [_status(one, known, fault(one.name)) for one in receivers]


async def status_of(gateway: Gateway, name: str) -> ReceiverStatus:
    """The receiver of that name."""
    known, one = await gateway.store.read(readiness.of_receivers), configured(gateway, name)
    return _status(one, known, gateway.fault(name))


async def statuses_of(gateway: Gateway) -> list[ReceiverStatus]:
    """Each configured receiver, in the order of the configuration."""
    return statuses(gateway.settings.receivers, await gateway.store.read(readiness.of_receivers), gateway.fault)


def _status(one: Receiver, known: Known, fault: str | None) -> ReceiverStatus:
    row, wrong = known.answered.get(one.name, {}), known.troubles.get(one.name, [])
    stood = known.readiness.get(one.name, Stood())
    return ReceiverStatus(
        name=one.name,
        url=mask_query(one.url),
        enabled=one.enabled,
        state=_state(one, row, wrong),
        pending=known.pending.get(one.name, 0),
        degraded_since=min((each.since for each in wrong), default=None),
        troubles=wrong,
        challenged_at=stood.challenged_at,
        proved_at=stood.proved_at,
        snapshot_at=stood.acknowledged_at,
        snapshot_misses=stood.misses,
        client_certificate_expires_at=net.certificate_end(one.client_cert) if one.client_cert else None,
        fault=fault,
        **_known(row),
    )


def _state(one: Receiver, row: Mapping[str, Any], wrong: Sequence[Trouble]) -> State:
    """What is the matter with a receiver, in a word."""
    if row.get("suspended_at"):
        return "suspended"
    if not one.enabled:
        return "disabled"
    if wrong:
        return "degraded"
    return "failing" if row.get("opened_at") or row.get("failures") else "well"


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """What attempts told of a receiver, as it is listed."""
    listed = ("failures", "last_attempt_at", "last_success_at", "last_outcome", "last_status", "suspended_at")
    return {name: row[name] for name in listed if name in row} | {"failing_since": row.get("opened_at")}

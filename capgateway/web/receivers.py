"""Receivers: how deliveries to each are going."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from capgateway import net
from capgateway.config.values import unknown
from capgateway.masking import mask_query
from capgateway.store import lists, standing
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY, Gateway
from capgateway.web.problems import Refused

if TYPE_CHECKING:
    from capgateway.webhooks import Receiver

routes = web.RouteTableDef()


class ReceiverStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One receiver now. ``failures`` are attempts that failed in a row; ``pending`` are deliveries neither acknowledged nor
    given up; ``client_certificate_expires_at`` is that of its ``client_cert``; ``failing_since`` is set while it is only probed, ``suspended_at`` while it gets no displays; ``fault`` says what
    in the gateway itself fails for this receiver."""

    name: str
    url: str
    enabled: bool
    pending: int = 0
    failures: int = 0
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    last_outcome: str | None = None
    last_status: int | None = None
    failing_since: datetime | None = None
    suspended_at: datetime | None = None
    client_certificate_expires_at: datetime | None = None
    fault: str | None = None


@routes.get("/api/v1/receivers")
async def receivers(request: web.Request) -> web.Response:
    """Every configured receiver, in the order of the configuration."""
    return as_json({"items": await _statuses(request.app[GATEWAY]), "next": None})


@routes.get("/api/v1/receivers/{id}")
async def receiver(request: web.Request) -> web.Response:
    """One receiver."""
    name, every = query.name(request), await _statuses(request.app[GATEWAY])
    found = next((one for one in every if one.name == name), None)
    if found is None:
        known = [one.name for one in every]
        raise Refused(404, unknown("receiver", name, known) or f'there is no receiver "{name}"')
    return as_json(found)


def statuses(
    receivers: Sequence[Receiver],
    known: Mapping[str, dict[str, Any]],
    pending: Mapping[str, int],
    fault: Callable[[str], str | None] = lambda _: None,
) -> list[ReceiverStatus]:
    """Each receiver with what the database knows of it."""
    return [
        ReceiverStatus(
            name=one.name,
            url=mask_query(one.url),
            enabled=one.enabled,
            pending=pending.get(one.name, 0),
            client_certificate_expires_at=net.certificate_end(one.client_cert) if one.client_cert else None,
            fault=fault(one.name),
            **_known(known.get(one.name, {})),
        )
        for one in receivers
    ]


async def _statuses(gateway: Gateway) -> list[ReceiverStatus]:
    known, waiting = await gateway.store.read(standing.answered), await gateway.store.read(lists.waiting)
    return statuses(gateway.settings.receivers, known, waiting.pending, gateway.fault)


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """What the database knows of a receiver, as it is listed."""
    listed = ("failures", "last_attempt_at", "last_success_at", "last_outcome", "last_status", "suspended_at")
    return {name: row[name] for name in listed if name in row} | {"failing_since": row.get("opened_at")}

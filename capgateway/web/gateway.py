"""What the pages are told about the running gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from aiohttp import web

from capgateway.config import Settings
from capgateway.metrics import Metrics
from capgateway.store import Store, utc_now


def _nothing_known() -> Mapping[str, datetime]:
    return {}


def _no_troubles() -> Sequence[str]:
    return ()


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """One running gateway, as its web part sees it.

    ``troubles`` are sentences that say why this process is not ready although the database may be: the scheduler does
    not run, it is stopping. ``last_success`` is when each feed last answered usably, by name.
    """

    store: Store
    settings: Settings
    metrics: Metrics
    troubles: Callable[[], Sequence[str]] = _no_troubles
    last_success: Callable[[], Mapping[str, datetime]] = _nothing_known
    now: Callable[[], datetime] = utc_now


GATEWAY = web.AppKey("gateway", Gateway)

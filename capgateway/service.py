"""The running gateway: build everything, run it in one task group, stop it in order.

::

    scheduler ─▶ ingest.poll (a job a feed), ingest.expire        dispatch.run        web
                       └────────── store ──────────────────────────────┘               │
                                     └─────────────────────────────────────────────────┘

Stopping goes the way alerts go: no new polls, then no new requests to receivers, then the API, then the database.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from capgateway import cap, log, net, shipped, web
from capgateway.dispatch import Dispatch
from capgateway.feeds.pace import interval_of
from capgateway.ingest import Ingest, Watch
from capgateway.metrics import Metrics
from capgateway.store import Store, utc_now
from capgateway.webhooks import Outlets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from datetime import datetime

    import aiohttp

    from capgateway.config import Address, Settings
    from capgateway.feeds import Feed

LOGGER = logging.getLogger("capgateway.service")
Role = Literal["poll", "deliver", "web"]
ROLES: tuple[Role, ...] = ("poll", "deliver", "web")
EXPIRE_EVERY = timedelta(seconds=1)
FIRST_POLLS_APART = timedelta(milliseconds=20)
"""The first polls are spread: all at once they would hold the loop up."""
FIRST_POLLS_WITHIN = timedelta(seconds=60)
CONNECTIONS_A_HOST = 8


class Service:
    """One gateway process. ``roles`` says which parts of the gateway it plays."""

    def __init__(self, settings: Settings, store: Store, roles: Collection[Role] = ROLES) -> None:
        self.settings, self.store, self.roles = settings, store, roles
        self.metrics = Metrics()
        self.address: Address | None = None
        self._dispatch = Dispatch(store, settings.receivers, user_agent=user_agent(settings), metrics=self.metrics)
        self._ingest = Ingest(
            store,
            cap.Schemas(shipped.cap_schemas()),
            settings.policy,
            Outlets(receivers=settings.receivers, public_url=public_url(settings)),
            metrics=self.metrics,
            on_messages=self._dispatch.wake,
        )
        self._watches: dict[str, Watch] = {}
        self._scheduler: AsyncIOScheduler | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Let :meth:`run` end in good order."""
        self._stop.set()

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Run until :meth:`stop`. ``ready`` is set when everything is up; ``address`` then says where the API is."""
        async with AsyncExitStack() as stack:
            if "web" in self.roles:
                await stack.enter_async_context(self._web())
            if "deliver" in self.roles:
                await stack.enter_async_context(self._delivering())
            if "poll" in self.roles:
                await stack.enter_async_context(self._polling())
            log.event(LOGGER, "gateway.started", version=version("capgateway"), roles=",".join(self.roles))
            if ready:
                ready.set()
            await self._stop.wait()
            log.event(LOGGER, "gateway.stopping")

    @asynccontextmanager
    async def _web(self) -> AsyncIterator[None]:
        address = self.settings.gateway.address
        if address is None:
            yield
            return
        gateway = web.Gateway(
            store=self.store,
            settings=self.settings,
            metrics=self.metrics,
            troubles=self._troubles,
            last_success=self._last_success,
        )
        async with web.serve(web.make_app(gateway), address) as self.address:
            yield

    @asynccontextmanager
    async def _delivering(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatch.run())
            try:
                yield
            finally:
                self._dispatch.stop()

    @asynccontextmanager
    async def _polling(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as sessions:
            await self._ingest.expire()  # what ended while we were away goes first
            await self._ingest.decide_again()  # the policy may have changed since
            await self._watch_all(sessions)
            self._scheduler = _scheduler()
            self._scheduler.add_job(self._expire, IntervalTrigger(seconds=EXPIRE_EVERY.total_seconds()), id="expire")
            apart = min(FIRST_POLLS_APART, FIRST_POLLS_WITHIN / max(len(self._watches), 1))
            for number, watch in enumerate(self._watches.values()):
                self._schedule(watch, utc_now() + number * apart)
            self._scheduler.start()
            try:
                yield
            finally:
                self._scheduler.shutdown(wait=False)
                self._scheduler = None

    async def _watch_all(self, stack: AsyncExitStack) -> None:
        """A watch for each enabled feed. Feeds with the same network settings share a session."""
        sessions: dict[object, aiohttp.ClientSession] = {}
        for feed in self.settings.feeds:
            if not feed.enabled:
                continue
            key = (feed.allow_networks, feed.ca, feed.client_cert, feed.client_key, feed.proxy)
            if key not in sessions:
                sessions[key] = await stack.enter_async_context(_session(feed, self.settings))
            known = await self.store.feed_state(feed.name)
            self._watches[feed.name] = Watch(feed, sessions[key], known)

    def _schedule(self, watch: Watch, first: datetime) -> None:
        assert self._scheduler is not None  # noqa: S101
        self._scheduler.add_job(
            self._poll,
            IntervalTrigger(seconds=interval_of(watch.feed).total_seconds()),
            args=[watch],
            id=f"feed:{watch.feed.name}",
            next_run_time=first,
        )

    async def _poll(self, watch: Watch) -> None:
        """One poll; the next one comes when the feed's pace says so, later than the interval after a failure."""
        try:
            next_at = await self._ingest.poll(watch)
        except Exception as error:  # noqa: BLE001  (a fault of ours in one feed must not stop the others)
            log.event(LOGGER, "feed.poll_crashed", level=logging.ERROR, feed=watch.feed.name, error=error)
            return
        if self._scheduler is not None:
            self._scheduler.modify_job(f"feed:{watch.feed.name}", next_run_time=next_at)

    async def _expire(self) -> None:
        try:
            await self._ingest.expire()
        except Exception as error:  # noqa: BLE001  (the next second tries again)
            log.event(LOGGER, "cards.expire_failed", level=logging.ERROR, error=error)

    def _troubles(self) -> list[str]:
        stopped = "poll" in self.roles and (self._scheduler is None or not self._scheduler.running)
        return ["the scheduler does not run"] if stopped else []

    def _last_success(self) -> dict[str, datetime]:
        return {name: watch.last_success for name, watch in self._watches.items() if watch.last_success}


async def serve(settings: Settings, roles: Collection[Role] = ROLES) -> None:
    """The gateway as a process: runs until SIGINT or SIGTERM."""
    store = Store.open(settings.gateway.database)
    try:
        service = Service(settings, store, roles)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, service.stop)
        await service.run()
    finally:
        store.close()


def user_agent(settings: Settings) -> str:
    """Who asks, and whom to write to: some sources refuse a client that does not say."""
    contact = settings.gateway.contact or "no contact configured"
    return f"capgateway/{version('capgateway')} ({contact})"


def public_url(settings: Settings) -> str:
    """The address under which receivers reach this gateway."""
    return settings.gateway.public_url or f"http://{settings.gateway.listen}"


def _session(feed: Feed, settings: Settings) -> aiohttp.ClientSession:
    return net.new_session(
        user_agent=user_agent(settings),
        allow_networks=feed.allow_networks,
        ca=feed.ca,
        client_cert=feed.client_cert,
        client_key=feed.client_key,
        proxy=feed.proxy,
        limit_per_host=CONNECTIONS_A_HOST,
    )


def _scheduler() -> AsyncIOScheduler:
    """One missed run is one run, never two at once, and none is dropped for being late: a dropped poll can lose an
    alert."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    return AsyncIOScheduler(job_defaults=defaults, timezone="UTC")

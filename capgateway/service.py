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

from capgateway import cap, config, log, net, shipped, web
from capgateway.dispatch import Dispatch
from capgateway.errors import ConfigError
from capgateway.feeds.pace import interval_of
from capgateway.ingest import Ingest, Watch
from capgateway.metrics import Metrics
from capgateway.store import Store, utc_now
from capgateway.webhooks import Outlets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
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
        self._sessions: dict[object, aiohttp.ClientSession] = {}
        self._scheduler: AsyncIOScheduler | None = None
        self._reloading: asyncio.Task[bool] | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Let :meth:`run` end in good order."""
        self._stop.set()

    def reload_soon(self) -> None:
        """Start :meth:`reload`, for a signal."""
        self._reloading = asyncio.create_task(self.reload())

    async def reload(self) -> bool:
        """Read the configuration file again and go on with it, without dropping work; whether that went well.

        A bad file changes nothing and says so. Where to store and where to listen stay as they are until a restart.
        """
        try:
            settings = config.load(self.settings.path)
        except ConfigError as error:
            log.event(LOGGER, "config.rejected", level=logging.ERROR, path=self.settings.path, trouble=str(error))
            return False
        before, self.settings = self.settings, settings
        self._ingest.policy = settings.policy
        self._ingest.outlets = Outlets(receivers=settings.receivers, public_url=public_url(settings))
        self._dispatch.replace_receivers(settings.receivers)
        if self._scheduler is not None:
            await self._watch_only(settings.feeds)
            await self._ingest.decide_again()
        kept = settings.gateway != before.gateway
        log.event(LOGGER, "config.reloaded", path=settings.path, restart_needed=kept)
        return True

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
        await self._ingest.expire()  # what ended while we were away goes first
        await self._ingest.decide_again()  # the policy may have changed since
        self._scheduler = _scheduler()
        self._scheduler.add_job(self._expire, IntervalTrigger(seconds=EXPIRE_EVERY.total_seconds()), id="expire")
        try:
            await self._watch_only(self.settings.feeds)
            self._scheduler.start()
            yield
        finally:
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)
            self._scheduler = None
            for session in self._sessions.values():
                await session.close()

    async def _watch_only(self, feeds: Sequence[Feed]) -> None:
        """Watch these feeds and no others; those that are as they were keep their schedule."""
        wanted = {feed.name: feed for feed in feeds if feed.enabled}
        for name, watch in list(self._watches.items()):
            if wanted.get(name) != watch.feed:
                self._jobs.remove_job(f"feed:{name}")
                del self._watches[name]
        new = [feed for name, feed in wanted.items() if name not in self._watches]
        apart = min(FIRST_POLLS_APART, FIRST_POLLS_WITHIN / max(len(new), 1))
        for number, feed in enumerate(new):
            watch = Watch(feed, self._session(feed), await self.store.feed_state(feed.name))
            self._watches[feed.name] = watch
            self._jobs.add_job(
                self._poll,
                IntervalTrigger(seconds=interval_of(feed).total_seconds()),
                args=[watch],
                id=f"feed:{feed.name}",
                next_run_time=utc_now() + number * apart,
            )

    @property
    def _jobs(self) -> AsyncIOScheduler:
        assert self._scheduler is not None  # noqa: S101  (asked only while polling)
        return self._scheduler

    def _session(self, feed: Feed) -> aiohttp.ClientSession:
        """Feeds with the same network settings share a session."""
        key = (feed.allow_networks, feed.ca, feed.client_cert, feed.client_key, feed.proxy)
        if key not in self._sessions:
            self._sessions[key] = net.new_session(
                user_agent=user_agent(self.settings),
                allow_networks=feed.allow_networks,
                ca=feed.ca,
                client_cert=feed.client_cert,
                client_key=feed.client_key,
                proxy=feed.proxy,
                limit_per_host=CONNECTIONS_A_HOST,
            )
        return self._sessions[key]

    async def _poll(self, watch: Watch) -> None:
        """One poll; the next one comes when the feed's pace says so, later than the interval after a failure."""
        try:
            next_at = await self._ingest.poll(watch)
        except Exception as error:  # noqa: BLE001  (a fault of ours in one feed must not stop the others)
            log.event(LOGGER, "feed.poll_crashed", level=logging.ERROR, feed=watch.feed.name, error=error)
            return
        if self._scheduler is not None and self._watches.get(watch.feed.name) is watch:  # not since reloaded
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
        loop.add_signal_handler(signal.SIGHUP, service.reload_soon)
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


def _scheduler() -> AsyncIOScheduler:
    """One missed run is one run, never two at once, and none is dropped for being late: a dropped poll can lose an
    alert."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    return AsyncIOScheduler(job_defaults=defaults, timezone="UTC")

"""The running gateway: build everything, run it in one task group, stop it in order.

::

    ingest.Watching (a job or a stream a feed, expiry)        Dispatch        web
                       └────────── store ────────────────────────┘             │
                                     └─────────────────────────────────────────┘

Stopping goes the way alerts go: no new polls, then no new requests to receivers, then the API, then the database.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from capgateway import cap, config, log, shipped, web
from capgateway.cards import FeedRules, Policy
from capgateway.dispatch import Dispatch
from capgateway.errors import ConfigError
from capgateway.ingest import Intake, Watching
from capgateway.metrics import Metrics
from capgateway.operate import Operate
from capgateway.store import Store, lists
from capgateway.webhooks import Outlets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from capgateway.config import Address, Settings
    from capgateway.feeds.status import FeedStatus, PollResult, Submitted
    from capgateway.ingest import Watch

LOGGER = logging.getLogger("capgateway.service")
Role = Literal["poll", "deliver", "web"]
ROLES: tuple[Role, ...] = ("poll", "deliver", "web")


class Service:
    """One gateway process. ``roles`` says which parts of the gateway it plays."""

    def __init__(self, settings: Settings, store: Store, roles: Collection[Role] = ROLES) -> None:
        self.settings, self.store, self.roles = settings, store, roles
        self.metrics = Metrics()
        self.address: Address | None = None
        self._dispatch = Dispatch(store, settings.receivers, user_agent=user_agent(settings), metrics=self.metrics)
        self._schemas = cap.Schemas(shipped.cap_schemas())
        self._intake = Intake(
            store,
            self._schemas,
            _policy(settings),
            metrics=self.metrics,
            on_messages=self._dispatch.wake,
        )
        self._operate = Operate(store, self._schemas, self._intake.policy, {}, on_messages=self._dispatch.wake)
        self._use(settings)
        self._watching = Watching(self._intake, user_agent(settings))
        self._gateway: web.Gateway | None = None
        self._reloading: asyncio.Task[web.Reloaded] | None = None
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
                await self._intake.expire()  # what ended while we were away goes first
                await self._operate.reconsider()  # policy or version may have changed since
                await stack.enter_async_context(self._watching.running(self.settings.feeds))
            await self._warn_of_the_forgotten()
            address = f"http://{self.address.host}:{self.address.port}" if self.address else None
            log.event(
                LOGGER, "gateway.started", version=version("capgateway"), roles=",".join(self.roles), address=address
            )
            if ready:
                ready.set()
            await self._stop.wait()
            log.event(LOGGER, "gateway.stopping", hint="a second Ctrl-C ends it at once")

    def reload_soon(self) -> None:
        """Start :meth:`reload`, for a signal."""
        self._reloading = asyncio.create_task(self.reload())

    async def reload(self) -> web.Reloaded:
        """Read the configuration file again and go on with it, without dropping work.

        A bad file changes nothing. Where to store and where to listen stay as they are until a restart.
        """
        try:
            settings = config.load(self.settings.path)
        except ConfigError as error:
            log.event(LOGGER, "config.rejected", level=logging.ERROR, path=self.settings.path, trouble=str(error))
            return web.Reloaded(errors=str(error).splitlines())
        waiting = [
            f"gateway.{key}"
            for key in ("database", "listen", "contact")
            if getattr(settings.gateway, key) != getattr(self.settings.gateway, key)
        ]
        changed, self.settings = config.changes(self.settings, settings), settings
        self._use(settings)
        self._dispatch.replace_receivers(settings.receivers)
        if self._gateway:
            self._gateway.settings = settings
        if self._watching.is_running:
            await self._watching.replace(settings.feeds)
        await self._operate.reconsider()
        await self._warn_of_the_forgotten()
        log.event(
            LOGGER,
            "config.reloaded",
            path=settings.path,
            changed=", ".join(changed) or "nothing",
            restart_needed=", ".join(waiting),
        )
        warn(settings)
        return web.Reloaded(restart_needed=waiting, changed=changed)

    def _use(self, settings: Settings) -> None:
        """Decide and route by these settings from now on."""
        self.store.outlets = _outlets(settings)
        self._intake.policy = self._operate.policy = _policy(settings)
        self._operate.feeds = {feed.name: feed for feed in settings.feeds}

    async def _warn_of_the_forgotten(self) -> None:
        """A receiver that is no longer configured may still show cards, and nobody knows its address and secret."""
        known = {receiver.name for receiver in self.settings.receivers}
        for name, count in (await self.store.read(lists.waiting)).pending.items():
            if name not in known:
                advice = "configure it again with enabled = false until it has its take-downs"
                log.event(
                    LOGGER, "receiver.forgotten", level=logging.WARNING, receiver=name, pending=count, advice=advice
                )

    def feed_statuses(self) -> list[FeedStatus]:
        """How every configured feed is doing."""
        return self._watching.statuses()

    async def poll_now(self, name: str) -> PollResult:
        """Ask one feed now. Raises ``KeyError`` for a feed that is not watched."""
        return await self._watching.poll_now(self._watch(name))

    async def submit(self, name: str, document: bytes, *, actor: str) -> list[Submitted]:
        """Take in a document that ``actor`` hands over. Raises ``KeyError`` for a feed that is not watched."""
        submitted = await self._watching.submit(self._watch(name), document)
        log.event(LOGGER, "alert.submitted", actor=actor, feed=name, alerts=",".join(one.alert_id for one in submitted))
        return submitted

    def _watch(self, name: str) -> Watch:
        if (watch := self._watching.find(name)) is None:
            raise KeyError(name)
        return watch

    @asynccontextmanager
    async def _web(self) -> AsyncIterator[None]:
        address = self.settings.gateway.address
        if address is None:
            yield
            return
        self._gateway = web.Gateway(
            store=self.store,
            settings=self.settings,
            metrics=self.metrics,
            database=self.settings.gateway.shown_database,
            troubles=self._troubles,
            operations=self if "poll" in self.roles else None,
        )
        async with web.serve(web.make_app(self._gateway), address) as self.address:
            yield

    @asynccontextmanager
    async def _delivering(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatch.run())
            try:
                yield
            finally:
                self._dispatch.stop()

    def _troubles(self) -> list[str]:
        return ["the scheduler does not run"] if "poll" in self.roles and not self._watching.is_running else []


async def serve(settings: Settings, roles: Collection[Role] = ROLES) -> None:
    """The gateway as a process: runs until SIGINT or SIGTERM."""
    store = Store.open(settings.gateway.database)
    try:
        service = Service(settings, store, roles)
        stop_on_signals(service)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, service.reload_soon)
        await service.run()
    finally:
        store.close()


def stop_on_signals(service: Service) -> None:
    """SIGINT or SIGTERM ends the service in good order; a second SIGINT ends the process at once, whatever it waits for.
    That loses nothing: what is stored is durable, and what was under way is done again."""
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        service.stop()

    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, service.stop)


def introduce(settings: Settings) -> None:
    """Log what this gateway works with, a line each, before anything can go wrong; and what `config check` warns of."""
    for name, value in config.summary(settings).items():
        told: dict[str, Any] = {name: value}
        log.event(LOGGER, f"gateway.{name}", **told)
    warn(settings)


def warn(settings: Settings) -> None:
    """Log the warnings of `config check`."""
    for one in settings.warnings:
        log.event(
            LOGGER,
            "config.warning",
            level=logging.WARNING,
            line=one.line,
            key=one.key,
            warning=one.message,
            path=one.path,
        )


def user_agent(settings: Settings) -> str:
    """Who asks, and whom to write to: some sources refuse a client that does not say."""
    contact = settings.gateway.contact or "no contact configured"
    return f"capgateway/{version('capgateway')} ({contact})"


def public_url(settings: Settings) -> str:
    """The address under which receivers reach this gateway."""
    return settings.gateway.public_url or f"http://{settings.gateway.listen}"


def _policy(settings: Settings) -> Policy:
    """The policy, with what each feed may say."""
    feeds = {
        feed.name: FeedRules(
            is_push=feed.kind == "push",
            senders=feed.senders,
            jurisdiction=feed.jurisdiction,
            signature=feed.signature,
        )
        for feed in settings.feeds
    }
    return msgspec.structs.replace(settings.policy, feeds=feeds)


def _outlets(settings: Settings) -> Outlets:
    return Outlets(receivers=settings.receivers, public_url=public_url(settings))

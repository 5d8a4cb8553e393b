"""The running gateway: build everything, run it in one task group, stop it in order.

::

    ingest.Watching (a job or a stream a feed, expiry)    Pictures    Dispatch    web
                       └────────── store ────────────────────┴───────────┘         │
                                     └─────────────────────────────────────────────┘

Each of them is kept: a fault in one is noted and it begins again. The clock is watched beside them.

Stopping goes the way alerts go: no new polls, then no new requests to receivers, then the API, then the database.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import msgspec

from capgateway import cap, config, log, places, shipped, supervisor, web
from capgateway.cards import FeedRules
from capgateway.clock import Steps, utc_now
from capgateway.dispatch import Dispatch, Readiness
from capgateway.errors import ConfigError, StoreError
from capgateway.ingest import Intake, Watching
from capgateway.ingest.watch import clock_trouble, differs
from capgateway.media.walk import Pictures, hosts_of
from capgateway.metrics import Metrics
from capgateway.operate import Operate
from capgateway.store import Store, feeds, gaps, leases, removed, review, standing, unconfirmed
from capgateway.tasks import STEADY_SECONDS, Faults, Task, keep
from capgateway.webhooks import Outlets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection

    from capgateway.cards import Policy
    from capgateway.clock import Step
    from capgateway.config import Address, Settings
    from capgateway.feeds.status import FeedStatus, PollResult, Submitted
    from capgateway.ingest import Watch

LOGGER = logging.getLogger("capgateway.service")
Role = Literal["poll", "deliver", "web"]
ROLES: tuple[Role, ...] = ("poll", "deliver", "web")
CLOCK_SECONDS = 0.5
"""How often to look whether the clock jumped. Until then leases may seem over that are not."""
CERTIFICATES_SECONDS = 3600.0
"""How often to look when the certificate files expire."""
LONGEST_STOP_SECONDS = 30.0
"""A gateway that stops ends then, whatever it waits for. Its own limits come to 25; supervisors are told to allow 45."""
NEAR_DAYS = 7
"""`/readyz` mentions a certificate file that expires within so many days, or has expired."""
EMPTY = "has neither feeds nor receivers any more; is it being written, or is the disk full? If it is meant, restart the gateway"
"""A reload does not let go of everything: what a full disk leaves of a file is valid."""
STEP_SHOWN = timedelta(minutes=10)
"""How long `/readyz` mentions a jump of the clock."""


class Service:
    """One gateway process. ``roles`` says which parts of the gateway it plays."""

    def __init__(self, settings: Settings, store: Store, roles: Collection[Role] = ROLES) -> None:
        self.settings, self.store, self.roles = settings, store, roles
        self.metrics = Metrics()
        self.faults = Faults(self.metrics)
        self.clock_steps = Steps()
        self._reminders = config.Reminders()
        self.address: Address | None = None
        self._dispatch = Dispatch(
            store, settings.receivers, user_agent=user_agent(settings), metrics=self.metrics, faults=self.faults
        )
        self._readiness = Readiness(
            store,
            user_agent=user_agent(settings),
            metrics=self.metrics,
            faults=self.faults,
            feeds=self._polled_feeds,
            on_messages=self._dispatch.wake,
        )
        self._schemas = cap.Schemas(shipped.cap_schemas())
        self._intake = Intake(
            store,
            self._schemas,
            policy_of(settings),
            metrics=self.metrics,
            on_messages=self._wake,
        )
        self._operate = Operate(store, self._schemas, self._intake.policy, {}, on_messages=self._wake)
        self._pictures = Pictures(
            store,
            self._intake.policy,
            {},
            user_agent=user_agent(settings),
            metrics=self.metrics,
            on_messages=self._dispatch.wake,
        )
        self._use(settings)
        self._watching = Watching(
            self._intake,
            user_agent(settings),
            self.faults,
            each_second={"review": self._operate.publish_unanswered},
        )
        self._gateway: web.Gateway | None = None
        self._reloading = asyncio.Lock()
        self._started = asyncio.Event()
        self._beside: set[asyncio.Task[None]] = set()
        self._last_step: Step | None = None
        self._unwritten_step = timedelta(0)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Let :meth:`run` end in good order."""
        self._stop.set()

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Run until :meth:`stop`. ``ready`` is set when everything is up; ``address`` then says where the API is."""
        loop = asyncio.get_running_loop()
        writer = Task("writer", "store")

        def note(error: BaseException) -> None:
            self.faults.note(writer, error)
            loop.call_later(STEADY_SECONDS, self.faults.mended, writer)

        def on_fault(error: BaseException) -> None:
            with suppress(RuntimeError):  # the loop is closed: the gateway has ended
                loop.call_soon_threadsafe(note, error)

        self.store.on_fault = on_fault
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end_what_is_beside)
            self._begin(Task("watch", "clock"), self._watch_clock)
            self._begin(Task("watch", "certificates"), self._watch_certificates)
            if beats := supervisor.seconds_between_beats():
                self._begin(Task("watch", "supervisor"), lambda: _stay_alive(beats))
            if "web" in self.roles:
                await stack.enter_async_context(self._web())
            if "deliver" in self.roles:
                await stack.enter_async_context(self._delivering())
            if "poll" in self.roles:
                await self._intake.expire()  # what ended while we were away goes first
                await self._operate.end_drills()
                await self._operate.reconsider()  # policy or version may have changed since
                await stack.enter_async_context(self._picturing())
                await stack.enter_async_context(self._watching.running(self.settings.feeds))
            await self._warn_of_the_forgotten()
            address = f"http://{self.address.host}:{self.address.port}" if self.address else None
            log.event(
                LOGGER, "gateway.started", version=version("capgateway"), roles=",".join(self.roles), address=address
            )
            supervisor.ready()
            self._started.set()
            if ready:
                ready.set()
            await self._stop.wait()
            supervisor.stopping()
            log.event(LOGGER, "gateway.stopping", hint="a second Ctrl-C ends it at once")

    def reload_soon(self) -> None:
        """Start :meth:`reload`, for a signal."""

        async def reload() -> None:
            await self.reload()

        self._begin(Task("job", "reload"), reload)

    async def reload(self) -> web.Reloaded:
        """Read the configuration file again and go on with it, without dropping work. One reload comes after the other.

        A bad file changes nothing. Where to store and where to listen stay as they are until a restart. While the gateway
        starts, a reload waits for that; while it stops, there is nothing to go on with.
        """
        await self._started.wait()
        async with self._reloading:
            if self._stop.is_set():
                return web.Reloaded(errors=["the gateway is stopping: it reads the file when it starts again"])
            supervisor.reloading()
            try:
                return await self._reload()
            finally:
                supervisor.ready()

    async def _reload(self) -> web.Reloaded:
        try:
            settings = config.load(self.settings.path)
            if _has_work(self.settings) and not _has_work(settings):
                raise ConfigError(EMPTY, path=settings.path)
        except ConfigError as error:
            self.metrics.reloaded(is_accepted=False)
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
        await self._settle()
        self.metrics.reloaded(is_accepted=True)
        log.event(
            LOGGER,
            "config.reloaded",
            path=settings.path,
            changed=", ".join(changed) or "nothing",
            restart_needed=", ".join(waiting),
        )
        warn(settings)
        return web.Reloaded(restart_needed=waiting, changed=changed)

    async def _settle(self) -> None:
        """Let what is stored follow the configuration: at once, or as soon as the database can."""
        try:
            await self._reconsider()
        except StoreError:
            self._begin(Task("job", "reconsider"), self._reconsider)

    async def _reconsider(self) -> None:
        await self.store.write(standing.lift)
        if "deliver" in self.roles:
            await self._reach_receivers()
        await self._operate.reconsider()
        await self._pictures.try_again()
        await self._warn_of_the_forgotten()

    def _begin(self, task: Task, work: Callable[[], Awaitable[None]]) -> None:
        """Do work beside the walks, for as long as the gateway runs at most."""
        begun = asyncio.create_task(keep(task, work, self.faults))
        self._beside.add(begun)
        begun.add_done_callback(self._beside.discard)

    async def _end_what_is_beside(self) -> None:
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)

    async def _watch_clock(self) -> None:
        """Notice when the wall clock jumps, and let nothing wait for a time that has become another."""
        while True:
            await asyncio.sleep(CLOCK_SECONDS)
            if step := self.clock_steps.look():
                self._clock_stepped(step)
            if self._unwritten_step:
                await self._write_step()

    async def _watch_certificates(self) -> None:
        """Log which certificate files expire soon."""
        while True:
            now = utc_now()
            for one in await asyncio.to_thread(self._reminders.news, self.settings, now):
                log.event(
                    LOGGER,
                    "certificate.expiring",
                    level=logging.WARNING,
                    feed=one.feed,
                    receiver=one.receiver,
                    key=one.key,
                    expires_at=one.expires_at,
                    trouble=one.told(now),
                )
            await asyncio.sleep(CERTIFICATES_SECONDS)

    def _clock_stepped(self, step: Step) -> None:
        self._last_step = step
        self._unwritten_step += step.by
        self.metrics.clock_stepped(step.by)
        self._watching.clock_stepped(step.by)
        advice = "let a time server keep this machine's clock: alerts are judged by it"
        log.event(
            LOGGER,
            "clock.stepped",
            level=logging.WARNING,
            seconds=round(step.by.total_seconds(), 1),
            at=step.at,
            advice=advice,
        )

    async def _write_step(self) -> None:
        """Leases and waits in the store, as soon as it can be written to."""
        by = self._unwritten_step
        try:
            await self.store.write(leases.clock_stepped, by, self._dispatch.held, alone=self.store.is_ours_alone)
            await self.store.write(feeds.clock_stepped, by)
            await self.store.write(gaps.clock_stepped, by)
            if by < timedelta(0):
                await self.store.write(unconfirmed.clock_stepped, by)
            await self.store.write(review.clock_stepped, by)
            await self._watching.remember()
        except StoreError:
            return
        self._unwritten_step -= by
        self._dispatch.wake()

    def _use(self, settings: Settings) -> None:
        """Decide and route by these settings from now on."""
        self.store.outlets = _outlets(settings, self.address)
        self.metrics.expect(receiver.name for receiver in settings.receivers)
        self._intake.policy = self._operate.policy = self._pictures.policy = policy_of(settings)
        self._operate.feeds = self._pictures.feeds = {feed.name: feed for feed in settings.feeds}

    def _wake(self) -> None:
        """The store has messages to deliver, and perhaps a card with pictures."""
        self._dispatch.wake()
        self._pictures.wake()

    async def _warn_of_the_forgotten(self) -> None:
        """A receiver that is no longer configured may still show cards, and its address and secret are not known."""
        configured = [receiver.name for receiver in self.settings.receivers]
        left = await self.store.read(removed.holding, configured)
        known = self._dispatch.receivers if "deliver" in self.roles else left
        for name in left:
            advice = (
                "it may show cards that have ended: configure it again with enabled = false until it has its take-downs"
            )
            if name not in known:
                log.event(LOGGER, "receiver.forgotten", level=logging.WARNING, receiver=name, advice=advice)

    def _polled_feeds(self) -> list[str]:
        """The enabled feeds that are asked, and not listened to."""
        return [one.name for one in self.settings.feeds if one.enabled and one.kind not in {"naads", "push"}]

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
            notes=self.notes,
            fault=self.fault_of_receiver,
            age=self.clock_steps.age,
            user_agent=user_agent(self.settings),
            operations=self if "poll" in self.roles else None,
            hands=self._operate,
            atlas=lambda: self._intake.policy.atlas,
        )
        async with web.serve(web.make_app(self._gateway), address) as self.address:
            self.store.outlets = _outlets(self.settings, self.address)
            yield

    async def _reach_receivers(self) -> None:
        """Keep what it takes to reach the receivers, and deliver to those that were removed until they display nothing."""
        seal = await asyncio.to_thread(lambda: self.store.seal)
        configured = [receiver.name for receiver in self.settings.receivers]
        await self.store.write(removed.keep, self.settings.receivers, seal)
        left = await self.store.read(removed.reached, configured, seal)
        self._dispatch.replace_receivers((*self.settings.receivers, *left))

    @asynccontextmanager
    async def _delivering(self) -> AsyncIterator[None]:
        await self._reach_receivers()
        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(keep(Task("dispatch", "run"), self._dispatch.run, self.faults))
            asking = group.create_task(keep(Task("readiness", "run"), self._readiness.run, self.faults))
            await asyncio.sleep(0)
            try:
                yield
            finally:
                self._readiness.stop()
                asking.cancel()
                self._dispatch.stop()
                if not self._dispatch.is_running:  # it failed, and waits to begin again
                    delivering.cancel()

    @asynccontextmanager
    async def _picturing(self) -> AsyncIterator[None]:
        picturing = asyncio.create_task(keep(Task("pictures", "run"), self._pictures.run, self.faults))
        try:
            yield
        finally:
            self._pictures.stop()
            picturing.cancel()
            await asyncio.wait({picturing})

    def _troubles(self) -> list[str]:
        """Why this process does not do its part."""
        polling = self._watching.troubles() if "poll" in self.roles else []
        return polling + (self._dispatch.troubles() if "deliver" in self.roles else [])

    def fault_of_receiver(self, name: str) -> str | None:
        """What in the gateway itself fails for a receiver."""
        fault = self.faults.of(Task("courier", name))
        return str(fault) if fault else None

    def notes(self) -> list[str]:
        """What does not go well, although this process does its part."""
        notes = [str(fault) for fault in self.faults.current()]
        if (step := self._last_step) and abs(utc_now() - step.at) < STEP_SHOWN:
            direction = "back" if step.by < timedelta(0) else "forward"
            notes.append(f"the clock of this machine went {direction} by {abs(step.by.total_seconds()):.0f} s")
        near = [one.told(utc_now()) for one in self._reminders.reported if one.within <= NEAR_DAYS]
        notes += dict.fromkeys(near)  # many may use one file
        offsets = [one for one in self.feed_statuses() if differs(one.clock_offset_seconds)]
        return notes + [f"{one.name}: {clock_trouble(one.clock_offset_seconds)}" for one in offsets]


async def serve(settings: Settings, roles: Collection[Role] = ROLES) -> None:
    """The gateway as a process: runs until SIGINT or SIGTERM."""
    store = Store.open(settings.gateway.database)
    try:
        service = Service(settings, store, roles)
        stop_on_signals(service, on_stop=_end_at_last)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, service.reload_soon)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])  # the command line lets it wait until here
        await service.run()
    finally:
        store.close()


async def _stay_alive(seconds: float) -> None:
    """Tell the supervisor that the loop turns, for as long as it does. A database that hangs is no reason to be ended."""
    while True:
        supervisor.alive()
        await asyncio.sleep(seconds)


def _end_at_last() -> None:
    """See that the process ends. A thread that waits for a database that does not answer cannot be ended by anything else."""

    def end() -> NoReturn:
        advice = "something does not answer, perhaps the database; what was under way is done again"
        log.event(LOGGER, "gateway.cut_off", level=logging.ERROR, advice=advice)
        os._exit(1)

    timer = threading.Timer(LONGEST_STOP_SECONDS, end)
    timer.daemon = True
    timer.start()


def stop_on_signals(service: Service, on_stop: Callable[[], None] = lambda: None) -> None:
    """SIGINT or SIGTERM ends the service in good order; a second SIGINT ends the process at once, whatever it waits for.
    That loses nothing: what is stored is durable, and what was under way is done again. ``on_stop`` is called once."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        loop.add_signal_handler(signal.SIGTERM, service.stop)  # it stops already
        service.stop()
        on_stop()

    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGTERM, stop)


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


def _has_work(settings: Settings) -> bool:
    """Whether there is anything to ask or to send to."""
    return bool(settings.feeds or settings.receivers)


def user_agent(settings: Settings) -> str:
    """Who asks, and whom to write to: some sources refuse a client that does not say."""
    contact = settings.gateway.contact or "no contact configured"
    return f"capgateway/{version('capgateway')} ({contact})"


def public_url(settings: Settings, bound: Address | None = None) -> str:
    """The address under which receivers reach this gateway; ``bound`` is the one that it got where it asked for any port."""
    if bound and not settings.gateway.public_url and (settings.gateway.listen or "").endswith(":0"):
        return f"http://{bound.host}:{bound.port}"
    return settings.gateway.public_url or f"http://{settings.gateway.listen}"


def policy_of(settings: Settings) -> Policy:
    """The policy, with what each feed may say."""
    feeds = {
        feed.name: FeedRules(
            is_push=feed.kind == "push",
            senders=feed.senders,
            jurisdiction=feed.jurisdiction,
            signature=feed.signature,
            precedence=feed.precedence,
            media_hosts=hosts_of(feed),
        )
        for feed in settings.feeds
    }
    return msgspec.structs.replace(settings.policy, feeds=feeds, atlas=places.atlas_of(settings.places))


def _outlets(settings: Settings, bound: Address | None) -> Outlets:
    return Outlets(receivers=settings.receivers, public_url=public_url(settings, bound))

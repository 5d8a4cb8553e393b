"""How hard one host is leaned on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from capgateway import net
from capgateway.feeds import Feed
from capgateway.feeds.http import hosts
from capgateway.feeds.http.fetch import Fetched, FetchFailed, fetch
from capgateway.feeds.http.hosts import AT_ONCE, Hosts
from capgateway.simulate.feed import Fault, FeedServer

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


async def ask(state: Hosts, name: str, under_way: list[int], most: list[int]) -> None:
    async with state.turn(name):
        under_way[0] += 1
        most.append(under_way[0])
        await asyncio.sleep(0)
        under_way[0] -= 1


async def test_few_requests_are_under_way_at_once() -> None:
    """However many want to, only so many are asking one host; another host has its own turns."""
    state, under_way, most = Hosts(per_second=1e6), [0], [0]
    await asyncio.gather(*(ask(state, "one.example", under_way, most) for _ in range(50)))
    assert max(most) == AT_ONCE
    async with state.turn("one.example"), state.turn("two.example"):
        pass


async def test_a_burst_is_followed_by_a_rate() -> None:
    """After the burst, requests are spaced; a host that was left alone may burst again."""
    state, loop, turns = Hosts(per_second=100, burst=5), asyncio.get_running_loop(), []
    for _ in range(15):
        async with state.turn("one.example"):
            turns.append(loop.time())
    assert turns[14] - turns[0] >= 8 / 100


async def test_who_wants_to_be_left_alone_is() -> None:
    """A hold counts for the host, until its moment, and the later of two wins."""
    state = Hosts()
    state.hold("one.example", NOW + timedelta(seconds=60))
    state.hold("one.example", NOW + timedelta(seconds=30))
    assert state.held_until("one.example", NOW) == NOW + timedelta(seconds=60)
    assert state.held_until("one.example", NOW + timedelta(seconds=60)) is None
    assert state.held_until("two.example", NOW) is None


async def test_ever_new_hosts_are_forgotten() -> None:
    """Only so many hosts are remembered; the one asked longest ago goes first."""
    state = Hosts()
    for number in range(hosts.MAX_HOSTS + 1):
        state.hold(f"{number}.example", NOW)
    assert state.held_until("0.example", NOW - timedelta(1)) is None
    assert state.held_until("1.example", NOW - timedelta(1)) == NOW


async def test_the_operators_own_hosts_are_asked_as_configured() -> None:
    """What lives in allow_networks is neither spaced nor held back."""
    allowed, state = (ip_network("127.0.0.0/8"),), Hosts(per_second=0.001, burst=0)
    feed = Feed(name="f", kind="cap", allow_networks=allowed)
    async with FeedServer() as server, net.new_session(user_agent="t", allow_networks=allowed) as session:
        server.publish("a.xml", b"<alert/>")
        server.misbehave("a.xml", Fault(status=429, headers={"Retry-After": "60"}), times=1)
        first = await fetch(session, server.url("a.xml"), feed=feed, now=NOW, hosts=state)
        again = await fetch(session, server.url("a.xml"), feed=feed, now=NOW, hosts=state)
        assert isinstance(first, FetchFailed)
        assert isinstance(again, Fetched)


async def test_a_held_public_host_is_not_asked() -> None:
    """Every feed of a host waits when one was told to; nothing is sent."""
    state, feed = Hosts(), Feed(name="f", kind="cap")
    state.hold("alerts.example", NOW + timedelta(seconds=60))
    async with net.new_session(user_agent="t") as session:
        got = await fetch(session, "https://alerts.example/a.xml", feed=feed, now=NOW, hosts=state)
    assert isinstance(got, FetchFailed)
    assert (got.reason, got.retry_at) == ("throttled", NOW + timedelta(seconds=60))

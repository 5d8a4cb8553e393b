"""How many connections the system allows us."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator

import pytest
from net_server import LOOPBACK, answering

from capgateway import net
from capgateway.net.guard import RESERVED_DESCRIPTORS


@pytest.fixture
def limits() -> Iterator[tuple[int, int]]:
    """The limits of this process, put back at the end."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_is_raised_as_far_as_the_system_lets_us(limits: tuple[int, int]) -> None:
    """From the usual 1,024 to what is allowed; never lowered, and never beyond reason."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, limits[1]))
    assert net.descriptor_limit() == 512
    raised = net.raise_descriptor_limit()
    assert (
        raised == net.descriptor_limit() == (65_536 if limits[1] == resource.RLIM_INFINITY else min(limits[1], 65_536))
    )
    assert net.raise_descriptor_limit() == raised


async def test_the_last_descriptors_are_not_for_strangers(limits: tuple[int, int]) -> None:
    """When nearly all are in use a request fails as one that could not connect; the store can still open files."""
    async with (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", turns=True) as url,
        net.new_session(user_agent="test", allow_networks=LOOPBACK) as session,
    ):
        resource.setrlimit(resource.RLIMIT_NOFILE, (4 * RESERVED_DESCRIPTORS, limits[1]))
        others = [socket.socket() for _ in range(3 * RESERVED_DESCRIPTORS)]
        with pytest.raises(net.TROUBLE) as caught:
            await session.get(url)
        assert net.fetch_error(caught.value).reason == "connect"
        for one in others:
            one.close()
        async with session.get(url) as response:
            assert await net.read_bounded(response, 10) == b"ok"

"""Ports of loopback for servers that start later, mostly as processes of their own."""

from __future__ import annotations

import random
import socket
from itertools import count

FIRST, COUNT = 20_000, 12_000
"""Below the ports that a system gives to those who ask for any: nobody else gets one of them before the server starts."""
_numbers = count(random.randrange(COUNT))  # noqa: S311  (tests that run at the same time begin at different ones)


def free_port() -> int:
    """A port where nobody listens; each time another one."""
    while True:
        port = FIRST + next(_numbers) % COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port

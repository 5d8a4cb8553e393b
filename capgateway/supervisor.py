"""Report to the supervisor how this process is doing: systemd, or what else sets ``NOTIFY_SOCKET``. Without one, nothing is sent.

::

    ready · reloading, ready again · stopping        and every few seconds, while the loop turns: alive
"""

from __future__ import annotations

import os
import socket
import time

_BEATS = 3
"""How often to say "alive" within the time after which the supervisor takes this process for dead."""


def ready() -> None:
    """Everything is up."""
    _tell("READY=1")


def reloading() -> None:
    """The configuration is read again; :func:`ready` ends that."""
    _tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """The process is about to end in good order."""
    _tell("STOPPING=1")


def alive() -> None:
    """The event loop turns."""
    _tell("WATCHDOG=1")


def seconds_between_beats() -> float | None:
    """How often :func:`alive` has to be said; ``None`` where nobody waits for it."""
    limit, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not limit.isdecimal() or int(limit) == 0 or process not in {"", str(os.getpid())}:
        return None
    return int(limit) / 1e6 / _BEATS


def _tell(message: str) -> None:
    """A datagram, which never waits. A supervisor that does not listen changes nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        try:
            line.sendto(message.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
        except OSError:
            return

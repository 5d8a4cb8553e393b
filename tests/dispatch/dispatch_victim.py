"""A gateway that delivers what is stored until it is killed at one step: ``dispatch_victim.py DATABASE URL STEP``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any, NoReturn

from dispatch_gateway import SECRET, Gateway, a_receiver

from capgateway.dispatch import flight
from capgateway.dispatch.courier import Courier
from capgateway.store import Store, deliveries
from capgateway.webhooks.send import send as real_send

STEPS = ("after claim", "before send", "after send", "before commit")


def die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")


async def sent_and_killed(*arguments: Any, **named: Any) -> NoReturn:
    await real_send(*arguments, **named)
    die()


def recorded_and_killed(*arguments: Any, **named: Any) -> NoReturn:
    real_record(*arguments, **named)
    die()


real_record = deliveries.record


async def main(database: str, url: str, step: str) -> None:
    """Deliver, and die."""
    if step == "after claim":
        Courier._begin = die  # type: ignore[method-assign]
    elif step == "before commit":
        deliveries.record = recorded_and_killed
    else:
        vars(flight)["send"] = die if step == "before send" else sent_and_killed
    gateway = Gateway(Store.open(database), [a_receiver(url, secrets=(SECRET,))])
    await gateway.dispatch.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

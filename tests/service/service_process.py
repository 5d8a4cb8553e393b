"""The gateway as a process of its own, started as an operator starts it, and ended as a power cut ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from capgateway.errors import StoreError
from capgateway.store import Store, StoredDelivery, lists
from capgateway.webhooks import encode_secret

SECRET = b"a secret of the right length...."
PATIENCE_SECONDS = 60.0
CONFIG = """
[gateway]
database = "sqlite:///gateway.db"
listen = ""

[policy]
regions = ["US-TX"]

[[feeds]]
name = "simulator"
kind = "atom"
url = "{feed}"
interval = "1s"
allow_networks = ["127.0.0.0/8"]

[[receivers]]
name = "app"
url = "http://127.0.0.1:{port}/hook"
secret = "env:APP_SECRET"
timeout = "15s"
allow_networks = ["127.0.0.0/8"]
"""


class Installation:
    """A directory with a configuration and a database."""

    def __init__(self, directory: Path, *, feed: str, port: int) -> None:
        self.directory = directory
        self.config = directory / "capgateway.toml"
        self.config.write_text(CONFIG.format(feed=feed, port=port))

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The gateway, killed at the end if it still runs."""
        command = [sys.executable, "-m", "capgateway", "--config", str(self.config), "run", "--log-format", "json"]
        environment = {**os.environ, "APP_SECRET": encode_secret(SECRET)}
        with (self.directory / "gateway.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603
        try:
            yield process
        finally:
            kill(process)

    async def delivery(self) -> StoredDelivery | None:
        """The one delivery that the database holds, ``None`` while there is none."""
        try:
            store = Store.open_read_only(f"sqlite:///{self.directory / 'gateway.db'}")
        except StoreError:
            return None
        try:
            return next(iter((await store.read(lists.delivery_page)).items), None)
        finally:
            store.close()

    def log(self) -> str:
        return (self.directory / "gateway.log").read_text()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End it at once, without any chance to tidy up."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(PATIENCE_SECONDS)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds; who waits in vain fails."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():
            await asyncio.sleep(0.05)

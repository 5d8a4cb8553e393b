"""The gateway as a process of its own, started as an operator starts it; its CPU time and what it stored, from outside.

Linux only: the CPU time of another process is read from ``/proc``.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from capgateway.webhooks import encode_secret

SECRET = b"a secret of the right length...."
STOP_SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = """
[gateway]
database = "sqlite:///gateway.db"
listen = ""

[policy]
regions = ["US-TX"]

[[feeds]]
name = "wrapper"
kind = "ipaws"
url = "{feed}"
interval = "2s"
allow_networks = ["127.0.0.0/8"]
"""
RECEIVER = """
[[receivers]]
name = "app-{number}"
url = "{hook}"
secret = "env:APP_SECRET"
rate = "100000/s"
allow_networks = ["127.0.0.0/8"]
"""


class Gateway:
    """A running ``capgateway run``, its directory included."""

    def __init__(self, process: subprocess.Popen[bytes], directory: Path) -> None:
        self._process, self._directory = process, directory

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def cpu(self) -> float:
        """Seconds of CPU time of all its threads, user and system, since it started."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS  # utime and stime of proc(5), counted after the name

    def stored(self) -> int:
        """Alerts that are durable, whatever was decided."""
        return sum(self.decisions().values())

    def decisions(self) -> dict[str, int]:
        """How many alerts are stored with each decision. Reading does not disturb the one who writes."""
        with closing(sqlite3.connect(f"file:{self._directory / 'gateway.db'}?mode=ro", uri=True)) as database:
            return dict(database.execute("SELECT decision, count(*) FROM alerts GROUP BY decision"))

    def log(self) -> str:
        """The end of its log, for when it failed."""
        return (self._directory / "gateway.log").read_text()[-2000:]


@contextmanager
def gateway(feed: str, hooks: Sequence[str], directory: Path) -> Iterator[Gateway]:
    """Runs while the context lasts, and is killed at its end: what it does after the last measurement is of no interest."""
    receivers = "".join(RECEIVER.format(number=number, hook=hook) for number, hook in enumerate(hooks))
    config = directory / "capgateway.toml"
    config.write_text(CONFIG.format(feed=feed) + receivers)
    command = [sys.executable, "-m", "capgateway", "--config", str(config), "run", "--log-format", "json"]
    environment = {**os.environ, "APP_SECRET": encode_secret(SECRET)}
    with (directory / "gateway.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        yield Gateway(process, directory)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(STOP_SECONDS)

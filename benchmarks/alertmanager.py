"""Debian's prometheus-alertmanager, posting to the same receivers as the gateway: one notification per alert."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

COMMAND = "prometheus-alertmanager"
START_SECONDS = 30.0
BATCH = 500
#: As long as the text of the gateway's card, so that both post bodies of about the same size.
SUMMARY = "x" * 2500


def is_installed() -> bool:
    return shutil.which(COMMAND) is not None


class Alertmanager:
    """Runs while the context lasts, with one group, and therefore one notification, per alert and receiver.

    ``cpu`` is what it used, in seconds, once it has ended.
    """

    def __init__(self, receivers: Sequence[str]) -> None:
        self._receivers, self.cpu = receivers, 0.0

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory()
        root = Path(self._directory.name)
        config = {
            "route": {
                "receiver": "all",
                "group_by": ["..."],
                "group_wait": "0s",
                "group_interval": "1h",
                "repeat_interval": "4h",
            },
            "receivers": [
                {"name": "all", "webhook_configs": [{"url": url, "send_resolved": False} for url in self._receivers]}
            ],
        }
        (root / "config.yml").write_bytes(msgspec.json.encode(config))  # JSON is YAML too
        address = f"127.0.0.1:{_free_port()}"
        self.url = f"http://{address}"
        options = [f"--config.file={root / 'config.yml'}", f"--storage.path={root}", f"--web.listen-address={address}"]
        options += ["--cluster.listen-address=", "--log.level=error"]
        self._process = subprocess.Popen([COMMAND, *options])  # noqa: S603
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = used.ru_utime + used.ru_stime
        self._directory.cleanup()

    async def ready(self) -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(START_SECONDS):
            while True:
                try:
                    async with session.get(f"{self.url}/-/ready") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)

    async def post(self, count: int) -> None:
        """Hand over as many different alerts as it shall post to each receiver."""
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            for start in range(0, count, BATCH):
                alerts = [_alert(number, ends) for number in range(start, min(start + BATCH, count))]
                async with session.post(f"{self.url}/api/v2/alerts", json=alerts):
                    pass


def _alert(number: int, ends: str) -> dict[str, object]:
    labels, annotations = {"alertname": "card", "card": str(number)}, {"summary": SUMMARY}
    return {"labels": labels, "annotations": annotations, "endsAt": ends}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

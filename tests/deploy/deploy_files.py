"""What the tests of ``deploy/`` share: its files, the programs that check them, and the metrics that the gateway has."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from capgateway.metrics import FeedGauge, Metrics, Queues, State

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def program(package: str, *names: str) -> str:
    """The path of a program, under the first of its names that is there."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"needs {names[0]}: apt-get install {package}")


def run(*command: str | Path) -> str:
    """What a program prints; it has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@cache
def metrics() -> frozenset[str]:
    """Every name under which Prometheus stores something of the gateway."""
    state = State(feeds=(FeedGauge(feed="x"),), queues=Queues())
    told = Metrics().exposition(state, datetime(2026, 11, 22, tzinfo=UTC)).decode()
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)", told, re.MULTILINE))
    parts = ("_bucket", "_count", "_sum")
    return frozenset(name + part for name, kind in types.items() for part in (parts if kind == "histogram" else ("",)))


def asked_for(expression: str) -> set[str]:
    """The metrics of the gateway in an expression."""
    return set(re.findall(r"\b(?:capgateway|process)_\w+", expression))

"""The unit: systemd accepts it, rates what it may do, and is told how the gateway is doing."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import pytest
from deploy_files import DEPLOY, program, run

from capgateway import supervisor
from capgateway.dispatch import walk
from capgateway.ingest import jobs
from capgateway.web import app

UNIT = (DEPLOY / "systemd/capgateway.service").read_text()
EXPOSURE = 1.5
"""systemd rates from 0, which may do nothing, to 10; what does not talk to the network gets below 1."""


def seconds(key: str) -> int:
    (value,) = re.findall(rf"^{key}=(\d+)$", UNIT, re.MULTILINE)
    return int(value)


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """Without a word, once the program is there."""
    analyze = program("systemd", "systemd-analyze")
    unit = tmp_path / "capgateway.service"
    unit.write_text(UNIT.replace("/opt/capgateway/bin/capgateway", "/bin/true"))
    assert run(analyze, "verify", "--man=no", "--recursive-errors=no", unit).strip() == ""


def test_the_unit_may_do_little() -> None:
    """As `systemd-analyze security` rates it."""
    told = run(
        program("systemd", "systemd-analyze"), "security", "--offline=yes", DEPLOY / "systemd/capgateway.service"
    )
    (exposure,) = re.findall(r"Overall exposure level for capgateway.service: ([\d.]+)", told)
    assert float(exposure) <= EXPOSURE


def test_the_user_is_made_by_sysusers() -> None:
    """The one that the unit runs as."""
    sysusers = program("systemd", "systemd-sysusers")
    assert "User=capgateway\n" in UNIT
    assert "capgateway" in run(sysusers, "--dry-run", DEPLOY / "systemd/capgateway.sysusers")


def test_the_time_to_stop_suffices() -> None:
    """What the gateway may need before it ends by itself, one after the other, is less than the unit and the container allow."""
    needed = walk.STOP_SECONDS + jobs.STOP_SECONDS + 2 * app.STOP_SECONDS
    assert needed == 21
    assert needed * 2 < seconds("TimeoutStopSec") + 1
    assert "stop_grace_period: 45s" in (DEPLOY / "container/compose.yaml").read_text()
    assert "25 seconds" in (DEPLOY.parent / "docs/deploying.md").read_text()


def test_the_supervisor_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens to the gateway, in systemd's words; and how often it has to say that it is alive."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        supervisor.ready()  # nobody listens: nothing happens
        line.bind(str(tmp_path / "notify"))
        for say in (supervisor.ready, supervisor.reloading, supervisor.alive, supervisor.stopping):
            say()
        told = [line.recv(200).decode() for _ in range(4)]
    assert re.fullmatch(r"READY=1 RELOADING=1\nMONOTONIC_USEC=\d+ WATCHDOG=1 STOPPING=1", " ".join(told))
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    assert supervisor.seconds_between_beats() == 20
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert supervisor.seconds_between_beats() is None


def test_the_unit_uses_signals_that_the_gateway_knows() -> None:
    """SIGHUP to reload, SIGTERM (the default) to stop the gateway and not the processes that it started."""
    assert f"ExecReload=/bin/kill -{signal.SIGHUP.name.removeprefix('SIG')} $MAINPID" in UNIT
    assert "KillMode=mixed" in UNIT
    assert "KillSignal" not in UNIT

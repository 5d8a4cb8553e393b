"""``capgateway run`` as its operator meets it: what it says at the start and at a reload, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ports import free_port

MAIN = [sys.executable, "-c", "from capgateway.cli import main; main()"]
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ENDS = {signal.SIGTERM: 0, signal.SIGINT: 0}


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A gateway with one feed, a folder, and one receiver."""
    (tmp_path / "in").mkdir()
    path = tmp_path / "capgateway.toml"
    path.write_text(
        '[gateway]\ndatabase = "sqlite:///x.db"\nlisten = "127.0.0.1:0"\n[policy]\nregions = ["US-TX"]\n'
        '[[feeds]]\nname = "folder"\nkind = "directory"\npath = "in"\n'
        f'[[receivers]]\nname = "app"\nurl = "https://app.example/"\nsecret = "{SECRET}"\n'
    )
    return path


@contextmanager
def running(path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [*MAIN, "run", "--config", str(path), *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=120)


def until(process: subprocess.Popen[str], event: str) -> list[str]:
    """The log up to an event."""
    assert process.stderr
    lines = []
    for line in process.stderr:
        lines.append(line)
        if event in line:
            return lines
    raise AssertionError("".join(lines))


def test_the_start_says_what_the_gateway_works_with(configuration: Path) -> None:
    """A line each: file, database, address, regions, programmes, feeds, receivers; and the warnings of `config check`."""
    with running(configuration, "--log-format", "text") as process:
        lines = until(process, "gateway.started")
    told = [line.split(maxsplit=4)[3:] for line in lines]
    assert told[:7] == [
        ["gateway.configuration", f"configuration={configuration}\n"],
        ["gateway.database", f"database={configuration.parent}/x.db\n"],
        ["gateway.address", "address=http://127.0.0.1:0\n"],
        ["gateway.regions", "regions=US-TX\n"],
        ["gateway.programmes", "programmes=amber\n"],
        ["gateway.feeds", 'feeds="1 enabled: folder"\n'],
        ["gateway.receivers", 'receivers="1 enabled: app"\n'],
    ]
    assert "config.warning line=13 key=receivers[0].secret" in lines[7].replace('"', "")
    assert SECRET not in "".join(lines)


def test_a_reload_during_the_start_comes_after_it(configuration: Path) -> None:
    """SIGHUP does not end a gateway that waits for its database."""
    with (
        closing(sqlite3.connect(configuration.parent / "x.db", isolation_level=None)) as other,
        running(configuration, "--log-format", "json") as process,
    ):
        other.execute("BEGIN EXCLUSIVE")
        until(process, "gateway.receivers")
        process.send_signal(signal.SIGHUP)
        other.execute("ROLLBACK")
        events = [json.loads(line)["event"] for line in until(process, "config.reloaded")]
    assert events.index("gateway.started") < events.index("config.reloaded")


def test_a_reload_says_what_changed(configuration: Path) -> None:
    """By key, without values; and what needs a restart."""
    with running(configuration, "--log-format", "json") as process:
        until(process, "gateway.started")
        text = configuration.read_text().replace("US-TX", "US").replace("127.0.0.1:0", "localhost:0")
        configuration.write_text(text.replace('path = "in"', 'path = "in"\ninterval = "5m"'))
        process.send_signal(signal.SIGHUP)
        line: dict[str, Any] = json.loads(until(process, "config.reloaded")[-1])
    assert line["changed"] == "gateway.listen, policy.regions, feeds.folder.interval"
    assert line["restart_needed"] == "gateway.listen"


@pytest.mark.parametrize("number", ENDS)
def test_it_ends_in_good_order_when_told_once(configuration: Path, number: signal.Signals) -> None:
    """With exit code 0."""
    with running(configuration, "--log-format", "text") as process:
        until(process, "gateway.started")
        process.send_signal(number)
        until(process, "gateway.stopping")
        assert process.wait(60) == ENDS[number]


def test_a_second_interrupt_ends_the_gateway_at_once(configuration: Path) -> None:
    """Although a request still waits for an answer that will not come."""
    port = free_port()
    configuration.write_text(configuration.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
    with running(configuration, "--log-format", "text") as process:
        until(process, "gateway.started")
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"POST /api/v1/validate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n")
            slow.sendall(b"Expect: 100-continue\r\n\r\n")
            assert b" 100 " in slow.recv(100)  # it waits for the content now, which keeps it for seconds
            process.send_signal(signal.SIGINT)
            until(process, "gateway.stopping")
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == -signal.SIGINT


def test_a_second_interrupt_ends_any_command() -> None:
    """Even one that does not hear the first, because it waits for a thread that does not end."""
    code = (
        "import threading, time\nfrom capgateway import cli\nfrom capgateway.cli import keys\n"
        "def wait(**_):\n"
        "    threading.Thread(target=time.sleep, args=[60]).start()\n    print('waiting', flush=True)\n    time.sleep(60)\n"
        "keys.generate.callback = wait\ncli.main()\n"
    )
    words = [sys.executable, "-c", code, "keys", "generate"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == -signal.SIGINT


def test_roles_are_checked(configuration: Path) -> None:
    """A misspelt role is a usage error that lists them."""
    command = [*MAIN, "run", "--config", str(configuration), "--roles", "poll,delivr"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, env=os.environ)  # noqa: S603
    assert done.returncode == 2
    assert "'delivr' is not one of poll, deliver, web" in done.stderr

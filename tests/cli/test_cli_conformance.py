"""``capgateway receivers conformance`` as its users meet it: exit codes, the three forms of the report, and Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from capgateway import webhooks
from capgateway.cli import cli
from capgateway.conformance.run import COUNT
from capgateway.simulate.receiver import Arrival, Misbehaviour, ReceiverServer

SECRET = b"a secret of the right length...."
WRITTEN = webhooks.encode_secret(SECRET)


@contextmanager
def running(misbehaviour: Misbehaviour = Misbehaviour()) -> Iterator[ReceiverServer]:  # noqa: B008
    """A receiver in a thread of its own."""
    server = ReceiverServer(secrets=[SECRET], misbehaviour=misbehaviour)
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def serve(stop: asyncio.Event) -> None:
        async with server:
            ready.set()
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve(stop)))
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def conformance(*arguments: str, configuration: Path | None = None) -> Result:
    before = ["--config", str(configuration)] if configuration else []
    return CliRunner().invoke(cli, [*before, "receivers", "conformance", *arguments])


def test_a_good_receiver_by_its_url() -> None:
    """A line per check, exit 0, and a loopback address that the user typed is allowed."""
    with running() as good:
        result = conformance(good.url, "--secret", WRITTEN)
    assert result.exit_code == 0, result.output
    assert "pass  1  valid" in result.stdout
    assert "pass  2  older-snapshot" in result.stdout
    assert f"0 of {COUNT - 1} checks failed; levels 1 and 2 were observed" in result.stdout


def test_a_configured_receiver_needs_no_secret(tmp_path: Path) -> None:
    """Its own is used, with its address, and no other secret is asked for."""
    with running() as good:
        (tmp_path / "c.toml").write_text(
            f'[[receivers]]\nname = "mine"\nurl = "{good.url}"\nsecret = "{WRITTEN}"\nallow_networks = ["127.0.0.0/8"]\n'
            '[[receivers]]\nname = "other"\nurl = "https://x.example/"\nsecret = "env:NOT_SET"\n'
        )
        result = conformance("mine", "--json", configuration=tmp_path / "c.toml")
        unknown = conformance("mime", configuration=tmp_path / "c.toml")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["target"], told["passed"], told["level"], told["left"]) == (0, "mine", True, 2, 0)
    assert {"name": "valid", "level": 1, "title": "accepts a valid message", "passed": True, "detail": None} in told[
        "checks"
    ]
    assert isinstance(unknown.exception, Exception)
    assert 'did you mean "mine"' in str(unknown.exception)


def test_a_bad_receiver_in_junit() -> None:
    """Exit 1, a failure with its sentence, and what could not be checked is skipped."""
    with running() as good:
        result = conformance(good.url, "--secret", webhooks.encode_secret(b"x" * 32), "--format", "junit")
    suite = ET.fromstring(result.stdout)  # noqa: S314  (our own)
    assert (result.exit_code, suite.get("failures")) == (1, "1")
    failures = [one.get("message") for one in suite.iter("failure")]
    assert failures == ["it answered 401, but 2xx is right"]
    assert len(list(suite.iter("skipped"))) == int(suite.get("skipped") or 0) > 30


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["http://127.0.0.1:9/"], "a URL needs the secret"),
        (["http://u:p@127.0.0.1:9/", "--secret", WRITTEN], "contains a login"),
        (["http://[", "--secret", WRITTEN], "is not a web address"),
        (["http://127.0.0.1:9/", "--secret", "x"], "a webhook secret is whsec_"),
        (["http://127.0.0.1:9/", "--secret", WRITTEN, "--signing-key", "whsk_x"], "whsk_"),
    ],
)
def test_wrong_usage(arguments: list[str], sentence: str) -> None:
    """Exit 2 and a sentence."""
    result = conformance(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_ctrl_c_takes_the_cards_down() -> None:
    """In the middle of it nothing of the exercise stays on display."""
    displayed = threading.Event()
    with running() as good:
        good._on_arrival = lambda one: _note(one, displayed)
        command = [sys.executable, "-m", "capgateway", "receivers", "conformance", good.url, "--secret", "env:S"]
        process = subprocess.Popen(  # noqa: S603
            command, env=os.environ | {"S": WRITTEN}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert displayed.wait(30)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert good.cards == {}
    assert process.returncode == 130
    assert "taking the exercise cards down" in told
    assert "Traceback" not in told


def _note(arrival: Arrival, displayed: threading.Event) -> None:
    if arrival.outcome == "displayed":
        displayed.set()

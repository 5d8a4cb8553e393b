"""``capgateway listen`` as its users meet it: a process of its own, spoken to over HTTP."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from capgateway import webhooks
from capgateway.cli.listen import listen
from capgateway.webhooks.sign import sign

SECRET = b"a secret of the right length...."
WRITTEN = webhooks.encode_secret(SECRET)
CARD: dict[str, Any] = {"content": {"en-US": {"headline": "AMBER \x1b[31mAlert"}}}


@contextmanager
def listening(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a running ``capgateway listen``, ended by Ctrl-C."""
    command = [sys.executable, "-c", "from capgateway.cli import main; main()", "listen", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stderr
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found
        yield found[0], process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == 0


def post(
    url: str, secret: bytes = SECRET, *, card: dict[str, Any] = CARD, sequence: int = 10, patience: float = 60
) -> int:
    now = datetime.now(UTC)
    stamp = webhooks.Stamp(
        deployment="test",
        card_id="crd_1",
        revision=1,
        sequence=sequence,
        timestamp=now,
        expires_at=now + timedelta(hours=1),
    )
    message = webhooks.display(stamp, json.dumps(card).encode(), card_url="https://cap.platform.example/")
    timestamp = int(now.timestamp())
    headers = {
        "webhook-id": message.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign([secret], message.id, timestamp, message.body),
    }
    request = urllib.request.Request(url, message.body, headers)  # noqa: S310  (our own loopback)
    try:
        with urllib.request.urlopen(request, timeout=patience) as response:  # noqa: S310
            response.read()
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_line_for_each_arrival() -> None:
    """What came is told in a line, stripped of what could move the cursor."""
    with listening("--secret", WRITTEN) as (url, process):
        assert (post(url), post(url), post(url, b"x" * 32)) == (200, 200, 401)
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(5)]
    held = lines[1:3]
    del lines[1:3]
    assert [line.split()[1] for line in lines] == ["displayed", "duplicate", "refused"]
    assert held[0].strip() == "on display: 1 card"
    assert held[1].split()[:2] == ["crd_1", "until"]
    assert "card.published  crd_1  revision=1" in lines[0]
    assert "headline=AMBER \N{REPLACEMENT CHARACTER}[31mAlert" in lines[0]


def test_json_and_misbehaviour() -> None:
    """With --format json each line is an object; with --fail requests fail."""
    with listening("--secret", WRITTEN, "--fail", "503:1", "--delay", "0.01", "--format", "json") as (url, process):
        assert post(url) == 503
        assert process.stdout
        arrival = json.loads(process.stdout.readline())
    assert (arrival["outcome"], arrival["status"]) == ("failed", 503)


def test_without_a_secret_a_new_one_is_made() -> None:
    """What to put into the configuration is printed, the new secret included."""
    with listening() as (url, process):
        assert process.stderr
        shown = "".join(process.stderr.readline() for _ in range(7))
        found = re.search(r'secret = "(whsec_\S+)"', shown)
        assert found
        assert f'url = "{url}"' in shown
        assert post(url, webhooks.decode_secret(found[1])) == 200


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fail", "nonsense"],
        ["--fail", "200:1"],
        ["--fail", "500:2"],
        ["--fail", "500:nan"],
        ["--fail", "500:0.1", "--fail", "500:0.2"],
        ["--hang", "nan"],
        ["--delay", "nan"],
        ["--delay", "inf"],
        ["--retry-after", ""],
        ["--delay", "-1"],
        ["--secret", "x"],
        ["--hang", "2"],
        ["--410", "--fail", "500"],
        ["--hang", "0.6", "--fail", "500:0.6"],
        ["--retry-after", "soon\n"],
        ["--seed", "x"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    """Exit 2 and a sentence."""
    result = CliRunner().invoke(listen, arguments)
    assert result.exit_code == 2
    assert "Error" in result.stderr


def test_a_taken_port() -> None:
    """A port somebody has is told in a sentence, exit 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = CliRunner().invoke(listen, ["--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2
    assert "choose another with --port" in result.stderr


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("", "POST", 404), ("/", "GET", 404), ("/hook", "GET", 405), ("/webhooks/amber?x=1", "POST", 404)],
)
def test_a_request_elsewhere_is_shown_too(path: str, method: str, status: int) -> None:
    """Whatever its path and method: that is how one finds out that the URL is wrong."""
    with listening("--secret", WRITTEN) as (url, process):
        request = urllib.request.Request(url.removesuffix("/hook") + path, method=method)  # noqa: S310
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=60)  # noqa: S310
        caught.value.close()
        assert process.stdout
        line = process.stdout.readline()
    assert caught.value.code == status
    assert line.split()[1:4] == ["elsewhere", method, path.partition("?")[0] or "/"]
    assert "webhooks are POST /hook" in line


def test_a_body_that_is_too_large_is_shown() -> None:
    """And answered with 413."""
    with listening("--secret", WRITTEN) as (url, process):
        request = urllib.request.Request(url, b"x" * (2 << 20))  # noqa: S310
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(request, timeout=60)  # noqa: S310
        assert process.stdout
        assert process.stdout.readline().split()[1:5] == ["unreadable", "POST", "/hook", "status=413"]


def test_the_cards_on_display_can_be_asked_for() -> None:
    """As JSON, at the address that is printed at the start."""
    with listening("--secret", WRITTEN, "--json") as (url, process):
        post(url)
        with urllib.request.urlopen(url.replace("/hook", "/cards"), timeout=60) as response:  # noqa: S310
            cards = json.loads(response.read())["items"]
        assert process.stdout
        arrivals = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [card["content"]["en-US"]["headline"] for card in cards] == ["AMBER \x1b[31mAlert"]
    assert [(one["outcome"], one["on_display"]) for one in arrivals] == [
        ("displayed", ["crd_1"]),
        ("looked", ["crd_1"]),
    ]


def test_the_board_says_what_a_card_is() -> None:
    """An exercise is marked, and the lines of its first language are below."""
    card = {
        "status": "exercise",
        "content": {"en-US": {"headline": "H", "lines": [{"role": "last_seen", "text": "Elm St"}]}},
    }
    with listening("--secret", WRITTEN) as (url, process):
        assert post(url, card=card) == 200
        assert process.stdout
        told = [process.stdout.readline().strip() for _ in range(4)][2:]
    assert told[0].endswith("EXERCISE  H")
    assert told[1] == "last seen: Elm St"


@pytest.mark.parametrize(
    ("switches", "status", "header"),
    [
        (["--410"], 410, None),
        (["--retry-after", "120"], 503, "120"),
        (["--fail", "429", "--retry-after", "soon"], 429, "soon"),
    ],
)
def test_failures_say_when_to_come_back(switches: list[str], status: int, header: str | None) -> None:
    """A receiver that is gone, and one that asks for a pause."""
    with listening("--secret", WRITTEN, *switches) as (url, _):
        request = urllib.request.Request(url, b"{}")  # noqa: S310
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=60)  # noqa: S310
        caught.value.close()
    assert (caught.value.code, caught.value.headers["Retry-After"]) == (status, header)


def test_what_is_lost_and_what_breaks_off() -> None:
    """--lose answers with 200 and shows nothing; --drop-after-headers shows the card, but the answer never comes whole."""
    with listening("--secret", WRITTEN, "--lose", "--json") as (url, process):
        assert post(url) == 200
        assert process.stdout
        lost = json.loads(process.stdout.readline())
    assert (lost["outcome"], lost["on_display"]) == ("lost", [])
    with listening("--secret", WRITTEN, "--drop-after-headers", "--json") as (url, process):
        with pytest.raises(http.client.IncompleteRead):
            post(url)
        assert process.stdout
        dropped = json.loads(process.stdout.readline())
    assert (dropped["outcome"], dropped["on_display"]) == ("displayed", ["crd_1"])


def test_what_hangs() -> None:
    """--hang shows the request and never answers it."""
    with listening("--secret", WRITTEN, "--hang", "--json") as (url, process):
        with pytest.raises(TimeoutError):
            post(url, patience=0.3)
        assert process.stdout
        assert json.loads(process.stdout.readline())["outcome"] == "hung"


def test_without_the_fence_what_is_older_wins() -> None:
    """So that one sees what a gateway's order alone is worth."""
    with listening("--secret", WRITTEN, "--no-fence", "--json") as (url, process):
        assert (post(url, sequence=20), post(url, sequence=10)) == (200, 200)
        assert process.stdout
        outcomes = [json.loads(process.stdout.readline())["outcome"] for _ in range(2)]
    assert outcomes == ["displayed", "displayed"]

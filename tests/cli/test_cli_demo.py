"""The demo: it shows its card, repeats its story, and ends as it should."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from click.testing import CliRunner

from capgateway.cli import cli


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Iterator[str]]]:
    """The demo as a process, and its lines."""
    command = [sys.executable, "-m", "capgateway", "demo", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stdout
        yield process, iter(process.stdout)
    finally:
        process.kill()
        process.communicate()


def test_the_demo_ends_with_its_story() -> None:
    """``demo --once`` tells every step and exits 0."""
    result = CliRunner().invoke(cli, ["demo", "--once"])
    assert result.exit_code == 0, result.output
    assert "no card is on display any more, and the photo is gone" in result.output
    assert result.output.count("signature verified") == 4


def test_the_demo_repeats_its_story_until_it_is_interrupted() -> None:
    """With another alert each time; the interrupt is not a failure."""
    cards: list[str] = []
    with running("--pace", "0") as (process, lines):
        while len(cards) < 2:
            line = next(lines)
            cards += line.split()[1:] if line.startswith("    alert ") else []
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert cards == ["TX-AMBER-2026-0042", "TX-AMBER-2026-0043"]


def test_the_demo_keeps_its_card_on_display() -> None:
    """While the story pauses, the card can be looked at."""
    with running("--pace", "60") as (process, lines):
        url = next(line.split()[-1] for line in lines if "cards on display: " in line)
        next(line for line in lines if "signature verified" in line)
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310
            (card,) = json.loads(answer.read())["items"]
        assert card["content"]["en-US"]["headline"].startswith("AMBER Alert")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0

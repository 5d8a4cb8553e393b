"""The recipes of docs/nights.md run as they are written, against a gateway in the state that each is for."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from console import ROOT, Terminal, blocks, terminal

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story

PAGE = (ROOT / "docs/nights.md").read_text()
RECIPES = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))
FEEDS = """
[gateway]
database = "sqlite:///capgateway.db"
listen = "127.0.0.1:8025"
[policy]
regions = ["US-TX"]
[[feeds]]
name = "nws"
kind = "directory"
path = "incoming"
[[feeds]]
name = "oklahoma"
kind = "push"
jurisdiction = ["US-OK"]
[[receivers]]
name = "app"
url = "http://127.0.0.1:8026/hook"
secret = "file:app.secret"
allow_networks = ["127.0.0.0/8"]
"""
BEFORE = """\
$ (umask 077; capgateway keys generate > pilot/app.secret)
$ export CAPGATEWAY_CONFIG=pilot/capgateway.toml
$ capgateway listen --secret file:pilot/app.secret
$ capgateway run
"""


def test_each_night_ends_well(tmp_path: Path) -> None:
    """Every command exits as it is written to, one recipe after the other, each with a case of its own."""
    assert len(RECIPES) == 9
    with terminal(tmp_path) as shell:
        (shell.directory / "pilot/incoming").mkdir(parents=True)
        (shell.directory / "pilot/capgateway.toml").write_text(FEEDS)
        for block in (BEFORE, *blocks(PAGE.partition("\n## ")[0])):
            shell.run(block)
        for number, (title, recipe) in enumerate(RECIPES.items()):
            prepare(shell, number, is_foreign=title == "An alert that became no card")
            for block in blocks(recipe):
                shell.run(block)
        reasons = {one["reason"] for one in answer(shell, "audit", "list")}
    assert {"its database was restored", "not the plate of the case", "order 26-0417"} <= reasons


def prepare(shell: Terminal, number: int, *, is_foreign: bool) -> None:
    """A new alert: on display, with its Cancel at hand, or through a feed that may not speak for Texas."""
    alert = story.amber(utc_now(), 7000 + number)
    (shell.directory / "alert.xml").write_bytes(cap.write(alert))
    (shell.directory / "cancel.xml").write_bytes(cap.write(story.cancel(utc_now(), alert)))
    shell.run(f"$ capgateway feeds submit {'oklahoma' if is_foreign else 'nws'} alert.xml")
    known = answer(shell, "alerts", "list")[0]
    shell.run(f"$ export ALERT={known['id']} CARD={known['card_id'] or 'none'}")


def answer(shell: Terminal, *words: str) -> list[dict[str, Any]]:
    """The items of a list of the gateway in the terminal."""
    variables = shell.variables | {"CAPGATEWAY_CONFIG": "pilot/capgateway.toml"}
    command = ["capgateway", *words, "--json"]
    done = subprocess.run(command, cwd=shell.directory, env=variables, capture_output=True, check=True, timeout=60)  # noqa: S603
    items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return items

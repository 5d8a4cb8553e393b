"""What an operator meets at night is explained under its name: lines of the log, alarms, and messages for operators."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import get_args

import pytest
from console import ROOT

from capgateway.webhooks.operator import OperatorType

ON_CALL = (ROOT / "docs/on-call.md").read_text()
LOG = (ROOT / "docs/metrics.md").read_text().partition("\n## Log\n")[2].partition("\n## ")[0]
SERIOUS = ("logging.WARNING", "logging.ERROR")


def events(*levels: str) -> Iterator[str]:
    """The events that the code logs, at these levels or at all."""
    for path in (ROOT / "capgateway").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"log.event", "event"} and len(call.args) > 1:
                level = next((ast.unparse(word.value) for word in call.keywords if word.arg == "level"), "")
                if not levels or any(each in level for each in levels):
                    yield ast.unparse(call.args[1]).removeprefix("f").strip("'")


def test_every_warning_in_the_log_is_explained() -> None:
    """Somebody who is woken by one finds it on the page."""
    known = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", LOG))
    found = set(events(*SERIOUS))
    assert len(found) > 20
    assert found - known == set()


def test_every_event_on_the_page_is_logged() -> None:
    """By the name that the page gives it."""
    rows = re.findall(r"^\| (`.*?) \|", LOG, re.MULTILINE)
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", " ".join(rows)))
    assert len(named) > 20
    assert named - set(events()) == set()


def test_what_wakes_somebody_has_a_rule() -> None:
    """Each metric of the table is in a rule for Prometheus, and each rule is in the table of docs/monitoring.md."""
    rules = (ROOT / "deploy/prometheus/rules.yml").read_text()
    used = set(re.findall(r"capgateway_\w+", rules))
    table = ON_CALL.partition("These states need a person at any hour:")[2].partition("These can wait")[0]
    assert set(re.findall(r"capgateway_\w+", table)) <= used
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/monitoring.md").read_text(), re.MULTILINE)
    assert listed == re.findall(r"- alert: (\w+).*?severity: (\w+)", rules, re.DOTALL)


@pytest.mark.parametrize("message", get_args(OperatorType))
def test_every_operator_message_is_explained(message: str) -> None:
    """To those on call and to those who receive it."""
    assert f"`{message}`" in ON_CALL
    assert f"`{message}`" in (ROOT / "docs/receivers.md").read_text()

"""docs/receivers.md says what is so: its messages are messages, its schedule is the schedule."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import jsonschema

from capgateway import shipped
from capgateway.cards.decision import EndReason
from capgateway.webhooks import messages, operator, retry

PAGE = (Path(__file__).parents[2] / "docs" / "receivers.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_messages_of_the_page_are_messages() -> None:
    """The examples are valid by the shipped schema: a display, a take-down, and of each other family one at least."""
    schema = jsonschema.Draft202012Validator(json.loads(shipped.schema("message/message-1.schema.json")))
    examples = [json.loads(block) for block in blocks("json message")]
    assert {example["type"].partition(".")[0] for example in examples} == {"card", "state", "receiver", "operator"}
    assert {example["data"].get("action") for example in examples} == {"display", "take_down", None}
    for example in examples:
        schema.validate(example)


def test_every_type_and_reason_is_told() -> None:
    """A new message type or reason fails here until the page tells receivers of it."""
    told = {*get_args(messages.DisplayType), *get_args(messages.TakeDownType), *get_args(EndReason)}
    told |= {*get_args(operator.OperatorType)}
    assert {word for word in told if f"`{word}`" not in PAGE} == set()


def test_every_field_for_operators_is_told() -> None:
    """Each has a row, and is in the example."""
    part = PAGE.partition("### Operator messages")[2].partition("\n## ")[0]
    fields = set(operator.OperatorData.__struct_fields__)
    assert set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == fields
    (example,) = re.findall(r"```json message\n(.*?)```", part, re.DOTALL)
    assert set(json.loads(example)["data"]) == fields


def test_the_schedule_of_the_page_is_the_schedule() -> None:
    """The steps and statuses in the tables are those of the code."""
    fast, calm = (", ".join(map(str, steps)) for steps in (retry.FAST_STEPS, retry.CALM_STEPS))
    assert PAGE.count(f"| {fast} |") == 2
    assert PAGE.count(f"| {calm} |") == 1
    assert f"| {', '.join(map(str, sorted(retry.REFUSALS)))} |" in PAGE

"""Log lines: wide, on one line, and without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from capgateway import log

logger = logging.getLogger("capgateway.tests.log")


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def test_a_json_line_holds_the_event_and_its_fields() -> None:
    """Away from a terminal an event is one JSON object with time, level, event, logger and its fields."""
    out = io.StringIO()
    log.set_up(stream=out)
    log.event(logger, "feed.polled", feed="nws", seconds=0.25, etag=None)
    line = json.loads(out.getvalue())
    assert list(line)[:4] == ["time", "level", "event", "logger"]
    assert (line["event"], line["feed"], line["seconds"], line["etag"]) == ("feed.polled", "nws", 0.25, None)


def test_a_text_line_quotes_what_strangers_wrote() -> None:
    """A line break or an escape sequence in a value forges no second line and moves no cursor."""
    out = io.StringIO()
    log.set_up(format="text", stream=out)
    log.event(logger, "feed.polled", feed="nws", detail="x\n12:00:00 info forged \x1b[2J", gone=None)
    text = out.getvalue()
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert "feed=nws" in text
    assert "gone" not in text


@pytest.mark.parametrize("name", ["secret", "token", "Authorization", "signing_key", "password"])
def test_a_field_named_like_a_secret_is_hidden(name: str) -> None:
    """A field that sounds like a secret never shows its value."""
    out = io.StringIO()
    log.set_up(format="json", stream=out)
    fields: dict[str, Any] = {name: "whsec_abc"}
    log.event(logger, "started", **fields)
    assert json.loads(out.getvalue())[name] == "[hidden]"


def test_a_long_value_is_cut() -> None:
    """A stranger's long answer does not fill the log."""
    out = io.StringIO()
    log.set_up(format="json", stream=out)
    log.event(logger, "feed.polled", detail="x" * 100_000)
    assert len(out.getvalue()) < log.LONGEST_VALUE + 300


def test_a_field_never_replaces_the_event() -> None:
    """A field called like one of the four fixed names does not hide it."""
    out = io.StringIO()
    log.set_up(format="json", stream=out)
    log.event(logger, "started", logger_name="a", time="noon")
    assert json.loads(out.getvalue())["time"] != "noon"


def test_an_unexpected_error_brings_its_traceback() -> None:
    """A surprise is logged with its traceback, in JSON as one field."""
    out = io.StringIO()
    log.set_up(format="json", stream=out)
    try:
        raise ValueError("boom")
    except ValueError as error:
        log.event(logger, "feed.failed", level=logging.ERROR, error=error, feed="nws")
    assert "boom" in json.loads(out.getvalue())["traceback"]


def test_a_quiet_level_logs_nothing() -> None:
    """An event below the level costs no line."""
    out = io.StringIO()
    log.set_up(level="WARNING", format="json", stream=out)
    log.event(logger, "feed.polled", feed="nws")
    assert out.getvalue() == ""

"""Log lines: wide, on one line, and without secrets."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from capgateway import log
from capgateway.ingest.jobs import Jobs
from capgateway.metrics import Metrics
from capgateway.tasks import Faults

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


def test_a_text_line_has_date_and_zone() -> None:
    """So that it can be compared with another log."""
    out = io.StringIO()
    log.set_up(format="text", stream=out)
    log.event(logger, "feed.polled", feed="nws")
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ info    feed.polled feed=nws\n", out.getvalue())


def test_a_text_line_has_the_fields_that_help_a_person() -> None:
    """What only joins lines, or says nothing, is left to JSON."""
    fields: dict[str, Any] = {
        "receiver": "app",
        "message": "msg_1",
        "delivery": "dlv_1",
        "ambiguous": False,
        "status": 503,
    }
    out = io.StringIO()
    log.set_up(format="text", stream=out)
    log.event(logger, "delivery.attempted", **fields)
    assert out.getvalue().split("delivery.attempted ")[1] == "receiver=app status=503\n"
    out = io.StringIO()
    log.set_up(format="json", stream=out)
    log.event(logger, "delivery.attempted", **fields)
    assert fields.items() <= json.loads(out.getvalue()).items()


@pytest.mark.parametrize("format", ["text", "json"])
async def test_the_scheduler_names_the_feed(format: log.Format) -> None:
    """When a job comes due while it still runs."""
    out, jobs, over = io.StringIO(), Jobs(Faults(Metrics())), asyncio.Event()
    log.set_up(format=format, stream=out)
    jobs.start()
    jobs.every("feed:nws", over.wait, timedelta(milliseconds=10))
    while "job.late" not in out.getvalue():
        await asyncio.sleep(0.01)
    over.set()
    await jobs.stop([])
    (line,) = [line for line in out.getvalue().splitlines() if "job.late" in line]
    assert "nws" in line
    assert "the run before it has not ended" in line

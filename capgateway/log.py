"""One wide line for each thing that happened, written when it is over: ``feed.polled``, ``alert.decided``, ``delivery.attempted``.

::

    log.set_up()                                            # once, by the command that runs
    log.event(logger, "feed.polled", feed="nws", outcome="not_modified", seconds=0.21)

On a terminal that is a line for a person, elsewhere a JSON object per line. Values come from strangers: they are quoted, cut
and never start a line of their own. Callers pass no name of a person and no plate; a field called like a secret is hidden, and
so are the values in the query of an address.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, TextIO

import msgspec

from capgateway.masking import mask_addresses

Format = Literal["auto", "text", "json"]

LONGEST_VALUE = 2_000  # characters; an error from a stranger's server may quote its whole answer

_FIELDS = "capgateway_fields"
_SECRET = re.compile(r"secret|token|password|authorization|signing_key|cookie", re.IGNORECASE)
#: What only programs need, by event: ids to join lines by, and what the other fields say already. JSON has all.
_FOR_PROGRAMS = {
    "alert.decided": {"verdict", "on_the_way", "bytes", "messages", "seconds"},
    "delivery.attempted": {
        *("message", "delivery", "ours", "next", "confirmed", "priority", "url", "remote", "tls", "bytes", "sha256"),
        *("queued", "looked_up", "connected", "answered"),
    },
}
_PLAIN = re.compile(r"[\w.:/@+-]+", re.ASCII)


def event(
    logger: logging.Logger, name: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any
) -> None:
    """Log one event. ``error`` adds the traceback of something unexpected; expected trouble is a field."""
    if logger.isEnabledFor(level):
        logger.log(level, "%s", name, extra={_FIELDS: fields}, exc_info=error)


def set_up(level: str | int = "INFO", format: Format = "auto", stream: TextIO | None = None) -> None:
    """Send every log line of this process to ``stream`` (stderr). ``auto``: text on a terminal, JSON lines elsewhere."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line says which
    stream = stream or sys.stderr
    text = stream.isatty() if format == "auto" else format == "text"
    output = logging.StreamHandler(stream)
    output.setFormatter(TextLines() if text else JsonLines())
    logging.basicConfig(level=level, handlers=[output], force=True)
    for noisy in ("aiohttp.access", "alembic", "apscheduler"):  # our own events say the same, wider
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # What is not HTTP at all would be logged with a traceback each; web.problems reports the faults of our own pages.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)


class JsonLines(logging.Formatter):
    """``{"time", "level", "event", "logger", …fields}``, one object per line; a field never replaces one of the four."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record, "milliseconds"),
            "level": record.levelname.lower(),
            "event": mask_addresses(record.getMessage()),
            "logger": record.name,
        }
        line = line | _fields(record) | line
        if record.exc_info:
            line["traceback"] = _traceback(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextLines(logging.Formatter):
    """``2026-11-22 07:41:03Z info    feed.polled feed=nws outcome=ok new=2``: the fields that say something. A traceback
    follows on its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage() if hasattr(record, _FIELDS) else one_line(mask_addresses(record.getMessage()))
        left_out = _FOR_PROGRAMS.get(message, ())
        told = {name: value for name, value in _fields(record).items() if name not in left_out and _says(value)}
        shown = " ".join(f"{name}={_quoted(value)}" for name, value in told.items())
        time = _time(record, "seconds").replace("T", " ")
        line = f"{time} {record.levelname.lower():7} {message} {shown}".rstrip()
        return f"{line}\n{_traceback(record.exc_info)}" if record.exc_info else line


def _says(value: Any) -> bool:
    return value is not None and value is not False and value != ""


def _traceback(fault: Any) -> str:
    """Where something unexpected happened, and of what type. What the exception says may quote a stranger, or name a child."""
    kind, _, trace = fault
    return "".join(traceback.format_tb(trace)) + (kind.__name__ if kind else "")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, _FIELDS, {})
    return {name: "[hidden]" if _is_secret(name) else _cut(value) for name, value in fields.items()}


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None


def _cut(value: Any) -> Any:
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = mask_addresses(str(value))
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _quoted(value: Any) -> str:
    text = one_line(str(value))
    if _PLAIN.fullmatch(text):
        return text
    quotes_only = '"' in text and "'" not in text  # easier to read than with a backslash at each
    return f"'{text}'" if quotes_only else msgspec.json.encode(text).decode()


def one_line(text: str) -> str:
    """What cannot be printed is escaped: a hostile value moves no cursor and forges no line."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _time(record: logging.LogRecord, timespec: str) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")

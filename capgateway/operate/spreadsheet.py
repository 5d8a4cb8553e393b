"""The report of conduct as a table for spreadsheets: a row for each receiver of each card, or a single row if a card went to nobody."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OF_CARD = ("card_id", "programme", "status", "state", "issuer", "area", "sent_at", "received_at", "published_at")
OF_RECEIVER = ("receiver", "first_acknowledged_at", "last_acknowledged_at")
OF_END = ("end_reason", "end_sent_at", "end_received_at", "ended_at")
OF_TAKE_DOWN = ("take_down_acknowledged_at", "take_down_confirmed_at")
NOTES = ("holds", "corrections", "gaps", "erased_at")
COLUMNS = (*OF_CARD, *OF_RECEIVER, *OF_END, *OF_TAKE_DOWN, *NOTES)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would calculate: a stranger may have written it."""


def spreadsheet(report: Mapping[str, Any]) -> str:
    """The cards of a report, as the API answers it, in CSV (RFC 4180) with a head. Totals are left to the reader's own."""
    written = io.StringIO()
    lines = csv.DictWriter(written, COLUMNS, restval="", extrasaction="ignore")
    lines.writeheader()
    for card in report["cards"]:
        for receiver in card["receivers"] or [{}]:
            lines.writerow({name: _cell(value) for name, value in _row(card, receiver)})
    return written.getvalue()


def _row(card: Mapping[str, Any], receiver: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, card[name]) for name in OF_CARD)
    yield from ((name, receiver.get(name)) for name in (*OF_RECEIVER, *OF_TAKE_DOWN))
    end = card["end"] or {}
    yield from ((name, end.get("ended_at" if name == "ended_at" else name.removeprefix("end_"))) for name in OF_END)
    yield "holds", [f"{one['held_at']}/{one['lifted_at'] or '..'}" for one in card["holds"]]
    yield "corrections", [f"{one['removed']}@{one['corrected_at']}" for one in card["corrections"]]
    yield "gaps", [f"{one['feed']} {one['since']}/{one['ended_at'] or '..'}" for one in card["gaps"]]
    yield "erased_at", card["erased_at"]


def _cell(value: Any) -> str:
    text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text

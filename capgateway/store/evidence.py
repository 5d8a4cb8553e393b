"""The evidence of a card: all that is stored of its chain, as files of a bundle. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from capgateway.store import audit, lists
from capgateway.store.tables import alerts, card_revisions, cards, corrections, messages, sightings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select

MOST_ALERTS = 1_000
"""Alerts of one chain in a bundle; a real chain has some dozens."""
MOST_BYTES = 64_000_000
"""Of original documents, which are read into memory; a real one has 10 kB, a hostile one up to 10 MB."""
MOST_DELIVERIES = 10_000


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The files by their names, and what there is none of, with the reason."""

    card_id: str
    files: dict[str, bytes]
    left_out: dict[str, str]


def collect(connection: Connection, card_id: str) -> Evidence | None:
    """The evidence of a card with its whole chain; ``None`` where there is no such card."""
    row = connection.execute(select(cards).where(cards.c.id == card_id)).mappings().first()
    if row is None:
        return None
    found = _alerts(connection, row["chain_id"], card_id)
    files, left_out = _originals(found)
    ids = [one["id"] for one in found]
    files |= {
        "card.json": _json(dict(row)),
        "alerts.json": _json([_described(one) for one in found]),
        "sightings.json": _rows(connection, select(sightings).where(sightings.c.alert_id.in_(ids))),
        "corrections.json": _rows(connection, select(corrections).where(corrections.c.card_id == card_id)),
        "deliveries.json": _json(lists.delivery_page(connection, card_id=card_id, limit=MOST_DELIVERIES).items[::-1]),
        "audit.json": _json(audit.about(connection, [card_id], ids)),
    }
    _add_revisions(connection, card_id, files, left_out)
    _add_messages(connection, card_id, files, left_out)
    if len(found) == MOST_ALERTS:
        left_out["alerts.json"] = f"more than {MOST_ALERTS} alerts: the oldest are missing"
    return Evidence(card_id=card_id, files=files, left_out=left_out)


def _alerts(connection: Connection, chain_id: str | None, card_id: str) -> Sequence[dict[str, Any]]:
    mine = alerts.c.chain_id == chain_id if chain_id else alerts.c.card_id == card_id
    query = select(alerts).where(mine).order_by(alerts.c.received_at.desc(), alerts.c.id).limit(MOST_ALERTS)
    return [dict(row) for row in connection.execute(query).mappings()][::-1]


def _described(row: dict[str, Any]) -> dict[str, Any]:
    """An alert without its bytes; what is kept as JSON is shown as such."""
    inner = {name: _raw(row[name]) for name in ("gist", "draft", "findings")}
    return {name: value for name, value in row.items() if name != "original"} | inner


def _originals(found: Sequence[dict[str, Any]]) -> tuple[dict[str, bytes], dict[str, str]]:
    files: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    left = MOST_BYTES
    for row in reversed(found):
        name, document = f"alerts/{row['id']}.xml", row["original"]
        if document is None:
            left_out[name] = f"erased; its sha256 was {row['sha256']}"
        elif len(document) > left:
            left_out[name] = f"too large: the bundle has at most {MOST_BYTES:,} bytes of originals"
        else:
            files[name] = bytes(document)
            left -= len(document)
    return files, left_out


def _add_revisions(connection: Connection, card_id: str, files: dict[str, bytes], left_out: dict[str, str]) -> None:
    mine = select(card_revisions).where(card_revisions.c.card_id == card_id).order_by(card_revisions.c.revision)
    told = []
    for row in connection.execute(mine).mappings():
        name = f"revisions/{row['revision']}.json"
        if row["body"] is None:
            left_out[name] = "erased"
        else:
            files[name] = row["body"].encode()
        told.append({name: value for name, value in row.items() if name != "body"})
    files["revisions.json"] = _json(told)


def _add_messages(connection: Connection, card_id: str, files: dict[str, bytes], left_out: dict[str, str]) -> None:
    """Every body as it was signed and sent."""
    mine = select(messages).where(messages.c.card_id == card_id).order_by(messages.c.sequence)
    told = []
    for row in connection.execute(mine).mappings():
        name = f"messages/{row['sequence']}.json"
        if row["body"] is None:
            left_out[name] = f"erased; its sha256 was {row['sha256']}"
        else:
            files[name] = bytes(row["body"])
        told.append({name: value for name, value in row.items() if name != "body"})
    files["messages.json"] = _json(told)


def _rows(connection: Connection, query: Select[Any]) -> bytes:
    return _json([dict(row) for row in connection.execute(query).mappings()])


def _raw(text: str | None) -> msgspec.Raw | None:
    return None if text is None else msgspec.Raw(text.encode())


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value)) + b"\n"

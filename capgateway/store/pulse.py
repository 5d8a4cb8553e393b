"""What changed: a few marks that move when something of a kind does, each found at the end of an index. No personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from capgateway.store.tables import alerts, audit, gaps, gateway, receivers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Select

_MARKS: Mapping[str, Select[tuple[object, ...]]] = {
    "cards": select(gateway.c.sequence, gateway.c.paused_since),
    "alerts": select(func.max(alerts.c.received_at)),
    "deliveries": select(func.max(receivers.c.last_attempt_at), func.sum(receivers.c.failures)),
    "feeds": select(func.max(gaps.c.noticed_at), func.max(gaps.c.ended_at)),
    "audit": select(func.max(audit.c.id)),
}
KINDS = tuple(_MARKS)
"""The kinds of things that change."""


def marks(connection: Connection) -> dict[str, object]:
    """The marks of this moment by kind, to be compared with those of another."""
    return {kind: tuple(connection.execute(query).one_or_none() or ()) for kind, query in _MARKS.items()}

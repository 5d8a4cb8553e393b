"""How much there is of what operators watch, counted anew each time somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from capgateway.store.tables import WAITS_FOR_A_PERSON, alerts, cards, deliveries

if TYPE_CHECKING:
    from sqlalchemy import Connection

DISPLAYED = select(func.count()).where(cards.c.state == "active")
DEAD = select(deliveries.c.receiver, func.count()).where(deliveries.c.state == "dead").group_by(deliveries.c.receiver)
QUARANTINED = select(alerts.c.reason, func.count()).where(WAITS_FOR_A_PERSON).group_by(alerts.c.reason)


class Counted(NamedTuple):
    """Cards on display; deliveries given up, by receiver; alerts in quarantine that nobody has dealt with, by reason."""

    displayed: int
    dead: dict[str, int]
    quarantined: dict[str, int]


def counted(connection: Connection) -> Counted:
    """All of it. Each count reads an index, and no more rows than it counts."""
    return Counted(
        displayed=connection.execute(DISPLAYED).scalar_one(),
        dead={row[0]: row[1] for row in connection.execute(DEAD)},
        quarantined={row[0]: row[1] for row in connection.execute(QUARANTINED)},
    )

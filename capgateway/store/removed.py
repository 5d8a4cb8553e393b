"""Receivers that are no longer configured and may still display cards: how they are reached, until they display nothing.

What is needed for that is kept of every configured receiver, sealed: who removes one from the file leaves nothing else.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, or_, select

from capgateway.store.dialect import upserts
from capgateway.store.tables import lanes, sealed_receivers
from capgateway.webhooks import Receiver

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from capgateway.store.seal import Seal
    from capgateway.store.write import Write

_KEPT = (
    *("url", "secrets", "signing_key", "rate", "concurrency", "timeout"),
    *("ca", "client_cert", "client_key", "proxy", "allow_networks"),
)
"""What it takes to reach a receiver. Which cards it gets is of no interest any more."""
_SEALED = upserts(
    sealed_receivers,
    lambda row: row.on_conflict_do_update(
        index_elements=["name"], set_={"sealed": row.excluded.sealed, "sealed_at": row.excluded.sealed_at}
    ),
)
_HOLDS = or_(lanes.c.due_at.is_not(None), lanes.c.action == "display")
"""A lane that its take-down has not closed."""


class _Networks(msgspec.Struct, frozen=True):
    allow_networks: tuple[str, ...] = ()


def keep(write: Write, receivers: Sequence[Receiver], seal: Seal) -> None:
    """Keep what it takes to reach these receivers, as they are configured now."""
    for receiver in receivers:
        sealed = seal.close(receiver.name, _written(receiver))
        if sealed is not None:
            write.execute(_SEALED[write.dialect], {"name": receiver.name, "sealed": sealed, "sealed_at": write.now})


def holding(connection: Connection, configured: Collection[str]) -> list[str]:
    """Receivers that are not configured and have a lane that is open."""
    found = connection.execute(select(lanes.c.receiver).where(_HOLDS).distinct()).scalars()
    return sorted(set(found) - set(configured))


def reached(connection: Connection, configured: Collection[str], seal: Seal) -> list[Receiver]:
    """Those of them that can be reached: disabled, so that they get their take-downs and nothing else."""
    found = select(sealed_receivers).where(sealed_receivers.c.name.in_(holding(connection, configured)))
    opened = [(row.name, seal.open(row.name, row.sealed)) for row in connection.execute(found)]
    return [_read(name, content) for name, content in opened if content is not None]


def done(connection: Connection, configured: Collection[str]) -> list[str]:
    """Receivers that are not configured and display nothing, of which something is kept."""
    left = set(connection.execute(select(sealed_receivers.c.name)).scalars()) - set(configured)
    return sorted(left - set(holding(connection, configured))) if left else []


def forget(write: Write, names: Collection[str]) -> None:
    """Keep nothing of these receivers."""
    write.execute(delete(sealed_receivers).where(sealed_receivers.c.name.in_(names)))


def _written(receiver: Receiver) -> bytes:
    kept = {name: getattr(receiver, name) for name in _KEPT}
    return msgspec.json.encode(kept, enc_hook=str)


def _read(name: str, content: bytes) -> Receiver:
    networks = msgspec.json.decode(content, type=_Networks).allow_networks
    told = msgspec.json.decode(content, type=_Reach)
    allowed = tuple(ip_network(one) for one in networks)
    return Receiver(name=name, allow_networks=allowed, enabled=False, **msgspec.structs.asdict(told))


_Reach = msgspec.defstruct(
    "_Reach",
    [(field.name, field.type) for field in msgspec.structs.fields(Receiver) if field.name in _KEPT[:-1]],
    frozen=True,
)

"""Cards that a person confirms after a gap of their feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, update

from capgateway.store.tables import cards

if TYPE_CHECKING:
    from capgateway.store.write import Write

_VERIFY = (
    update(cards)
    .where(cards.c.id == bindparam("card"), cards.c.state == "active")
    .values(unverified_since=None, verified_at=bindparam("now"))
)


def verify(write: Write, card_id: str) -> bool:
    """A person confirms that an active card is still true; whether there is such a card."""
    return bool(write.execute(_VERIFY, {"card": card_id, "now": write.now}).rowcount)

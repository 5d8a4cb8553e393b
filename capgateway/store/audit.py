"""The audit trail: who did what, when and why. Written in the same unit of work as what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from capgateway.store.tables import audit

if TYPE_CHECKING:
    from capgateway.store.write import Write


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for something, and why: ``actor`` is the token's name, or ``local`` without tokens."""

    actor: str
    reason: str | None = None


def record(
    write: Write,
    act: Act,
    action: str,
    *,
    card_id: str | None = None,
    alert_id: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record an action, such as ``card.withdrawn``. ``detail`` must not contain personal data: it outlives an erasure."""
    told = {
        "actor": act.actor,
        "reason": act.reason,
        "detail": msgspec.json.encode(detail).decode() if detail else None,
    }
    write.execute(audit.insert().values(at=write.now, action=action, card_id=card_id, alert_id=alert_id, **told))

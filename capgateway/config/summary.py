"""What a configuration says in a few lines, and what another one changes: names and addresses, never a secret."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from capgateway.config.settings import Settings, Token
    from capgateway.feeds.feed import Feed
    from capgateway.webhooks.receiver import Receiver

MOST_NAMES = 20
"""Named in one line; of a thousand feeds a line shows the first and counts the rest."""


def summary(settings: Settings) -> dict[str, str]:
    """What an operator wants to see first: which file, which database, where it listens, for where, from whom, to whom."""
    return {
        "configuration": str(Path(settings.path).absolute()) if settings.path else "none, the defaults apply",
        "database": settings.gateway.shown_database,
        "address": f"http://{settings.gateway.listen}" if settings.gateway.listen else "none: the API is turned off",
        "regions": ", ".join(settings.policy.regions) or "everywhere",
        "programmes": ", ".join(one.id for one in settings.policy.programmes) or "none: no alert becomes a card",
        "feeds": _names(settings.feeds),
        "receivers": _names(settings.receivers),
    }


def changes(before: Settings, after: Settings) -> list[str]:
    """The keys that differ, such as ``policy.regions``, ``feeds.nws.interval`` and ``receivers.app added``."""
    found = [
        *_differing("gateway", before.gateway, after.gateway),
        *_differing("policy", before.policy, after.policy),
    ]
    if before.places != after.places:
        found.append("places")
    for table in ("feeds", "receivers", "tokens"):
        found += _named(table, getattr(before, table), getattr(after, table))
    return found


def _named(
    table: str,
    before: Sequence[Feed | Receiver | Token],
    after: Sequence[Feed | Receiver | Token],
) -> list[str]:
    old, new = ({one.name: one for one in some} for some in (before, after))
    found = [f"{table}.{name} added" for name in new if name not in old]
    found += [f"{table}.{name} removed" for name in old if name not in new]
    for name in old:
        if name in new:
            found += _differing(f"{table}.{name}", old[name], new[name])
    return found


def _differing(place: str, before: msgspec.Struct, after: msgspec.Struct) -> list[str]:
    keys = before.__struct_fields__
    changed = [key for key in keys if getattr(before, key) != getattr(after, key)]
    return [f"{place}.{'secret' if key == 'secrets' else key}" for key in changed]


def _names(some: Sequence[Feed | Receiver]) -> str:
    on = [one.name for one in some if one.enabled]
    off = len(some) - len(on)
    named = ", ".join(on[:MOST_NAMES]) + (f" and {len(on) - MOST_NAMES:,} more" if len(on) > MOST_NAMES else "")
    return (f"{len(on):,} enabled: {named}" if on else "none enabled") + (f"; {off:,} disabled" if off else "")

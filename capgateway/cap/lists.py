"""The lists that CAP writes into one text: `addresses`, `incidents` and `references` (CAP 1.2 §3.2.1)."""

from __future__ import annotations

import re
from itertools import islice

from capgateway.cap.model import Reference, Time
from capgateway.cap.times import time

#: Items read of references, addresses and incidents. A heartbeat lists ten; thousands would only cost time.
MAX_ITEMS = 10_000

_QUOTED_OR_BARE = r'"([^"]*)"|([^\s"]+)'


def quoted_items(text: str) -> tuple[str, ...]:
    """The items of ``addresses`` or ``incidents``: separated by white space, in double quotes where they contain some."""
    found = islice(re.finditer(_QUOTED_OR_BARE, text), MAX_ITEMS + 1)
    return tuple([match[1] or match[2] or "" for match in found])


def references(text: str, version: str) -> tuple[Reference, ...]:
    """The messages that ``references`` names; items that are not references are left out."""
    return tuple([found for item in reference_items(text) if (found := reference(item, version))])


def reference_items(text: str) -> list[str]:
    """The items of ``references`` as they stand there, at most one more than counts."""
    return text.split(None, MAX_ITEMS + 1)[: MAX_ITEMS + 1]


def reference(item: str, version: str) -> Reference | None:
    """One ``sender,identifier,sent``, or ``None``. Without its ``sent`` it still names a message: to drop it could leave
    a cancelled alert on display. CAP 1.0 wrote ``identifier/sender``; an identifier may hold a slash, a sender (a name on
    the net) does not."""
    if version == "1.0":
        identifier, _, sender = item.rpartition("/")
        sent, more = Time(text="", instant=None), []
    else:
        sender, identifier, moment, *more = (*item.split(","), "", "")
        sent = time(moment)
    if not sender or not identifier or any(more):
        return None
    return Reference(sender=sender, identifier=identifier, sent=sent)

"""The finding about a document on which validation itself failed."""

from __future__ import annotations

from capgateway.cap.finding import Finding
from capgateway.cap.rule import Rule

UNJUDGED = Rule(
    id="cap.unjudged",
    level="error",
    asks="A document can be judged.",
    why="A document that cannot be judged reveals a fault in capgateway itself: please report it. All other documents are "
    "judged as usual, and the gateway keeps this one as received.",
    source=("A-15",),
)


def unjudged(fault: Exception) -> Finding:
    """That a document could not be judged, and where in our own code."""
    at = fault.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_globals.get('__name__')}, line {at.tb_lineno}" if at is not None else "unknown"
    return UNJUDGED.finding(
        f"capgateway could not judge this because of a fault of its own: {type(fault).__name__} at {where}. Please report it."
    )

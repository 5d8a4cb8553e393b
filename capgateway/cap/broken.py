"""What is said of a document over which validation itself broke down."""

from __future__ import annotations

from capgateway.cap.finding import Finding
from capgateway.cap.rule import Rule

UNJUDGED = Rule(
    id="cap.unjudged",
    level="error",
    asks="A document can be judged.",
    why="When it cannot, that is a fault of capgateway itself: please report it. The documents beside it are judged all the "
    "same, and the gateway keeps this one as it came.",
    source=("A-15",),
)


def unjudged(fault: Exception) -> Finding:
    """That a document could not be judged, and where in our own code."""
    at = fault.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_globals.get('__name__')}, line {at.tb_lineno}" if at is not None else "unknown"
    return UNJUDGED.finding(
        f"capgateway could not judge this, by a fault of its own: {type(fault).__name__} at {where}. Please report it."
    )

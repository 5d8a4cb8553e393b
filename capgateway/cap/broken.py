"""What is said of a document over which validation itself broke down."""

from __future__ import annotations

from capgateway.cap.finding import Report
from capgateway.cap.rule import Rule

UNJUDGED = Rule(
    id="cap.unjudged",
    level="error",
    asks="A document can be judged.",
    why="When it cannot, that is a fault of capgateway itself: please report it. The document is kept as it came, and its "
    "neighbours go on.",
    source=("A-15",),
)


def unjudged(fault: Exception, *, source: str = "") -> Report:
    """The report on a document over which validation itself broke down."""
    found = UNJUDGED.finding(
        f"capgateway could not judge this document, by a fault of its own: {type(fault).__name__}."
    )
    return Report(
        source=source,
        position=1,
        kind="unknown",
        cap_version=None,
        profile=None,
        identifier=None,
        sender=None,
        sent=None,
        verdict="invalid",
        signature=None,
        findings=(found,),
    )

"""FEMA's All-Hazards feed: one document wraps the alerts since a moment that the address names. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from capgateway.cap import Rule
from capgateway.cap.place import local
from capgateway.feeds.read.entry import Entry, embedded
from capgateway.feeds.read.markup import alerts_inside, cut, is_message, places, quoted, wrong_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from capgateway import cap

NAMESPACE = "http://gov.fema.ipaws.services/feed"
#: What stands in a feed's address for the moment.
SINCE = "{since}"
#: Each poll asks again for what came shortly before the last one: alerts are listed late, and clocks differ (B-66).
OVERLAP = timedelta(minutes=5)
#: How far back the first poll asks, and one after an outage. The server keeps less, so more is useless.
LOOK_BACK = timedelta(hours=24)
#: About how long the server lists an alert; what came in a longer gap between two polls may be lost (B-66).
WINDOW = timedelta(minutes=30)

WRAPPED = Rule(
    id="feed.ipaws-wrapper",
    level="warning",
    layer="feed",
    asks="The wrapper of an IPAWS feed contains only alerts.",
    why="Readers do not look at anything else in it.",
    source=("B-62",),
)


def recent_url(template: str, *, last_success: datetime | None, now: datetime) -> str:
    """The address to ask: ``{since}`` becomes the moment from which on alerts are wanted, in UTC with a Z (B-61)."""
    earliest = now - LOOK_BACK
    since = max(last_success - OVERLAP, earliest) if last_success else earliest
    return template.replace(SINCE, since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def read_ipaws(root: etree._Element, _base_url: str) -> Iterator[Entry | cap.Finding]:
    """Each alert of the wrapper, as a document with the wrapper's namespaces. None at all is the normal case."""
    for alert in alerts_inside(root):
        yield embedded(cut(alert), element=alert)
    yield from wrong_namespace(root, "/alerts", NAMESPACE)
    for element, where in places(root, "/alerts"):
        if not is_message(element, also_empty=True):
            message = f"{quoted(local(element))} is not a CAP message; remove it."
            yield WRAPPED.finding(message, xpath=where, line=element.sourceline)

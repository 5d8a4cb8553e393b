"""What the standard asks beyond the schema, as rules over the typed alert. They run even where the schema has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap.rules.area import check_areas
from capgateway.cap.rules.blocks import check_blocks
from capgateway.cap.rules.dates import check_dates
from capgateway.cap.rules.info import check_infos
from capgateway.cap.rules.message import check_message
from capgateway.cap.rules.resource import check_resources

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cap.model import Alert
    from capgateway.cap.rules.notes import Notes


def check(alert: Alert, notes: Notes, *, now: datetime, profile: str | None) -> None:
    """Note what breaks the standard; ``now`` judges a ``sent`` in the future, ``profile`` tells what an area is."""
    check_message(alert, notes)
    check_dates(alert, notes, now)
    check_infos(alert, notes)
    if len(alert.infos) > 1:
        check_blocks(alert, notes, profile)
    check_resources(alert, notes)
    check_areas(alert, notes)

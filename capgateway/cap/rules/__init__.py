"""What the standard asks beyond the schema, as rules over the typed alert. They run even where the schema has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap.rules.area import Shapes, check_area, check_missing
from capgateway.cap.rules.blocks import check_blocks
from capgateway.cap.rules.dates import check_sent, check_times
from capgateway.cap.rules.info import check_info, check_markup, check_translations
from capgateway.cap.rules.message import check_message
from capgateway.cap.rules.resource import check_resource
from capgateway.cap.topology import Budget

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cap.model import Alert
    from capgateway.cap.rules.notes import Notes


def check(alert: Alert, notes: Notes, *, now: datetime, profile: str | None) -> None:
    """Note what breaks the standard; ``now`` judges a ``sent`` in the future, ``profile`` says what an area is."""
    check_message(alert, notes)
    check_sent(alert, notes, now)
    shapes = Shapes(Budget())
    for position, info in enumerate(alert.infos):
        here = ("info", position)
        check_info(info, alert, notes, here)
        check_times(info, alert, notes, here)
        for number, resource in enumerate(info.resources):
            check_resource(resource, notes, here, ("resource", number))
        for number, area in enumerate(info.areas):
            check_area(area, shapes, notes, here, ("area", number))
        if not info.areas:
            check_missing(alert, notes, here)
    if len(alert.infos) > 1:
        check_translations(alert.infos, notes)
        check_blocks(alert, notes, profile)
    if notes.may_hold_markup:
        check_markup(alert, notes)

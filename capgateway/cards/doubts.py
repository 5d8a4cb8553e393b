"""What of an alert a person might want to look at before it is displayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards import extract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cap import Info

LANGUAGES = "languages"
"""The languages of the alert contradict each other: they name different plates, cars or children."""


def contradict(infos: Sequence[Info], *, is_amber: bool) -> bool:
    """Whether the languages of blocks that are live together contradict each other. Nothing is read where there is one language
    only."""
    try:
        return extract.contradict(_texts(infos), is_amber=is_amber)
    except Exception:  # noqa: BLE001  (a fault in reading prose keeps no alert from being decided)
        return False


def _texts(infos: Sequence[Info]) -> list[extract.Text]:
    if len({info.language[:2].casefold() for info in infos}) < 2:  # noqa: PLR2004
        return []
    return [
        extract.Text(info.language.casefold(), field, text)
        for info in infos
        for field, text in (
            ("description", info.description),
            ("headline", info.headline),
            ("instruction", info.instruction),
            ("short", info.parameter("CMAMtext")),
            ("long", info.parameter("CMAMlongtext")),
        )
        if text
    ]

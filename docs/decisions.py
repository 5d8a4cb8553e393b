"""Makes the tables of decisions and reasons in ``decisions.md``.

Run ``python docs/decisions.py`` after a change of ``capgateway/cards/meaning.py``; a test fails when the page is not what this
makes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from capgateway.cards import meaning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = Path(__file__).parent / "decisions.md"
PART = re.compile(r"(?<=<!-- decisions: made by docs/decisions.py -->\n).*?(?=<!-- /decisions -->)", re.DOTALL)


def tables() -> str:
    """The four tables."""
    parts = {
        "decision": meaning.WORDS,
        "reason of `ended`": meaning.ENDED,
        "reason of `ignored`": meaning.IGNORED,
        "reason of `quarantined`": meaning.QUARANTINED,
    }
    return "\n".join("\n".join(_table(title, words)) + "\n" for title, words in parts.items())


def _table(title: str, words: Mapping[str, str]) -> Iterator[str]:
    yield f"| {title} | meaning |"
    yield "|---|---|"
    yield from (f"| `{word}` | {sentence} |" for word, sentence in words.items())


def page() -> str:
    """The whole page with the tables as they are now."""
    return PART.sub(lambda _: tables(), PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

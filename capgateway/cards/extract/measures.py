"""What describes a person: age, height, weight, hair, eyes, race and sex. Each reader is asked at one token, and answers with a
value and where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract import ages, heights, looks, sexes

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.cards.extract.numbers import Found
    from capgateway.cards.extract.text import Tokens

_READERS: dict[str, tuple[Callable[[Tokens, int], Found | None], ...]] = {}
for _table in (heights.READERS, ages.READERS, sexes.READERS, looks.READERS):
    for _word, _some in _table.items():
        _READERS[_word] = (*_READERS.get(_word, ()), *_some)
_TRIGGERS = frozenset(_READERS)
_BY_DIGIT = (heights.height, heights.weight, ages.age, heights.ncic_height, heights.news_height)


def measures(tokens: Tokens) -> list[Found]:
    """All descriptions of a text, in order."""
    found: list[Found] = []
    past, words = 0, tokens.words
    for at in sorted([*tokens.places(_TRIGGERS), *tokens.numbers]):
        if at < past:
            continue
        for read in _READERS.get(words[at], _BY_DIGIT):
            one = read(tokens, at)
            if one is not None:
                found.append(one)
                past = max(one.end, at + 1)
                break
    return found

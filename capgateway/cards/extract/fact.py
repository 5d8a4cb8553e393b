"""One thing read in a text, with where it was read and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

Confidence = Literal["certain", "high", "medium"]


class Fact(NamedTuple):
    """``value`` is in the card's form; ``start`` and ``end`` count the code points of the text ``field``."""

    value: Any
    text: str
    language: str
    field: str
    start: int
    end: int
    confidence: Confidence


def fact(tokens: Tokens, first: int, end: int, value: Any, confidence: Confidence = "high") -> Fact:
    """What tokens ``first`` to before ``end`` say."""
    start, stop = tokens.starts[first], tokens.ends[end - 1]
    return Fact(value, tokens.raw[start:stop], tokens.language, tokens.field, start, stop, confidence)

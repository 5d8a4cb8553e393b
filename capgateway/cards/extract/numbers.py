"""Numbers in digits and in words, the units beside them, and the form in which a description of a person is handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from capgateway.cards.extract.words import NUMBERS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

YEARS = frozenset("year years yr yrs an ans ano anos".split())
MONTHS = frozenset("month months mth mths mo mos mois mes meses".split())
WEEKS = frozenset("week weeks wk wks semaine semaines semana semanas".split())
DAYS = frozenset("day days jour jours dia dias".split())
UNITS: dict[str, Literal["year", "month", "week", "day"]] = {
    **dict.fromkeys(YEARS, "year"),
    **dict.fromkeys(MONTHS, "month"),
    **dict.fromkeys(WEEKS, "week"),
    **dict.fromkeys(DAYS, "day"),
}
AGE_LABELS = frozenset("age aged ages edad agee".split())
FEET = frozenset("' ft feet foot pi pies pie pieds pied".split())
INCHES = frozenset('" in inch inches po pouces pouce pulgadas pulgada'.split())


class Found(NamedTuple):
    """``what`` is the field of a person; tokens ``first`` to before ``end`` say it."""

    what: str
    first: int
    end: int
    value: Any
    is_sure: bool = True


class AgeValue(NamedTuple):
    """``most`` is the upper end of a range."""

    value: int
    unit: Literal["year", "month", "week", "day"] = "year"
    most: int | None = None


def number(tokens: Tokens, at: int) -> int | None:
    """A number in digits or in words."""
    word = tokens.word(at)
    if word.isdigit():
        return int(word) if len(word) <= 3 else None
    value = NUMBERS.get(word)
    return None if word == "once" and tokens.language[:2] == "en" else value


COUNTED_TENS = {
    word: 10 * tens
    for words in (
        "twenty thirty forty fifty sixty seventy eighty ninety",
        "vingt trente quarante cinquante soixante",
        "veinte treinta cuarenta cincuenta sesenta",
    )
    for tens, word in enumerate(words.split(), 2)
}
TENS_LINKS = frozenset("- et y".split())


def counted(tokens: Tokens, at: int) -> tuple[int | None, int]:
    """A number that may be of two words (``forty-four``), and where it ends."""
    word = tokens.word(at)
    before = tokens.word(at - 1)
    if (
        before == "hundred"
        or before in COUNTED_TENS
        or (before in {"-", "and", "et", "y"} and tokens.word(at - 2) in {*COUNTED_TENS, "hundred"})
    ):
        return None, at
    if word in COUNTED_TENS:
        nxt = at + 1
        while tokens.word(nxt) in TENS_LINKS and nxt - at < 4:
            nxt += 1
        ones = NUMBERS.get(tokens.word(nxt), 0)
        return (COUNTED_TENS[word] + ones, nxt + 1) if 0 < ones < 10 else (COUNTED_TENS[word], at + 1)
    return number(tokens, at), at + 1


def skip(tokens: Tokens, at: int, marks: str = "-") -> int:
    while tokens.word(at) and tokens.word(at) in marks:
        at += 1
    return at

"""Ages of people, in years or in smaller units, exact or as a range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.makes import MAKES_BY_FIRST
from capgateway.cards.extract.numbers import (
    AGE_LABELS,
    COUNTED_TENS,
    FEET,
    MONTHS,
    UNITS,
    YEARS,
    AgeValue,
    Found,
    counted,
    number,
    skip,
)
from capgateway.cards.extract.words import BODIES, CHILD_NOUNS, NUMBERS, PERSON_NOUNS, RACE_CODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.cards.extract.text import Tokens

CARS = frozenset("model models style era body make vintage".split())
OLDEST = 110
"""Years. A larger number is not an age."""
TENS = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "vingtaine": 20,
    "trentaine": 30,
    "quarantaine": 40,
    "cinquantaine": 50,
    "soixantaine": 60,
    "teens": 13,
}
NOT_AGES = frozenset("for since depuis hace pendant durante past last il within next during after over".split())


def age(tokens: Tokens, at: int) -> Found | None:
    """``4 yo``, ``15-month-old``, ``30 to 40 years old``, ``20s``, ``3 ans``, ``de 6 años``."""
    value, place = counted(tokens, at)
    if value and value % 10 == 0 and tokens.word(place) == "y" and tokens.word(place + 1) in {"tantos", "pico"}:
        return Found("age", at, place + 2, AgeValue(value, "year", value + 9))
    if value is None or value > OLDEST or (tokens.word(at - 1) in {"/", ".", "$", "#"} and tokens.gaps[at] == ""):
        return None
    most = None
    if tokens.word(place) == "s" and tokens.gaps[place] == "" and value % 10 == 0 and value:
        return _decade(tokens, at, value, place + 1)
    if tokens.word(place) == "'" and tokens.word(place + 1) == "s" and value % 10 == 0 and value:
        return _decade(tokens, at, value, place + 2)
    is_between = tokens.word(place) in {"and", "y", "et"} and tokens.word(at - 1) in {"between", "entre"}
    if (
        (is_between or tokens.word(place) in {"-", "to", "a", "et", "or", "ou", "o"})
        and (second := number(tokens, place + 1)) is not None
        and value < second <= OLDEST
    ) and (tokens.word(place) != "-" or tokens.word(place + 2) not in FEET):
        most, place = second, place + 2
    unit_at = skip(tokens, place)
    unit = UNITS.get(tokens.word(unit_at))
    if unit is None:
        return _short_age(tokens, at, place, value, most) or _bare_range(tokens, at, place, value, most)
    end = unit_at + 1
    if tokens.word(end) == "." and tokens.word(unit_at) in {"yr", "yrs", "mo", "mos", "wk", "wks"}:
        end += 1
    old = skip(tokens, end)
    is_said = False
    if tokens.word(old) in {"old", "olds"}:
        end, is_said = old + 1, True
    elif tokens.word(old) == "of" and tokens.word(old + 1) == "age":
        end, is_said = old + 2, True
    elif tokens.word(old) in {"d", "de"} and tokens.word(skip(tokens, old + 1, "'")) in {"age", "edad"}:
        end, is_said = skip(tokens, old + 1, "'") + 1, True
    elif tokens.word(old) in {"de", "d"} and tokens.word(old + 1) in {"nacido", "nacida", "nacidos", "vida", "vie"}:
        end, is_said = old + 2, True
    is_said = is_said or (most is not None and tokens.word(at - 1) in ABOUT)
    is_said = is_said or (tokens.word(at - 1) == "." and tokens.word(at - 2) == "approx" and unit == "year")
    is_said = is_said or (tokens.word(at - 1) in {"de", "d"} and tokens.word(at - 2) in BABIES)
    is_said = is_said or tokens.word(unit_at) in {"ans", "an", "ano", "anos"} or tokens.word(at - 1) in AGE_LABELS
    if not is_said and not _stands_alone(tokens, at, end):
        return None
    if (
        tokens.word(at - 1) in NOT_AGES
        and (not is_said or tokens.word(end - 1) in YEARS)
        and tokens.word(at - 1) != "for"
    ):
        return None
    if not is_said and (tokens.word(at - 1) == "for" or tokens.word(end) in {"ago", "later", "atras", "prison", "in"}):
        return None
    is_between = tokens.word(at - 1) == tokens.word(end) == ","
    if unit == "week" and not (is_said or is_between) and tokens.word(unit_at) != "wks":
        return None
    if unit == "year" and most is None and value < 2 and (more := _months_after(tokens, end)):
        return Found("age", at, more[1], AgeValue(value * 12 + more[0], "month"))
    if unit == "year" and most is None and (half := _half_after(tokens, end)):
        return Found("age", at, half, AgeValue(18, "month") if value == 1 else AgeValue(value))
    return Found("age", at, end, AgeValue(value, unit, most))


def _months_after(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """``1 AÑO 4 MESES``: the months, and where they end."""
    at += tokens.word(at) in {",", "and", "et", "y", "con"}
    months = number(tokens, at)
    if months is None or months > 11 or tokens.word(at + 1) not in MONTHS:
        return None
    return months, at + 2


ABOUT = frozenset("about approximately around roughly environ aproximadamente unos".split())
BABIES = frozenset("bebe bebes nourrisson nouveau poupon enfant nino nina".split())
HALVES = (("y", "medio"), ("et", "demi"), ("and", "a", "half"), ("½",))


def _half_after(tokens: Tokens, at: int) -> int:
    """``un año y medio``, ``2 ans ½``: where it ends, or 0."""
    return next((at + len(half) for half in HALVES if tuple(tokens.words[at : at + len(half)]) == half), 0)


MOST_APART = 16
"""Years between the two ends of an age that somebody guessed."""


def _bare_range(tokens: Tokens, at: int, end: int, value: int, most: int | None) -> Found | None:
    """``a man, 35 to 40, white``; ``17-19``; ``between thirty and forty``."""
    before = tokens.word(at - 1)
    if before == "between" and most is None and tokens.word(end) == "and":
        second, stop = counted(tokens, end + 1)
        if (
            second is not None
            and value < second <= value + MOST_APART
            and value >= 10
            and tokens.word(stop) not in {"feet", "pounds", "a", "p", "am", "pm"}
        ):
            return Found("age", at, stop, AgeValue(value, "year", second))
    if tokens.word(end) == "ish" and tokens.gaps[end] == "" and value >= 10:
        return Found("age", at, end + 1, AgeValue(value))
    if most is None or value < 10 or not value < most <= value + MOST_APART:
        return None
    if tokens.word(at - 2) == "/" and before in RACE_CODES:
        before = "m"  # M/W 20-25
    is_listed = before in {",", "(", "...", "about", "approximately", "is", "age", "aged", "between", "entre", "m", "f"}
    if not is_listed or tokens.word(end) not in {",", ")", "...", ".", ";", ""} or _is_date(tokens, at, end):
        return None
    return Found("age", at, end, AgeValue(value, "year", most))


def _is_date(tokens: Tokens, at: int, end: int) -> bool:
    return (
        tokens.word(end + 1).isdigit()
        and len(tokens.word(end + 1)) == 4
        or tokens.word(at - 2) in {"street", "exit", "exits"}
    )


def _stands_alone(tokens: Tokens, at: int, end: int) -> bool:
    """Whether "11 months" is between commas or brackets, as in a list of what describes a person."""
    before = tokens.word(at - 1)
    is_listed = before in {",", "(", ":", "/", "de", "ages", "age", "m", "f"} or before in PERSON_NOUNS
    if before in {"de", "d"} and tokens.word(at - 2) in CHILD_NOUNS:
        return tokens.word(end) not in {"de", "en"}  # bebé de 10 meses
    is_listed = is_listed or (before == "of" and tokens.word(at - 2) in PERSON_NOUNS)
    return is_listed and tokens.word(end) in {
        ",",
        ")",
        "(",
        "/",
        ".",
        "",
        ";",
    }


def _short_age(tokens: Tokens, at: int, place: int, value: int, most: int | None) -> Found | None:
    if tokens.word(place) in {"yo", "yoa"}:
        return Found("age", at, place + 1, AgeValue(value, "year", most))
    if tokens.word(place) == "y" and tokens.word(place + 1) in {"/", "."} and tokens.word(place + 2) == "o":
        return Found(
            "age",
            at,
            place + 3 + (tokens.word(place + 3) == "." and tokens.word(place + 1) == "."),
            AgeValue(value, "year", most),
        )
    if tokens.word(place) == "y" and tokens.gaps[place] == "" and tokens.word(place + 1) in {",", ")"}:
        return Found("age", at, place + 1, AgeValue(value, "year", most))
    if tokens.word(place) in {"m", "f"} and tokens.gaps[place] == "" and tokens.word(at - 1) in {",", "("}:
        return None
    return None


def _decade(tokens: Tokens, at: int, value: int, end: int) -> Found | None:
    if tokens.word(at - 1) in {"the", "'"} and tokens.word(at - 2) != "in":
        return None
    if tokens.word(end) in CARS or tokens.word(end) in MAKES_BY_FIRST or tokens.word(end) in BODIES:
        return None  # 90s model, 1990s Honda
    most = value + 9
    first = at
    if (
        tokens.word(end) in {"-", "to", "or", "/"}
        and (second := number(tokens, end + 1)) is not None
        and second % 10 == 0
        and second > value
    ):
        nxt = end + 2
        if tokens.word(nxt) == "s":
            most, end = second + 9, nxt + 1
    return Found("age", first, end, AgeValue(value, "year", most))


def _labelled_age(tokens: Tokens, at: int) -> Found | None:
    """``age 4``, ``aged 7``, ``Age: 10 months``."""
    place = skip(tokens, at + 1, ":-#")
    if tokens.word(place) == "now":
        place = skip(tokens, place + 1, ":-#")
    if tokens.word(place) in {"de", "of", "about", "approximately", "approx", "environ", "is"}:
        place = skip(tokens, place + 1, ".")
    if found := age(tokens, place):
        return found
    value = number(tokens, place)
    if value is None or value > OLDEST or (tokens.word(at - 1) in {"of", "under"}):
        return None
    unit_at = skip(tokens, place + 1)
    if unit := UNITS.get(tokens.word(unit_at)):  # Age: 3 mos   Sex: M
        return Found("age", place, unit_at + 1, AgeValue(value, unit))
    if tokens.word(place + 1) in {"'", "and", "/"} and tokens.word(at) == "ages":
        return None
    most = None
    end = place + 1
    if tokens.word(end) in {"-", "to"} and (second := number(tokens, end + 1)) is not None and second > value:
        most, end = second, end + 2
    return Found("age", place, end, AgeValue(value, "year", most))


def _newborn(tokens: Tokens, at: int) -> Found | None:
    end = at + 1
    if tokens.words[at] in {"recien", "nouveau"}:
        end = skip(tokens, at + 1) + 1
        if tokens.word(end - 1) not in {"nacido", "nacida", "ne", "nee"}:
            return None
    elif tokens.words[at] == "new":
        end = skip(tokens, at + 1) + 1
        if tokens.word(end - 1) != "born":
            return None
    return Found("age", at, end, AgeValue(0, "day"))


def _decade_word(tokens: Tokens, at: int) -> Found | None:
    value = TENS[tokens.words[at]]
    is_alone = tokens.word(at - 1) in {",", "..."} and tokens.word(at + 1) in {",", ".", "..."}
    if is_alone or tokens.word(at - 1) in {
        "in",
        "early",
        "late",
        "mid",
        "his",
        "her",
        "la",
        "une",
        "their",
        "-",
        "fin",
        "debut",
        "mi",
    }:
        return Found("age", at, at + 1, AgeValue(value, "year", value + 9 if value != 13 else 19))
    return None


READERS: dict[str, tuple[Callable[[Tokens, int], Found | None], ...]] = {
    **dict.fromkeys([*NUMBERS, *COUNTED_TENS], (age,)),
    **dict.fromkeys(AGE_LABELS, (_labelled_age,)),
    **dict.fromkeys(TENS, (_decade_word,)),
    **dict.fromkeys("newborn recien nouveau new".split(), (_newborn,)),
}

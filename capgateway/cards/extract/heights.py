"""Heights and weights, as (centimetres, largest) and (kilograms, largest)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.numbers import COUNTED_TENS, FEET, INCHES, Found, counted, number, skip
from capgateway.cards.extract.words import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.cards.extract.text import Tokens


def height(tokens: Tokens, at: int) -> Found | None:
    """Feet and inches, metres or centimetres, as (centimetres, largest)."""
    one = _height(tokens, at)
    if one is None:
        return None
    end, low, high = one
    if tokens.word(end) in {"-", "to", "a"} and (second := _height(tokens, end + 1)):
        end, high = second[0], second[1]
    return Found("height", at, end, (round(low), round(high) if high else None)) if 25 <= low <= 230 else None


def _height(tokens: Tokens, at: int) -> tuple[int, float, float | None] | None:
    value = number(tokens, at)
    if value is None:
        return None
    metric = _metric(tokens, at, value)
    if metric:
        return metric
    place = skip(tokens, at + 1)
    if tokens.word(place) not in FEET or value > 7 or value < 1:
        return _inches_only(tokens, at, value)
    if tokens.word(place) == "'" and tokens.gaps[place] != "" and tokens.gaps[at] != "":
        return None
    is_word = tokens.word(place) != "'"
    place += 1
    if tokens.word(place) == "." and tokens.word(place - 1) == "ft":
        place += 1
    if tokens.word(place) == "'" and not is_word:  # 4''
        return None
    inner = place
    while tokens.word(inner) in {"-", ",", "and", "et", "y", "con"}:
        inner += 1
    inches = number(tokens, inner)
    if (
        inches is None
        or inches > 11
        or (inner > place and tokens.word(place) == "," and tokens.word(inner + 1) not in INCHES)
    ):
        if is_word and tokens.word(place) == "tall":
            place += 1
        return place, value * 30.48, None
    end = inner + 1
    unit = skip(tokens, end)
    if tokens.word(unit) in INCHES and not (
        tokens.word(unit) == "in" and tokens.word(unit + 1) in {"the", "a", "his", "her"}
    ):
        end = unit + 1
        if (
            tokens.word(end - 1) == "in"
            and tokens.word(end) == "."
            and tokens.word(end + 1) not in {""}
            and tokens.gaps[end] == ""
        ):
            end += 1
    elif tokens.word(end) == "'" and tokens.word(end + 1) == "'":
        end += 2
    elif (
        tokens.word(unit) in {"lb", "lbs", "pounds", "years", "kg", "ans"}
        or is_word
        and inner > place
        and tokens.word(place) == ","
    ):
        return place, value * 30.48, None
    return end, value * 30.48 + inches * 2.54, None


def _inches_only(tokens: Tokens, at: int, value: int) -> tuple[int, float, float | None] | None:
    if (
        15 <= value <= 60
        and tokens.word(at + 1) in {'"', "inches"}
        and tokens.gaps[at + 1] == ("" if tokens.word(at + 1) == '"' else " ")
    ):
        if tokens.word(at + 1) == '"' and tokens.word(at - 1) in {'"', "'"}:
            return None
        return at + 2, value * 2.54, None
    return None


def _metric(tokens: Tokens, at: int, value: int) -> tuple[int, float, float | None] | None:
    nxt = tokens.word(at + 1)
    if nxt in {"cm", "centimetres", "centimeters", "centimetros"} and 30 <= value <= 230:
        return at + 2, float(value), None
    if value > 2:
        return None
    if nxt in {"m", "metre", "metro"} and (more := tokens.word(at + 2)).isdigit() and len(more) == 2:
        return at + 3, value * 100 + float(more), None
    if (
        nxt in {",", "."}
        and tokens.gaps[at + 1] == ""
        and (more := tokens.word(at + 2)).isdigit()
        and tokens.gaps[at + 2] == ""
        and len(more) <= 2
    ) and tokens.word(at + 3) in {"m", "metre", "metres", "metro", "metros", "meters", "meter"}:
        return at + 4, (value + float(f"0.{more}")) * 100, None
    return None


def ncic_height(tokens: Tokens, at: int) -> Found | None:
    """``3-06`` and ``504`` where a weight or another description follows, or after ``HGT``."""
    if tokens.word(at + 1) != "-" or tokens.gaps[at + 1] != "" or len(tokens.words[at]) != 1:
        return None
    inches = tokens.word(at + 2)
    feet = int(tokens.words[at])
    if not (
        inches.isdigit() and len(inches) == 2 and tokens.gaps[at + 2] == "" and int(inches) <= 11 and 1 <= feet <= 7
    ):
        return None
    after = skip(tokens, at + 3, ",.")
    is_listed = (
        tokens.word(at + 3) in {"...", ","}
        and len(tokens.word(after)) in {2, 3}
        and tokens.word(after + 1) in {"...", ",", "."}
    )
    if (
        not is_listed
        and not (tokens.word(after).isdigit() and tokens.word(after + 1) in {"lbs", "lb", "pounds", "#"})
        and tokens.word(at - 1) not in {"height", "hgt", "ht", ":"}
    ):
        return None
    return Found("height", at, at + 3, (round(feet * 30.48 + int(inches) * 2.54), None))


def _labelled_height(tokens: Tokens, at: int) -> Found | None:
    place = skip(tokens, at + 1, ":-.")
    if tokens.word(place) in {"is", "about", "approximately", "of"}:
        place += 1
    if found := height(tokens, place) or ncic_height(tokens, place):
        return found
    word = tokens.word(place)
    if word.isdigit() and len(word) == 3 and word[0] in "234567" and int(word[1:]) <= 11:
        return Found("height", place, place + 1, (round(int(word[0]) * 30.48 + int(word[1:]) * 2.54), None))
    return None


POUNDS = frozenset("lb lbs pound pounds # libras libra livres livre".split())
KILOS = frozenset("kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes kilogramos".split())


def weight(tokens: Tokens, at: int) -> Found | None:
    """Pounds or kilograms, as (kilograms, largest)."""
    value, place = counted(tokens, at)
    if value is None or value < 2:
        return None
    most = None
    if tokens.word(place) in {"-", "to", "a"} and (second := number(tokens, place + 1)) is not None and second > value:
        most, place = second, place + 2
    place = skip(tokens, place)
    unit = tokens.word(place)
    if unit in POUNDS:
        factor = 0.45359237
    elif unit in KILOS:
        factor = 1.0
    else:
        return None
    end = (
        place
        + 1
        + (tokens.word(place + 1) == "." and unit in {"lb", "lbs", "kg"} and tokens.word(place + 2) in {",", ";", ")"})
    )
    return Found("weight", at, end, (round(value * factor), round(most * factor) if most else None))


def _labelled_weight(tokens: Tokens, at: int) -> Found | None:
    place = skip(tokens, at + 1, ":-.")
    if found := weight(tokens, place):
        return found
    value = number(tokens, place)
    if value is None or not 5 <= value <= 450:
        return None
    return Found("weight", place, place + 1, (round(value * 0.45359237), None))


def news_height(tokens: Tokens, at: int) -> Found | None:
    """``is 4-8``, ``stands 6-4``, ``at 5-10``, ``, 5-9,``: feet and inches with a hyphen."""
    feet, inches = tokens.words[at], tokens.word(at + 2)
    if tokens.word(at + 1) != "-" or len(feet) != 1 or not inches.isdigit() or len(inches) > 2 or int(inches) > 11:
        return None
    if not (tokens.gaps[at + 1] == tokens.gaps[at + 2] == "" and "2" <= feet <= "7"):
        return None
    before, after = tokens.word(at - 1), tokens.word(at + 3)
    is_said = before in {"is", "stands", "at", "about", "approximately", "nearly"} or (
        before in {",", "("} and tokens.word(at + 4) not in {"p", "a", "pm", "am"}
    )
    if (
        not is_said
        or after not in {",", ".", "and", "with", ";", ")", "/", "tall", ""}
        or tokens.word(at - 2) in {"score", "ages", "aged", "won", "lost"}
    ):
        return None
    if after == "/" and not tokens.word(at + 4).isdigit():
        return None
    return Found("height", at, at + 3, (round(int(feet) * 30.48 + int(inches) * 2.54), None))


READERS: dict[str, tuple[Callable[[Tokens, int], Found | None], ...]] = {
    **dict.fromkeys(NUMBERS, (height, weight)),
    **dict.fromkeys(COUNTED_TENS, (weight,)),
    **dict.fromkeys("height hgt ht taille estatura".split(), (_labelled_height,)),
    **dict.fromkeys("weight wgt wt poids peso".split(), (_labelled_weight,)),
}

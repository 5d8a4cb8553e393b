"""What describes a person: age, height, weight, hair, eyes, race and sex. Each reader is asked at one token, and answers with a
value and where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from capgateway.cards.extract.words import (
    CHILD_NOUNS,
    COLORS,
    EYE_COLORS,
    HAIR_COLORS,
    HAIR_STYLES,
    NUMBERS,
    RACE_CODES,
    RACES,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.cards.extract.text import Tokens

OLDEST = 110
"""Years. A larger number is not an age."""

YEARS = frozenset("year years yr yrs an ans ano anos".split())
MONTHS = frozenset("month months mo mos mois mes meses".split())
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


def number(tokens: Tokens, at: int) -> int | None:
    """A number in digits or in words."""
    word = tokens.word(at)
    if word.isdigit():
        return int(word) if len(word) <= 3 else None
    if word in NUMBERS and not (word in {"once", "six"} and tokens.language[:2] == "en" and word == "once"):
        return NUMBERS[word]
    return None


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


def _skip(tokens: Tokens, at: int, marks: str = "-") -> int:
    while tokens.word(at) and tokens.word(at) in marks:
        at += 1
    return at


def age(tokens: Tokens, at: int) -> Found | None:
    """``4 yo``, ``15-month-old``, ``30 to 40 years old``, ``20s``, ``3 ans``, ``de 6 años``."""
    value, place = counted(tokens, at)
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
    unit_at = _skip(tokens, place)
    unit = UNITS.get(tokens.word(unit_at))
    if unit is None:
        return _short_age(tokens, at, place, value, most) or _bare_range(tokens, at, place, value, most)
    end = unit_at + 1
    if tokens.word(end) == "." and tokens.word(unit_at) in {"yr", "yrs", "mo", "mos", "wk", "wks"}:
        end += 1
    old = _skip(tokens, end)
    is_said = False
    if tokens.word(old) in {"old", "olds"}:
        end, is_said = old + 1, True
    elif tokens.word(old) == "of" and tokens.word(old + 1) == "age":
        end, is_said = old + 2, True
    elif tokens.word(old) in {"d", "de"} and tokens.word(_skip(tokens, old + 1, "'")) in {"age", "edad"}:
        end, is_said = _skip(tokens, old + 1, "'") + 1, True
    elif tokens.word(old) in {"de", "d"} and tokens.word(old + 1) in {"nacido", "nacida", "nacidos", "vida", "vie"}:
        end, is_said = old + 2, True
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
    return Found("age", at, end, AgeValue(value, unit, most))


def _months_after(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """``1 AÑO 4 MESES``: the months, and where they end."""
    at += tokens.word(at) in {",", "and", "et", "y", "con"}
    months = number(tokens, at)
    if months is None or months > 11 or tokens.word(at + 1) not in MONTHS:
        return None
    return months, at + 2


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
    is_listed = before in {",", "(", "...", "about", "approximately", "is", "age", "aged"}
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
    is_listed = before in {",", "(", ":", "/", "de", "ages", "age", "m", "f"} or before in _PERSONS
    if before in {"de", "d"} and tokens.word(at - 2) in CHILD_NOUNS:
        return tokens.word(end) not in {"de", "en"}  # bebé de 10 meses
    is_listed = is_listed or (before == "of" and tokens.word(at - 2) in _PERSONS)
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
    place = _skip(tokens, at + 1, ":-#")
    if tokens.word(place) in {"de", "of", "about", "approximately", "approx", "environ", "is"}:
        place = _skip(tokens, place + 1, ".")
    if found := age(tokens, place):
        return found
    value = number(tokens, place)
    if value is None or value > OLDEST or (tokens.word(at - 1) in {"of", "under"}):
        return None
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
        end = _skip(tokens, at + 1) + 1
        if tokens.word(end - 1) not in {"nacido", "nacida", "ne"}:
            return None
    elif tokens.words[at] == "new":
        end = _skip(tokens, at + 1) + 1
        if tokens.word(end - 1) != "born":
            return None
    return Found("age", at, end, AgeValue(0, "day"))


def _decade_word(tokens: Tokens, at: int) -> Found | None:
    value = TENS[tokens.words[at]]
    is_alone = tokens.word(at - 1) in {",", "..."} and tokens.word(at + 1) in {",", ".", "..."}
    if is_alone or tokens.word(at - 1) in {"in", "early", "late", "mid", "his", "her", "la", "une", "their", "-"}:
        return Found("age", at, at + 1, AgeValue(value, "year", value + 9 if value != 13 else 19))
    return None


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
    place = _skip(tokens, at + 1)
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
    unit = _skip(tokens, end)
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


def _ncic_height(tokens: Tokens, at: int) -> Found | None:
    """``3-06`` and ``504`` where a weight or another description follows, or after ``HGT``."""
    if tokens.word(at + 1) != "-" or tokens.gaps[at + 1] != "" or len(tokens.words[at]) != 1:
        return None
    inches = tokens.word(at + 2)
    feet = int(tokens.words[at])
    if not (
        inches.isdigit() and len(inches) == 2 and tokens.gaps[at + 2] == "" and int(inches) <= 11 and 1 <= feet <= 7
    ):
        return None
    after = _skip(tokens, at + 3, ",.")
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
    place = _skip(tokens, at + 1, ":-.")
    if tokens.word(place) in {"is", "about", "approximately", "of"}:
        place += 1
    if found := height(tokens, place) or _ncic_height(tokens, place):
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
    place = _skip(tokens, place)
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
    place = _skip(tokens, at + 1, ":-.")
    if found := weight(tokens, place):
        return found
    value = number(tokens, place)
    if value is None or not 5 <= value <= 450:
        return None
    return Found("weight", place, place + 1, (round(value * 0.45359237), None))


def hair(tokens: Tokens, at: int) -> Found | None:
    """``long brown hair``, ``hair black``, ``cheveux longs, noirs``, ``brown hair and eyes``."""
    word = tokens.words[at]
    if word in {"hair", "haired"} and ":" not in {tokens.word(at + 1), tokens.word(at + 2)}:
        return _hair_before(tokens, at) or _hair_after(tokens, at)
    return _hair_after(tokens, at)


def _hair_before(tokens: Tokens, at: int) -> Found | None:
    first = at - (tokens.word(at - 1) == "-")
    while _is_hair_word(tokens, first - 1) or (
        tokens.word(first - 1) in {",", "-", "or", "/", "and"} and _is_hair_word(tokens, first - 2) and first < at
    ):
        if (
            tokens.word(first - 1) == ","
            and tokens.word(first - 2) in RACES
            and tokens.word(first - 3) in {",", "male", "female", "is", "a", ":", "(", "/", "..."}
        ):
            break  # white, light brown hair
        if (
            tokens.word(first - 1) == "and"
            and tokens.word(first - 2) in COLORS
            and tokens.word(first - 3) in {"eyes", ":"}
        ):
            break
        first -= 1
    while tokens.word(first) in {",", "-", "and", "or", "/"}:
        first += 1
    end = at - (tokens.word(at - 1) == "-")
    if first >= end:
        return None
    value = _hair_value(tokens, first, end)
    return Found("hair", first, at + 1, value) if value else None


def _is_hair_word(tokens: Tokens, at: int) -> bool:
    word = tokens.word(at)
    return (
        word in HAIR_COLORS
        or word in HAIR_STYLES
        or word in {"strawberry", "length", "salt", "pepper", "colored", "coloured", "wavy"}
        or (word in {"en", "de"} and tokens.word(at - 1) in DYED and tokens.word(at + 1) in HAIR_COLORS)
    )


DYED = frozenset("teints teint tenido pintado dyed".split())


def _hair_after(tokens: Tokens, at: int) -> Found | None:
    first = _skip(tokens, at + 1, ":")
    if tokens.word(first) in {"is", "are", "sont", "color", "de"}:
        first = _skip(tokens, first + 1, ":")
    end = first
    while _is_hair_word(tokens, end) or (
        end > first
        and tokens.word(end) in {",", "-", "et", "y", "and", "mi", "&", "/"}
        and _is_hair_word(tokens, end + 1)
        and not _is_eye(tokens, end + 1)
        and tokens.word(end + 2) not in {"hair", "eyes", "yeux", "ojos"}
    ):
        if (
            tokens.word(end + 1) in {"hair", "eyes"}
            and tokens.word(end + 2) != ":"
            and tokens.word(end + 2) not in EYE_COLORS
        ):
            break
        end += 1
    if tokens.word(first) == "mi" and tokens.word(first + 1) == "-":
        return None
    if end == first:
        return None
    value = _hair_value(tokens, first, end)
    return Found("hair", first, end, value) if value else None


def _is_eye(tokens: Tokens, at: int) -> bool:
    return tokens.word(at + 1) in {"eyes", "eye"}


def _hair_value(tokens: Tokens, first: int, end: int) -> str:
    words = tokens.words[first:end]
    if "salt" in words:
        return "salt-and-pepper"
    styles: list[str] = []
    colors: list[str] = []
    for place, word in enumerate(words):
        if word == "strawberry":
            continue
        if word in HAIR_STYLES and not (word in HAIR_COLORS and place):
            styles.append("medium-length" if word == "medium" else HAIR_STYLES[word])
        elif word in HAIR_COLORS:
            color = HAIR_COLORS[word]
            if place and words[place - 1] == "strawberry":
                color = "strawberry blonde"
            colors.append(color)
    if len(colors) == 2 and tokens.words[first:end].count("-") == 1 and colors[1] == "blonde":
        return " ".join([*dict.fromkeys(styles), f"{colors[0]}-blond"])
    joined = (
        f" {'or' if 'or' in words else '/'} ".join(dict.fromkeys(colors))
        if len(set(colors)) > 1
        else "".join(dict.fromkeys(colors))
    )
    return " ".join([*dict.fromkeys(styles), joined.replace(" / ", "/")]).strip()


def _bald(tokens: Tokens, at: int) -> Found | None:
    word = tokens.words[at]
    if word in {"bald", "chauve", "calvo"} and tokens.word(at + 1) not in {
        "tire",
        "tires",
        "spot",
        "spots",
        "patch",
        "eagle",
        "eagles",
    }:
        return Found("hair", at, at + 1, "bald")
    if word in {"crane", "tete"} and tokens.word(at + 1) in {"rase", "rasee"}:
        return Found("hair", at, at + 2, "shaved")
    if word == "cabeza" and tokens.word(at + 1) == "rapada":
        return Found("hair", at, at + 2, "shaved")
    if word == "shaved" and tokens.word(at + 1) == "head":
        return Found("hair", at, at + 2, "shaved")
    return None


def eyes(tokens: Tokens, at: int) -> Found | None:
    """``brown eyes``, ``eyes: blu``, ``yeux pers``, ``brown hair and eyes``."""
    word = tokens.words[at]
    if (
        word in {"eyes", "eye", "eyed"}
        and tokens.word(at + 1) != ":"
        and tokens.words[at + 1 : at + 3] != ["color", ":"]
    ):
        before = at - 1 - (tokens.word(at - 1) == "-")
        is_after = tokens.word(before - 1) == "hair" and tokens.word(at + 1) in EYE_COLORS  # Hair BLK Eyes BRO
        if not is_after and tokens.word(before) in EYE_COLORS and tokens.word(before) not in {"dark"}:
            first = before - (tokens.word(before - 1) in {"dark", "light"})
            return Found(
                "eyes",
                first,
                at + 1,
                " ".join([*([tokens.word(first)] if first < before else []), EYE_COLORS[tokens.word(before)]]),
            )
        if tokens.word(at - 1) in {"and", "&"} and tokens.word(at - 2) == "hair" and tokens.word(at - 3) in EYE_COLORS:
            return Found("eyes", at - 3, at + 1, EYE_COLORS[tokens.word(at - 3)])
    first = _skip(tokens, at + 1, ":")
    if tokens.word(first) in {"are", "sont", "son", "is", "color", "de"}:
        first = _skip(tokens, first + 1, ":")
    if tokens.word(first) in EYE_COLORS:
        end = first + 1
        if tokens.word(end) in {"clair", "clairs", "claro", "claros", "fonce", "fonces", "oscuro", "oscuros"}:
            end += 1
        return Found("eyes", first, end, EYE_COLORS[tokens.word(first)])
    return None


def _race_sex(tokens: Tokens, at: int) -> Found | None:
    """``W/M``, ``M/B``, ``H/F``: codes of NCIC in either order."""
    if tokens.word(at + 1) != "/" or tokens.gaps[at + 1] != "" or (at + 2 < len(tokens) and tokens.gaps[at + 2] != ""):
        return None
    first, second = tokens.words[at], tokens.word(at + 2)
    is_age = tokens.word(at + 3) == "/" and tokens.word(at + 4).isdigit() and len(tokens.word(at + 4)) < 3  # M/W/4
    if (tokens.word(at + 3) == "/" and not is_age) or (
        at + 3 < len(tokens) and tokens.gaps[at + 3] == "" and tokens.word(at + 3).isalnum()
    ):
        return None
    if first in RACE_CODES and second in {"m", "f"}:
        return Found("race+sex", at, at + 3, (RACE_CODES[first], second.upper()))
    if first in {"m", "f"} and second in RACE_CODES:
        return Found("race+sex", at, at + 3, (RACE_CODES[second], first.upper()))
    return None


def _sex_letter(tokens: Tokens, at: int) -> Found | None:
    """``(M, 5 yrs``, ``F/10``, ``Savannah Begay F 8``: a letter in a list."""
    is_upper = tokens.capital[at] and tokens.is_cased
    if is_upper and tokens.capital[at - 1] and tokens.words[at - 1].isalpha() and tokens.word(at + 1).isdigit() and at:
        return Found("sex", at, at + 1, tokens.words[at].upper())
    if not tokens.capital[at] and tokens.is_cased and tokens.word(at - 1) not in {",", "("}:
        return None
    if (
        tokens.word(at - 1) in {",", "(", ":", "/", "..."}
        and tokens.word(at + 1) in {",", ")", "/", "...", ";", "."}
        and not (
            tokens.word(at + 1) == "." and tokens.capital[min(at + 2, len(tokens) - 1)] and tokens.word(at - 1) != ","
        )
    ):
        return Found("sex", at, at + 1, tokens.words[at].upper())
    return None


def _hair_and_eyes(tokens: Tokens, at: int) -> Found | None:
    """``BLN/BLU``, ``blond/blue``: hair and eyes of a person; a car's two colours were marked before."""
    hair_color, eye_color = HAIR_COLORS.get(tokens.words[at]), EYE_COLORS.get(tokens.word(at + 2))
    if (
        tokens.word(at + 1) != "/"
        or tokens.gaps[at + 1] != ""
        or eye_color not in {"blue", "brown", "green", "hazel", "gray"}
    ):
        return None
    if (
        hair_color is None
        or hair_color == eye_color == "gray"
        or tokens.word(at + 3) in {"/", "shirt", "pants", "jacket"}
    ):
        return None
    return Found("hair+eyes", at, at + 3, (hair_color, eye_color))


def _race_sex_word(tokens: Tokens, at: int) -> Found | None:
    """``WM``, ``BF`` in a list."""
    word = tokens.words[at]
    before = tokens.word(at - 1)
    is_listed = before in {",", "(", ":", "...", "/"} and tokens.word(at + 1) in {",", ")", "...", "/", ";", "."}
    if is_listed or ((before.isdigit() or before in {"yo", "yoa", "old"}) and tokens.slice(at, at + 1).isupper()):
        return Found("race+sex", at, at + 1, (RACE_CODES[word[0]], word[1].upper()))
    return None


def _labelled_sex(tokens: Tokens, at: int) -> Found | None:
    place = _skip(tokens, at + 1, ":")
    value = {
        "m": "M",
        "male": "M",
        "f": "F",
        "female": "F",
        "masculin": "M",
        "feminin": "F",
        "masculino": "M",
        "femenino": "F",
        "girl": "F",
        "boy": "M",
        **dict.fromkeys("mujer nina fille femme hembra".split(), "F"),
        **dict.fromkeys("hombre nino garcon homme varon".split(), "M"),
    }.get(tokens.word(place))
    return Found("sex", place, place + 1, value) if value else None


def race(tokens: Tokens, at: int) -> Found | None:
    """A word for a race directly beside one for a person, between commas, or after ``race``."""
    word = tokens.words[at]
    if word == "race":
        place = _skip(tokens, at + 1, ":")
        said, other = RACES.get(tokens.word(place)), RACES.get(tokens.word(place + 2))
        if said and other and tokens.word(place + 1) == "/":
            return Found("race", place, place + 3, f"{said}/{other}")
        return Found("race", place, place + 1, said) if said else None
    if word == "native":
        if tokens.word(at + 1) == "american":
            return Found("race", at, at + 2, "native american")
        return None
    value = RACES[word]
    first, end = at, at + 1
    if value == "asian" and tokens.word(at - 1) in {"south", "southeast", "east"}:
        first, value = at - 1, f"{tokens.words[at - 1]} asian"
    if tokens.word(end) == "-" and tokens.gaps[end] == "" and tokens.word(end + 1) in RACES:
        if "hispanic" not in {value, RACES[tokens.word(end + 1)]}:
            return None
        value, end = f"{value} {RACES[tokens.word(end + 1)]}", end + 2
    elif tokens.word(end) in {"or", "ou", "o"} and tokens.word(end + 1) in RACES:
        end += 2  # of two readings the first
    if tokens.word(end) == "/" and tokens.word(end + 1) in RACES:
        return Found("race", at, end + 2, f"{value}/{RACES[tokens.word(end + 1)]}")
    if value == "hispanic" and tokens.word(end) in {"white", "black"}:
        value, end = f"{RACES[tokens.word(end)]} hispanic", end + 1
    if tokens.word(end) in _PERSONS:
        return Found("race", first, end, value)
    is_list = tokens.word(at - 1) in {",", "(", ":", "...", "/"} and tokens.word(end) in {",", ")", "...", ".", ";"}
    if is_list and (word not in COLORS or _describes(tokens, at, end)):
        return Found("race", first, end, value)
    return None


def _describes(tokens: Tokens, at: int, end: int) -> bool:
    """Whether the other items of the list are a sex or an age, so that "white" is not a car's colour."""
    near = (tokens.word(end + 1), tokens.word(at - 2), tokens.word(end + 2), tokens.word(at - 3))
    return any(word in _PERSONS or word in {"yrs", "ans", "old"} for word in near)


_PERSONS = frozenset(
    "male female males females man woman men women boy girl boys girls child teen juvenile infant toddler baby adult teenager homme femme".split()
)
FEMININE = frozenset(
    "enlevee enlevees vetue apercue vue disparue agee nee emmenee retrouvee vista desaparecida secuestrada vestida sustraida identificada robada nacida raptada".split()
)


MASCULINE = frozenset("sustraido secuestrado raptado".split())


def _participle(tokens: Tokens, at: int) -> Found | None:
    """French and Spanish say the sex in participles: ``enlevée``, ``vista``. The masculine form may mean anybody, except in
    Spanish after ``fue``."""
    if tokens.words[at] in MASCULINE:
        is_said = tokens.language[:2] == "es" and tokens.word(at - 1) == "fue"
        return Found("sex", at, at + 1, "M", False) if is_said else None
    return Found("sex", at, at + 1, "F", False) if tokens.language[:2] in {"fr", "es"} else None


def _news_height(tokens: Tokens, at: int) -> Found | None:
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


_BY_DIGIT: tuple[Callable[[Tokens, int], Found | None], ...] = (height, weight, age, _ncic_height, _news_height)
_READERS: dict[str, tuple[Callable[[Tokens, int], Found | None], ...]] = {
    **{word: (height, weight, age) for word in NUMBERS},
    **{word: (weight, age) for word in COUNTED_TENS},
    **{word: (_race_sex_word,) for word in ("wm", "wf", "bm", "bf", "hm", "hf")},
    **{word: (_hair_and_eyes,) for word in HAIR_COLORS},
    **{word: (race, _hair_and_eyes) if word in HAIR_COLORS else (race,) for word in RACES},
    **{word: (_labelled_age,) for word in AGE_LABELS},
    **{word: (_participle,) for word in FEMININE | MASCULINE},
    **{word: (_decade_word,) for word in TENS},
    **dict.fromkeys("height hgt ht taille estatura".split(), (_labelled_height,)),
    **dict.fromkeys("weight wgt wt poids peso".split(), (_labelled_weight,)),
    **dict.fromkeys("hair haired cheveux cabello pelo".split(), (hair,)),
    **dict.fromkeys("eyes eye eyed yeux ojos".split(), (eyes,)),
    **dict.fromkeys("newborn recien nouveau new".split(), (_newborn,)),
    **dict.fromkeys("bald chauve calvo crane tete cabeza shaved".split(), (_bald,)),
    **dict.fromkeys("w b h a i".split(), (_race_sex,)),
    **dict.fromkeys("m f".split(), (_race_sex, _sex_letter)),
    "race": (race,),
    "native": (race,),
    **dict.fromkeys("sex sexe sexo gender genero genre".split(), (_labelled_sex,)),
}
_TRIGGERS = frozenset(_READERS)

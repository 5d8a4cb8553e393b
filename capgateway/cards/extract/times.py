"""Times and dates of a text, as its words say them: ``6:30 PM today``, ``vers 13 h 45``, ``el 2 de febrero``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.numbers import UNITS
from capgateway.cards.extract.words import DAY_PARTS, DAYS, MONTHS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

LONGEST_TIME = 16
"""Tokens."""
OF_TIME = (
    DAYS | MONTHS | DAY_PARTS | {"this", "ce", "cet", "cette", "esta"}
)  # what a time may begin with, but for numbers


def time_at(tokens: Tokens, at: int) -> int:
    """Where a time or date that begins here ends, or 0: ``6:30 PM today``, ``MAY 13 AT 8 PM``, ``1515 hours``, ``13 h 45``."""
    word = tokens.word(at)
    if word not in OF_TIME and not word.isdigit():
        return 0
    end = _one_time(tokens, at)
    if not end:
        return 0
    for _ in range(4):
        place = end
        while (
            tokens.word(place)
            in {
                ",",
                "at",
                "on",
                "about",
                "approximately",
                "around",
                "a",
                "las",
                "les",
                "vers",
                "le",
                "el",
                "de",
                "the",
                "this",
                "of",
                "en",
                "dans",
                "esta",
                "ce",
                "cet",
                "cette",
                "-",
            }
            and place - end < 4
        ):
            place += 1
        nxt = _one_time(tokens, place)
        if not nxt or nxt - at > LONGEST_TIME or tokens.sentence(at) != tokens.sentence(nxt - 1):
            break
        end = nxt
    return end


STREETS = frozenset(
    "calle avenida av col colonia plaza blvd bulevar rue avenue boulevard parque escuela primaria secundaria esquina barrio calzada mercado jardin".split()
)
"""Before a date that is the name of a street or a school: ``calle 5 de Mayo``."""


def _date_of_no_street(tokens: Tokens, at: int) -> int:
    end = _date(tokens, at)
    before = tokens.word(at - 1) if end else ""
    is_street = before in STREETS or (before in {"du", "de", "del"} and tokens.word(at - 2) in STREETS)
    return 0 if is_street else end


BORN = frozenset("dob born birth birthdate nacido nacida nacimiento naissance nee".split())


def _one_time(tokens: Tokens, at: int) -> int:
    word = tokens.word(at)
    if not word or not BORN.isdisjoint(tokens.words[max(0, at - 4) : at]):
        return 0
    if word.isdigit():
        return _clock(tokens, at) or _date_of_no_street(tokens, at)
    if word in {
        "today",
        "tonight",
        "yesterday",
        "noon",
        "midnight",
        "hier",
        "hoy",
        "ayer",
        "midi",
        "minuit",
        "anoche",
        "mediodia",
        "medianoche",
    }:
        end = at + 1
        if tokens.word(end) in {"morning", "afternoon", "evening", "night", "soir", "matin"}:
            end += 1
        return end
    if word == "aujourd" and tokens.word(at + 2) == "hui":
        return at + 3
    if word in {"this", "ce", "cet", "cette", "esta"} and tokens.word(at + 1) in DAY_PARTS:
        return at + 2
    if (
        word in DAYS
        and (len(word) > 3 or tokens.capital[at])
        and (
            word not in {"sun", "sat", "mon", "wed", "mar"}
            or tokens.word(at + 1) in MONTHS
            or tokens.word(at + 1) in {",", "."}
        )
    ):
        end = at + 1
        if tokens.word(end) in {"morning", "afternoon", "evening", "night", "soir", "matin", "noche", "tarde"} or (
            tokens.word(end) == "," and tokens.word(end + 1) in MONTHS
        ):
            end += 1
        return end
    if word in MONTHS and word not in {"mars"} | (
        {"may", "march", "mar"} if not tokens.word(at + 1).isdigit() else set()
    ):
        place = at + 1 + (tokens.word(at + 1) == ".")
        if tokens.word(place).isdigit() and len(tokens.word(place)) <= 2:
            end = place + 1
            if tokens.word(end) in {"st", "nd", "rd", "th"}:
                end += 1
            year = end + (tokens.word(end) == ",")
            if len(tokens.word(year)) == 4 and tokens.word(year).startswith(("19", "20")):
                end = year + 1
            return end
    return 0


def _clock(tokens: Tokens, at: int) -> int:
    word = tokens.words[at]
    if len(word) > 4:
        return 0
    end = at + 1
    if (
        tokens.word(end) == ":"
        and tokens.gaps[end] == ""
        and tokens.word(end + 1).isdigit()
        and len(tokens.word(end + 1)) == 2
    ):
        end += 2
        return _half(tokens, end) or end
    if tokens.word(end) == "h" and len(word) <= 2:
        end += 1
        if tokens.word(end).isdigit() and len(tokens.word(end)) == 2:
            end += 1
        return end
    if tokens.word(end) == "heures" and len(word) <= 2:
        return end + 1 + (tokens.word(end + 1).isdigit())
    if tokens.word(end) in {"hours", "hrs", "hour"} and len(word) == 4:
        return end + 1
    return _half(tokens, end)


def _half(tokens: Tokens, at: int) -> int:
    """Where ``a.m.``, ``PM`` or ``p. m.`` ends."""
    word = tokens.word(at)
    end = 0
    if (
        word in {"a", "p"}
        and tokens.gaps[at] == ""
        and tokens.word(at + 1) in {"", ".", ",", "/", ";", "w"}
        and tokens.word(at + 2) != "m"
    ):
        return at + 1
    if word in {"am", "pm"}:
        end = at + 1
    elif word in {"a", "p"} and tokens.word(at + 1) == "." and tokens.word(at + 2) == "m":
        end = at + 3 + (tokens.word(at + 3) == ".")
    if end and tokens.word(end) in {"est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "akst", "hst"}:
        end += 1
    return end


def _date(tokens: Tokens, at: int) -> int:
    word = tokens.words[at]
    if (
        (len(word) > 2 and len(word) != 4)
        or tokens.word(at - 1) == "/"
        or "dob" in tokens.words[max(0, at - 2) : at]
        or "born" in tokens.words[max(0, at - 3) : at]
    ):
        return 0
    if (
        tokens.word(at + 1) == "/"
        and tokens.gaps[at + 1] == ""
        and tokens.word(at + 2).isdigit()
        and len(tokens.word(at + 2)) <= 2
        and tokens.word(at - 1) not in {"dob", ":", "-", "'"} | {""}
    ):
        end = at + 3
        if tokens.word(end) == "/" and tokens.word(end + 1).isdigit():
            end += 2
        return end if len(word) <= 2 else 0
    if (
        tokens.word(at + 1) == "/"
        and tokens.word(at + 3) == "/"
        and tokens.word(at + 4).isdigit()
        and len(word) <= 2
        and tokens.word(at - 2) != "dob"
        and tokens.word(at - 1) != "dob"
    ):
        return at + 5
    place = at + 1 + (tokens.word(at + 1) == "de")
    if tokens.word(place) in MONTHS and len(word) <= 2 and tokens.word(at + 1) not in UNITS:
        end = place + 1
        if len(tokens.word(end)) == 4 and tokens.word(end).isdigit():
            end += 1
        elif tokens.word(end) == "de" and len(tokens.word(end + 1)) == 4:
            end += 2
        return end
    return 0

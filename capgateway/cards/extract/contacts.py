"""Whom to call, and what an alert says about safety."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from capgateway.cards.extract.fact import Fact, fact

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

CALLING = frozenset(
    "faites faire reporte informes call calling dial contact phone telephone text tip tips composez composer appelez appeler contactez contacter telephonez joindre llame llamar llamen marque "
    "comuniquese contacte contactar or ou o at au al notify hotline".split()
)
NEVER = frozenset("not never dont pas jamais no nunca n".split())
REACH = 8
"""Tokens before a number in which a word says to call it."""
MEDIA = frozenset("media press reporters journalists medias presse journalistes prensa medios periodistas".split())
MEDIA_REACH = 7
"""Tokens before a number in which a word says that it is for the press."""
TOP = frozenset("org com gov net us ca info edu mil tv ly co app".split())
_LINK = re.compile(r"https?://[^\s<>\"')\]]{3,300}", re.IGNORECASE)


TRIGGERS = TOP | {"("}


class Contact(NamedTuple):
    """``value`` is ``911``, a number as 555-555-0100, or an address as the text has it."""

    type: Literal["call", "open"]
    fact: Fact


def contacts(tokens: Tokens) -> list[Contact]:
    """Every number and address that the text gives the public, in order, each once."""
    found: list[Contact] = []
    past = 0
    for at in sorted([*tokens.places(TRIGGERS), *tokens.numbers]):
        if at < past:
            continue
        word = tokens.words[at]
        one = None
        if word in {"9", "911"}:
            one = _emergency(tokens, at)
        if one is None and (word.isdigit() or word == "("):
            one = _number(tokens, at)
        if one is None and word in TOP and tokens.word(at - 1) == ".":
            one = _address(tokens, at)
        if one:
            found.append(one[0])
            past = one[1]
    unique = {
        (each.type, str(each.fact.value).casefold().removeprefix("https://").rstrip("/")): each
        for each in reversed(found)
    }
    return list(reversed(unique.values()))


def _emergency(tokens: Tokens, at: int) -> tuple[Contact, int] | None:
    end = at + 1
    if tokens.words[at] == "9":
        place = at + 1
        for _ in range(2):
            if tokens.word(place) in {"-", ".", " "}:
                place += 1
            if tokens.word(place) != "1":
                return None
            place += 1
        end = place
    if (
        tokens.word(end) in {"-", "."}
        and tokens.word(end + 1).isdigit()
        and tokens.gaps[end + 1] == ""
        and tokens.gaps[end] == ""
    ):
        return None
    start = tokens.sentence(at)[0]
    low = max(0, at - REACH)
    before = tokens.words[low:at]
    is_last = tokens.word(end) in {".", "", "!", "$", "/", "#"} or tokens.sentence(end)[0] == end
    is_alone = is_last and tokens.word(at - 1) in {
        ".",
        ",",
        "/",
        ":",
        "?",
        "!",
        "-",
        "...",
    }
    is_said = any(word in CALLING for word in before) or tokens.word(end) in {"or", "ou", "o"} or is_alone
    if (
        not is_said
        or any(word in NEVER for word in tokens.words[max(start, at - 4) : at])
        or tokens.word(end) in {"block", "calls", "call", "call's"}
    ):
        return None
    if "calling" in before and tokens.word(end) in {"to", "with"}:
        return None
    return Contact("call", fact(tokens, at, end, "911", "certain")), end


def _number(tokens: Tokens, at: int) -> tuple[Contact, int] | None:
    """A North American number: three, three and four digits, or letters instead of the last ones."""
    first = place = at
    if tokens.gaps[at] == "" and at and tokens.word(at - 1) in {"-", "#", "/"}:
        return None
    if tokens.word(place) == "1" and tokens.word(place + 1) in {"-", ".", "("}:
        place += 1 + (tokens.word(place + 1) != "(")
    if tokens.word(place) == "(":
        place += 1
    area = tokens.word(place)
    if len(area) == 10 and area.isdigit() and area[0] in "23456789" and area[3] in "23456789":
        return _phone(tokens, first, place + 1, f"{area[:3]}-{area[3:6]}-{area[6:]}")
    if not _is_digits(area, 3):
        return None
    if area[0] not in "23456789":
        return None
    place = _over(tokens, place + 1)
    middle = tokens.word(place)
    if _is_digits(middle, 3):
        last_at = _over(tokens, place + 1)
        last = tokens.word(last_at)
        if _is_digits(last, 4):
            return _phone(tokens, first, last_at + 1, f"{area}-{middle}-{last}")
    if _is_digits(middle, 7):
        return _phone(tokens, first, place + 1, f"{area}-{middle[:3]}-{middle[3:]}")
    return _vanity(tokens, first, area, place)


def _is_digits(word: str, length: int) -> bool:
    return len(word) == length and word.isdigit()


def _over(tokens: Tokens, at: int) -> int:
    while tokens.word(at) in {"-", ".", ")", "/"} and at < len(tokens):
        at += 1
    return at


def _phone(tokens: Tokens, first: int, end: int, value: str) -> tuple[Contact, int] | None:
    low = max(tokens.sentence(first)[0], first - MEDIA_REACH)
    if "fax" in tokens.words[max(0, first - 3) : first] or any(
        _is_for_the_press(tokens, at) for at in range(low, first)
    ):
        return None
    if any(word in NEVER for word in tokens.words[max(tokens.sentence(first)[0], first - 4) : first]):
        return None
    if tokens.word(end).isdigit() and tokens.gaps[end] == "":
        return None
    if tokens.word(first) == "(" and tokens.word(end) != ")" and tokens.words[first + 1] == "1":
        first += 1
    return Contact("call", fact(tokens, first, end, value, "certain")), end


def _is_for_the_press(tokens: Tokens, at: int) -> bool:
    """``Media inquiries only:``, not ``named on social media``."""
    return (
        tokens.words[at] in MEDIA
        and tokens.word(at - 1) != "social"
        and tokens.word(at + 1) not in {"sociaux", "report"}
    )


def _vanity(tokens: Tokens, first: int, area: str, at: int) -> tuple[Contact, int] | None:
    """``866-NYS-AMBER``, ``1-877-AMBER-OH``; where the digits follow in brackets, those are the contact."""
    if tokens.word(at - 1) not in {"-", "."} or at >= len(tokens) or tokens.gaps[at] != "" or tokens.gaps[at - 1] != "":
        return None
    end, letters = at, 0
    while tokens.word(end).isalnum() and tokens.word(end):
        letters += len(tokens.word(end))
        end += 1
        if tokens.word(end) == "-" and tokens.gaps[end] == "" and end + 1 < len(tokens) and tokens.gaps[end + 1] == "":
            end += 1
            continue
        if end < len(tokens) and tokens.gaps[end] == "" and tokens.word(end).isalnum():
            continue
        break
    if not 6 <= letters <= 9 or not any(word.isalpha() for word in tokens.words[at:end]):
        return None
    if tokens.word(end) == "(" and (digits := _number(tokens, end + 1)):
        return digits
    if not tokens.slice(at, end).isupper():
        return None
    value = tokens.slice(first, end).replace("(", "").replace(")", "")
    return Contact("call", fact(tokens, first, end, value)), end


def _address(tokens: Tokens, at: int) -> tuple[Contact, int] | None:
    """A web address, with or without ``https``."""
    first = at
    while (
        first - 1 >= 0
        and tokens.gaps[first] == ""
        and tokens.word(first - 1) not in {",", "(", '"', "'", "<", ">", ";"}
    ):
        first -= 1
    end = at + 1
    while end < len(tokens) and tokens.gaps[end] == "" and tokens.words[end] not in {",", ")", '"', "'", ">", ";", "!"}:
        end += 1
    while tokens.words[end - 1] in {".", "?", ":"}:
        end -= 1
    text = tokens.slice(first, end)
    host = text.casefold().removeprefix("https://").removeprefix("http://").split("/")[0]
    if "@" in text or first == at or not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", host) or not text.isascii():
        return None
    if not any(letter.isalpha() for letter in host.split(".")[0]) or host.split(".")[-1] not in TOP:
        return None
    return Contact("open", fact(tokens, first, end, text)), end


def do_not_approach(tokens: Tokens) -> Fact | None:
    """Where the text says that nobody should go near."""
    for at in tokens.places(APPROACH):
        low = max(tokens.sentence(at)[0], at - 4)
        for place in range(at - 1, low - 1, -1):
            if tokens.words[place] in DO_NOT:
                return fact(tokens, place, at + 1, "do_not_approach", "certain")
    return None


APPROACH = frozenset(
    "approach approached approaching approcher approchez intervenir intervenez acerque acercarse acerquen aborder confront interponga intervenga intervengan".split()
)
DO_NOT = frozenset("not never don avoid ne n jamais no nunca evite evitez dont".split())

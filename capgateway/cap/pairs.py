"""Which pair of a polygon is wrong, and how: asked only for polygons that :mod:`capgateway.cap.geometry` could not read."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from capgateway.cap.geometry import MAX_LATITUDE, MAX_LONGITUDE

#: Longer items of a stranger are cut in messages, and of many wrong pairs only the first are named by number.
MAX_QUOTED, MAX_NUMBERS = 40, 8
_NUMBER = r"[+-]?(?:\d{1,20}(?:\.\d{0,40})?|\.\d{1,40})"
_WORD = re.compile(r"\S+")
_PAIR = re.compile(rf"({_NUMBER}),({_NUMBER})", re.ASCII)
_SINGLE = re.compile(rf"{_NUMBER}", re.ASCII)
_FORM = "write latitude,longitude, such as `30.2,-97.7`"

#: What a word that is not a pair contains, and what to do about it.
_SIGNS = (
    (r"^[A-Za-z(\[{]", f"a polygon contains only pairs of numbers; {_FORM}"),
    (r"\d[eE][+-]?\d", "write decimal numbers without an exponent"),
    (r"[NSEWnsew\u00b0'\"]", "write decimal degrees with a minus for south and west, such as `30.2,-97.7`"),
    (r"^[^,]*$", "separate latitude and longitude by a comma, such as `30.2,-97.7`"),
)

Kind = Literal["form", "range", "swapped"]


class Wrong(NamedTuple):
    """What is wrong with pairs of one kind: the message, and where in the text the first of them begins."""

    kind: Kind
    message: str
    at: int


class _Pair(NamedTuple):
    number: int
    text: str
    at: int
    point: tuple[float, float] | None


def wrong_pairs(text: str) -> list[Wrong]:
    """The wrong pairs of a polygon's text: those that are not pairs, and those that are not on the globe."""
    pairs = [_read(number, word) for number, word in enumerate(_WORD.finditer(text), 1)]
    broken = [pair for pair in pairs if pair.point is None]
    found = []
    if broken:
        found.append(Wrong("form", _broken(broken, pairs), broken[0].at))
    points = [pair.point for pair in pairs if pair.point]
    away = [pair for pair in pairs if pair.point and not _is_on_globe(*pair.point)]
    if away and all(_is_on_globe(longitude, latitude) for latitude, longitude in points):
        message = (
            f"Pair {away[0].number} of the polygon, `{_quoted(away[0].text)}`, is not on the globe, but all pairs are with "
            "latitude and longitude exchanged; write the latitude first."
        )
        found.append(Wrong("swapped", message, away[0].at))
    elif away:
        found.append(Wrong("range", _outside(away), away[0].at))
    return found


def wrong_circle(text: str) -> tuple[Kind, str]:
    """What is wrong with a circle's text: its kind, and the message."""
    words = text.split()
    form = "write `latitude,longitude radius`, with the radius in kilometres, such as `30.2,-97.7 5`"
    point = _PAIR.fullmatch(words[0]) if words else None
    if point is None or len(words) != 2 or not _SINGLE.fullmatch(words[1]):  # noqa: PLR2004
        return "form", f"The circle is `{_quoted(' '.join(words))}`{_why_no_circle(words)}; {form}."
    latitude, longitude = float(point[1]), float(point[2])
    if not _is_on_globe(latitude, longitude):
        shown = f"The centre of the circle, `{_quoted(words[0])}`, is not on the globe"
        if _is_on_globe(longitude, latitude):
            return "swapped", f"{shown}, but is with latitude and longitude exchanged; write the latitude first."
        return "range", f"{shown}: {outside(latitude, longitude)}. Correct it."
    return "form", f"The radius of the circle is {_quoted(words[1])}; write a radius that is not negative."


def _why_no_circle(words: list[str]) -> str:
    if len(words) == 1 and _PAIR.fullmatch(words[0]):
        return " and lacks the radius"
    if len(words) == 1 and words[0].count(",") == 2:  # noqa: PLR2004
        return " and has a comma before the radius instead of a space"
    if any(word.endswith(",") or word.startswith(",") for word in words):
        return " and contains white space beside a comma"
    return ""


def outside(latitude: float, longitude: float) -> str:
    """Which of two coordinates is not on the globe."""
    wrong = []
    if abs(latitude) > MAX_LATITUDE:
        wrong.append(f"latitude {latitude:g} is not between -90 and 90")
    if abs(longitude) > MAX_LONGITUDE:
        wrong.append(f"longitude {longitude:g} is not between -180 and 180")
    return " and ".join(wrong)


def _read(number: int, word: re.Match[str]) -> _Pair:
    match = _PAIR.fullmatch(word[0])
    return _Pair(number, word[0], word.start(), (float(match[1]), float(match[2])) if match else None)


def _is_on_globe(latitude: float, longitude: float) -> bool:
    return abs(latitude) <= MAX_LATITUDE and abs(longitude) <= MAX_LONGITUDE


def _broken(broken: list[_Pair], pairs: list[_Pair]) -> str:
    first = broken[0]
    if all(_is_piece(pair) for pair in broken) and any("," in pair.text for pair in broken):
        return f"The polygon contains white space beside a comma at `{_quoted(_joined(broken, pairs))}`; remove it."
    if all(_SINGLE.fullmatch(pair.text) for pair in broken):
        around = _quoted(_joined(broken, pairs))
        return f"The polygon contains numbers without a comma at `{around}`; {_FORM}, with a comma and no white space in it."
    shown = f"Pair {first.number} of the polygon is `{_quoted(first.text)}`"
    return f"{shown}; {_advice(first.text)}.{_more(broken, 'are not pairs of numbers')}"


def _is_piece(pair: _Pair) -> bool:
    """Whether a word is a pair, or a part of one, that a blank beside the comma has torn apart."""
    return bool(re.fullmatch(rf"(?:{_NUMBER})?,?|,(?:{_NUMBER})?", pair.text, re.ASCII))


def _joined(broken: list[_Pair], pairs: list[_Pair]) -> str:
    """The first broken word and the one behind it."""
    return " ".join(pair.text for pair in pairs[broken[0].number - 1 : broken[0].number + 1])


def _advice(text: str) -> str:
    """What to do about a word that is not a pair."""
    if _PAIR.fullmatch(text.strip(",;")):
        return "remove the mark beside it; pairs are separated by a space only"
    separated = next((mark for mark in ";|/" if all(map(_PAIR.fullmatch, text.strip(mark).split(mark)))), None)
    if separated:
        return f"separate the pairs by a space instead of `{separated}`"
    numbers = text.split(",")
    if len(numbers) > 2 and all(map(_SINGLE.fullmatch, numbers)):  # noqa: PLR2004
        few = "write only latitude,longitude, with a point in decimals and without a height"
        return few if len(numbers) == 3 else "separate the pairs by a space, not by a comma"  # noqa: PLR2004
    if dash := re.search(r"[\u2010-\u2015\u2212]", text):
        return f"write a plain minus instead of the character U+{ord(dash[0]):04X}"
    return next((advice for pattern, advice in _SIGNS if re.search(pattern, text)), _FORM)


def _outside(pairs: list[_Pair]) -> str:
    first = pairs[0]
    assert first.point  # noqa: S101  (those outside were read)
    shown = f"Pair {first.number} of the polygon, `{_quoted(first.text)}`, is not on the globe"
    return f"{shown}: {outside(*first.point)}. Correct it.{_more(pairs, 'are not on the globe')}"


def _more(pairs: list[_Pair], what: str) -> str:
    if len(pairs) == 1:
        return ""
    numbers = ", ".join(str(pair.number) for pair in pairs[1 : MAX_NUMBERS + 1])
    rest = f" and {len(pairs) - 1 - MAX_NUMBERS:,} more" if len(pairs) > MAX_NUMBERS + 1 else ""
    return f" Pairs {numbers}{rest} {what} either." if len(pairs) > 2 else f" Pair {numbers} {_singular(what)} either."  # noqa: PLR2004


def _singular(what: str) -> str:
    return what.replace("are not pairs", "is not a pair").replace("are not on", "is not on")


def _quoted(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"

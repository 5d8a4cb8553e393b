"""The hair and the eyes of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.numbers import Found, skip
from capgateway.cards.extract.words import COLORS, EYE_COLORS, HAIR_COLORS, HAIR_STYLES, RACES

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.cards.extract.text import Tokens


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
    first = skip(tokens, at + 1, ":")
    if tokens.word(first) in {"is", "are", "sont", "color", "de"}:
        first = skip(tokens, first + 1, ":")
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


def _abbreviated(tokens: Tokens, at: int) -> Found | None:
    """``chev. noirs``"""
    is_short = tokens.language[:2] == "fr" and tokens.word(at + 1) == "."
    return _hair_after(tokens, at + 1) if is_short else None


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
    first = skip(tokens, at + 1, ":")
    if tokens.word(first) in {"are", "sont", "son", "is", "color", "de"}:
        first = skip(tokens, first + 1, ":")
    if tokens.word(first) in EYE_COLORS:
        end = first + 1
        if tokens.word(end) in {"clair", "clairs", "claro", "claros", "fonce", "fonces", "oscuro", "oscuros"}:
            end += 1
        return Found("eyes", first, end, EYE_COLORS[tokens.word(first)])
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


READERS: dict[str, tuple[Callable[[Tokens, int], Found | None], ...]] = {
    **dict.fromkeys(HAIR_COLORS, (_hair_and_eyes,)),
    **dict.fromkeys("hair haired cheveux cabello pelo".split(), (hair,)),
    "chev": (_abbreviated,),
    **dict.fromkeys("eyes eye eyed yeux ojos".split(), (eyes,)),
    **dict.fromkeys("bald chauve calvo crane tete cabeza shaved".split(), (_bald,)),
}

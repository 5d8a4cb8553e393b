"""Race and sex: words, codes and letters for them, and the forms of words that say a sex in French and Spanish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.numbers import Found, skip
from capgateway.cards.extract.words import COLORS, PERSON_NOUNS, RACE_CODES, RACES

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.cards.extract.text import Tokens


def _race_sex(tokens: Tokens, at: int) -> Found | None:
    """``W/M``, ``M/B``, ``H/F``: codes of NCIC in either order."""
    is_dashed = tokens.word(at + 1) == "-" and tokens.word(at - 1) in {"a", ",", "(", ":"} and tokens.capital[at]
    if not (tokens.word(at + 1) == "/" or is_dashed) or tokens.gaps[at + 1] != "":
        return None
    if at + 2 < len(tokens) and (tokens.gaps[at + 2] != "" or (is_dashed and not tokens.capital[at + 2])):
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
    """``(M, 5 yrs``, ``F/10``, ``Savannah Begay F 8``, ``Suspect f, 30s``: a letter in a list."""
    is_upper = tokens.capital[at] and tokens.is_cased
    before, after = tokens.word(at - 1), tokens.word(at + 1)
    if is_upper and before in RACES and after in {*LIST_ENDS, ""}:
        return Found("sex", at, at + 1, tokens.words[at].upper())  # Hisp F
    is_alone = at == tokens.sentence(at)[0] and after == "," and is_upper
    is_after_age = before.isdigit() and len(before) < 3 and (after in LIST_ENDS or after in RACE_CODES) and is_upper
    is_after_noun = before in {"suspect", "susp", "child", "victim"} and after == ","
    if is_alone or is_after_age or is_after_noun:
        return Found("sex", at, at + 1, tokens.words[at].upper())
    if is_upper and tokens.capital[at - 1] and tokens.words[at - 1].isalpha() and tokens.word(at + 1).isdigit() and at:
        return Found("sex", at, at + 1, tokens.words[at].upper())
    if not tokens.capital[at] and tokens.is_cased and tokens.word(at - 1) not in {",", "(", ":"}:
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


def _race_sex_word(tokens: Tokens, at: int) -> Found | None:
    """``WM``, ``BF`` in a list."""
    word = tokens.words[at]
    before = tokens.word(at - 1)
    is_upper = tokens.is_cased and tokens.slice(at, at + 1).isupper()
    is_listed = before in {",", "(", ":", "...", "/"} or (is_upper and before == "a")
    if (is_listed and tokens.word(at + 1) in LIST_ENDS) or (
        (before.isdigit() or before in {"yo", "yoa", "old"}) and tokens.slice(at, at + 1).isupper()
    ):
        return Found("race+sex", at, at + 1, (RACE_CODES[word[0]], word[1].upper()))
    return None


def _labelled_sex(tokens: Tokens, at: int) -> Found | None:
    place = skip(tokens, at + 1, ":")
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
        place = skip(tokens, at + 1, ":")
        said, other = RACES.get(tokens.word(place)), RACES.get(tokens.word(place + 2))
        if said and other and tokens.word(place + 1) == "/":
            return Found("race", place, place + 3, f"{said}/{other}")
        return Found("race", place, place + 1, said) if said else None
    if word == "native":
        if tokens.word(at + 1) == "american" and not (
            tokens.word(at - 1) in {"or", "and", "/"} and tokens.word(at - 2) in RACES
        ):
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
    if tokens.word(end) in BOTH and tokens.word(end + 1) in RACES and tokens.word(end + 2) in PERSON_NOUNS:
        return Found("race", first, end + 2, f"{value}/{RACES[tokens.word(end + 1)]}")
    if tokens.word(end) == "/" and tokens.word(end + 1) in RACES:
        return Found("race", at, end + 2, f"{value}/{RACES[tokens.word(end + 1)]}")
    if value == "hispanic" and tokens.word(end) in {"white", "black"}:
        value, end = f"{RACES[tokens.word(end)]} hispanic", end + 1
    if tokens.word(end) in PERSON_NOUNS or (
        tokens.word(end) in {"m", "f"} and tokens.is_cased and tokens.capital[end] and tokens.word(end + 1) in LIST_ENDS
    ):
        return Found("race", first, end, value)
    is_list = tokens.word(at - 1) in {",", "(", ":", "...", "/"} and tokens.word(end) in {",", ")", "...", ".", ";"}
    if is_list and word in GENDERED and tokens.language[:2] == "es":
        return Found("race+sex", first, end, (value, GENDERED[word]))
    if is_list and (word not in COLORS or _describes(tokens, at, end)):
        return Found("race", first, end, value)
    return None


def _describes(tokens: Tokens, at: int, end: int) -> bool:
    """Whether the other items of the list are a sex or an age, so that "white" is not a car's colour."""
    near = (tokens.word(end + 1), tokens.word(at - 2), tokens.word(end + 2), tokens.word(at - 3))
    return any(word in PERSON_NOUNS or word in {"yrs", "ans", "old"} for word in near)


BOTH = frozenset("and & et y e".split())
GENDERED = {"hispana": "F", "latina": "F", "hispano": "M", "latino": "M"}
LIST_ENDS = frozenset([",", ")", "...", "/", ";", "."])
WORDS = {
    **dict.fromkeys("femenina femenino feminin feminine hembra".split(), "F"),
    **dict.fromkeys("masculino masculin varon".split(), "M"),
}


def _sex_word(tokens: Tokens, at: int) -> Found | None:
    """``Iker Rentería, de 2 años, masculino``: a word for nothing but the sex, in a list."""
    is_listed = tokens.word(at - 1) in {",", "(", ":", "/"} or tokens.word(at + 1) in LIST_ENDS
    return Found("sex", at, at + 1, WORDS[tokens.words[at]]) if is_listed else None


FEMININE = frozenset(
    "enlevee enlevees vetue apercue vue disparue agee nee emmenee retrouvee vista desaparecida secuestrada vestida sustraida identificada robada nacida raptada "
    "kidnappee recherchee extraviada buscada triguena llevada".split()
)
MASCULINE = frozenset(
    "sustraido secuestrado raptado visto desaparecido extraviado trigueno enleve disparu kidnappe recherche apercu vu emmene".split()
)
EPICENE = frozenset("bebe enfant nourrisson menor bambin infante poupon adolescent".split())
"""Nouns that are masculine whoever is meant."""
PASSIVE = frozenset(["fue", "ete", "est"])
OF_SKIN = frozenset("tez piel complexion raza color origen origine".split())


def _participle(tokens: Tokens, at: int) -> Found | None:
    """French and Spanish say the sex in participles and adjectives: ``enlevée``, ``vista``, ``hispana``. The masculine form may mean
    anybody after a noun such as ``bébé``, and elsewhere it counts where a sentence or a clause begins with it."""
    word, before = tokens.words[at], tokens.word(at - 1)
    if tokens.language[:2] not in {"fr", "es"} or before in OF_SKIN:
        return None
    if word in FEMININE:
        return Found("sex", at, at + 1, "F", False)
    low = tokens.sentence(at)[0]
    is_clause = before in PASSIVE or at == low or before == ","
    if not is_clause or not EPICENE.isdisjoint(tokens.words[low:at]):
        return None
    return Found("sex", at, at + 1, "M", False)


READERS: dict[str, tuple[Callable[[Tokens, int], Found | None], ...]] = {
    **dict.fromkeys(RACES, (race,)),
    **dict.fromkeys(["race", "native"], (race,)),
    **dict.fromkeys("wm wf bm bf hm hf".split(), (_race_sex_word,)),
    **dict.fromkeys(FEMININE | MASCULINE, (_participle,)),
    **dict.fromkeys(WORDS, (_sex_word,)),
    **dict.fromkeys("w b h a i".split(), (_race_sex,)),
    **dict.fromkeys("m f".split(), (_race_sex, _sex_letter)),
    **dict.fromkeys("sex sexe sexo gender genero genre".split(), (_labelled_sex,)),
}

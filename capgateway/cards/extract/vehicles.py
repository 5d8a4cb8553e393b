"""Vehicles in a text: a make, a model or a kind of vehicle, with the colour and year beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.fact import Fact, fact
from capgateway.cards.extract.makes import (
    MAKES,
    MAKES_BY_FIRST,
    MODELS,
    MODELS_BY_FIRST,
    OWNERS,
    PLAIN_MAKES,
    PLAIN_MODELS,
)
from capgateway.cards.extract.words import (
    BODIES,
    COLORED,
    COLORS,
    FRENCH_COLORS,
    GENERIC,
    HAIR_COLORS,
    HAIR_STYLES,
    NUMBERS,
    SHADES,
)

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

FIRST_YEAR, LAST_YEAR = 1950, 2035
REACH = 14
"""Tokens beside a make in which its colour and year are looked for: "dark blue or gray 4-door, 2014" takes eleven."""

FILLERS = frozenset(
    "door doors dr full mid midsize size sized small large compact older newer new old model style type unknown make stolen possibly "
    "possible crew cab extended quad cargo passenger luxury sport lifted box utility pick up four two 2 4 3 5 cyl sports 2dr 4dr 4x4 ext reg the vin "
    "vma vmo vyr vco vehma cube panel delivery moving work flatbed dump utility camper dark-colored collector classic leased rented rental portes puertas grand grande petit petite step haul u foot ft 10 15 17 20 26 10- approximately likely late early".split()
)
#: Nouns that a colour or number belongs to rather than to the vehicle before it.
OTHER_NOUNS = frozenset(
    "hair eyes eye shirt t tshirt pants shorts hoodie jacket jeans shoes dress sweater hat cap coat sweatshirt sweatpants skin male female man woman "
    "helmet bob jumper onesie boy girl top leggings boots sneakers cheveux yeux chandail manteau pantalon camisa pelo cabello ojos license licence plate plates "
    "gown nightgown polka coat- beard mask bandana wig glasses backpack tattoo blouse vest".split()
)
NO_VEHICLE_BEFORE = frozenset(
    "police patrol squad sheriff deputy toy school city transit public tow fire ambulance news no hot rental's matchbox".split()
)
NO_VEHICLE_AFTER = frozenset(
    "jacket shirt pajamas backpack toy suit hat seat seats wash dealership dealer alarm stop show shop park part parts thief thieves jacking jacked repair rental".split()
)
LABELS = frozenset("make year model color colour couleur annee marque".split())


TRIGGERS = frozenset([*MAKES_BY_FIRST, *OWNERS, *BODIES, *"terrain haul it color colour couleur".split()])
OPENS_COLOR = frozenset([".", ";", "the", "its", "la", "sa"])
"""Before ``Color is dark gray``."""


class Mention:
    """One place where a text speaks of a vehicle: tokens ``first`` to before ``end``."""

    __slots__ = ("end", "facts", "first", "is_bare", "is_predicate")

    def __init__(self, first: int, end: int) -> None:
        self.first, self.end = first, end
        self.facts: dict[str, Fact] = {}
        self.is_bare = self.is_predicate = False


def mentions(tokens: Tokens) -> list[Mention]:
    """Each vehicle that is named, in order."""
    found: list[Mention] = []
    past, words = 0, tokens.words
    for at in tokens.places(TRIGGERS):
        if at < past:
            continue
        word = words[at]
        mention = None
        if word in MAKES_BY_FIRST:
            mention = _by_make(tokens, at, past)
        if mention is None and word in OWNERS:
            mention = _by_model(tokens, at, past)
        if mention is None and (word in BODIES or (word == "terrain" and tokens.word(at - 2) == "all")):
            mention = _by_body(tokens, at, past)
        if mention is None and word in {"it", "elle"} and found:
            mention = Mention(at, at + 1)
            mention.is_predicate = _predicate(tokens, mention, at + 1)
            if not mention.is_predicate:
                continue
        if mention is None and word in {"color", "colour", "couleur"} and found and tokens.word(at - 1) in OPENS_COLOR:
            mention = Mention(at, at + 1)
            mention.is_predicate = _predicate(tokens, mention, at + 1)
            if not mention.is_predicate:
                continue
        if mention is None and word == "haul" and tokens.word(at - 2) == "u":
            mention = _by_body(tokens, at, past)
        if mention is not None:
            found.append(mention)
            past = max(mention.end, at + 1)
            if "make" in mention.facts and "model" not in mention.facts and tokens.word(mention.end) in OWNERS:
                past += 1  # its model, that another make has too
    return found


def matched(tokens: Tokens, at: int, key: tuple[str, ...]) -> int:
    """Where a name of several pieces that begins at ``at`` ends, or 0. A hyphen between the pieces makes no difference."""
    for piece in key:
        if tokens.word(at) == "-" and tokens.gaps[at] == "":
            at += 1
        if tokens.word(at) != piece:
            return 0
        at += 1
    return at


def _by_make(tokens: Tokens, at: int, past: int) -> Mention | None:
    for key in MAKES_BY_FIRST[tokens.words[at]]:
        end = matched(tokens, at, key)
        if not end:
            continue
        make = MAKES[key]
        if key == ("chev",) and tokens.language[:2] != "en" and _is_of_hair(tokens, end):
            return None
        if key == ("merc",) and tokens.word(end) in MODELS_BY_FIRST["Mercedes-Benz"]:
            make = "Mercedes-Benz"
        model_first = end + (tokens.word(end) in {"-", "/", ","})
        if tokens.word(end) == "model" and tokens.word(end + 1) == ":":
            model_first = end + 2
        model_end, model = _model(tokens, model_first, make)
        if not model and tokens.word(end) in NO_MAKE_AFTER:
            return None
        if not model:
            model_end, model = _others_model(tokens, end)
        mention = Mention(at, model_end or end)
        _beside(tokens, mention, at, model_end or end, past)
        is_sure = bool(model) or not ((key[0] in PLAIN_MAKES and len(key) == 1) or _is_surname(tokens, at))
        if not is_sure and not mention.facts:
            return None
        if not (model or mention.facts) and key[0] in GIVEN_NAMES and _is_before_a_name(tokens, end):
            return None
        if len(key[0]) <= 2 and not model and not mention.facts:
            return None
        mention.facts["make"] = fact(tokens, at, end, make)
        if model:
            mention.facts["model"] = fact(tokens, model_first, model_end, model)
        return mention
    return None


def _is_of_hair(tokens: Tokens, at: int) -> bool:
    """``chev. blonds``: cheveux."""
    at += tokens.word(at) == "."
    return tokens.word(at) in HAIR_COLORS or tokens.word(at) in HAIR_STYLES


def _others_model(tokens: Tokens, at: int) -> tuple[int, str]:
    """``Chrysler Intrepid``: the issuer's words, although it is another make's."""
    for key, make in OWNERS.get(tokens.word(at), ()):
        end = matched(tokens, at, key)
        is_plain = len(key) == 1 and key[0] in PLAIN_MODELS and not (tokens.is_cased and _ends_name(tokens, end))
        if end and not _is_small(tokens, at, end) and key not in PLACES_TOO and not is_plain:
            return end, MODELS[make][key]
    return 0, ""


def _ends_name(tokens: Tokens, at: int) -> bool:
    """``Ski-Doo Renegade noire``: a colour, a year or the end of a clause after a model."""
    return bool(_color(tokens, at)) or bool(_year(tokens, at)) or tokens.word(at) in {",", ".", "", ";", ")"}


NO_MAKE_AFTER = frozenset(
    "ave avenue st street rd road blvd boulevard dr drive ln lane hwy highway way parkway trailer dealership dealer dealers t shirt tshirt cap hat jacket hoodie logo plant factory emblem key keys sweatshirt jersey field theater center city county park".split()
)
PLACES_TOO = frozenset(
    [("santa", "fe"), ("santa", "cruz"), ("park", "avenue"), ("monte", "carlo"), ("fifth", "avenue"), ("del", "sol")]
)
NOT_AFTER_A_MODEL = frozenset(
    "police pd sheriff county high school city department drive trail road street avenue".split()
)
GIVEN_NAMES = frozenset("kia mercedes lexus bentley harley dodge ford lincoln austin alfa aston audi ram".split())


def _is_before_a_name(tokens: Tokens, at: int) -> bool:
    """``Mercedes Lopez, 22``, ``Kia Johnson``"""
    return tokens.is_cased and at < len(tokens) and tokens.capital[at] and tokens.words[at].isalpha()


def _is_surname(tokens: Tokens, at: int) -> bool:
    """Whether a make is more likely the last name of a person: "Harrison Ford, 34"."""
    return tokens.word(at + 1) == "," and tokens.word(at + 2).isdigit() and len(tokens.word(at + 2)) < len("2014")


def _model(tokens: Tokens, at: int, make: str) -> tuple[int, str]:
    for key in MODELS_BY_FIRST[make].get(tokens.word(at), ()):
        end = matched(tokens, at, key)
        if end and key[0] in PLAIN_MODELS and _is_small(tokens, at, end):
            continue
        if end and len(key) == 1 and key[0].isalpha() and tokens.word(end).isdigit() and tokens.gaps[end] == "":
            return end + 1, MODELS[make][key] + tokens.words[end]
        if end and not (
            key[-1].isdigit() and tokens.word(end) in {"-", "'"} and tokens.word(end + 1).isalnum() and len(key) == 1
        ):
            return end, MODELS[make][key]
    return 0, ""


def _by_model(tokens: Tokens, at: int, past: int) -> Mention | None:
    for key, make in OWNERS[tokens.words[at]]:
        end = matched(tokens, at, key)
        if not end or _is_small(tokens, at, end):
            continue
        mention = Mention(at, end)
        _beside(tokens, mention, at, end, past)
        is_plain = len(key) == 1 and (key[0] in PLAIN_MODELS or not any(letter.isdigit() for letter in "".join(key)))
        has_letters_and_digits = any(piece.isdigit() for piece in key)
        if (
            has_letters_and_digits
            and len(key) == 2
            and tokens.word(end - 1).isdigit()
            and len(key[0]) <= 1
            and not mention.facts
        ):
            return None
        if (
            key[0] in PLAIN_MODELS
            and "year" not in mention.facts
            and not (
                "color" in mention.facts
                and tokens.is_cased
                and tokens.capital[at]
                and (_ends_name(tokens, end) or not tokens.capital[min(end, len(tokens) - 1)])
            )
        ):
            return None
        if (is_plain or key in PLACES_TOO) and not mention.facts:
            return None
        if key in PLACES_TOO and tokens.word(end) in NOT_AFTER_A_MODEL:
            return None
        mention.facts["make"] = fact(tokens, at, end, make, "medium")
        mention.facts["model"] = fact(tokens, at, end, MODELS[make][key])
        return mention
    return None


def _is_small(tokens: Tokens, at: int, end: int) -> bool:
    """Whether a name without digits is written without a capital although the text has them: ``cayenne orange``, ``beat up``."""
    text = tokens.slice(at, end)
    if tokens.words[at] == "beat" and tokens.word(end) == "up":
        return True
    return tokens.is_cased and text.islower() and text.isalpha()


def _by_body(tokens: Tokens, at: int, past: int) -> Mention | None:
    word = tokens.words[at]
    if tokens.word(at - 1) in NO_VEHICLE_BEFORE or tokens.word(at + 1) in NO_VEHICLE_AFTER:
        return None
    if tokens.word(at + 1) in MAKES_BY_FIRST and word != "haul":
        return None  # its make takes it along
    if word == "van" and tokens.language[:2] == "es" and tokens.word(at + 1) in GO:
        return None  # the Spanish verb
    if word == "vus" and not (tokens.is_cased and tokens.slice(at, at + 1).isupper()):
        return None  # the French participle
    mention = Mention(at, at + 1)
    body = BODIES.get(word)
    if _predicate(tokens, mention, at + 1) and tokens.word(at - 1) in DEFINITE:
        mention.is_predicate = True
        return mention
    if body in GENERIC and (tokens.word(at + 1) == ":" or _has_make(tokens, at) or _leads_to_make(tokens, at + 1)):
        mention.is_bare = True
        return mention
    _beside(tokens, mention, at, at + 1, past)
    if body and body not in GENERIC:
        mention.facts["body"] = fact(tokens, at, at + 1, body)
    mention.is_bare = not mention.facts or (body in GENERIC and not mention.facts)
    return mention


GO = frozenset("en a con hacia rumbo por juntos juntas al de".split())
DEFINITE = frozenset("the its their his her le la el l '".split())


def _predicate(tokens: Tokens, mention: Mention, end: int) -> bool:
    """``The truck is white with a grey stripe``; ``The Murano is pearl white``."""
    at = end + (tokens.word(end) == ",")
    if tokens.word(at) not in {"is", "was", "est", "es", "era"} or "color" in mention.facts:
        return False
    at += 1
    high = tokens.sentence(end - 1)[1]
    stop = _color_end(tokens, at, high)
    if stop == at or tokens.word(stop) not in {".", ",", ";", "with", "and", "", "avec", "con"}:
        return False
    if not (value := color(tokens, at, stop)):
        return False
    mention.facts["color"] = fact(tokens, at, stop, value)
    mention.end = stop
    return True


def _leads_to_make(tokens: Tokens, at: int) -> bool:
    """``VEH RED CHEV CRUZ``: only a colour and a year before the make, which takes them along."""
    first, is_described = at, False
    while at - first < MOST_BEFORE:
        if tokens.word(at) in LABELS and tokens.word(at + 1) == ":":
            at += 2  # Year: 2019   Make: NISSAN
        elif _color(tokens, at) or _year(tokens, at) or tokens.word(at) in SHADES:
            at, is_described = at + 1, True
        else:
            break
    return is_described and tokens.word(at) in MAKES_BY_FIRST


MOST_BEFORE = 5


def _has_make(tokens: Tokens, at: int) -> bool:
    """Whether the vehicle is named right after the word for it: ``CAR...SILVER 2010 HYUNDAI``."""
    end = min(tokens.sentence(at)[1], at + 9)
    return tokens.word(at + 1) in {"...", ",", "-", "is", "was", "(", ":"} and any(
        word in MAKES_BY_FIRST for word in tokens.words[at + 1 : end]
    )


def _beside(tokens: Tokens, mention: Mention, first: int, end: int, past: int) -> None:
    """Colour, year and body to the left and to the right."""
    low, _ = tokens.sentence(first)
    _left(tokens, mention, first, max(low, past, first - REACH))
    if not _predicate(tokens, mention, end):
        _right(tokens, mention, end)


def _left(tokens: Tokens, mention: Mention, first: int, low: int) -> None:
    at = first - 1
    while at >= low:
        word = tokens.words[at]
        if word in NUMBERS and "year" not in mention.facts and (spoken := _spoken_year(tokens, at)):
            first, year = spoken
            if first < low:
                break
            mention.facts["year"] = fact(tokens, first, at + 1, year)
            mention.first = at = first
        elif year := _year(tokens, at):
            if "year" in mention.facts:
                break
            mention.facts["year"] = fact(tokens, at, at + 1, year)
            mention.first = at
            if tokens.word(at - 1) == "'" and len(word) == 2:
                mention.first = at = at - 1
        elif _color(tokens, at) or (word in COLORED and at - 1 >= low):
            start = _color_start(tokens, at, low)
            if start is None or "color" in mention.facts:
                break
            if value := color(tokens, start, at + 1):
                mention.facts["color"] = fact(tokens, start, at + 1, value)
            mention.first = at = start
        elif word in BODIES and word not in {"car", "auto", "vehicle"} and BODIES[word] not in GENERIC:
            mention.facts.setdefault("body", fact(tokens, at, at + 1, BODIES[word]))
            mention.first = at
        elif word in FILLERS or word == "-":
            mention.first = at
        elif word in {",", "/"} and _goes_on(tokens, at - 1, at + 1):
            pass
        elif word == "/" and tokens.word(at - 1) in CODED:
            mention.first = at
        elif word == "'" and at - 1 >= low and "year" not in mention.facts and _year(tokens, at - 1):
            pass  # 81' BUICK
        elif word == ":" and tokens.word(at - 1) in LABELS and at - 1 >= low:
            at -= 1
            mention.first = at
        else:
            break
        at -= 1


CODED = frozenset("vma vmo vyr vco".split())
"""Labels of NCIC before a slash: ``VYR/2012 VMA/CHRY``."""


def _goes_on(tokens: Tokens, left: int, right: int) -> bool:
    """Whether the comma between two tokens is inside the description of one vehicle."""
    is_left_color = bool(_color(tokens, left)) or tokens.word(left) in COLORED
    is_left_year = bool(_year(tokens, left))
    is_right_color = bool(_color(tokens, right)) or tokens.word(right) in SHADES
    return (is_left_color and not is_right_color) or (is_left_year)


def _right(tokens: Tokens, mention: Mention, end: int) -> None:
    _, high = tokens.sentence(end - 1)
    at = end
    has_break = False
    at += tokens.word(at) == ":"
    while at < min(high, end + REACH):
        word = tokens.words[at]
        if word == "model" and tokens.word(at + 1) == ":":
            break
        if (past := _past(tokens, at)) > at:
            at = past
            continue
        if word in {",", "(", "...", "⋯", "-", "/", '"'}:
            if has_break:
                break
            has_break = True
            at += 1
            continue
        if word in YEAR_WORDS and (_year(tokens, at + 1) or tokens.words[at + 1 : at + 2] == ["year"]):
            at += 1 + (tokens.words[at + 1] == "year")
            continue
        if (
            (year := _year(tokens, at))
            and len(word) == 4
            and "year" not in mention.facts
            and not _is_elsewhere(tokens, at + 1)
        ):
            mention.facts["year"] = fact(tokens, at, at + 1, year)
            at += 1
        elif (_color(tokens, at) or word in SHADES or _is_compound(tokens, at)) and "color" not in mention.facts:
            stop = _color_end(tokens, at, high)
            value = color(tokens, at, stop)
            if not value or _is_elsewhere(tokens, stop):
                break
            if tokens.word(stop) in COLORED:
                stop += 1
            mention.facts["color"] = fact(tokens, at, stop, value)
            at = stop
        elif (
            word in BODIES and BODIES[word] not in GENERIC and "body" not in mention.facts and BODIES[word] != "trailer"
        ):
            mention.facts["body"] = fact(tokens, at, at + 1, BODIES[word])
            at += 1
        elif word in BODIES and BODIES[word] != "trailer" and not has_break:
            at += 1
        elif word in FILLERS and not has_break and word not in {"the", "likely", "possibly"}:
            at += 1
            continue
        elif word == ")":
            at += 1
            mention.end = at
            continue
        else:
            break
        mention.end = at
        has_break = False


YEAR_WORDS = frozenset("del modelo modele model annee ano".split())


def _past(tokens: Tokens, at: int) -> int:
    """Past words that say nothing themselves: ``color:``, ``two-tone``, ``de couleur``."""
    word, after = tokens.words[at], tokens.word(at + 1)
    if word == "-" and tokens.gaps[at] == "" and tokens.words[at - 1] in FILLERS and after in FILLERS:
        return at + 1  # 2-DR
    if word in LABELS and after == ":":
        return at + 2
    if word in {"del", "de"} and after in {"ano", "annee"} and _year(tokens, at + 2):
        return at + 2
    if word in {"in", "de", "en"} and _color(tokens, at + 1) and tokens.word(at + 2) in {"", ".", ",", ";"}:
        return at + 1
    if word == "two" and tokens.word(at + 1 + (after == "-")) in {"tone", "toned"}:
        return at + 2 + (after == "-")
    if word == "," and tokens.words[at + 1 : at + 4] == ["believed", "to", "be"] and tokens.word(at + 4) == "from":
        return at + 5 if _year(tokens, at + 5) else at
    if word in {"color", "couleur", "colour", "de"} and (
        after in {":", "de", "color", "couleur"} or _color(tokens, at + 1)
    ):
        return at + 1 + (after == ":")
    return at


PARTS = frozenset(
    "roof hood stripe stripes racing lettering letters logo trim rims wheels fender bumper doors' sticker stickers decal decals tailgate rack interior spoiler tarp cap toit capot bande porte lettrage toldo techo puerta franja".split()
)
"""Parts of a vehicle, whose colour is not the vehicle's."""


def _is_elsewhere(tokens: Tokens, at: int) -> bool:
    """Whether what was just read describes the noun that follows: hair, clothes, "2000 block"."""
    word = tokens.word(at)
    if word in {"license", "licence", "plate", "plates", "lic", "tag"}:
        return False
    return (
        word in OTHER_NOUNS
        or word in PARTS
        or word in {"block", "haired", "eyed", "and"}
        and tokens.word(at + 1) in OTHER_NOUNS
    )


def _spoken_year(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """``two thousand twelve``, ``twenty fourteen``, ``deux mille douze``, ``dos mil doce``, as first token and value."""
    ones = NUMBERS[tokens.words[at]]
    place = at - 1 - (tokens.word(at - 1) in {"and", "y", "et"})
    if tokens.word(place) in {"thousand", "mille", "mil"} and tokens.word(place - 1) in {"two", "deux", "dos"}:
        return (place - 1, 2000 + ones) if ones < LAST_YEAR - 2000 else None
    is_pair = tokens.word(place) == "twenty" and place == at - 1 and MOST_ONES < ones < LAST_YEAR - 2000
    return (place, 2000 + ones) if is_pair else None


MOST_ONES = 9
"""``twenty two`` is a number; ``twenty twelve`` is a year."""


def _year(tokens: Tokens, at: int) -> int:
    word = tokens.word(at)
    if not word.isdigit():
        return 0
    if len(word) == 4 and FIRST_YEAR <= int(word) <= LAST_YEAR:
        is_range = (tokens.word(at - 1) in {"-", "/"} and tokens.word(at - 2).isdigit()) or (
            tokens.word(at + 1) in {"-", "/", "or", "to", "through", "thru"} and tokens.word(at + 2).isdigit()
        )
        return (
            0
            if is_range or (tokens.word(at - 1) in {"or", "to", "through", "thru"} and tokens.word(at - 2).isdigit())
            else int(word)
        )
    if len(word) == 2 and (
        (tokens.word(at - 1) == "'" and tokens.gaps[at] == "" and tokens.gaps[at - 1] != "")
        or (tokens.word(at + 1) == "'" and tokens.gaps[at + 1] == "" and not tokens.word(at + 2).isdigit())
    ):
        return (1900 if int(word) > 35 else 2000) + int(word)
    if (
        len(word) == 2
        and _is_before_make(tokens, at + 1)
        and (tokens.word(at - 1) in BEFORE_YEAR or at - 1 in tokens.dots or _opens(tokens, at))
    ):
        return (1900 if int(word) > 35 else 2000) + int(word)
    return 0


BEFORE_YEAR = frozenset({"a", "an", "is", ":", "vehicle", "veh", "alert", "stolen"} | set(COLORS))


def _is_before_make(tokens: Tokens, at: int) -> bool:
    """``02 WHI TOYOTA``, ``14 RAM``"""
    return tokens.word(at) in MAKES_BY_FIRST or (tokens.word(at) in COLORS and tokens.word(at + 1) in MAKES_BY_FIRST)


def _opens(tokens: Tokens, at: int) -> bool:
    """Whether the token is the first of its line."""
    return at == 0 or "\n" in tokens.raw[tokens.ends[at - 1] : tokens.starts[at]]


def _color(tokens: Tokens, at: int) -> str:
    word = tokens.word(at)
    found = COLORS.get(word)
    if found and word not in {"dark"}:
        return found if not _is_clash(tokens, word) else ""
    if word in FRENCH_COLORS and tokens.language[:2] == "fr":
        return FRENCH_COLORS[word]
    if word == "dark" and tokens.word(at + 1):
        after = tokens.word(at + 1)
        is_of_car = after in BODIES or after in MAKES_BY_FIRST or after in {"4", "four", "2", "two", "older"}
        return "dark" if after.strip("-") in COLORED | {""} or is_of_car else ""
    return ""


#: Words before a colour that are part of its name, and words that only say how it shines.
COMPOUND = {
    "lime": "lime",
    "burnt": "burnt",
    "sage": "sage",
    "forest": "forest",
    "navy": "navy",
    "baby": "",
    "hunter": "",
    "royal": "",
    "candy": "",
    "cherry": "",
    "snow": "",
    "inferno": "",
    "denim": "",
    "primer": "",
    "steel": "",
    "midnight": "",
    "sandy": "",
    "cayenne": "",
    "gravity": "",
    "ruby": "",
    "soul": "",
    "fire": "",
    "electric": "",
    "pearl": "",
    "metallic": "",
    "powder": "",
    "graphite": "",
    "rally": "",
    "velocity": "",
    "lunar": "",
    "arctic": "",
    "oxford": "",
    "brick": "",
    "blood": "",
    "canary": "",
    "jet": "",
    "flat": "",
    "matte": "",
    "faded": "",
    "solid": "",
    "pure": "",
}


def _is_compound(tokens: Tokens, at: int) -> bool:
    return tokens.word(at) in COMPOUND and tokens.word(at + 1 + (tokens.word(at + 1) == "-")) in COLORS


def _is_clash(tokens: Tokens, word: str) -> bool:
    return (
        word == "tea"
        or (word == "mar" and tokens.language[:2] != "en")
        or (word == "rose" and tokens.language[:2] != "fr")
    )


def _color_start(tokens: Tokens, at: int, low: int) -> int | None:
    """Where the words for a colour that end at ``at`` begin: "dark blue", "black and orange", "red/maroon"."""
    start = at
    while start - 1 >= low:
        word = tokens.words[start - 1]
        if word in SHADES or _color(tokens, start - 1) or _is_compound(tokens, start - 1):
            start -= 1
        elif (
            word == "-"
            and start - 2 >= low
            and (tokens.words[start - 2] in SHADES or _color(tokens, start - 2))
            or (word in {"/", "and", "or", "&", "et", "ou", "y", "o", "over", "on"} or _is_con(tokens, start - 1))
            and start - 2 >= low
            and _color(tokens, start - 2)
        ):
            start -= 2
        elif (
            word == "-"
            and start - 4 >= low
            and tokens.words[start - 2] in {"and", "or", "over"}
            and _color(tokens, start - 4)
        ):
            start -= 4
        else:
            break
    return start


def _is_con(tokens: Tokens, at: int) -> bool:
    """``rosa con blanco``; in English "white with blue" goes on with a part of the car."""
    return tokens.words[at] == "con" and tokens.language[:2] == "es"


def _color_end(tokens: Tokens, at: int, high: int) -> int:
    while at < high:
        word = tokens.words[at]
        if (
            word in SHADES
            or _color(tokens, at)
            or _is_compound(tokens, at)
            or word == "foret"
            or (word == "con" and _color(tokens, at + 1) and tokens.word(at + 2) in {",", ".", ";", ")", ""})
            or word in {"/", "and", "or", "&", "et", "ou", "y", "o", "over", "-"}
            and at + 1 < high
            and (
                _color(tokens, at + 1)
                or (word == "-" and tokens.words[at + 1] in SHADES)
                or (tokens.words[at + 1] in SHADES and _color(tokens, at + 2))
                or (tokens.words[at + 1] in SHADES and tokens.word(at + 2) in SHADES and _color(tokens, at + 3))
            )
        ):
            at += 1
        else:
            break
    return at


def color(tokens: Tokens, first: int, end: int) -> str:
    """The colour in its canonical form: "dark blue", "black/orange"."""
    parts: list[str] = []
    shade = ""
    for at in range(first, end):
        word = tokens.words[at]
        if (
            word in SHADES
            and not (word in {"navy"} and not _color(tokens, at + 1))
            and not (word == "dark" and _color(tokens, at))
        ):
            value = "" if word in {"bright", "very", "metallic", "pearl"} else SHADES[word]
            is_after = parts and not _color(tokens, at + 1)
            if is_after:
                parts[-1] = "navy" if value == "navy" else f"{value} {parts[-1]}".strip()
            else:
                shade = value
        elif word == "foret" and parts:
            parts[-1] = f"forest {parts[-1]}"
        elif _is_compound(tokens, at) and word != "navy":
            shade = COMPOUND[word]
        elif found := _color(tokens, at):
            parts.append(f"{shade} {found}".strip())
            shade = ""
    if shade and not parts and any(tokens.words[at] in COLORED for at in range(first, min(end + 2, len(tokens)))):
        parts.append(shade)
    return "/".join(dict.fromkeys(parts))

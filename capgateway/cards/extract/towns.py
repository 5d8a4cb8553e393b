"""Where an alert comes from, for texts that do not say where somebody was last seen: the place that it is for, or the town or
county of the police who ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.common import COMMON
from capgateway.cards.extract.names import PLACES
from capgateway.cards.extract.regions import BY_FIRST, CODES
from capgateway.cards.extract.words import CHILD_NOUNS, COLORS, DAYS, MONTHS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

LONGEST = 5
"""Words of such a name: ``Prairie du Chien``, ``Lac qui Parle County``."""
AGENCIES = frozenset("pd police sheriff sheriffs so rcmp".split())
QUALIFIERS = frozenset("metropolitan metro regional municipal city area local force detachment".split())
STATEWIDE = frozenset(
    "indian nation nations first state highway provincial national tribal federal transit military royal campus university school park airport".split()
)
ROMANCE = frozenset("policia police policiere sq grc service".split())
FOR = frozenset("for pour para".split())
INSIDE = frozenset("st mt ft . - ' du de la of le los las el des d l saint s".split())


def requesters_town(tokens: Tokens) -> tuple[int, int] | None:
    """The town or county of the police on whose behalf the alert is sent: ``for the Valdosta Police``."""
    for at in tokens.places(AGENCIES):
        span = _before(tokens, at)
        if span is not None and not BEHALF.isdisjoint(tokens.words[max(0, span[0] - 4) : span[0]]):
            return span
    if tokens.language[:2] in {"fr", "es"}:
        for at in tokens.places(ROMANCE):
            place = at + 1
            while tokens.word(place) in OF_ROMANCE:
                place += 1
            if (
                place > at + 1
                and not BEHALF.isdisjoint(tokens.words[max(0, at - 4) : at])
                and (span := _after(tokens, place))
            ):
                return span
    return None


BEHALF = frozenset("behalf request solicitud demande for pour".split())
OF_ROMANCE = frozenset(
    "municipal municipale estatal regionale de d du des la l ' le del ville policia service police".split()
)


SEEKS = frozenset(
    "searching looking asking seeking seek seeks need needs request requests requested say says said believe believes report reports identified want wants helping responded investigating advise ask asks "
    "busca buscan solicita pide recherche recherchent demande".split()
)
SEEKERS = frozenset("police officers deputies troopers detectives authorities".split())
SOON = 6
"""Tokens after the name of a police force in which its verb or its telephone number comes."""


def agencys_town(tokens: Tokens) -> tuple[int, int] | None:
    """The town or county of the police who search, if the text names one such: ``The Harker Heights Police Department is looking for``,
    ``Regina Police.``, ``Police in Nacogdoches ask``, ``Toledo PD 419-555-0181``."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    if not tokens.is_cased:
        return None  # another place would not be seen
    for at in tokens.places(AGENCIES):
        span = _before(tokens, at)
        if span is not None and _acts(tokens, at, span):
            found.setdefault(tuple(tokens.words[slice(*span)]), span)
    for at in tokens.places(SEEKERS):
        if tokens.word(at + 1) == "in" and (span := _after(tokens, at + 2)):
            found.setdefault(tuple(tokens.words[slice(*span)]), span)
    if tokens.language[:2] == "es":
        for at in tokens.places(FORCES):
            if tokens.word(at + 1) == "de" and (span := _after(tokens, at + 2)):
                found.setdefault(tuple(tokens.words[slice(*span)]), span)
    spans = list(found.values())
    return spans[0] if len(spans) == 1 and not _has_other_place(tokens, spans[0]) else None


ROADS = frozenset(
    "street st avenue ave av road rd highway hwy interstate boulevard blvd boul drive dr lane ln parkway pkwy route rte rue chemin ch calle avenida carretera autoroute lsn lkl cantera".split()
)


def names_a_scene(tokens: Tokens) -> bool:
    """Whether the text names a road, ``Manning Ave``, ``calle Railroad``: then the town of the police is not where it happened."""
    for at in tokens.places(ROADS):
        word = tokens.words[at]
        if word in {"lsn", "lkl"}:
            return True
        if tokens.word(at + 1) == "patrol":
            continue
        near = at + 1 if tokens.language[:2] != "en" else at - 1
        if not 0 <= near < len(tokens) or word in {"st", "dr"} and tokens.word(at + 1) == ".":
            continue
        if tokens.words[near].isalpha() and len(tokens.words[near]) > len("st") and tokens.capital[near]:
            return True
    return False


def _has_other_place(tokens: Tokens, town: tuple[int, int]) -> bool:
    """Whether the text names another place, which may be the one: ``at the county fair``, ``Agency: Finney County SO, Garden City``."""
    names = set(tokens.words[slice(*town)])
    for at in tokens.places(LEADS):
        place = at + 1
        while tokens.word(place) in ARTICLES:
            place += 1
        words = tokens.words[place : place + LONGEST - 1]
        if not SCENES.isdisjoint(words[: words.index(",")] if "," in words else words):
            return True
        is_name = place < len(tokens) and tokens.is_cased and tokens.capital[place] and tokens.word(place).isalpha()
        if (
            is_name
            and tokens.words[place] not in names | COMMON | DAYS | MONTHS
            and not _is_state(tokens, place, place + 1)
        ):
            return tokens.words[at] != "on"
    return any(
        tokens.word(end) == "," and tokens.word(end + 1) not in names and _is_listed_town(tokens, end + 1)
        for end in range(town[1], min(len(tokens), town[1] + 3))
    )


LEADS = frozenset("in at near from outside inside to by".split())
ARTICLES = frozenset(["the", "a", "an"])
SCENES = frozenset(
    "street avenue road highway park home house residence apartment school store hospital fair driveway daycare mall church block station station motel hotel".split()
)


def _is_listed_town(tokens: Tokens, at: int) -> bool:
    """``, Garden City,``: a name of two words between commas, after the name of the force."""
    return (
        tokens.is_cased
        and _is_town_word(tokens, at, is_last=False)
        and not _is_state(tokens, at, at + 1)
        and tokens.word(at + 1) in {"city", ",", "."}
    )


FORCES = frozenset(["policia"])
OPENS = frozenset([".", ":", "-", ",", "!", "|", "/", ";"])


def _acts(tokens: Tokens, agency: int, span: tuple[int, int]) -> bool:
    """Whether the force stands alone, acts, or is to be called."""
    end = agency + 1
    while tokens.word(end) in {"department", "dept", "office", "service", "force", "'", "s"}:
        end += 1
    after = tokens.words[end : end + SOON]
    if not SEEKS.isdisjoint(after):
        return True
    opening = tokens.word(span[0] - 1)
    is_alone = opening in OPENS or span[0] == tokens.sentence(span[0])[0] or opening in {"the", "call", "contact"}
    return is_alone and (
        tokens.word(end) in {".", ":", "@", "-", "", "|", ",", "at", "("} or after[:1] == [] or after[0].isdigit()
    )


def _before(tokens: Tokens, agency: int) -> tuple[int, int] | None:
    """``the Harker Heights Police``, ``Kootenai Co SO``, ``Durham Regional Police``"""
    end = agency
    while tokens.word(end - 1) in QUALIFIERS and tokens.word(end - 2) not in {"the", "of"}:
        end -= 1
    first, low = end, tokens.sentence(agency)[0]
    while first - 1 >= low and end - first < LONGEST and _is_town_word(tokens, first - 1, is_last=first == end):
        first -= 1
    while first < end and tokens.words[first] in INSIDE - {"st", "mt", "ft", "saint", "la", "el", "los", "las"}:
        first += 1
    words = tokens.words[first:end]
    if not words or not STATEWIDE.isdisjoint(words) or _is_state(tokens, first, end):
        return None
    if not tokens.is_cased and not (
        first == low or tokens.words[first - 1] in {"the", "of", "for", "by", ".", ",", ":"}
    ):
        return None
    return first, end


def _after(tokens: Tokens, first: int) -> tuple[int, int] | None:
    end = first
    while end < len(tokens) and end - first < LONGEST and _is_town_word(tokens, end, is_last=False):
        end += 1
    while end > first and tokens.words[end - 1] in INSIDE:
        end -= 1
    if end == first or _is_state(tokens, first, end) or not STATEWIDE.isdisjoint(tokens.words[first:end]):
        return None
    return first, end


def _is_town_word(tokens: Tokens, at: int, *, is_last: bool) -> bool:
    word = tokens.words[at]
    if is_last and word in {"county", "parish", "co", "borough", "township"}:
        return True
    if word in INSIDE and not is_last and at + 1 < len(tokens):
        return word not in {".", "s"} or tokens.word(at - 1) in {"st", "mt", "ft", "co"}
    if word in {"county", "parish", "township", "city", "falls", "park", "lake", "river", "beach", "heights"}:
        return not tokens.is_cased or tokens.capital[at]
    if not word.isalpha() or len(word) < LONGEST - 2:
        return False
    if tokens.is_cased and not tokens.capital[at]:
        return False
    return (
        (word not in COMMON or word in PLACES)
        and word not in CHILD_NOUNS
        and word not in DAYS
        and word not in MONTHS
        and (word not in COLORS or tokens.is_cased)
    )


def _is_state(tokens: Tokens, first: int, end: int) -> bool:
    words = tuple(tokens.words[first:end])
    return any(words == key for key in BY_FIRST.get(words[0], ())) or (len(words) == 1 and words[0] in CODES)


def alerts_place(tokens: Tokens) -> tuple[int, int] | None:
    """``An AMBER Alert has been issued for Thunder Bay and area``, ``pour Hearst et Kapuskasing``, ``FOR HARRIS COUNTY TEXAS``."""
    for at in tokens.places(FOR):
        before = tokens.words[max(0, at - 8) : at]
        if not {"alert", "alerte", "alerta", "emergency", "maile", "issued", "emise"} & set(before):
            continue
        place = at + 1
        while tokens.word(place) in {
            "the",
            "following",
            "counties",
            "los",
            "municipios",
            "de",
            "el",
            "la",
            "municipio",
            "condado",
            "l",
            "'",
            "area",
            ":",
        }:
            place += 1
        span = _after(tokens, place)
        if span is None:
            continue
        first, end = span
        if tokens.word(end) in {".", "county", "counties", "and", "et", "y", ",", ";", "area", ":"} or tokens.word(
            end - 1
        ) in {"county", "parish"}:
            after = tokens.word(end + 1)
            is_person = tokens.word(end) == "," and (
                after.isdigit() or after in {"who", "a", "an", "age", "aged", "un", "une", "de"}
            )
            if not is_person and (
                tokens.word(end) != ","
                or "county" in tokens.words[first : end + 8]
                or "counties" in tokens.words[first : end + 12]
            ):
                return first, end + (tokens.word(end) == "county")
    return None

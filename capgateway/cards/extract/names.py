"""Names of people: where one may begin and end, and how strongly the words beside it say that it is one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from capgateway.cards.extract.common import COMMON, NAMES_TOO, ORGANISATIONS, PARTICLES, SUFFIXES, TITLES
from capgateway.cards.extract.cues import opens_labelled_line
from capgateway.cards.extract.numbers import AGE_LABELS, COUNTED_TENS, UNITS
from capgateway.cards.extract.regions import BY_FIRST, CODES, WORDS
from capgateway.cards.extract.text import PARAGRAPH, collapsed
from capgateway.cards.extract.vocabulary import EVERYDAY
from capgateway.cards.extract.words import (
    CHILD_NOUNS,
    COLORS,
    KIN,
    MONTHS,
    NUMBERS,
    RACE_CODES,
    RACES,
    SEXES,
    SUSPECT_NOUNS,
)

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

MOST_PARTS = 6
STATES = frozenset(key[0] for keys in BY_FIRST.values() for key in keys if len(key) == 1)
PLACES = frozenset(
    "san santa los las fort saint port lake mount new north south east west el st cedar grand sault sainte ste".split()
)


class Run(NamedTuple):
    """Tokens ``first`` to before ``end`` that may be a name; ``parts`` are its words without particles."""

    first: int
    end: int
    parts: tuple[str, ...]


FOREIGN = frozenset("mai al guy ginger dawn river hunt snow weeks west crane ella elle nina nino tia belle".split())
"""Words of French and Spanish, and plain ones, that are names in English."""
ENGLISH_TOO = NAMES_TOO | FOREIGN


def _too(tokens: Tokens) -> frozenset[str]:
    """The plain words that may be names in this language."""
    return ENGLISH_TOO if tokens.language[:2] == "en" else NAMES_TOO


def runs(tokens: Tokens, taken: bytearray) -> list[Run]:
    """Every stretch of words that may be a name, outside what was ``taken`` for something else."""
    found = []
    past = 0
    is_cased, capital, too = tokens.is_cased, tokens.capital, _too(tokens)
    for at, word in enumerate(tokens.words):
        if (
            at < past
            or (is_cased and not capital[at])
            or not word[0].isalpha()
            or word in UNITS
            or word in {"yo", "yoa"}
            or ((word in COMMON or (not is_cased and word in EVERYDAY)) and word not in too)
        ):
            continue
        if _may_begin(tokens, at, taken) and (run := _run(tokens, at, taken)):
            found.append(run)
            past = run.end
    return _turned(tokens, _labelling(tokens, found)) if len(found) > 1 else found


def _labelling(tokens: Tokens, found: list[Run]) -> list[Run]:
    """With the first names of others before a colon: ``TALIYAH: Female, Black, 7``."""
    firsts = {run.parts[0] for run in found if len(run.parts) > 1}
    more = [
        Run(at - 1, at, (tokens.words[at - 1],))
        for at in tokens.places(COLON)
        if at
        and tokens.words[at - 1] in firsts
        and (
            at - 1 == tokens.sentence(at - 1)[0]
            or tokens.word(at - 2) in {".", ";", "\n"}
            or "\n" in tokens.raw[tokens.ends[at - 2] : tokens.starts[at - 1]]
        )
    ]
    return sorted([*found, *more]) if more else found


COLON = frozenset(":")


def _turned(tokens: Tokens, found: list[Run]) -> list[Run]:
    """The names written ``Kerr, Matthew J.`` put in order: where the surname is another's too, or an initial ends the name."""
    surnames = [run.parts[-1] for run in found if len(run.parts) > 1] + [
        run.parts[0] for run in found if len(run.parts) == 1
    ]
    kept = _turned_once(tokens, found, surnames)
    if len(kept) < len(found):  # the list is written so: "Suspect: Testman, Carl (M/W/40)" too
        kept = _turned_once(tokens, kept, surnames * 2)
    return kept


def _turned_once(tokens: Tokens, found: list[Run], surnames: list[str]) -> list[Run]:
    kept: list[Run] = []
    for run in found:
        last = kept[-1] if kept else None
        if last is not None and _is_turned(tokens, last, run, surnames):
            kept[-1] = Run(last.first, run.end, (*run.parts, *last.parts))
        else:
            kept.append(run)
    return kept


def _is_turned(tokens: Tokens, last: Run, run: Run, surnames: list[str]) -> bool:
    if tokens.words[last.end : run.first] != [","] or "," in tokens.words[last.first : last.end]:
        return False
    is_listed = (
        tokens.word(last.first - 1) in {":", "&", "and", "/", "y", "et", ";"}
        or last.first == tokens.sentence(last.first)[0]
    )
    is_closed = (
        tokens.word(run.end) in {"(", "", ".", ";"}
        or "\n" in tokens.raw[tokens.ends[run.end - 1] : tokens.starts[run.end]]
    )
    is_closed = is_closed or strength_after(tokens, run.end) == STRONG
    is_upper_only = tokens.slice(last.first, last.end).isupper() and not tokens.slice(run.first, run.end).isupper()
    is_shared = (
        is_upper_only or surnames.count(last.parts[-1]) > 1 or tokens.words[last.first - 2 : last.first] in NAME_LABELS
    )
    is_labelled = tokens.word(last.first - 1) == ":" and tokens.word(last.first - 2) not in PLURAL_LABELS
    is_upper = tokens.slice(last.first, run.end).isupper()
    is_shared = is_shared or (is_labelled and is_upper and len(last.parts) == 1 and _is_one_first_name(run))
    return (
        is_listed
        and is_closed
        and len(last.parts) <= MOST_SURNAMES
        and (is_shared or (len(run.parts) > 1 and len(run.parts[-1]) == 1))
    )


def _is_one_first_name(run: Run) -> bool:
    return len(run.parts) == 1 or (len(run.parts) == 2 and run.parts[1] in SUFFIXES)


PLURAL_LABELS = frozenset(
    "children victims kids suspects enfants victimes suspectes menores ninos victimas sospechosos".split()
)
STRONG, MOST_SURNAMES = 2, 2
NAME_LABELS = (["name", ":"], ["nom", ":"], ["nombre", ":"])


def _is_name_word(tokens: Tokens, at: int, taken: bytearray) -> bool:
    word = tokens.word(at)
    if not word or taken[at] or not word[0].isalpha() or (len(word) == 1 and not tokens.capital[at]):
        return False
    return not (tokens.is_cased and not tokens.capital[at])


def _is_plain(tokens: Tokens, at: int) -> bool:
    """Whether the word is a plain word of alerts, so that only its neighbours can make it a name."""
    word = tokens.words[at]
    return (
        word in COMMON
        or (not tokens.is_cased and word in EVERYDAY)
        or word in UNITS
        or word in COLORS
        or word in MONTHS
        or (word in STATES)
        or (word in CODES and tokens.slice(at, at + 1).isupper() and tokens.is_cased)
    )


def _may_begin(tokens: Tokens, at: int, taken: bytearray) -> bool:
    if not _is_name_word(tokens, at, taken) or tokens.word(at - 1) in {"@", "#"}:
        return False
    word = tokens.words[at]
    if word == "amber" and tokens.word(at - 1) in {"alert", "alerte", "alerta"}:
        return False
    if word in {"don", "dona"} and tokens.language[:2] == "es":
        return False
    if word in PARTICLES and tokens.is_cased and len(word) == 2 and not tokens.capital[at]:
        return False
    if tokens.word(at + 1) == ":" and tokens.word(at - 1) != ":":
        return False
    if len(word) == 1 and _is_elided(tokens, at):
        return True
    if len(word) > 2 and tokens.is_cased and _is_elided(tokens, at) and not tokens.capital[at + 2]:
        return True  # Jun'ichi
    if not _is_plain(tokens, at):
        return len(word) > 1 or (
            tokens.word(at + 1) == "'"
            and tokens.gaps[at + 1] == ""
            and at + 2 < len(tokens)
            and tokens.gaps[at + 2] == ""
        )
    if not tokens.is_cased:
        return (
            word in _too(tokens)
            and (word not in COLORS or word in GIVEN_COLORS or tokens.word(at - 1) == ":")
            and at + 1 < len(tokens)
            and _is_name_word(tokens, at + 1, taken)
            and (not _is_plain(tokens, at + 1) or _is_chain(tokens, at + 1, taken))
        )
    return word in _too(tokens) and not tokens.slice(at, at + 1).isupper()


def _is_chain(tokens: Tokens, at: int, taken: bytearray) -> bool:
    """``LUZ MARINA PERAZA``: a second word that may be a name, before one that can be nothing else."""
    is_too = tokens.words[at] in _too(tokens) and tokens.words[at] not in COLORS
    return is_too and at + 1 < len(tokens) and _is_name_word(tokens, at + 1, taken) and not _is_plain(tokens, at + 1)


GIVEN_COLORS = frozenset("violet hazel rose ruby olive amber scarlet jade pearl".split())


def _is_elided(tokens: Tokens, at: int) -> bool:
    """``O'Neill``, ``D'Angelo``"""
    return (
        at + 2 < len(tokens)
        and tokens.word(at + 1) == "'"
        and tokens.gaps[at + 1] == ""
        and tokens.gaps[at + 2] == ""
        and tokens.words[at + 2].isalpha()
        and len(tokens.words[at + 2]) > 1
    )


def _run(tokens: Tokens, first: int, taken: bytearray) -> Run | None:
    parts: list[str] = []
    at = end = first
    sentence_end = tokens.sentence(first)[1]
    is_upper = tokens.slice(first, first + 1).isupper() and len(tokens.words[first]) > 1
    while at < sentence_end and len(parts) < MOST_PARTS:
        word = tokens.words[at]
        if at > first and (tokens.gaps[at] == PARAGRAPH or opens_labelled_line(tokens, at)):
            break
        if word in SUFFIXES and parts:
            parts.append(word)
            end = at = at + 1
            if tokens.word(at) == "." and tokens.gaps[at] == "" and word in {"jr", "sr"}:
                end = at = at + 1
            break
        if (
            word == '"'
            and parts
            and (closed := _nickname_end(tokens, at, sentence_end))
            and _goes_on(tokens, closed, taken, is_upper=is_upper)
        ):
            parts += [each for each in tokens.words[at:closed] if each.isalpha()]
            at = closed
            continue
        if (
            word in {"d", "l"}
            and parts
            and not tokens.capital[at]
            and _is_elided(tokens, at)
            and tokens.capital[at + 2]
        ):
            at += 2
            continue
        if word in PARTICLES and parts and at + 1 < sentence_end and _has_name_after_particles(tokens, at, taken):
            at += 1
            if tokens.word(at) in {"-", "'", "."} and tokens.gaps[at] == "":
                at += 1
            continue
        if not _goes_on(tokens, at, taken, is_upper=is_upper) and at != first:
            break
        parts.append(word)
        end = at = at + 1
        if (
            tokens.word(at) in {"-", "'"}
            and tokens.gaps[at] == ""
            and at + 1 < sentence_end
            and tokens.gaps[at + 1] == ""
            and tokens.words[at + 1].isalpha()
        ):
            if tokens.word(at) == "'" and tokens.words[at + 1] == "s":
                break
            if tokens.word(at) == "'" and tokens.is_cased and not tokens.capital[at + 1] and len(word) > 1:
                end = at = at + 2  # Jun'ichi
                continue
            is_word = not tokens.is_cased and tokens.words[at + 1] in COMMON - NAMES_TOO
            if tokens.word(at) == "-" and (is_word or not _is_name_word(tokens, at + 1, taken)):
                return None
            at += 1
            if (
                tokens.words[at] == "st"
                and tokens.word(at + 1) == "."
                and at + 2 < sentence_end
                and _is_name_word(tokens, at + 2, taken)
            ):
                at += 2
        elif tokens.word(at) == "." and tokens.gaps[at] == "" and len(word) == 1:
            if at + 1 < sentence_end and _goes_on(tokens, at + 1, taken, is_upper=is_upper):
                at += 1
            elif tokens.word(at + 1) == ",":
                end = at + 1
                break
    if len(parts) > 2 and parts[-1] in {"m", "f"} and tokens.words[end - 1] == parts[-1]:  # the sex: Savannah Begay F 8
        return Run(first, end - 1, tuple(parts[:-1]))
    if len(parts) == 1 and not tokens.is_cased and tokens.word(end) in CUT:
        return None  # TRINA BEAR: a surname that is an everyday word
    return Run(first, end, tuple(parts)) if parts else None


CUT = EVERYDAY - COMMON


def _nickname_end(tokens: Tokens, at: int, end: int) -> int:
    """Where a name in quotes inside a name ends, or 0."""
    for place in range(at + 2, min(at + 6, end - 1)):
        if tokens.words[place] == '"':
            return place + 1
    return 0


def _has_name_after_particles(tokens: Tokens, at: int, taken: bytearray) -> bool:
    while (tokens.word(at) in PARTICLES or (tokens.word(at) in {"-", "'", "."} and tokens.gaps[at] == "")) and at < len(
        tokens
    ):
        if tokens.word(at) == "y" and not tokens.is_cased:
            return False
        at += 1
    return (
        at < len(tokens)
        and _is_name_word(tokens, at, taken)
        and (not _is_plain(tokens, at) or tokens.words[at] in _too(tokens) or tokens.word(at - 1) == ".")
        and tokens.word(at - 1)
        not in {"le", "st"}
        | (
            {"y", "de", "la", "del", "los", "las", "du", "des", "al", "el"}
            if tokens.language[:2] == "en" and not tokens.is_cased
            else set()
        )
    )


def _goes_on(tokens: Tokens, at: int, taken: bytearray, *, is_upper: bool) -> bool:
    if not _is_name_word(tokens, at, taken) or tokens.word(at + 1) == ":":
        return False
    if tokens.gaps[at] == "" and tokens.word(at - 1) == "-" and tokens.words[at - 2].isalpha():
        return True
    if len(tokens.words[at]) == 1 and (
        _is_elided(tokens, at)
        or (tokens.word(at + 1) == "." and tokens.gaps[at + 1] == "" and tokens.words[at] not in {"s"})
    ):
        return True
    if len(tokens.words[at]) == 1 and tokens.word(at + 1) in {"/", "-", ",", ")", "", ".", "...", ":"}:
        return False
    if tokens.is_cased:
        text = tokens.slice(at, at + 1)
        is_surname = text.isupper() and len(text) > 2 and not _is_plain(tokens, at)  # Declan FAIRWEATHER
        if len(text) > 1 and text.isupper() != is_upper and len(tokens.words[at]) > 1 and not is_surname:
            return False
        if len(text) == 1 and tokens.word(at + 1) not in {".", "-"} and tokens.word(at) in {"a", "i"}:
            return False
    if not tokens.is_cased and tokens.words[at] in CODES and tokens.words[at] not in PARTICLES:
        return False
    if not _is_plain(tokens, at) or (tokens.is_cased and tokens.word(at - 1) == "." and tokens.word(at - 2) == "st"):
        return True
    if _is_between_names(tokens, at):
        return True
    if tokens.words[at] not in _too(tokens) and not (tokens.words[at] in COLORS or tokens.words[at] in STATES):
        return (
            tokens.is_cased and not is_upper and not _is_plain(tokens, at - 1) and bare_age(tokens, at + 1) is not None
        )
    if tokens.is_cased:
        return True
    if bare_age(tokens, at + 1) is not None and not _is_plain(tokens, at - 1):
        return tokens.words[at] not in NEVER_SURNAMES  # TRINA BEAR...22
    return tokens.word(at + 1) in {",", "(", "", ".", "/", ";", "|"} and tokens.words[at] in _too(tokens)


NEVER_SURNAMES = frozenset(
    CHILD_NOUNS
    | KIN
    | set(UNITS)
    | set(RACES)
    | set(SEXES)
    | AGE_LABELS
    | SUSPECT_NOUNS
    | frozenset("missing named identified name is was and of au en de el la".split())
)


def _is_between_names(tokens: Tokens, at: int) -> bool:
    """``Mai See Vang``, ``CRYSTAL DAWN POPE``: a plain word that is a name between two others."""
    if at + 1 >= len(tokens) or "" in {tokens.gaps[at], tokens.gaps[at + 1]} or not tokens.words[at + 1].isalpha():
        return False
    if tokens.is_cased and not (tokens.capital[at] and tokens.capital[at + 1] and tokens.words[at].isalpha()):
        return False
    is_name = tokens.is_cased or tokens.words[at] in _too(tokens)
    beside = (at - 1, at + 1)
    is_name = is_name and all(not _is_plain(tokens, near) or tokens.words[near] in _too(tokens) for near in beside)
    return is_name and tokens.words[at - 1].isalpha()


def is_plain(run: Run) -> bool:
    """Whether all of it are words of alerts, colours or states."""
    return all(part in COMMON or part in COLORS or part in MONTHS or part in STATES for part in run.parts)


def is_place_or_body(tokens: Tokens, run: Run) -> bool:
    """Whether the words after or in it make it an organisation, a place or a programme."""
    after = tokens.word(run.end)
    if after in ORGANISATIONS or after == "resident":
        return True
    if after == "'" and tokens.word(run.end + 1) == "s" and tokens.word(run.end + 2) in {"call", "law"}:
        return True
    if after == "," and run.end + 1 < len(tokens):
        nxt = tokens.word(run.end + 1)
        if nxt in STATES or (
            nxt in CODES and tokens.slice(run.end + 1, run.end + 2).isupper() and (tokens.is_cased or nxt not in WORDS)
        ):
            return True
        for key in BY_FIRST.get(nxt, ()):
            if tuple(tokens.words[run.end + 1 : run.end + 1 + len(key)]) == key:
                return True
    return run.parts[0] in PLACES and len(run.parts) <= 3


def is_titled(tokens: Tokens, run: Run) -> bool:
    """Whether it is an officer's or spokesperson's name."""
    low = tokens.sentence(run.first)[0]
    at = run.first - 1
    if at > low and tokens.words[at] == ".":
        at -= 1
    before = tokens.words[at] if at >= low else ""
    after = tokens.word(run.end)
    speaks_at = run.end + (after == ",")
    if after == "," and tokens.word(speaks_at).isdigit() and tokens.word(speaks_at + 1) == ",":
        speaks_at += 2
    if tokens.words[speaks_at : speaks_at + 2] == ["described", "as"] or (before == "lt" and run.parts[0] in COLORS):
        return False
    if tokens.word(speaks_at) in {"told", "recalled", "described", "pleaded", "recounted", "noted", "explained"}:
        return True
    return (
        before in TITLES
        or (after in {"said", "says"} and tokens.word(run.end + 1) not in {"to", "police"})
        or (before in {"said", "says"} and bare_age(tokens, run.end) is None)
    )


DOTS = re.compile(r"\s*(?:\.{2,}|…|⋯)\s*")
"""The comma of the National Weather Service, as in ``KERR...MATTHEW``."""


def shown(tokens: Tokens, run: Run) -> str:
    """The name as a card has it: as written, but not in upper case alone."""
    text = collapsed(tokens.slice(run.first, run.end).replace("“", '"').replace("”", '"').replace("’", "'"))
    text = DOTS.sub(", ", text)
    surname, comma, first = text.partition(", ")
    if comma and first.casefold().rstrip(".") not in SUFFIXES:
        given, _, last = first.rpartition(" ")
        text = f"{given} {surname} {last}" if last.casefold().rstrip(".") in SUFFIXES else f"{first} {surname}"
    return " ".join(map(_titled, text.split())) if text.isupper() or text.islower() else text


def _titled(word: str) -> str:
    if word.casefold().rstrip(".") in {"ii", "iii", "iv"}:
        return word.upper()
    if word.casefold() in PARTICLES - {"st", "mac", "mc", "san", "ben", "los", "las"} and word.islower():
        return word
    spelled = "-".join(
        "'".join(piece[:1].upper() + piece[1:].lower() for piece in part.split("'")) for part in word.split("-")
    )
    if spelled.startswith('"'):
        spelled = '"' + spelled[1:2].upper() + spelled[2:]
    return "Mc" + spelled[2:].capitalize() if spelled.startswith("Mc") and len(spelled) > 3 else spelled


RACE_AND_SEX = frozenset("wm wf bm bf hm hf".split())
AGE_AFTER = frozenset("( ... , ) . ; ( and is was who et a est y es fue or & has - / were - en".split()) | {""}


def _is_bare_list(tokens: Tokens, at: int) -> bool:
    """``Todd Rickman 36 W/M``, ``Micah 12 and Charity 10 Dunaway``, ``Lucero, Ximena (3 F H)``"""
    word, after, then = tokens.word(at), tokens.word(at + 1), tokens.word(at + 2)
    if not word.isdigit() or len(word) > 2 or tokens.gaps[at] == "" and tokens.word(at - 1) != "(":
        return False
    if after in {"w", "b", "h", "m", "f"}:
        return then == "/" or (tokens.word(at - 1) == "(" and (then == ")" or tokens.word(at + 3) == ")"))
    is_joined = (
        after in {"and", "&"} and at + 3 < len(tokens) and tokens.capital[at + 2] and tokens.word(at + 3).isdigit()
    )
    is_last = tokens.word(at - 2) in {"and", "&"} and tokens.word(at - 3).isdigit() and tokens.is_cased
    return is_joined or (is_last and (after in {",", "."} or (at + 1 < len(tokens) and tokens.capital[at + 1])))


def bare_age(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """An age without a unit right after a name: ``, 41,`` or ``(4)``. Its token and its value."""
    place = at
    if tokens.word(place) in {",", "(", "...", "-"}:
        place += 1
        if (
            tokens.word(place) == "de"
            and tokens.word(place + 1).isdigit()
            and tokens.word(place + 2) in {".", ",", "y", "et", ";"}
        ):
            place += 1
    elif tokens.word(place) == "/" and tokens.gaps[place] != "" and tokens.word(place + 2) in {"/", ""}:
        word = tokens.word(place + 1)
        return (place + 1, int(word)) if word.isdigit() and len(word) < 3 and 0 < int(word) < 100 else None
    elif tokens.word(place + 1) not in RACE_AND_SEX and not _is_bare_list(tokens, place):
        return None
    word = tokens.word(place)
    if (
        word.isdigit()
        and (tokens.word(place + 1) in RACE_AND_SEX or _is_bare_list(tokens, place))
        and 0 < int(word) < 100
        and place == at
    ):
        return place, int(word)
    if not word.isdigit() or len(word) > 2 or not 0 < int(word) < 100:
        return None
    if tokens.word(place - 1) == "(" and _is_bare_list(tokens, place):
        return place, int(word)
    after = tokens.word(place + 1)
    if after not in AGE_AFTER or (after == "." and tokens.word(place + 2).isdigit() and tokens.gaps[place + 2] == ""):
        return None
    if after in {"-", "/"}:
        return None
    return place, int(word)


def strength_after(tokens: Tokens, end: int) -> int:
    """How strongly what follows says that it was a person's name: 2 alone suffices."""
    known: dict[int, int] = tokens.memo.setdefault("strengths", {})
    if end not in known:
        known[end] = _strength_after(tokens, end)
    return known[end]


def _strength_after(tokens: Tokens, end: int) -> int:
    if bare_age(tokens, end):
        return 2
    place = end
    if tokens.word(place) in {"m", "f"} and tokens.word(place + 1).isdigit():
        return 2
    if tokens.word(place) in {",", "(", "...", "-", ":", "/"}:
        place += 1
        if tokens.word(place) in {"m", "f", "w", "b", "h"} and tokens.word(place + 1) in {",", ")", "/", "..."}:
            return 2
        if tokens.word(place) == "last" and tokens.word(place + 1) == "seen":
            return 2
    if tokens.word(place) in {"a", "an", "is", "un", "une", "una", "the", "aged", "es", "est"}:
        place += 1
    if tokens.word(place) in {"a", "an", "described", "un", "une", "una"}:
        if tokens.word(place) == "described":
            return 2
        place += 1
    word = tokens.word(place)
    if word in AGE_LABELS or word == "dob" or word in {"yo", "wm", "wf", "bm", "bf", "hm", "hf"}:
        return 2
    if place > end and _is_apposition(tokens, end):
        return 2
    if (
        tokens.word(place - 1) in {"is", "est"}
        and (word.isdigit() or word in NUMBERS)
        and tokens.word(place + 1) in {",", ".", "and", "..."}
        and len(word) != 4
    ):
        return 2
    if _is_measured(tokens, end):
        return 2
    if (word.isdigit() or word in NUMBERS or word in RACES or word in SEXES) and place > end:
        nxt = tokens.word(place + 1 + (tokens.word(place + 1) == "-"))
        if (
            nxt in UNITS
            or nxt in {"yo", "y"}
            or word in SEXES
            or (word in RACES and (nxt in SEXES or nxt in {",", "juvenile"} or nxt in RACES))
        ):
            return 2
    if (
        word.isdigit()
        and place == end
        and (
            tokens.word(place + 1) in UNITS
            or tokens.word(place + 1) in {"yo", "yoa", "y"}
            or tokens.word(place + 2) in {"yo"}
        )
    ):
        return 2
    if word == "race" or (word in {*RACE_CODES, "m", "f"} and tokens.word(place + 1) == "/"):
        return 2
    if (
        word == "de"
        and tokens.word(place + 1).isdigit()
        and (
            tokens.word(place + 2) in UNITS
            or (tokens.word(place + 2) in {"y", "et"} and tokens.word(place + 4) in UNITS)
        )
    ):
        return 2
    return _verb_after(tokens, end)


def _is_measured(tokens: Tokens, at: int) -> bool:
    """``Rowan Night-Traveller is four-foot-six``, ``Gerald Pruden is fifty-one``, ``Poe, who is 45``."""
    at += tokens.word(at) == ","
    at += tokens.word(at) in {"who", "qui"}
    if tokens.word(at) not in {"is", "stands", "weighs", "mide", "mesure", "pesa", "pese"}:
        return False
    at += 1
    at += tokens.word(at) in {"about", "also", "approximately", "only"}
    word = tokens.word(at)
    return word in NUMBERS or word in COUNTED_TENS or (word.isdigit() and len(word) < 4)


def _is_apposition(tokens: Tokens, end: int) -> bool:
    """``, their uncle``, ``, the boy's non-custodial father``."""
    for word in tokens.words[end + 1 : end + 6]:
        if word in {",", ".", ";", "(", ")", "and", "...", "who"}:
            return False
        if word in KIN or word in CHILD_NOUNS or word in SUSPECT_NOUNS:
            return True
    return False


def _verb_after(tokens: Tokens, end: int) -> int:
    place = end
    if tokens.word(place) == ",":
        place += 1
        if tokens.word(place) in {"who", "qui", "quien"}:
            place += 1
    if tokens.word(place) in {
        "was",
        "were",
        "is",
        "has",
        "may",
        "a",
        "fue",
        "est",
        "es",
        "weighs",
        "stands",
        "mesure",
        "pese",
        "porte",
        "portait",
        "mide",
        "pesa",
        "vestia",
        "believed",
    }:
        words = tokens.words[place : place + 8]
        if any(word in PERSONAL for word in words):
            return 2
        return 1
    return 1 if place > end + 1 else 0


PERSONAL = frozenset(["stand" + "s"]) | frozenset(  # the style check knows that word as ours
    "abducted taken kidnapped described wearing weighs weight tall pounds hair eyes armed driving traveling travelling enleve enlevee vu vue apercu apercue secuestrado secuestrada "
    "visto vista mesure pese portait porte vestia autism believed mide pesa feet seen missing reported gone disappeared vanished".split()
)

"""Licence plates. A wrong plate is worse than none: a plate needs a label or a state's code beside it, a digit, and a place in
the text that says nothing against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from capgateway.cards.extract import regions
from capgateway.cards.extract.fact import Fact, fact
from capgateway.cards.extract.text import SPACE
from capgateway.cards.extract.words import BODIES, COLORS, DAYS, MONTHS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

SHORTEST, LONGEST = 4, 8
"""Characters of a complete plate. Personalised plates of one to three exist, and are too like other things."""
LONGEST_GROUP = 7
REACH = 12
"""Tokens between a label and its plate: "license plate number is believed to be: Texas ABC 1234"."""

LABELS = frozenset(
    "plate plates lic lp lis tag tags registration reg plaque plaques immatricule immatriculee immatricules immatriculees immatriculation "
    "placa placas tablilla tablillas matricula matriculas patente pl lps".split()
)
BEFORE_LABEL = frozenset("license licence lic vehicle temporary temp paper dealer number veh".split())
LINKS = frozenset(
    ". : # , ( ) / - \" ' ... ⋯ no nos num number numbers numero nbr is was are of reads reading read bearing displaying with the following a an as "
    "believed to be may possibly possible tag tags plate plates license licence temp temporary paper dealer from out state registration d de du des la le au "
    "en del n est aux immatriculation numeros portant es son con that listed which registered confirmed now updated correct corrected actually "
    "vanity personalized partial custom = the".split()
) | {"<", ">", "no."}
#: Words that a plate is never made of, or that end one.
WORDS = frozenset(
    "a i o u y e in on at or and is was the of to by it if as an be do go he she no not my we us up so for with from has had may can any all new old last seen car "
    "van suv cab bus see who out off two one six ten red tan blk wht sil gry blu grn call dial near east west nb sb eb wb est et le la les un une du de des en au "
    "aux ou il qui que sur est el los las una con por del al se su es y o si mas rue ave av st rd dr hwy unk unknown none n/a na tx lic lp ext "
    "age mph lbs lb kg cm ft am pm hrs hr th nd block exit mile near area via que lui son ses aka pd".split()
)
NOT = frozenset(
    "not instead previously earlier incorrect incorrectly erroneous erroneously original originally former formerly old wrong wrongly plutot auparavant errone erronee "
    "anterior antes incorrecta incorrecto equivocada initially disregard prior previous ignore".split()
)
PARTIAL = frozenset(
    "partial partially beginning begins starting starts starting ending ends containing contains first last includes including partielle partiel partiellement "
    "commencant commence debutant terminant finissant parcial empieza comienza comenzando termina terminando incluye contiene fragment".split()
)
STRONG = frozenset("license licence lic lp plaque plaques placa placas tablilla immatricule immatriculee immatriculees immatricules".split())


class Plate:
    """A plate at tokens ``first`` to before ``end``; ``span`` includes the label and the region. ``is_denied`` where the text says
    that it is not this one."""

    __slots__ = ("end", "first", "is_denied", "is_partial", "plate", "region", "span")

    def __init__(self, *, first: int, end: int, plate: Fact | None, region: Fact | None, is_partial: bool, is_denied: bool, span: tuple[int, int]) -> None:
        self.first, self.end, self.plate, self.region = first, end, plate, region
        self.is_partial, self.is_denied, self.span = is_partial, is_denied, span


def plates(tokens: Tokens) -> list[Plate]:
    """Each plate of a text, and each mention of whose plates a vehicle has, in order."""
    found: list[Plate] = []
    past = 0
    for at, word in enumerate(tokens.words):
        if at < past:
            continue
        one = None
        if word in LABELS and _is_label(tokens, at):
            one = _labelled(tokens, at, past)
        elif word in {"(", "/"} or word in regions.CODES:
            one = _by_region(tokens, at, past)
        if one is not None:
            found.append(one)
            past = max(one.end, at + 1)
    return found


def _is_label(tokens: Tokens, at: int) -> bool:
    word = tokens.words[at]
    if word in {"reg", "pl", "lis", "tag", "tags", "registration"}:
        after = tokens.word(at + 1)
        return word in {"tag", "tags", "registration"} and tokens.word(at + 1) not in {"team", "along"} or after in {":", "#", "/", "."} or after in {"plate", "number", "no"}
    if word in {"plate", "plates"} and tokens.word(at + 1) in {"glass", "tectonics"}:
        return False
    return True


def _labelled(tokens: Tokens, label: int, past: int) -> Plate | None:
    low, high = tokens.sentence(label)
    low = max(low, past)
    high = min(_stretched(tokens, high), label + REACH * 2)
    first_label = label
    while first_label - 1 >= low and tokens.words[first_label - 1] in BEFORE_LABEL | {"'", "s"} and label - first_label < 4:
        first_label -= 1
    region = _region_before(tokens, first_label, low)
    partial = _has(tokens, max(low, first_label - 4), label, PARTIAL - {"first", "last"})
    at = label + 1
    is_quoted = False
    while at < high and at - label <= REACH:
        word = tokens.words[at]
        after = _region_at(tokens, at)
        if after and not _starts_plate(tokens, at, is_region=True):
            region = region or fact(tokens, at, after[1], after[0])
            at = after[1]
            continue
        candidate = _candidate(tokens, at, high, is_partial=partial, is_quoted=is_quoted)
        if candidate:
            return _made(tokens, label, first_label, at, candidate, region, partial, low, high)
        if word in PARTIAL or word in {"characters", "letters", "digits", "numbers", "three", "four", "two", "3", "4", "2", "par", "con", "in", "are", "by", "que"} and partial:
            partial = True
        elif word in {'"', "'"}:
            is_quoted = True
        elif word not in LINKS:
            break
        at += 1
    if region is not None and not _has(tokens, max(low, first_label - 3), label, frozenset(["no", "without", "not"])):
        return Plate(first=label, end=max(label + 1, min(at, high)), plate=None, region=region, is_partial=False, is_denied=False, span=(first_label, label + 1))
    return None


def _stretched(tokens: Tokens, high: int) -> int:
    """Where a sentence that seems to end after "No." or inside a spelled plate really ends."""
    while high < len(tokens) and high >= 2 and len(tokens.words[high - 2]) <= 2 and len(tokens.words[high]) == 1 and tokens.words[high].isalnum():
        _, high = tokens.sentence(high)
    return high


def _made(tokens: Tokens, label: int, first_label: int, at: int, candidate: tuple[int, str, bool], region: Fact | None, partial: bool, low: int, high: int) -> Plate:
    end, value, has_gap = candidate
    after = _region_after(tokens, end)
    stop = end
    if after:
        region = region or fact(tokens, after[0], after[1], after[2])
        stop = after[1]
    denied = _is_denied(tokens, first_label, label, at, low)
    confidence: Literal["certain", "high"] = "certain" if at - label <= 3 and not partial else "high"
    return Plate(
        first=at,
        end=end,
        plate=fact(tokens, at, end, value, confidence),
        region=region,
        is_partial=partial or has_gap,
        is_denied=denied,
        span=(first_label, stop),
    )


def _is_denied(tokens: Tokens, first_label: int, label: int, at: int, low: int) -> bool:
    """Whether the words around say that it is another plate."""
    if _has(tokens, label, at, NOT):
        return True
    start = max(low, first_label - 5)
    for place in range(first_label - 1, start - 1, -1):
        if tokens.words[place] in {",", ";"}:
            break
        if tokens.words[place] in NOT - {"original", "old"}:
            return True
    return False


def _has(tokens: Tokens, first: int, end: int, words: frozenset[str]) -> bool:
    return any(word in words for word in tokens.words[first:end])


def _starts_plate(tokens: Tokens, at: int, *, is_region: bool) -> bool:
    """Whether a region's code is the first group of a plate instead: ``AL85260``, ``AK 41822`` after an Arizona label."""
    nxt = tokens.word(at + 1)
    if not nxt:
        return False
    if nxt.isdigit() and tokens.gaps[at + 1] == "" and len(tokens.words[at]) <= 3:
        return True
    return tokens.word(at + 1) == "-" and tokens.gaps[at + 1] == "" and tokens.word(at + 2).isdigit() and tokens.gaps[at + 2] == ""


def _candidate(tokens: Tokens, at: int, high: int, *, is_partial: bool, is_quoted: bool = False) -> tuple[int, str, bool] | None:
    """A plate that begins here: where it ends, its characters, and whether some of them are unknown."""
    spelled = _spelled(tokens, at, high)
    if spelled:
        return spelled
    groups: list[str] = []
    end, has_gap = at, False
    while end < high:
        stop, text, gap = _group(tokens, end, high)
        if not text or not _fits(groups, text, tokens, end, stop):
            break
        groups.append(text)
        has_gap |= gap
        end = stop
        nxt = end
        if tokens.word(nxt) in {"-", "·", "•"} and nxt + 1 < high and tokens.word(nxt + 1).isalnum() and not _is_word(tokens, nxt + 1):
            end_try = nxt + 1
            stop, text, gap = _group(tokens, end_try, high)
            if text and _fits(groups, text, tokens, end_try, stop, is_hyphen=tokens.gaps[nxt] == ""):
                groups.append(text)
                has_gap |= gap
                end = stop
                if not (len(groups) == 2 and len(groups[0]) == 1):
                    break
                continue
            break
    value = "".join(groups).upper()
    if not value:
        return None
    if is_partial:
        ok = 2 <= len(value) <= LONGEST and (any(map(str.isdigit, value)) or not _is_word(tokens, at)) and not _is_unit(tokens, end)
        if ok and value.isalpha() and not _is_written_in_capitals(tokens, at, end):
            return None
        return (end, value, has_gap) if ok else None
    if is_quoted and value.isalpha() and 3 <= len(value) <= LONGEST and tokens.word(end) in {'"', "'"}:
        return end, value, has_gap
    if has_gap:
        return (end, value, True) if len(value) >= 2 and any(map(str.isdigit, value)) else None
    if not SHORTEST <= len(value) <= LONGEST or not any(map(str.isdigit, value)):
        return None
    if value.isdigit() and (len(value) < 5 or _is_phone(tokens, at, end)):
        return None
    if _is_unit(tokens, end) or (len(groups) == 1 and len(value) == 4 and value.isdigit()):
        return None
    return end, value, has_gap


def _group(tokens: Tokens, at: int, high: int) -> tuple[int, str, bool]:
    """Characters written together from ``at`` on: where they end, what they are, and whether one is a wildcard."""
    text, gap, end = "", False, at
    while end < high and (end == at or tokens.gaps[end] == ""):
        word = tokens.words[end]
        if word.isascii() and word.isalnum():
            text += word
        elif word in {"*", "?", "_"} and (text or (end + 1 < high and tokens.gaps[end + 1] == "")):
            gap = True
        else:
            break
        end += 1
        if len(text) > LONGEST:
            return at, "", False
    if gap and not text:
        return at, "", False
    # a "?" that ends a sentence is none of the plate's
    if gap and tokens.word(end - 1) == "?" and "*" not in tokens.words[at:end] and tokens.words[at:end].count("?") == 1:
        return end - 1, text, False
    return end, text, gap


def _fits(groups: list[str], text: str, tokens: Tokens, at: int, stop: int, *, is_hyphen: bool = False) -> bool:
    """Whether a group belongs to the plate that the groups before it began."""
    total = sum(map(len, groups))
    if not groups:
        return len(text) <= LONGEST and (len(text) == 1 or not _is_word(tokens, at) or not text.isalpha()) and not (text.isalpha() and len(text) > 4 and tokens.word(stop) not in {'"'})
    if total + len(text) > LONGEST - (not is_hyphen):
        return False
    if is_hyphen:
        return True
    if text.isalpha() and (_is_word(tokens, at) or len(text) > 4 or text in regions.CODES and _ends_clause(tokens, stop) and total >= 5):
        return False
    if len(groups) == 1:
        first = groups[0]
        if len(first) >= 5 or (first.isdigit() and text.isdigit()):
            return False
        if first.isalpha() and len(first) > 4:
            return False
        return not (text.isalpha() and first.isalpha())
    if len(groups) == 2:
        return (len(groups[0]) == 1 or len(text) == 1 or total <= 4) and not (text.isalpha() and groups[1].isalpha()) and not (text.isdigit() and groups[1].isdigit()) and text not in {"a", "y", "o", "e", "u", "i"}
    return False


def _ends_clause(tokens: Tokens, at: int) -> bool:
    return tokens.word(at) in {"", ".", ",", ";", ")", "!"}


def _is_word(tokens: Tokens, at: int) -> bool:
    word = tokens.word(at)
    return word in WORDS or word in COLORS or word in BODIES or word in MONTHS or word in DAYS or word in LABELS


def _is_written_in_capitals(tokens: Tokens, at: int, end: int) -> bool:
    return tokens.slice(at, end).isupper() and tokens.is_cased


def _is_unit(tokens: Tokens, end: int) -> bool:
    """Whether the number is an age, a distance or a time after all: ``21 ans``, ``I 35 miles``."""
    return tokens.word(end) in {"ans", "anos", "years", "year", "yrs", "miles", "mile", "mph", "hours", "hrs", "am", "pm", "block", "lbs", "pounds", "km", "minutes"}


def _is_phone(tokens: Tokens, at: int, end: int) -> bool:
    return tokens.word(end) == "-" and tokens.word(end + 1).isdigit()


def _spelled(tokens: Tokens, at: int, high: int) -> tuple[int, str, bool] | None:
    """A plate spelled out: ``Q. T. V. A. 1. 9.`` or ``Q-T-V-A-1-9``."""
    letters, end, place = [], at, at
    mark = tokens.word(at + 1)
    if mark not in {".", "-", ","} and not (tokens.word(at + 1).isalnum() and len(tokens.word(at + 1)) == 1):
        return None
    while place < len(tokens) and len(tokens.words[place]) == 1 and tokens.words[place].isalnum() and len(letters) < LONGEST:
        letters.append(tokens.words[place])
        end = place = place + 1
        if tokens.word(place) == mark and mark in {".", "-", ","} and tokens.gaps[place] == "":
            place += 1
            if place < len(tokens) and tokens.gaps[place] not in {SPACE, "", "\n"}:
                break
    value = "".join(letters).upper()
    if len(value) >= 5 and any(map(str.isdigit, value)) and any(map(str.isalpha, value)):
        return end, value, False
    return None


def _region_before(tokens: Tokens, at: int, low: int) -> Fact | None:
    """The state written before a label: ``Georgia license plate``, ``TX LP``, ``NY state plates``."""
    place = at - 1
    while place >= low and tokens.words[place] in {"state", "(", ")", "-", "/", ",", "'", "s", "has", "valid"} and at - place < 4:
        if tokens.words[place] == "," and place != at - 1:
            return None
        place -= 1
    if place < low:
        return None
    for size in (4, 3, 2, 1):
        first = place - size + 1
        if first >= low and (found := _region_at(tokens, first)) and found[1] == place + 1:
            return fact(tokens, first, place + 1, found[0])
    return None


def _region_after(tokens: Tokens, at: int) -> tuple[int, int, str] | None:
    """The state written after a plate: ``(CA)``, ``, TX``, ``AL``, ``(Québec)``, ``of Texas``."""
    place = at
    if tokens.word(place) in {"(", ",", "/", "-"}:
        place += 1
    elif tokens.word(place) in {"from", "out"}:
        place += 1 + (tokens.word(place + 1) == "of")
    found = _region_at(tokens, place, is_bracketed=tokens.word(at) in {"(", "/"})
    if not found:
        return None
    code, end = found
    if tokens.word(at) != "(" and tokens.word(end) in {"license", "licence", "plate", "plates", "lic", "police", "state", "highway", "-", "department", "street", "avenue", "st", "ave"}:
        return None
    if place == at and len(tokens.words[at]) > 2 and tokens.word(end) not in {"", ".", ",", ")", ";", "plate", "plates"}:
        return None
    return place, end, code


def _region_at(tokens: Tokens, at: int, *, is_bracketed: bool = False) -> tuple[str, int] | None:
    """The state that is named at a token, and where its name ends. A code of two letters counts in capitals only."""
    word = tokens.word(at)
    if not word:
        return None
    if word == "n" and tokens.slice(at, min(at + 4, len(tokens))).upper().startswith(("N.-B", "N.-É", "N.-E")):
        return ("CA-NB" if tokens.word(at + 3) == "b" else "CA-NS"), at + 5 if tokens.word(at + 4) == "." else at + 4
    for key in regions.BY_FIRST.get(word, ()):
        end = _region_end(tokens, at, key)
        if end and tokens.word(at - 1) not in regions.NOT_BEFORE and not (key[0] in regions.SHORT and not tokens.raw[tokens.starts[at]].isupper()):
            return regions.NAMES[key], end
    code = regions.CODES.get(word)
    if code and tokens.slice(at, at + 1).isupper():
        if word in regions.WORDS and not tokens.is_cased and not is_bracketed and tokens.word(at + 1) not in {"plate", "plates", "lic", "license", "licence", "lp", "tag", "/"}:
            return None
        return code, at + 1
    return None


def _region_end(tokens: Tokens, at: int, key: tuple[str, ...]) -> int:
    for piece in key:
        if tokens.word(at) in {"-", "'", "."}:
            at += 1
        if tokens.word(at) != piece:
            return 0
        at += 1
    return at


def _by_region(tokens: Tokens, at: int, past: int) -> Plate | None:
    """A plate without a label: ``8QWX214 (CA)``, ``38AB517 AL``, ``MO CF7 K2M``, ``IN/ TKR482``."""
    word = tokens.words[at]
    low, high = tokens.sentence(at)
    if word in {"(", "/"}:
        return None
    found = _region_at(tokens, at, is_bracketed=tokens.word(at + 1) in {"/", ")"})
    if not found or found[1] != at + 1 or not tokens.is_cased:
        return None
    code, end = found
    first = end + (tokens.word(end) in {"/", ":"})
    candidate = _candidate(tokens, first, high, is_partial=False)
    if candidate and _is_mixed(candidate[1]) and tokens.word(end) not in {"-"} and not _is_road(tokens, at, candidate):
        return Plate(first=first, end=candidate[0], plate=fact(tokens, first, candidate[0], candidate[1]), region=fact(tokens, at, end, code), is_partial=False, is_denied=False, span=(at, candidate[0]))
    back = at - 1 - (tokens.word(at - 1) == "(")
    for size in (3, 2, 1):
        start = back - size + 1
        if start < max(low, past) or start < 0:
            continue
        candidate = _candidate(tokens, start, back + 1, is_partial=False)
        if candidate and candidate[0] == back + 1 and _is_mixed(candidate[1]) and not _is_road(tokens, start - 1, candidate):
            return Plate(first=start, end=end, plate=fact(tokens, start, back + 1, candidate[1]), region=fact(tokens, at, end, code), is_partial=False, is_denied=False, span=(start, end))
    return None


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and len(value) >= 5


def _is_road(tokens: Tokens, at: int, candidate: tuple[int, str, bool]) -> bool:
    """Whether it is a road (``TX FM 1960``) or an address."""
    return candidate[1].startswith(("FM", "SR", "SH", "US", "CR", "RM", "HWY", "RTE", "EXIT", "ZIP", "MM")) or candidate[1][0] == "I" and candidate[1][1:].isdigit()

"""Licence plates. A wrong plate is worse than none: a plate needs a label or a state's code beside it, a digit, and a place in
the text that says nothing against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from capgateway.cards.extract import regions
from capgateway.cards.extract.common import COMMON
from capgateway.cards.extract.fact import Fact, fact
from capgateway.cards.extract.words import BODIES, COLORS, DAYS, MONTHS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

SHORTEST, LONGEST = 4, 8
"""Characters of a complete plate. Personalised plates of one to three exist, and are too like other things."""
LONGEST_GROUP = 7
REACH = 12
"""Tokens between a label and its plate: "license plate number is believed to be: Texas ABC 1234"."""

LABELS = frozenset(
    "placard placards license licence plate plates lic lp lis tag tags registration registered reg plaq plaque plaques immatricule immatriculee immatricules immatriculees immatriculation "
    "placa placas tablilla tablillas matricula matriculas patente pl lps marker markers permit".split()
)
BEFORE_LABEL = frozenset(
    "historic antique classic disability ev motorcycle farm conservation university disabled-veteran license licence lic vehicle temporary temp paper dealer number veh commercial exempt collector apportioned handicap handicapped disabled veteran "
    "vanity personalized personalised specialty temporaire temporal taxi livery rear front government partial".split()
)
LINKS = frozenset(
    ". : # , ( ) / - \" ' ... ⋯ no nos num number numbers numero nbr is w unk unknown but thought was are of reads reading read bearing displaying with the following a an as l "
    "believed to be may possibly possible tag tags plate plates license licence temp temporary paper dealer from out state registration d de du des la le au "
    "en del n est aux immatriculation numeros portant es son con that listed which registered las los les solo se alcanzan alcanza leer lire leen papel papier carton confirmed now updated correct corrected actually "
    "vanity personalized partial custom = temporal temporales temporaire provisional commercial exempt state estado province marked".split()
) | {"<", ">", "no."}
#: Words that a plate is never made of, or that end one.
WORDS = frozenset(
    "par a i o u y e in on at or and is was the of to by it if as an be do go he she no not my we us up so for with from has had may can any all new old last seen car "
    "van suv cab bus see who out off two one six ten red tan blk wht sil gry blu grn call dial near east west nb sb eb wb est et le la les un une du de des en au "
    "aux ou il qui que sur est el los las una con por del al se su es y o si mas rue ave av st rd dr hwy unk unknown none n/a na tx lic lp ext "
    "age mph lbs lb kg cm ft am pm hrs hr th nd block exit mile near area via que lui son ses aka pd".split()
)
NOT = frozenset(
    "not instead previously earlier incorrect incorrectly erroneous erroneously original originally former formerly old wrong wrongly plutot auparavant errone erronee "
    "anterior antes incorrecta incorrecto equivocada initially disregard prior previous ignore".split()
)
PARTIAL = frozenset(
    "part partie parte partial partially beginning begins starting starts starting ending ends containing contains first last includes including partielle partiel partiellement "
    "ends begin start end letters digits characters letras digitos lettres chiffres commencant commence debutant terminant finissant parcial empieza comienza comenzando termina terminando incluye contiene fragment".split()
)

WRONG = frozenset(
    "incorrect wrong error erroneous mistaken mistake unrelated discarded swapped outdated retracted withdrawn removed errone erronee incorrecta incorrecto equivocada".split()
)
BESIDE_PARTIAL = frozenset("characters letters digits numbers three four two 3 4 2 par con in are by que".split())
CORRECT = frozenset(
    "correct corrected correction actually should updated right now correcte corrige corrigee correcta correctas corregida corregidas corregido".split()
)


TRIGGERS = LABELS | frozenset([*regions.CODES, *regions.BY_FIRST, "("])


class Plate:
    """A plate at tokens ``first`` to before ``end``; ``span`` includes the label and the region. ``is_denied`` where the text says
    that it is not this one."""

    __slots__ = ("end", "first", "is_correction", "is_denied", "is_partial", "plate", "region", "span")

    def __init__(
        self,
        *,
        first: int,
        end: int,
        plate: Fact | None,
        region: Fact | None,
        is_partial: bool,
        is_denied: bool,
        span: tuple[int, int],
        is_correction: bool = False,
    ) -> None:
        self.is_correction = is_correction
        self.first, self.end, self.plate, self.region = first, end, plate, region
        self.is_partial, self.is_denied, self.span = is_partial, is_denied, span


def plates(tokens: Tokens, models: frozenset[int] = frozenset(), ends: frozenset[int] = frozenset()) -> list[Plate]:
    """Each plate of a text, and each mention of whose plates a vehicle has, in order. ``models`` are the tokens of models of
    vehicles (``RX 350``), which are no plates; ``ends`` the tokens right after a vehicle."""
    found: list[Plate] = []
    past = 0
    for at in tokens.places(TRIGGERS):
        if at < past:
            continue
        word = tokens.words[at]
        one = None
        if word in LABELS and _is_label(tokens, at):
            one = _labelled(tokens, at, past, models)
        elif word == "(":
            one = _in_brackets(tokens, at) if at in ends else None
        elif word in regions.CODES or word in regions.BY_FIRST:
            one = _by_region(tokens, at, past, models, ends)
        if one is not None:
            found.append(one)
            past = max(one.end, at + 1)
            if one.is_denied and (instead := _instead(tokens, one)) is not None:
                found.append(instead)
                past = instead.end
    return found


def _instead(tokens: Tokens, denied: Plate) -> Plate | None:
    """``not GBX4471 but GBX4417``"""
    at = denied.end + (tokens.word(denied.end) == ",")
    for place in range(at, min(at + 6, tokens.sentence(denied.first)[1])):
        if tokens.words[place] in REPLACED and tokens.word(place + 1) in {"with", "by", "par", "por"}:
            at = place + 2
            break
    else:
        if tokens.word(at) not in {"but", "mais", "sino", "it", "rather"}:
            return None
        at += 1
    while tokens.word(at) in {"is", "rather", "it", "s", "'", "que", "es", "the"}:
        at += 1
    candidate = _candidate(tokens, at, tokens.sentence(denied.first)[1], is_partial=False)
    if candidate is None:
        return None
    return Plate(
        first=at,
        end=candidate[0],
        plate=fact(tokens, at, candidate[0], candidate[1]),
        region=None,
        is_partial=False,
        is_denied=False,
        span=(at, candidate[0]),
        is_correction=True,
    )


def _is_label(tokens: Tokens, at: int) -> bool:
    word = tokens.words[at]
    if word in {"reg", "pl", "lis", "tag", "tags", "registration"}:
        after = tokens.word(at + 1)
        return (
            word in {"tag", "tags", "registration"}
            and tokens.word(at + 1) not in {"team", "along"}
            or after in {":", "#", "/", "."}
            or after in {"plate", "number", "no"}
            or (tokens.word(at - 1) in regions.CODES and tokens.slice(at - 1, at).isupper() and word in {"reg", "lis"})
        )
    if word == "registered":
        return "as" in tokens.words[at + 1 : at + 6]
    if word == "permit":
        return tokens.word(at - 1) in {"temporary", "temp", "paper", "transit", "trip"}
    if word in {"marker", "markers"}:
        return tokens.word(at - 1) not in {"mile", "mi", "km", "highway", "exit"}
    if word in {"license", "licence"}:
        return tokens.word(at - 1) not in {"s", "driver", "drivers"} and tokens.word(at + 1) not in {
            "plate",
            "plates",
            "lic",
            "tag",
        }
    return not (word in {"plate", "plates"} and tokens.word(at + 1) in {"glass", "tectonics"})


BOATS = frozenset(
    "boat skiff pontoon vessel yacht trailer camper trailers remorque remolque bateau bote lancha".split()
)


def _labelled(tokens: Tokens, label: int, past: int, models: frozenset[int]) -> Plate | None:
    low, high = tokens.sentence(label)
    if not BOATS.isdisjoint(tokens.words[max(low, label - 6) : label]):
        return None  # not the car's
    low = max(low, past)
    high = min(_stretched(tokens, high), label + REACH * 2)
    first_label = label
    while (
        first_label - 1 >= low
        and tokens.words[first_label - 1] in BEFORE_LABEL | {"'", "s"}
        and label - first_label < 4
    ):
        first_label -= 1
    region = _region_before(tokens, first_label, low, models)
    if quoted := _quoted_before(tokens, first_label, low):
        return quoted
    partial = _has(tokens, max(low, first_label - 4), label, PARTIAL - {"first", "last"})
    at = label + 1
    is_quoted = is_fancy = False
    while at < high and at - label <= REACH:
        word = tokens.words[at]
        after = _region_at(tokens, at)
        is_code = bool(after) and after is not None and after[1] == at + 1 and len(word) == 2
        if after and not _starts_plate(tokens, at, is_region=True) and not (is_code and region is not None):
            region = region or fact(tokens, at, after[1], after[0])
            at = after[1]
            continue
        if (
            region is None
            and not after
            and word in regions.CODES
            and _is_whole(_candidate(tokens, at + 1, high, is_partial=False))
        ):
            region = fact(tokens, at, at + 1, regions.CODES[word])  # also where capitals mean nothing: LIC OH HGT 4410
            at += 1
            continue
        candidate = _candidate(tokens, at, high, is_partial=partial, is_quoted=is_quoted)
        if candidate and (not is_fancy or (_is_whole(candidate) and candidate[0] - at == FANCY_TOKENS)):
            if tokens.word(candidate[0]) in {"or", "ou", "o"} and _candidate(
                tokens, candidate[0] + 1, high, is_partial=partial
            ):
                return None  # two are too many
            return _made(tokens, label, first_label, at, candidate, region, partial, low)
        if word in PARTIAL or word in BESIDE_PARTIAL and partial:
            partial = True
        elif word in {"and", "et", "y"} and tokens.word(at + 1) in PARTIAL:
            pass
        elif word == "type" and len(tokens.word(at + 1)) == 1:
            at += 1
        elif word in {'"', "'"}:
            is_quoted = True
        elif word == "in" and tokens.words[label] == "registered":
            pass  # registered in New Brunswick as JSD 902
        elif word not in LINKS and word not in NOT and word not in CORRECT:
            is_first = tokens.word(at - 1) == ":" or is_fancy
            if (
                at - label <= FANCY
                and tokens.is_cased
                and is_first
                and len(word) > FANCY
                and tokens.slice(at, at + 1).istitle()
            ):
                at += 1  # Oklahoma Tag: Purple Heart PH 3318
                is_fancy = True
                continue
            far = _said_later(tokens, at, min(high, label + FAR))
            if far is not None and not partial:
                return _made(tokens, label, first_label, far[0], far[1], region, partial, low)
            break
        at += 1
    if region is not None and not _has(tokens, max(low, first_label - 3), label, frozenset(["no", "without", "not"])):
        return Plate(
            first=label,
            end=max(label + 1, min(at, high)),
            plate=None,
            region=region,
            is_partial=False,
            is_denied=False,
            span=(first_label, label + 1),
        )
    return None


FANCY, FANCY_TOKENS = 3, 2
"""Tokens after a label in which the name of a special plate may stand, and tokens of the plate after it."""


def _quoted_before(tokens: Tokens, label: int, low: int) -> Plate | None:
    """``VA "NICOSMOM" plates``"""
    if label - 3 < low or tokens.words[label - 1] != '"' or tokens.words[label - 3] != '"':
        return None
    at = label - 2
    value = tokens.words[at].upper()
    if not (SHORTEST <= len(value) <= LONGEST and value.isalnum() and tokens.slice(at, label - 1).isupper()):
        return None
    region = _region_before(tokens, at - 1, low)
    return Plate(
        first=at,
        end=label + 1,
        plate=fact(tokens, at, at + 1, value),
        region=region,
        is_partial=False,
        is_denied=False,
        span=(at - 1, label + 1),
    )


def _said_later(tokens: Tokens, at: int, high: int) -> tuple[int, tuple[int, str, bool]] | None:
    """``The plate on the truck is KLM 4471``: a whole plate right after a verb, where only the vehicle is in between."""
    for place in range(at, high):
        word = tokens.words[place]
        if word in CLAUSE_ENDS or word in LABELS or word in NOT:
            return None
        if word in SAYS and _is_whole(candidate := _candidate(tokens, place + 1, high + REACH, is_partial=False)):
            return (place + 1, candidate) if candidate else None
    return None


SAYS = frozenset("is reads read est es are".split())
CLAUSE_ENDS = frozenset(". ; ( ) and or but who et mais y pero".split())
FAR = 14
"""Tokens between a label and the verb before its plate, with the whole description of a vehicle between them."""


def _is_whole(candidate: tuple[int, str, bool] | None) -> bool:
    return candidate is not None and _is_mixed(candidate[1]) and not candidate[2]


def _stretched(tokens: Tokens, high: int) -> int:
    """Where a sentence that seems to end after "No." or inside a spelled plate really ends."""
    while (
        high < len(tokens)
        and high >= 2
        and len(tokens.words[high - 2]) <= 2
        and len(tokens.words[high]) == 1
        and tokens.words[high].isalnum()
    ):
        _, high = tokens.sentence(high)
    return high


def _made(
    tokens: Tokens,
    label: int,
    first_label: int,
    at: int,
    candidate: tuple[int, str, bool],
    region: Fact | None,
    partial: bool,
    low: int,
) -> Plate:
    end, value, has_gap = candidate
    after = _region_after(tokens, end)
    stop = end
    if after and region is not None and region.value != after[2] and region.text == tokens.slice(at - 1, at):
        # the code before belongs to the plate: "AB 44 721 (Ontario)"
        at, value, region = at - 1, (region.text + value).upper(), None
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
        is_correction=not denied and _has(tokens, max(low, first_label - 6), at, CORRECT),
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
    return _is_called_wrong(tokens, at) or _is_replaced(tokens, at)


def _is_replaced(tokens: Tokens, at: int) -> bool:
    """``Its original plate, FGH 3321, has been replaced with LMN 5520``"""
    rest = tokens.words[at : min(tokens.sentence(at)[1], at + 9 + 4)]
    return bool((REPLACED | {"cleared", "impounded", "abandoned"}) & set(rest)) and bool(
        {"been", "was", "were", "ete", "fue"} & set(rest)
    )


REPLACED = frozenset("recovered replaced swapped exchanged removed remplacee reemplazada".split())


def _is_called_wrong(tokens: Tokens, at: int) -> bool:
    """``… ABC 1234 was incorrect``; ``… ABC 1234. That plate was wrong.``"""
    _, high = tokens.sentence(at)
    rest = tokens.words[at : min(high, at + 16)]
    for place, word in enumerate(rest):
        if word in WRONG and {"is", "was", "were", "are", "been", "in", "est", "etait", "es", "era"} & set(
            rest[max(0, place - 3) : place]
        ):
            return True
    following = tokens.words[high : high + 10]
    is_about_it = bool({"plate", "number", "that", "it", "this", "plaque", "placa"} & set(following[:3]))
    return is_about_it and bool(WRONG & set(following))


def _has(tokens: Tokens, first: int, end: int, words: frozenset[str]) -> bool:
    return any(word in words for word in tokens.words[first:end])


def _starts_plate(tokens: Tokens, at: int, *, is_region: bool) -> bool:
    """Whether a region's code is the first group of a plate instead: ``AL85260``, ``AK 41822`` after an Arizona label."""
    nxt = tokens.word(at + 1)
    if not nxt:
        return False
    if nxt.isdigit() and tokens.gaps[at + 1] == "" and len(tokens.words[at]) <= 3:
        return True
    return (
        tokens.word(at + 1) == "-"
        and tokens.gaps[at + 1] == ""
        and tokens.word(at + 2).isdigit()
        and tokens.gaps[at + 2] == ""
    )


def _candidate(
    tokens: Tokens, at: int, high: int, *, is_partial: bool, is_quoted: bool = False
) -> tuple[int, str, bool] | None:
    """A plate that begins here: where it ends, its characters, and whether some of them are unknown."""
    spelled = _spelled(tokens, at, shortest=2 if is_partial else 5)
    if spelled:
        return spelled
    groups, end, has_gap = _groups(tokens, at, high)
    if tokens.word(end) in PHONETIC and _said(tokens, end - 1) and not (tokens.is_cased and not tokens.capital[end]):
        return None  # it goes on in words
    value = "".join(groups).upper()
    if not value or _goes_on_after(tokens, end):
        return None
    has_digit = any(map(str.isdigit, value))
    if is_partial:
        is_plain = value.isalpha() and not (
            _is_written_in_capitals(tokens, at, end) or (not tokens.is_cased and value.lower() not in COMMON)
        )
        return (
            (end, value, has_gap) if 2 <= len(value) <= LONGEST and not is_plain and not _is_unit(tokens, end) else None
        )
    if _is_vanity(tokens, at, end):
        return end, value, has_gap
    if is_quoted and value.isalpha() and 3 <= len(value) <= LONGEST and tokens.word(end) in {'"', "'"}:
        return end, value, has_gap
    if has_gap:
        return (end, value, True) if len(value) >= 2 and has_digit else None
    if _says_partial(tokens, end) and has_digit and len(value) >= 2:
        return end, value, True
    if not SHORTEST <= len(value) <= LONGEST + (tokens.word(end - 2) == "-") or not has_digit or _is_unit(tokens, end):
        return None
    if value.isdigit() and (_is_phone(tokens, at, end) or _is_year(value)):
        return None
    if _is_single(tokens, end):
        return None  # it may go on
    return end, value, has_gap


def _is_vanity(tokens: Tokens, at: int, end: int) -> bool:
    """``Indiana plate OLDIE.``: letters alone, in capitals in a text that is not, right after the label."""
    return (
        end == at + 1
        and tokens.is_cased
        and 5 <= len(tokens.words[at]) < LONGEST
        and tokens.words[at].isalpha()
        and tokens.slice(at, end).isupper()
        and tokens.word(at - 1) in LABELS | {":", "reads", "reading"}
        and tokens.words[at] not in COMMON
        and _ends_clause(tokens, end)
    )


def _is_single(tokens: Tokens, at: int) -> bool:
    """Whether one character follows that may be the plate's last."""
    word = tokens.word(at)
    return (
        len(word) == 1
        and word.isalnum()
        and (word.isdigit() or tokens.slice(at, at + 1).isupper())
        and word not in {"a", "i", "y", "o"}
    )


def _says_partial(tokens: Tokens, end: int) -> bool:
    """``417, last digits missing``; ``8LZ PARTIAL``."""
    words = tokens.words[end : min(end + 6, tokens.sentence(end - 1)[1])]
    return "partial" in words[:2] or (
        bool({"last", "rest", "remaining", "remainder"} & set(words)) and bool({"missing", "unknown"} & set(words))
    )


def _goes_on_after(tokens: Tokens, end: int) -> bool:
    """Whether characters follow without a space, so that the plate would be cut off."""
    nxt = end + (tokens.word(end) in {"-", ".", "/", "*"})
    return (
        nxt < len(tokens)
        and nxt > end
        and tokens.gaps[end] == ""
        and tokens.gaps[nxt] == ""
        and tokens.words[nxt].isalnum()
        and tokens.word(end) != "/"
    )


def _groups(tokens: Tokens, at: int, high: int) -> tuple[list[str], int, bool]:
    groups: list[str] = []
    end, has_gap, place, is_tight = at, False, at, False
    while place < min(high, len(tokens)):
        stop, text, gap = _group(tokens, place, len(tokens))
        if not text or not _fits(groups, text, tokens, place, stop, is_tight=is_tight):
            break
        groups.append(text)
        has_gap |= gap
        place = end = stop
        is_tight = False
        if (
            (tokens.word(place) in {"-", ".", "·", "•"} or (tokens.word(place) == "/" and _is_county(groups)))
            and place + 1 < len(tokens)
            and tokens.gaps[place] == ""
            and tokens.gaps[place + 1] == ""
            and tokens.words[place + 1].isalnum()
        ):
            place += 1
            is_tight = True
    return groups, end, has_gap


def _is_county(groups: list[str]) -> bool:
    """``1B/K6620``: the county first, as in Idaho."""
    return len(groups) == 1 and len(groups[0]) == 2 and groups[0][0].isdigit() and groups[0][1].isalpha()


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


def _is_lower(tokens: Tokens, at: int, stop: int, text: str, groups: list[str]) -> bool:
    """Whether it is a group in small letters all the same: ``plate 884 bqc``, ``tag bkx-4471``."""
    if not tokens.slice(at, stop).islower() or _is_word(tokens, at):
        return False
    if text.isalpha() and (text in COMMON or len(text) > len("abc")):
        return False
    has_digits = any(map(str.isdigit, "".join(groups) + text))
    if groups:
        return has_digits and (not text.isalpha() or len(text) > 1)
    is_next_digits = tokens.word(stop + (tokens.word(stop) == "-")).isdigit()
    return (has_digits or is_next_digits) and _introduces(tokens, at - 1)


def _introduces(tokens: Tokens, at: int) -> bool:
    """Whether a plate comes right after: a label, the name of a state, or a word between a label and its plate."""
    word = tokens.word(at)
    is_label = word in LABELS or word in {"is", ":", "/", "number", "#", "est", "es"}
    return is_label or word in regions.CODES or any(key[-1] == word for key in regions.NAMES)


def _fits(groups: list[str], text: str, tokens: Tokens, at: int, stop: int, *, is_tight: bool) -> bool:
    """Whether a group belongs to the plate that the groups before it began."""
    total = sum(map(len, groups))
    if (
        tokens.is_cased
        and not text.isdigit()
        and not tokens.slice(at, stop).isupper()
        and not _is_lower(tokens, at, stop, text, groups)
    ):
        return False  # where capitals mean something, a plate is written in them
    if not groups:
        return _may_open(tokens, at, stop, text)
    if total + len(text) > LONGEST + is_tight:
        return False
    if is_tight:
        return True
    if _ends_plate(tokens, at, stop, groups):
        return True
    if text.isalpha() and (_is_plain(tokens, at, stop, groups) or (text in regions.CODES and total >= 5)):
        return False
    if text.isdigit() and (
        _is_unit(tokens, stop)
        or (tokens.word(stop) in {"-", ":", "/"} and tokens.gaps[stop] == "")
        or _is_year(text)
        and total > 3
    ):
        return False
    first, last = groups[0], groups[-1]
    if text.isalpha() and last.isalpha():
        return total <= 2
    if len(groups) == 1:
        return len(first) <= 4 or (first.isalpha() and len(text) <= 2)
    return total <= 4 or len(first) == 1 or (len(text) == 1 and _ends_clause(tokens, stop))


def _ends_plate(tokens: Tokens, at: int, stop: int, groups: list[str]) -> bool:
    """``TK 441 ZZ``, ``72 XPL B``: a third group that ends the clause."""
    text = tokens.words[at]
    return (
        len(groups) == 2
        and text.isalpha()
        and len(text) <= 3
        and _ends_clause(tokens, stop)
        and text not in {"a", "i"}
        and text not in regions.CODES
        and not _is_word(tokens, at)
        and (tokens.is_cased or text not in COMMON)
        and any(map(str.isdigit, groups[0] + groups[1]))
    )


def _is_plain(tokens: Tokens, at: int, stop: int, groups: list[str]) -> bool:
    """Whether letters are a word rather than a group of a plate: not ``CM`` between numbers, not ``19 BHKZ``."""
    text = tokens.words[at]
    before = groups[-1]
    if len(text) == 2 and text in {"cm", "kg", "lb", "mi", "ft", "km", "ld", "nd", "st"}:
        after = tokens.word(stop)
        return not (before.isdigit() and len(before) < 3 and after.isdigit() and len(after) > 2)
    if len(text) == 4 and len(groups) == 1 and before.isdigit() and len(before) < 3:
        return _is_word(tokens, at) or text in COMMON or not _ends_clause(tokens, stop)
    return _is_word(tokens, at) or len(text) > 3


def _may_open(tokens: Tokens, at: int, stop: int, text: str) -> bool:
    """Whether a plate may begin with this group. A word that is also a code (``BRN``) may only where digits follow."""
    if len(text) > LONGEST:
        return False
    if not text.isalpha() or len(text) == 1:
        return len(text) > 1 or text not in {"y", "o", "u"}
    if len(text) > 4:
        return (
            (tokens.is_cased and tokens.slice(at, stop).isupper() and tokens.word(stop).isdigit())
            or tokens.word(stop) in {'"', "'"}
            or _is_vanity(tokens, at, stop)
        )
    is_tight = (
        tokens.word(stop) == "-"
        and tokens.gaps[stop] == ""
        and tokens.word(stop + 1).isdigit()
        and tokens.gaps[stop + 1] == ""
    )
    if not _is_word(tokens, at) or (
        is_tight and len(text) <= len("AVE") and len(tokens.word(stop + 1)) > 2 and tokens.is_cased
    ):
        return True
    after = tokens.word(stop)
    if text in ARTICLES and tokens.is_cased and tokens.language[:2] == "en" and tokens.word(at - 1) in LABELS:
        return tokens.slice(at, stop).isupper() and after.isdigit() and len(after) > 1
    if text == "pl":
        return after.isdigit() and len(after) > 2 and tokens.word(at - 1) in {"is", ":", "est", "es"}
    return len(text) == 3 and text in COLORS and text not in {"red", "tan"} and after.isdigit() and not _is_year(after)


ARTICLES = frozenset("el los las le les un una en et du se su al il ou es".split())
"""Words of other languages that begin English plates: ``Illinois plates EL 40 771``."""


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.startswith(("19", "20"))


CLOSES = frozenset(". , ; ) ! call dial faites composez appelez reporte llame marque".split()) | {""}


def _ends_clause(tokens: Tokens, at: int) -> bool:
    return tokens.word(at) in CLOSES or tokens.sentence(at)[0] == at


def _is_word(tokens: Tokens, at: int) -> bool:
    word = tokens.word(at)
    return word in WORDS or word in COLORS or word in BODIES or word in MONTHS or word in DAYS or word in LABELS


def _is_written_in_capitals(tokens: Tokens, at: int, end: int) -> bool:
    return tokens.slice(at, end).isupper() and tokens.is_cased


def _is_unit(tokens: Tokens, end: int) -> bool:
    """Whether the number is an age, a distance or a time after all: ``21 ans``, ``I 35 miles``."""
    return tokens.word(end) in {
        "ans",
        "anos",
        "years",
        "year",
        "yrs",
        "miles",
        "mile",
        "mph",
        "hours",
        "hrs",
        "am",
        "pm",
        "block",
        "lbs",
        "pounds",
        "km",
        "minutes",
    }


def _is_phone(tokens: Tokens, at: int, end: int) -> bool:
    return tokens.word(end) == "-" and tokens.word(end + 1).isdigit()


SPOKEN_DASHES = frozenset("dash hyphen space tiret guion espacio espace".split())


def _is_in_group(tokens: Tokens, at: int) -> bool:
    """Whether more characters follow without a space: the ``8`` of ``8SXP229``."""
    return (
        at + 1 < len(tokens)
        and tokens.gaps[at + 1] == ""
        and len(tokens.words[at + 1]) > 1
        and tokens.words[at + 1].isalnum()
    )


def _said(tokens: Tokens, at: int) -> str:
    """The character that a token stands for: itself, or the first letter of ``Sam``, ``Xray``, ``Bravo``, the digit of ``niner``."""
    word = tokens.word(at)
    return word if len(word) == 1 and word.isalnum() else PHONETIC.get(word, "")


PHONETIC = (
    {
        word: word[0]
        for word in "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu "
        "adam boy charles david edward frank george henry ida john king lincoln mary nora ocean paul queen robert sam tom union william young zebra".split()
    }
    | {word: str(value) for value, word in enumerate("zero one two three four five six seven eight nine".split())}
    | {"niner": "9"}
)
"""How a plate is read out over the air: the alphabets of NATO and of the American police, and digits in words."""


def _spelled(tokens: Tokens, at: int, *, shortest: int) -> tuple[int, str, bool] | None:
    """A plate spelled out: ``Q. T. V. A. 1. 9.``, ``1 K. D. 4 4 7`` or ``8 Sam Xray Paul 2 2 9``."""
    letters: list[str] = []
    end, place, is_spoken = at, at, False
    while place < len(tokens) and len(letters) < LONGEST:
        said = _said(tokens, place)
        if not said and is_spoken and tokens.words[place].isdigit() and len(tokens.words[place]) < LONGEST_GROUP:
            said = tokens.words[place]
        if not said or (len(tokens.words[place]) == 1 and _is_in_group(tokens, place)):
            break
        is_spoken |= len(tokens.words[place]) > 1
        letters.append(said)
        end = place = place + 1
        dash = place + (tokens.word(place) == ".")
        if tokens.word(dash) in SPOKEN_DASHES and len(tokens.word(dash + 1)) == 1:
            place = dash + 1
            continue
        is_dots = tokens.word(place) == "," and place in tokens.dots
        if tokens.word(place) in {".", "-", ","} and (tokens.gaps[place] == "" or is_dots):
            place += 1
            if tokens.words[place : place + 3] == ["9", "1", "1"]:
                break
    value = "".join(letters).upper()
    if len(value) < shortest or len(letters) < 2:
        return None
    if shortest > 2 and not (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
        return None
    return end, value, False


def _region_before(tokens: Tokens, at: int, low: int, models: frozenset[int] = frozenset()) -> Fact | None:
    """The state written before a label: ``Georgia license plate``, ``TX LP``, ``NY state plates``."""
    place = at - 1
    while (
        place >= low
        and (
            tokens.words[place] in {"state", "(", ")", "-", "/", ",", "'", "s", "has", "valid", "."}
            or tokens.words[place] in BEFORE_LABEL
            or tokens.words[place] in COLORS
        )
        and at - place < 5
    ):
        if (tokens.words[place] == "," and place != at - 1) or (
            tokens.words[place] == "."
            and tokens.word(place - 2) != "."
            and tokens.word(place - 1) not in regions.DOTTED
        ):
            return None
        place -= 1
    if place < low:
        return None
    for size in (4, 3, 2, 1):
        first = place - size + 1
        if first >= low and first not in models and (found := _region_at(tokens, first)) and found[1] - place in {1, 2}:
            is_one_of_two = tokens.word(first - 1) in {"or", "ou", "o"} and _region_at(tokens, first - 2)
            return None if is_one_of_two else fact(tokens, first, found[1], found[0])
    return None


def _region_after(tokens: Tokens, at: int) -> tuple[int, int, str] | None:
    """The state written after a plate: ``(CA)``, ``, TX``, ``AL``, ``(Québec)``, ``of Texas``."""
    at += tokens.word(at) == '"' and tokens.word(at + 1) == "("
    place = at
    if tokens.word(place) in {"(", ",", "/", "-"}:
        place += 1
    while place - at < 4 and (
        tokens.word(place)
        in {"from", "out", "of", "de", "du", "del", "la", "estado", "state", "the", "d", "l", "'", "au", "province"}
        or (tokens.word(place) == ":" and tokens.word(place - 1) in {"state", "estado", "province"})
    ):
        place += 1
        if tokens.word(place - 1) == ":":
            break  # State: LA
    found = _region_at(tokens, place, is_bracketed=tokens.word(at) in {"(", "/"})
    if not found:
        return None
    code, end = found
    if tokens.word(at) != "(" and tokens.word(end) in {
        "license",
        "licence",
        "plate",
        "plates",
        "lic",
        "police",
        "state",
        "highway",
        "-",
        "department",
        "street",
        "avenue",
        "st",
        "ave",
    }:
        return None
    if (
        place == at
        and len(tokens.words[at]) > 2
        and tokens.word(end) not in {"", ".", ",", ")", ";", "plate", "plates"}
    ):
        return None
    return place, end, code


def _region_at(tokens: Tokens, at: int, *, is_bracketed: bool = False) -> tuple[str, int] | None:
    """The state that is named at a token, and where its name ends. A code of two letters counts in capitals only."""
    word = tokens.word(at)
    if not word:
        return None
    if len(word) == 1 and (dotted := _dotted(tokens, at)):
        return dotted
    if word == "n" and tokens.slice(at, min(at + 4, len(tokens))).upper().startswith(("N.-B", "N.-É", "N.-E")):
        return ("CA-NB" if tokens.word(at + 3) == "b" else "CA-NS"), at + 5 if tokens.word(at + 4) == "." else at + 4
    for key in regions.BY_FIRST.get(word, ()):
        end = _region_end(tokens, at, key)
        if (
            end
            and tokens.word(at - 1) not in regions.NOT_BEFORE
            and not (key[0] in regions.SHORT and len(key) == 1 and not (tokens.is_cased and tokens.capital[at]))
        ):
            return regions.NAMES[key], end
    code = regions.CODES.get(word)
    if (
        code
        and word in regions.WORDS
        and tokens.word(at + 1) in {"a", "an", "the", "un", "une", "una", "su", "his", "her"}
    ):
        return None
    if code and tokens.slice(at, at + 1).isupper():
        if (
            word in regions.WORDS
            and not tokens.is_cased
            and not is_bracketed
            and tokens.word(at + 1) not in {"plate", "plates", "lic", "license", "licence", "lp", "tag", "/"}
        ):
            return None
        return code, at + 1
    return None


def region_named(tokens: Tokens) -> str | None:
    """The state that a whole text names, such as ``Texas`` or ``tx``."""
    found = _region_at(tokens, 0)
    return found[0] if found else regions.CODES.get(tokens.words[0])


def _dotted(tokens: Tokens, at: int) -> tuple[str, int] | None:
    """``B.C.``, ``N.Y.``"""
    if (
        tokens.word(at + 1) == "."
        and len(tokens.word(at + 2)) == 1
        and tokens.word(at + 3) == "."
        and tokens.gaps[at + 1] == tokens.gaps[at + 2] == tokens.gaps[at + 3] == ""
    ):
        code = regions.CODES.get(tokens.words[at] + tokens.words[at + 2])
        return (code, at + 4) if code and tokens.capital[at] else None
    return None


def _region_end(tokens: Tokens, at: int, key: tuple[str, ...]) -> int:
    for piece in key:
        if tokens.word(at) in {"-", "'", "."}:
            at += 1
        if tokens.word(at) != piece:
            return 0
        at += 1
    return at


def _by_region(tokens: Tokens, at: int, past: int, models: frozenset[int], ends: frozenset[int]) -> Plate | None:
    """A plate without a label: ``8QWX214 (CA)``, ``38AB517 AL``, ``MO CF7 K2M``, ``IN/ TKR482``, ``Manitoba KTR 902``."""
    low, high = tokens.sentence(at)
    is_beside = at in ends or (tokens.word(at - 1) in BEARING | {","} and at - 1 in ends)
    if tokens.word(at - 1) in BOATS or tokens.word(at - 1 - (tokens.word(at - 1) == "(")) in BOATS:
        return None
    found = _region_at(tokens, at, is_bracketed=tokens.word(at + 1) in {"/", ")"} or is_beside)
    if not found or (not tokens.is_cased and tokens.words[at] in regions.WORDS and not is_beside):
        return None
    code, end = found
    if tokens.word(end) in LABELS or tokens.word(end) in BEFORE_LABEL:
        return None
    first = end + (tokens.word(end) in {"/", ":"} or (tokens.word(end) == "," and tokens.word(at - 1) in BEARING))
    candidate = _candidate(tokens, first, high, is_partial=False)
    if (
        candidate
        and (
            _is_mixed(candidate[1], SHORTEST if is_beside and _ends_clause(tokens, candidate[0]) else SHORTEST + 1)
            or candidate[2]
            or (is_beside and _is_hyphened(tokens, first, candidate[0]))
            or (
                is_beside
                and candidate[1].isdigit()
                and len(candidate[1]) in {6, 7}
                and _ends_clause(tokens, candidate[0])
            )
        )
        and tokens.word(end) != "-"
        and not _is_road(candidate)
        and first not in models
    ):
        return Plate(
            first=first,
            end=candidate[0],
            plate=fact(tokens, first, candidate[0], candidate[1]),
            region=fact(tokens, at, end, code),
            is_partial=candidate[2],
            is_denied=False,
            span=(at, candidate[0]),
        )
    if end > at + 1:
        return None
    back = at - 1 - (tokens.word(at - 1) in {"(", ","})
    for size in (3, 2, 1):
        start = back - size + 1
        if start < max(low, past) or start < 0 or start in models:
            continue
        candidate = _candidate(tokens, start, back + 1, is_partial=False)
        if (
            candidate
            and candidate[0] == back + 1
            and _is_mixed(candidate[1])
            and not _is_road(candidate)
            and back not in models
        ):
            return Plate(
                first=start,
                end=end,
                plate=fact(tokens, start, back + 1, candidate[1]),
                region=fact(tokens, at, end, code),
                is_partial=False,
                is_denied=False,
                span=(start, end),
            )
    return None


def _in_brackets(tokens: Tokens, at: int) -> Plate | None:
    """``Toyota Tacoma rouge 2010 (FPN 3925)``: nothing else right after a vehicle looks like it."""
    candidate = _candidate(tokens, at + 1, tokens.sentence(at)[1], is_partial=False)
    if tokens.word(at - 1) in BOATS or candidate is None or candidate[2] or not _is_mixed(candidate[1], SHORTEST + 2):
        return None
    end, value, _ = candidate
    after = _region_after(tokens, end) if tokens.word(end) != ")" else None
    if tokens.word(after[1] if after else end) != ")":
        return None
    return Plate(
        first=at + 1,
        end=end,
        plate=fact(tokens, at + 1, end, value),
        region=fact(tokens, after[0], after[1], after[2]) if after else None,
        is_partial=False,
        is_denied=False,
        span=(at, after[1] if after else end),
    )


BEARING = frozenset("bearing displaying with w/".split())


def _is_hyphened(tokens: Tokens, first: int, end: int) -> bool:
    """``2-19044``: the county's number first, as in Wyoming and Montana."""
    return end - first == 3 and tokens.word(first + 1) == "-" and len(tokens.word(first)) <= 2


def _is_mixed(value: str, shortest: int = SHORTEST + 1) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and len(value) >= shortest


def _is_road(candidate: tuple[int, str, bool]) -> bool:
    """Whether it is a road (``TX FM 1960``) or an address."""
    return (
        candidate[1].startswith(("FM", "SR", "SH", "US", "CR", "RM", "HWY", "RTE", "EXIT", "ZIP", "MM"))
        or candidate[1][0] == "I"
        and candidate[1][1:].isdigit()
    )

"""Where and when somebody was last seen, and which way they went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.cues import labels
from capgateway.cards.extract.fact import Confidence, Fact, fact
from capgateway.cards.extract.measures import UNITS
from capgateway.cards.extract.names import STATES
from capgateway.cards.extract.regions import BY_FIRST, CODES, NAMES
from capgateway.cards.extract.words import DAY_PARTS, DAYS, MONTHS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

LONGEST_PLACE, LONGEST_TIME = 24, 16
#: In order of worth: what a text says first of these is where somebody was last seen.
_CUES: tuple[tuple[str, ...], ...] = (
    ("last", "seen"), ("last", "known", "location"), ("last", "known"), ("vu", "pour", "la", "derniere", "fois"), ("vue", "pour", "la", "derniere", "fois"), ("vus", "pour", "la", "derniere", "fois"), ("vues", "pour", "la", "derniere", "fois"),
    ("apercu",), ("apercue",), ("apercus",), ("visto", "por", "ultima", "vez"), ("vista", "por", "ultima", "vez"), ("vistos", "por", "ultima", "vez"), ("vistas", "por", "ultima", "vez"), ("por", "ultima", "vez"), ("derniere", "fois"), ("last", "heard", "from"),
    ("abducted",), ("kidnapped",), ("taken",), ("disappeared",), ("missing",), ("took", "place"), ("occurred",), ("happened",),
    ("enleve",), ("enlevee",), ("enleves",), ("enlevees",), ("disparu",), ("disparue",), ("secuestrado",), ("secuestrada",), ("secuestrados",), ("desaparecido",), ("desaparecida",), ("vu",), ("vue",), ("visto",), ("vista",), ("sustraido",), ("sustraida",), ("raptado",), ("raptada",),
    ("abduction",), ("incident",),
)  # fmt: skip
_BY_FIRST: dict[str, list[tuple[str, ...]]] = {}
for _cue in _CUES:
    _BY_FIRST.setdefault(_cue[0], []).append(_cue)
STRONG = frozenset([("last", "seen"), ("last", "known", "location"), ("last", "heard", "from")])
PREPOSITIONS = frozenset("in at on near from outside inside behind around leaving by off along a au aux dans sur pres en cerca desde frente the to".split())
INTO = frozenset("in at on near from outside inside behind around along leaving dans sur au aux en desde a pres cerca by".split())
SKIP = frozenset("the area of vicinity city town a an la le l ' el los las du de".split())
END = frozenset(
    ". ; ! ? ( ) | wearing with by who when after and driving accompanied was were is are may might believed if call heading headed toward towards traveling travelling "
    "he she they before while avec par qui et portant portait vers il elle con por quien y rumbo vestia vistiendo llevaba suspect child police she her his since where as being then "
    "in- possibly carrying contact walking riding entering boarding dont lorsque cuando se fue including getting".split()
)
PLACE_WORDS = frozenset(
    "block street st road rd avenue ave boulevard blvd lane ln drive dr highway hwy interstate parkway pkwy way court ct place circle trail route rue chemin boul autoroute calle avenida carretera "
    "county parish city town home house residence apartment school park hospital clinic store mall church restaurant hotel motel station airport lot parking daycare center centre "
    "intersection corner area mile marker exit mi township village beach market backyard yard bus playground library walmart".split()
)


class Seen:
    """The place, time and direction of one text, each with how good the words before it were."""

    def __init__(self) -> None:
        self.place: Fact | None = None
        self.time: Fact | None = None
        self.direction: Fact | None = None
        self._is_strong = False

    def read(self, tokens: Tokens, taken: bytearray) -> None:
        """One text; what an earlier one said stays."""
        for label in labels(tokens):
            if label.role == "seen" and self.place is None:
                self._labelled(tokens, label.end)
        for at, word in enumerate(tokens.words):
            for cue in _BY_FIRST.get(word, ()):
                if tuple(tokens.words[at : at + len(cue)]) == cue:
                    self._cue(tokens, at, cue, taken)
                    break
            if self.direction is None:
                self._heading(tokens, at)
        if self.place is None:
            self._wireless(tokens)

    def _labelled(self, tokens: Tokens, first: int) -> None:
        if first >= len(tokens):
            return
        _, high = tokens.sentence(first)
        if tokens.words[first] in {"unknown", "unk", "inconnu", "inconnue", "desconocido", "desconocida"}:
            return
        self._time(tokens, first, high)
        start = first
        if self.time is not None and self.time.start == tokens.starts[first]:
            while start < high and tokens.starts[start] < self.time.end:
                start += 1
            while tokens.word(start) in {",", "-", "at", "in", "near", "on"}:
                start += 1
        while tokens.word(start) in PREPOSITIONS:
            start += 1
        end = self._place_end(tokens, start, high, is_label=True)
        if end > start:
            self.place = fact(tokens, start, end, " ".join(tokens.slice(start, end).split()), "certain")
            self._is_strong = True

    def _cue(self, tokens: Tokens, at: int, cue: tuple[str, ...], taken: bytearray) -> None:
        low, high = tokens.sentence(at)
        first = at + len(cue)
        if cue in {("abduction",), ("incident",)} and not any(word in {"took", "occurred", "happened"} for word in tokens.words[first : first + 8]):
            return
        if cue == ("missing",) and tokens.word(first) not in {"from", "since", "in"}:
            return
        if cue == ("taken",) and tokens.word(at - 1) in {"be", "may"}:
            return
        if self.place is not None and (self._is_strong or cue not in STRONG):
            if self.time is None and self.place.field == tokens.field and self.place.language == tokens.language:
                self._time(tokens, first, high, low)
            return
        if any(word in {"vehicle", "car", "suspect"} for word in tokens.words[max(low, at - 4) : at]) and cue in STRONG:
            pass
        place = self._find_place(tokens, first, high)
        if place is not None:
            self.place = place
            self._is_strong = cue in STRONG
        if self.time is None:
            self._time(tokens, first, high, low)

    def _find_place(self, tokens: Tokens, first: int, high: int) -> Fact | None:
        at = first
        while at < min(high, first + 22):
            word = tokens.words[at]
            if (span := time_at(tokens, at)) and span > at:
                at = span
                continue
            if word in INTO and at + 1 < high:
                start = at + 1
                while tokens.word(start) in SKIP or (tokens.word(start) in {"d", "l"}):
                    start += 1
                if time_at(tokens, start) or tokens.word(start) in {"about", "approximately", "around", "foot", "pied", "pie", "his", "her", "their", "possession", "company", "danger", "connection"} or word == "by":
                    at += 1
                    continue
                if tokens.word(start) in MONTHS or tokens.word(start) in DAYS or tokens.word(start) in DAY_PARTS:
                    at += 1
                    continue
                first_of_place = at + 1
                end = self._place_end(tokens, first_of_place, high)
                if end > start - 1 and self._is_place(tokens, first_of_place, end):
                    while tokens.word(first_of_place) in {"the", "le", "la", "l", "'", "el"}:
                        first_of_place += 1
                    return fact(tokens, first_of_place, end, " ".join(tokens.slice(first_of_place, end).split()))
            if word in {".", ";", "wearing", "driving", "with", "accompanied", "vestia", "portait", "avec", "con"} and at > first:
                break
            at += 1
        return None

    def _is_place(self, tokens: Tokens, first: int, end: int) -> bool:
        words = tokens.words[first:end]
        if not words or any(word in {"vehicle", "car", "suv", "van", "truck", "sedan", "pickup", "vehicule", "vehiculo", "shirt", "pants", "custody", "clothing"} for word in words):
            return False
        if any(word in PLACE_WORDS for word in words):
            return True
        proper = [place for place in range(first, end) if tokens.words[place].isalpha() and (tokens.capital[place] or not tokens.is_cased)]
        return bool(proper) and tokens.words[proper[0]] not in {"sunday", "monday"}

    def _place_end(self, tokens: Tokens, first: int, high: int, *, is_label: bool = False) -> int:
        at = first
        while at < min(high, first + LONGEST_PLACE):
            word = tokens.words[at]
            if time_at(tokens, at) and at > first:
                break
            if word in END and not (word in {"and", "et", "y", "."} and self._joins(tokens, at)) and not (word == "." and tokens.gaps[min(at + 1, len(tokens) - 1)] == ""):
                break
            if word in {"at", "around", "about", "approximately", "on", "a", "vers", "since"} and self._leads_to_time(tokens, at):
                break
            if word in {",", "..."} and not is_label and not self._goes_on(tokens, at + 1, high):
                break
            if word == "," and is_label and self._leads_to_time(tokens, at):
                break
            if word == "-" and tokens.gaps[at] != "":
                break
            at += 1
        while at > first and tokens.words[at - 1] in {",", "...", "at", "on", "in", "the", "near", "from", "a", "."}:
            at -= 1
        return at

    def _joins(self, tokens: Tokens, at: int) -> bool:
        """``SW 137th Avenue and Bird Road``; ``Powell Blvd.`` inside a sentence."""
        if tokens.words[at] == ".":
            return True
        before, after = tokens.word(at - 1), tokens.words[at + 1 : at + 5]
        is_road = before in PLACE_WORDS or any(word in PLACE_WORDS for word in tokens.words[max(0, at - 3) : at])
        return is_road and any(word in PLACE_WORDS or word == "st" for word in after) and tokens.capital[min(at + 1, len(tokens) - 1)]

    def _leads_to_time(self, tokens: Tokens, at: int) -> bool:
        place = at + 1
        while tokens.word(place) in {"about", "approximately", "around", "the", "les", "las", "approx", ".", "le", "environ", "at", "on"}:
            place += 1
        return bool(time_at(tokens, place))

    def _goes_on(self, tokens: Tokens, at: int, high: int) -> bool:
        """Whether what follows a comma is still the place: a state, a county, a city with a capital."""
        if at >= high:
            return False
        word = tokens.words[at]
        if word in STATES or any(tuple(tokens.words[at : at + len(key)]) == key for key in BY_FIRST.get(word, ())):
            return True
        if word in CODES and tokens.slice(at, at + 1).isupper():
            return tokens.word(at + 1) in {"", ".", ",", "...", ")", "at", "on", "around", "when", "about"} or not tokens.is_cased
        if word in {"in", "near", "a", "en"} and tokens.is_cased and at + 1 < high and tokens.capital[at + 1] and tokens.words[at + 1] not in MONTHS and tokens.words[at + 1] not in DAYS:
            return True
        near = tokens.words[at : at + 3]
        if tokens.is_cased and tokens.capital[at] and word.isalpha() and word not in DAYS and word not in MONTHS:
            return tokens.word(at + 1) in {",", ".", "", "county", "parish"} or any(each in {"county", "parish"} for each in near)
        return any(each in {"county", "parish"} for each in near)

    def _time(self, tokens: Tokens, first: int, high: int, low: int | None = None) -> None:
        for at in range(first, high):
            if end := time_at(tokens, at):
                self.time = fact(tokens, at, end, " ".join(tokens.slice(at, end).split()))
                return
        if low is not None:
            for at in range(low, first):
                if end := time_at(tokens, at):
                    self.time = fact(tokens, at, min(end, len(tokens)), " ".join(tokens.slice(at, end).split()), "medium")
                    return

    def _heading(self, tokens: Tokens, at: int) -> None:
        word = tokens.words[at]
        if word in {"heading", "headed", "traveling", "travelling", "fled", "going"} and tokens.word(at + 1) in {"north", "south", "east", "west", "northbound", "southbound", "eastbound", "westbound", "nb", "sb", "eb", "wb", "toward", "towards", "to", "northeast", "northwest", "southeast", "southwest"}:
            first = at + 1
        elif word in {"northbound", "southbound", "eastbound", "westbound", "rumbo"}:
            first = at
        elif word == "direction" and tokens.word(at + 1) in {"de", "du", "des", "d"} and tokens.word(at - 1) == "en":
            first = at - 1
        else:
            return
        high = tokens.sentence(at)[1]
        end = first
        while end < min(high, first + 12) and tokens.words[end] not in {".", ",", ";", "(", ")", "in-", "and", "with", "at", "around", "about", "possibly", "when", "driving", "...", "!"} and not time_at(tokens, end):
            end += 1
        if end > first and tokens.words[first] != "to" or end > first + 1:
            self.direction = fact(tokens, first, end, " ".join(tokens.slice(first, end).split()))

    def _wireless(self, tokens: Tokens) -> None:
        """``Barstow, CA AMBER Alert: …`` and ``AMBER Alert Dothan AL: …``."""
        for at, word in enumerate(tokens.words[:16]):
            if word != "amber":
                continue
            back = at - 1
            if back >= 1 and tokens.words[back] in CODES and tokens.slice(back, back + 1).isupper():
                self._named(tokens, 0, back + 1)
                return
            first = at + 2
            if tokens.word(first) in {":", "-"}:
                first += 1
            for end in range(first + 1, min(len(tokens), first + 6)):
                if tokens.words[end] in CODES and tokens.slice(end, end + 1).isupper() and tokens.words[end] not in {"in", "or"} | ({"la", "me", "de"} if not tokens.is_cased else set()):
                    self._named(tokens, first, end + 1)
                    return
            return

    def _named(self, tokens: Tokens, first: int, end: int) -> None:
        words = tokens.words[first : end - 1]
        if tokens.word(first) in {"alerta", "alert"}:
            return
        if 0 < len(words) <= 5 and all((word.isalpha() and (tokens.capital[first + place])) or word in {",", ".", "-"} for place, word in enumerate(words)):
            confidence: Confidence = "medium"
            self.place = fact(tokens, first, end, " ".join(tokens.slice(first, end).split()), confidence)


def time_at(tokens: Tokens, at: int) -> int:
    """Where a time or date that begins here ends, or 0: ``6:30 PM today``, ``MAY 13 AT 8 PM``, ``1515 hours``, ``13 h 45``."""
    end = _one_time(tokens, at)
    if not end:
        return 0
    for _ in range(4):
        place = end
        while tokens.word(place) in {",", "at", "on", "about", "approximately", "around", "a", "las", "les", "vers", "le", "el", "de", "the", "this", "of", "en", "dans", "esta", "ce", "cet", "cette", "-"} and place - end < 4:
            place += 1
        nxt = _one_time(tokens, place)
        if not nxt or nxt - at > LONGEST_TIME or tokens.sentence(at) != tokens.sentence(nxt - 1):
            break
        end = nxt
    return end


def _one_time(tokens: Tokens, at: int) -> int:
    word = tokens.word(at)
    if not word:
        return 0
    if word.isdigit():
        return _clock(tokens, at) or _date(tokens, at)
    if word in {"today", "tonight", "yesterday", "noon", "midnight", "hier", "hoy", "ayer", "midi", "minuit", "anoche", "mediodia", "medianoche"}:
        end = at + 1
        if tokens.word(end) in {"morning", "afternoon", "evening", "night", "soir", "matin"}:
            end += 1
        return end
    if word == "aujourd" and tokens.word(at + 2) == "hui":
        return at + 3
    if word in {"this", "ce", "cet", "cette", "esta"} and tokens.word(at + 1) in DAY_PARTS:
        return at + 2
    if word in DAYS and (len(word) > 3 or tokens.capital[at]) and (word not in {"sun", "sat", "mon", "wed", "mar"} or tokens.word(at + 1) in MONTHS or tokens.word(at + 1) in {",", "."}):
        end = at + 1
        if tokens.word(end) in {"morning", "afternoon", "evening", "night", "soir", "matin", "noche", "tarde"} or (tokens.word(end) == "," and tokens.word(end + 1) in MONTHS):
            end += 1
        return end
    if word in MONTHS and word not in {"mars"} | ({"may", "march", "mar"} if not tokens.word(at + 1).isdigit() else set()):
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
    if tokens.word(end) == ":" and tokens.gaps[end] == "" and tokens.word(end + 1).isdigit() and len(tokens.word(end + 1)) == 2:
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
    if word in {"am", "pm"}:
        end = at + 1
    elif word in {"a", "p"} and tokens.word(at + 1) == "." and tokens.word(at + 2) == "m":
        end = at + 3 + (tokens.word(at + 3) == ".")
    if end and tokens.word(end) in {"est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "akst", "hst"}:
        end += 1
    return end


def _date(tokens: Tokens, at: int) -> int:
    word = tokens.words[at]
    if (len(word) > 2 and len(word) != 4) or tokens.word(at - 1) == "/" or "dob" in tokens.words[max(0, at - 2) : at] or "born" in tokens.words[max(0, at - 3) : at]:
        return 0
    if tokens.word(at + 1) == "/" and tokens.gaps[at + 1] == "" and tokens.word(at + 2).isdigit() and tokens.word(at - 1) not in {"dob", ":"} | {""}:
        end = at + 3
        if tokens.word(end) == "/" and tokens.word(end + 1).isdigit():
            end += 2
        return end if len(word) <= 2 else 0
    if tokens.word(at + 1) == "/" and tokens.word(at + 3) == "/" and tokens.word(at + 4).isdigit() and len(word) <= 2 and tokens.word(at - 2) != "dob" and tokens.word(at - 1) != "dob":
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


UNUSED = (NAMES,)

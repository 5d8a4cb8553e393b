"""Which vehicles are looked for: the mentions and plates of all texts put together, without those that were found, left or
replaced."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from capgateway.cards.extract.details import details
from capgateway.cards.extract.fact import Fact
from capgateway.cards.extract.plates import Plate, plates
from capgateway.cards.extract.vehicles import Mention, mentions
from capgateway.cards.extract.words import BODIES, KIN, SEXES

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

MOST_VEHICLES = 20
"""That one alert looks for; each mention is compared with all before it."""
AFTER = 10
"""Tokens after a vehicle in which the text says that it was found: "with Texas plates ABC1234 was later located"."""
BEFORE, FARTHEST = 8, 40
GONE_AFTER = frozenset(
    "unrelated eliminated accounted crashed burned torched wrecked surrendered totaled excluded interviewed questioned incendie brule quemado chocado found located recovered abandoned discovered impounded towed seized ditched dumped unoccupied retrouve retrouvee abandonne abandonnee recupere recuperee localise localisee saisi "
    "encontrado encontrada abandonado abandonada recuperado recuperada localizado localizada hallado hallada ruled cleared".split()
)
GONE_BEFORE = frozenset(
    "crashed wrecked returned sold eliminated excluded cleared torched burned rid disregard ignore abandoned ditched unoccupied earlier previous previously formerly dumped recovered instead former "
    "localizo hallo encontro localizaron hallaron encontraron retrouve abandonado abandonne abandonnee auparavant precedemment abandono abandonaron dejo anterior anteriormente".split()
)
FORMER = frozenset("former previous previously earlier formerly anterior".split())
RECOVERED = frozenset(
    "found located recovered seized towed impounded retrouve localise encontro hallo localizo".split()
)
BESIDE_OTHER = frozenset(
    "her his their the a la le su son sa other own second first suspect s ' otro otra autre".split()
)
FIRST = frozenset("initially originally first initialement abord inicialmente".split())
LATER = frozenset(
    "now later then before since transferring switched switching switch maintenant desormais ensuite ahora despues luego currently".split()
)
SWITCH = frozenset(
    "switched switch switching transferring transferred swapped traded exchanged changed changing change cambiaron cambio troque echange".split()
)
NOW = frozenset("now maintenant desormais ahora currently".split())
WITHOUT_A_CAR = frozenset("foot bus train subway pied autobus autocar metro".split())
NOT_YET = frozenset("if once when where si cuando last".split())
BE = frozenset(
    "was were been is later has have now had et a ete fue ha sido est plus subsequently already also since and ou".split()
)


ANOTHER = frozenset("own second another other".split())


class Vehicle:
    """What is known of one vehicle, by the card's field."""

    __slots__ = ("at", "facts", "is_definite", "is_gone", "is_partial", "region", "sentence", "text", "wrong")

    def __init__(self, text: int, sentence: int) -> None:
        self.facts: dict[str, Fact] = {}
        self.text, self.sentence, self.at = text, sentence, -1
        self.is_gone = self.is_partial = self.is_definite = False
        self.wrong: set[str] = set()


class Garage:
    """Takes the texts of one alert, one after another."""

    def __init__(self) -> None:
        self.vehicles: list[Vehicle] = []
        self._denied: set[str] = set()
        self._text = -1

    def read(self, tokens: Tokens) -> bytearray:
        """One text; the answer marks the tokens that speak of a vehicle."""
        self._text += 1
        named = mentions(tokens)
        models = frozenset(at for each in named if "model" in each.facts for at in range(each.first, each.end))
        plated = plates(tokens, models, frozenset(each.end for each in named if not each.is_bare))
        spans = [plate.span for plate in plated]
        named = [
            each
            for each in named
            if not any(first < each.end and each.first < end and plate_in(each, plated) for first, end in spans)
        ]
        on_foot = _on_foot(tokens)
        taken = bytearray(len(tokens) + 1)
        things: list[tuple[int, Mention | Plate]] = [(each.first, each) for each in named]
        things += [(plate.span[0], plate) for plate in plated]
        things.sort(key=lambda thing: thing[0])
        now: Vehicle | None = None
        for place, (_, thing) in enumerate(things):
            following = things[place + 1][1] if place + 1 < len(things) else None
            if isinstance(thing, Mention):
                if not thing.is_bare:
                    taken[thing.first : thing.end] = b"\1" * (thing.end - thing.first)
                now = self._mention(tokens, thing, now)
            else:
                first, end = thing.span[0], max(thing.span[1], thing.end)
                taken[first:end] = b"\1" * (end - first)
                now = self._plate(tokens, thing, now, following)
        self._describe(tokens, named, taken)
        for vehicle in self.vehicles:
            if vehicle.text == self._text and vehicle.sentence <= on_foot:
                vehicle.is_gone = True
        return taken

    def _describe(self, tokens: Tokens, named: list[Mention], taken: bytearray) -> None:
        """What else the only vehicle of a text is known by."""
        here = [vehicle for vehicle in self.vehicles if vehicle.text == self._text and not vehicle.is_gone]
        if len(here) != 1 or "detail" in here[0].facts:
            return
        sentences = {tokens.sentence(each.first)[0] for each in named}
        for found in details(tokens):
            first, end = bisect_left(tokens.starts, found.start), bisect_left(tokens.starts, found.end)
            if (
                tokens.sentence(first)[0] in sentences
                and not any(taken[first:end])
                and any(each.first < first for each in named)
            ):
                here[0].facts["detail"] = found
                taken[first:end] = b"\1" * (end - first)
                return

    def known(self) -> list[Vehicle]:
        """The vehicles that are looked for, each with at least one fact."""
        kept = []
        for vehicle in self.vehicles:
            if vehicle.is_gone:
                continue
            plate = vehicle.facts.get("plate")
            if plate and (plate.value in self._denied or "plate" in vehicle.wrong):
                del vehicle.facts["plate"]
                vehicle.is_partial = False
            for what in vehicle.wrong - {"plate"}:
                vehicle.facts.pop(what, None)
            if any(what != "body" for what in vehicle.facts) or "body" in vehicle.facts:
                kept.append(vehicle)
        is_named = any("make" in vehicle.facts for vehicle in kept)
        return [each for each in kept if not (is_named and each.is_definite and set(each.facts) == {"body"})]

    # -- mentions --

    def _mention(self, tokens: Tokens, mention: Mention, now: Vehicle | None) -> Vehicle | None:
        sentence = tokens.sentence(mention.first)[0]
        if mention.is_predicate and now is not None and "color" not in now.facts and now.text == self._text:
            now.facts["color"] = mention.facts["color"]
            now.at = mention.end
            return now
        if now is not None and _is_second_reading(tokens, mention, now, sentence):
            return now
        if mention.is_bare:
            gone = _is_gone(tokens, mention) and tokens.word(mention.first - 1) not in {
                "earlier",
                "previous",
                "first",
                "original",
                "initial",
                "former",
                "own",
                "second",
                "another",
                "other",
            }
            live = [vehicle for vehicle in self.vehicles if not vehicle.is_gone]
            if gone and len(live) == 1:
                live[0].is_gone = True
            elif gone and now is not None:
                now.is_gone = True
            if now is not None:
                now.at = mention.end
                now.sentence = sentence if now.sentence == sentence else now.sentence
            return now
        if now is not None and "make" in mention.facts and _is_hearsay(tokens, mention):
            return now
        if now is not None and "make" in now.facts and now.sentence == sentence and _is_towed(tokens, mention):
            return now
        is_known = ANOTHER.isdisjoint(tokens.words[max(0, mention.first - 1) : mention.end])
        vehicle = self._same(mention, now, sentence) if is_known else None
        if vehicle is None and now is not None and now.sentence == sentence and _is_guess_of(tokens, mention, now):
            vehicle = now
        if vehicle is None:
            vehicle = Vehicle(self._text, sentence)
            vehicle.is_definite = "the" in {tokens.words[mention.first], tokens.word(mention.first - 1)}
            if len(self.vehicles) < MOST_VEHICLES:
                self.vehicles.append(vehicle)
        for what, found in mention.facts.items():
            _learn(vehicle, what, found)
        vehicle.at, vehicle.sentence, vehicle.text = mention.end, sentence, self._text
        if _is_gone(tokens, mention):
            vehicle.is_gone = True
        if _is_replacing(tokens, mention):
            for other in self.vehicles:
                if other is not vehicle and other.text == self._text and other.sentence < sentence:
                    other.is_gone = True
        return now if vehicle.is_gone and now is not None and _is_negated(tokens, mention) else vehicle

    def _same(self, mention: Mention, now: Vehicle | None, sentence: int) -> Vehicle | None:
        """The vehicle that is meant, if it was spoken of before."""
        facts = mention.facts
        if (
            now is not None
            and not _contradicts(now, facts)
            and ("make" not in now.facts or "make" not in facts or _shares(now, facts))
        ):
            if (
                set(now.facts) <= {"plate", "plate_region"}
                or _shares(now, facts)
                or (now.sentence == sentence and len(facts) == 1 and "make" not in facts and "color" not in facts)
            ):
                return now
            if "make" not in facts and "color" not in facts:
                return now
        for vehicle in reversed(self.vehicles):
            if not _contradicts(vehicle, facts) and _shares(vehicle, facts):
                return vehicle
        if not (set(facts) - {"body", "color"}):
            same = [
                vehicle
                for vehicle in self.vehicles
                if not _contradicts(vehicle, facts)
                and (vehicle.text != self._text or _color_of(vehicle) == facts.get("color", Nothing).value)
            ]
            if len(same) == 1:
                return same[0]
        return None

    # -- plates --

    def _deny(self, value: str) -> None:
        """The text says that this plate is wrong."""
        self._denied.add(value)
        for vehicle in self.vehicles:
            if "plate" in vehicle.facts and vehicle.facts["plate"].value == value:
                del vehicle.facts["plate"]
                vehicle.is_partial = False

    def _plate(
        self, tokens: Tokens, plate: Plate, now: Vehicle | None, following: Mention | Plate | None
    ) -> Vehicle | None:
        sentence = tokens.sentence(plate.span[0])[0]
        if plate.is_denied:
            if plate.plate:
                self._deny(plate.plate.value)
            return now
        value = plate.plate.value if plate.plate else None
        if plate.is_correction and plate.plate and now is not None and "plate" in now.facts:
            self._deny(now.facts["plate"].value)
        vehicle = next(
            (
                each
                for each in self.vehicles
                if value and each.facts.get("plate") and each.facts["plate"].value == value
            ),
            None,
        )
        if vehicle is None and now is not None and now.text == self._text:
            is_taken = value and "plate" in now.facts and not now.is_partial and now.facts["plate"].value != value
            is_next = (
                isinstance(following, Mention)
                and not following.is_bare
                and tokens.sentence(following.first)[0] == sentence
                and now.sentence != sentence
            )
            if not is_taken and not is_next:
                vehicle = now
            elif is_taken and now.sentence == sentence and plate.span[0] - now.at > 1 and not is_next:
                if any(word in {"or", "and", "ou", "et", "y", "o"} for word in tokens.words[now.at : plate.first]):
                    now.wrong.add("plate")
                    return now
                vehicle = now
                now.wrong.add("plate")
                return now
            elif is_taken and not is_next:
                now.wrong.add("plate")
                return now
        if vehicle is None:
            if value is None and not isinstance(following, Mention):
                return now
            vehicle = Vehicle(self._text, sentence)
            if len(self.vehicles) < MOST_VEHICLES:
                self.vehicles.append(vehicle)
        if plate.plate:
            known = vehicle.facts.get("plate")
            if known and known.value != value:
                if vehicle.is_partial and not plate.is_partial and known.value in (value or ""):
                    vehicle.facts["plate"], vehicle.is_partial = plate.plate, False
                elif not (plate.is_partial and (value or "") in known.value):
                    vehicle.wrong.add("plate")
            elif not known:
                vehicle.facts["plate"], vehicle.is_partial = plate.plate, plate.is_partial
        if plate.region:
            known = vehicle.facts.get("plate_region")
            if known and known.value != plate.region.value:
                vehicle.wrong.add("plate_region")
            vehicle.facts.setdefault("plate_region", plate.region)
        vehicle.at, vehicle.sentence = plate.span[1], sentence
        return vehicle


def _is_second_reading(tokens: Tokens, mention: Mention, now: Vehicle, sentence: int) -> bool:
    """``a Chevrolet Colorado or a GMC Canyon``: of two readings the first is kept."""
    between = tokens.words[now.at : mention.first]
    return (
        now.sentence == sentence
        and "make" in mention.facts
        and "make" in now.facts
        and set(mention.facts) <= {"make", "model", "body"}
        and len(between) < 4
        and not {"or", "ou", "o", "possibly"}.isdisjoint(between)
        and all(
            word in {"or", "ou", "o", "a", "an", "possibly", "maybe", "un", "une", "una", ",", "perhaps"}
            for word in between
        )
    )


def _is_towed(tokens: Tokens, mention: Mention) -> bool:
    """``White Ram 1500 with boat trailer``"""
    body = mention.facts.get("body")
    is_with = not {"with", "pulling", "towing", "w", "avec", "tirant", "con"}.isdisjoint(
        tokens.words[max(0, mention.first - 4) : mention.first]
    )
    return body is not None and body.value == "trailer" and set(mention.facts) == {"body"} and is_with


def _is_guess_of(tokens: Tokens, mention: Mention, now: Vehicle) -> bool:
    """``a gray pickup, possibly a Toyota Tundra``, ``his brother's truck, a red Ford``: what the vehicle before may be, or is."""
    between = tokens.words[now.at : mention.first]
    return (
        "make" in mention.facts
        and "make" not in now.facts
        and (not GUESSING.isdisjoint(between) or between[-2:-1] == [","])
        and all(word in GUESSING or word in BESIDE_GUESS or word in SEXES for word in between)
        and not _contradicts(now, mention.facts)
    )


GUESSING = frozenset(
    "possibly maybe perhaps probably likely believed thought posiblemente probablemente quiza quizas possiblement probablement peut".split()
)
BESIDE_GUESS = frozenset(", ( - a an to be is un une una etre de of his her their son sa su ses sus ' s".split())


def _is_hearsay(tokens: Tokens, mention: Mention) -> bool:
    """``a parent says it was a silver Mercury Sable``; ``police had said it was a Chevy Sonic``: another reading of the vehicle."""
    before = tokens.words[max(tokens.sentence(mention.first)[0], mention.first - BEFORE) : mention.first]
    while before[-1:] in (["a"], ["an"], ["the"]):
        before.pop()
    return before[-2:] in (["it", "was"], ["was", "it"]) and not ONLOOKERS_SAY.isdisjoint(before[:-2])


ONLOOKERS_SAY = frozenset("said says say saying thought told reported reports believed".split())


def _is_negated(tokens: Tokens, mention: Mention) -> bool:
    """``a Hyundai Veloster, not a Kia``"""
    at = mention.first - 1
    at -= tokens.word(at) in {"a", "an", "the", "un", "une", "una", "el", "la", "le"}
    return tokens.word(at) in {"not", "pas", "no"}


class Nothing:
    """Stands for a fact that is not there."""

    value = None


def plate_in(mention: Mention, plated: list[Plate]) -> bool:
    """Whether the characters of a plate look like a model (``88M 204``, ``RX 350``)."""
    return any(plate.first <= mention.first < plate.end for plate in plated if plate.plate)


def _color_of(vehicle: Vehicle) -> str | None:
    found = vehicle.facts.get("color")
    return found.value if found else None


def _learn(vehicle: Vehicle, what: str, found: Fact) -> None:
    known = vehicle.facts.get(what)
    if (
        known is None
        or (known.confidence == "medium" and found.confidence != "medium")
        or what == "color"
        and found.value != known.value
        and known.value in found.value
        or what == "model"
        and len(found.value) > len(known.value)
        and found.value.startswith(known.value)
    ):
        vehicle.facts[what] = found


def _contradicts(vehicle: Vehicle, facts: dict[str, Fact]) -> bool:
    for what in ("make", "year", "model", "color"):
        known, new = vehicle.facts.get(what), facts.get(what)
        if known and new and known.value != new.value:
            if what == "color" and (
                known.value in new.value or new.value in known.value or "/" in known.value or "/" in new.value
            ):
                continue
            if what == "model" and (known.value.startswith(new.value) or new.value.startswith(known.value)):
                continue
            return True
    return False


def _shares(vehicle: Vehicle, facts: dict[str, Fact]) -> bool:
    return any(
        vehicle.facts.get(what) and facts.get(what) and vehicle.facts[what].value == facts[what].value
        for what in ("make", "model")
    )


def _is_gone(tokens: Tokens, mention: Mention) -> bool:
    """Whether the words around say that the vehicle was found, left or replaced."""
    low, high = tokens.sentence(mention.first)
    before = tokens.words[max(low, mention.first - BEFORE) : mention.first]
    if _is_anothers(before) or _was_left(tokens, mention, high) or _is_set_aside(tokens, mention, low, high):
        return True
    if _is_other_one(before):
        return True
    for place in range(len(before) - 1, -1, -1):
        word = before[place]
        if word in {";", ".", "but", "mais", "sino"}:
            break
        if word in FORMER and not KIN.isdisjoint(before[place:]):
            continue  # their former foster mother, in a teal Kia
        if word in GONE_BEFORE and "now" not in before[place:]:
            if word != "instead" or before[place + 1 : place + 2] == ["of"]:
                return True  # not "may instead be driving"
            continue
        if word in FIRST and any(each in LATER for each in tokens.words[mention.end : min(high, mention.end + 14)]):
            return True
        if "," in before[place:]:
            continue
        if word in {"not", "pas", "non"} and before[place + 1 : place + 2] in _AFTER_NOT:
            return True
        if word == "no" and before[place - 1 : place] == ["y"] and before[place + 1 : place + 2] in _AFTER_NOT:
            return True
        if word == "no" and before[place + 1 : place + 2] in (["es"], ["en"], ["era"]) and tokens.language[:2] == "es":
            return True
        if word in {"look", "looking"} and {"not", "stop", "stopped"} & set(before[max(0, place - 2) : place]):
            return True
        if word == "out" and before[place - 1 : place] == ["ruled"]:
            return True
        if word == "out" and {"getting", "got", "stepping", "stepped", "climbing"} & set(
            before[max(0, place - 2) : place]
        ):
            return True
        if word in SWITCH and {"for", "pour", "por"} & set(tokens.words[mention.end : min(high, mention.end + 3)]):
            return True
        if word in {"longer", "plus"} and {"no", "n", "ne", "ni", "non"} & set(before[max(0, place - 3) : place]):
            return True
        if word == "ya" and before[place + 1 : place + 2] == ["no"]:
            return True
        if word == "from" and any(each in SWITCH for each in before[:place]):
            return True
        if word in {"left"} and before[place + 1 : place + 2] == ["behind"]:
            return True
    after = _unbracketed(tokens.words[mention.end : min(high, mention.end + AFTER + 6)])
    for place, word in enumerate(after):
        if word in GONE_AFTER and place < AFTER + 4:
            lead = [each for each in after[:place] if each not in {",", "later", "since", "-", "(", ":"}]
            if not lead:
                return True
            if (
                any(
                    each in {"if", "when", "once", ",", "who", "child", "she", "he", "they", "driven", "last"}
                    for each in lead[-4:]
                )
                and word != "unoccupied"
            ):
                continue
            if word == "unoccupied" or any(each in BE for each in lead[-3:]) or not lead:
                return True
        if word == "left" and place and after[place - 1] in {"was", "been", "were"}:
            return True
        if word in {"driveway", "parked", "garage"} and {"still", "remains", "remained"} & set(after[:place]):
            return True
        if (
            word == "not"
            and {"involved", "sought", "wanted", "connected", "related"} & set(after[place + 1 : place + 5])
            and not (mention.is_bare and {"in", "at", "with", "after", "to"} & set(after[:place]))
        ):
            return True
        if word in {"behind"} and "left" in after[:place]:
            return True
        if word in SWITCH and place < AFTER and after[place - 1] in {"before", "then", "and", "later", "to"}:
            return True
        if word == "longer" and place and after[place - 1] == "no":
            return True
    following = tokens.words[high : high + 9]
    if following[:2] in (["no", "longer"], ["ya", "no"]) and not SOUGHT.isdisjoint(following[2:5]):
        return True
    return bool(
        following[:1]
        and following[0] in {"the", "that", "it", "le", "la", "el", "this", "ce"}
        and _says_found(following)
    )


def _is_other_one(before: list[str]) -> bool:
    """``Police found her other car, a brown Volvo, at the airport``"""
    for place, word in enumerate(before):
        if word in RECOVERED:
            rest = [each for each in before[place + 1 :] if each not in BESIDE_OTHER]
            return bool(rest) and rest[0] in BODIES and rest[1:2] == [","]
    return False


def _unbracketed(words: list[str]) -> list[str]:
    """``Silver Saturn Vue (WI ADK-9207) RECOVERED``: without what is in brackets right after the vehicle."""
    if words[:1] == ["("] and ")" in words[:MOST_BRACKETED]:
        return words[words.index(")") + 1 :]
    return words


MOST_BRACKETED = 10
ONLOOKERS = frozenset(
    "witness witnesses caller callers motorist motorists trucker bystander temoin testigo deputy officer trooper neighbor neighbour passerby".split()
)


_AFTER_NOT: tuple[list[str], ...] = (
    [],
    ["a"],
    ["the"],
    ["in"],
    ["driving"],
    ["an"],
    ["un"],
    ["una"],
    ["el"],
    ["une"],
    ["la"],
    ["le"],
    ["dans"],
)


def _is_anothers(before: list[str]) -> bool:
    """``A witness, driving a Honda Civic, saw …``"""
    for place, word in enumerate(before):
        if word in ONLOOKERS and {"driving", "in", "drove", "drives", "owns", "own"} & set(
            before[place + 1 : place + 4]
        ):
            return not {"saw", "said", "spotted", "noticed", "told", "that"} & set(before[place + 1 :])
    return False


def _is_set_aside(tokens: Tokens, mention: Mention, low: int, high: int) -> bool:
    """Whether nobody looks for it: ``the owner of the Buick``, ``his own truck is still at the house``, ``his Ford is not in use``."""
    low = max(low, mention.first - FARTHEST)
    before, after = tokens.words[low : mention.first], tokens.words[mention.end : min(high, mention.end + AFTER + 4)]
    near = before[-4:]
    if "of" in near and not OWNING.isdisjoint(near) and SOUGHT.isdisjoint(before):
        return True
    if not LONGER.isdisjoint(before) and not BELIEFS.isdisjoint(before) and {"no", "ne", "n", "ya"} & set(before):
        return True
    if "own" in near and WITH_IT.isdisjoint(before):
        return True
    for place, word in enumerate(after):
        if word in {"but", "and", "who", "which", "if", "when"}:
            return False
        rest = after[place + 1 : place + 5]
        if word == "still" and {"at", "in", "outside"} & set(rest[:1]):
            return True
        if word == "parked" and after[place - 1 : place] in (["is"], ["remains"]) and not AT_HOME.isdisjoint(rest):
            return True
        if word == "not" and (rest[:2] == ["in", "use"] or {"missing", "used"} & set(rest[:2])):
            return True
    return False


OWNING = frozenset("owner owners proprietaire dueno propietario".split())
SOUGHT = frozenset(
    "sought needed involved used looking seeking seek wanted searching locate find recherche busca buscan".split()
)
LONGER = frozenset(["longer", "plus", "ya"])
BELIEFS = frozenset(
    "believe believed believes suspect suspected looking seeking considered sought croit croient recherche buscan busca cree".split()
)
WITH_IT = frozenset("driving drives drove drive fled left traveling travelling took taken gone in'".split())
AT_HOME = frozenset("home house residence work apartment".split())


def _was_left(tokens: Tokens, mention: Mention, high: int) -> bool:
    """``left the 2006 Hyundai Tiburon at a relative's house``"""
    at = mention.first - 1
    while tokens.word(at) in {"the", "his", "her", "their", "a", "that"}:
        at -= 1
    has_article = at < mention.first - 1 or tokens.words[mention.first] == "the"
    if not has_article or tokens.word(at) not in {"left", "parked", "dumped", "ditched", "torched"}:
        return False
    if tokens.word(mention.end) in {"running", "idling", "unattended", "unlocked"}:
        return False
    return bool(
        {"at", "near", "behind", "outside", "beside"} & set(tokens.words[mention.end : min(high, mention.end + 3)])
    )


def _on_foot(tokens: Tokens) -> int:
    """Where the text says that they go on without a car, or -1: ``now believed to be on foot``."""
    for at in tokens.places(NOW):
        low, high = tokens.sentence(at)
        words = tokens.words[max(low, at - 4) : min(high, at + 9)]
        if any(word in WITHOUT_A_CAR for word in words) and "also" not in words:
            return low
    return -1


def _says_found(words: list[str]) -> bool:
    """``The vehicle was later found abandoned.``"""
    for place, word in enumerate(words):
        if word in {".", ";"}:
            return False
        if word in GONE_AFTER and any(each in BE for each in words[max(0, place - 2) : place]):
            return (
                bool(
                    {
                        "vehicle",
                        "car",
                        "truck",
                        "van",
                        "suv",
                        "it",
                        "vehicule",
                        "voiture",
                        "vehiculo",
                        "auto",
                        "sedan",
                        "pickup",
                    }
                    & set(words[:place])
                )
                and "child" not in words[:place]
            )
    return False


def _is_replacing(tokens: Tokens, mention: Mention) -> bool:
    """Whether the suspect is *now* said to use this one."""
    low, _ = tokens.sentence(mention.first)
    before = tokens.words[max(low, mention.first - 9) : mention.first]
    return any(word in NOW for word in before) and not any(
        word in {"also", "second", "another", "aussi", "tambien"} for word in before
    )

"""Who a text speaks of. One walk over labels, names, nouns and descriptions, which remembers the person that was spoken of
last; whatever cannot be given to one person is left out."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from capgateway.cards.extract import names
from capgateway.cards.extract.bystanders import ACTS, FARTHEST, has_passed, is_bystander, is_cleared
from capgateway.cards.extract.common import COMMON
from capgateway.cards.extract.cues import Label, Noun, Role, labels, nouns, past_kin_of
from capgateway.cards.extract.fact import Confidence, fact
from capgateway.cards.extract.families import Families, echoed, families
from capgateway.cards.extract.kinship import sex_beside, sexes_said
from capgateway.cards.extract.measures import measures
from capgateway.cards.extract.numbers import COUNTED_TENS, UNITS, AgeValue, Found, counted, number
from capgateway.cards.extract.person import ADULT, Person, agree
from capgateway.cards.extract.words import CHILD_NOUNS, KIN, NUMBERS, PERSON_NOUNS, RACE_CODES, RACES

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

NEAR = 14
"""Tokens after a person was last spoken of in which a bare number or a colour word may still describe them."""

#: Words between a person and a noun after which the noun is somebody else.
BREAKS = frozenset(
    "told said that saw abduction abducting kidnapping disappearance taking by with w driving accompanied company and took searching looking who when left from par avec con por y et & whose where after while drove "
    "abducted taken kidnapped against , ; / is".split()
) - {",", "is"}
NAMING = frozenset(
    ", ( ) - : \" ' ... is was named identified as being est es etant comme como identifie identifiee nomme nommee llamado llamada identificado identificada prenomme prenommee the "
    "soit que la lo acompana acompanaba accompagne accompanying approximately approx about juvenile girl boy believed to be described tentatively only first name nom nombre known has been of age old year and'".split()
)
NAMED_AS = frozenset("nombre prenom name names".split())
BY_NAME = frozenset("solo solamente seulement uniquement por par by su son sa his her given".split())
"""``identificado solo por su nombre, Yandriel``"""
NAMING_BY_NAME = NAMING | BY_NAME
FEMININE = {"suspecte": "F", "sospechosa": "F", "ravisseuse": "F", "secuestradora": "F"}
MASCULINE = FEMININE | {"suspect": "M", "sospechoso": "M", "ravisseur": "M", "secuestrador": "M"}
DRIVERS = frozenset("driver conducteur conductrice conductor conductora".split())
GROWN = frozenset("man woman guy lady homme femme hombre mujer".split())
GRABS = frozenset("took grabbed pulled offered forced snatched lured abducted kidnapped carried drove".split())
ADULTS = frozenset("man woman person homme femme hombre mujer individual individu subject".split())
GONE_WITH = frozenset(
    "abducted kidnapped taken driven accompanied be traveling travelling enleve enlevee emmene emmenee secuestrado secuestrada sustraido sustraida raptado raptada".split()
)
SAW = frozenset("saw told called reported said heard noticed spotted recalled witnessed phoned flagged".split())
WITNESS_VERBS = frozenset("described said told saw called reported recalled heard says noticed".split())
RELATIVES = frozenset(["who", "whom"])
TAKEN_TOO = frozenset("taken abducted kidnapped injured killed hospitalized wounded enlevee blessee herida".split())
TAKING = frozenset(
    "abducting abducted kidnapping kidnapped killing killed shooting shot stabbing stabbed assaulting assaulted attacking attacked threatening threatened hit struck beating golpeo agredio hirio amenazo frappe agresse poignarde menace enleve enlever secuestro secuestrar raptar rapto matar mato".split()
)
BESIDE_VICTIM = frozenset("his her their the a ex - former estranged pregnant son sa su la le l ' child s".split())
GIVEN_TOO = frozenset("guy line lady son page grant chase rich mark may will".split())
"""First names that are plain words, which a name may begin with."""
CLAUSES = frozenset(
    "when while after before until lorsque lorsqu quand apres avant cuando mientras despues antes".split()
)
STAYING = frozenset(
    "staying stayed living lived lives visiting sleeping left dropped habitait habitaient sejournait vivait vivaient vivia vivian dormia quedaba hospedaba".split()
)
FLEES = frozenset("drives drove fled took conduit conduirait maneja conduce circule circulerait".split())
UNKNOWN = frozenset("suspect suspects unknown unidentified inconnu inconnue desconocido desconocida".split())
CALLED = frozenset(
    "named nomme nommee llamado llamada identified identifie identifiee identificado identificada name nom nombre prenomme prenommee called appele appelee".split()
)
SUSPECT_BEFORE = frozenset(
    "by with w accompanied company suspect abductor driven driver par avec accompagne accompagnee con por acompanado acompanada abducted kidnapped compagnie compania".split()
)
PAST_IT = frozenset(
    "located found recovered rescued retrouve retrouvee localizado localizada encontrado encontrada hurt unhurt unharmed uninjured injured wounded killed cleared hospitalized dead safe".split()
)
HARMED = frozenset(
    "wounded shot stabbed killed killing stabbing injured attacked owned belonging assaulted shooting".split()
)
PASSIVE = frozenset("by from at in on around near while this yesterday last early about when during ... . ,".split())
ALERTED = frozenset("amber alerta alerte emitida emise activada declenchee alert".split())
WANTED = frozenset("man woman suspect abductor driver kidnapper".split())
SUSPECTED = frozenset("suspect suspects suspected sospechosa sospechoso".split())
TAKEN = frozenset(
    "abducted kidnapped taken missing enleve enlevee disparu disparue secuestrado secuestrada sustraido sustraida".split()
)
TWINS = frozenset("twins twin jumeaux jumelles gemelos gemelas mellizos mellizas triplets".split())
GUARDIANS = frozenset(
    "parents grandparents owners witnesses neighbors spokesman spokeswoman spokesperson teacher principal attorney".split()
)
CHILD_BEFORE = frozenset(
    "seeking finds for searching locate locating find finding missing retrouver recherche disparition enlevement busca buscan encontrar localizar child victim abducting kidnapping took taking".split()
)
WITNESS = frozenset(
    "told said says reported called contacted witness witnesses according injured shot killed stabbed assaulted owner relative seen by".split()
)
ADJECTIVES = frozenset(
    "- , old juvenile autistic unidentified unknown missing of age white black hispanic / non verbal young d agee age et named".split()
)


ANOTHER = frozenset(
    "inconnu inconnue desconocido desconocida unknown unidentified second another other third deuxieme autre segundo otro otra".split()
)
ACCUSED = frozenset(
    "wanted soupconne soupconnee soupconnes accused accuse accusee suspected sospecha acusado acusada".split()
)
FORMERLY = frozenset("first originally initially previously earlier abord initialement inicialmente".split())
KIN_ACTS = frozenset(
    "drove took fled abducted driving suspect kidnapped left forced sustrajo llevo rapto huyo escapo enleve parti partie emmene moved".split()
)
OPENING = 6
"""Tokens with which ``L'enfant, Émile`` begins."""
COMPANY = frozenset("by par por with w avec con company".split())
ACTING = ACTS | frozenset(
    "entered masked mask masks armed inside rammed stole broke pulled interceptaron encapuchados cagoules armes armados ski left suspects".split()
)
TAKES = frozenset("with took take taken taking grabbed pulled led forced abducted kidnapped for of by".split())
AFTER_OBJECT = frozenset("from to in into at and on away out by as while before after when who near with".split())
FROM = frozenset("from near outside toward towards desde".split())
"""Words right before a place rather than a person."""

LIGHTEST, LIGHTEST_ADULT = 19, 60
"""Pounds that a bare number after a height may be."""
CLOSING, ITEMS = frozenset([")"]), frozenset("1 2 3 4 5 6 a b c d e".split())
NUMBER_WORDS = frozenset([*NUMBERS, *COUNTED_TENS])
LAST_HOUR = 12
"""A number up to it, after "about", is as likely the time of day as an age."""
MOST_COUNTED = 4
"""Suspects that a number may stand for."""
MOST_PEOPLE = 40
"""That one alert speaks of; a longer list is no alert, and each name is compared with all before it."""


def _is_called_child(after: list[str]) -> bool:
    """``, a 14-year-old boy``: a noun for a child in apposition, before any verb."""
    if after[:1] not in ([","], ["("]):
        return False
    for word in after[1:7]:
        if word in {",", ".", "took", "is", "was", "has", "and", "who", "with", "his", "her"}:
            return False
        if word in CHILD_NOUNS:
            return True
    return False


def _acts(after: list[str]) -> bool:
    """``Rick Lane, 33, abducted Emma``, not ``Emma, 6, abducted from her home``."""
    for place, word in enumerate(after[:6]):
        if word in {"abducted", "kidnapped", "snatched", "grabbed"}:
            is_passive = bool({"was", "were", "been", "being", "is", "are"} & set(after[max(0, place - 2) : place]))
            return not is_passive and bool(after[place + 1 : place + 2]) and after[place + 1] not in PASSIVE
    return False


def _follows(words: list[str], first: str, second: str) -> bool:
    return any(word == first and words[at + 1 : at + 2] == [second] for at, word in enumerate(words))


class Event(NamedTuple):
    """Something at a place of the text: a label, a noun, a name or a description."""

    at: int
    order: int
    kind: str
    what: Any


class Reader:
    """Reads the texts of one alert, one after another; people that were named are known again in the next."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self._text = -1
        self._tokens: Tokens
        self._taken = bytearray()
        self._now: Person | None = None
        self._block: str | None = None
        self._list_role: Role | None = None
        self._list_sentence = -1
        self._list_sex: Noun | None = None
        self._list_age: Found | None = None
        self._siblings: Noun | None = None
        self._brood = 0
        self._pending: list[Found] = []
        self._described = bytearray()
        self._labels: list[Label] = []
        self._families = Families({}, frozenset())
        self._echoed: frozenset[int] = frozenset()

    def read(self, tokens: Tokens, taken: bytearray, clothes: list[tuple[int, int, int]]) -> None:
        """One text. ``taken`` marks the tokens that speak of vehicles, plates and telephones; ``clothes`` are spans of what somebody
        wears: where the cue is, and where the words begin and end."""
        self._text += 1
        self._tokens, self._taken = tokens, taken
        self._now = self._block = self._list_role = self._siblings = None
        self._pending = []
        events = self._events(clothes)
        for place, event in enumerate(events):
            self._take(event, events[place + 1 : place + 4])
        self._sex_siblings()
        self._sex_only_child()
        self._clear()

    def _sex_siblings(self) -> None:
        """``two sisters``, where the text names just two children."""
        noun = self._siblings
        children = [
            person
            for person in self.people
            if person.parts and self._text in person.texts and (person.role == "child" or person.is_minor)
        ]
        if noun is not None and len(children) == self._brood:
            for person in children:
                if "sex" not in person.facts:
                    person.learn("sex", fact(self._tokens, noun.first, noun.end, noun.sex, "medium"))

    def _sex_only_child(self) -> None:
        """``la madre de la niña``, ``the girl's father``, ``se la llevó``: what other words say of the only child."""
        children = [person for person in self.people if person.role == "child" or person.is_minor]
        if len(children) != 1 or "sex" in children[0].facts:
            return
        found = sexes_said(self._tokens)
        if found and len({one.value for one in found}) == 1:
            children[0].learn("sex", found[0])

    def _clear(self) -> None:
        """``The grandmother … is not a suspect``: neither sought nor suspected."""
        tokens = self._tokens
        for at in tokens.places(SUSPECTED):
            low, _ = tokens.sentence(at)
            if "not" in tokens.words[max(low, at - 4) : at]:
                words = set(tokens.words[low:at])
                for person in self.people:
                    if person.role == "suspect" and (
                        person.kin in words or (person.parts and person.parts[-1] in words)
                    ):
                        person.role = "other"

    # -- what the text has --

    def _events(self, clothes: list[tuple[int, int, int]]) -> list[Event]:
        tokens, taken = self._tokens, self._taken
        worn = bytearray(len(tokens) + 1)
        for _, first, end in clothes:
            worn[first:end] = b"\1" * (end - first)
        events = [Event(label.first, 0, "label", label) for label in labels(tokens)]
        self._labels = [event.what for event in events]
        blocked = bytearray(a | b for a, b in zip(taken, worn, strict=False)) if any(worn) else taken
        found_runs = names.runs(tokens, blocked)
        self._families = families(tokens, found_runs)
        self._echoed = echoed(tokens, found_runs)
        found_runs = [run for run in found_runs if run.first not in self._families.surnames]
        events += [Event(run.first, 1, "name", run) for run in found_runs]
        named = bytearray(len(tokens) + 1)
        for run in found_runs:
            named[run.first : run.end] = b"\1" * (run.end - run.first)
        events += [
            Event(noun.first, 2, "noun", noun)
            for noun in nouns(tokens)
            if not worn[noun.first] and not named[noun.first]
        ]
        described = measures(tokens)
        events += [
            Event(one.first, 3, "measure", one) for one in described if not taken[one.first] and not worn[one.first]
        ]
        inside = bytearray(len(tokens) + 1)
        for one in described:
            inside[one.first : one.end] = b"\1" * (one.end - one.first)
        self._described = inside
        events += [Event(one.first, 3, "measure", one) for one in self._bare_numbers(inside)]
        events += [Event(cue, 4, "clothes", (first, end)) for cue, first, end in clothes]
        events += [Event(at, 0, "item", at) for at in tokens.places(CLOSING) if self._numbers_item(at)]
        events.sort(key=lambda event: (event.at, event.order))
        return events

    def _bare_numbers(self, inside: bytearray) -> list[Found]:
        tokens, found = self._tokens, []
        for at in sorted([*tokens.places(NUMBER_WORDS), *tokens.numbers]):
            word = tokens.words[at]
            if (
                "/" in {tokens.word(at - 1), tokens.word(at + 1)}
                and (
                    (tokens.word(at - 1) == "/" and tokens.gaps[at] == "")
                    or (tokens.word(at + 1) == "/" and tokens.gaps[at + 1] == "")
                )
                and not (tokens.word(at - 2) in {"m", "f", *RACE_CODES})
            ):
                continue
            if (
                not word.isdigit()
                and tokens.word(at - 1) in {"is", "est", "about", "around", "also"}
                and not inside[at]
            ):
                spoken, end = counted(tokens, at)
                if (
                    spoken
                    and tokens.word(end) in {",", ".", "and", "..."}
                    and (spoken > LAST_HOUR or tokens.word(at - 1) in {"is", "est"})
                ):
                    found.append(Found("bare", at, end, spoken))
                continue
            if not word.isdigit() or word[0] == "0" or len(word) > 3 or inside[at] or self._taken[at]:
                continue
            if tokens.word(at - 1) == ":" and tokens.gaps[at] == "" and tokens.word(at - 2).isdigit():
                continue  # 2:15
            before, after = tokens.word(at - 1), tokens.word(at + 1)
            is_after_sex = before in {"m", "f"} and tokens.capital[at - 1] and tokens.is_cased and len(word) < 3
            if is_after_sex and "'" not in {after, tokens.word(at + 2)}:
                found.append(Found("bare", at, at + 1, int(word)))
                continue
            is_before_sex = after in {"m", "f", "w"} and tokens.word(at + 2) in {",", ".", ")", "/", ";"}
            if (is_before_sex or after in {",", ")", ".", ";", "", "(", "...", "/", "yo", "and", "et", "y", "&"}) and (
                before
                in {
                    ",",
                    "(",
                    ":",
                    "...",
                    "/",
                    "is",
                    "and",
                    "et",
                    "y",
                    "&",
                    "approx",
                    "about",
                    "approximately",
                    "environ",
                    "ages",
                    "agees",
                    "also",
                    "perhaps",
                    "maybe",
                    "girl",
                    "boy",
                    "male",
                    "female",
                    "nearly",
                    "almost",
                    "around",
                }
                or (before == "." and tokens.word(at - 2) == "approx")
            ):
                if before in {"around", "about", "perhaps", "maybe"} and int(word) <= LAST_HOUR:
                    continue
                if after == "." and at + 2 < len(tokens) and (tokens.gaps[at + 2] == "" or self._is_item(at)):
                    continue
                if word == "1" and before == ":" and after == ".":
                    continue  # CHILDREN: 1. Ada
                if (
                    after == ","
                    and at + 2 < len(tokens)
                    and tokens.words[at + 2].isdigit()
                    and len(tokens.words[at + 2]) == 4
                ):
                    continue
                found.append(Found("bare", at, at + 1, int(word)))
        return found

    def _numbers_item(self, at: int) -> bool:
        """``2) Persona del sexo femenino``, ``B) DULCE``: the mark after the number of somebody in a list."""
        tokens = self._tokens
        one = tokens.word(at - 1)
        is_item = one in ITEMS and tokens.gaps[at] == "" and (at < 2 or tokens.gaps[at - 1] != "")
        return is_item and "(" not in tokens.words[max(0, at - 6) : at]

    def _is_item(self, at: int) -> bool:
        """``1. UNKNOWN B/M``: the number of an item in a list."""
        tokens = self._tokens
        is_clause = tokens.word(at - 1) == "," and at - 1 not in tokens.dots
        return (
            at > 0
            and not is_clause
            and len(tokens.words[at]) == 1
            and "\n" in tokens.raw[tokens.ends[at - 1] : tokens.starts[at]]
        )

    # -- the walk --

    def _take(self, event: Event, following: list[Event]) -> None:
        sentence = self._tokens.sentence(event.at)[0]
        if event.kind == "label":
            self._label(event.what, sentence)
        elif event.kind == "item":
            self._item(event.what, sentence)
        elif event.kind == "name":
            self._name(event.what, sentence)
        elif event.kind == "noun":
            self._noun(event.what, sentence)
        elif event.kind == "clothes":
            first, end = event.what
            self._clothes(first, end, sentence)
        elif self._waits(event.what, following):
            self._pending.append(event.what)
        elif self._is_noun(event.what, following):
            self._pending.append(event.what)
            self._noun(self._as_noun(event.what), sentence)
        else:
            self._measure(event.what, sentence)

    def _waits(self, found: Found, coming: list[Event]) -> bool:
        """Whether the description belongs to the noun or name right after it: ``16-year-old Lark Ashdown``."""
        following = coming[0] if coming else None
        if found.what == "bare" or following is None or following.kind not in {"name", "noun", "measure"}:
            return False
        if following.kind == "measure" and (
            following.what.what not in {"race", "age"} or not self._waits(following.what, coming[1:])
        ):
            return False
        if found.what not in {"age", "race", "race+sex"}:
            return False
        between = self._tokens.words[found.end : following.at]
        if following.kind == "name":
            return not between or between in (["-"], ["old"])
        if following.kind == "noun" and (following.what.is_pronoun or following.what.is_kin):
            return False
        if len(between) > 5 or any(word not in ADJECTIVES for word in between):
            return False
        if "," in between and following.kind == "measure":
            return False
        return not (
            "," in between and self._now is not None and self._now.sentence == self._tokens.sentence(found.first)[0]
        )

    def _is_noun(self, found: Found, coming: list[Event]) -> bool:
        """``a 17-year-old, Autumn Skye Roark``; ``the abduction of a three-year-old``: the age of a child stands for the child."""
        tokens = self._tokens
        if found.what != "age" or tokens.words[found.end - 1] not in {"old", "olds"} or found.value.most is not None:
            return False
        if found.value.unit == "year" and found.value.value >= ADULT:
            return False
        if tokens.word(found.first - 1) not in {"a", "an", "the"} or "-" not in tokens.words[found.first : found.end]:
            return False
        now = self._now
        is_apposition = (
            now is not None
            and now.sentence == tokens.sentence(found.first)[0]
            and found.first - now.at < 4
            and not now.facts.get("age")
        )
        return not is_apposition and not (self._block and now is not None and now.is_fresh and not now.facts)

    def _as_noun(self, found: Found) -> Noun:
        is_definite = self._tokens.word(found.first - 1) == "the"
        return Noun(found.end - 1, found.end, "child", None, False, is_definite, False)

    def _begin(self, role: Role | None) -> Person:
        person = Person(role, self._text)
        if len(self.people) < MOST_PEOPLE:
            self.people.append(person)
        return person

    def _turn(self, person: Person | None, at: int, sentence: int) -> None:
        self._now = person
        if person is not None:
            person.sentence, person.at = sentence, at
            person.texts.add(self._text)
            pending, self._pending = self._pending, []
            for found in pending:
                self._give(person, found, "high")
        else:
            self._pending = []

    def _label(self, label: Label, sentence: int) -> None:
        self._pending = []
        if label.role in {"child", "suspect"}:
            role: Role = "child" if label.role == "child" else "suspect"
            self._block = role
            self._list_role = None
            self._now = self._labelled_kin(label) or self._begin(role)
            self._now.role = "other" if self._is_labelled_victim(label) else role
            self._now.sentence, self._now.at = sentence, label.end
        elif label.role == "subject":
            self._now = self._begin(None)
            self._now.sentence, self._now.at = sentence, label.end
            self._block = None
        elif label.role == "name":
            if self._now is None or self._now.parts:
                self._now = self._begin("suspect" if self._block == "suspect" else "child")
            self._now.sentence, self._now.at = sentence, label.end
        elif label.role not in {"clothing", "seen", "time"}:
            self._now, self._block = None, label.role

    def _is_labelled_victim(self, label: Label) -> bool:
        """``Mother: 19-year-old female, taken with child``"""
        tokens = self._tokens
        if tokens.words[label.first] not in KIN:
            return False
        return not TAKEN_TOO.isdisjoint(tokens.words[label.end : tokens.sentence(label.first)[1]])

    def _item(self, at: int, sentence: int) -> None:
        """The next one in a list of people is somebody else than the one before."""
        now = self._now
        if now is None or not (now.parts or now.facts) or (self._block == "child" and now.is_fresh and not now.parts):
            return
        self._turn(self._begin(self._role_of_block() or now.role), at + 1, sentence)

    def _role_of_block(self) -> Role | None:
        return "child" if self._block == "child" else "suspect" if self._block == "suspect" else None

    def _labelled_kin(self, label: Label) -> Person | None:
        """``Father: 29, 5'10"``, where the text named one father before."""
        word = self._tokens.words[label.first]
        same = [person for person in self.people if word in KIN and person.kin == word and person.parts]
        return same[0] if len(same) == 1 and label.end - label.first == len([word, ":"]) else None

    # -- names --

    def _name(self, run: names.Run, sentence: int) -> None:
        tokens = self._tokens
        known = self._known(run)
        if isinstance(known, Person) and self._is_of_another(known, run):
            return
        if isinstance(known, str):
            self._turn(None, run.end, sentence)
        elif known is not None:
            self._again(known, run, sentence)
        elif names.is_titled(tokens, run) or (
            (not self._after_label(run) or tokens.word(run.first - 2) in KIN)
            and is_bystander(tokens, run.first, run.end)
        ):
            person = self._begin("other")
            person.parts = run.parts
            self._turn(person, run.end, sentence)
        elif not self._is_no_person(run):
            confidence = self._sureness(run, sentence)
            if confidence is not None:
                self._introduce(run, sentence, confidence)
            elif not (len(run.parts) == 1 and names.is_plain(run)):
                self._pass_over(run, sentence)

    def _is_of_another(self, known: Person, run: names.Run) -> bool:
        """A surname alone after a label: somebody else of the family, whose first name could not be read."""
        now = self._now
        is_new = now is not None and now is not known and now.is_fresh and not now.parts
        return is_new and self._after_label(run) and len(run.parts) < len(known.parts)

    def _again(self, known: Person, run: names.Run, sentence: int) -> None:
        """Somebody who was named before."""
        if len(run.parts) > len(known.parts) and "name" in known.facts:
            known.parts = run.parts
            confidence = known.facts["name"].confidence
            known.facts["name"] = fact(self._tokens, run.first, run.end, names.shown(self._tokens, run), confidence)
        self._turn(known, run.end, sentence)
        self._age_after(known, run)
        self._sex_beside(known, run)
        if known.role == "suspect" and has_passed(self._tokens, run.end):
            known.role = "other"
        if known.role is None:
            known.role = self._role_beside(run, sentence)

    def _is_no_person(self, run: names.Run) -> bool:
        if not names.is_place_or_body(self._tokens, run):
            return False
        return not (self._after_label(run) and self._tokens.word(run.end) in {",", "(", "...", "-", "/"})

    def _sureness(self, run: names.Run, sentence: int) -> Confidence | None:
        """How sure it is that this is a person's name, or ``None``."""
        tokens, family = self._tokens, self._families.of.get(run.first)
        strength, is_label = self._strength(run, sentence)
        is_single = len(run.parts) == 1 and family is None
        if is_single and tokens.word(run.end) in PERSON_NOUNS and names.is_plain(run):
            return None  # Suspect: Black male
        if is_single and names.is_plain(run) and tokens.word(run.first - 1) != ":":
            return None
        has_age = bool(names.bare_age(tokens, run.end))
        is_listed = has_age and self._list_role == "child" and self._list_sentence == sentence
        is_known = is_label or is_listed or self._is_called(run)
        if is_single and not is_known and (names.is_plain(run) or not tokens.is_cased):
            return None
        if is_single and (self._is_cut(run) or self._is_surname_alone(run)):
            return None
        if not (has_age or is_label) and tokens.word(run.first - 1) in FROM and strength < 4:
            return None
        if is_single and strength == 2 and has_age and tokens.word(run.end) == "(" and self._lists_children():
            strength = 3
        if is_single and strength == 2 and tokens.word(run.end) == "," and self._is_taken(run):
            strength = 3
        if family is not None:
            after_family = strength + names.strength_after(tokens, family.end)
            strength = max(after_family, 1 + bool(self._list_role) + has_age)
        if self._list_role and self._list_sentence == sentence and self._gives_surname(run):
            strength += 1
        strength += 2 * (run.first in self._echoed) + (is_single and (is_listed or run.first in self._families.chained))
        if strength < (3 if is_single else 2):
            return None
        return "certain" if is_label or strength > 3 else "high"

    def _is_cut(self, run: names.Run) -> bool:
        """``Suspect: Carl Modele, 40``: a capital right after a first name may begin a surname that was not known for one."""
        tokens, at = self._tokens, run.end
        if self._is_cut_before(run):
            return True
        if tokens.word(at) == "," and not names.bare_age(tokens, at):
            at += 1  # Suspect: Testman, Carl (M/W/40)
            if tokens.word(at + 1) not in {"(", "-"}:
                return False
        if not tokens.is_cased or at >= len(tokens) or not tokens.capital[at] or len(tokens.words[at]) < len("abc"):
            return False
        is_title = tokens.slice(at, at + 1).istitle() and tokens.slice(run.first, run.end).istitle()
        return (
            is_title
            and tokens.words[at] not in names.NEVER_SURNAMES | names.STATES
            and names.strength_after(tokens, at + 1) > 1
        )

    def _is_surname_alone(self, run: names.Run) -> bool:
        """``Leo, last name Testley``"""
        tokens = self._tokens
        before = (tokens.word(run.first - 2), tokens.word(run.first - 1))
        if list(before) in names.NAME_LABELS and tokens.word(run.end) == ",":  # Name: TESTLEY, MIA ROSE
            following = tokens.word(run.end + 1)
            return following.isalpha() and following not in COMMON
        return before[1] in {"surname", "apellido", "famille"} or before in {("last", "name"), ("family", "name")}

    def _is_cut_before(self, run: names.Run) -> bool:
        """``Suspects : Guy Modin, 50 ans``: a capital before a name that is no title and opens no sentence."""
        tokens, at = self._tokens, run.first - 1
        if not tokens.is_cased or at <= tokens.sentence(run.first)[0] or not tokens.capital[at]:
            return False
        word = tokens.words[at]
        return word in GIVEN_TOO and tokens.word(at - 1) in {":", ",", "et", "par", "avec", "by", "with", "and"}

    def _gives_surname(self, run: names.Run) -> bool:
        """Whether a first name before it in the list shares its surname: ``twins Ada and Rowan Testley``."""
        return any(family.end == run.end for family in self._families.of.values())

    def _is_taken(self, run: names.Run) -> bool:
        """``Jules, 3 ans, a été enlevé``: a first name alone, of somebody who was taken."""
        tokens = self._tokens
        return not names.is_plain(run) and not TAKEN.isdisjoint(
            tokens.words[run.end : min(tokens.sentence(run.first)[1], run.end + 10)]
        )

    def _lists_children(self) -> bool:
        return "child" in {self._list_role, self._block}

    def _pass_over(self, run: names.Run, sentence: int) -> None:
        """What looks like a name and is not taken for one: what follows may be about it, and not about the one before."""
        now = self._now
        if self._pending and now is not None and now.sentence == sentence and self._pending[0].first - now.at < 3:
            self._turn(now, run.first, sentence)  # the description was of the one before
        elif self._pending or (names.strength_after(self._tokens, run.end) and not names.is_plain(run)):
            self._now, self._pending = None, []

    def _introduce(self, run: names.Run, sentence: int, confidence: Confidence) -> None:
        tokens, family = self._tokens, self._families.of.get(run.first)
        nameless = self._nameless(run, sentence)
        person = nameless or self._begin(self._role_beside(run, sentence))
        person.is_guess = not self._after_label(run) and (nameless is None or not self._block)
        if nameless is not None and person.role is None:
            person.role = self._role_beside(run, sentence)
        person.parts, person.is_fresh = run.parts, False
        person.facts["name"] = fact(tokens, run.first, run.end, names.shown(tokens, run), confidence)
        if family is not None:
            self._adopt(person, run, family, confidence)
        self._turn(person, run.end, sentence)
        self._age_after(person, run)
        self._sex_beside(person, run)
        listed = self._list_sex
        if person.is_adult and (listed is None or listed.role == "child"):
            pass  # "brothers" says nothing of their mother
        elif listed is not None and listed.sex and self._list_sentence == sentence and person.role == listed.role:
            person.learn("sex", fact(tokens, listed.first, listed.end, listed.sex, "medium"))
        elif self._siblings is not None and person.role == "child" and "sex" not in person.facts:
            siblings = self._siblings
            person.learn("sex", fact(tokens, siblings.first, siblings.end, siblings.sex, "medium"))
        is_listed = listed is not None and listed.role == person.role == "child" and self._list_sentence == sentence
        if is_listed and self._list_age is not None and person.age is None:
            self._give(person, self._list_age, "high")
        if self._is_safe(run) or has_passed(tokens, run.end):
            person.role = "other"
        self._named_suspect(person, run)

    def _sex_beside(self, person: Person, run: names.Run) -> None:
        found = sex_beside(self._tokens, run.first, run.end)
        if found is not None and "sex" not in person.facts:
            person.learn("sex", found)

    def _named_suspect(self, person: Person, run: names.Run) -> None:
        """``Suspect :`` and ``Sospechoso:`` before a name are masculine; ``Suspecte`` and ``Sospechosa`` are read as nouns."""
        for label in self._labels:
            if label.end == run.first and label.role == "suspect":
                word = self._tokens.words[label.first]
                sex = MASCULINE.get(word) if self._tokens.language[:2] != "en" else FEMININE.get(word)
                if sex:
                    person.learn("sex", fact(self._tokens, label.first, label.first + 1, sex, "medium"))

    def _is_safe(self, run: names.Run) -> bool:
        """Whether the text says that this one was found: ``Eli has been found unharmed``."""
        words = self._tokens.words[run.end : min(self._tokens.sentence(run.first)[1], run.end + 12)]
        if self._is_past_it(words):
            return True
        return any(
            word in {"found", "located", "retrouve", "retrouvee", "localizado", "localizada"} for word in words
        ) and any(word in {"safe", "unharmed", "alive", "sain", "saine", "salvo", "salva"} for word in words)

    def _is_past_it(self, words: list[str]) -> bool:
        """``Leo, 9, was not hurt``; ``Neil Frost, 29, has been cleared``: right after the name and the age."""
        at = 0
        while at < len(words) and (words[at] in {",", "(", ")", "de"} or words[at].isdigit() or words[at] in UNITS):
            at += 1
        if words[at : at + 1] in (["has"], ["a"], ["ha"]):
            at += 1
        if at >= len(words) or words[at] not in {"was", "were", "is", "been", "are", "ete", "fue", "sido"}:
            return False
        return not PAST_IT.isdisjoint(words[at + 1 : at + 3])

    def _after_label(self, run: names.Run) -> bool:
        return self._tokens.word(run.first - 1) in {":"} and any(
            label.end == run.first and label.role in {"child", "suspect", "name"} for label in self._labels
        )

    def _known(self, run: names.Run) -> Person | str | None:
        """The person that a name, or a part of one, means."""
        parts = set(run.parts)
        found = [
            person
            for person in self.people
            if person.parts and (parts <= set(person.parts) or (len(person.parts) > 1 and set(person.parts) <= parts))
        ]
        exact = [person for person in found if set(person.parts) == parts]
        if exact:
            return exact[0]
        if len(found) == 1:
            only = found[0]
            if len(parts) == 1 or len(parts & set(only.parts)) >= 2:
                return only
            return None
        return "several" if found else None

    def _nameless(self, run: names.Run, sentence: int) -> Person | None:
        """The person that was just spoken of and has no name yet: ``juvenile, Saskia Villanueva``, ``Child: female, 5, Talia``."""
        now = self._now
        if now is None or now.parts or now.sentence != sentence:
            return None
        return now if self._is_naming(now, run) else None

    def _is_naming(self, now: Person, run: names.Run) -> bool:
        """Whether nothing but description and naming words are between a person and a name."""
        words = self._tokens.words
        between = words[now.at : run.first]
        if between[-1:] == ["as"] and not {"identified", "known", "named", "described"} & set(
            words[max(now.sentence, now.at - 4) : run.first]
        ):
            return False
        allowed = NAMING if NAMED_AS.isdisjoint(between) else NAMING_BY_NAME
        return all(words[at] in allowed or self._described[at] for at in range(now.at, run.first))

    def _strength(self, run: names.Run, sentence: int) -> tuple[int, bool]:
        tokens = self._tokens
        after = names.strength_after(tokens, run.end)
        before, is_label = self._strength_before(run, sentence)
        return after + before, is_label

    def _strength_before(self, run: names.Run, sentence: int) -> tuple[int, bool]:
        tokens = self._tokens
        at = run.first - 1
        while (
            at >= sentence
            and tokens.words[at]
            in {",", '"', "(", "as", "comme", "etant", "como", "-", "is", "being", "a", "by", "one", "of", "old"}
            and run.first - at < 4
        ):
            if tokens.words[at] == "a" and tokens.word(at - 1) not in {
                "busca",
                "buscan",
                "buscando",
                "localizar",
                "encontrar",
                "secuestro",
            }:
                break
            if tokens.words[at] == "by":
                break
            at -= 1
        word = tokens.word(at)
        if word == ":" and any(
            label.end == at + 1 and label.role in {"child", "suspect", "name"} for label in self._labels
        ):
            return 3, True
        if self._pending:
            return 2, False
        if (
            word in UNITS
            and tokens.words[at - 1] not in {"for"}
            and (tokens.word(at - 1).isdigit() or tokens.word(at - 2).isdigit())
            and self._now is not None
        ):
            return 2, False
        if word in CALLED:
            return 3, False
        is_for = word in {"for", "pour", "para", "por"} and not ALERTED.isdisjoint(
            tokens.words[max(sentence, at - 8) : at]
        )
        if (is_for and len(run.parts) > 2) or (
            word == "missing" and len(run.parts) > 1
        ):  # a town has two words at most
            return 2, False
        if word in {"petite", "petit", "bebe", "baby", "kin"} or (word in KIN and at == run.first - 1):
            return 2, False
        now = self._now
        if now is not None and not now.parts and now.sentence == sentence and self._is_naming(now, run):
            return 2, self._block is not None
        if (
            word in {"by", "with", "par", "por", "avec", "con"}
            and tokens.word(at - 1) in GONE_WITH
            and len(run.parts) > 1
        ):
            return 2, False
        if word in {
            "for",
            "searching",
            "locate",
            "locating",
            "find",
            "finding",
            "retrouver",
            "with",
            "avec",
            "con",
            "w",
            "/",
            "and",
            "&",
            "et",
            "y",
            "par",
            "por",
            "by",
            "busca",
            "buscan",
            "encontrar",
            "a",
            "abducted",
            "driver",
        }:
            return 1, False
        return 0, False

    def _age_after(self, person: Person, run: names.Run) -> None:
        listed = self._families.ages.get(run.first)
        if listed is not None:
            person.learn("age", fact(self._tokens, listed, listed + 1, AgeValue(int(self._tokens.words[listed]))))
            return
        age = names.bare_age(self._tokens, run.end)
        if age:
            at, value = age
            person.learn(
                "age",
                fact(
                    self._tokens,
                    at,
                    at + 1,
                    AgeValue(value),
                    "certain" if "name" in person.facts and person.facts["name"].confidence == "certain" else "high",
                ),
            )
            person.at = at + 1

    def _role_beside(self, run: names.Run, sentence: int) -> Role | None:
        """The role that the words beside a name give it."""
        block = self._role_of_block()
        if block and self._now is not None and not self._now.parts and self._now.sentence == sentence:
            return block
        return self._cued_role(run, sentence) or block

    def _cued_role(self, run: names.Run, sentence: int) -> Role | None:
        tokens = self._tokens
        low, high = tokens.sentence(run.first)
        before = tokens.words[max(low, run.first - 6) : run.first]
        after = tokens.words[run.end : min(high, run.end + 9)]
        later = tokens.words[run.end : min(high, run.end + 24)]
        if self._has_child() and (
            "also" in before or ("driving" in later and "with" not in later[: later.index("driving")])
        ):
            return "suspect"
        if GUARDIANS & set(before) and not SUSPECT_BEFORE & set(before):
            return "other"
        if before and before[-1] in HARMED and "as" not in before[-3:]:
            return "other"
        if not HARMED.isdisjoint(before[-4:]) and not {"suspect", ",", "."} & set(before[-3:-1]):
            return "other"
        if (
            before[-1:] == ["as"]
            and "identified" in tokens.words[low : run.first]
            and WANTED & set(tokens.words[low : run.first])
        ):
            return "suspect"
        listed = self._list_sex
        if (
            listed is not None
            and self._list_role
            and 0 <= run.first - listed.end <= 1
            and self._list_sentence == sentence
        ):
            return self._list_role
        if NAMED_AS & set(before[-3:]):
            before = [word for word in before if word not in BY_NAME]
        for word in reversed(before):
            if word in {"and", "&", "et", "y"} and self._list_role:
                return self._list_role
            if word in {"por", "par", "pour"} and ALERTED & set(before):
                return "child"
            if word in SUSPECT_BEFORE or word in {"sospechoso", "sospechosa", "suspecte"}:
                return "suspect"
            if word in CHILD_BEFORE:
                age = names.bare_age(tokens, run.end)
                return "child" if not (age and age[1] >= ADULT and self._has_child()) else "suspect"
            if word in {".", ";"}:
                break
        if not ACCUSED.isdisjoint(later[:14]):
            return "suspect"
        if any(word in {"suspect", "abductor", "driving", "drove", "took"} for word in after[:5]) or "driving" in after:
            return "suspect"
        if _acts(after):
            return "suspect"
        if (
            any(
                word
                in {
                    "abducted",
                    "kidnapped",
                    "missing",
                    "taken",
                    "enleve",
                    "enlevee",
                    "disparu",
                    "secuestrado",
                    "secuestrada",
                }
                for word in after
            )
            or _is_called_child(after)
            or _follows(after, "last", "seen")
        ):
            return "child"
        return None

    def _has_child(self) -> bool:
        return any(person.role == "child" for person in self.people)

    def _is_called(self, run: names.Run) -> bool:
        return any(word in CALLED for word in self._tokens.words[max(0, run.first - 3) : run.first])

    def _adopt(self, person: Person, run: names.Run, family: names.Run, confidence: Confidence) -> None:
        """The surname that a first name shares with the next one."""
        surname = names.shown(self._tokens, family)
        person.facts["name"] = fact(
            self._tokens, run.first, family.end, f"{names.shown(self._tokens, run)} {surname}", confidence
        )
        person.parts = (*run.parts, *family.parts)
        age = names.bare_age(self._tokens, family.end)
        if age and not names.bare_age(self._tokens, run.end):
            person.learn("age", fact(self._tokens, age[0], age[0] + 1, AgeValue(age[1])))

    # -- nouns --

    def _noun(self, noun: Noun, sentence: int) -> None:
        if noun.is_pronoun or (
            noun.role is None
            and not noun.is_kin
            and noun.is_definite
            and self._tokens.words[noun.first] in {"his", "her", "him", "hers", "lui"}
        ):
            self._pronoun(noun, sentence)
            return
        if noun.is_plural:
            self._now = None
            pending, self._pending = self._pending, []
            self._list_role, self._list_sentence, self._list_sex = noun.role, sentence, noun
            self._list_age = next((one for one in pending if one.what == "age" and one.value.most is None), None)
            self._of_all(noun, sentence)
            self._count_off(noun, sentence, pending)
            return
        if noun.is_kin:
            self._kin(noun, sentence)
            return
        if self._is_out_of_it(noun, sentence):
            self._turn(self._begin("other"), noun.end, sentence)
            return
        now = self._now
        if now is not None and now.sentence == sentence and self._is_same(now, noun):
            self._describe(now, noun, sentence)
            return
        person = self._meant(noun, sentence) or self._only_suspect(noun)
        if person is None:
            person = self._begin(self._noun_role(noun, sentence))
            person.is_grown = self._tokens.words[noun.first] in GROWN
            near = self._tokens.words[max(sentence, noun.first - 2) : noun.end + 1]
            person.is_another = not ANOTHER.isdisjoint(near)
        self._describe(person, noun, sentence)

    def _is_out_of_it(self, noun: Noun, sentence: int) -> bool:
        """``A 17-year-old brother is safe``; ``first described as "a woman in her 30s"``"""
        words = self._tokens.words[max(sentence, noun.first - 12) : noun.first]
        if {"described", "decrit", "decrite", "descrito"} & set(words) and not FORMERLY.isdisjoint(words):
            return True
        if is_cleared(self._tokens.words[max(sentence, noun.first - FARTHEST) : noun.first]):
            return True
        return not noun.is_definite and noun.role != "suspect" and is_bystander(self._tokens, noun.first, noun.end)

    def _count_off(self, noun: Noun, sentence: int, pending: list[Found]) -> None:
        """``Two unknown black males``: as many suspects as the text counts, one where it does not."""
        tokens = self._tokens
        before = tokens.words[max(sentence, noun.first - 7) : noun.first]
        after = tokens.words[noun.end : min(tokens.sentence(noun.first)[1], noun.end + len(before) + 2)]
        is_cued = (
            noun.role == "suspect"
            or self._block == "suspect"
            or any(word in COMPANY or word in UNKNOWN for word in before)
            or not ACTING.isdisjoint(after)
        )
        if noun.role == "child":
            if not noun.is_definite and noun.sex and not any(p.parts and p.role == "child" for p in self.people):
                self._siblings = noun
                said = (number(tokens, at) for at in range(max(sentence, noun.first - 5), noun.first))
                self._brood = next((count for count in said if count), 0)
            return
        if not noun.sex or not is_cued or is_bystander(tokens, noun.first, noun.end):
            return
        counts = [count for at in range(max(sentence, noun.first - 5), noun.first) if (count := number(tokens, at))]
        if "least" in before:
            counts = []
        for _ in range(counts[0] if len(counts) == 1 and counts[0] <= MOST_COUNTED else 1):
            person = self._begin("suspect")
            person.is_counted = True
            person.learn("sex", fact(tokens, noun.first, noun.end, noun.sex))
            for found in pending:
                if found.what == "race":
                    self._give(person, found, "high")

    def _of_all(self, noun: Noun, sentence: int) -> None:
        """``Both girls``, ``the sisters``: the sex of all children that the text names so far; ``5-year-old twins``: their age."""
        children = [
            person for person in self.people if person.role == "child" and person.parts and self._text in person.texts
        ]
        here = [person for person in children if person.sentence == sentence]
        if self._list_age is not None and noun.role == "child" and not any(person.age for person in here):
            for person in here:
                self._give(person, self._list_age, "high")
        if noun.role == "child" and noun.sex and not any("sex" in person.facts for person in children):
            for person in children:
                person.learn("sex", fact(self._tokens, noun.first, noun.end, noun.sex, "medium"))

    def _describe(self, person: Person, noun: Noun, sentence: int) -> None:
        if person.role is None and noun.role is not None:
            person.role = noun.role
        self._turn(person, noun.end, sentence)
        if noun.sex:
            person.learn(
                "sex",
                fact(
                    self._tokens,
                    noun.first,
                    noun.end,
                    noun.sex,
                    "high",
                ),
            )

    def _is_same(self, now: Person, noun: Noun) -> bool:
        """Whether the noun still speaks of the person at hand: ``Beckett Dunmore, a white male``."""
        if self._breaks(now.at, noun.first) or noun.first - now.at > NEAR:
            return False
        if noun.role is not None and now.role is not None and noun.role != now.role:
            return False
        if noun.role is None and now.parts and self._is_after_preposition(noun):
            return False
        if self._tokens.words[now.at : now.at + 2] == ["'", "s"]:
            return False
        sex = now.facts.get("sex")
        return not (sex and noun.sex and sex.value != noun.sex)

    def _breaks(self, first: int, end: int) -> bool:
        """Whether a word between them says that the next noun is somebody else; the slash of a date does not."""
        words, gaps = self._tokens.words, self._tokens.gaps
        return any(
            words[at] in BREAKS
            and not (
                words[at] == "/"
                and (
                    self._tokens.word(at - 1).isdigit()
                    or (gaps[at] == "" and at + 1 < len(gaps) and gaps[at + 1] == "")
                )
            )
            for at in range(first, end)
        )

    def _is_after_preposition(self, noun: Noun) -> bool:
        """``was handed to a woman``, ``en compagnie d'un homme``: somebody else."""
        words, at = self._tokens.words, noun.first - 1
        while at > 0 and (words[at] in ADJECTIVES or words[at] in RACES) and noun.first - at < 4:
            at -= 1
        if self._tokens.word(at) not in {"a", "an", "un", "une", "una", "another"}:
            return False
        before = self._tokens.word(at - 1 - (self._tokens.word(at - 1) == "'"))
        return before in {
            "to",
            "by",
            "with",
            "from",
            "after",
            "behind",
            "of",
            "d",
            "de",
            "con",
            "avec",
            "par",
            "por",
            "saw",
            "describes",
        }

    def _meant(self, noun: Noun, sentence: int) -> Person | None:
        """The person of that role whom a noun means: the only one, or for ``the`` the last."""
        fit = [
            person
            for person in self.people
            if person.role == noun.role and noun.role is not None and not self._contradicts(person, noun)
        ]
        if not fit:
            return None
        now = self._now
        if self._block and now is not None and now in fit and now.is_fresh and not now.parts:
            return now
        here = [person for person in fit if self._text in person.texts]
        if noun.is_definite:
            return here[-1] if len(here) == 1 or (here and noun.sex) else fit[0] if len(fit) == 1 else None
        unseen = [person for person in fit if self._text not in person.texts]
        return unseen[0] if len(unseen) == 1 and not here else None

    def _only_suspect(self, noun: Noun) -> Person | None:
        """``L'homme mesure environ six pieds``, where one adult is spoken of as the suspect."""
        if noun.role is not None or not noun.is_definite or self._tokens.words[noun.first] not in GROWN:
            return None
        fit = [
            person
            for person in self.people
            if (person.role == "suspect" and not person.is_minor) or (person.role is None and person.is_adult)
        ]
        return fit[0] if len(fit) == 1 and not self._contradicts(fit[0], noun) else None

    def _contradicts(self, person: Person, noun: Noun) -> bool:
        sex, age = person.facts.get("sex"), person.facts.get("age")
        if sex and noun.sex and sex.value != noun.sex:
            return True
        ages = [found.value for found in self._pending if found.what == "age"]
        return bool(age and ages and not agree("age", age.value, ages[0]))

    def _noun_role(self, noun: Noun, sentence: int) -> Role | None:
        if noun.role is not None:
            return noun.role
        tokens, word = self._tokens, self._tokens.words[noun.first]
        ages = [found.value for found in self._pending if found.what == "age"]
        if ages and (ages[0].unit != "year" or ages[0].value < ADULT):
            return "child"
        if any(each in SAW for each in tokens.words[noun.end : noun.end + 4]) or _follows(
            tokens.words[max(sentence, noun.first - 5) : noun.first], "seen", "by"
        ):
            return "other"
        if word in DRIVERS and tokens.word(noun.first - 1) in {"bus", "taxi", "delivery", "school", "tow"}:
            return "other"
        if word in DRIVERS or (ages and self._has_child()):
            return "suspect"
        if word in GROWN and any(each in GRABS for each in tokens.words[noun.end : noun.end + 9]) and self._has_child():
            return "suspect"
        if word in GROWN and tokens.word(noun.first - 2) == "&" and self._has_child():
            return "suspect"
        is_fresh = (
            self._now is not None and self._now.is_fresh and not self._now.facts and self._now.sentence == sentence
        )
        before = tokens.words[max(sentence, noun.first - 9) : noun.first]
        if not is_fresh and any(each in SUSPECT_BEFORE or each in UNKNOWN for each in before):
            return "suspect"
        if self._block == "suspect" or (self._block == "child" and word not in ADULTS):
            return "suspect" if self._block == "suspect" else "child"
        return None

    def _kin(self, noun: Noun, sentence: int) -> None:
        """A relative is a suspect only where the sentence says that the child is or went with them."""
        tokens = self._tokens
        low, high = tokens.sentence(noun.first)
        before = tokens.words[max(low, noun.first - 6) : noun.first]
        after = tokens.words[noun.end : min(high, noun.end + 12)]
        is_victim = self._is_taken_too(noun, low)
        if self._now is not None and not is_victim and self._is_kin_of_theirs(self._now, noun, sentence):
            self._now.kin = tokens.words[noun.first]
            self._describe(self._now, noun, sentence)
            return
        if (
            tokens.word(noun.end) == "'"
            or "told" in after
            or tokens.word(noun.end) in {"said", "reported", "called"}
            or is_bystander(tokens, noun.first, noun.end)
        ):
            self._owned(noun, sentence)
            self._turn(self._begin("other"), noun.end, sentence)
            return
        is_with = any(
            word
            in {
                "llevo",
                "llevado",
                "llevada",
                "llevaron",
                "presuntamente",
                "buscando",
                "buscan",
                "recherchent",
                "recherchons",
                "with",
                "w",
                "accompanied",
                "company",
                "avec",
                "con",
                "suspect",
                "suspected",
                "susp",
                "looking",
                "seeking",
                "wanted",
                "searching",
            }
            for word in before
        )
        if not STAYING.isdisjoint(before):
            is_with = False  # staying with their aunt
        is_by = any(word in {"by", "par", "por"} for word in before) and any(
            word
            in {
                "abducted",
                "taken",
                "kidnapped",
                "enleve",
                "enlevee",
                "secuestrado",
                "secuestrada",
                "sustraido",
                "sustraida",
                "emmene",
                "emmenee",
                "emmenes",
                "emmenees",
                "enleves",
                "enlevees",
                "raptado",
                "raptada",
                "robado",
                "robada",
                "llevado",
                "llevada",
                "driven",
                "have",
            }
            for word in tokens.words[max(low, noun.first - 10) : noun.first]
        )
        clause = after[: next((at for at, word in enumerate(after) if word in CLAUSES), len(after))]
        acts = any(word in KIN_ACTS for word in clause)
        acts = (
            acts
            or _follows(after, "as", "suspects")
            or _follows(after, "a", "suspect")
            or _follows(after, "the", "suspect")
        )
        is_witness = any(word in {"seen"} for word in before) and "by" in before
        role: Role = "suspect" if (is_with or is_by or acts) and not (is_witness or is_victim) else "other"
        self._owned(noun, sentence)
        person = self._begin(role)
        person.is_kin, person.kin = not (is_witness or is_victim), tokens.words[noun.first]
        self._turn(person, past_kin_of(tokens, noun.end), sentence)
        if noun.sex:
            person.learn("sex", fact(tokens, noun.first, noun.end, noun.sex))

    def _is_taken_too(self, noun: Noun, low: int) -> bool:
        """``suspected of abducting his ex-girlfriend, Eve``: an adult who was taken, not the one who takes."""
        words, at = self._tokens.words, noun.first - 1
        while at > low and words[at] in BESIDE_VICTIM:
            at -= 1
        is_passive = words[at - 1] in {"was", "were", "been", "being", "ete", "fue"}
        return words[at] in TAKING and at < noun.first - 1 and not is_passive

    def _is_kin_of_theirs(self, now: Person, noun: Noun, sentence: int) -> bool:
        """Whether the relative is the person at hand: ``Suspect: her mother``; ``Jeremiah Rowe, their uncle``."""
        words = self._tokens.words
        if now.sentence != sentence or noun.first - now.at > 6 or now.role == "child":
            return False
        if self._tokens.word(noun.end) == "'":
            return False
        between = words[now.at : noun.first]
        if not now.parts:
            return self._block == "suspect" and not any(word in BREAKS for word in between)
        return (
            between[:1] in ([","], ["("], ["..."])
            and not {"his", "her", "son", "sa", "su"} & set(between)
            and HARMED.isdisjoint(between)
            and not any(word in BREAKS for word in between)
        )

    def _owned(self, noun: Noun, sentence: int) -> None:
        """``Her father`` says that the only child spoken of is a girl."""
        sex = {"her": "F", "his": "M"}.get(self._tokens.word(noun.first - 1))
        if sex is None:
            return
        children = [person for person in self.people if person.role == "child" and self._text in person.texts]
        if len(children) == 1 and "sex" not in children[0].facts:
            children[0].learn("sex", fact(self._tokens, noun.first - 1, noun.first, sex, "medium"))

    def _pronoun(self, noun: Noun, sentence: int) -> None:
        if noun.is_pronoun and self._tokens.word(noun.first - 1) in RELATIVES:
            return  # a man whom she met
        here = [person for person in self.people if self._text in person.texts and (person.facts or person.parts)]
        fit = [person for person in here if (sex := person.facts.get("sex")) is None or sex.value == noun.sex]
        recent = sorted((person for person in fit), key=lambda person: person.at)
        if not recent:
            if noun.is_pronoun:
                self._turn(None, noun.end, sentence)
            return
        last = recent[-1]
        sure = [person for person in recent if "sex" in person.facts]
        if len(recent) > 1:
            same = [person for person in recent if person.sentence >= self._sentence_before(last.sentence)]
            known = [person for person in same if person in sure]
            if len(same) > 1 and len(known) == 1 and len(same) != len(known):
                last = known[0]
            elif len(same) > 1:
                if noun.is_pronoun:
                    self._turn(None, noun.end, sentence)
                return
        if not noun.is_pronoun:
            mine = [person for person in here if person.sentence == sentence]
            is_only = len(recent) == 1 or (mine == [last] and not sure and self._is_possessive(noun))
            if last.sentence == sentence and "sex" not in last.facts and is_only:
                last.learn("sex", fact(self._tokens, noun.first, noun.end, noun.sex, "medium"))
            return
        if self._tokens.word(noun.end) in WITNESS_VERBS and (last.role != "suspect" or "sex" not in last.facts):
            self._turn(None, noun.end, sentence)
            return
        if last.role == "other" and last.is_kin and self._tokens.word(noun.end) in FLEES:
            last.role = "suspect"
        is_sure = not sure or self._is_subject(last)
        if last.role != "suspect" and "sex" not in last.facts and not last.is_adult and self._is_denied(noun):
            self._turn(None, noun.end, sentence)
            return
        self._turn(last, noun.end, sentence)
        if noun.sex and "sex" not in last.facts and is_sure:
            last.learn("sex", fact(self._tokens, noun.first, noun.end, noun.sex, "medium"))

    def _is_denied(self, noun: Noun) -> bool:
        """Whether the text speaks of a girl where the pronoun is ``he``, or of a boy where it is ``she``."""
        said = {one.value for one in sexes_said(self._tokens)}
        return len(said) == 1 and noun.sex not in said

    def _is_subject(self, person: Person) -> bool:
        """Whether the sentence that last spoke of somebody begins with their name."""
        opening = self._tokens.words[person.sentence : person.sentence + OPENING]
        return not set(person.parts).isdisjoint(opening)

    def _is_possessive(self, noun: Noun) -> bool:
        """``to have cut off his beard``, not ``fled with her``."""
        words, tokens = self._tokens.words, self._tokens
        is_her = words[noun.first] in {"his", "her"} and tokens.word(noun.first - 1) not in TAKES
        return is_her and tokens.word(noun.end).isalpha() and tokens.word(noun.end) not in AFTER_OBJECT

    def _sentence_before(self, start: int) -> int:
        place = bisect_left(self._tokens.sentences, start)
        return self._tokens.sentences[max(0, place)]

    # -- descriptions --

    def _measure(self, found: Found, sentence: int) -> None:
        if self._lists(found, sentence):
            return
        if found.what == "age" and not self._families.listed.isdisjoint(range(found.first, found.end)):
            return  # it was given to its name already
        if self._now is not None and self._now.sentence != sentence and self._is_other(sentence):
            other = self._begin(self._now.role)
            other.is_another = True
            self._turn(other, found.first, sentence)
        now = self._now
        if not found.is_sure:
            self._hint(now, found, sentence)
            return
        if found.what == "race+sex" and self._is_someone_with(found):
            self._turn(self._begin("suspect"), found.first, sentence)
            now = self._now
        if now is not None and found.what == "race+sex" and now.sentence != sentence:
            if {"sex", "race"} & set(now.facts):
                self._turn(None, found.first, sentence)  # W/M 35-40, bald, grabbed him
            return
        if now is None:
            return
        if found.what == "bare":
            self._bare(now, found, sentence)
            return
        if now.sentence != sentence and self._is_unsaid(now, found, sentence):
            self._turn(None, found.first, sentence)
            return
        if now.sentence != sentence and found.first - now.at > NEAR * 3:
            return
        if found.what == "age" and found.value.most is None and "age" not in now.facts:
            for twin in self._twins_of(now):
                self._give(twin, found, "high")
        is_label = self._block is not None and now.role == self._block
        self._give(now, found, "certain" if is_label else "high" if now.sentence == sentence else "medium")
        if now.sentence == sentence:
            now.at = max(now.at, found.end)

    def _is_other(self, sentence: int) -> bool:
        """``The other is 5 feet 8``; ``El otro mide``: a sentence that begins with somebody else."""
        words = self._tokens.words[sentence : sentence + OPENING]
        opening = words[1:2] if words[:1] != ["l"] else words[2:3]
        return words[:1] in (["the"], ["el"], ["la"], ["l"]) and opening in (["other"], ["otro"], ["otra"], ["autre"])

    def _hint(self, now: Person | None, found: Found, sentence: int) -> None:
        """What a participle says of the person at hand, or of the only child where a sentence begins with it: ``Vista en Nogales``."""
        if now is not None and now.parts and now.sentence == sentence and found.first - now.at <= NEAR:
            if "sex" not in now.facts:
                self._give(now, found, "medium")
        elif found.first - sentence < 3:
            children = [
                person
                for person in self.people
                if self._text in person.texts
                and person.role in {"child", None}
                and not person.is_adult
                and person.parts
            ]
            if len(children) == 1 and "sex" not in children[0].facts:
                self._give(children[0], found, "medium")

    def _is_unsaid(self, now: Person, found: Found, sentence: int) -> bool:
        """``enlevée par un homme inconnu. Cheveux bruns``: a new sentence that does not say whom it describes."""
        return now.is_another and self._block is None and found.first - sentence < 2

    def _is_someone_with(self, found: Found) -> bool:
        """``girl last seen w/ W/M``, ``taken by H/M``"""
        at = found.first - 1
        words = self._tokens.words
        return words[at] in {"with", "by"} or words[max(0, at - 1) : at + 1] == ["w", "/"]

    def _twins_of(self, person: Person) -> list[Person]:
        """The other children of ``twins Micah and Moriah Petrakis, age 7``."""
        listed = self._list_sex
        if listed is None or self._list_sentence != person.sentence or person.role != "child" or not person.parts:
            return []
        if not TWINS & set(self._tokens.words[max(0, listed.first - 2) : listed.end]):
            return []
        same = [other for other in self.people if other is not person and other.role == "child" and other.parts]
        return [other for other in same if other.sentence == person.sentence and "age" not in other.facts]

    def _lists(self, found: Found, sentence: int) -> bool:
        """``two children, ages 2 (male) and 3 (female)``: one child per age."""
        now = self._now
        if self._list_role != "child" or self._list_sentence != sentence or found.what not in {"age", "bare"}:
            return False
        if now is not None and (now.parts or "age" not in now.facts):
            return False
        value = AgeValue(found.value) if found.what == "bare" else found.value
        if value.most is not None or (value.unit == "year" and value.value >= ADULT):
            return False
        child = self._begin("child")
        self._turn(child, found.end, sentence)
        child.learn("age", fact(self._tokens, found.first, found.end, value))
        listed = self._list_sex
        if listed is not None and listed.sex:
            child.learn("sex", fact(self._tokens, listed.first, listed.end, listed.sex, "medium"))
        return True

    def _bare(self, now: Person, found: Found, sentence: int) -> None:
        tokens = self._tokens
        if now.sentence != sentence or found.first - now.at > NEAR:
            return
        is_item = now.at != found.first - 1 or tokens.word(found.first - 2) in {":", ",", ")"}
        if tokens.word(found.first - 1) == "(" and is_item and tokens.word(found.end) == ")":
            return  # the number of an item in a list
        if "age" not in now.facts and "height" not in now.facts and "weight" not in now.facts and 0 < found.value < 100:
            now.learn(
                "age", fact(tokens, found.first, found.end, AgeValue(found.value), "certain" if self._block else "high")
            )
            now.at = found.end
        elif (
            "height" in now.facts
            and "weight" not in now.facts
            and (LIGHTEST if now.role == "child" else LIGHTEST_ADULT) < found.value < 450
            and found.first - now.at < 4
        ):
            now.learn("weight", fact(tokens, found.first, found.end, (round(found.value * 0.45359237), None), "medium"))

    def _give(self, person: Person, found: Found, confidence: Confidence) -> None:
        tokens = self._tokens
        if found.what == "race+sex":
            person.learn("race", fact(tokens, found.first, found.end, found.value[0], confidence))
            person.learn("sex", fact(tokens, found.first, found.end, found.value[1], confidence))
            return
        if found.what == "hair+eyes":
            person.learn("hair", fact(tokens, found.first, found.first + 1, found.value[0], confidence))
            person.learn("eyes", fact(tokens, found.end - 1, found.end, found.value[1], confidence))
            return
        person.learn(found.what, fact(tokens, found.first, found.end, found.value, confidence))

    def _clothes(self, first: int, end: int, sentence: int) -> None:
        now = self._now
        if now is None or end <= first or any(self._taken[first:end]):
            return
        if now.sentence != sentence and first - now.at > NEAR * 2:
            return
        now.learn(
            "clothing",
            fact(
                self._tokens,
                first,
                end,
                " ".join(self._tokens.slice(first, end).split()),
                "high" if now.sentence == sentence else "medium",
            ),
        )

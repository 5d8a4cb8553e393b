"""Where and when somebody was last seen, and which way they went."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from capgateway.cards.extract.common import COMMON
from capgateway.cards.extract.cues import labels, opens_labelled_line
from capgateway.cards.extract.fact import Confidence, Fact, fact
from capgateway.cards.extract.names import PLACES, STATES
from capgateway.cards.extract.numbers import COUNTED_TENS, UNITS, YEARS, number
from capgateway.cards.extract.regions import BY_FIRST, CODES, NAMES, WORDS
from capgateway.cards.extract.text import folded
from capgateway.cards.extract.times import OF_TIME, time_at
from capgateway.cards.extract.towns import agencys_town, alerts_place, names_a_scene, requesters_town
from capgateway.cards.extract.vehicles import OTHER_NOUNS
from capgateway.cards.extract.vocabulary import EVERYDAY
from capgateway.cards.extract.words import CHILD_NOUNS, COLORS, DAY_PARTS, DAYS, MONTHS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

LONGEST_PLACE, BACK, NEAR = 24, 12, 60
#: How well words say where somebody was last seen.
ADULT = 18
LABEL, SIGHTING, ABDUCTION, BESIDE, ORIGIN, HEAD, TOWN = 7, 6, 5, 4, 3, 2, 1
_SIGHTINGS = "lsn; dern . fois; a l ' appel; last contact; last seen; last confirmed; last spotted; last in; last believed; last known location; last known; last heard from; apercu; apercue; apercus; apercues; derniere fois; ultima vez; vistos; vistas"
_ABDUCTIONS = (
    "foot; got into; got in; climbed into; hechos reportados; hechos ocurridos; hechos ocurrieron; no devolvio; quitte; vole; volee; pull; pulling; force; ocurrio; went missing; spotted; seen; snatched; lured; grabbed; pulled; led; dropped; checked out; salia; extraviado; extraviada; raptada; raptado; abducted; kidnapped; taken; took; disappeared; vanished; gone; missing; took place; occurred; happened; picked up; carjacked; stolen; walked away; did not return; carried out; "
    "forced; left; away; was playing; disappearance; abduction; inside; outside; enleve; enlevee; enleves; enlevees; enlevement; disparu; disparue; disparition; vu; vue; vus; vues; survenu; emmene; emmenee; emmenes; "
    "raptados; raptadas; sacado; sacada; sacados; sacadas; salieron; partis; parties; partie; signed; walked; drove off; take; taking; removed; retire; retiree; sustraidos; sustraidas; secuestradas; enlevee; desaparecio; se extravio; desaparecieron; extraviaron; secuestraron; llevado; llevada; secuestrado; secuestrada; secuestrados; desaparecido; desaparecida; sustraido; sustraida; robado; robada; salio; visto; vista; did not come home"
)
OPENING = ("from",)
"""``From Division St 0200``: a place, where a sentence begins with it."""
_RANKS = (
    {OPENING: ABDUCTION}
    | {tuple(cue.split()): SIGHTING for cue in _SIGHTINGS.split(";")}
    | {tuple(cue.split()): ABDUCTION for cue in _ABDUCTIONS.split(";")}
)
_BY_FIRST: dict[str, list[tuple[str, ...]]] = {}
for _cue in sorted(_RANKS, key=len, reverse=True):
    _BY_FIRST.setdefault(_cue[0], []).append(_cue)
ELSEWHERE = frozenset(
    "wb eb nb sb heading headed eastbound westbound northbound southbound traveling travelling driving boarding getting wearing with by leaving".split()
)
NOT_THE_CHILD = frozenset(
    "voiture camionnette fourgonnette fourgon carro camioneta coche minivan pickup sedan vehicle car truck van suv suspect suspecte vehicule vehiculo camion auto sospechoso he-".split()
)
PREPOSITIONS = frozenset(
    "in at on near from outside inside behind around leaving by off along a au aux dans sur pres en cerca desde frente the to".split()
)
INTO = frozenset(
    "in at on near from outside inside behind around along leaving dans sur au aux desde pres cerca by devant derriere chez hors afuera fuera frente dentro del du".split()
)
ROMANCE = frozenset("a en de del d".split())
BEFORE_PLACES = frozenset("the le la l ' el de du des d del".split())
NAMING_ARTICLES = frozenset("the le la el los las".split())
SKIP = frozenset("the area of vicinity city town a an la le l ' el los las du de".split())
END = frozenset(
    "susp veh vic subj says said pd : . ; ! ? ( ) | wearing with by who when after and driving accompanied was were is are may might believed if call heading headed toward towards traveling travelling "
    "he she they before while avec par qui et portant portait vers il elle con por quien y rumbo vestia vistiendo llevaba suspect child police she her his since where as being then "
    "w in- possibly carrying contact walking riding entering boarding dont lorsque cuando se fue including getting".split()
)
PLACE_WORDS = frozenset(
    "block street st road rd avenue ave boulevard blvd lane ln drive dr highway hwy interstate parkway pkwy way court ct place circle trail route rue chemin boul autoroute calle avenida carretera "
    "county parish city town home house residence apartment school park hospital clinic store mall church restaurant hotel motel station airport lot parking daycare center centre "
    "intersection corner area mile marker exit mi township village beach market backyard yard bus playground library walmart "
    "campground camp arena rink museum farm laundromat pharmacy townhouse townhome condo condominium shelter fair fairgrounds powwow field gym pool complex plaza square bridge dock marina casino theater theatre stadium zoo mosque temple "
    "office courthouse garage overpass bank diner cafe shop warehouse campus preschool kindergarten academy elementary university college cemetery ranch barn cabin lodge resort harbor harbour ferry sidewalk alley subdivision "
    "ch railyard promenade quai allee residencial reserve reservation terminal square plaza daycare station stop lanes pier landing courtyard supermarket dealership festival dorm mobile trailer duplex nursery bowling cinema arcade gates "
    "ecole garderie maison domicile residence appartement parc gare metro arret bibliotheque epicerie depanneur stationnement aeroport camping chalet plage hopital aréna "
    "escuela biblioteca casa domicilio hogar tienda mercado parque colonia guarderia iglesia central estacion parada fraccionamiento municipio barrio bulevar blvd estacionamiento jardin primaria secundaria".split()
)
EXACT = PLACE_WORDS - frozenset(
    "county parish city town area township village municipio barrio colonia fraccionamiento reserve reserva reservation".split()
)
"""Of those, the ones that are more exact than a town or a county."""
ROADS = frozenset("promenade ch rue avenue av boul boulevard chemin calle avenida route rang montee cote".split())
FORCES = frozenset("grc rcmp sq spvm opp gendarmerie police policia surete pd so sheriff".split())
VEHICLES = tuple([word] for word in "vehicle car truck van suv vehicule camion vehiculo auto".split())
OPENS_LAST = frozenset("pour la por".split())
LAST_TIME = (("pour", "la", "derniere", "fois"), ("la", "derniere", "fois"), ("por", "ultima", "vez"))
SIGHTED = frozenset(
    [("last", "seen"), ("last", "spotted"), ("last", "confirmed"), ("spotted",), ("seen",)]
    + [(word,) for word in "vu vue vus vues visto vista vistos vistas apercu apercue".split()]
)
STOLEN_FROM = frozenset("dans devant derriere au chez".split())
LEAVING = frozenset("leaving exiting entering quittant saliendo".split())
DOING = frozenset(
    "walking riding playing getting boarding waiting sitting sleeping standing biking running shopping swimming".split()
)
"""What somebody did when they were last seen; the place comes after it."""
COMMONPLACE = frozenset(
    "residence terminal station center centre office garage market block corner area village playground' complex street town city county way field campus office plaza square bus".split()
)
"""Words that name no place by themselves, however they are introduced."""
NAMED_BY = frozenset(
    "lower upper promenade place quai allee parc rang montee cote rue chemin lac baie cap mount point pointe grand grande great little falls rapids springs heights".split()
)
"""Words that are not names, and begin one."""
WEAPONS = frozenset("couteau arme fusil cuchillo pistola navaja arma knife gun".split())
NO_PLACES = frozenset("way gunpoint knifepoint random night least once risk large".split())


HEADINGS = frozenset(
    "heading headed traveling travelling fled going northbound southbound eastbound westbound rumbo direction".split()
)
TRIGGERS = frozenset([*_BY_FIRST, *HEADINGS, "from", "of", "de"])


CHILD_OBJECTS = CHILD_NOUNS | frozenset(["granddaughter", "grandson"]) | frozenset(["him", "her", "them"])
WEAK = frozenset("got climbed foot left inside outside away gone missing forced spotted seen".split())
LEADS = frozenset("at in near from on outside au aux devant dans en desde".split())
UNREAD = 8
"""Tokens after such a cue in which a place would begin."""
DIRECT = frozenset(
    [
        ("lsn",),
        ("dern", ".", "fois"),
        ("derniere", "fois"),
        ("ultima", "vez"),
        ("vus",),
        ("last", "in"),
        ("vole",),
        ("volee",),
        ("quitte",),
        ("vista",),
        ("visto",),
        ("vue",),
        ("vu",),
        ("last", "seen"),
        ("left",),
        ("taken",),
        ("last", "confirmed"),
        ("abducted",),
    ]
)
BARE = frozenset(
    "home house residence trail store park school street area apartment hotel motel clinic hospital church mall yard backyard lot beach road home's crib scene county city town".split()
)


ALERTS = frozenset("amber alertaamber alerteamber amberalert".split())
FILLERS = frozenset(
    "alert alerte alerta update extended activa activada en vigueur a in effect for condado de au".split()
)
MOST_FILLERS = 7
CARS = frozenset(
    "car truck vehicle van suv sedan pickup minivan taxi cab uber voiture camionnette vehicule auto camioneta vehiculo carro".split()
)


NOT_THE_SCENE = frozenset(
    "boarding weather service relayed heading headed toward towards conference call reunion vigil court hearing direction rumbo vers hacia expires until issued spotted recovered abandoned later cameras camera".split()
)
BEFORE_TIME = frozenset(
    "since depuis desde ; time when : . , at around about approximately vers a las aproximadamente environ on le el la @ -".split()
)
AFTER_TIME = frozenset(
    ", in at on outside inside near from devant dans en frente fuera afuera de au aux a la le el @ - du del".split()
)
LEAD = 4
"""Tokens that may stand between a place and its time."""
MOST_BESIDE = 9
"""Tokens of a place that stands before a time."""


HEDGES = frozenset(
    "about around approximately approx roughly nearly shortly after before until since between by vers environ apres avant entre depuis alrededor aproximadamente cerca sobre eso despues antes".split()
)
HEDGED_BEFORE = range(3)
"""Tokens before a time in which a word may say that it is only about right."""


class Seen:
    """The place, time and direction of one text, each with how good the words before it were."""

    def __init__(self) -> None:
        self.place: Fact | None = None
        self.time: Fact | None = None
        self.direction: Fact | None = None
        self._rank = 0
        self._named: frozenset[str] = frozenset()
        self._sought: frozenset[str] = frozenset()
        self.is_hedged = False  # the time is only about right
        self._is_unread = False  # where somebody was last seen is said, and could not be read

    def read(
        self,
        tokens: Tokens,
        taken: bytearray,
        named: frozenset[str] = frozenset(),
        sought: frozenset[str] = frozenset(),
    ) -> None:
        """One text; only a better place replaces one that an earlier text gave. ``named`` are the words of people's names, ``sought``
        those of the children's."""
        self._named, self._sought, self._taken = named, sought, taken
        for label in labels(tokens):
            if label.role == "seen" and self._rank < LABEL:
                self._labelled(tokens, label.end)
        for at in tokens.places(TRIGGERS):
            word = tokens.words[at]
            for cue in _BY_FIRST.get(word, ()):
                if tuple(tokens.words[at : at + len(cue)]) == cue:
                    self._cue(tokens, at, cue)
                    break
            if self.direction is None and word in HEADINGS:
                self._heading(tokens, at)
            if self._rank < ORIGIN and word in {"from", "of", "de"}:
                self._origin(tokens, at)
        if self._rank < BESIDE:
            self._beside_time(tokens)
        if self._rank < HEAD and not self._is_unread:
            self._head(tokens)
        if self._rank < HEAD and not self._is_unread:
            self._town_and_code(tokens)
        if self.time is None and self.place is not None and self._rank > TOWN:
            self._time_beside(tokens, self.place)
        for find in (requesters_town, alerts_place, agencys_town):
            if self._rank >= TOWN or self._is_unread:
                break
            if find is not alerts_place and names_a_scene(tokens):
                continue
            span = find(tokens)
            if span and not any(self._taken[span[0] : span[1]]) and not self._is_name(tokens.words[span[0] : span[1]]):
                self._learn(TOWN, fact(tokens, *span, " ".join(tokens.slice(*span).split()), "medium"))

    def _learn(self, rank: int, place: Fact | None) -> None:
        if place is None or rank < self._rank or (rank == self._rank and not self._is_finer(place)):
            return
        words = tuple(place.value.casefold().strip(". ").split())
        if words not in NAMES and "".join(words) not in CODES:
            self.place, self._rank = place, rank

    def _is_finer(self, place: Fact) -> bool:
        """Whether it is as well said as the place that is known, and more exact: a road or a house rather than a town."""
        if self._rank not in {ABDUCTION, SIGHTING} or self.place is None:
            return False
        known, new = (frozenset(map(folded, one.value.split())) for one in (self.place, place))
        return EXACT.isdisjoint(known) and not any(map(str.isdigit, self.place.value)) and not EXACT.isdisjoint(new)

    def _labelled(self, tokens: Tokens, first: int) -> None:
        if first >= len(tokens):
            return
        _, high = tokens.sentence(first)
        if tokens.words[first] in {"unknown", "unk", "inconnu", "inconnue", "desconocido", "desconocida"}:
            return
        self._time(tokens, first, high)
        start = first
        if self.time is not None and self.time.field == tokens.field and self.time.start == tokens.starts[first]:
            while start < high and tokens.starts[start] < self.time.end:
                start += 1
            while tokens.word(start) in {",", "-", "at", "in", "near", "on"}:
                start += 1
        while tokens.word(start) in PREPOSITIONS:
            start += 1
        end = self._place_end(tokens, start, high, is_label=True)
        is_said = any(len(word) > len("el") or word.isdigit() for word in tokens.words[start:end])
        if is_said and not any(self._taken[start:end]):
            self._learn(LABEL, fact(tokens, start, end, " ".join(tokens.slice(start, end).split()), "certain"))

    def _cue(self, tokens: Tokens, at: int, cue: tuple[str, ...]) -> None:
        low, high = tokens.sentence(at)
        if self._taken[at]:
            return  # the Saturn Vue
        first, rank = at + len(cue), _RANKS[cue]
        if tokens.word(first) in OPENS_LAST and any(
            tuple(tokens.words[first : first + len(tail)]) == tail for tail in LAST_TIME
        ):
            return  # "vue pour la dernière fois": the rest is a cue of its own
        before = tokens.words[max(low, at - BACK) : at]
        if tokens.word(first) in ELSEWHERE - LEAVING - DOING and tokens.word(first) not in {"by", "with", "wearing"}:
            return
        is_name = cue == ("abduction",) and tokens.word(first) == "emergency"
        if (
            self.time is None
            and rank >= ABDUCTION
            and not (cue in SIGHTED and self._is_of_somebody_else(tokens, low, at))
            and not is_name
            and cue
            not in {
                OPENING,
                ("got", "into"),
                ("got", "in"),
                ("climbed", "into"),
                ("left",),
                ("inside",),
                ("outside",),
                ("gone",),
                ("away",),
                ("forced",),
                ("took",),
            }
        ):
            self._time(tokens, first, high, low)
        if cue == ("abduction",) and tokens.word(first) not in {"of", "occurred", "took", "happened", "that"}:
            return
        is_object = cue in {
            ("take",),
            ("taking",),
            ("took",),
            ("taken",),
            ("grabbed",),
            ("snatched",),
            ("pull",),
            ("pulling",),
            ("force",),
        } and not (CHILD_OBJECTS | self._named).isdisjoint(tokens.words[first : first + 6])
        if cue in {("taken",), ("outside",)} and not NOT_THE_CHILD.isdisjoint(
            [*before, "car" if "it" in before[-3:] else ""]
        ):
            self._theft(tokens, at, first, high)
            return
        if rank < self._rank or (
            ((any(word in NOT_THE_CHILD for word in before) and CHILD_NOUNS.isdisjoint(before)) or "it" in before[-3:])
            and not is_object
            and cue not in {("last", "heard", "from"), ("stolen",), ("vole",), ("volee",), ("carjacked",), ("foot",)}
        ):
            return
        if cue in {("vole",), ("volee",)} and tokens.word(first) not in ROADS | STOLEN_FROM:
            return
        if cue == ("stolen",) and tokens.word(first) not in {"from", "at", "in", "outside"}:
            return
        if cue == ("seen",) and tokens.word(at - 1) not in {"was", "were", "been"} and at != low:
            return
        if cue == OPENING and (
            not (at == low or tokens.words[at - 1] in {">", "-", "|", "/"})
            or PLACE_WORDS.isdisjoint(tokens.words[first : first + 5])
        ):
            return
        if cue == ("away",) and {"stay", "keep", "stays", "back"} & set(before):
            return
        if cue in {("pulled",), ("led",), ("dropped",)} and not (
            ({"child", "him", "her", "them", "into", "boy", "girl", "was", "were"} | self._named)
            & set(before[-3:] + tokens.words[first : first + 3])
        ):
            return
        if cue in {("signed",), ("walked",)} and tokens.word(first) not in {"out", "away", "from"}:
            return
        if cue in {("take",), ("taking",), ("pull",), ("pulling",), ("force",)} and not is_object:
            return
        if cue == ("forced",) and tokens.word(first) not in {"into", "from"}:
            return
        if cue in {("inside",), ("outside",)}:
            first = at
        if rank == SIGHTING and (tokens.word(first) == "con" or tokens.words[first : first + 2] == ["with", "a"]):
            return  # what they wore
        start = first
        while (span := time_at(tokens, start)) > start:
            start = span + (tokens.word(span) in {",", "-"})
        if tokens.word(start) in LEAVING:
            start += 1
        if cue == ("seen",) and at == low:
            rank = SIGHTING
        place = (
            self._direct(tokens, start, high)
            if cue in DIRECT or start > first or (cue == ("seen",) and at == low)
            else None
        )
        if place is None and cue != ("left",):
            place = self._find_place(tokens, first, high)
        if place is None and rank > ORIGIN and cue[0] not in WEAK:
            self._is_unread |= any(
                tokens.words[near] in ROADS or (tokens.words[near] in LEADS and not self._is_into_a_car(tokens, near))
                for near in range(first, min(high, first + UNREAD))
            )
        self._learn(rank, place)

    def _is_of_somebody_else(self, tokens: Tokens, low: int, at: int) -> bool:
        """``The vehicle was spotted in Amarillo at 10 p.m.``; ``Suspect Max Testman, last seen at 9 a.m.``"""
        before = tokens.words[low:at]
        if before and before[-1] == ":":
            return False
        is_theirs = not NOT_THE_CHILD.isdisjoint(before) and not {"with", "avec", "con"} & set(before)
        return is_theirs and (CHILD_NOUNS | self._sought).isdisjoint(before)

    def _theft(self, tokens: Tokens, at: int, first: int, high: int) -> None:
        """``Vehicle: 2023 Hyundai Tucson, taken 11:05 AM from Wawa in Smyrna``; ``in a running car outside a store``: where a car was
        taken with the child in it."""
        is_inside = tokens.words[at] == "outside"
        start = at if is_inside else first
        while (span := time_at(tokens, start)) > start:
            start = span + (tokens.word(span) in {",", "-"})
        if is_inside or tokens.word(start) in {"from", "at", "in", "outside", "near"}:
            self._learn(BESIDE, self._find_place(tokens, start, high))

    def _direct(self, tokens: Tokens, first: int, high: int) -> Fact | None:
        """``Last seen Worcester Common 2:15 PM``; ``left a campground at Sharbot Lake``."""
        start = first
        while tokens.word(start) in {"a", "an", "the", "her", "his", "their"}:
            start += 1
        if start >= high or tokens.words[start] in {"by", "with", "from", "in", "at", "on", "wearing"}:
            return None
        end = self._place_end(tokens, start, high)
        words = tokens.words[start:end]
        if not tokens.is_cased and (len(words) < 2 or not self._is_place(tokens, start, end)):
            return None
        is_place = (
            tokens.words[start].isdigit()
            and len(tokens.words[start]) > 1
            and not time_at(tokens, start)
            and any(word in PLACE_WORDS or word in {"blk", "north", "south", "east", "west"} for word in words[1:4])
        )
        is_place = (
            is_place
            or (
                tokens.capital[start]
                and (
                    tokens.words[start] not in COMMON
                    or tokens.words[start] in PLACES | NAMED_BY
                    or tokens.word(start + 1) == "-"
                )
                and len(words) <= 6
            )
            or (
                (start > first or tokens.words[start] in ROADS)
                and any(word in PLACE_WORDS for word in words)
                and self._is_place(tokens, start, end)
            )
        )
        if (
            not is_place
            or tokens.words[start] in DAYS
            or (tokens.words[start] in MONTHS and tokens.word(start + 1) not in PLACE_WORDS)
            or time_at(tokens, start)
            or any(self._taken[start:end])
            or self._is_name(words)
        ):
            return None
        return fact(tokens, start, end, " ".join(tokens.slice(start, end).split()))

    def _is_name(self, words: list[str]) -> bool:
        return bool(self._named) and all(word in self._named or not word.isalpha() for word in words)

    def _origin(self, tokens: Tokens, at: int) -> None:
        """``an 8-year-old girl from Muncie``; ``Evangeline Thorsgaard, 16, of Duluth``."""
        before = tokens.word(at - 1)
        if before == "out":
            before = tokens.word(at - 2)
        is_person = (
            before in CHILD_NOUNS
            or (before == "old" and tokens.words[at] == "from" and self._is_childs_age(tokens, at - 1))
            or (tokens.word(at - 1) == "missing" and tokens.words[at] == "from")
            or (tokens.word(at - 1) == "," and tokens.word(at - 2).isdigit() and int(tokens.word(at - 2)) < ADULT)
            or (before in self._sought)
            or (before in UNITS and tokens.words[at] == "de")
        )
        if not is_person or at + 1 >= len(tokens) or tokens.word(at + 1) in COMMON or tokens.word(at + 1).isdigit():
            return
        if not tokens.capital[at + 1]:
            return
        end = self._place_end(tokens, at + 1, tokens.sentence(at)[1])
        words = tokens.words[at + 1 : end]
        if words and not self._is_name(words) and len(words) <= 6 and not any(self._taken[at + 1 : end]):
            self._learn(ORIGIN, fact(tokens, at + 1, end, " ".join(tokens.slice(at + 1, end).split()), "medium"))

    def _is_childs_age(self, tokens: Tokens, old: int) -> bool:
        numbers = [number(tokens, at) for at in range(max(0, old - 5), old)]
        return any(value is not None and value < ADULT for value in numbers)

    def _find_place(self, tokens: Tokens, first: int, high: int) -> Fact | None:
        at = first
        is_doing = tokens.word(first) in DOING
        while at < min(high, first + 22):
            word = tokens.words[at]
            if (span := time_at(tokens, at)) and span > at:
                at = span
                continue
            if word in {"found", "located", "retrouve", "retrouvee"}:
                break
            is_out_of = word == "of" and tokens.word(at - 1) == "out"
            is_verb = word == "a" and tokens.slice(at, at + 1) == "a"  # not "à"
            if (
                word in INTO or is_out_of or (word in ROMANCE and tokens.language[:2] != "en" and not is_verb)
            ) and at + 1 < high:
                start = at + 1
                while tokens.word(start) in SKIP or (tokens.word(start) in {"d", "l"}):
                    start += 1
                if (
                    time_at(tokens, start)
                    or (tokens.word(start) in {"pointe", "punta"} and tokens.word(start + 1) in {"d", "de"})
                    or not WEAPONS.isdisjoint(tokens.words[start : start + 2])
                    or (tokens.word(start).isdigit() and tokens.word(start + 1) in UNITS)
                    or tokens.word(start)
                    in {
                        "about",
                        "approximately",
                        "around",
                        "foot",
                        "pied",
                        "pie",
                        *NO_PLACES,
                        "possession",
                        "company",
                        "danger",
                        "connection",
                    }
                    or (word == "by" and not (is_doing and tokens.is_cased and tokens.capital[start]))
                    or (
                        tokens.word(start) in {"his", "her", "their"}
                        and PLACE_WORDS.isdisjoint(tokens.words[start + 1 : start + 6])
                    )
                ):
                    at += 1
                    continue
                if tokens.word(start) in MONTHS or tokens.word(start) in DAYS or tokens.word(start) in DAY_PARTS:
                    at += 1
                    continue
                first_of_place = at + 1
                end = self._place_end(tokens, first_of_place, high)
                if word in {"de", "del", "from"} and (inner := self._inner(tokens, first_of_place, end)):
                    at = inner  # the thing comes first: "de un juego de fútbol en el parque"
                    continue
                if (
                    end > start - 1
                    and self._is_place(tokens, first_of_place, end)
                    and not any(self._taken[first_of_place:end])
                ):
                    while _is_dropped(tokens, first_of_place):
                        first_of_place += 1
                    return fact(tokens, first_of_place, end, " ".join(tokens.slice(first_of_place, end).split()))
            if (
                word in {".", ";", "wearing", "driving", "accompanied", "vestia", "portait", "heading", "headed"}
                and at > first
            ):
                break
            at += 1
        return None

    def _inner(self, tokens: Tokens, first: int, end: int) -> int:
        """Where a preposition stands before the first word of a place, if nothing before it is one; or 0."""
        for at in range(first + 1, end):
            if tokens.words[at] in PLACE_WORDS or tokens.words[at].isdigit():
                return 0
            if tokens.words[at] in {"en", "at", "in", "on"}:
                is_named = any(tokens.capital[place] for place in range(first, at)) and tokens.is_cased
                return at if not is_named and not PLACE_WORDS.isdisjoint(tokens.words[at:end]) else 0
        return 0

    def _is_place(self, tokens: Tokens, first: int, end: int) -> bool:
        words = tokens.words[first:end]
        bare = [
            word
            for word in words
            if word not in {"the", "a", "an", "his", "her", "their", "la", "le", "l", "'", "el", "s", "family"}
        ]
        is_bare = len(bare) == 1 and (
            bare[0] in BARE or bare[0] in CARS or bare[0] in COMMONPLACE or (len(words) == 1 and bare[0] in PLACE_WORDS)
        )
        if (
            is_bare
            or "way" in words[:2]
            or any(
                word in OTHER_NOUNS and word not in {"top"} and not (tokens.is_cased and tokens.capital[first + place])
                for place, word in enumerate(words)
            )
        ):
            return False
        if not words or any(
            word
            in {
                "petite",
                "girl",
                "boy",
                "child",
                "mother",
                "father",
                "newborn",
                "baby",
                "vehicle",
                *(["car"] if "wash" not in words else ()),
                "suv",
                "van",
                *(["truck"] if "stop" not in words else ()),
                "sedan",
                "pickup",
                "vehicule",
                "vehiculo",
                "shirt",
                "pants",
                "custody",
                "clothing",
            }
            for word in words
        ):
            return False
        if any(word in PLACE_WORDS for word in words) or self._is_numbered_road(tokens, first, end):
            return True
        if _is_aged(tokens, end) or words[0] in COUNTED_TENS or words[-1] in {"de", "of"}:
            return False  # disparition de Léa, 7 ans; una mujer de cuarenta y tantos años
        proper = [
            place
            for place in range(first, end)
            if tokens.words[place].isalpha() and (tokens.capital[place] or not tokens.is_cased)
        ]
        return (
            bool(proper)
            and self._named.isdisjoint(words)
            and not all(self._is_plain(tokens, place) for place in proper)
        )

    def _is_plain(self, tokens: Tokens, at: int) -> bool:
        word = tokens.words[at]
        if not tokens.is_cased and word in EVERYDAY:
            return True
        return word in COMMON and word not in PLACES and word not in NAMED_BY

    def _is_numbered_road(self, tokens: Tokens, first: int, end: int) -> bool:
        """``I-84``, ``US 69``"""
        return any(
            tokens.words[at] in {"i", "us", "sr", "rt"}
            and tokens.capital[at]
            and (tokens.word(at + 1).isdigit() or (tokens.word(at + 1) == "-" and tokens.word(at + 2).isdigit()))
            for at in range(first, end)
        )

    def _place_end(self, tokens: Tokens, first: int, high: int, *, is_label: bool = False) -> int:
        at = first
        while at < min(high, first + LONGEST_PLACE):
            word = tokens.words[at]
            if at > first and is_label and _opens_another(tokens, first, at):
                break
            if at > first and (self._taken[at] or time_at(tokens, at) or opens_labelled_line(tokens, at)):
                break
            if (
                word in END
                and not (at == first and word in {"his", "her", "their"})
                and not (word in {"and", "et", "y", "."} and self._joins(tokens, at))
                and not (word == "." and at + 1 < len(tokens) and tokens.gaps[at + 1] == "")
            ):
                break
            if word in {"at", "around", "about", "approximately", "on", "a", "vers", "since"} and self._leads_to_time(
                tokens, at
            ):
                break
            if word in {",", "..."} and not is_label and not self._goes_on(tokens, at + 1, high):
                break
            if word == "," and is_label and self._leads_to_time(tokens, at):
                break
            if word == "-" and tokens.gaps[at] != "":
                break
            if word in {"in", "on", "dans", "en", "aboard"} and self._is_into_a_car(tokens, at):
                break
            at += 1
        if at - first > 2 and tokens.words[at - 1].isdigit() and tokens.words[at - 2] in {"around", "about", "vers"}:
            at -= 2  # "near Bixby around 8 this morning"
        while at > first and tokens.words[at - 1] in {",", "...", "at", "on", "in", "the", "near", "from", "a", "."}:
            at -= 1
        return at

    def _is_into_a_car(self, tokens: Tokens, at: int) -> bool:
        """``Smyrna in a gold Honda``, ``Jacksonville in an orange sweatshirt``"""
        for place in range(at + 1, min(len(tokens), at + 8)):
            if (
                self._taken[place]
                or (tokens.words[place] in COLORS and not (tokens.is_cased and tokens.capital[place]))
                or tokens.words[place] in OTHER_NOUNS
                or tokens.words[place] in CARS
            ):
                return True
            if tokens.words[place] in {",", ".", "in", "at", "near", "on", "and", "from"}:
                return False
        return False

    def _joins(self, tokens: Tokens, at: int) -> bool:
        """``SW 137th Avenue and Bird Road``; ``Powell Blvd.`` inside a sentence."""
        if tokens.words[at] == ".":
            return True
        before, after = tokens.word(at - 1), tokens.words[at + 1 : at + 5]
        if (
            tokens.is_cased
            and at + 1 < len(tokens)
            and (tokens.capital[at - 1] or tokens.word(at - 1) == "th")
            and (tokens.capital[at + 1] or tokens.words[at + 1].isdigit())
            and tokens.word(at - 2) in {"near", "at", "of", "to"}
            and tokens.word(at + 2) in {"at", "around", "about", ",", ".", "on", "", "th", "st", "nd", "rd"}
        ):
            return True  # Owens and Pecos
        is_road = before in PLACE_WORDS or any(word in PLACE_WORDS for word in tokens.words[max(0, at - 3) : at])
        return (
            is_road
            and any(word in PLACE_WORDS or word == "st" for word in after)
            and (tokens.capital[min(at + 1, len(tokens) - 1)] or tokens.word(at + 1).isdigit())
        )

    def _leads_to_time(self, tokens: Tokens, at: int) -> bool:
        place = at + 1
        while tokens.word(place) in {
            "about",
            "approximately",
            "around",
            "the",
            "les",
            "las",
            "approx",
            ".",
            "le",
            "environ",
            "at",
            "on",
        }:
            place += 1
        return bool(time_at(tokens, place))

    def _goes_on(self, tokens: Tokens, at: int, high: int) -> bool:
        """Whether what follows a comma is still the place: a state, a county, a city with a capital."""
        if at >= high:
            return False
        word = tokens.words[at]
        if word in ROADS and tokens.word(at - 2).isdigit():
            return True
        if (
            word.isdigit()
            and len(word) > 2
            and not PLACE_WORDS.isdisjoint(tokens.words[at + 1 : at + 6])
            and not time_at(tokens, at)
        ):
            return True
        if word in STATES or any(tuple(tokens.words[at : at + len(key)]) == key for key in BY_FIRST.get(word, ())):
            return True
        if word in CODES and tokens.slice(at, at + 1).isupper():
            return (
                tokens.word(at + 1) in {"", ".", ",", "...", ")", "at", "on", "around", "when", "about"}
                or not tokens.is_cased
            )
        if (
            word in {"in", "near", "a", "en"}
            and tokens.is_cased
            and at + 1 < high
            and tokens.capital[at + 1]
            and tokens.words[at + 1] not in MONTHS
            and tokens.words[at + 1] not in DAYS
        ):
            return True
        near = tokens.words[at : at + 3]
        if tokens.is_cased and tokens.capital[at] and word.isalpha() and word not in DAYS and word not in MONTHS:
            return tokens.word(at + 1) in {",", ".", "", "county", "parish"} or any(
                each in {"county", "parish"} for each in near
            )
        return any(each in {"county", "parish"} for each in near)

    def _time(self, tokens: Tokens, first: int, high: int, low: int | None = None) -> None:
        for at in range(first, min(high, first + NEAR)):
            if end := time_at(tokens, at):
                self._learn_time(tokens, at, end, "high")
                return
        if low is not None:
            for at in range(max(low, first - BACK), first):
                if not NOT_THE_CHILD.isdisjoint(tokens.words[max(low, at - BACK) : at]):
                    return  # when the car was seen
                if end := time_at(tokens, at):
                    self._learn_time(tokens, at, min(end, len(tokens)), "medium")
                    return

    def _learn_time(self, tokens: Tokens, first: int, end: int, confidence: Confidence) -> None:
        self.time = fact(tokens, first, end, " ".join(tokens.slice(first, end).split()), confidence)
        near = tokens.words[max(0, first - len(HEDGED_BEFORE)) : end + 1]
        self.is_hedged = not HEDGES.isdisjoint(near)

    def _time_beside(self, tokens: Tokens, place: Fact) -> None:
        """``left Lockport around 5 a.m.``, ``gone from Boise since Monday``: right after the place."""
        if place.field != tokens.field:
            return
        at = end = bisect_left(tokens.starts, place.end)
        while tokens.word(at) in BEFORE_TIME and at - end < LEAD:
            at += 1
        if stop := time_at(tokens, at):
            self._learn_time(tokens, at, stop, "medium")

    def _heading(self, tokens: Tokens, at: int) -> None:
        word = tokens.words[at]
        if word in {"heading", "headed", "traveling", "travelling", "fled", "going"} and tokens.word(at + 1) in {
            "north",
            "south",
            "east",
            "west",
            "northbound",
            "southbound",
            "eastbound",
            "westbound",
            "nb",
            "sb",
            "eb",
            "wb",
            "toward",
            "towards",
            "to",
            "northeast",
            "northwest",
            "southeast",
            "southwest",
        }:
            first = at + 1
        elif word in {"northbound", "southbound", "eastbound", "westbound", "rumbo"}:
            first = at
        elif word == "direction" and tokens.word(at + 1) in {"de", "du", "des", "d"} and tokens.word(at - 1) == "en":
            first = at - 1
        else:
            return
        high = tokens.sentence(at)[1]
        end = first
        while (
            end < min(high, first + 12)
            and tokens.words[end]
            not in {
                ".",
                ",",
                ";",
                "(",
                ")",
                "in-",
                "and",
                "with",
                "at",
                "around",
                "about",
                "possibly",
                "when",
                "driving",
                "...",
                "!",
            }
            and not time_at(tokens, end)
        ):
            end += 1
        if end > first and tokens.words[first] != "to" or end > first + 1:
            self.direction = fact(tokens, first, end, " ".join(tokens.slice(first, end).split()))

    def _head(self, tokens: Tokens) -> None:
        """``Barstow, CA AMBER Alert: …``, ``AMBER Alert Dothan AL: …``, ``ALERTE AMBER - Gatineau.``; or a sentence that is a place."""
        for at, word in enumerate(tokens.words[:18]):
            if word in ALERTS:
                back = at - 1
                if (
                    back >= 1
                    and _is_code(tokens, back)
                    and self._named_place(tokens, tokens.sentence(back)[0], back + 1)
                ):
                    return
                first = at + 1
                while first - at < MOST_FILLERS and (
                    tokens.word(first) in FILLERS or (tokens.word(first) and not tokens.word(first)[0].isalnum())
                ):
                    first += 1
                for end in range(first + 1, min(len(tokens), first + 7)):
                    is_end = (
                        tokens.word(end) in {":", ".", "-", "!", "/"}
                        or _is_code(tokens, end - 1)
                        or tokens.word(end) in {"county", "area"}
                    )
                    if is_end and self._named_place(tokens, first, end + (tokens.word(end) == "county")):
                        return
        for opening in tokens.sentences:
            start, end = opening, tokens.sentence(opening)[1] - 1
            while tokens.word(start) in {"secteur", "sector", "from", "near", "region", "de", "zona"} and start < end:
                start += 1
            if (
                0 < end - start <= 4
                and tokens.word(end) == "."
                and start
                and self._named_place(tokens, start, end - (tokens.words[end - 1] == "area"))
            ):
                return

    def _town_and_code(self, tokens: Tokens) -> None:
        """``Cheyenne WY.``, ``Dover DE child abduction``: a town before the code of its state, in the first words."""
        for at in range(1, min(22, len(tokens))):
            before = tokens.words[at - 1]
            if not _is_code(tokens, at) or before in COMMON or not before.isalpha() or not tokens.is_cased:
                continue
            first = at - 1
            while (
                first > 0
                and tokens.capital[first - 1]
                and tokens.words[first - 1].isalpha()
                and tokens.words[first - 1] not in COMMON
                and at - first < 3
                and tokens.gaps[first] != "\n"
            ):
                first -= 1
            if tokens.word(at + 1) in {".", ":", ",", "", "child", "/", "-", ";", "amber"} and self._named_place(
                tokens, first, at + 1
            ):
                return

    def _beside_time(self, tokens: Tokens) -> None:
        """``chemin de Chambly, 12 h 10``, ``in a McDonald's parking lot at 4 p.m.``: a road or a house right beside a time."""
        past = 0
        for at in sorted([*tokens.places(OF_TIME), *tokens.numbers]):
            end = time_at(tokens, at) if at >= past else 0
            if not end:
                continue
            past = end
            low, high = tokens.sentence(at)
            if not self._is_of_a_car(tokens, low, at) and NOT_THE_SCENE.isdisjoint(
                tokens.words[max(low, at - NEAR) : min(high, at + NEAR)]
            ):
                span = self._before_time(tokens, at, low) or self._after_time(tokens, end, high)
                if span:
                    self._learn(BESIDE, fact(tokens, *span, " ".join(tokens.slice(*span).split()), "medium"))
                    return

    def _is_of_a_car(self, tokens: Tokens, low: int, at: int) -> bool:
        """``It was last reported on County Road 2 at 14:55``: the car, and nobody else in the sentence."""
        words = tokens.words[low:at]
        return (
            words[:1] in (["it"], ["vehicle"]) or (words[:1] in (["the"], ["le"], ["el"]) and words[1:2] in VEHICLES)
        ) and (CHILD_OBJECTS | self._named).isdisjoint(words)

    def _before_time(self, tokens: Tokens, time: int, low: int) -> tuple[int, int] | None:
        end = time
        while end > low and tokens.words[end - 1] in BEFORE_TIME:
            end -= 1
        first = end
        while (
            first > low
            and end - first < MOST_BESIDE
            and not (
                tokens.words[first - 1] in INTO
                or tokens.words[first - 1] in {",", ":", ";", ".", "vu", "vue", "seen", "vole", "volee", "fois", "vez"}
            )
        ):
            first -= 1
        return self._scene(tokens, first, end)

    def _after_time(self, tokens: Tokens, time: int, high: int) -> tuple[int, int] | None:
        first = time
        while tokens.word(first) in AFTER_TIME:
            first += 1
        if first >= high:
            return None
        return self._scene(tokens, first, self._place_end(tokens, first, high))

    def _scene(self, tokens: Tokens, first: int, end: int) -> tuple[int, int] | None:
        """The span, if it surely is a road or a house with a name or a number."""
        while first < end and tokens.words[first] in SKIP - {"a", "an"} and not _begins_a_name(tokens, first):
            first += 1
        words = tokens.words[first:end]
        is_named = any(tokens.capital[at] or tokens.words[at].isdigit() for at in range(first, end))
        if not is_named or PLACE_WORDS.isdisjoint(words) or self._is_name(words) or any(self._taken[first:end]):
            return None
        return (first, end) if len(words) > 1 and tokens.is_cased and self._is_place(tokens, first, end) else None

    def _named_place(self, tokens: Tokens, first: int, end: int) -> bool:
        if not FORCES.isdisjoint(tokens.words[first:end]) or tokens.words[first] in {"dir", "direction"}:
            return False
        while first < end and not tokens.words[first].isalpha():
            if tokens.words[first] in {"@", "#"}:
                return False
            first += 1
        words = tokens.words[first:end]
        letters = [at for at in range(first, end) if tokens.words[at].isalpha()]
        if tokens.is_cased and _mixes_capitals(tokens, letters):
            return False  # Wisconsin DOJ
        if tokens.words[end - 1] == "de" and tokens.language[:2] != "en":
            return False  # ANA LUNA, DE
        if tokens.word(end) in {"sheriff", "so", "deputies", "police", "sheriffs"}:
            return False
        if not letters or len(letters) > 5 or self._is_name(words) or any(self._taken[first:end]):
            return False
        for at in letters:
            word = tokens.words[at]
            is_last = at == letters[-1]
            if not tokens.is_cased and (word in EVERYDAY or len(words) == len(word) == 1):
                return False
            if not tokens.capital[at] or (
                word in COMMON and word not in PLACES and not (is_last and (word == "county" or _is_code(tokens, at)))
            ):
                return False
        if (
            any(not word.isalpha() and word not in {",", ".", "-", "'"} for word in words)
            or tokens.words[letters[0]] in STATES
            and len(letters) == 1
        ):
            return False
        self._learn(HEAD, fact(tokens, first, end, " ".join(tokens.slice(first, end).split()), "medium"))
        return True


def _is_dropped(tokens: Tokens, at: int) -> bool:
    """Whether a word before a place is no part of it."""
    return tokens.word(at) in BEFORE_PLACES and not _begins_a_name(tokens, at)


def _begins_a_name(tokens: Tokens, at: int) -> bool:
    """Whether an article belongs to what follows: El Paso, La Porte, The Dalles."""
    if tokens.word(at) not in NAMING_ARTICLES or not tokens.word(at + 1).isalpha():
        return False
    if tokens.is_cased:
        return tokens.capital[at] and tokens.capital[at + 1]
    return tokens.language[:2] == "en" and tokens.word(at) != "the"


def _is_aged(tokens: Tokens, end: int) -> bool:
    """Whether an age follows, so that the words before it are somebody's name."""
    number_at = end + (tokens.word(end) in {",", "("})
    number_at += tokens.word(number_at) == "de"
    return tokens.word(number_at).isdigit() and tokens.word(number_at + 1) in {*YEARS, "yo", "yoa"}


def _mixes_capitals(tokens: Tokens, letters: list[int]) -> bool:
    uppers = [
        tokens.slice(at, at + 1).isupper() for at in letters if len(tokens.words[at]) > 1 and not _is_code(tokens, at)
    ]
    return any(uppers) and not all(uppers)


def _opens_another(tokens: Tokens, first: int, at: int) -> bool:
    """``Woonsocket, RI     Missing Since: …``; ``Tlajomulco, Jalisco ACOMPAÑANTES``: where the value of a label ends."""
    if not (tokens.is_cased and tokens.capital[at] and tokens.words[at].isalpha()):
        return False
    if tokens.word(at + 1) == ":" or (tokens.word(at + 2) == ":" and tokens.word(at + 1) in SECOND_WORDS):
        return True
    is_heading = len(tokens.words[at]) > SHORTEST_HEADING and tokens.slice(at, at + 1).isupper()
    return is_heading and not tokens.slice(first, first + 1).isupper()


SECOND_WORDS = frozenset("since from date now color colour number desde depuis".split())
SHORTEST_HEADING = 5


def _is_code(tokens: Tokens, at: int) -> bool:
    """Whether it is a state's code, in capitals."""
    word = tokens.word(at)
    return (
        word in CODES
        and tokens.slice(at, at + 1).isupper()
        and (tokens.is_cased or word not in WORDS or tokens.word(at - 1) == ",")
    )

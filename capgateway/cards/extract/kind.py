"""Whether a text may give facts at all. Codes decide what an alert is; prose can only make it stricter: a test, a hoax, an end
or another kind of alert gives none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from capgateway.cards.extract.makes import MAKES_BY_FIRST, PLAIN_MAKES
from capgateway.cards.extract.numbers import AGE_LABELS, FEET, UNITS, number
from capgateway.cards.extract.phrases import ABOUT, ENDINGS, HOAXES, OTHERS, TESTS
from capgateway.cards.extract.words import BODIES, CHILD_NOUNS, KIN, SUSPECT_NOUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cards.extract.text import Tokens

Kind = Literal["test", "cancel", "hoax", "other"]

REACH = 12
"""Tokens between an alert and the word that ends it: "The AMBER Alert issued for Ada Testchild of Canyon, TX, has been cancelled"."""

ALERTS = frozenset("alert alerts alerte alerta emergency activation urgence".split())
ENDS = frozenset(
    "cancelling canceling cancelation deactivating deactivates deactivation rescinds rescinding retracted lifting annulation cancelled canceled cancellation cancel cancels discontinued discontinuation deactivated rescinded lifted ended terminated withdrawn expired concluded called "
    "desactivacion cancelacion desactiva cancela desactivado levanta levee annulee terminee desactivee leve annule fin cancelada cancelado desactivada finalizada levantada termino concluyo suspendida".split()
)
SAFE = frozenset("buen bien unharmed alive vivo viva safe safely sain saine sains saines salvo salva salvos".split())
FOUND = frozenset(
    "localizada localizado localizados hallados found located recovered safe retrouve retrouvee retrouves retrouvees localise localisee hallado hallada encontrado encontrada localizado localizada encontrados".split()
)
ADULT = 18
HINTS = frozenset(
    "old year yr yo month months mo susp vic taken search searching looking locate wanted seeking missing whereabouts".split()
)
WEATHER = frozenset(
    "rain rainfall wind winds snow snowfall heat cold ice frost flood floods flooding fog storm storms thunderstorm thunderstorms avalanche avalanches wildfire smoke pollution ozone".split()
)
WORDS = frozenset(
    "hermano hermana hermanos hermanas kids abducted abduction abductor kidnapped kidnapping amberalert alertaamber alerteamber child children girl boy girls boys baby infant toddler newborn teen juvenile daughter son "
    "enlevement enleve enlevee enfant enfants fillette garcon bebe disparu disparue secuestro secuestrado nino nina ninos menor menores desaparecido desaparecida sustraccion".split()
)
AFTER_AMBER = frozenset("from in , alert alerts update emergency : alerte - missing".split())
OPEN_AGAIN = frozenset("but however mais pero sin subsequently reissued extended remains".split())
STILL = frozenset(
    "demeure demeurent reste restent introuvable introuvables falta faltan whereabouts unaccounted still remain remains continue continues continuing toujours encore sigue siguen continua".split()
)
NOT_YET = frozenset("until unless if when once jusqu hasta si till whether not".split())
CRITERIA = frozenset(["criteria", "criterion", "criteres", "criterios"])


OPENINGS = frozenset().union(TESTS, HOAXES, ABOUT)
"""The first words of these phrases."""


def kind(texts: Sequence[Tokens], *, is_amber: bool = True) -> Kind | None:
    """Why these texts may give no facts, or ``None``. ``is_amber`` is false for other programmes, whose alerts may call
    themselves what they are."""
    found = next((found for tokens in texts if (found := _kind(tokens, is_amber=is_amber))), None)
    is_about = not is_amber or (any(map(_speaks_of_it, texts)) and any(map(_is_serious, texts)))
    return found or (None if is_about else "other")


def _kind(tokens: Tokens, *, is_amber: bool) -> Kind | None:
    if _says(tokens, TESTS) or _opens_as_test(tokens) or _speaks_of_a_drill(tokens):
        return "test"
    if _says(tokens, HOAXES):
        return "hoax"
    if _is_over(tokens):
        return "cancel"
    if is_amber and (
        _is_of_a_year(tokens)
        or _is_only_a_name(tokens)
        or _is_other(tokens)
        or _is_weather(tokens)
        or _says(tokens, ABOUT)
        or _denies_it(tokens)
    ):
        return "other"
    return None


def _is_of_a_year(tokens: Tokens) -> bool:
    """``a 2009 Amber Alert``"""
    return any(
        len(tokens.word(at - 1)) == 4 and tokens.word(at - 1).isdigit() and tokens.word(at - 2) in {"a", "the", "in"}
        for at in tokens.places(AMBER)
    )


ABDUCTIONS = frozenset(
    "abducted abduction kidnapped kidnapping enleve enlevee enlevement secuestro secuestrado secuestrada sustraccion".split()
)
DENIALS = frozenset("rien neither nor ni no not aucun aucune pas never doesn don isn wasn".split())
BELIEFS = frozenset(
    "believe believed believes suspect suspected suspects evidence indication indications sign signs reason suggest suggests considered treated treating think "
    "involve involved croit croient indice indices considere consideree cree creen indicios indique indiquent".split()
)


def _denies_it(tokens: Tokens) -> bool:
    """``Police do not believe that the child was abducted``; not "It is not known whether she was abducted"."""
    for at in tokens.places(ABDUCTIONS):
        before = tokens.words[max(tokens.sentence(at)[0], at - REACH) : at]
        if not (DENIALS.isdisjoint(before) or BELIEFS.isdisjoint(before)) and not {
            "if",
            "whether",
            "know",
            "known",
        } & set(before):
            return True
    return False


def _speaks_of_it(tokens: Tokens) -> bool:
    """Whether a text speaks of an abduction, a child or the programme at all, rather than of a road that is called Amber."""
    if tokens.has(WORDS) or tokens.has(CHILD_NOUNS):
        return True
    before = {"alerta", "alerte", "update"}
    if any(tokens.word(at + 1) in AFTER_AMBER or tokens.word(at - 1) in before for at in tokens.places(AMBER)):
        return True
    is_hinted = tokens.has(HINTS) or tokens.has(SUSPECT_NOUNS) or tokens.has(KIN)
    minors = [at for at in range(len(tokens)) if 0 < (number(tokens, at) or 0) < ADULT and _is_age(tokens, at)]
    return bool(minors) and (is_hinted or (tokens.has(MAKES) and any(_is_age_of_a_name(tokens, at) for at in minors)))


MAKES = frozenset(MAKES_BY_FIRST) - PLAIN_MAKES


def _is_age(tokens: Tokens, at: int) -> bool:
    """Whether a number may be somebody's age, and is not a height or a route."""
    after = tokens.word(at + 1 + (tokens.word(at + 1) == "-"))
    before = tokens.word(at - 1)
    if after in FEET:
        return False
    return after in UNITS or after in {"yo", "yoa"} or before in AGE_LABELS or before in {"(", ",", ":", "...", "is"}


def _is_age_of_a_name(tokens: Tokens, at: int) -> bool:
    """``Finn Oakley-Tsai, 7, striped shirt``"""
    is_between = tokens.word(at - 1) == "," and tokens.word(at + 1) in {",", ";", "."}
    return is_between and at > 1 and tokens.words[at - 2].isalpha() and tokens.capital[at - 2]


#: Names of AMBER programmes, and words for a child that somebody took or a car to look for; a child that is only missing is
#: another programme's.
SERIOUS = (
    ABDUCTIONS
    | SUSPECT_NOUNS
    | MAKES
    | frozenset(BODIES)
    | frozenset(
        "amberalert alertaamber alerteamber maile rachael levi cae abductors kidnap taken took stolen snatched grabbed forced pulled lured custody custodial noncustodial "
        "take takes man woman guy stranger uncle boyfriend stepfather enleves enlevees vehicle vehicles car van truck suv pickup sedan plate plates license licence driver driving vehicule vehiculo voiture auto placas plaque "
        "secuestrados sustraido sustraida raptado raptada llevo robado robada ravisseur".split()
    )
)


def _is_serious(tokens: Tokens) -> bool:
    return _names_programme(tokens) or (tokens.has(SERIOUS) and not tokens.has(RUNAWAYS))


RUNAWAYS = frozenset("runaway runaways fugue fugueur fugueuse".split())


def _names_programme(tokens: Tokens) -> bool:
    """Whether the text says ``AMBER Alert`` at all, and not only that somebody is called Amber."""
    if tokens.has(PROGRAMMES):
        return True
    after, before = (
        ALERTS | {"update", ":", "-", "from", "advisory", "emergency", "in", "for", "."},
        ALERTS | {":", "-", ".", "an", "our", "maile", "plan"},
    )
    return any(
        tokens.word(at + 1) in after
        or (
            tokens.word(at - 1) in before
            and not (tokens.is_cased and not tokens.slice(at, at + 1).isupper() and tokens.word(at - 1) == ".")
        )
        for at in tokens.places(AMBER)
    )


def _is_only_a_name(tokens: Tokens) -> bool:
    """``34-year-old Amber Lynn Castellaw``: nothing is an alert here, and nobody was abducted."""
    if tokens.has(ABDUCTIONS | SUSPECT_NOUNS):
        return False
    places = tokens.places(AMBER)
    if not tokens.is_cased:
        is_alert = any(tokens.word(at + 1) in ALERTS | {":", "-"} or tokens.word(at - 1) in ALERTS for at in places)
        return not is_alert and any(tokens.word(at - 1) in {"old", "named", "woman"} for at in places)
    if _names_programme(tokens):
        return False
    return bool(places) and all(tokens.slice(at, at + 1).istitle() for at in places)


PROGRAMMES = frozenset("amberalert alertaamber alerteamber".split())


AMBER_THINGS = frozenset(
    "light lights lamp lamps lens lenses beacon beacons notice signal signals glow ale beer beads necklace jewelry status air level".split()
)


WARNINGS = frozenset("warning warnings watch advisory".split())
OF_PEOPLE = frozenset("taken missing lured snatched custody custodial grabbed".split())


def _is_weather(tokens: Tokens) -> bool:
    """``Amber alert for heavy rain``, ``amber lights``"""
    if any(tokens.word(at + 1) in AMBER_THINGS for at in tokens.places(AMBER)):
        return True
    if (
        not tokens.has(AMBER)
        and tokens.has(WARNINGS)
        and tokens.has(WEATHER)
        and not tokens.has(ABDUCTIONS | OF_PEOPLE)
    ):
        return True
    return not tokens.has(CHILD_NOUNS) and any(
        word in WEATHER for at in tokens.places(AMBER) for word in tokens.words[at + 1 : at + 10]
    )


def _says(tokens: Tokens, phrases: dict[str, tuple[tuple[str, ...], ...]]) -> bool:
    if "openings" not in tokens.memo:
        tokens.memo["openings"] = tokens.places(OPENINGS)
    for at in tokens.memo["openings"]:
        if tokens.words[at] not in phrases:
            continue
        after = tokens.word(at + 1)
        for phrase in phrases[tokens.words[at]]:
            if len(phrase) > 1 and after != phrase[1] and after not in BETWEEN:
                continue  # cheaper than reading the phrase
            if _reads(tokens, at, phrase):
                return True
    return False


BETWEEN = frozenset("' - ... \"".split())
"""Marks that may stand between the words of a phrase."""


def _reads(tokens: Tokens, at: int, phrase: tuple[str, ...]) -> bool:
    for piece in phrase:
        if tokens.word(at) in BETWEEN and piece != phrase[0]:
            at += 1
        if tokens.word(at) != piece:
            return False
        at += 1
    return True


def _opens_as_test(tokens: Tokens) -> bool:
    return (
        bool(tokens.words)
        and tokens.words[0]
        in {"test", "exercise", "exercice", "drill", "prueba", "simulacro", "essai", "ejercicio", "simulation"}
        or _marked_test(tokens)
    )


DRILLS = frozenset("exercise drill drills exercice simulation".split())
DRILLED = DRILLS | {"test", "testing", "tests"}
OTHER_DRILLS = frozenset(
    "caution care extreme restraint your bike clothes clothing equipment bits press bit team class gym power electric cordless to".split()
)
OTHER_TESTS = frozenset("dna drug covid pregnancy blood driving paternity polygraph breath s".split())
TESTED = frozenset("alert alerts system message amber eas wea ipaws broadcast".split())


def _speaks_of_a_drill(tokens: Tokens) -> bool:
    """``A drill of the Ohio AMBER plan``; not "exercise extreme caution", and no test drive."""
    for at in tokens.places(DRILLED):
        word, near = tokens.words[at], tokens.words[max(0, at - 5) : at + 6]
        if word in DRILLS and tokens.word(at + 1) not in OTHER_DRILLS and tokens.word(at - 1) not in OTHER_DRILLS:
            return True
        if (
            word in TESTS_WORDS
            and tokens.word(at - 1) not in OTHER_TESTS
            and tokens.word(at + 1) not in {"drive", "drives", "drove", "driving", "driven", "results", "-"}
        ) and any(each in TESTED for each in near):
            return True
    return False


def _marked_test(tokens: Tokens) -> bool:
    """``TEST...CHILD ABDUCTION EMERGENCY...TEST``, ``[TEST]``, ``TEST:``."""
    return any(
        tokens.word(at + 1) in {":", "]", "!"}
        or tokens.word(at - 1) == "["
        or not {at - 1, at + 1}.isdisjoint(tokens.dots)
        for at in tokens.places(TEST_MARKS)
    )


AMBER = frozenset(["amber"])
TESTS_WORDS = frozenset(["test", "testing", "tests"])
TEST_MARKS = frozenset(["test", "prueba", "essai", "exercice", "exercise"])
FIRST_OF_ENDINGS = frozenset(ENDINGS)


def _says_an_end(tokens: Tokens) -> bool:
    """``Mia is back home``; not "has not returned home", and not where another child is still missing."""
    for at in tokens.places(FIRST_OF_ENDINGS):
        if any(_reads(tokens, at, phrase) for phrase in ENDINGS[tokens.words[at]]):
            before = tokens.words[max(tokens.sentence(at)[0], at - REACH) : at]
            if DENIALS.isdisjoint(before) and NOT_YET.isdisjoint(before):
                return True
    return False


SEEMED = frozenset("appeared appears seemed looked be".split())
OVER = ENDS | SAFE | FOUND | {"no", "reunited", "unharmed", "custody", "over"}


def _is_over(tokens: Tokens) -> bool:
    """Whether the text ends an alert, other than one that it says was followed by another."""
    is_still = tokens.has(STILL)
    if not is_still and _says_an_end(tokens):
        return True
    for at in tokens.places(OVER):
        word = tokens.words[at]
        if word in ENDS and _ends_alert(tokens, at):
            return True
        if word in SAFE and not is_still and _is_found(tokens, at):
            return True
        if (
            word == "no"
            and tokens.word(at + 1) == "longer"
            and tokens.word(at + 2) in {"active", "in"}
            and tokens.word(at + 3) in {"", ".", "effect"}
        ):
            return True
        if word in FOUND and not is_still and _is_child_found_again(tokens, at):
            return True
        if word in {"reunited", "unharmed"} and not is_still and tokens.word(at - 1) not in SEEMED:
            return True
        if word == "custody" and _is_child_found(tokens, at):
            return True
        if word == "ended" and "search" in tokens.words[tokens.sentence(at)[0] : at]:
            return True
        if word == "over" and tokens.word(at - 1) == "is" and _mentions_alert(tokens, at):
            return True
    return False


def _ends_alert(tokens: Tokens, at: int) -> bool:
    word = tokens.words[at]
    low, high = tokens.sentence(at)
    if word in {"called"} and tokens.word(at + 1) != "off":
        return False
    if word in {"fin"} and tokens.word(at + 1) not in {"de", "d"}:
        return False
    if word in {
        "leve",
        "annule",
        "terminated",
        "termino",
        "withdrawn",
        "cancel",
        "expired",
        "concluded",
    } and not _mentions_alert(tokens, at):
        return False
    is_near = _mentions_alert(tokens, at) or at - low < 2
    if not is_near or any(each in NOT_YET for each in tokens.words[max(low, at - 6) : at]):
        return False
    rest = tokens.words[at + 1 : high]
    if any(each in OPEN_AGAIN for each in rest) and any(
        each
        in {
            "issued",
            "activated",
            "extended",
            "active",
            "effect",
            "emise",
            "declenchee",
            "emitida",
            "activada",
            "remains",
            "reissued",
        }
        for each in rest
    ):
        return False
    return not any(each in OTHER_ALERTS for each in tokens.words[max(low, at - REACH) : at]) and not {
        "not",
        "affect",
    } <= set(rest)


OTHER_ALERTS = frozenset("earlier previous first another unrelated different separate despite autre otra".split())


def _mentions_alert(tokens: Tokens, at: int) -> bool:
    low, high = tokens.sentence(at)
    low, high = max(low, at - REACH - 12), min(high, at + 7)
    return any(each in ALERTS or each in {"amberalert", "amber"} for each in tokens.words[low:high])


def _is_found(tokens: Tokens, at: int) -> bool:
    low, _ = tokens.sentence(at)
    words = tokens.words[max(low, at - 10) : at]
    if _is_of_some(words):
        return False
    return any(each in FOUND - {"safe"} for each in words) and not any(
        each in NOT_YET | {"vehicle", "car"} for each in words
    )


THINGS = frozenset(
    "vehicle car truck van suv sedan pickup plate phone clothing backpack bicycle bike body remains suspect abductor driver man woman father mother he it vehicule voiture camion auto "
    "vehiculo coche camioneta trailer motorcycle rv motorhome camper boat unoccupied abandoned empty".split()
)


def _is_child_found_again(tokens: Tokens, at: int) -> bool:
    """``The boy has been located.`` Not a car, not a suspect, and not where another child is still missing."""
    low, high = tokens.sentence(at)
    before = tokens.words[low:at]
    if (
        not before
        or _is_of_some(before)
        or (tokens.word(at + 1) in DEAD and not KIN.isdisjoint(before[:3]) and {"and", "et", "y"}.isdisjoint(before))
        or (before[0] in WHOSE and before[1:2] and before[1] in SIBLINGS)
        or any(word in THINGS or word in NOT_YET or word in MAKES_BY_FIRST for word in before)
    ):
        return False
    auxiliary = before[-3:]
    is_passive = any(word in {"been", "was", "were"} for word in auxiliary) or any(
        word in {"ete", "fue", "fueron", "sido"} for word in auxiliary
    )
    is_active = any(word in {"have", "has"} for word in before[-2:]) and any(
        tokens.words[place] in CHILD_NOUNS or (0 < (number(tokens, place) or 0) < ADULT and _is_age(tokens, place))
        for place in range(at + 1, min(high, at + 4))
    )
    names_a_child = any(word in CHILD_NOUNS or word in {"she", "they", "elle", "ella"} for word in before) or (
        any(_is_minor_in(before, place) for place in range(len(before))) and _has_one_minor(tokens)
    )
    if tokens.words[at] in {"recovered", "safe"} and not (names_a_child or is_active):
        return False
    return is_passive and names_a_child or is_active


DEAD = frozenset(
    "dead deceased injured wounded unresponsive morte mort blessee blesse inconsciente muerta muerto herida herido".split()
)
"""Of a parent alone, it says nothing of the child."""
WHOSE = frozenset("su sa son his her their leur".split())
SIBLINGS = frozenset("hermana hermano sister brother soeur frere hermanito hermanita".split())


def _is_of_some(words: list[str]) -> bool:
    """``One of the two children has been found``: another has not."""
    return any(
        word in {"one", "un", "une", "uno", "una", "two", "deux", "dos"} and after in {"of", "des", "de"}
        for word, after in pairwise(words)
    )


def _has_one_minor(tokens: Tokens) -> bool:
    """Whether the text gives the age of no second child, who may still be missing."""
    ages = [number(tokens, at) or 0 for at in range(len(tokens)) if _is_age(tokens, at)]
    return sum(0 < age < ADULT for age in ages) < 2


def _is_minor_in(words: list[str], at: int) -> bool:
    """``Ava Stone, 7, was located``"""
    after = at + 1 + (words[at + 1 : at + 2] != [","] and words[at + 1] in UNITS if at + 1 < len(words) else 0)
    is_between = bool({",", "de"} & set(words[at - 1 : at])) and words[after : after + 1] == [","]
    return is_between and words[at].isdigit() and len(words[at]) < 3 and int(words[at]) < ADULT


def _is_child_found(tokens: Tokens, at: int) -> bool:
    low, _ = tokens.sentence(at)
    words = tokens.words[max(low, at - REACH) : at]
    return any(each in FOUND for each in words) and any(each in {"child", "children", "girl", "boy"} for each in words)


def _is_other(tokens: Tokens) -> bool:
    words = tokens.words
    for at in tokens.places(CRITERIA):
        if any(each in {"not", "pas", "no"} for each in words[max(0, at - 5) : at + 7]):
            return True
    for at, word in enumerate(words[:FRONT]):
        if word in OTHERS and any(_reads(tokens, at, phrase) for phrase in OTHERS[word]):
            return (
                tokens.word(at + 1) == "awareness"
                or word in SOLD
                or not (_names_amber(tokens) or _is_in_effect(tokens))
            )
    return False


SOLD = frozenset("for se filly jockey".split())


def _is_in_effect(tokens: Tokens) -> bool:
    """``An AMBER Alert is in effect.`` at the end of a text that begins otherwise."""
    return any(
        tokens.word(at + 1) in ALERTS and not ISSUED.isdisjoint(tokens.words[at + 2 : at + 7])
        for at in tokens.places(AMBER)
    )


ISSUED = frozenset("effect issued activated active declared".split())


def _names_amber(tokens: Tokens) -> bool:
    """Whether the front says ``AMBER Alert``, and not only that somebody is called Amber."""
    named = [at for at in tokens.places(AMBER) if at < FRONT]
    return any(
        tokens.word(at + 1) in ALERTS or tokens.word(at - 1 - (tokens.word(at - 1) == "/")) in ALERTS for at in named
    )


FRONT = 40
"""Tokens in which an alert of another kind says what it is."""

"""Whether a text may give facts at all. Codes decide what an alert is; prose can only make it stricter: a test, a hoax, an end
or another kind of alert gives none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from capgateway.cards.extract.makes import MAKES_BY_FIRST, PLAIN_MAKES
from capgateway.cards.extract.numbers import AGE_LABELS, FEET, UNITS, number
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
OTHERS = (
    ("for", "sale"), ("se", "vende"), ("a", "vendre"), ("filly",), ("jockey",), ("silver", "alert"), ("blue", "alert"), ("ashanti", "alert"), ("ebony", "alert"), ("feather", "alert"), ("purple", "alert"), ("endangered", "missing"),
    ("missing", "person", "advisory"), ("missing", "endangered"), ("clear", "alert"), ("alert", "awareness"), ("golden", "alert"), ("camo", "alert"),
    ("alerta", "plateada"), ("alerte", "silver"), ("green", "alert"), ("endangered", "person"), ("alerta", "silver"), ("turquoise", "alert"), ("yellow", "alert"), ("gold", "alert"), ("copper", "alert"), ("missing", "person", "alert"), ("missing", "adult"), ("hit", "and", "run"), ("armed", "robbery"), ("robbery",), ("burglary",), ("wanted", "person"), ("mattie",), ("endangered", "child", "advisory"), ("endangered", "child", "alert"), ("missing", "child", "alert"), ("endangered", "runaway"), ("law", "enforcement", "warning"), ("civil", "danger"), ("shelter", "in", "place"), ("hazardous", "materials"), ("lost", "dog"), ("missing", "dog"), ("lost", "cat"), ("lost", "pet"), ("missing", "cat"), ("amber", "warning"), ("amber", "weather"), ("amber", "hagerman"), ("alert", "bill"), ("alert", "legislation"), ("alert", "training"), ("alert", "conference"), ("alert", "symposium"), ("alert", "day"), ("pleaded", "guilty"), ("anniversary",), ("alerte", "argent"), ("missing", "man", "alert"), ("missing", "senior"), ("wrong", "way", "driver"), ("alerta", "rosa"), ("alerta", "violeta"), ("alerte", "enlevement", "en", "france"), ("disparition", "inquietante"), ("fugue",),
)  # fmt: skip
TESTS = (
    ("this", "is", "a", "test"), ("this", "is", "only", "a", "test"), ("is", "only", "a", "test"), ("only", "a", "test"), ("test", "message"), ("test", "of", "the"), ("test", "alert"),
    ("this", "is", "an", "exercise"), ("this", "is", "a", "drill"), ("is", "a", "simulation"), ("exercise", "exercise"), ("exercise", "only"), ("drill", "drill"), ("test", "test"), ("training", "exercise"), ("monthly", "test"),
    ("weekly", "test"), ("test", "only"), ("ceci", "est", "un", "test"), ("est", "un", "essai"), ("est", "un", "exercice"), ("message", "d", "essai"), ("message", "test"), ("aucune", "mesure"), ("exercice", "seulement"),
    ("es", "una", "prueba"), ("solo", "una", "prueba"), ("es", "un", "simulacro"), ("es", "un", "ejercicio"), ("mensaje", "de", "prueba"), ("no", "action", "is", "required"), ("test", "du", "systeme"), ("prueba", "del"), ("prueba", "de"), ("system", "test"), ("conducting", "a", "test"), ("for", "training", "purposes"), ("no", "real", "child"), ("fictitious", "child"), ("fictitious", "name"), ("fictitious", "suspect"), ("fictitious", "vehicle"), ("is", "fictitious"), ("are", "fictitious"), ("are", "all", "fictitious"), ("all", "fictitious"), ("entirely", "fictitious"), ("fictional",), ("not", "a", "real"), ("simulacro",), ("simulated",),
    ("est", "une", "simulation"), ("exercice", "exercice"), ("exercise", "message"), ("test", "tone"), ("amber", "alert", "test"), ("amber", "alert", "drill"), ("amber", "test"), ("test", "amber"), ("rehearsal",), ("mock", "alert"), ("mock", "abduction"), ("practice", "alert"), ("practice", "message"), ("training", "message"), ("training", "scenario"), ("training", "purposes"), ("testing", "purposes"),
    ("test", "purposes"), ("drill", "message"), ("role", "player"), ("a", "drill"), ("annual", "drill"), ("statewide", "drill"), ("not", "an", "actual"), ("had", "this", "been"), ("no", "actual"), ("required", "monthly"), ("required", "weekly"), ("test", "is", "over"), ("system", "is", "being", "tested"), ("will", "be", "tested"),
    ("demonstration",), ("ceci", "n", "est", "qu", "un"), ("simple", "test"), ("exercice", "de"), ("un", "exercice"), ("un", "essai"), ("ejercicio", "de"), ("un", "ejercicio"), ("sample", "message"), ("this", "test"), ("this", "drill"), ("this", "exercise"),
    ("required", "test"), ("rwt",), ("rmt",), ("dmo",), ("rehearse",), ("rehearsing",), ("imaginary",), ("pretend",), ("hypothetical",), ("make", "believe"), ("dummy",), ("trial", "run"), ("practice", "run"), ("practice", "only"), ("training", "only"), ("nobody", "is", "missing"), ("no", "one", "is", "missing"), ("role", "play"), ("role", "playing"), ("practice", "demo"), ("demo", "message"), ("demo", "warning"), ("demo", "alert"), ("tabletop",), ("for", "illustration"), ("sample", "alert"), ("example", "alert"), ("example", "of", "an"), ("template",), ("full", "scale", "exercise"), ("no", "es", "una", "emergencia"), ("systems", "check"), ("system", "check"), ("would", "read"), ("there", "is", "no", "actual"), ("es", "un", "ensayo"), ("message", "de", "test"), ("alerte", "test"), ("alerta", "de", "prueba"),
)  # fmt: skip
HOAXES = (
    ("not", "come", "from"), ("no", "missing", "child"), ("not", "qualify"), ("not", "an", "abduction"), ("not", "been", "abducted"), ("was", "not", "abducted"), ("were", "not", "abducted"), ("amber", "alert", "was", "not"), ("amber", "alert", "has", "not"), ("was", "sentenced"), ("were", "sentenced"), ("pleaded", "guilty"), ("found", "guilty"), ("no", "es", "una", "alerta"), ("hoax",), ("canular",), ("debunking",), ("debunked",), ("rumor",), ("rumors",), ("rumour",), ("no", "amber", "alert"), ("not", "an", "amber", "alert"), ("no", "such", "abduction"),
    ("no", "such", "alert"), ("no", "active", "amber"), ("no", "alert", "was"), ("no", "alert", "has"), ("fake", "alert"), ("fake", "amber"), ("fake", "post"), ("fake", "message"), ("fake", "text"), ("false", "alert"), ("false", "amber"), ("false", "post"),
    ("false", "report"), ("false", "alarm"), ("false", "information"), ("false", "rumor"), ("false", "message"), ("bogus", "alert"), ("bogus", "amber"), ("bogus", "post"), ("sent", "by", "mistake"), ("issued", "by", "mistake"), ("activated", "by", "mistake"), ("sent", "in", "error"),
    ("issued", "in", "error"), ("activated", "in", "error"), ("sent", "out", "in", "error"), ("sent", "out", "by", "mistake"), ("erroneously", "sent"), ("erroneously", "issued"), ("accidentally", "sent"), ("accidentally", "issued"), ("sent", "erroneously"), ("sent", "accidentally"), ("issued", "erroneously"),
    ("par", "erreur"), ("por", "error"), ("aucune", "alerte", "amber"), ("fausse", "alerte"), ("fausse", "rumeur"), ("falsa", "alerta"), ("alerta", "falsa"), ("no", "hay", "alerta"), ("ninguna", "alerta"), ("n", "est", "pas", "une", "alerte"), ("noticia", "falsa"),
    ("informacion", "falsa"), ("es", "falso"), ("es", "falsa"), ("not", "a", "valid", "amber"), ("not", "issued", "an", "amber"), ("not", "issue", "an", "amber"), ("never", "issued"), ("not", "real"), ("isn", "t", "real"), ("disregard", "the", "alert"), ("disregard", "this", "alert"), ("disregard", "the", "amber"), ("disregard", "the", "message"), ("disregard", "this", "message"),
    ("old", "amber", "alert"), ("years", "old", "and", "no", "longer"), ("stop", "sharing"), ("nobody", "was", "abducted"), ("no", "child", "was", "abducted"), ("no", "child", "has", "been", "abducted"), ("there", "is", "no", "abduction"), ("no", "children", "are", "missing"), ("no", "child", "is", "missing"), ("unfounded",), ("outdated", "alert"), ("old", "alert"), ("not", "eligible"), ("does", "not", "qualify"), ("not", "meet", "the"), ("resurfaced",), ("recirculated",), ("recirculating",), ("not", "activated", "an"), ("not", "activate", "an"), ("declined", "to", "issue"), ("has", "not", "requested"), ("did", "not", "request"), ("not", "yet", "an", "amber"), ("not", "an", "official"),
    ("is", "not", "true"), ("are", "not", "true"), ("isn", "t", "true"), ("untrue",), ("bogus",), ("it", "s", "false"), ("this", "is", "false"), ("that", "is", "false"), ("post", "is", "false"), ("message", "is", "false"), ("alert", "is", "false"), ("story", "is", "false"), ("claim", "is", "false"), ("text", "is", "false"), ("which", "is", "false"), ("information", "is", "false"), ("fall", "for", "it"), ("phony",), ("no", "truth"), ("snopes",), ("chain", "message"), ("no", "record", "of"), ("no", "records", "of"), ("no", "reports", "of"), ("no", "report", "of"), ("misleading",), ("satire",), ("spoof",), ("phishing",), ("ai", "generated"), ("doctored",), ("went", "viral"), ("rumeur",), ("rumeurs",), ("infondee",), ("bulo",), ("desinformation",), ("desinformacion",), ("aucun", "enlevement"), ("not", "from", "us"), ("not", "sent", "by"), ("we", "did", "not", "send"), ("ignore", "the", "post"), ("ignore", "this"), ("nothing", "to", "it"), ("no", "such", "thing"), ("scam",), ("misinformation",), ("disinformation",), ("fact", "check"), ("is", "circulating"), ("are", "circulating"), ("circulating", "on"), ("circulating", "online"), ("circulating", "in"), ("circulating", "by"), ("circulates",), ("viral", "post"), ("viral", "message"), ("making", "the", "rounds"), ("we", "have", "no", "such"), ("no", "such", "case"), ("no", "such", "child"), ("did", "not", "issue"), ("have", "not", "issued"), ("has", "not", "issued"), ("had", "not", "issued"), ("not", "been", "issued"), ("wasn", "t", "issued"), ("not", "legitimate"),
    ("post", "is", "false"), ("is", "a", "fake"), ("please", "do", "not", "share"), ("do", "not", "share"), ("don", "t", "share"), ("do", "not", "forward"), ("not", "authentic"), ("never", "happened"), ("fabricated",), ("prank",), ("ne", "partagez", "pas"), ("no", "comparta"), ("no", "compartan"), ("n", "est", "pas", "vrai"), ("n", "est", "pas", "vraie"), ("no", "es", "cierto"), ("no", "es", "verdad"), ("no", "es", "real"), ("cadena", "falsa"), ("mensaje", "falso"), ("faux", "message"), ("message", "faux"), ("fausse", "publication"), ("fausse", "nouvelle"), ("no", "existe", "ninguna"), ("no", "emitio"), ("no", "ha", "emitido"), ("n", "a", "pas", "emis"), ("pas", "ete", "emise"), ("n", "a", "ete", "emise"), ("n", "a", "ete", "declenchee"), ("pas", "ete", "declenchee"), ("pas", "declenche"),
)  # fmt: skip
#: What makes a text speak about alerts, or of another case, however often it names them.
ABOUT = (
    ("what", "happens", "when"), ("what", "is", "an"), ("what", "to", "do", "when"), ("how", "amber", "alerts"), ("how", "an", "amber"), ("how", "do", "amber"), ("how", "does", "an"), ("amber", "alerts", "are"), ("an", "amber", "alert", "is", "a"), ("amber", "alert", "is", "a"), ("when", "an", "alert"), ("when", "an", "amber"), ("frequently", "asked"), ("did", "you", "know"), ("amber", "hagerman"), ("alert", "awareness"), ("awareness", "day"), ("awareness", "month"),
    ("alert", "bill"), ("alert", "legislation"), ("alert", "training"), ("alert", "conference"), ("alert", "symposium"), ("alert", "day"), ("alert", "coordinator"), ("alert", "coordinators"), ("alert", "workshop"), ("alert", "webinar"), ("alert", "anniversary"), ("alert", "criteria"), ("alert", "legislation"), ("alert", "act"), ("anniversary", "of"), ("house", "bill"), ("senate", "bill"), ("signed", "into", "law"), ("lawmakers",), ("webinar",), ("symposium",), ("fundraiser",), ("podcast",), ("appeared", "in", "court"), ("in", "court", "monday"), ("year", "after"), ("years", "after"), ("months", "after"), ("an", "apres"), ("ano", "despues"), ("ante", "el", "juez"), ("documentary",),
    ("faq",), ("the", "novel"), ("the", "series"), ("was", "honored"), ("were", "honored"), ("no", "children", "were"), ("attempted", "abduction"), ("attempted", "luring"), ("boy", "scouts"), ("girl", "scouts"), ("boy", "scout"),
    ("alerta", "amber", "cumple"), ("cuando", "se", "activa"), ("cuando", "se", "emite"), ("que", "es", "la", "alerta"), ("como", "funciona"), ("quand", "une", "alerte"), ("comment", "fonctionne"), ("when", "is", "an"), ("how", "does"), ("turns", "30"),
    ("age", "progressed"), ("age", "progression"), ("decades", "ago"), ("years", "ago", "today"), ("pleaded", "guilty"), ("pleaded", "not", "guilty"), ("jury",), ("jurors",), ("juror",), ("testified",), ("testimony",), ("verdict",), ("on", "trial"), ("murder", "trial"), ("defense", "attorney"), ("sentencing",), ("found", "guilty"), ("police", "do", "not", "suspect"), ("left", "voluntarily"), ("left", "willingly"), ("no", "foul", "play"), ("foul", "play", "is", "not"), ("habitual", "runaway"), ("considered", "a", "runaway"), ("believed", "to", "have", "run", "away"),
    ("d", "une", "alerte", "amber", "est"), ("qu", "est", "ce", "qu", "une"), ("que", "es", "una", "alerta"), ("journee", "de", "sensibilisation"), ("dia", "de", "concientizacion"), ("fue", "sentenciado"), ("fue", "condenado"), ("a", "ete", "condamne"), ("reconnu", "coupable"), ("projet", "de", "loi"), ("proyecto", "de", "ley"), ("anniversaire", "de"), ("aniversario", "de"),
)  # fmt: skip
CRITERIA = frozenset(["criteria", "criterion", "criteres", "criterios"])


def _by_first(phrases: tuple[tuple[str, ...], ...]) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for phrase in phrases:
        found[phrase[0]] = (*found.get(phrase[0], ()), phrase)
    return found


_TESTS, _HOAXES, _OTHERS, _ABOUT = _by_first(TESTS), _by_first(HOAXES), _by_first(OTHERS), _by_first(ABOUT)


OPENINGS = frozenset().union(_TESTS, _HOAXES, _ABOUT)
"""The first words of these phrases."""


def kind(texts: Sequence[Tokens], *, is_amber: bool = True) -> Kind | None:
    """Why these texts may give no facts, or ``None``. ``is_amber`` is false for other programmes, whose alerts may call
    themselves what they are."""
    found = next((found for tokens in texts if (found := _kind(tokens, is_amber=is_amber))), None)
    is_about = not is_amber or (any(map(_speaks_of_it, texts)) and any(map(_is_serious, texts)))
    return found or (None if is_about else "other")


def _kind(tokens: Tokens, *, is_amber: bool) -> Kind | None:
    if _says(tokens, _TESTS) or _opens_as_test(tokens) or _speaks_of_a_drill(tokens):
        return "test"
    if _says(tokens, _HOAXES):
        return "hoax"
    if _is_over(tokens):
        return "cancel"
    if is_amber and (
        _is_of_a_year(tokens)
        or _is_only_a_name(tokens)
        or _is_other(tokens)
        or _is_weather(tokens)
        or _says(tokens, _ABOUT)
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
        ALERTS | {":", "-", ".", "an", "our", "maile"},
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
    for at in tokens.places(OPENINGS):
        after = tokens.word(at + 1)
        for phrase in phrases.get(tokens.words[at], ()):
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
#: Words that say that a child is safe or an alert has ended, whoever is named.
ENDINGS = _by_first(
    (
        ("n", "est", "plus", "en", "vigueur"), ("sain", "et", "sauf"), ("sains", "et", "saufs"), ("saine", "et", "sauve"), ("sana", "y", "salva"), ("sano", "y", "salvo"), ("sanos", "y", "salvos"), ("a", "pris", "fin"), ("back", "with", "her"), ("back", "with", "his"), ("back", "with", "their"), ("is", "home"), ("are", "home"), ("returned", "safely"), ("safe", "and", "sound"), ("safe", "and", "well"),
        ("no", "longer", "needed"), ("no", "longer", "being", "sought"), ("no", "longer", "missing"), ("stand", "down"), ("in", "good", "health"), ("in", "good", "condition"), ("search", "is", "over"), ("search", "has", "ended"), ("sin", "efecto"), ("ya", "no", "esta", "activa"), ("ya", "no", "esta", "vigente"), ("alert", "closed"), ("alert", "resolved"), ("alert", "has", "been", "closed"), ("case", "closed"), ("alive", "and", "well"), ("child", "located"), ("child", "recovered"), ("children", "located"), ("children", "recovered"), ("safely", "located"), ("safely", "recovered"), ("safely", "found"), ("safely", "returned"), ("located", "safely"), ("est", "en", "securite"), ("sont", "en", "securite"), ("ya", "esta", "con"), ("de", "retour", "a", "la", "maison"), ("s", "been", "found"), ("has", "returned", "home"), ("have", "returned", "home"), ("is", "back", "home"), ("are", "okay"), ("is", "back"), ("are", "back"), ("met", "fin"), ("mis", "fin"), ("child", "found", "!"), ("child", "found", "."), ("has", "been", "returned"), ("have", "been", "returned"), ("was", "returned", "to"), ("is", "with", "family"), ("has", "been", "resolved"), ("was", "resolved"),
    )
)  # fmt: skip


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
        if word in _OTHERS and any(_reads(tokens, at, phrase) for phrase in _OTHERS[word]):
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

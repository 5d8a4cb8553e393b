"""Whether a text may give facts at all. Codes decide what an alert is; prose can only make it stricter: a test, a hoax, an end
or another kind of alert gives none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from capgateway.cards.extract.words import CHILD_NOUNS, SUSPECT_NOUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cards.extract.text import Tokens

Kind = Literal["test", "cancel", "hoax", "other"]

REACH = 12
"""Tokens between an alert and the word that ends it: "The AMBER Alert issued for Ada Testchild of Canyon, TX, has been cancelled"."""

ALERTS = frozenset("alert alerts alerte alerta emergency activation urgence".split())
ENDS = frozenset(
    "cancelled canceled cancellation cancel cancels discontinued discontinuation deactivated rescinded lifted ended terminated withdrawn expired concluded called "
    "desactiva cancela desactivado levanta levee annulee terminee desactivee leve annule fin cancelada cancelado desactivada finalizada levantada termino concluyo suspendida".split()
)
SAFE = frozenset("buen bien unharmed alive vivo viva safe safely sain saine sains saines salvo salva salvos".split())
FOUND = frozenset(
    "localizada localizado localizados hallados found located recovered safe retrouve retrouvee retrouves retrouvees localise localisee hallado hallada encontrado encontrada localizado localizada encontrados".split()
)
WORDS = frozenset(
    "year month months whereabouts hermano hermana hermanos hermanas old kids abducted abduction abductor kidnapped kidnapping missing amberalert alertaamber alerteamber child children girl boy girls boys baby infant toddler newborn teen juvenile daughter son "
    "enlevement enleve enlevee enfant enfants fillette garcon bebe disparu disparue secuestro secuestrado nino nina ninos menor menores desaparecido desaparecida sustraccion".split()
)
AFTER_AMBER = frozenset("alert alerts update emergency : alerte - missing".split())
OPEN_AGAIN = frozenset("but however mais pero sin subsequently reissued extended remains".split())
STILL = frozenset("still remain remains continue continues continuing toujours encore sigue siguen continua".split())
NOT_YET = frozenset("until unless if when once jusqu hasta si till whether not".split())
OTHERS = (
    ("silver", "alert"), ("blue", "alert"), ("ashanti", "alert"), ("ebony", "alert"), ("feather", "alert"), ("purple", "alert"), ("endangered", "missing"),
    ("missing", "person", "advisory"), ("missing", "endangered"), ("clear", "alert"), ("alert", "awareness"), ("golden", "alert"), ("camo", "alert"),
    ("alerta", "plateada"), ("alerte", "silver"), ("green", "alert"), ("endangered", "person"), ("alerta", "silver"),
)  # fmt: skip
TESTS = (
    ("this", "is", "a", "test"), ("this", "is", "only", "a", "test"), ("is", "only", "a", "test"), ("only", "a", "test"), ("test", "message"), ("test", "of", "the"), ("test", "alert"),
    ("this", "is", "an", "exercise"), ("this", "is", "a", "drill"), ("is", "a", "simulation"), ("exercise", "exercise"), ("exercise", "only"), ("drill", "drill"), ("test", "test"), ("training", "exercise"), ("monthly", "test"),
    ("weekly", "test"), ("test", "only"), ("ceci", "est", "un", "test"), ("est", "un", "essai"), ("est", "un", "exercice"), ("message", "d", "essai"), ("message", "test"), ("aucune", "mesure"), ("exercice", "seulement"),
    ("es", "una", "prueba"), ("solo", "una", "prueba"), ("es", "un", "simulacro"), ("es", "un", "ejercicio"), ("mensaje", "de", "prueba"), ("no", "action", "is", "required"), ("test", "du", "systeme"), ("prueba", "del"), ("prueba", "de"), ("system", "test"), ("conducting", "a", "test"), ("for", "training", "purposes"), ("no", "real", "child"), ("fictitious",), ("fictional",), ("not", "a", "real"), ("simulacro",), ("simulated",),
    ("est", "une", "simulation"), ("exercice", "exercice"), ("exercise", "message"), ("test", "tone"), ("amber", "alert", "test"), ("amber", "alert", "drill"), ("amber", "test"), ("test", "amber"),
)  # fmt: skip
HOAXES = (
    ("hoax",), ("canular",), ("no", "amber", "alert"), ("not", "an", "amber", "alert"), ("rumor",), ("rumors",), ("rumour",), ("fake",), ("by", "mistake"), ("in", "error"), ("par", "erreur"), ("por", "error"), ("sent", "erroneously"), ("erroneously",), ("accidentally",),
    ("aucune", "alerte", "amber"), ("fausse", "alerte"), ("falsa", "alerta"), ("alerta", "falsa"), ("no", "hay", "alerta"), ("false", "alert"), ("n", "est", "pas", "une", "alerte"), ("false", "alarm"), ("ninguna", "alerta"), ("false", "report"), ("noticia", "falsa"), ("false", "information"), ("not", "a", "valid", "amber"), ("informacion", "falsa"), ("is", "false"), ("es", "falso"), ("es", "falsa"), ("old", "alert"), ("debunking",), ("debunked",), ("no", "such", "abduction"), ("no", "alert"), ("untrue",), ("bogus",), ("did", "not", "issue"), ("has", "not", "issued"), ("have", "not", "issued"), ("was", "never", "issued"),
)  # fmt: skip
CRITERIA = ("criteria", "criterion", "criteres", "criterios")


def _by_first(phrases: tuple[tuple[str, ...], ...]) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for phrase in phrases:
        found[phrase[0]] = (*found.get(phrase[0], ()), phrase)
    return found


_TESTS, _HOAXES, _OTHERS = _by_first(TESTS), _by_first(HOAXES), _by_first(OTHERS)


def kind(texts: Sequence[Tokens], *, is_amber: bool = True) -> Kind | None:
    """Why these texts may give no facts, or ``None``. ``is_amber`` is false for other programmes, whose alerts may call
    themselves what they are."""
    found = next((found for tokens in texts if (found := _kind(tokens, is_amber=is_amber))), None)
    return found or ("other" if is_amber and not any(map(_speaks_of_it, texts)) else None)


def _kind(tokens: Tokens, *, is_amber: bool) -> Kind | None:
    if _says(tokens, _TESTS) or _opens_as_test(tokens):
        return "test"
    if _says(tokens, _HOAXES):
        return "hoax"
    if _is_over(tokens):
        return "cancel"
    return "other" if is_amber and _is_other(tokens) else None


def _speaks_of_it(tokens: Tokens) -> bool:
    """Whether a text speaks of an abduction, a child or the programme at all, rather than of a road that is called Amber."""
    words = tokens.words
    if any(word in WORDS or word in CHILD_NOUNS or word in SUSPECT_NOUNS for word in words):
        return True
    return any(
        word == "amber"
        and (tokens.word(at + 1) in AFTER_AMBER or tokens.word(at - 1) in {"alerta", "alerte", "update"})
        for at, word in enumerate(words)
    )


def _says(tokens: Tokens, phrases: dict[str, tuple[tuple[str, ...], ...]]) -> bool:
    words = tokens.words
    return any(
        _reads(tokens, at, phrase) for at, word in enumerate(words) if word in phrases for phrase in phrases[word]
    )


def _reads(tokens: Tokens, at: int, phrase: tuple[str, ...]) -> bool:
    for piece in phrase:
        if tokens.word(at) in {"'", "-", "...", '"'} and piece != phrase[0]:
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


def _marked_test(tokens: Tokens) -> bool:
    """``TEST...CHILD ABDUCTION EMERGENCY...TEST``, ``[TEST]``, ``TEST:``."""
    return any(
        word in {"test", "prueba", "essai", "exercice", "exercise"}
        and (tokens.word(at + 1) in {"...", ":", "]", "!"} or (tokens.word(at - 1) in {"...", "["}))
        for at, word in enumerate(tokens.words)
    )


def _is_over(tokens: Tokens) -> bool:
    """Whether the text ends an alert, other than one that it says was followed by another."""
    for at, word in enumerate(tokens.words):
        if word in ENDS and _ends_alert(tokens, at):
            return True
        if word in SAFE and _is_found(tokens, at) and not any(each in STILL for each in tokens.words):
            return True
        if (
            word == "no"
            and tokens.word(at + 1) == "longer"
            and tokens.word(at + 2) in {"active", "in"}
            and tokens.word(at + 3) in {"", ".", "effect"}
        ):
            return True
        if word == "custody" and _is_child_found(tokens, at):
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
    return not any(
        each in {"earlier", "previous", "first", "another"} for each in tokens.words[max(low, at - REACH) : at]
    )


def _mentions_alert(tokens: Tokens, at: int) -> bool:
    low, high = tokens.sentence(at)
    low, high = max(low, at - REACH - 12), min(high, at + 7)
    return any(each in ALERTS or each in {"amberalert", "amber"} for each in tokens.words[low:high])


def _is_found(tokens: Tokens, at: int) -> bool:
    low, _ = tokens.sentence(at)
    words = tokens.words[max(low, at - 10) : at]
    return any(each in FOUND - {"safe"} for each in words) and not any(
        each in NOT_YET | {"vehicle", "car"} for each in words
    )


def _is_child_found(tokens: Tokens, at: int) -> bool:
    low, _ = tokens.sentence(at)
    words = tokens.words[max(low, at - REACH) : at]
    return any(each in FOUND for each in words) and any(each in {"child", "children", "girl", "boy"} for each in words)


def _is_other(tokens: Tokens) -> bool:
    words = tokens.words
    front = words[:40]
    if any(
        word in CRITERIA and any(each in {"not", "pas", "no"} for each in words[max(0, at - 8) : at + 12])
        for at, word in enumerate(words)
    ):
        return True
    for at, word in enumerate(front):
        if word in _OTHERS and any(_reads(tokens, at, phrase) for phrase in _OTHERS[word]):
            is_amber_too = any(
                each == "amber" and words[place + 1 : place + 2] != ["alert", "awareness"][:1] or each == "amber"
                for place, each in enumerate(words[:at])
            )
            return not is_amber_too or tokens.word(at + 1) == "awareness"
    return False

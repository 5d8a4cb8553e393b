"""People whom a text names and nobody looks for: sources, witnesses, helpers, the injured, those who were found, arrested or cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.numbers import UNITS
from capgateway.cards.extract.words import CHILD_NOUNS, KIN

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

LONGEST = 14
"""Tokens after a name in which its verb comes: ``Lorna Koch, 61, who has brown hair and came to the station``."""
BACK, FARTHEST = 7, 40
"""Tokens between ``said`` and the name: ``said his grandmother, Lorna Koch``."""

TELLS = frozenset(
    "told said says reported reports saw heard noticed spotted recalled witnessed phoned described pleaded begged thanked recounted explained noted added dialed woke returned discovered tried chased "
    "dit declare raconte vu entendu signale alerte dijo declaro vio reporto relato denuncio aviso".split()
)
ACTS = frozenset(
    "took fled drove abducted kidnapped drives driving left grabbed snatched forced threatened lured picked carjacked wanted enleve fui pris conduit llevo huyo conduce maneja secuestro".split()
)
BEING = frozenset(
    "is was are were has have had been did does didn isn wasn est etait fue esta resulto ya sera ont sont quedo".split()
)
PASSED = frozenset(
    "safe injured hurt wounded killed stabbed assaulted hospitalized treated arrested cleared cooperating assisting helping recovering unharmed uninjured located found involved interviewed questioned "
    "temoin blesse blessee arrete arretee retrouve retrouvee sain saine testigo herido herida ileso ilesa localizado localizada detenido detenida hospitalizado hospitalizada lesionado lesionada salvo "
    "custody witness danger see".split()
)
NOT_YET = frozenset("until if unless when last believed".split())
ATTRIBUTED = frozenset("acuerdo said says adds told according selon segun dijo declaro dit declare thanked".split())
ROLES = frozenset(
    "coach teacher witness bystander clerk principal pastor employee caller passerby trucker jogger nurse doctor spokesman spokeswoman spokesperson motorist photographer classmate "
    "livreur temoin enseignant enseignante testigo maestro maestra maestra' vocero vocera".split()
)
SUSPECTING = frozenset("by with suspect abductor driven par avec por con sospechoso kidnapper".split())
SPOKE = frozenset("spoke speaking talked interviewed spoken meeting met".split())
FIGHTS = frozenset("fight argument dispute altercation discussion pelea".split())
CLEARED = frozenset("longer plus ya".split())
BELIEVING = frozenset(
    "believe believed believes suspect suspected consider considered seek seeking looking croit croient buscan".split()
)
PLAIN = frozenset(
    "su sus con son sa ses leur dona don , ( ) - . de d aged age old ans anos also who qui quien the a an her his their ' s".split()
)


def is_bystander(tokens: Tokens, first: int, end: int) -> bool:
    """Whether the words around a name or a noun, at tokens ``first`` to before ``end``, make it somebody whom nobody looks for."""
    low, high = tokens.sentence(first)
    before = tokens.words[max(low, first - BACK) : first]
    if _is_source(before) or is_cleared(tokens.words[max(low, first - FARTHEST) : first]):
        return True
    if not FIGHTS.isdisjoint(before) or not (SPOKEN.isdisjoint(before) or not _is_spoken_with(before)):
        return True
    if not SUSPECTING.isdisjoint(before[-4:]) and SPOKE.isdisjoint(before):
        return False
    is_one = any(
        before[at : at + 3] == ["one", "of", "the"] and ACCUSED.isdisjoint(before[at:]) for at in range(len(before))
    )
    return is_one or _verb_says(tokens, end, high)


def _is_spoken_with(before: list[str]) -> bool:
    """``had spoken with her brother, Rowan, 11``; not "want to speak with"."""
    for place, word in enumerate(before):
        if word in SPOKEN and before[place + 1 : place + 2] in (["with"], ["to"], ["avec"], ["con"], ["a"]):
            return all(each in PLAIN or each in KIN or each in CHILD_NOUNS for each in before[place + 2 :])
    return False


SPOKEN = frozenset("spoke spoken talked met parle hablo habia".split())
ACCUSED = frozenset("men women suspects abductors two kidnappers".split())


def has_passed(tokens: Tokens, end: int) -> bool:
    """Whether somebody who was named before is now said to be found, arrested or cleared."""
    words = tokens.words[end : min(tokens.sentence(end - 1)[1], end + 8)]
    for place, word in enumerate(words):
        if word in BEING:
            rest = words[place + 1 :]
            return bool({"arrested", "cleared", "arrete", "arretee", "detenido", "detenida"} & set(rest[:2])) or rest[
                :2
            ] == ["in", "custody"]
        if word not in PLAIN and not word.isdigit():
            return False
    return False


def _is_source(before: list[str]) -> bool:
    """``said his grandmother, Lorna Koch``; ``Un livreur, Hugo Simard``"""
    for place in range(len(before) - 1, -1, -1):
        word = before[place]
        if word in ATTRIBUTED:
            return word != "told" and (word != "according" or "to" in before[place:])
        if word in ROLES:
            is_with = not SUSPECTING.isdisjoint(before) and SPOKE.isdisjoint(before)
            return not is_with and ":" not in before
        if word not in PLAIN and word not in KIN and word not in CHILD_NOUNS and word != "to":
            return False
    return False


def is_cleared(before: list[str]) -> bool:
    """``Police no longer believe that his brother Scott Alder``"""
    return (
        not CLEARED.isdisjoint(before)
        and not BELIEVING.isdisjoint(before)
        and bool({"no", "ne", "n", "ya"} & set(before))
    )


def _verb_says(tokens: Tokens, end: int, high: int) -> bool:
    """Whether the first verb after a name is one of a bystander."""
    words = tokens.words[end : min(high, end + LONGEST)]
    if words[:1] and words[0] in {"dead", "injured", "wounded", "hurt", "hospitalized", "muerta", "muerto", "blessee"}:
        return True
    for place, word in enumerate(words):
        if word in ACTS or word in {".", ";", ":", "|"} or word in NOT_YET:
            return False
        if word == "called" and words[place + 1 : place + 2] in (
            ["police"],
            ["911"],
            ["9"],
            ["authorities"],
            ["deputies"],
        ):
            return True
        if word in TELLS:
            if word in {"vu", "entendu"}:
                return words[place - 1 : place] in (["a"], ["ont"])
            return words[place - 1 : place] not in (["was"], ["were"], ["been"], ["is"], ["ete"], ["fue"], ["est"])
        is_being = word in BEING or (word == "a" and tokens.language[:2] == "fr")
        if (
            word == "a"
            and is_being
            and "ete" not in words[place : place + 4]
            and TELLS & set(words[place + 1 : place + 4])
        ):
            return True  # a tout vu
        if is_being:
            return _is_past(words[place : place + 6])
        if tokens.words[end + place] in {"and", "et", "y"}:
            return False
        if (
            word not in PLAIN
            and not word.isdigit()
            and word not in UNITS
            and word not in KIN
            and not _is_of_name(tokens, end + place)
        ):
            return False
    return False


def _is_of_name(tokens: Tokens, at: int) -> bool:
    return tokens.is_cased and tokens.capital[at]


def _is_past(words: list[str]) -> bool:
    """``did not see him``, ``is not involved``, ``was hurt``, ``a été témoin``, ``est hors de danger``"""
    for place, word in enumerate(words):
        if word in {",", ".", ";", "and", "et", "y", "wearing", "last", "believed", "armed"}:
            return False
        if word == "custody" and words[place - 1] != "in":
            return False
        if word in PASSED:
            return not (word == "found" and "not" in words[:place]) and not (
                word == "located" and "not" in words[:place]
            )
        if word == "not" and words[place + 1 : place + 3] in (["a", "suspect"], ["the", "suspect"]):
            return True
    return False

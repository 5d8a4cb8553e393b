"""What the words of an alert say of its programme, and what they make doubtful. Only ``event`` and ``headline`` are asked.

Words count where a message carries no code at all. Otherwise they may only make the gateway stricter.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from capgateway.cap import Info

FRONT = 200
"""Characters of a text in which the programme must be named. It also bounds what a text of nothing but dashes costs."""
PATTERNS = 2_000
"""Patterns kept ready. A configuration has some dozens of phrases."""

ARTICLES = r"(?:(?:an?|the|une?|una|el|la|le|les|los|las)\s+)?"
BEFORE = r"^\W*(?:[\w'.&/#–—-]+[,:]?\s+){0,8}?"
# The words must stand for the programme itself and stand near the front ("Texas AMBER Alert", "Police have issued an
# AMBER Alert for …"): a name such as "Amber Alert Memorial Highway" deep in a sentence is no alert.
AFTER = r"\b(?!\s+(?:memorial|road|street|highway|bridge|park|trail|training|awareness|conference|symposium|program(?:me)?)\b)"
# Prose may only make the gateway stricter: what speaks of a drill, an end or a weather colour is not taken by its words.
# Between the colour and the weather stand only words that say nothing of their own ("amber alert issued for heavy rain").
DOUBTS = re.compile(
    r"""
    \b(?: test(?:ing)? | drill | exercise | simulation | hoax | prueba | ensayo | ejercicio | simulacro | essai | exercice
      | not\s+an?\s+amber | no\s+amber
      | cancell?ed | discontinued | deactivated | rescinded | (?:been|is|was)\s+lifted | ended | cancelad[ao] | annul[ée]e? | lev[ée]e
      | (?:amber|amber\s+alert)\W+(?:(?:has|have|been|is|was|now|ha|sido|fue|est[aá]|est|a|été|ét[ée])\s+){0,3}
        (?:expired|withdrawn|terminated|concluded|desactivad[ao]|finalizad[ao]|terminad[ao]|termin[ée]e|désactiv[ée]e)
      | amber\s+alert\s+(?:is|has)\s+(?:now\s+)?over | alert\s+(?:cancell?ation|deactivation) | (?:cancell?ation|deactivation)\s+of
      | amber\s+alert\W+(?:\w+\s+){0,2}not\s+(?:been\s+)?(?:issued|activated|met)
      | amber\s+(?:weather|heat|warning)
      | amber\s+alert\W+(?:(?:is|has|been|in|effect|issued|for|of|over|due|to|heavy|strong|severe|extreme|high|level|reached|at
          |tropical|dust|sand|coastal|yellow)\s+){0,8}
        (?:rain(?:s|fall)?|winds?|snow(?:fall)?|blizzards?|heat(?:wave)?|cold|ice|frost|hail|floods?|flooding|fog
          |(?:thunder|dust|sand)?storms?|gales?|tornado(?:e?s)?|cyclones?|typhoons?|tsunamis?|landslides?|avalanches?
          |wild\s*fires?|forest\s+fires?|droughts?|volcano(?:e?s)?|volcanic|earthquakes?|pollution|air\s+quality|coastal\s+events?)
      | alert[ae]\s+amber\W+(?:(?:por|de|del?|para|a|causa|pour|en|raison|l[ae]s?|des|fuertes?|intens[ao]s?|forte?s?|violente?s?)\s+){0,6}
        (?:lluvias?|vientos?|tormentas?|nevadas?|calor|fr[ií]o|heladas?|granizo|inundaci[oó]n(?:es)?|niebla|hurac[aá]n|cicl[oó]n
          |incendios?|tsunami|pluies?|vents?|orages?|temp[eê]tes?|neige|verglas|canicule|froid|gr[eê]le|inondations?|crues?
          |brouillard|ouragan|cyclone|avalanches?)
      | (?:volcanic|weather|wind|rain|snow|storm|flood|avalanche)\s+(?:activity\s+)?amber
    )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
DRILL = r"(?:test|drill|exercise|simulation|prueba|ensayo|ejercicio|simulacro|essai|exercice)"
DRILL_HINTS = ("test", "drill", "exerci", "simula", "prueba", "ensayo", "ejercicio", "essai", "hoax", "not ")
"""One of these is in every title that :data:`SAYS_DRILL` finds. Nearly all titles have none, and cost no more than a look."""
# An alert whose status and code are real, and whose own title says that it is a drill: at its beginning, as a sentence, or as
# a mark at its end. "Exercise caution" and "Test drive vehicle stolen" are neither.
SAYS_DRILL = re.compile(
    rf"""
    ^\W*(?:(?:required\s+)?(?:weekly|monthly|annual|statewide)\s+)?{DRILL}
      (?: \s*$ | \s*[^\w\s'’] | \s+(?:only|message|alert|of|for|de|del|la|do\s+not|not|amber|alerta|alerte|child|{DRILL})\b | \s+d['’] )
    | (?<!\bno\s)\b(?:this\s+is|esto\s+es|esta\s+es|es|ceci\s+est|il\s+s['’]agit\s+d['’]|n['’]est\s+qu['’]|c['’]est)\s*
      (?:only\s+|just\s+|s[oó]lo\s+)?(?:an?|une?|una)\s+{DRILL}\b (?!\s+(?:drive|pilot|track|bike|m[eé]dica?)\b)
    | \b{DRILL}\s+(?:only|message)\b
    | (?: [\[(:*–—-]\s* | \b(?:alert|emergency|amber|alerta|alerte|abduction)\s+ ) {DRILL}(?:\W+{DRILL})*\W*$
    | \b(?:alert|emergency|alerta|alerte|abduction)\s+ {DRILL}\s+(?:for|of|in|de|del|pour)\b
    | \bnot\s+(?:an?\s+)?(?:real|actual)\s+(?:alert|emergency|event)\b
    | \bhoax\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def folded(text: str) -> str:
    """A phrase for comparison: without regard to case, accents, the form of apostrophes and the number of blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def said(infos: Iterable[Info], phrases: Iterable[str], *, is_cancel: bool = False) -> tuple[str, ...]:
    """Which of the phrases, which are folded, name the programme of an alert. A doubt in one language counts for all; in a
    Cancel none does, as "cancelled" is what it says."""
    texts = _texts(infos)
    fronts = [folded(text[:FRONT])[:FRONT] for text in texts]
    found = sorted(phrase for phrase in phrases if any(_names(front, phrase) for front in fronts))
    if found and not is_cancel and any(DOUBTS.search(unicodedata.normalize("NFKC", text)) for text in texts):
        return ()
    return tuple(found)


def _names(front: str, phrase: str) -> bool:
    return phrase.partition(" ")[0] in front and bool(_pattern(phrase).match(front))


@lru_cache(PATTERNS)
def _pattern(phrase: str) -> re.Pattern[str]:
    inside = rf"\s+{ARTICLES}".join(map(re.escape, phrase.split()))
    return re.compile(rf"{BEFORE}{inside}{AFTER}")


def says_drill(infos: Iterable[Info]) -> bool:
    """Whether a title says by itself that the alert is a test, a drill or an exercise."""
    fronts = [
        unicodedata.normalize("NFKC", text[:FRONT])[:FRONT] for text in _texts(infos)
    ]  # full-width letters are letters
    return any(SAYS_DRILL.search(front) for front in fronts if any(hint in front.lower() for hint in DRILL_HINTS))


def _texts(infos: Iterable[Info]) -> Sequence[str]:
    """Each once: several languages often have the same."""
    return list(dict.fromkeys(text for info in infos for text in (info.event, info.headline) if text))


def fingerprint(phrases: Collection[str]) -> str:
    """Names a set of phrases: what was asked of an alert when its gist was made."""
    return hashlib.sha256("\0".join(sorted(set(phrases))).encode()).hexdigest()[:12]

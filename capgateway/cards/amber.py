"""Is this alert an AMBER Alert? Codes decide; words only where a message carries no code at all.

Category, severity and urgency are never asked: real AMBER Alerts come as ``Other`` and ``Moderate``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cap import Alert, Info, Named

Basis = Literal["same", "nws", "cap-cp", "oet", "text"]

AMBER_VALUES: dict[Basis, str] = {"same": "cae", "nws": "cae", "cap-cp": "amber", "oet": "oet-038"}
CAP_CP_EVENT = re.compile(r"profile:cap-cp:event(:\d+(\.\d+)*)?", re.IGNORECASE)
CODE = re.compile(r"[\w.:/-]{0,40}")
OET_VALUE = re.compile(r"OET-\d{3}", re.IGNORECASE)

FRONT = 200
"""Characters of a text in which the programme must be named. It also bounds what a text of nothing but dashes costs."""
# The words must stand for the programme itself and stand near the front ("Texas AMBER Alert", "Police have issued an
# AMBER Alert for …"): a name such as "Amber Alert Memorial Highway" deep in a sentence is no alert.
PHRASES = re.compile(
    r"""
    ^\W*(?:[\w'’.&/#–—-]+[,:]?\s+){0,8}?
    (?: amber\s+alert | child\s+abduction(?:\s+emergency)? | alerta\s+[aá]mber | alerte\s+amber
      | (?:abducci[oó]n|secuestro|rapto)\s+de\s+(?:un\s+|una\s+)?(?:ni[nñ][oa]|menor)
      | enl[eèé]vement\s+d['’]\s*(?:un\s+|une\s+)?enfant
    )\b
    (?!\s+(?:memorial|road|street|highway|training|awareness|conference|symposium|program(?:me)?)\b)
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Prose may only make the gateway stricter: what speaks of a drill, an end or a weather colour is not taken by its words.
# Between the colour and the weather stand only words that say nothing of their own ("amber alert issued for heavy rain").
DOUBTS = re.compile(
    r"""
    \b(?: test(?:ing)? | drill | exercise | simulation | hoax | prueba | ensayo | ejercicio | simulacro | essai | exercice
      | not\s+an?\s+amber | no\s+amber
      | cancell?ed | discontinued | deactivated | rescinded | (?:been|is|was)\s+lifted | ended | cancelad[ao] | annul[ée]e? | lev[ée]e
      | amber\s+(?:weather|heat|warning)
      | amber\s+alert\W+(?:(?:is|has|been|in|effect|issued|for|of|over|due|to|heavy|strong|severe|extreme|high)\s+){0,8}
        (?:rain(?:s|fall)?|winds?|snow(?:fall)?|heat(?:wave)?|cold|ice|frost|flood(?:s|ing)?|fog|(?:thunder)?storms?
          |avalanches?|wildfires?|air\s+quality)
    )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


class Code(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event code of a known scheme, lower-cased."""

    scheme: Basis
    value: str


def recognise(alert: Alert) -> Basis | None:
    """Why the alert counts as an AMBER Alert, or ``None`` where it does not.

    Its info blocks are judged together. Any event code of a known scheme settles the question, so BLU, MEP, silver or
    missingPer stay what they are whatever their text says. The words of ``event`` and ``headline`` are asked only when
    no info block carries such a code.
    """
    found = ruling(code for info in alert.infos for code in codes(info))
    return by_codes(found) or ("text" if not found and says_so(alert.infos) else None)


def by_codes(found: Iterable[Code]) -> Basis | None:
    """Which code says that it is an AMBER Alert, or ``None``."""
    return next((code.scheme for code in found if code.value == AMBER_VALUES[code.scheme]), None)


def ruling(found: Iterable[Code]) -> list[Code]:
    """The codes that count. NWS repeats a SAME code under a name of its own, at times with another value: where a SAME
    code is present, that one rules and the repetition is left out."""
    kept = list(found)
    return [code for code in kept if code.scheme != "nws"] if any(code.scheme == "same" for code in kept) else kept


def codes(info: Info) -> tuple[Code, ...]:
    """The event codes of schemes we know. A value that cannot be a code is ``?``: it settles that there is one."""
    return tuple(Code(scheme, value if CODE.fullmatch(value) else "?") for scheme, value in _known(info.event_codes))


def _known(pairs: Iterable[Named]) -> Iterable[tuple[Basis, str]]:
    for pair in pairs:
        name, value = pair.name.replace(".", "").strip().casefold(), pair.value.strip().casefold()
        if name == "same":
            yield "same", value
        elif name == "nationalweatherservice":
            yield "nws", value
        elif CAP_CP_EVENT.fullmatch(pair.name.strip()):
            yield "cap-cp", value
        elif OET_VALUE.fullmatch(value):  # by form: senders name the OASIS list in many ways
            yield "oet", value


def says_so(infos: Iterable[Info], *, is_cancel: bool = False) -> bool:
    """Whether the words name the programme. A doubt in one language counts for all; in a Cancel none does, as "cancelled" is
    what it says."""
    texts = [text for info in infos for text in (info.event, info.headline) if text]
    is_doubtful = not is_cancel and any(DOUBTS.search(text) for text in texts)
    return any(PHRASES.match(text[:FRONT]) for text in texts) and not is_doubtful

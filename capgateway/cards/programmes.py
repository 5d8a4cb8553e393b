"""Programmes: the kinds of alert that become cards. ``amber`` and ``mep`` are built in; others come from the configuration.

Codes decide; words only where an alert carries no code of a scheme we know, and then the basis says so (``text``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Literal, NamedTuple

import msgspec

from capgateway.cards.codes import Code
from capgateway.cards.words import folded

Fact = Literal["children", "suspects", "vehicles", "last_seen", "race"]
Review = Literal["none", "doubtful", "all"]
Unanswered = Literal["hold", "publish"]
Basis = Literal["same", "nws", "cap-cp", "oet", "text"]


class PolicyAction(msgspec.Struct, frozen=True, kw_only=True):
    """A call to action that the operator adds to every card of its ``regions``; ``label`` is by language tag."""

    type: Literal["call", "open"]
    value: str
    label: dict[str, str]
    regions: tuple[str, ...] = ()


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """Fields are the keys of ``[programmes.ID]``: ``name`` is by language tag, ``words`` are folded phrases. What is ``None``
    is as in ``[policy]``."""

    id: str
    name: dict[str, str]
    codes: tuple[Code, ...]
    words: tuple[str, ...] = ()
    default_lifetime: timedelta | None = None
    max_lifetime: timedelta | None = None
    retention: timedelta | None = None
    facts: tuple[Fact, ...] | None = None
    review: Review | None = None
    review_timeout: timedelta | None = None
    review_default: Unanswered | None = None
    actions: tuple[PolicyAction, ...] | None = None

    def called(self, languages: Sequence[str]) -> str:
        """Its name in the first of these languages, or in the nearest that there is."""
        first = languages[0] if languages else "en"
        tags = {tag.casefold(): name for tag, name in self.name.items()}
        for wanted in (first.casefold(), first.casefold()[:2], "en"):
            for tag, name in tags.items():
                if tag == wanted or tag.partition("-")[0] == wanted:
                    return name
        return next(iter(tags.values()), self.id)


OWN_RULES = (
    "default_lifetime",
    "max_lifetime",
    "retention",
    "facts",
    "review",
    "review_timeout",
    "review_default",
    "actions",
)
"""Keys of ``[policy]`` that a programme may have for itself."""


def _phrases(*texts: str) -> tuple[str, ...]:
    return tuple(map(folded, texts))


AMBER = Programme(
    id="amber",
    name={"en-US": "AMBER Alert", "es-US": "Alerta AMBER", "fr-CA": "Alerte AMBER"},
    codes=(Code("same", "cae"), Code("nws", "cae"), Code("cap-cp", "amber"), Code("oet", "oet-038")),
    words=_phrases(
        "AMBER Alert",
        "child abduction",
        "alerta AMBER",
        "alerte AMBER",
        *(f"{what} de {whom}" for what in ("abducción", "secuestro", "rapto") for whom in ("niño", "niña", "menor")),
        *(f"enlèvement d'{whom}" for whom in ("enfant", "un enfant", "une enfant")),
    ),
)
MEP = Programme(
    id="mep",
    name={
        "en-US": "Missing and Endangered Person",
        "es-US": "Persona desaparecida y en peligro",
        "fr-CA": "Personne disparue et en danger",
    },
    codes=(Code("same", "mep"), Code("nws", "mep")),
)
"""In force in the United States since September 2025, for people of all ages. Off unless ``programmes`` names it."""

BUILT_IN = {programme.id: programme for programme in (AMBER, MEP)}
KNOWN_CODES = frozenset(code for programme in BUILT_IN.values() for code in programme.codes)
CHILD_ABDUCTION = Code("same", "cae")
"""What ``amber`` cannot be without."""


class Recognised(NamedTuple):
    """What programme an alert is of, and by what."""

    programme: Programme
    basis: Basis


def recognise(codes: Sequence[Code], said: Collection[str], programmes: Sequence[Programme]) -> Recognised | None:
    """The first programme that one of an alert's codes belongs to; where it has none, the first one of whose words it
    ``said``."""
    for programme in programmes:
        if found := next((code.scheme for code in codes if code in programme.codes), None):
            return Recognised(programme, found)
    if codes:
        return None
    named = (programme for programme in programmes if any(word in said for word in programme.words))
    return next((Recognised(programme, "text") for programme in named), None)


def is_amber(codes: Sequence[Code], said: Collection[str]) -> bool:
    """Whether an alert is an AMBER Alert, enabled or not."""
    return recognise(codes, said, (AMBER,)) is not None


def phrases_of(programmes: Sequence[Programme]) -> frozenset[str]:
    """All phrases that are asked of an alert without codes."""
    return frozenset(word for programme in programmes for word in programme.words)


PHRASES = phrases_of((AMBER,))
"""Those of the programme that is on unless a configuration says otherwise."""

"""A card that is too large for a message, made smaller step by step until it fits. Every step gives a ``card/1``.

Whom to look for, and where the card is displayed, goes last. The last step leaves nothing that an issuer can make
long: it is displayed to nobody (``area.target`` is empty) until the receiver has fetched the whole card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]

_TEXTS = ("description", "instruction", "area", "long")
_LISTS = ("counties", "sgc", "same", "descriptions", "unresolved")


def thinner(card: Json) -> Iterator[Json]:
    """The card, smaller each time."""
    for step in STEPS:
        card = step(card)
        yield card


def _without_texts(card: Json) -> Json:
    """No long text, no shape: most cards are small enough then."""
    content = {language: words | dict.fromkeys(_TEXTS) for language, words in card["content"].items()}
    return card | {"content": content, "area": card["area"] | {"geometry": None, "descriptions": []}}


def _without_lists(card: Json) -> Json:
    """No list of what the area touches, no names of its units, no earlier alerts: the codes of ``target`` decide who sees it."""
    target = [unit | {"name": None} for unit in card["area"]["target"]]
    area = card["area"] | {name: [] for name in _LISTS} | {"target": target}
    return card | {"area": area, "related": [], "source": card["source"] | {"references": [], "event_codes": []}}


def _without_speech(card: Json) -> Json:
    """No text that repeats the facts, and lines in the issuer's first language only."""
    first = card["content_order"][:1]
    content = {
        language: words | {"short": None, "accessibility": ""} | ({} if [language] == first else {"lines": []})
        for language, words in card["content"].items()
    }
    return card | {"content": content}


def _without_facts(card: Json) -> Json:
    """No persons and vehicles field by field: the lines say the same, and they are displayed in the right place."""
    return card | {"children": [], "suspects": [], "vehicles": [], "media": []}


def _without_target(card: Json) -> Json:
    """No units: it is displayed to nobody until it is fetched, rather than in the wrong place."""
    area = card["area"] | {"target": [], "drawn": [], "countries": [], "subdivisions": []}
    return card | {"area": area}


def _stub(card: Json) -> Json:
    """What the gateway itself says: ids, state, times, and the hash of the message."""
    lists: Json = {
        name: []
        for name in ("related", "content_order", "children", "suspects", "vehicles", "safety", "actions", "media")
    }
    source = card["source"] | {"references": [], "event_codes": [], "case_number": None}
    source |= dict.fromkeys(("identifier", "sender", "sent"), "")
    return (
        card
        | lists
        | {
            "issuer": card["issuer"] | {"name": "", "sender": ""},
            "content": {},
            "last_seen": None,
            "source": source | {"signature": card["source"]["signature"] | {"signer": None}},
        }
    )


STEPS: tuple[Callable[[Json], Json], ...] = (
    _without_texts,
    _without_lists,
    _without_speech,
    _without_facts,
    _without_target,
    _stub,
)

"""What a take-down names, read leniently: a Cancel goes out once, and senders write ``references`` in many ways.

An identifier counts if it occurs as a whole item: with the start, the end, white space, a comma or a semicolon on both
sides. The longest match is tried first, case and the number of blanks are ignored. What is clearly another sender's, a
whole triple under another name, does not count. A display is read strictly; see :meth:`Gist.names_of_its_own`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from capgateway import cap
from capgateway.cards.gist import LONGEST_KEY, folded, key, triple_pattern, triples_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from capgateway.cards.gist import Gist

BREAKS = frozenset(" ,;")
TOKEN = re.compile(r"[^ ,;]+")
BETWEEN = re.compile(r"[ ,;]+")
FEW, SOME = 60, 300
LONG, SHORT = 6, 3
"""How many words an identifier may have that is looked for, in a text of few words and of some; one in a longer text, where
the triples are read strictly as well. A look-up costs something per candidate."""


def own_text(gist: Gist) -> str:
    """``references`` for comparison, without the triples of other senders."""
    return _own_text(gist.references, gist.sender_key, gist.cap_version) if gist.references else ""


def candidates(gist: Gist) -> set[str]:
    """Whatever in the text could be an identifier, to be looked up: each few words, and what is between its sender and a time."""
    text = own_text(gist)
    words = list(TOKEN.finditer(text))
    longest = LONG if len(words) <= FEW else SHORT if len(words) <= SOME else 1
    spans = (
        (words[start].start(), words[start + more].end())
        for start in range(len(words))
        for more in range(min(longest, len(words) - start))
    )
    return {
        *triples_of(text, gist.sender_key),
        *(text[start:end] for start, end in spans if end - start <= LONGEST_KEY),
    }


def guesses(gist: Gist) -> set[str]:
    """What it most likely names, where none of it is known yet: what is in its sender's triples; and of what is left without
    these, the sender and times, the parts between commas or semicolons, and each word where there are no commas. A sender's
    name, or a part of a whole triple, would tie it to whatever else has the same part."""
    text, sender = own_text(gist), re.escape(gist.sender_key)
    rest = re.sub(triple_pattern(gist.sender_key) + r"[^ ,;]*", ";", text)
    known = rf"(?<![^ ,;])(?:{sender}(?![^ ,;])|\d{{4}}-\d\d-\d\dt[^ ,;]*)"
    left = [part.strip(" ,;") for part in re.split(known, rest)]
    words = [] if "," in text else rest.split()
    parts = [one.strip() for part in left for one in (part, *part.split(";"), *re.split("[,;]", part))]
    found = {*triples_of(text, gist.sender_key), *parts, *words}
    return {part for part in found if part and part != gist.sender_key and len(part) <= LONGEST_KEY}


def matched(gist: Gist, known: Collection[str]) -> set[str]:
    """Which of these identifiers it names."""
    return set(_matched(own_text(gist), frozenset(known))) if known else set()


@lru_cache(maxsize=8)
def _matched(text: str, known: frozenset[str]) -> frozenset[str]:
    """Those of several words first: whatever of them a word belongs to is longer than it. Single words are looked up all at
    once, for a hostile sender's text may have very many. The cache serves the questions about one arrival."""
    found: set[str] = set()
    single = {identifier for identifier in known if TOKEN.fullmatch(identifier)}
    for identifier in sorted(known - single, key=lambda one: (-len(one), one)):
        for start in _places(text, identifier):
            found.add(identifier)
            text = text[:start] + ";" * len(identifier) + text[start + len(identifier) :]
    return frozenset(found | (single & set(TOKEN.findall(text))))


def _places(text: str, identifier: str) -> Iterator[int]:
    """Where it occurs as a whole item."""
    start = text.find(identifier) if identifier else -1
    while start >= 0:
        end = start + len(identifier)
        if (not start or text[start - 1] in BREAKS) and (end == len(text) or text[end] in BREAKS):
            yield start
        start = text.find(identifier, start + 1)


@lru_cache(maxsize=256)
def _own_text(references: str, sender: str, version: str) -> str:
    others = {
        f"{item.sender},{item.identifier},{item.sent.text}"
        for item in cap.references(references, version)
        if item.sent.instant is not None and _is_anothers(key(item.sender), key(item.identifier), sender)
    }
    kept = " ".join(item for item in references.split() if item not in others)
    return folded(kept)


def _is_anothers(sender: str, identifier: str, mine: str) -> bool:
    """Not mine, not a part of my name (which may contain commas), and not the two swapped."""
    return mine not in (sender, identifier) and sender not in BETWEEN.split(mine)

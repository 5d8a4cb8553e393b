"""What the words right beside a name say of the sex of its bearer: a title before it, a relative's noun after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.fact import Fact, fact
from capgateway.cards.extract.numbers import UNITS
from capgateway.cards.extract.words import ADULT_NOUNS, CHILD_NOUNS, KIN, SEXES

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

TITLED = {
    **dict.fromkeys("mr don sr grandpa uncle papa".split(), "M"),
    **dict.fromkeys("mrs ms miss mme mlle dona sra grandma aunt mama".split(), "F"),
}
OBJECTS = {"him": "M", "her": "F", "lo": "M", "la": "F"}
"""``Police identified him as Garland Hoefs``, ``la identificaron como``"""
SEXED = frozenset(word for word in KIN | CHILD_NOUNS | ADULT_NOUNS if word in SEXES)
DESCRIBING = frozenset(
    "the a an his her their its la le l el un une una son sa ses leur su de du del d ' s - ex former step half great non biological custodial noncustodial adoptive foster maternal "
    "paternal maternel maternelle materno paterna biologique biologica biologico estranged old older younger elder only eldest youngest autistic missing live in child mother father girl "
    "boy victim infant toddler baby enfant nina nino menor fillette garcon madre padre mere pere girlfriend boyfriend adult juvenile young white black hispanic asian".split()
)
"""Words that may stand between a name and the noun that says who somebody is: ``Jamal Ponder, his mother's ex-husband``."""
CLOSING = frozenset([",", ".", ")", "(", ";", "-", "", "and", "et", "y", "who", "qui", "quien"])
LONGEST = 9


def sex_beside(tokens: Tokens, first: int, end: int) -> Fact | None:
    """``Mr. Combs``; ``Silas, her son,``: of the name at tokens ``first`` to before ``end``."""
    at = first - 1 - (tokens.word(first - 1) == ".")
    sex = TITLED.get(tokens.word(at))
    if sex is None and tokens.word(at) == "m" and at == first - 2 and tokens.language[:2] == "fr":
        sex = "M"
    if sex is None and tokens.word(first - 1) in {"as", "como"}:
        at = first - 2 if tokens.word(first - 1) == "as" else first - 3
        sex = OBJECTS.get(tokens.word(at))
    if sex is not None:
        return fact(tokens, at, at + 1, sex, "medium")
    return _apposed(tokens, _past_age(tokens, end))


def _past_age(tokens: Tokens, at: int) -> int:
    """Past ``, 46`` or ``(46 ans)``, to the mark after it."""
    place = at + 1
    if tokens.word(at) in {",", "("}:
        while tokens.word(place).isdigit() or tokens.word(place) in UNITS or tokens.word(place) in {"de", "-", "old"}:
            place += 1
    if place > at + 1 and tokens.word(place) in {",", ")"}:
        return place + (tokens.word(place) == ")" and tokens.word(place + 1) == ",")
    return at


def _apposed(tokens: Tokens, mark: int) -> Fact | None:
    if tokens.word(mark) not in {",", "(", "-"}:
        return None
    found = None
    for at in range(mark + 1, min(len(tokens), mark + LONGEST)):
        word = tokens.words[at]
        if word in SEXED and tokens.word(at + 1) != "'" and not (word in {"son", "le"} and tokens.language[:2] == "fr"):
            found = at
        elif word in CLOSING and word != "-":
            return fact(tokens, found, found + 1, SEXES[tokens.words[found]], "medium") if found else None
        elif word not in DESCRIBING and word not in SEXED:
            return None
    return None


GIRLS_AND_BOYS = {
    **dict.fromkeys("girl fillette nina ninita".split(), "F"),
    **dict.fromkeys("boy garcon garconnet nino".split(), "M"),
}
BY_ARTICLE = {
    ("la", "menor"): "F",
    ("el", "menor"): "M",
    ("del", "menor"): "M",
    ("la", "petite"): "F",
    ("le", "petit"): "M",
    ("l", "adolescente"): "F",
    ("se", "la"): "F",
    ("se", "lo"): "M",
}
"""Two words, the second after an article or before a verb of taking; an apostrophe between them is passed over."""
SECOND = frozenset(second for _, second in BY_ARTICLE)
CARRIED = frozenset("llevo llevaron robo robaron llevara llevaran".split())
ARTICLES = frozenset("the la l el le his her their this cette".split())


def sexes_said(tokens: Tokens) -> list[Fact]:
    """Each word of a text that says of a child, whoever it is, whether it is a girl or a boy."""
    if "sexes" not in tokens.memo:
        tokens.memo["sexes"] = _sexes_said(tokens)
    found: list[Fact] = tokens.memo["sexes"]
    return found


def _sexes_said(tokens: Tokens) -> list[Fact]:
    found = []
    for at in tokens.places(frozenset(GIRLS_AND_BOYS)):
        if tokens.word(at - 1) in ARTICLES:
            found.append(fact(tokens, at, at + 1, GIRLS_AND_BOYS[tokens.words[at]], "medium"))
    for at in tokens.places(SECOND) if tokens.language[:2] in {"fr", "es"} else ():
        sex = BY_ARTICLE.get((tokens.word(at - 1 - (tokens.word(at - 1) == "'")), tokens.words[at]))
        is_object = tokens.word(at - 1) == "se"
        if sex is not None and (not is_object or tokens.word(at + 1) in CARRIED):
            found.append(fact(tokens, at, at + 1, sex, "medium"))
    return found

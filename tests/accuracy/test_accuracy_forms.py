"""The same alert in another form gives the same facts: other line ends, quotes and blanks change nothing, and a text in upper case, as
the National Weather Service sends it, gives fewer facts and no wrong ones."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Callable

import msgspec
import pytest
from accuracy_score import SHOWN_KINDS, read, rows, score, sets

from capgateway.cards.extract.facts import Facts

COLUMNS = 69
ROWS = rows([path for paths in sets().values() for path in paths])


def wrapped(text: str) -> str:
    """With hard line ends, as in a product of the National Weather Service."""
    lines = (textwrap.fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False) for line in text.split("\n"))
    return "\n".join(lines)


def curled(text: str) -> str:
    """With the quotes of a word processor."""
    return re.sub(r'"([^"\n]*)"', r"“\1”", text).replace("'", "’")


def dotted(text: str) -> str:
    """In upper case, with ``...`` for a comma, in lines of 69 columns."""
    return wrapped(re.sub(r",\s+", "...", text.upper()))


LAYOUTS: dict[str, Callable[[str], str]] = {
    "wrapped": wrapped,
    "CRLF": lambda text: wrapped(text).replace("\n", "\r\n"),
    "double blanks": lambda text: re.sub(r"(?<=\S) (?=\S)", "  ", text),
    "no-break blanks": lambda text: text.replace(" ", "\u00a0"),
    "curly quotes": curled,
}
CAPITALS: dict[str, Callable[[str], str]] = {"upper case": str.upper, "dots": dotted}
FORMS = LAYOUTS | CAPITALS


@functools.cache
def made(form: str | None) -> list[Facts]:
    """The facts of each text in a form, or as it is."""
    change = FORMS[form] if form else str
    return [read(row | {"text": change(row["text"])}) for row in ROWS]


def values(facts: Facts) -> object:
    """Everything that was read, but for blanks and the shape of quotes."""
    found = msgspec.to_builtins(facts)
    found.pop("evidence", None)
    return _plain(found)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if not isinstance(value, str):
        return value
    return " ".join(value.translate({0x2019: "'", 0x201C: '"', 0x201D: '"'}).split())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_changes_no_fact(layout: str) -> None:
    """To the last value, in every text."""
    pairs = zip(ROWS, made(None), made(layout), strict=True)
    assert [row["id"] for row, plain, other in pairs if values(plain) != values(other)] == []


#: What must be read right even where capitals say nothing, and how much may be missed there beside the text in both cases.
OTHERS = "age,sex,make,model,color,plate_region,contact,hair,eyes,height,weight,race,clothing,suspect body,last seen place,last seen time"
PRECISION = {"plate": 0.99, "year": 0.99, "child name": 0.97, "suspect name": 0.97} | dict.fromkeys(
    OTHERS.split(","), 0.95
)
MOST_LOST = 0.08
MOST_LOST_PLACES = 0.15
"""Places go without the words that only a capital makes a name."""


@pytest.mark.parametrize("form", CAPITALS)
def test_capitals_give_fewer_facts_and_no_wrong_ones(form: str) -> None:
    """Most products of the National Weather Service are in upper case."""
    change = CAPITALS[form]
    plain, _ = score(ROWS)
    scores, _ = score([row | {"text": change(row["text"])} for row in ROWS])
    assert {field: scores[field] for field, line in PRECISION.items() if scores[field].precision < line} == {}
    lost = {field: plain[field].recall - scores[field].recall for field in PRECISION}
    most = {field: MOST_LOST_PLACES if field == "last seen place" else MOST_LOST for field in PRECISION}
    assert {field: part for field, part in lost.items() if part > most[field]} == {}


@pytest.mark.parametrize("form", FORMS)
def test_no_form_turns_an_alert_into_something_else(form: str) -> None:
    """What is no alert gives no fact in any form, and an alert that gives facts still gives some. Each is a part of its text."""
    for row, plain, other in zip(ROWS, made(None), made(form), strict=True):
        assert not other.evidence or row["kind"] in SHOWN_KINDS, row["id"]
        assert other.evidence or not plain.evidence, row["id"]
        text = FORMS[form](row["text"])
        assert all(text[one.start : one.end] == one.text != "" for one in other.evidence.values()), row["id"]

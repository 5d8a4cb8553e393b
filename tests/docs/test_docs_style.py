"""The wording that the style note rules out is nowhere, and the search for it works."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STYLE: dict[str, Any] = runpy.run_path(str(ROOT / "docs/style.py"))
NOTE = (ROOT / "CONTRIBUTING.md").read_text().partition("<!-- style -->")[2].partition("<!-- /style -->")[0]
PAIRS = re.findall(r"^\| (.+) \| (.+) \|$", NOTE, re.MULTILINE)[1:]


def finds(text: str) -> list[str]:
    return [found[0] for wrong in STYLE["WRONG"] + STYLE["SHOWN"] for found in wrong.pattern.finditer(text)]


def test_no_text_has_wording_that_the_style_note_rules_out() -> None:
    """`python docs/style.py` prints what to write instead."""
    assert list(STYLE["faults"]()) == []


@pytest.mark.parametrize(("wrong", "right"), PAIRS)
def test_the_style_note_and_the_search_agree(wrong: str, right: str) -> None:
    """What the note calls wrong is found; what it recommends is not."""
    assert finds(wrong)
    assert finds(right) == []


@pytest.mark.parametrize(
    "text",
    [
        "there is no gap",
        "is no longer listed",
        "is no older than that",
        "it stands for anything",
        "blank lines",
        "see xml.leading-blank",
    ],
)
def test_plain_english_is_not_found(text: str) -> None:
    """Usual phrases that resemble the wrong ones."""
    assert finds(text) == []


def test_messages_docstrings_and_comments_of_settings_are_searched() -> None:
    """What users see is distinguished from what only developers see."""
    texts = [text for text in STYLE["_texts"]() if text.path.name in {"rules.py", "texas.toml", "receivers.md"}]
    assert {text.path.suffix for text in texts} == {".py", ".toml", ".md"}
    rules = [text for text in texts if text.path.name == "rules.py"]
    assert {text.is_shown for text in rules} == {True, False}

"""What docs/design.md says about where things are is so."""

from __future__ import annotations

import re

import pytest
from pages import ROOT

CODE = ROOT / "capgateway"
PAGE = (ROOT / "docs/design.md").read_text()
ROWS = re.findall(
    r"^\| (`.*?) \| (.*) \|$", PAGE.partition("## Where things are")[2].partition("\n## ")[0], re.MULTILINE
)
PLACES = [(place, text) for cell, text in ROWS for place in re.findall("`([^`]+)`", cell)]
NO_STAGES = {"__init__.py", "__main__.py", "__pycache__", "examples", "schemas"}


def test_every_stage_has_its_row() -> None:
    """Once, and each row is of something that is there."""
    there = {path.name + "/" * path.is_dir() for path in CODE.iterdir() if path.name not in NO_STAGES}
    assert sorted(place for place, _ in PLACES) == sorted(there)


@pytest.mark.parametrize(("place", "text"), PLACES, ids=[place for place, _ in PLACES])
def test_every_module_of_a_row_is_there(place: str, text: str) -> None:
    """A plain name in code is a module of the stage, or of the whole package with its path."""
    names = re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*)/?`", text)
    roots = (CODE / place, CODE)
    assert [
        name for name in names if not any((root / f"{name}.py").exists() or (root / name).is_dir() for root in roots)
    ] == []


def test_every_path_on_the_page_is_there() -> None:
    """From the package, or from the repository."""
    paths = re.findall(r"`([a-z_0-9]+/[a-z_0-9/]+\.[a-z]+)`", PAGE)
    assert len(paths) > 20
    assert [path for path in paths if not (CODE / path).exists() and not (ROOT / path).exists()] == []

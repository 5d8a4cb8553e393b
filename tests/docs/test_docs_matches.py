"""The examples that decide whether a viewer is meant: both of them, over every case of the vectors, and the vectors themselves."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from capgateway import cap
from capgateway.cards.area import card_area, draft_area, meant, resolved, target
from capgateway.places import ATLAS, Atlas, Layer, viewers

FOLDER = Path(__file__).parents[2] / "examples/matches"
VECTORS = json.loads((FOLDER / "vectors.json").read_text())
CASES = VECTORS["cases"]
NAMES = [f"{case['card']}: {case['viewer']}" for case in CASES]
WITH_DIVISIONS = Atlas([Layer(scheme="sgc", file=str(FOLDER / "divisions.geojson"), code="CDUID", name="CDNAME")])
JAVASCRIPT = """
const { matches } = require("./matches.js");
const { cards, viewers, cases } = require("./vectors.json");
const found = cases.map((one) => matches(cards[one.card].card, viewers[one.viewer].viewer));
console.log(JSON.stringify(found));
"""


def matches(card: dict[str, Any], viewer: dict[str, Any]) -> bool:
    """The function of the Python example, loaded as a reader would copy it."""
    spec = importlib.util.spec_from_file_location("matches", FOLDER / "matches.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.matches(card, viewer)
    assert isinstance(found, bool)
    return found


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_python_example(case: dict[str, Any]) -> None:
    """Its answer is the one that was decided by hand."""
    card, viewer = VECTORS["cards"][case["card"]]["card"], VECTORS["viewers"][case["viewer"]]["viewer"]
    assert matches(card, viewer) is case["matches"]


def test_the_page_shows_the_example() -> None:
    """What docs/receivers.md asks to copy is what is tested here."""
    page = (FOLDER.parents[1] / "docs/receivers.md").read_text()
    _, _, code = (FOLDER / "matches.py").read_text().partition("\n\n\n")
    assert f"```python\n{code}```" in page


def test_the_javascript_example() -> None:
    """It gives the same answers."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; on Debian: apt-get install nodejs")
    ended = subprocess.run([node, "-e", JAVASCRIPT], cwd=FOLDER, capture_output=True, check=True, timeout=60)  # noqa: S603
    assert json.loads(ended.stdout) == [case["matches"] for case in CASES]


def test_there_are_cases_of_every_kind_of_viewer() -> None:
    """At least forty, with a yes and a no of each kind."""
    assert len(CASES) >= 40
    kinds = Counter((VECTORS["viewers"][case["viewer"]]["known_by"], case["matches"]) for case in CASES)
    for known_by in ("point", "county", "zone", "SAME code", "unit"):
        assert kinds[known_by, True]
        assert kinds[known_by, False]


@pytest.mark.parametrize("name", VECTORS["cards"])
def test_cards_of_the_vectors_are_those_of_the_gateway(name: str) -> None:
    """What this version makes of the alert is what the vectors show."""
    alert, expected = VECTORS["cards"][name]["alert"], VECTORS["cards"][name]["card"]["area"]
    area = cap.Area(
        polygons=tuple(alert[kind] for kind in ("polygon",) if kind in alert),
        circles=tuple(alert[kind] for kind in ("circle",) if kind in alert),
        geocodes=tuple(cap.Named(name=scheme, value=value) for scheme, value in alert.get("codes", [])),
    )
    atlas, regions = (WITH_DIVISIONS if "layer" in alert else ATLAS), tuple(alert.get("regions", ()))
    found = resolved((area,), "cap-cp", atlas)
    shown = target(meant(found), regions)
    assert shown
    made = json.loads(msgspec.json.encode(card_area(shown, draft_area([found], [], atlas), regions)))
    assert {key: made[key] for key in expected} == expected


@pytest.mark.parametrize("name", VECTORS["viewers"])
def test_viewers_of_the_vectors_are_answers_of_the_gateway(name: str) -> None:
    """What ``GET /api/v1/places`` says of their point or code."""
    known = VECTORS["viewers"][name]
    atlas, expected = (WITH_DIVISIONS if "layer" in known else ATLAS), known["viewer"]
    point = viewers.point(known["asked"]) if known["known_by"] == "point" else None
    found = viewers.at(*point, atlas) if point else viewers.show(known["asked"], atlas)
    assert found is not None
    assert {scheme: codes for scheme, codes in found.codes.items() if codes} == expected["codes"]
    assert expected.get("point") == (list(found.point) if found.point else None)

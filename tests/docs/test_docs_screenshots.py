"""The pictures of the console are those that tools/screenshots.py makes, small, and shown."""

from __future__ import annotations

import runpy
from pathlib import Path

from pages import PAGES, ROOT, links
from PIL import Image

IMAGES = ROOT / "docs/images"
LARGEST = 150_000
"""Bytes: a page with all of them opens at once."""


def test_each_screenshot_is_made_by_the_script_and_shown() -> None:
    """As large as the script makes it; `make screenshots` makes them again."""
    shots = runpy.run_path(str(ROOT / "tools/screenshots.py"))["SHOTS"]
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert {path.stem for path in IMAGES.iterdir()} == set(shots)
    for name, shot in shots.items():
        path = Path(IMAGES, f"{name}.png")
        assert path in shown
        assert path.stat().st_size < LARGEST
        with Image.open(path) as picture:
            assert picture.size == (shot.width * shot.scale, shot.height * shot.scale)

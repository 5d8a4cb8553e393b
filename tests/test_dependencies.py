"""What is installed with the gateway is what the gateway uses."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Used without being imported: time zones for Python's own, and the driver that SQLAlchemy loads by its name.
BY_NAME = {"tzdata", "psycopg"}


def test_every_dependency_is_imported() -> None:
    """What only tests need is not installed by those who run the gateway."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    named = {plain(re.split(r"[^\w.-]", one)[0]) for one in wanted} - BY_NAME
    sources = "\n".join(path.read_text() for path in (ROOT / "capgateway").rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", sources, re.MULTILINE))
    used = {plain(name) for module, names in packages_distributions().items() if module in imported for name in names}
    assert named - used == set()


def plain(name: str) -> str:
    """The one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()

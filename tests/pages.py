"""The pages of the documentation: their sections, and where their links lead."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")) + sorted(ROOT.glob("examples/**/*.md"))


def sections(page: Path) -> set[str]:
    """The anchors of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def links(page: Path) -> list[str]:
    """Where links and pictures lead that stay within the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", _prose(page))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def leads_somewhere(link: str, base: Path) -> bool:
    """Whether ``page.md#section``, seen from a directory or, for ``#section`` alone, from a page, is there."""
    name, _, section = link.partition("#")
    target = (base.parent if base.is_file() else base) / name if name else base
    return target.exists() and (not section or section in sections(target))


def _prose(page: Path) -> str:
    """A page without its blocks of code, whose comments look like headings."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)

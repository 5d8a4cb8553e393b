"""Readers find every page, and every link leads somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import PAGES, ROOT, leads_somewhere, links, sections


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_section(page: Path) -> None:
    """Within the repository; other addresses are not asked."""
    assert [link for link in links(page) if not leads_somewhere(link, page)] == []


def test_the_overview_lists_every_page() -> None:
    """Under the reader it is for, of whom there are four."""
    overview = ROOT / "docs/README.md"
    assert {"operators", "receiver-teams", "alerting-authorities", "contributors"} < sections(overview)
    listed = {(overview.parent / link).resolve() for link in links(overview)}
    assert {path for path in PAGES if path.parent == overview.parent} - {overview} <= listed


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    """A page that is not there, a section that is only in a block of code, and a good one."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A title: `x`\n[a](none.md) [b](#not) [c](page.md#a-title-x) [d](https://x.example/)\n```\n# Not\n```\n"
    )
    assert [leads_somewhere(link, page) for link in links(page)] == [False, False, True]

"""Every command that the documentation shows runs, and prints what is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from console import SKIPPED, absent, blocks, commands, fences, terminal
from pages import PAGES, ROOT

README = (ROOT / "README.md").read_text()
PILOT = README.partition("## Run a pilot")[2].partition("\n## ")[0]
WITH_COMMANDS = [
    path for path in PAGES if path.name != "nights.md" and any(commands(block) for block in blocks(path.read_text()))
]  # nights.md needs ids, and has its own test
OF_OPERATORS = [
    ROOT / f"docs/{name}.md"
    for name in ("operating", "connections", "on-call", "hand", "decisions", "records", "backup")
]
"""Short pages with few commands: they share a pilot."""
READ_TOGETHER = [[path] for path in WITH_COMMANDS if path not in OF_OPERATORS] + [OF_OPERATORS]


@pytest.mark.parametrize("pages", READ_TOGETHER, ids=lambda paths: str(paths[0].relative_to(ROOT)))
def test_the_commands_of_a_page_run(pages: list[Path], tmp_path: Path) -> None:
    """In a copy of the repository; those of other pages than the README in its pilot, which runs meanwhile."""
    text = "".join(page.read_text() for page in pages)
    with terminal(tmp_path) as shell:
        for block in blocks(text if text == README else PILOT + text):
            shell.run(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_command_is_hidden_from_the_tests(page: Path) -> None:
    """Commands are in ``console`` blocks, and a block that is not run gives its reason."""
    text = page.read_text()
    others = [block for word, block in fences(text) if word != "console"]
    assert [block for block in others if re.search(r"^(?:\$ |capgateway |make )", block, re.MULTILINE)] == []
    skipped = [block.splitlines()[0].strip() for block in blocks(text) if not commands(block)]
    assert [line for line in skipped if not re.fullmatch(re.escape(SKIPPED) + r"\w.{8,}", line)] == []


def test_a_block_is_read_as_its_parts() -> None:
    """Commands with their continuation, exit code and output; and a block that is not to be run."""
    (first, second) = commands("$ one \\\n    two\nout\n$ three   # exit code 2\n")
    assert (first.text, first.output, first.exit_code) == ("one two", ["out"], 0)
    assert second.exit_code == 2
    assert commands(f"{SKIPPED}needs the internet\n$ curl https://x.example\n") == []


def test_missing_output_is_noticed() -> None:
    """Lines have to be there whole and in order; the ellipsis stands for anything."""
    assert absent(["a …", "", "c"], "a b\nx\nc\n") is None
    assert absent(["c", "a b"], "a b\nc\n") == "a b"
    assert absent(["a"], "a b\n") == "a"

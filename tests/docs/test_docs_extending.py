"""The steps of docs/extending.md work: its snippets, put where the page says, make a rule and a kind of feed that pass their tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from console import LEFT_OUT, ROOT, fences

PAGE = (ROOT / "docs/extending.md").read_text()
RULE, KIND = (
    [text for word, text in fences(part) if word != "console"] for part in PAGE.partition("## Add a kind of feed")[::2]
)
IMPORT = "from capgateway.feeds.read.lines import read_lines\n"
PATIENCE_SECONDS = 250.0
"""Less than the limit of a test, so that a run which hangs is ended and shows what it printed."""
FEW = 3
"""Random polls of the new kind: enough to prove the page; the kinds themselves are polled by the test that is copied."""


class Copy:
    """A copy of the repository to change."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "capgateway"
        shutil.copytree(ROOT, self.root, symlinks=True, ignore=LEFT_OUT)

    def put(self, path: str, anchor: str, text: str) -> None:
        """Write a text before the first line that begins with the anchor."""
        old = (self.root / path).read_text()
        new = re.sub(rf"^(?= *{re.escape(anchor)})", lambda _: text, old, count=1, flags=re.MULTILINE)
        assert new != old, f"{path} has no line {anchor}"
        (self.root / path).write_text(new)

    def exchange(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text, f"{path} does not contain {old}"
        (self.root / path).write_text(text.replace(old, new, 1))

    def run(self, *command: str) -> str:
        """What a module of the copy prints; it has to succeed."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, *command],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_the_rule_of_the_page_works(copy: Copy) -> None:
    """Defined, checked, tested, and listed in the generated page."""
    define, check, row = RULE
    copy.put("capgateway/cap/rules/info.py", "WEB = Rule(", define)
    copy.put("capgateway/cap/rules/info.py", "if info.web is not None", check)
    copy.exchange("tests/cap/test_cap_rules.py", "BROKEN = [\n", f"BROKEN = [\n{row}")
    copy.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/cap/test_cap_rules.py", "-k", "one_fault and LEAVE")
    assert "headline is not written in capitals only." in copy.run("-m", "capgateway", "rules", "cap.headline.capitals")
    copy.run("docs/conformance.py")
    assert "`cap.headline.capitals` | info" in (copy.root / "docs/conformance.md").read_text()


def test_the_kind_of_feed_of_the_page_works(copy: Copy) -> None:
    """Named, asked for, read, tested, and served by the simulator."""
    ask, module, use, test, serve = KIND
    copy.exchange("capgateway/feeds/feed.py", '"push"]', '"push", "lines"]')
    copy.exchange("capgateway/config/keys.py", '"directory", "push"),', '"directory", "push", "lines"),')
    copy.exchange("capgateway/feeds/plan.py", ask.replace(' | "lines"', ""), ask)
    (copy.root / "capgateway/feeds/read/lines.py").write_text(module)
    copy.put("capgateway/feeds/read/entries.py", 'if kind == "nws" and not', use)
    copy.put("capgateway/feeds/read/entries.py", "from capgateway.feeds.read.markup", IMPORT)
    copy.put("capgateway/simulate/listing.py", 'if name == "envelope.edxl"', serve)
    path = copy.root / "tests/feeds/test_feeds_kinds.py"
    path.write_text(f"{path.read_text()}\n\n{test}")
    once = "tests/ingest/test_kinds_once.py"
    row = '    "edxl": ("edxl", "envelope.edxl"),\n'
    copy.exchange(once, row, f'{row}    "lines": ("lines", "links.txt"),\n')
    copy.put(once, "PATHS = ", 'LISTINGS = {name: LISTINGS[name] for name in ("lines", "atom-linked")}\n')
    copy.exchange(once, 'Fault(location="/index.atom"),', "")  # another kind of listing is not a page of links
    for usual in (12, 8):
        copy.exchange(once, f"max_examples={usual}", f"max_examples={FEW}")
    pytest_ = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    copy.run(*pytest_, "tests/feeds/test_feeds_kinds.py", "-k", "page_of_links")
    copy.run(*pytest_, once, "-k", "exactly_once or killed_anywhere", "--hypothesis-seed=11")

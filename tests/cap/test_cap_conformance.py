"""``docs/conformance.md`` tells what is checked, and cannot fall behind."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path

from capgateway.cli.rules import RULES

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_rules_make() -> None:
    """After a change of rules or of their tests run `python docs/conformance.py`."""
    made = runpy.run_path(str(DOCS / "conformance.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"]()


def test_every_rule_is_tested() -> None:
    """Some test names it."""
    tests = runpy.run_path(str(DOCS / "conformance.py"))["_tests"]()
    assert [rule for rule, modules in tests.items() if not modules] == []


def test_every_requirement_has_a_rule_or_a_reason() -> None:
    """Never both, and no rule stands for nothing."""
    sections = tomllib.loads((DOCS / "requirements.toml").read_text(encoding="utf-8"))
    reasons = {
        name for section in sections.values() for name, entry in section.items() if len(entry) == 2 and name != "title"
    }
    checked = {requirement for rule in RULES.values() for requirement in rule.source}
    assert not reasons & checked
    assert len(reasons | checked) >= 265


def test_every_rule_says_what_it_asks() -> None:
    """A sentence for people, ending in a full stop, and an id of the usual form."""
    for rule in RULES.values():
        assert rule.asks.endswith("."), rule.id
        assert not rule.why or rule.why.endswith("."), rule.id
        assert rule.id == rule.id.lower(), rule.id
        assert "." in rule.id

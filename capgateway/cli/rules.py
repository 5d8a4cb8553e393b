"""``capgateway rules``: the rules of validation, and the reason for each."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click
import msgspec

from capgateway.cap import Rule
from capgateway.cap.catalogue import RULES as CAP_RULES
from capgateway.cli import output
from capgateway.feeds.read import atom, edxl, entry, envelope, ipaws, nws, rss

if TYPE_CHECKING:
    from collections.abc import Iterator

_FEED_MODULES = (entry, atom, rss, ipaws, nws, envelope, edxl)

#: Every rule by id, in the order in which a document meets them.
RULES: dict[str, Rule] = CAP_RULES | {
    rule.id: rule for module in _FEED_MODULES for rule in vars(module).values() if isinstance(rule, Rule)
}


@click.command()
@click.argument("name", metavar="[ID]", required=False)
@output.format_option
def rules(name: str | None, *, as_json: bool) -> None:
    """List the rules that `validate` applies, or show one rule with its reason and source."""
    chosen = list(RULES.values()) if name is None else [known(name)]
    if as_json:
        output.emit_json([msgspec.to_builtins(rule) for rule in chosen] if name is None else chosen[0])
        return
    for line in _list(chosen) if name is None else _tell(chosen[0]):
        click.echo(line)


def known(name: str) -> Rule:
    """The rule of that id. Raises :class:`click.BadParameter`, with the nearest one, when there is none."""
    if name not in RULES:
        near = difflib.get_close_matches(name, RULES, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; `capgateway rules` lists them"
        raise click.BadParameter(f"there is no rule {name}{hint}")
    return RULES[name]


def _list(chosen: list[Rule]) -> Iterator[str]:
    width = max(len(rule.id) for rule in chosen)
    for rule in chosen:
        yield from _fitted(f"{rule.id:<{width}}  {rule.level:<7}  ", rule.asks, " " * (width + 11))


def _tell(rule: Rule) -> Iterator[str]:
    yield f"{rule.id} ({rule.level}, {rule.layer})"
    yield from _fitted("  ", rule.asks, "  ")
    if rule.why:
        yield from _fitted("  ", rule.why, "  ")
    if rule.reference:
        yield f"  Reference: {rule.reference}"
    if rule.source:
        yield from _fitted("  Requirements: ", f"{', '.join(rule.source)}, see docs/conformance.md", "    ")


def _fitted(beginning: str, text: str, indent: str) -> list[str]:
    return output.fitted(beginning, text, indent, width=output.width(), is_strict=True)

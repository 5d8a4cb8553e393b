"""Where the rules write down what they find: the place is looked up in the tree only when there is something to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from lxml import etree

from capgateway.cap.finding import Finding
from capgateway.cap.names import BLANK
from capgateway.cap.place import namespace_of, step, xpath
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

#: An element's name, or its name and its position from 0 in the model's list.
Step = str | tuple[str, int]

#: Places shown of one rule. A message that breaks it at more does so everywhere, and a hostile one must not make a report of
#: its own size; the rest is counted, so that no rule goes unheard.
MAX_PLACES = 25


class Notes(msgspec.Struct):
    """What the rules say about one message. ``texts`` are those of the alert's own elements as written, outer blanks
    included; ``may_hold_markup`` is false where no text can contain `<` or `&`."""

    root: etree._Element
    texts: dict[str, str]
    version: str = "1.2"
    may_hold_markup: bool = True
    _findings: list[Finding] = []
    _places: dict[str, tuple[Rule, int]] = {}
    _known: dict[tuple[etree._Element, str], list[etree._Element]] = {}
    _start: str = ""

    def add(self, rule: Rule, message: str, *steps: Step, offset: int | msgspec.UnsetType = msgspec.UNSET) -> None:
        """Note that ``rule`` is broken at the place the steps lead to from the alert; if the last is missing, where it
        is missing from. ``offset`` counts the characters of the element's text before the very place."""
        _, places = self._places.get(rule.id, (rule, 0))
        self._places[rule.id] = (rule, places + 1)
        if places >= MAX_PLACES:
            return
        self._start = self._start or xpath(self.root)
        place, path = self.root, self._start
        for element, name in self._walk(steps):
            place, path = element, f"{path}/{name}"
        self._findings.append(rule.finding(message, xpath=path, line=place.sourceline, offset=offset))

    def has_noted(self, rule: Rule) -> bool:
        """Whether the rule was found to be broken anywhere."""
        return rule.id in self._places

    def findings(self) -> list[Finding]:
        """All that was noted, in that order, and how often a rule was broken at more places than are shown."""
        if not self._findings:
            return self._findings
        rest = [
            rule.finding(
                f"The same fault occurs at {places - MAX_PLACES:,} more places, which are not listed.",
                xpath=self._start,
            )
            for rule, places in self._places.values()
            if places > MAX_PLACES
        ]
        return self._findings + rest

    def text(self, *steps: Step) -> str:
        """The text of an element anywhere, outer blanks included; ``""`` when there is no such element."""
        places = list(self._walk(steps))
        return (places[-1][0].text or "") if len(places) == len(steps) else ""

    def has(self, *steps: Step) -> bool:
        """Whether there is such an element."""
        return len(list(self._walk(steps))) == len(steps)

    def _walk(self, steps: tuple[Step, ...]) -> Iterator[tuple[etree._Element, str]]:
        """The elements on the way and how XPath calls them, as far as they are there."""
        place = self.root
        for one in steps:
            name, position = one if isinstance(one, tuple) else (one, 0)
            siblings = self._children(place, name)
            if name in {"polygon", "circle"}:  # the model leaves blank ones out
                filled = [index for index, element in enumerate(siblings) if (element.text or "").strip(BLANK)]
                position = filled[position] if position < len(filled) else len(siblings)
            if position >= len(siblings):
                return
            place = siblings[position]
            yield place, step(name, position + 1, is_alone=len(siblings) == 1)

    def _children(self, parent: etree._Element, name: str) -> list[etree._Element]:
        """Looked up once: a message may have a hundred thousand parameters and something to say about the last ones."""
        key = (parent, name)
        if key not in self._known:
            self._known[key] = list(parent.iterchildren(f"{{{namespace_of(self.root)}}}{name}"))
        return self._known[key]

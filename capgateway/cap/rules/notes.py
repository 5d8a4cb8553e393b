"""Where the rules write down what they find: the place is looked up in the tree only when there is something to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap.names import REPEATABLE
from capgateway.cap.place import tag, xpath
from capgateway.cap.read import BLANK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from capgateway.cap.finding import Finding
    from capgateway.cap.rule import Rule

#: An element's name, or its name and its position from 0 in the model's list.
Step = str | tuple[str, int]

#: More findings than anyone reads; a hostile message must not make a report of its own size.
MAX_FINDINGS = 200


class Notes:
    """The findings about one message, in the order they were made. ``texts`` are those of the alert's own elements as they
    stand there, outer blanks included."""

    def __init__(self, root: etree._Element, texts: dict[str, str]) -> None:
        self.root = root
        self.texts = texts
        self.findings: list[Finding] = []
        self._prefix = tag(root)[: tag(root).index("}") + 1]
        self._known: dict[tuple[etree._Element, str], list[etree._Element]] = {}

    def add(self, rule: Rule, message: str, *steps: Step) -> None:
        """Note that ``rule`` is broken at the place the steps lead to from the alert; if the last is missing, where it
        is missing from."""
        if len(self.findings) == MAX_FINDINGS:
            return
        place, path = self.root, xpath(self.root)
        for element, step in self._walk(steps):
            place, path = element, f"{path}/{step}"
        self.findings.append(rule.finding(message, xpath=path, line=place.sourceline))

    def text(self, *steps: Step) -> str:
        """The text of an element anywhere, outer blanks included; ``""`` when there is no such element."""
        places = list(self._walk(steps))
        return (places[-1][0].text or "") if len(places) == len(steps) else ""

    def _walk(self, steps: tuple[Step, ...]) -> Iterator[tuple[etree._Element, str]]:
        """The elements on the way and how XPath calls them, as far as they are there."""
        place = self.root
        for step in steps:
            name, position = step if isinstance(step, tuple) else (step, 0)
            siblings = self._children(place, name)
            if name in {"polygon", "circle"}:  # the model leaves blank ones out
                filled = [index for index, element in enumerate(siblings) if (element.text or "").strip(BLANK)]
                position = filled[position] if position < len(filled) else len(siblings)
            if position >= len(siblings):
                return
            place = siblings[position]
            yield place, f"{name}[{position + 1}]" if name in REPEATABLE or len(siblings) > 1 else name

    def _children(self, parent: etree._Element, name: str) -> list[etree._Element]:
        """Looked up once: a message may have a hundred thousand parameters and something to say about the last ones."""
        key = (parent, name)
        if key not in self._known:
            self._known[key] = list(parent.iterchildren(self._prefix + name))
        return self._known[key]

"""Where the rules write down what they find: the place is looked up in the tree only when there is something to say."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

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

    def add(self, rule: Rule, message: str, *steps: Step) -> None:
        """Note that ``rule`` is broken at the place the steps lead to from the alert; if the last is missing, where it
        is missing from."""
        if len(self.findings) == MAX_FINDINGS:
            return
        place = self.root
        for found in self._walk(steps):
            place = found
        self.findings.append(rule.finding(message, xpath=xpath(place), line=place.sourceline))

    def text(self, *steps: Step) -> str:
        """The text of an element anywhere, outer blanks included; ``""`` when there is no such element."""
        places = list(self._walk(steps))
        return (places[-1].text or "") if len(places) == len(steps) else ""

    def _walk(self, steps: tuple[Step, ...]) -> Iterator[etree._Element]:
        place = self.root
        for step in steps:
            name, position = step if isinstance(step, tuple) else (step, 0)
            found: Iterator[etree._Element] = place.iterchildren(self._prefix + name)
            if name in {"polygon", "circle"}:  # the model leaves blank ones out
                found = (element for element in found if (element.text or "").strip(BLANK))
            here = next(islice(found, position, None), None)
            if here is None:
                return
            yield here
            place = here

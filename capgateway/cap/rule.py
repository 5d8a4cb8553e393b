"""A rule: something a document must or should hold to, with its stable id, why it is so and where it is written."""

from __future__ import annotations

import msgspec

from capgateway.cap.finding import Finding, Layer, Level

#: What a stranger's document holds is quoted; nobody reads more of it.
MAX_MESSAGE = 500


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """``asks`` is the rule in one sentence, ``why`` its reason, ``reference`` the place in the standard,
    ``source`` the rows of the project's list of requirements that it checks."""

    id: str
    level: Level
    layer: Layer = "standard"
    asks: str
    why: str = ""
    reference: str | None = None
    source: tuple[str, ...] = ()

    def finding(
        self, message: str, *, xpath: str | None = None, line: int | None = None, reference: str | None = None
    ) -> Finding:
        """That a document breaks this rule; ``message`` tells what is there and what to do, ``reference`` the place in
        the standard where it is narrower than the rule's."""
        return Finding(
            rule=self.id,
            level=self.level,
            layer=self.layer,
            xpath=xpath,
            line=line,
            message=message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…",
            reference=reference or self.reference,
        )

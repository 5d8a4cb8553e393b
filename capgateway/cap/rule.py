"""A rule: what a document must or should do, with a stable id, the reason, and where the standard says so."""

from __future__ import annotations

import msgspec

from capgateway.cap.finding import Finding, Layer, Level

#: Messages quote documents by strangers; nobody reads more of one.
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
        self,
        message: str,
        *,
        xpath: str | None = None,
        line: int | None = None,
        column: int | None = None,
        offset: int | msgspec.UnsetType = msgspec.UNSET,
        reference: str | None = None,
    ) -> Finding:
        """That a document breaks this rule; ``message`` says what is there and what to do, ``reference`` is the place in
        the standard where it is narrower than the rule's."""
        return Finding(
            rule=self.id,
            level=self.level,
            layer=self.layer,
            xpath=xpath,
            line=line,
            column=column,
            offset=offset,
            message=message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…",
            reference=reference or self.reference,
        )

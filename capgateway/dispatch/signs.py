"""What the attempts of one receiver say of it beside whether it has the message, until that is written down.

A failure in a row costs no unit of work that is alone: only what is not known yet is handed on.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from capgateway.webhooks.causes import Cause, cause_of, ended_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgateway.store import Finished

NOTHING: frozenset[Cause] = frozenset()


class Told(NamedTuple):
    """Causes that begin, with the attempt that says so, and causes that are over."""

    begun: Mapping[Cause, Finished] = MappingProxyType({})
    ended: frozenset[Cause] = NOTHING


class Signs:
    """``known`` are the causes for which the receiver is degraded, as the store had them last; ``None`` until it was asked."""

    def __init__(self) -> None:
        self.known: frozenset[Cause] | None = None
        self._redirects = 0
        self._begun: dict[Cause, Finished] = {}
        self._ended = NOTHING

    def see(self, one: Finished) -> None:
        """An attempt has ended."""
        attempt = one.attempt
        if attempt.status is not None:
            self._redirects = self._redirects + 1 if attempt.is_redirect else 0
        over = ended_by(attempt)
        self._ended |= over
        self._begun = {cause: first for cause, first in self._begun.items() if cause not in over}
        if cause := cause_of(attempt, self._redirects):
            self._begun.setdefault(cause, one)
            self._ended -= {cause}

    @property
    def told(self) -> Told:
        """What is to be written down."""
        known = self.known or NOTHING
        return Told({cause: one for cause, one in self._begun.items() if cause not in known}, self._ended & known)

    def written(self, told: Told) -> None:
        """It is. What was seen meanwhile is not."""
        before = self.known or NOTHING
        now = (before - told.ended) | told.begun.keys()
        self._begun = {cause: one for cause, one in self._begun.items() if cause not in now}
        self._ended -= told.ended
        if self.known is not None:
            self.known = now
            self._ended &= now

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


class Told(NamedTuple):
    """Causes that begin, with the attempt that says so, and causes that are over."""

    begun: Mapping[Cause, Finished] = MappingProxyType({})
    ended: frozenset[Cause] = frozenset()


class Signs:
    """``known`` are the causes for which the receiver is degraded, as the store had them last."""

    def __init__(self) -> None:
        self.known: frozenset[Cause] = frozenset()
        self._redirects = 0
        self._begun: dict[Cause, Finished] = {}
        self._ended: frozenset[Cause] = frozenset()

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
        begun = {cause: one for cause, one in self._begun.items() if cause not in self.known}
        return Told(begun, self._ended & self.known)

    def written(self, told: Told) -> None:
        """It is. What was seen meanwhile is not."""
        self.known = self.known - told.ended | told.begun.keys()
        self._begun = {cause: one for cause, one in self._begun.items() if cause not in self.known}
        self._ended = (self._ended - told.ended) & self.known

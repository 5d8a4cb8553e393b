"""Documents that were read and are asked for again, conditionally: a file may be replaced under an unchanged entry.

Those behind cards on display at each poll, the others that the index lists in rotation.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from capgateway.ingest.links import again
from capgateway.store import Document, feeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from capgateway.ingest.intake import Intake
    from capgateway.ingest.links import Errand

A_POLL = 20
"""Documents of the rotation that one poll asks for."""
APART, APART_IN_PUBLIC = 1.0, 60.0
"""Seconds between two requests for one document. A server of the operator's own is asked as the feed is configured."""
WHOLE_EVERY = 300.0
"""Seconds after which a document behind a card on display is asked for without conditions: some servers answer 304 although
it has changed."""
LONG_AGO = float("-inf")


class Looked(NamedTuple):
    """A document that is listed, and when it was asked for last."""

    document: Document
    at: float


class Looks:
    """The second looks of one feed."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[str, Document]] = {}
        self._rotation: dict[str, Looked] = {}  # the one asked longest ago first
        self._live_at: dict[str, float] = {}
        self._whole_at: dict[str, float] = {}

    @property
    def count(self) -> int:
        """How many documents are in the rotation."""
        return len(self._rotation)

    def recall(self, documents: Mapping[str, Document]) -> None:
        """What an earlier process read, until the index is read again."""
        self._rotation = {address: Looked(document, LONG_AGO) for address, document in documents.items()}

    def listed(self, part: str, documents: Iterable[Document]) -> None:
        """What one part of the feed lists now. What is new there was just asked for."""
        self._parts[part] = {document.address: document for document in documents}
        every = {address: document for one in self._parts.values() for address, document in one.items()}
        now, before = time.monotonic(), self._rotation
        self._rotation = {address: looked for address, looked in before.items() if address in every}
        self._rotation |= {address: Looked(one, now) for address, one in every.items() if address not in before}

    def are_due(self, live: Mapping[str, Document] | None, *, is_public: bool) -> bool:
        """Whether there is anything to ask for now."""
        before = time.monotonic() - (APART_IN_PUBLIC if is_public else APART)
        first = next(iter(self._rotation.values()), None)
        return (first is not None and first.at <= before) or any(self._asked_at(one) <= before for one in live or ())

    async def due(
        self,
        intake: Intake,
        feed: str,
        live: Mapping[str, Document] | None,
        *,
        is_public: bool,
        but: Mapping[str, object],
    ) -> tuple[list[Errand], list[Errand]]:
        """What to ask for now: the documents behind cards on display, and some of the others, without those still missing."""
        now = time.monotonic()
        before = now - (APART_IN_PUBLIC if is_public else APART)
        self._live_at = {address: self._asked_at(address) for address in live or ()}
        urgent = [one for address, one in (live or {}).items() if self._live_at[address] <= before]
        for one in urgent:
            self._live_at[one.address] = now
            if self._rotation.pop(one.address, None):
                self._rotation[one.address] = Looked(one, now)
        turn = self._turn(before, but)
        known = await intake.store.read(feeds.documents, feed, [one.address for one in turn]) if turn else {}
        return [again(one, is_whole=self._is_whole(one, now)) for one in urgent], [
            again(known.get(one.address, one), link=one.link) for one in turn
        ]

    def _turn(self, before: float, but: Mapping[str, object]) -> Sequence[Document]:
        """Whose turn it is in the rotation; these go to its end."""
        turn: list[Document] = []
        for address, looked in self._rotation.items():
            if len(turn) >= A_POLL or looked.at > before:
                break
            if address not in but and address not in self._live_at:
                turn.append(looked.document)
        now = time.monotonic()
        for document in turn:
            del self._rotation[document.address]
            self._rotation[document.address] = Looked(document, now)
        return turn

    def _asked_at(self, address: str) -> float:
        looked = self._rotation.get(address)
        return max(looked.at if looked else LONG_AGO, self._live_at.get(address, LONG_AGO))

    def _is_whole(self, document: Document, now: float) -> bool:
        self._whole_at = {address: at for address, at in self._whole_at.items() if address in self._live_at}
        last = self._whole_at.setdefault(document.address, now)
        if now - last < WHOLE_EVERY:
            return False
        self._whole_at[document.address] = now
        return True

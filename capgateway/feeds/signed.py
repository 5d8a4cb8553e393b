"""Signed messages in a container as they stand there, comments and processing instructions included: a signature may cover
them, and the readers of feeds do without. Pure."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from capgateway import cap
from capgateway.cap.names import SIGNATURE
from capgateway.feeds.markup import CrowdedError, cut

if TYPE_CHECKING:
    from lxml import etree


class SignedMessages:
    """What the signed messages of a container are with their comments and instructions, asked for in the document's order
    by what they are without them: two of them may differ in nothing else."""

    def __init__(self, whole: dict[bytes, list[bytes]]) -> None:
        self._whole = {lean: iter(full) for lean, full in whole.items()}

    def whole(self, lean: bytes) -> bytes | None:
        """The next one; ``None`` for a message that is not signed, or has nothing that was left out."""
        return next(self._whole.get(lean, iter(())), None)


def signed_messages(body: bytes, root: etree._Element, *, limit: int) -> SignedMessages | None:
    """The signed messages of a container that has comments or instructions; ``None`` where there are none."""
    if b"Signature" not in body or not (b"<!--" in body or body.find(b"<?", body.find(b">")) >= 0):
        return None
    whole = cap.read_xml(body, limit=limit, keep="all").root
    if whole is None:
        return None
    found: dict[bytes, list[bytes]] = {}
    with suppress(CrowdedError):  # nothing more is read of such a document
        for lean, full in zip(root.iter("{*}alert"), whole.iter("{*}alert"), strict=True):
            if next(lean.iterchildren(SIGNATURE), None) is not None:
                found.setdefault(cut(lean), []).append(cut(full))
    return SignedMessages(found)

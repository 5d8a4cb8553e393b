"""Signed messages in a container as they stand there, comments and processing instructions included: a signature may cover
them, and the readers of feeds do without. Pure."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from capgateway import cap
from capgateway.cap.names import SIGNATURE
from capgateway.feeds.read.markup import CrowdedError, cut

if TYPE_CHECKING:
    from lxml import etree


def signed_messages(body: bytes, root: etree._Element, *, limit: int) -> dict[etree._Element, bytes]:
    """The signed messages of a container that has comments or instructions, with these, by the elements they are without
    them: two of them may differ in nothing else."""
    if b"Signature" not in body or not (b"<!--" in body or body.find(b"<?", body.find(b">")) >= 0):
        return {}
    whole = cap.read_xml(body, limit=limit, keep="all").root
    if whole is None:
        return {}
    found: dict[etree._Element, bytes] = {}
    with suppress(CrowdedError):  # nothing more is read of such a document
        for lean, full in zip(root.iter("{*}alert"), whole.iter("{*}alert"), strict=True):
            if next(lean.iterchildren(SIGNATURE), None) is not None:
                found[lean] = cut(full)
    return found

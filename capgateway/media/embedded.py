"""A picture that an alert contains: its base64 read out of the stored bytes, of a bounded length. Pure."""

from __future__ import annotations

import base64
import binascii

from capgateway import cap
from capgateway.store.pictures import Failed

MOST_BYTES = 5_000_000
"""Of a picture as it comes in, embedded or fetched. Real ones have some hundred kilobytes."""
MOST_TEXT = MOST_BYTES * 4 // 3 + 4


def read(document: bytes, info: int, resource: int) -> tuple[bytes, str] | Failed:
    """The bytes of a file in an alert, and its base64 text as written."""
    alert = cap.parse(document).alert
    try:
        found = alert.infos[info].resources[resource].deref_uri if alert else None
    except IndexError:
        found = None
    if not found:
        return Failed(finding="fetch", trouble="the alert does not contain it any more")
    plain = "".join(found.split())
    if len(plain) > MOST_TEXT:
        return Failed(finding="size", trouble=f"it has more than {MOST_BYTES:,} bytes")
    try:
        return base64.b64decode(plain, validate=True), found
    except (binascii.Error, ValueError):
        return Failed(finding="unsafe", trouble="its derefUri is not base64")

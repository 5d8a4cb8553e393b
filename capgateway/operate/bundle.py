"""The evidence bundle: a zip whose manifest says the sha256 of every file in it, and what is missing and why."""

from __future__ import annotations

import hashlib
import io
import zipfile
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.store.evidence import Evidence

MANIFEST = "manifest.json"


def bundle(evidence: Evidence, now: datetime) -> bytes:
    """The zip. Its manifest is its first file."""
    files = dict(sorted(evidence.files.items()))
    manifest = {
        "card_id": evidence.card_id,
        "made_at": now,
        "made_by": f"capgateway {version('capgateway')}",
        "files": [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        ],
        "left_out": evidence.left_out,
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {MANIFEST: msgspec.json.format(msgspec.json.encode(manifest)) + b"\n", **files}.items():
            archive.writestr(_entry(name, now), content)
    return whole.getvalue()


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"{name}", date_time=now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16  # it contains names
    return entry

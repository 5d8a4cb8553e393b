"""Until when the certificates in files are valid. Read again when a file has changed."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from capgateway.net.tls import Stamp, stamp

MOST_FILES = 1024
"""Each of a thousand receivers may have its own."""


def certificate_end(path: str) -> datetime | None:
    """When the first certificate of a chain expires: from then on nobody accepts it. ``None`` if there is none."""
    return min(_ends(path, stamp(path)), default=None)


def authorities_end(path: str) -> datetime | None:
    """When the last of several authorities expires: from then on nobody is accepted. ``None`` if there is none."""
    return max(_ends(path, stamp(path)), default=None)


@lru_cache(maxsize=MOST_FILES)
def _ends(path: str, _: Stamp) -> tuple[datetime, ...]:
    from cryptography import x509  # noqa: PLC0415  (it takes 50 ms, and few have such files)

    try:
        return tuple(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except (OSError, ValueError):  # whoever connects with it says why
        return ()

"""Canada's NAADS: what a heartbeat is, which alerts it says were sent, and where the archives keep them. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway import cap

#: NAADS sends one a minute. Real clients give a connection up after 120 to 180 s of silence (C-45).
SILENCE_SECONDS = 150
#: A heartbeat lists the last ten alerts (C-44); what is more than that behind cannot be recovered (C-48).
MAX_REFERENCES = 10

_SENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{1,20}([+-]\d\d:\d\d|Z)?", re.ASCII)
_MAX_IDENTIFIER = 500  # the longest anyone uses has about a hundred


def is_heartbeat(alert: cap.Alert) -> bool:
    """Whether a message only says that the stream is alive. Its sender may carry a suffix such as ``@…`` (C-44)."""
    return alert.status == "System" and not alert.infos and alert.sender.startswith("NAADS-Heartbeat")


def announced(heartbeat: cap.Alert) -> tuple[cap.Reference, ...]:
    """The alerts a heartbeat says were sent, at most the last ten."""
    return heartbeat.references[-MAX_REFERENCES:]


def archive_urls(reference: cap.Reference, archives: Sequence[str]) -> tuple[str, ...]:
    """Where the archives may keep an alert, likeliest first (C-47): a folder for the day as the sender wrote it, and a
    file named by sent and identifier with ``:`` and ``-`` as ``_``. A ``+`` became ``p`` in older archives, ``_`` in
    newer ones, so both are given. Empty for a reference that cannot name a file."""
    sent, identifier = reference.sent.text, reference.identifier
    if not _SENT.fullmatch(sent) or not 0 < len(identifier) <= _MAX_IDENTIFIER:
        return ()
    names = _unique(f"{sent}I{identifier}".replace("+", plus) for plus in ("_", "p"))
    paths = [f"{sent[:10]}/{quote(_underscored(name), safe='')}.xml" for name in names]
    return tuple(f"{archive.rstrip('/')}/{path}" for path in paths for archive in archives)


def _underscored(name: str) -> str:
    return name.replace(":", "_").replace("-", "_")


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))

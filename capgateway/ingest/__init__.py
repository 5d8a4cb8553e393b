"""The walk from feed to store: poll, hear, sweep, submit; take in; expire.

::

    poll    feed.url ─▶ fetch ─▶ read_entries ─▶ each new entry: inside, or fetched ─┐
    hear    a stream's document, or what a heartbeat says we missed ─────────────────┤
    sweep   a file in a watched folder ──────────────────────────────────────────────┼─▶ intake
    submit  a document handed in ────────────────────────────────────────────────────┘      │
                                                                                            ▼
                                  store, durably ◀─ decide ◀─ usable? ◀─ validate ◀─ parse

Everything here may be repeated: taking the same document in again is ``unchanged``. A body is remembered only after
all its entries are stored or noted as missing, so a crash at any point reads again rather than skips. This walk knows
nothing of deliveries: it calls ``on_messages`` when the store holds some.
"""

from capgateway.ingest.folder import sweep
from capgateway.ingest.hand import submit
from capgateway.ingest.intake import Intake
from capgateway.ingest.poll import poll
from capgateway.ingest.stream import hear
from capgateway.ingest.watch import Watch
from capgateway.ingest.watching import Watching

__all__ = ["Intake", "Watch", "Watching", "hear", "poll", "submit", "sweep"]

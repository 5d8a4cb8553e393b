"""What the gateway remembers: one atomic unit per decision, one per attempt; SQLite or PostgreSQL, one code.

``Store`` runs functions of its modules: ``alerts`` takes in, ``again`` decides anew, ``held`` and ``gaps`` keep what a person
may have to settle, ``hand``, ``corrections``, ``publish`` and ``pause`` do what a person asks for and ``audit`` records it,
``deliveries`` hands out and records, ``standing``, ``readiness``, ``troubles`` and ``unconfirmed`` keep what is known of
receivers, ``feeds`` remembers what was read, ``cards`` ends and routes, ``media_rows`` and ``pictures`` keep what cards show,
``lists``, ``lives`` and ``evidence`` answer people, ``retention`` erases in time and ``erase`` by order. ``tables`` is the page to
read first.
"""

from capgateway.store import (
    again,
    alerts,
    cards,
    catch_up,
    chains,
    deliveries,
    erase,
    feeds,
    gaps,
    held,
    leases,
    lists,
    media_rows,
    operators,
    pictures,
    readiness,
    recovery,
    removed,
    retention,
    standing,
    troubles,
    unconfirmed,
)
from capgateway.store.arrivals import Arrival, arrival
from capgateway.store.deliveries import Turn
from capgateway.store.records import (
    Body,
    Document,
    Finished,
    MissingEntry,
    Page,
    Quarantined,
    StoredAlert,
    StoredAttempt,
    StoredCard,
    StoredDelivery,
    Taken,
    TakenEntry,
    Waiting,
)
from capgateway.store.schema import SchemaStatus
from capgateway.store.store import Store

__all__ = [
    "Arrival",
    "Body",
    "Document",
    "Finished",
    "MissingEntry",
    "Page",
    "Quarantined",
    "SchemaStatus",
    "Store",
    "StoredAlert",
    "StoredAttempt",
    "StoredCard",
    "StoredDelivery",
    "Taken",
    "TakenEntry",
    "Turn",
    "Waiting",
    "again",
    "alerts",
    "arrival",
    "cards",
    "catch_up",
    "chains",
    "deliveries",
    "erase",
    "feeds",
    "gaps",
    "held",
    "leases",
    "lists",
    "media_rows",
    "operators",
    "pictures",
    "readiness",
    "recovery",
    "removed",
    "retention",
    "standing",
    "troubles",
    "unconfirmed",
]

"""What the gateway remembers: one atomic unit for each decision, one for each attempt; SQLite or PostgreSQL, one code."""

from capgateway.store.records import (
    Arrival,
    Body,
    Decide,
    FeedState,
    MissingEntry,
    Page,
    StoredAlert,
    StoredAttempt,
    StoredCard,
    StoredDelivery,
    Taken,
    Waiting,
)
from capgateway.store.schema import SchemaStatus
from capgateway.store.store import Store

__all__ = [
    "Arrival",
    "Body",
    "Decide",
    "FeedState",
    "MissingEntry",
    "Page",
    "SchemaStatus",
    "Store",
    "StoredAlert",
    "StoredAttempt",
    "StoredCard",
    "StoredDelivery",
    "Taken",
    "Waiting",
]

"""What Prometheus may ask: numbers named ``capgateway_…``, in a registry of our own.

Two sorts. What *happens* is counted and timed when it happens (:class:`Metrics`). What *is* (pending deliveries, a feed's last
success) is read from the store when Prometheus asks, and handed to :meth:`Metrics.exposition` as a :class:`State`, so it is
right after a restart and in every process.

Labels are the operator's names and our own words, never anything from a document: a value of another form becomes ``other``.
Documents therefore cannot create series. Durations have no label ``feed``: with ten thousand feeds each would take kilobytes.
"""

from capgateway.metrics.counted import CONTENT_TYPE, Metrics
from capgateway.metrics.state import (
    RECEIVER_STATES,
    FeedGauge,
    Queues,
    ReceiverGauge,
    State,
)

__all__ = ["CONTENT_TYPE", "RECEIVER_STATES", "FeedGauge", "Metrics", "Queues", "ReceiverGauge", "State"]

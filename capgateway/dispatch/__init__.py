"""The walk from store to receiver: what is due is claimed, sent once, and what came of it is written down.

::

    claim ─▶ send ─▶ Attempt ─▶ after ─▶ Delivered | Retry | Dead ─▶ record, and claim again

It does not choose what may be sent: the lane's rules stand in the store's claim. It does not choose when to try again:
that is ``webhooks.after``. It sees to it that each receiver has its own slots, so that one that hangs delays nobody else;
that one slot is kept for take-downs; and that a display under way ends two seconds after its take-down is stored.

Beside it ``Readiness`` sends snapshots and challenges, and tells operators of receivers that are not ready.
"""

from capgateway.dispatch.readiness import Readiness
from capgateway.dispatch.walk import Dispatch

__all__ = ["Dispatch", "Readiness"]

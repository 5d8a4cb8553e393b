"""What operators are told, as messages to the receivers that ask for ``operator.*``, in the same unit of work as its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway import webhooks
from capgateway.store import outbox
from capgateway.webhooks import OperatorData

if TYPE_CHECKING:
    from capgateway.store.write import Write
    from capgateway.webhooks.operator import Kind


def tell(write: Write, kind: Kind, said: OperatorData) -> int:
    """Tell every receiver that asks for it, each message by itself; how many messages that took. Where no receiver asks, it
    stands in ``messages`` all the same: ``GET messages`` lists it."""
    message = webhooks.operator_message(
        kind, said, deployment=write.deployment, sequence=write.next_sequence(), timestamp=write.now
    )
    receivers = [one.name for one in write.outlets.receivers if one.enabled and one.wants(message.type)]
    outbox.post(write, message, receivers, ())
    return 1

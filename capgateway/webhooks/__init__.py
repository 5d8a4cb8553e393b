"""From a stored message to a receiver's 2xx: messages, signatures, lanes, retries. The one POST is in ``webhooks.send``."""

from capgateway.webhooks.breaker import Breaker
from capgateway.webhooks.lane import REISSUE_AFTER, Action, Claim, Priority, deadline, priority
from capgateway.webhooks.messages import Message, Stamp, display, display_type, encode, sent_as, take_down
from capgateway.webhooks.operator import OperatorData, operator_message
from capgateway.webhooks.passing import ActiveCard, Passing, challenge, snapshot, test
from capgateway.webhooks.receiver import Receiver
from capgateway.webhooks.retry import Attempt, Dead, Delivered, Next, Retry, after, needs_operator
from capgateway.webhooks.route import Lane, Outlets, Route, reopens, route_display, route_take_down
from capgateway.webhooks.sign import decode_secret, encode_secret, is_published_secret, verify

__all__ = [
    "REISSUE_AFTER",
    "Action",
    "ActiveCard",
    "Attempt",
    "Breaker",
    "Claim",
    "Dead",
    "Delivered",
    "Lane",
    "Message",
    "Next",
    "OperatorData",
    "Outlets",
    "Passing",
    "Priority",
    "Receiver",
    "Retry",
    "Route",
    "Stamp",
    "after",
    "challenge",
    "deadline",
    "decode_secret",
    "display",
    "display_type",
    "encode",
    "encode_secret",
    "is_published_secret",
    "needs_operator",
    "operator_message",
    "priority",
    "reopens",
    "route_display",
    "route_take_down",
    "sent_as",
    "snapshot",
    "take_down",
    "test",
    "verify",
]

"""From a stored message to a receiver's 2xx: messages, signatures, lanes, retries. The one POST is in ``webhooks.send``."""

from capgateway.webhooks.breaker import Breaker
from capgateway.webhooks.causes import Cause
from capgateway.webhooks.ed25519 import PublicKey, decode_public_key, decode_seed, encode_seed, public_key
from capgateway.webhooks.lane import REISSUE_AFTER, REMIND_AFTER, Action, Claim, Priority, deadline, priority
from capgateway.webhooks.messages import Message, Stamp, display, display_type, encode, sent_as, take_down
from capgateway.webhooks.operator import OperatorData, operator_message
from capgateway.webhooks.passing import ActiveCard, Passing, challenge, snapshot, test
from capgateway.webhooks.receiver import Receiver
from capgateway.webhooks.retry import Attempt, Dead, Delivered, Next, Retry, after, needs_operator
from capgateway.webhooks.route import Lane, Outlets, Route, reopens, route_display, route_take_down
from capgateway.webhooks.sign import (
    Looked,
    check_time,
    decode_secret,
    encode_secret,
    examine,
    is_published_secret,
    verify,
)

__all__ = [
    "REISSUE_AFTER",
    "REMIND_AFTER",
    "Action",
    "ActiveCard",
    "Attempt",
    "Breaker",
    "Cause",
    "Claim",
    "Dead",
    "Delivered",
    "Lane",
    "Looked",
    "Message",
    "Next",
    "OperatorData",
    "Outlets",
    "Passing",
    "Priority",
    "PublicKey",
    "Receiver",
    "Retry",
    "Route",
    "Stamp",
    "after",
    "challenge",
    "check_time",
    "deadline",
    "decode_public_key",
    "decode_secret",
    "decode_seed",
    "display",
    "display_type",
    "encode",
    "encode_secret",
    "encode_seed",
    "examine",
    "is_published_secret",
    "needs_operator",
    "operator_message",
    "priority",
    "public_key",
    "reopens",
    "route_display",
    "route_take_down",
    "sent_as",
    "snapshot",
    "take_down",
    "test",
    "verify",
]

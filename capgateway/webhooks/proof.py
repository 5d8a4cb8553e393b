"""Does the answer to a challenge prove that the receiver has the secret? Decides only."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.webhooks.retry import Attempt


class _Answer(msgspec.Struct):
    """What a receiver answers to a challenge."""

    nonce: str
    proof: str


def proof(secret: bytes, nonce: str) -> str:
    """The hexadecimal HMAC-SHA256 of a nonce."""
    return hmac.new(secret, nonce.encode(), "sha256").hexdigest()


def trouble_with(attempt: Attempt, secrets: Sequence[bytes], nonce: str) -> str | None:
    """Why an answer proves nothing, ``None`` if it does. While secrets are rotated any of them will do."""
    if attempt.outcome != "delivered":
        return attempt.last_answer
    try:
        said = msgspec.json.decode(attempt.answer, type=_Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return f"answered {attempt.status} without a proof"
    if said.nonce != nonce:
        return f"answered {attempt.status} with another nonce"
    shown = said.proof.lower().encode(errors="replace")
    if not any(hmac.compare_digest(shown, proof(secret, nonce).encode()) for secret in secrets):
        return f"answered {attempt.status} with a wrong proof"
    return None

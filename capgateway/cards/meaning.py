"""What decisions and reasons mean, in words for people: one sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from capgateway.cards.decision import EndReason, IgnoreReason, QuarantineReason, Word

WORDS: dict[Word, str] = {
    "published": "The alert became a new card.",
    "updated": "The alert became a new revision of its card.",
    "ended": "The card was taken down.",
    "unchanged": "The alert is known already, or changes nothing that is displayed.",
    "linked": "Another card of the same incident is displayed.",
    "ignored": "The alert was understood, and must not become a card.",
    "quarantined": "The alert is held back until a person has looked at it.",
}
ENDS: dict[EndReason, str] = {
    "cancelled": "The issuer ended it, by a Cancel or by an Update that says that it is over.",
    "expired": "Its time is over.",
    "withdrawn": "An operator withdrew it, or its programme is no longer enabled.",
    "left_region": "It no longer concerns any region of the policy or of the receiver.",
    "superseded": "Another card took its place.",
    "erased": "It was erased by order.",
}
IGNORED: dict[IgnoreReason, str] = {
    "no_programme": "Its codes belong to no enabled programme.",
    "status": "Its status is Test, Draft or System, or Exercise while exercises are not relayed; or it is an Ack or an Error.",
    "scope": "Its scope is not Public.",
    "region": "It concerns only regions outside the regions of the policy.",
    "expired": "It had expired before it arrived.",
    "blocked": "The issuer excludes public distribution.",
    "stale": "It is older than the message that ended or replaced it.",
    "erased": "Its chain was erased; only hashes of it are stored.",
}
QUARANTINED: dict[QuarantineReason, str] = {
    "unreadable": "It cannot be read: it is not well-formed CAP, or is unsafe.",
    "schema": "It violates the CAP schema.",
    "unidentifiable": "Its sender, identifier or time of sending is missing or unusable.",
    "signature": "Its XML signature does not satisfy the feed's setting.",
    "sender": "Its sender may not speak through this feed.",
    "jurisdiction": "Its area is outside the jurisdiction of the feed.",
    "cross_sender": "It updates or cancels only alerts of other senders.",
    "area": "Its area is unknown.",
    "conflict": "It has the same sender, identifier and time as another alert, but different content.",
    "review": "It waits for a person.",
    "withdrawn": "An operator withdrew the card of its case.",
    "paused": "It arrived while displays were paused.",
    "undecided": "A fault of capgateway prevented the decision; it is decided again at each start.",
}
_REASONS: dict[str, dict[Any, str]] = {"ended": {**ENDS}, "ignored": {**IGNORED}, "quarantined": {**QUARANTINED}}


def meaning(word: str, reason: str | None) -> str:
    """A decision in words. Words of another version mean nothing here."""
    told = WORDS.get(word, "")  # type: ignore[call-overload]
    why = _REASONS.get(word, {}).get(reason or "", "")
    return f"{told} {why}".strip()

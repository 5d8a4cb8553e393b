"""Every word and reason of a decision with the sentence that says what it means, for people. ``docs/decisions.md`` has them as tables,
which ``docs/decisions.py`` makes of this page; links lead from there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from capgateway.cards.decision import EndReason, IgnoreReason, QuarantineReason, Word

WORDS: dict[Word, str] = {
    "published": "The alert became a new card.",
    "updated": "The alert became a new revision of its card.",
    "ended": "The card was taken down; the reason says why.",
    "unchanged": "The alert is known already, or changes nothing that is displayed.",
    "linked": "Another card of the same [incident](#incidents) is displayed.",
    "ignored": "The alert was understood, and must not become a card; the reason says why.",
    "quarantined": "The alert is held back until a person has looked at it; the reason says why. `capgateway quarantine list` lists"
    " those that nobody has dealt with, and `handled` says what somebody did (`released`, `dismissed`).",
}

ENDED: dict[EndReason, str] = {
    "cancelled": "The issuer ended it, by a Cancel or by an Update that says that it is over in every area.",
    "expired": "Its time is over.",
    "withdrawn": "An operator withdrew it, or its programme is no longer enabled.",
    "left_region": "It no longer concerns any region of the policy or of the receiver.",
    "superseded": "Another card took its place, or its issuer changed it to another programme.",
    "erased": "It was erased by order.",
}

IGNORED: dict[IgnoreReason, str] = {
    "no_programme": "Its codes belong to no enabled programme: by default, it is not an AMBER Alert.",
    "status": "Its status is Test, Draft or System, or Exercise while `exercises = false`; or its sender's software marks it as a"
    " test; or it is an Ack or an Error, which are not for the public.",
    "scope": "Its scope is not Public.",
    "region": "It concerns only regions outside `[policy] regions`.",
    "expired": "It had expired, or was over by its own word, before it arrived.",
    "blocked": "The issuer excludes public distribution (`BLOCKCHANNEL` `PUBLIC`).",
    "stale": "It is older than the message that ended or replaced it, such as a Cancel.",
    "erased": "Its chain was erased by order, or its text was erased after the retention; see [Privacy](privacy.md).",
}

QUARANTINED: dict[QuarantineReason, str] = {
    "unreadable": "It cannot be read: it is not well-formed CAP, or is unsafe (it has a DOCTYPE, or is too large or nested too"
    " deeply).",
    "schema": "It violates the CAP schema; the findings show the places.",
    "unidentifiable": "Its sender, identifier or time of sending is missing or unusable, so a later message cannot refer to it.",
    "signature": "Its XML signature does not satisfy the `signature` of the feed.",
    "sender": "Its `<sender>` is not in `senders` of the feed.",
    "jurisdiction": "Its area is outside the `jurisdiction` of the feed.",
    "cross_sender": "It updates or cancels only alerts of other senders.",
    "area": "Its area is unknown: nothing in it says where it applies, or a part of it cannot be read.",
    "conflict": "It has the same sender, identifier and time as another alert, but different content. The alert that arrived first"
    " counts, unless it did not become a card and the later one would.",
    "review": "It waits for a person: `review` asks for that, its title says that it is a drill although its status is Actual, or"
    " its chain goes on after an operator withdrew the card (see [An alert waits for review](on-call.md#an-alert-waits-for-review)); or it"
    " is a take-down that names no alert that the gateway has, and a live card of its sender may be meant (see"
    " [A take-down is held](on-call.md#a-take-down-is-held)).",
    "withdrawn": "An operator withdrew its card. `capgateway cards restore CARD` displays the case again.",
    "paused": "It arrived during a [pause](hand.md#pause-everything). After `resume` it is displayed, if it is still in force and nothing"
    " later came.",
    "undecided": "A fault of capgateway prevented the decision. The log has a line `alert.undecided` with the feed, the alert and"
    " the place of the fault; please report it. The bytes are stored, and the alert is decided again at each start of the"
    " gateway, so an upgrade that corrects the fault is enough.",
}

LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_REASONS: dict[str, dict[Any, str]] = {"ended": {**ENDED}, "ignored": {**IGNORED}, "quarantined": {**QUARANTINED}}


def meaning(word: str, reason: str | None) -> str:
    """A decision in words, without links. Words of another version mean nothing here."""
    told = WORDS.get(word, "")  # type: ignore[call-overload]
    why = _REASONS.get(word, {}).get(reason or "", "")
    return LINK.sub(r"\1", f"{told} {why}".strip())

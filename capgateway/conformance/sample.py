"""Exercise cards to try a receiver with: nobody's case, under ids of their own, and over in ten minutes."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from capgateway import cards, ids, webhooks
from capgateway.cards.exercise import exercise
from capgateway.webhooks.messages import LARGEST_BODY

if TYPE_CHECKING:
    from capgateway.cards.decision import EndReason

LIFETIME = timedelta(minutes=10)
"""Whatever happens to this process, its cards end by themselves soon."""
REGION = "US"
NOWHERE = "https://capgateway.invalid/api/v1/cards/"
"""From where a card could be fetched whole; nothing answers there."""


def exercise_card(now: datetime) -> dict[str, Any]:
    """A whole card as a gateway makes it, of a drill."""
    alert = exercise(now, f"CONFORMANCE-{secrets.token_hex(8)}", REGION, lifetime=LIFETIME)
    policy = cards.Policy(exercises=True)
    gist = cards.gist(alert, policy.phrases, codes=policy.codes)
    member = cards.Member(
        alert_id=gist.identifier,
        gist=gist,
        feed="conformance",
        received_at=now,
        sha256="0" * 64,
        signature=cards.SignatureNote(status="absent", signer=None),
    )
    decision = cards.decide(cards.Situation(arrived=member, now=now), policy)
    (shown,) = (change for change in decision.changes if isinstance(change, cards.Display))
    made = cards.convert(shown, member, cards.draft(alert, gist), policy)
    return dict(msgspec.to_builtins(made))


class Sample:
    """One exercise card, and its messages. Each has the id, the card and the times that it would have from a gateway."""

    def __init__(self, run: str, now: datetime, card: dict[str, Any]) -> None:
        self.id = ids.derived("crd", run, secrets.token_hex(16))
        self.expires_at = (now + LIFETIME).replace(microsecond=0)
        self._run, self._now, self._card = run, now, card

    def display(
        self,
        revision: int,
        sequence: int,
        *,
        is_new: bool = True,
        expires_at: datetime | None = None,
        filled: bool = False,
        overfull: bool = False,
    ) -> webhooks.Message:
        """A display; ``filled`` to the largest size that a gateway sends, or ``overfull``, so that its texts are left out."""
        stamp = self._stamp(revision, sequence, expires_at)
        whole = {"card_id": self.id, "revision": revision, "expires_at": stamp.expires_at}
        message = webhooks.display(stamp, webhooks.encode(self._card | whole), card_url="", is_new=is_new)
        if not filled and not overfull:
            return message
        room = LARGEST_BODY - len(message.body) + (LARGEST_BODY if overfull else 0)
        card = self._card | whole | {"content": {tongue: _longer(words, room) for tongue, words in self._words()}}
        return webhooks.display(stamp, webhooks.encode(card), card_url=f"{NOWHERE}{self.id}", is_new=is_new)

    def take_down(self, revision: int, sequence: int, reason: EndReason = "cancelled") -> webhooks.Message:
        """The end of the card."""
        return webhooks.take_down(self._stamp(revision, sequence, None), reason, ended_at=self._now)

    def _words(self) -> list[tuple[str, dict[str, Any]]]:
        return list(self._card["content"].items())

    def _stamp(self, revision: int, sequence: int, expires_at: datetime | None) -> webhooks.Stamp:
        return webhooks.Stamp(
            deployment=self._run,
            card_id=self.id,
            revision=revision,
            sequence=sequence,
            timestamp=self._now,
            expires_at=expires_at or self.expires_at,
            exercise=True,
        )


def _longer(words: dict[str, Any], room: int) -> dict[str, Any]:
    return words | {"description": words["description"] + " " + "x" * (room - 1)}


def altered(message: webhooks.Message, *, as_type: str | None = None, **data: Any) -> webhooks.Message:
    """The message with another type or other data, under an id of its own."""
    body = msgspec.json.decode(message.body)
    body["type"] = as_type or body["type"]
    body["data"] |= data
    written = webhooks.encode(body)
    return msgspec.structs.replace(message, id=ids.derived("msg", message.id, as_type or "", str(data)), body=written)

"""Corrections: facts that a person removes from a card, in a new revision, and that later messages of its issuer do not bring
back. Only another value does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, select

from capgateway import cards as card_stage
from capgateway import ids
from capgateway.cards import Card, Display
from capgateway.store import audit, chains, copies, hand, media_rows, outcomes
from capgateway.store.tables import card_revisions, corrections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping

    from capgateway.cards import Correction, Facts, Policy
    from capgateway.store.audit import Act
    from capgateway.store.write import Write

MOST_POINTERS = 50
"""Facts removed at once; a card has some dozens."""
_BODY = select(card_revisions.c.body).where(
    card_revisions.c.card_id == bindparam("card"), card_revisions.c.revision == bindparam("revision")
)


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """The card that shows it now, its revision, and how many messages that took."""

    card_id: str
    revision: int
    messages: int


def correct(
    write: Write, card_id: str, pointers: Sequence[str], policy: Policy, act: Act, revision: int | None = None
) -> Corrected:
    """Remove facts from a card: from this ``revision``, where it is given, since in another one the same pointers may mean other
    facts. Raises ``LookupError`` and ``ValueError``; a pointer that names no removable fact is a
    :class:`~capgateway.cards.NotAFact`."""
    if not 0 < len(pointers) <= MOST_POINTERS:
        raise card_stage.NotAFact(f"name 1 to {MOST_POINTERS} facts to remove")
    row = hand.open_card(write, card_id, "correct")
    if revision is not None and row["revision"] != revision:
        raise ValueError(
            f"the card {card_id} has changed meanwhile, from revision {revision} to {row['revision']}: nothing is removed; "
            "look at it again, and choose the facts once more"
        )
    facts = _facts(write, row)
    _check_actions(facts, pointers, policy.of(row["programme"]))
    for one in card_stage.corrections(facts, pointers):
        _add(write, row, one)
        if one.parts[0] == "media":  # its bytes go at once, whoever sees the card
            media_rows.remove(write, card_id, facts["media"][int(one.pointer.split("/")[2])]["id"])
    audit.record(write, act, "card.corrected", card_id=card_id, detail={"removed": list(pointers)})
    if row["state"] != "active":  # nobody sees it: what is made of it from now on leaves the facts out
        return Corrected(card_id=card_id, revision=row["revision"], messages=0)
    return _show_again(write, row, policy)


def _check_actions(facts: Facts, pointers: Sequence[str], policy: Policy) -> None:
    """What the policy asks for as well would be on the card again at once."""
    asked = {(action.type, action.value) for action in policy.actions}
    for place, action in enumerate(facts["actions"]):
        if f"/actions/{place}" in pointers and (action["type"], action["value"]) in asked:
            raise card_stage.NotAFact(
                f"/actions/{place} is an action of your policy, not of the alert alone: change [[policy.actions]] and reload"
            )


def _facts(write: Write, row: RowMapping) -> Facts:
    body = write.execute(_BODY, {"card": row["id"], "revision": row["revision"]}).scalar()
    if body is None:
        raise ValueError(f"the card {row['id']} cannot be corrected: its words are erased")
    facts: Facts = msgspec.to_builtins(msgspec.json.decode(body, type=Card))
    return facts


def _add(write: Write, row: RowMapping, one: Correction) -> None:
    told = {"card_id": row["id"], "chain_id": row["chain_id"], "corrected_at": write.now}
    name = ids.derived("cor", row["id"], str(row["revision"]), one.pointer)
    write.add(corrections, {"id": name, "pointer": one.pointer, "value_sha256": one.value_sha256, **told})


def _show_again(write: Write, row: RowMapping, policy: Policy) -> Corrected:
    """The next revision of the card, made by the ordinary decision."""
    member, chain_id = chains.one(write.connection, row["alert_id"])
    made = outcomes.outcome(write, member, [chain_id], policy, None, anew=frozenset({row["id"]}), is_for_later=True)
    shown = next((one for one in made.decision.changes if isinstance(one, Display) and one.card_id == row["id"]), None)
    if shown is None:
        why = made.fault or hand.why_not(made.decision.reason)
        raise ValueError(f"the card {row['id']} cannot be corrected: {why}")
    written = copies.apply(write, made, chain_id, policy)
    card_id = written.card_id or row["id"]
    if shown.alert_id != row["alert_id"]:
        outcomes.save(
            write, shown.alert_id, msgspec.structs.replace(made.decision, word="updated", reason=None), card_id
        )
    return Corrected(card_id=card_id, revision=hand.card(write, card_id)["revision"], messages=written.messages)

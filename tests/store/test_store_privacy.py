"""What stays after an erasure decides as before, and what ends a card says nothing personal."""

from __future__ import annotations

import json
import re
from itertools import permutations
from typing import Any, get_args

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from store_story import POLICY, chain, take

from capgateway import cap
from capgateway import cards as card_stage
from capgateway.cards import Decision, End, EndReason
from capgateway.simulate import story
from capgateway.store import Store, chains, erasure, outcomes
from capgateway.store import cards as card_rows
from capgateway.store.tables import alerts, cards, messages

ORDERS = list(permutations(range(4)))


def decisions(write: Any, name: str) -> dict[str, Decision]:
    """What would be decided now about each stored alert of a chain, by the end of its identifier."""
    found = write.execute(select(alerts.c.id, alerts.c.identifier).where(alerts.c.identifier.like(f"{name}-%"))).all()
    decided = {}
    for row in found:
        member, chain_id = chains.one(write.connection, row.id)
        made = card_stage.decide(outcomes.gather(write, member, [chain_id]), POLICY)
        decided[row.identifier.removeprefix(name)] = made
    return decided


def wipe(write: Any, name: str) -> bool:
    """Erase everything personal of a chain, unless its card is on display; whether that was done."""
    rows = write.execute(select(alerts.c.id, alerts.c.chain_id).where(alerts.c.identifier.like(f"{name}-%"))).all()
    made = write.execute(select(cards).where(cards.c.chain_id.in_({row.chain_id for row in rows}))).mappings().all()
    if any(card["ended_at"] is None for card in made):
        return False
    erasure.wipe_alerts(write, [row.id for row in rows])
    erasure.wipe_cards(write, [card["id"] for card in made])
    return True


async def test_an_erasure_changes_no_decision(sqlite_url: str) -> None:
    """In any order of arrival, and whenever everything personal is erased: what is stored would be decided the same, and what
    comes later is."""
    store, wiped = Store.open(sqlite_url), 0
    for number, order in enumerate(ORDERS):
        cut, names = 1 + number % 3, (f"WHOLE{number}", f"WIPED{number}")
        told: dict[str, list[Any]] = {name: [] for name in names}
        for step, place in enumerate(order):
            for name in names:
                decision = (await take(store, chain(name)[place])).decision
                told[name].append((decision.word, decision.reason, len(decision.changes)))
            if step + 1 >= cut:
                before = await store.write_alone(decisions, names[1])
                wiped += await store.write_alone(wipe, names[1])
                assert await store.write_alone(decisions, names[1]) == before
        assert told[names[0]] == told[names[1]], order
    assert wiped > len(ORDERS)
    store.close()


@pytest.mark.parametrize("reason", get_args(EndReason))
async def test_a_take_down_says_nothing_personal(store: Store, reason: EndReason) -> None:
    """Whatever ends a card: which card, which revision, why and when, in these fields and no others."""
    first = replace(chain()[0], note=story.CHILD)
    taken = await take(store, first, "app")
    (shown,) = taken.decision.changes
    end = End(card_id=shown.card_id, revision=2, reason=reason)
    await store.write_alone(card_rows.apply, (end,), {}, "")
    query = select(messages.c.body).where(messages.c.action == "take_down")
    (body,) = await store.read(lambda connection: connection.execute(query).scalars().all())
    told = json.loads(body)
    assert set(told) == {"type", "timestamp", "data"}
    assert set(told["data"]) == {"action", "card_id", "ended_at", "reason", "revision", "sequence"}
    assert told["data"]["reason"] == reason
    said = {word for info in first.infos for word in words(info)}
    assert not said & set(re.findall(r"\w+", body.decode()))
    assert not any(word.encode() in body for word in said if len(word) > BY_CHANCE)


BY_CHANCE = 5
"""Letters of a word that an id or a sequence may contain by chance: "was", "911"."""


def words(info: cap.Info) -> set[str]:
    texts = (info.headline, info.description, info.instruction, info.contact, info.sender_name)
    return {word for text in texts for word in re.findall(r"\w+", text or "") if len(word) > 2}


async def test_a_receiver_that_leaves_the_area_is_told_nothing_personal(store: Store) -> None:
    """The take-down for one receiver, while others go on showing the card, is no other."""
    first = chain()[0]
    await take(store, first, "app")
    store.outlets = replace(
        store.outlets, receivers=tuple(replace(one, regions=("US-OK",)) for one in store.outlets.receivers)
    )
    await store.write_alone(card_rows.route_again)
    query = select(messages.c.body).where(messages.c.action == "take_down")
    (body,) = await store.read(lambda connection: connection.execute(query).scalars().all())
    assert set(json.loads(body)["data"]) == {"action", "card_id", "ended_at", "reason", "revision", "sequence"}

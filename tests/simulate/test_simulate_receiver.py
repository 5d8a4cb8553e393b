"""The test receiver keeps the rules that every receiver must keep."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest

from capgateway import webhooks
from capgateway.simulate.board import Board, Body, Told
from capgateway.simulate.receiver import Arrival, Misbehaviour, ReceiverServer
from capgateway.webhooks.sign import sign

SECRET = b"a secret of the right length...."
NOW = datetime(2026, 11, 22, 7, 41, 3, tzinfo=UTC)
END = NOW + timedelta(hours=20)


def clock() -> datetime:
    return NOW


def a_stamp(revision: int, sequence: int) -> webhooks.Stamp:
    return webhooks.Stamp(
        deployment="test", card_id="crd_1", revision=revision, sequence=sequence, timestamp=NOW, expires_at=END
    )


def shown(revision: int, sequence: int) -> webhooks.Message:
    card = json.dumps({"card_id": "crd_1", "revision": revision}).encode()
    return webhooks.display(a_stamp(revision, sequence), card, card_url="https://cap.platform.example/")


def ended(revision: int, sequence: int) -> webhooks.Message:
    return webhooks.take_down(a_stamp(revision, sequence), "cancelled", ended_at=NOW)


async def post(url: str, body: bytes, message_id: str = "msg_1", *, secret: bytes = SECRET) -> tuple[int, Any]:
    timestamp = int(NOW.timestamp())
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign([secret], message_id, timestamp, body),
        "webhook-attempt": "2",
    }
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        return response.status, await response.json()


async def give(receiver: ReceiverServer, message: webhooks.Message) -> Any:
    status, answer = await post(receiver.url, message.body, message.id)
    assert status == 200
    return answer


async def test_the_life_of_a_card() -> None:
    """A card is shown, replaced by its update and removed; each answer confirms it."""
    async with ReceiverServer(secrets=[SECRET], clock=clock) as receiver:
        assert await give(receiver, shown(1, 10)) == {"revision": 1, "state": "displayed"}
        assert await give(receiver, shown(2, 20)) == {"revision": 2, "state": "displayed"}
        assert receiver.cards == {"crd_1": {"card_id": "crd_1", "revision": 2}}
        assert await give(receiver, ended(3, 30)) == {"revision": 3, "state": "removed"}
        assert receiver.cards == {}
    assert [each.outcome for each in receiver.arrivals] == ["displayed", "displayed", "removed"]
    assert (receiver.arrivals[0].type, receiver.arrivals[0].attempt) == ("card.published", 2)


async def test_the_fence() -> None:
    """What comes after something newer is passed over, a display after its take-down above all."""
    async with ReceiverServer(secrets=[SECRET], clock=clock) as receiver:
        await give(receiver, shown(2, 20))
        await give(receiver, shown(1, 10))
        assert receiver.cards["crd_1"]["revision"] == 2
        await give(receiver, ended(4, 40))
        assert await give(receiver, shown(3, 30)) == {"revision": 4, "state": "removed"}
        assert receiver.cards == {}
    assert [each.outcome for each in receiver.arrivals] == ["displayed", "stale", "removed", "stale"]


async def test_duplicates() -> None:
    """The same id is taken once and answered with 2xx each time."""
    async with ReceiverServer(secrets=[SECRET], clock=clock) as receiver:
        assert [await give(receiver, shown(1, 10)) for _ in range(2)] == [{"revision": 1, "state": "displayed"}] * 2
    assert [each.outcome for each in receiver.arrivals] == ["displayed", "duplicate"]


async def test_a_wrong_signature_is_refused() -> None:
    """A stranger's message is answered 401 and changes nothing."""
    async with ReceiverServer(secrets=[SECRET], clock=clock) as receiver:
        status, _ = await post(receiver.url, shown(1, 10).body, secret=b"another secret of some length...")
        assert (status, receiver.cards) == (401, {})
    assert receiver.arrivals[0].outcome == "refused"


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b'{"type":1,"data":{}}', b"\xff", b'{"data":' + b"[" * 10000])
async def test_what_is_no_message_is_refused(body: bytes) -> None:
    """A signed body that is no message gives 400, never a crash."""
    async with ReceiverServer(secrets=[SECRET], clock=clock) as receiver:
        assert (await post(receiver.url, body))[0] == 400


async def test_the_challenge_is_proved() -> None:
    """The nonce comes back with the proof that the receiver holds the secret."""
    body = b'{"type":"receiver.challenge","timestamp":"2026-11-22T07:41:03Z","data":{"nonce":"n0nce"}}'
    async with ReceiverServer(secrets=[SECRET], clock=clock) as receiver:
        status, answer = await post(receiver.url, body)
    proof = hmac.new(SECRET, b"n0nce", hashlib.sha256).hexdigest()
    assert (status, answer) == (200, {"nonce": "n0nce", "proof": proof})


async def test_unknown_types_are_no_fault() -> None:
    """A type that is new is answered 2xx, and obeyed when its action is known."""
    known = shown(1, 10).body.replace(b"card.published", b"card.reborn")
    unknown = b'{"type":"receiver.test","data":{"nonce":"n"}}'
    async with ReceiverServer(secrets=[SECRET], clock=clock) as receiver:
        assert (await post(receiver.url, unknown, "msg_1"))[0] == 200
        assert (await post(receiver.url, known, "msg_2"))[0] == 200
        assert list(receiver.cards) == ["crd_1"]
    assert [each.outcome for each in receiver.arrivals] == ["ignored", "displayed"]


async def test_what_is_about_no_card_is_taken() -> None:
    """An operator message about a feed has no card: the fields that do not apply are null."""
    said = webhooks.OperatorData(severity="warning", feed="ipaws", advice="Look at the feed.")
    message = webhooks.operator_message("feed_gap", said, deployment="test", sequence=10, timestamp=NOW)
    async with ReceiverServer(secrets=[SECRET], clock=clock) as receiver:
        assert await give(receiver, message) == {}
    (arrival,) = receiver.arrivals
    assert (arrival.outcome, arrival.type) == ("ignored", "operator.feed_gap")
    assert (arrival.advice, arrival.feed) == ("Look at the feed.", "ipaws")


async def test_a_card_ends_by_itself() -> None:
    """At expires_at a card goes, whether or not the gateway says so, and that is told."""
    now = NOW
    heard: list[Arrival] = []
    async with ReceiverServer(secrets=[SECRET], clock=lambda: now, on_arrival=heard.append) as receiver:
        await give(receiver, shown(1, 10))
        now = END
        assert receiver.cards == {}
    assert [(each.outcome, each.card_id) for each in heard] == [("displayed", "crd_1"), ("expired", "crd_1")]


async def test_failing_on_purpose() -> None:
    """With a share of 1 every request fails, and nothing is taken in."""
    async with ReceiverServer(secrets=[SECRET], misbehaviour=Misbehaviour(fail={503: 1.0}), clock=clock) as receiver:
        status, _ = await post(receiver.url, shown(1, 10).body)
        assert (status, receiver.cards, receiver.arrivals[0].outcome) == (503, {}, "failed")
        receiver.misbehaviour = Misbehaviour(fail={503: 0.0})
        assert (await post(receiver.url, shown(1, 10).body))[0] == 200


async def test_delay() -> None:
    """A slow receiver does not answer before its delay is over."""
    slow = Misbehaviour(delay=timedelta(minutes=1))
    async with ReceiverServer(secrets=[SECRET], misbehaviour=slow, clock=clock) as receiver:
        with pytest.raises(TimeoutError):
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as session:
                await session.post(receiver.url, data=b"")
    assert not receiver.arrivals


def told(sequence: int, **fields: Any) -> Body:
    return Body(type=fields.pop("type", "card.updated"), data=Told(sequence=sequence, **fields))


def test_a_snapshot_removes_what_it_does_not_list() -> None:
    """A card that a newer snapshot leaves out goes; one that came after the snapshot stays."""
    board = Board()
    for card_id, sequence in (("old", 10), ("listed", 11), ("new", 30)):
        board.take(
            card_id, told(sequence, action="display", card_id=card_id, expires_at=END, card={"id": card_id}), now=NOW
        )
    listed = json.dumps({"type": "state.snapshot", "data": {"sequence": 20, "active": [{"card_id": "listed"}]}})
    assert board.take("msg_s", msgspec.json.decode(listed, type=Body), now=NOW) == "snapshot"
    assert set(board.cards) == {"listed", "new"}


def test_an_expired_display_is_not_shown() -> None:
    """A display that arrives after its card's end only raises the fence."""
    board = Board()
    late = told(10, action="display", card_id="crd_1", expires_at=NOW, card={})
    assert board.take("msg_1", late, now=NOW) == "removed"
    assert board.cards == {}


def test_the_fence_is_kept_seven_days() -> None:
    """A week after the end nothing late is expected any more, and the memory is given back."""
    board = Board()
    board.take("msg_1", told(10, action="take_down", card_id="crd_1"), now=NOW)
    board.expire(NOW + timedelta(days=6, hours=23))
    assert board.entry("crd_1") is not None
    board.expire(NOW + timedelta(days=7))
    assert board.entry("crd_1") is None


async def test_chance_can_be_repeated() -> None:
    """With the same seed the same requests fail, in the same order."""
    again = Misbehaviour(fail={500: 0.3, 503: 0.3}, seed=7)
    told: list[list[int]] = []
    for _ in range(2):
        async with ReceiverServer(secrets=[SECRET], misbehaviour=again, clock=clock) as receiver:
            told.append([(await post(receiver.url, b"{}"))[0] for _ in range(12)])
    assert told[0] == told[1]
    assert {500, 503} <= set(told[0])

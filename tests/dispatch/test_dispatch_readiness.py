"""Challenges and snapshots, with a real store and real receivers on loopback."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from dispatch_gateway import SECRET, Gateway, a_receiver, opened, until
from msgspec.structs import replace
from readiness_gateway import asking, causes, listening, only, proves, ready, status, told

from capgateway.clock import utc_now
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import cards, catch_up, feeds, pause, readiness, standing, tables, troubles
from capgateway.store.audit import Act
from capgateway.store.readiness import Stood
from capgateway.store.write import Write
from capgateway.webhooks import Attempt, Receiver
from capgateway.webhooks.proof import proof

OFTEN = timedelta(seconds=1)
ACT = Act(actor="test")


async def stood(gateway: Gateway, name: str = "feed") -> Stood:
    return (await gateway.store.read(readiness.of_receivers)).readiness.get(name, Stood())


async def proved(gateway: Gateway) -> bool:
    return (await stood(gateway)).proved_at is not None


async def failed(gateway: Gateway) -> bool:
    return await causes(gateway) == ["challenge"]


async def test_a_new_receiver_is_challenged_once(tmp_path: Path) -> None:
    """Its answer proves that it has the secret; a restart does not ask again."""
    async with listening() as (url, endpoint):
        async with ready(tmp_path, a_receiver(url)) as gateway:
            await until(lambda: proved(gateway))
        async with ready(tmp_path, a_receiver(url, snapshot=OFTEN)) as gateway:
            before = len(endpoint.of("state.snapshot"))
            await until(lambda: len(endpoint.of("state.snapshot")) > before + 1)
        assert len(endpoint.of("receiver.challenge")) == 1
    assert types(endpoint.came) == {"receiver.challenge", "state.snapshot"}


def types(came: list[dict[str, Any]]) -> set[str]:
    return {one["type"] for one in came}


CHANGES: dict[str, dict[str, Any]] = {
    "url": {"url": "?other"},
    "secret": {"secrets": (b"another secret of that length...", SECRET)},
    "key": {"signing_key": bytes(32)},
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_receiver_is_challenged_again(tmp_path: Path, change: str) -> None:
    """Another address, secret or key is another receiver; while secrets are rotated any of them proves."""
    async with listening() as (url, endpoint):
        async with ready(tmp_path, a_receiver(url)) as gateway:
            await until(lambda: proved(gateway))
        fields = CHANGES[change] | ({"url": url + CHANGES[change]["url"]} if change == "url" else {"url": url})
        async with ready(tmp_path, a_receiver(**fields)) as gateway:
            await until(lambda: len(endpoint.of("receiver.challenge")) == 2)
            await until(lambda: proved(gateway))
            assert await causes(gateway) == []


WRONG = {
    "no proof": lambda _: web.Response(text="ok"),
    "a wrong proof": lambda said: web.json_response(
        {"nonce": said["data"]["nonce"], "proof": proof(b"x" * 32, said["data"]["nonce"])}
    ),
    "another nonce": lambda _: web.json_response({"nonce": "a" * 32, "proof": proof(SECRET, "a" * 32)}),
    "a refusal": status(404),
}


@pytest.mark.parametrize("how", WRONG)
async def test_a_failed_challenge_degrades_and_blocks_nothing(tmp_path: Path, how: str) -> None:
    """The receiver is degraded and operators read so once; its cards come all the same."""
    async with listening() as (url, endpoint), ready(tmp_path, a_receiver(url)) as gateway:
        endpoint.answer = only("receiver.challenge", WRONG[how])
        await until(lambda: failed(gateway))
        await gateway.issue("a")
        await until(lambda: len(endpoint.of("card.published")) == 1)
        (said,) = await told(gateway)
    assert (said["receiver"], said["severity"]) == ("feed", "warning")
    assert said["last_answer"].startswith("answered ")


async def test_a_passed_challenge_ends_the_trouble(tmp_path: Path) -> None:
    """Asked again, the receiver proves its secret: it is well, and operators had one message."""
    async with listening() as (url, endpoint), opened(tmp_path, a_receiver(url)) as gateway:
        endpoint.answer = status(500)
        async with asking(gateway):
            await until(lambda: failed(gateway))
        endpoint.answer = proves
        await gateway.store.write(readiness.again, "feed")
        async with asking(gateway):
            await until(lambda: proved(gateway))
        assert (await causes(gateway), len(await told(gateway))) == ([], 1)


async def test_a_suspended_receiver_comes_back_by_a_challenge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is challenged although its last proof is not old, and then gets what waited."""
    monkeypatch.setattr(readiness, "AGAIN_AFTER", OFTEN)
    async with listening() as (url, endpoint), ready(tmp_path, a_receiver(url)) as gateway:
        await gateway.issue("a")
        await until(lambda: proved(gateway))
        await until(lambda: is_delivered(gateway))
        endpoint.answer = status(410)
        await gateway.store.write(suspend)
        await gateway.issue("b")
        await until(lambda: len(endpoint.of("receiver.challenge")) > 2)
        assert len(endpoint.of("card.published")) == 1
        endpoint.answer = proves
        await until(lambda: len(endpoint.of("card.published")) == 2)
        assert (await gateway.store.read(standing.answered))["feed"]["suspended_at"] is None


async def is_delivered(gateway: Gateway) -> bool:
    return await gateway.states() == ["card.published delivered"]


def suspend(write: Write) -> None:
    """As a second 410 does."""
    assert standing._suspend(write, "feed")


async def test_a_suspended_receiver_is_challenged_every_five_minutes(tmp_path: Path) -> None:
    """Counted from its suspension and from the last challenge; another one each 24 hours."""
    receiver = Receiver(name="feed", url="https://x.example/", secrets=(SECRET,))
    async with opened(tmp_path, receiver) as gateway:
        store, begin = gateway.store, utc_now()
        store.clock = lambda: begin
        await store.write(readiness.register, (receiver,))
        (due,) = await store.read(readiness.due, begin, (receiver,), snapshots=False)
        (errand,) = await store.write_alone(readiness.take, [due])
        assert await store.write_alone(readiness.take, [due]) == []  # another gateway came second
        await store.write(readiness.challenged, errand, None)
        await store.write(noted)
        assert not await is_due(gateway, begin + timedelta(hours=23))
        assert await is_due(gateway, begin + timedelta(hours=24))
        assert await is_due(gateway, begin - timedelta(hours=1))  # the clock went back
        await store.write(suspend)
        assert not await is_due(gateway, begin + timedelta(minutes=4))
        assert await is_due(gateway, begin + timedelta(minutes=5))


async def is_due(gateway: Gateway, now: datetime) -> bool:
    found = await gateway.store.read(readiness.due, now, gateway.store.outlets.receivers, snapshots=False)
    return [one.kind for one in found] == ["challenge"]


def noted(write: Write) -> None:
    """An attempt of the receiver is known."""
    write.execute(
        tables.receivers.insert().values(name="feed", last_attempt_at=write.now, failures=0, last_outcome="delivered")
    )


async def test_a_snapshot_lists_what_its_receiver_should_display(tmp_path: Path) -> None:
    """Each receiver its own: by region, by programme, and no exercise unless it asks for them."""
    async with (
        listening() as (url, all_of_it),
        listening() as (other_url, elsewhere),
        listening() as (third_url, other_programme),
    ):
        others = (
            a_receiver(other_url, name="ohio", regions=("US-OH",), snapshot=OFTEN),
            a_receiver(third_url, name="mep", programmes=("mep",), snapshot=OFTEN),
        )
        async with ready(tmp_path, a_receiver(url, snapshot=OFTEN), *others) as gateway:
            await gateway.issue("a")
            await until(lambda: any(one["active"] for one in all_of_it.of("state.snapshot")))
            shown = all_of_it.of("card.published")[0]
            seen = len(elsewhere.of("state.snapshot")), len(other_programme.of("state.snapshot"))
            await until(lambda: len(elsewhere.of("state.snapshot")) > seen[0] + 1)
            await until(lambda: len(other_programme.of("state.snapshot")) > seen[1] + 1)
    snapshot = next(one for one in all_of_it.of("state.snapshot") if one["active"])
    (listed,) = snapshot["active"]
    assert {name: listed[name] for name in ("card_id", "revision", "sequence", "expires_at")} == {
        name: shown[name] for name in ("card_id", "revision", "sequence", "expires_at")
    }
    assert snapshot["sequence"] > listed["sequence"]
    assert not any(one["active"] for each in (elsewhere, other_programme) for one in each.of("state.snapshot"))


async def test_a_snapshot_lists_nothing_that_has_left_or_is_over(tmp_path: Path) -> None:
    """A card that was taken down at this receiver alone, and one whose end nobody wrote down yet."""
    first, second = (a_receiver("http://127.0.0.1/", name=name) for name in ("first", "second"))
    async with opened(tmp_path, first, second) as gateway:
        store = gateway.store
        await store.write(readiness.register, (first, second))
        await gateway.issue("a", lifetime=timedelta(hours=1))
        store.outlets = replace(store.outlets, receivers=(replace(first, regions=("US-OH",)), second))
        await store.write_alone(cards.route_again)
        assert await listed(gateway, utc_now()) == {"first": 0, "second": 1}
        assert await listed(gateway, utc_now() + timedelta(hours=2)) == {"first": 0, "second": 0}


async def listed(gateway: Gateway, now: datetime) -> dict[str, int]:
    """How many cards the snapshot of each receiver lists at that time."""
    store = gateway.store
    store.clock = lambda: now
    due = await store.read(readiness.due, now, store.outlets.receivers, snapshots=True)
    errands = await store.write_alone(readiness.take, [one for one in due if one.kind == "snapshot"])
    return {one.receiver.name: len(msgspec.json.decode(one.claim.body)["data"]["active"]) for one in errands}


async def test_a_snapshot_is_no_message_of_the_outbox(tmp_path: Path) -> None:
    """Neither messages nor deliveries list it, and its sequence is its own."""
    async with listening() as (url, endpoint), ready(tmp_path, a_receiver(url, snapshot=OFTEN)) as gateway:
        await until(lambda: len(endpoint.of("state.snapshot")) == 2)
        assert (await gateway.store.read(catch_up.messages_after, 0)).items == []
        assert await gateway.deliveries() == []
    first, second = (one["sequence"] for one in endpoint.of("state.snapshot")[:2])
    assert first < second


async def test_two_misses_in_a_row_degrade(tmp_path: Path) -> None:
    """One is nothing; two are reported once, however many follow, until one is acknowledged."""
    async with listening() as (url, endpoint), ready(tmp_path, a_receiver(url, snapshot=OFTEN)) as gateway:
        endpoint.answer = only("state.snapshot", status(503))
        await until(lambda: len(endpoint.of("state.snapshot")) == 4)
        (said,) = await told(gateway)
        assert (said["last_answer"], said["severity"]) == ("answered 503", "critical")
        assert await causes(gateway) == ["snapshot"]
        endpoint.answer = proves
        await until(lambda: is_well(gateway))
        assert len(await told(gateway)) == 1


async def is_well(gateway: Gateway) -> bool:
    return await causes(gateway) == [] and (await stood(gateway)).misses == 0


async def test_one_miss_is_nothing(tmp_path: Path) -> None:
    """A receiver that misses every other snapshot is not degraded."""
    async with listening() as (url, endpoint), ready(tmp_path, a_receiver(url, snapshot=OFTEN)) as gateway:
        odd = status(500)

        def answer(said: dict[str, Any]) -> web.Response:
            is_odd = len(endpoint.of("state.snapshot")) % 2 == 1
            return odd(said) if is_odd and said["type"] == "state.snapshot" else proves(said)

        endpoint.answer = answer
        await until(lambda: len(endpoint.of("state.snapshot")) == 5)
        assert await told(gateway) == []


async def test_no_snapshot_before_each_feed_has_answered(tmp_path: Path) -> None:
    """A new database does not know what is on display; with the first complete answer it does."""
    async with listening() as (url, endpoint), opened(tmp_path, a_receiver(url, snapshot=OFTEN)) as gateway:
        async with asking(gateway, feeds=["nws", "ipaws"]):
            await until(lambda: proved(gateway))
            await gateway.store.write(feeds.save_complete, {"nws": utc_now()})
            assert endpoint.of("state.snapshot") == []
            assert not await gateway.store.read(readiness.was_caught_up)
            await gateway.store.write(feeds.save_complete, {"ipaws": utc_now()})
            await until(lambda: len(endpoint.of("state.snapshot")) == 1)
        assert await gateway.store.read(readiness.was_caught_up)


async def test_after_a_start_feeds_answer_first_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database may be a backup. A feed that stays away does not stop the heartbeat for long."""
    async with listening() as (url, endpoint), opened(tmp_path, a_receiver(url, snapshot=OFTEN)) as gateway:
        await gateway.store.write(feeds.save_complete, {"nws": utc_now() - timedelta(hours=1)})
        await gateway.store.write(readiness.catch_up)
        async with asking(gateway, feeds=["nws"]):
            await until(lambda: proved(gateway))
            assert endpoint.of("state.snapshot") == []
            monkeypatch.setattr("capgateway.dispatch.readiness.RESTORED_WITHIN", timedelta(0))
            await until(lambda: len(endpoint.of("state.snapshot")) == 1)


async def test_a_disabled_receiver_gets_neither(tmp_path: Path) -> None:
    """Nor does one that is not configured any more."""
    async with listening() as (url, off), listening() as (other_url, on):
        receivers = (a_receiver(url, name="off", enabled=False, snapshot=OFTEN), a_receiver(other_url, snapshot=OFTEN))
        async with ready(tmp_path, *receivers):
            await until(lambda: len(on.of("state.snapshot")) == 2)
    assert off.came == []


async def test_a_pause_keeps_what_is_displayed_in_the_snapshot(tmp_path: Path) -> None:
    """No display starts, and nothing is removed either."""
    async with listening() as (url, endpoint), ready(tmp_path, a_receiver(url, snapshot=OFTEN)) as gateway:
        await gateway.issue("a")
        await until(lambda: any(one["active"] for one in endpoint.of("state.snapshot")))
        await gateway.store.write_alone(pause.pause, ACT)
        seen = len(endpoint.of("state.snapshot"))
        await until(lambda: len(endpoint.of("state.snapshot")) > seen + 1)
        assert len(endpoint.of("state.snapshot")[-1]["active"]) == 1


async def test_the_receiver_of_the_samples_answers(tmp_path: Path) -> None:
    """The bundled receiver proves its secret, keeps its cards by the snapshot, and is well."""
    async with (
        ReceiverServer(secrets=[SECRET]) as server,
        ready(tmp_path, a_receiver(server.url, snapshot=OFTEN)) as gateway,
    ):
        await gateway.issue("a")
        await until(lambda: sum(one.outcome == "snapshot" for one in server.arrivals) > 1)
        await until(lambda: proved(gateway))
        await until(lambda: len(server.cards) == 1)
        assert await causes(gateway) == []


async def test_a_change_of_address_voids_what_was_known(tmp_path: Path) -> None:
    """What the old address answered says nothing of the new one."""
    async with opened(tmp_path) as gateway:
        old = Receiver(name="feed", url="https://old.example/", secrets=(SECRET,))
        assert await gateway.store.write(readiness.register, (old,)) == 1
        for cause in ("refused", "snapshot", "challenge"):
            await gateway.store.write_alone(troubles.begin, "feed", cause, "answered 401")
        assert await gateway.store.write(readiness.register, (old,)) == 0
        new = Receiver(name="feed", url="https://new.example/", secrets=(SECRET,))
        assert await gateway.store.write(readiness.register, (new,)) == 1
        assert await causes(gateway) == ["challenge"]


async def test_what_the_old_address_answers_late_is_void(tmp_path: Path) -> None:
    """Its proof lifts no suspension and ends no trouble, and its acknowledgement is no heartbeat of the new one."""
    old = Receiver(name="feed", url="https://old.example/", secrets=(SECRET,))
    async with opened(tmp_path, old) as gateway:
        store = gateway.store
        await store.write(readiness.register, (old,))
        due = await store.read(readiness.due, utc_now(), (old,), snapshots=True)
        challenge, snapshot = await store.write_alone(readiness.take, due)
        await store.write(noted)
        await store.write(readiness.register, (replace(old, url="https://new.example/"),))
        await store.write(suspend)
        await store.write_alone(troubles.begin, "feed", "challenge", "answered 401")
        assert await store.write(readiness.challenged, challenge, None) is False
        answered = Attempt(number=1, started_at=utc_now(), duration=OFTEN, outcome="delivered", status=200)
        await store.write(readiness.acknowledged, snapshot, answered)
        assert await stood(gateway) == Stood()
        assert await causes(gateway) == ["challenge"]
        assert (await store.read(standing.answered))["feed"]["suspended_at"] is not None

"""Claims of pictures: one gateway at a time works for one, and what nobody ends comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from media_gateway import Gateway, until, walking
from picture_samples import amber, drawn, embedded, linked, with_pictures

from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.store import Store, corrections, hand, lists, pictures
from capgateway.store.audit import Act
from capgateway.store.pictures import LEASE, LONGEST_WAIT, Done, Errand, Failed, Made

NOW = utc_now().replace(microsecond=0) - timedelta(minutes=10)
GOOD = Made(content=drawn(), width=120, height=150, source_sha256="0" * 64)
ALL = 1_000_000_000
LATER = Failed(finding="fetch", trouble="nobody there", is_for_now=True)


@pytest.fixture
async def gateway(store: Store) -> AsyncIterator[Gateway]:
    async with FeedServer() as server:
        server.publish("ada.jpg", drawn())
        gateway = Gateway(store, server)
        await gateway.take(amber(NOW, linked(server.url("ada.jpg"))))
        yield gateway


async def claim(store: Store, at: datetime | None = None) -> list[Errand]:
    store.clock = (lambda: at) if at else utc_now
    try:
        return await store.write(pictures.claim, 10, [])
    finally:
        store.clock = utc_now


async def settle(gateway: Gateway, errand: Errand, result: Made | Failed, due_at: datetime | None = None) -> int:
    done = Done(errand=errand, result=result, due_at=due_at)
    return await gateway.store.write_alone(pictures.settle, [done], gateway.policy)


async def test_a_claim_is_a_lease(gateway: Gateway) -> None:
    """While it lasts, nobody else gets the picture; after it the next claim counts, and the result of the first changes nothing."""
    (first,) = await claim(gateway.store)
    assert await claim(gateway.store) == []
    (second,) = await claim(gateway.store, utc_now() + LEASE)
    assert (second.id, second.number) == (first.id, 2)
    assert await settle(gateway, first, Failed(finding="type", trouble="too late")) == 0
    assert await gateway.findings() == []
    assert await settle(gateway, second, GOOD) == 1
    assert len((await gateway.card()).media) == 1
    assert await settle(gateway, second, GOOD) == 0


async def test_a_clock_that_went_back_holds_nothing_up(gateway: Gateway) -> None:
    """What would be due later than anything waits is due now."""
    (errand,) = await claim(gateway.store)
    await settle(gateway, errand, LATER, utc_now() + LONGEST_WAIT - timedelta(minutes=1))
    assert await claim(gateway.store) == []
    assert len(await claim(gateway.store, utc_now() - timedelta(hours=1))) == 1


async def test_a_new_process_takes_over_at_once(sqlite_url: str) -> None:
    """A SQLite file is one gateway's: leases of the one before it are nobody's."""
    store = Store.open(sqlite_url)
    async with FeedServer() as server:
        gateway = Gateway(store, server)
        await gateway.take(amber(NOW, linked(server.url("ada.jpg"))))
        assert len(await claim(store)) == 1
        store.close()
        store = Store.open(sqlite_url)
        assert [errand.number for errand in await claim(store)] == [2]
    store.close()


async def test_a_result_for_a_card_that_has_ended_is_dropped(gateway: Gateway) -> None:
    """A picture that comes after the end of its card is never stored."""
    (errand,) = await claim(gateway.store)
    await gateway.take(story.cancel(NOW + timedelta(minutes=1), amber(NOW)))
    assert await settle(gateway, errand, GOOD) == 0
    assert (await gateway.rows())[0] == []


async def test_a_fault_over_one_picture_spares_the_others(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written down because of a fault of the gateway is tried again later; its neighbours are shown."""
    gateway.server.publish("car.png", drawn("PNG"))
    other = with_pictures(story.amber(NOW, 7), linked(gateway.server.url("car.png"), "Vehicle"))
    await gateway.take(other)
    real = pictures._renew

    def faulty(write: object, card_id: str, alert_id: str, policy: object) -> int:
        if card_id == broken:
            raise RuntimeError("a fault")
        return real(write, card_id, alert_id, policy)  # type: ignore[arg-type]

    broken = (await gateway.store.read(lists.card_page)).items[1].card_id
    monkeypatch.setattr(pictures, "_renew", faulty)
    async with walking(gateway):
        await gateway.shows(1)

        async def is_put_off() -> bool:
            stored, _ = await gateway.rows()
            return sorted(row["state"] for row in stored) == ["pending", "ready"]

        await until(is_put_off)
    stored, _ = await gateway.rows()
    assert {row["trouble"] for row in stored} == {None, "a fault of the gateway: RuntimeError"}


async def test_the_picture_of_an_alert_whose_bytes_are_gone(store: Store) -> None:
    """Is a finding, and nothing else."""
    from sqlalchemy import update  # noqa: PLC0415

    from capgateway.store.tables import alerts  # noqa: PLC0415

    async with FeedServer() as server:
        gateway = Gateway(store, server)
        await gateway.take(amber(NOW, embedded(drawn())))
        await store.write(lambda write: write.execute(update(alerts).values(original=None)).rowcount)
        async with walking(gateway):
            await gateway.settled()
        assert await gateway.rules() == ["media.fetch"]
        assert (await gateway.card()).state == "active"


@pytest.mark.parametrize("how", ["cancelled", "withdrawn", "corrected"])
async def test_a_picture_that_is_gone_leaves_the_files(sqlite_url: str, tmp_path: Path, how: str) -> None:
    """After any end or correction the files are to be scrubbed; then no file has the picture's bytes, the log included."""
    store = Store.open(sqlite_url)
    async with FeedServer() as server:
        server.publish("ada.jpg", drawn(size=(300, 300)))
        gateway, act = Gateway(store, server), Act(actor="test", reason="a test")
        first = amber(NOW, linked(server.url("ada.jpg")))
        await gateway.take(first)
        async with walking(gateway):
            card = await gateway.shows(1)
        mark = (await gateway.content(card.media[0].url))[-400:-360]
        await store.scrub(ALL)
        assert (store.is_dirty, in_files(tmp_path, mark)) == (False, {"gateway.db"})
        if how == "cancelled":
            await gateway.take(story.cancel(NOW + timedelta(minutes=1), first))
        elif how == "withdrawn":
            await store.write_alone(hand.withdraw, card.card_id, gateway.policy, act)
        else:
            await store.write_alone(corrections.correct, card.card_id, ["/media/0"], gateway.policy, act)
        assert store.is_dirty
        await store.scrub(ALL)
    assert in_files(tmp_path, mark) == set()
    store.close()


def in_files(directory: Path, mark: bytes) -> set[str]:
    return {path.name for path in directory.iterdir() if mark in path.read_bytes()}

"""The hinge under faults, erasure, large messages and other gateways: what was seen to go wrong there once."""

from __future__ import annotations

import asyncio
import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, text
from store_story import NOW, POLICY, arrival, at, chain, deliveries, outlets, states, take

from capgateway import cap, cards
from capgateway.clock import utc_now
from capgateway.feeds.http.answer import Validators
from capgateway.simulate import story
from capgateway.store import (
    Body,
    Document,
    MissingEntry,
    Store,
    TakenEntry,
    again,
    alerts,
    feeds,
    lists,
    retention,
)
from capgateway.store import deliveries as delivery_rows
from capgateway.store.tables import PERSONAL, metadata
from capgateway.store.write import Write

ALERT = story.amber(NOW - timedelta(minutes=9))
CHILD = "Zzyzx Plantedname"


def all_clear(first: cap.Alert, minutes: int) -> cap.Alert:
    """The issuer's word that it is over, in an Update."""
    said = story.update(NOW - timedelta(minutes=minutes), first)
    infos = tuple(replace(info, response_types=("AllClear",)) for info in said.infos)
    return replace(said, identifier=f"{first.identifier}-CLEAR", infos=infos)


async def test_erasing_an_end_does_not_undo_it(store: Store) -> None:
    """After an AllClear is erased, an older Update that comes late is stale: what ended stays ended."""
    first, older = chain()[:2]
    await take(store, first)
    ended = await take(store, all_clear(first, minutes=1))
    assert (ended.decision.word, ended.decision.reason) == ("ended", "cancelled")
    everything = [alert.id for alert in (await store.read(lists.alert_page)).items]
    await store.write(retention.erase_alerts, everything)
    late = await take(store, older)
    assert (late.decision.word, late.decision.reason) == ("ignored", "stale")
    assert (await store.read(lists.card_page, state="active")).items == []


async def test_an_erased_alert_is_not_displayed_again(store: Store) -> None:
    """Wider regions would show it, but its texts are gone: it is left out as erased, and nothing breaks."""
    elsewhere = replace(POLICY, regions=("US-OK",))
    left_out = await take(store, ALERT, policy=elsewhere)
    assert left_out.decision.reason == "region"
    await store.write(retention.erase_alerts, [left_out.alert_id])
    decided = await store.write_alone(again.decide_again, left_out.alert_id, POLICY)
    assert (decided.decision.word, decided.decision.reason, decided.fault) == ("ignored", "erased", None)


async def test_what_is_signed_does_not_give_way_to_what_is_not(store: Store) -> None:
    """A forged AMBER Alert under the name of a signed weather alert is held back; a signed one would be taken."""
    storm = replace(ALERT, infos=(replace(ALERT.infos[0], event="Hail", event_codes=(), headline="Hail"),))
    first = await take(store, storm, signature="valid")
    assert first.decision.reason == "no_programme"
    forged = await take(store, ALERT, feed="another")
    assert (forged.decision.word, forged.decision.reason) == ("quarantined", "conflict")
    signed = await take(store, ALERT, feed="another", signature="valid")
    assert signed.decision.word == "published"


async def test_only_those_who_hold_a_card_are_told_of_its_end(store: Store) -> None:
    """A receiver for Oklahoma never held the Texan card: its Cancel is none of its business."""
    texas, oklahoma = outlets("texas", "oklahoma").receivers
    store.outlets = replace(outlets(), receivers=(texas, replace(oklahoma, regions=("US-OK",))))
    for alert in (ALERT, story.cancel(NOW, ALERT)):
        await store.write_alone(alerts.take_in, [arrival(alert)], POLICY)
    assert [(one.receiver, one.type) for one in await deliveries(store)] == [
        ("texas", "card.published"),
        ("texas", "card.cancelled"),
    ]


async def test_a_commit_outlives_the_power(sqlite_url: str) -> None:
    """SQLite waits for the disk at each commit of the writer, and keeps a write-ahead log."""
    store = Store.open(sqlite_url)
    try:
        found = await store.write(
            lambda write: [
                write.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("synchronous", "journal_mode", "foreign_keys")
            ]
        )
        assert found == [2, "wal", 1]  # 2 is FULL
    finally:
        store.close()


@pytest.mark.parametrize("stage", ["decide", "convert"])
async def test_a_fault_of_ours_leaves_an_alert_undecided(
    store: Store, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are kept and its neighbours decided; when the fault is mended it is decided as if nothing had been."""
    real = getattr(cards, stage)

    def stumble(situation: Any, *rest: Any) -> Any:
        member = rest[0] if stage == "convert" else situation.arrived
        if member.gist.identifier == "TX-STUMBLE":
            raise KeyError("Ada Testchild")
        return real(situation, *rest)

    monkeypatch.setattr(cards, stage, stumble)
    store.outlets = outlets()
    three = [replace(ALERT, identifier=name) for name in ("TX-1", "TX-STUMBLE", "TX-3")]
    taken = await store.write_alone(alerts.take_in, [arrival(alert) for alert in three], POLICY)
    assert [one.decision.word for one in taken] == ["published", "quarantined", "published"]
    assert taken[1].decision.reason == "undecided"
    assert taken[1].fault is not None
    assert "KeyError" in taken[1].fault
    assert "Ada" not in taken[1].fault
    assert await store.read(lists.original, taken[1].alert_id) == cap.write(three[1])
    assert await store.read(again.undecided) == [(taken[1].alert_id, True)]
    monkeypatch.undo()
    mended = await store.write_alone(again.decide_again, taken[1].alert_id, POLICY)
    assert (mended.decision.word, mended.messages) == ("published", 1)
    assert await store.read(again.undecided) == []


async def test_the_writer_reads_no_strangers_document(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies, conflicts, chains and erasure are decided from what was made before the transaction."""
    threads: set[str] = set()
    parse = cap.parse

    def watched(document: bytes, **how: Any) -> Any:
        threads.add(threading.current_thread().name)
        return parse(document, **how)

    monkeypatch.setattr(cap, "parse", watched)
    links = chain()
    for link in (*links, links[0], replace(links[0], note="other content")):
        await take(store, link)
    assert threads
    assert "store-writer" not in threads


async def test_large_messages_that_share_a_name_hold_nobody_up(store: Store) -> None:
    """Sixty of a megabyte each all name one message that never came: what the writer reads of each is its gist."""
    shared = story.update(NOW, ALERT).references
    long = "x" * 1_350_000
    seen = 0

    def count(write: Write) -> int:
        return sum(len(row) for row in write.execute(select(metadata.tables["alerts"].c.gist)).scalars())

    for number in range(12):
        info = replace(ALERT.infos[0], description=long, event_codes=(cap.Named(name="SAME", value="TOR"),))
        update = replace(ALERT, identifier=f"BIG-{number}", msg_type="Update", references=shared, infos=(info,))
        await take(store, update)
        seen = await store.write(count)
    assert seen < 12 * 2_000


async def test_no_id_names_two_bodies(sqlite_url: str, tmp_path: Path) -> None:
    """From a restored backup another Update of the same card goes out under an id of its own, and a higher sequence."""
    update = story.update(NOW, ALERT)
    other = replace(update, identifier="TX-OTHER")
    store = Store.open(sqlite_url)
    await take(store, ALERT)
    store.close()
    backup = tmp_path / "backup.db"
    shutil.copy(tmp_path / "gateway.db", backup)
    sent = []
    for url, said in ((sqlite_url, update), (f"sqlite:///{backup}", other)):
        store = Store.open(url)
        await take(store, said)
        sent.append((await deliveries(store))[-1])
        store.close()
    (one, two) = sent
    assert (one.card_id, one.revision) == (two.card_id, two.revision)
    assert one.message_id != two.message_id
    assert one.sequence < two.sequence


async def test_names_are_only_where_the_list_says(store: Store) -> None:
    """A name planted in every text that a stranger controls is found in no column but the personal ones."""
    words = f"{CHILD}, 7"
    info = replace(
        ALERT.infos[0],
        event=words,
        headline=words,
        description=words,
        instruction=words,
        sender_name=words,
        web=f"https://www.dps.example/{CHILD}",
        contact=words,
        audience=words,
        parameters=(cap.Named(name="CMAMtext", value=words), cap.Named(name=words, value=words)),
        areas=tuple(replace(area, area_desc=words) for area in ALERT.infos[0].areas),
    )
    planted = replace(ALERT, note=words, source=words, infos=(info,), incidents=(words,), restriction=words)
    for said in (planted, replace(planted, identifier="STORM", infos=(replace(info, event_codes=()),))):
        await take(store, said, "app", "other")
    await take(store, cap.write(planted)[:-40])
    await take(store, replace(planted, identifier="CODES", status=CHILD, msg_type=CHILD, scope=CHILD))
    coded = replace(
        info, language=CHILD, urgency=CHILD, response_types=(CHILD,), event_codes=(cap.Named("SAME", CHILD),)
    )
    await take(store, replace(planted, identifier="INFO", infos=(coded,)))
    (claimed, *_) = await store.write(delivery_rows.claim, "app", room=3, lease=timedelta(seconds=9))
    assert CHILD.encode() in claimed.body
    await take(store, story.cancel(NOW, planted), "app", "other")
    link = f"https://feeds.example/{CHILD}.xml"
    await store.write(feeds.entries_taken, [TakenEntry(feed="nws", key="one", link=link)])
    missing = MissingEntry(key="two", link=link, failures=1, others=(link,))
    await store.write(feeds.entries_missing, "nws", [(missing, f"no {link}")])
    document = Document(address="a", link=link)
    await store.write(feeds.entries_taken, [TakenEntry(feed="nws", document=document)])
    body = Body(url=link, status=200, media_type="text/xml", content=CHILD.encode())
    await store.write(feeds.save_validators, "nws", "", Validators(etag="x"), [body])
    found = await store.read(_columns_with, CHILD)
    assert found <= {f"{column.table.name}.{column.name}" for column in PERSONAL}
    assert {"alerts.original", "alerts.draft", "alerts.event", "alerts.findings", "messages.body"} <= found


def _columns_with(connection: Any, words: str) -> set[str]:
    """Columns in which some row contains these words."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        for value in connection.execute(select(column)).scalars()
        if words.encode() in (value if isinstance(value, bytes) else str(value).encode(errors="replace"))
    }


@pytest.mark.postgresql
async def test_two_gateways_never_wait_for_each_other_in_a_ring(postgresql_url: str) -> None:
    """One is recording an attempt and has a decision in the same queue; the other decides about that very card."""
    one, other = Store.open(postgresql_url), Store.open(postgresql_url)
    reached, go_on = threading.Event(), threading.Event()

    def slow_claim(write: Write) -> int:
        claims = delivery_rows.claim(write, "app", room=5, lease=timedelta(seconds=9))
        reached.set()
        assert go_on.wait(60)
        return len(claims)

    try:
        await take(one, ALERT)
        claiming = asyncio.create_task(one.write(slow_claim))
        await asyncio.to_thread(reached.wait, 20)
        deciding = asyncio.create_task(take(one, replace(ALERT, identifier="TX-2")))
        ending = asyncio.create_task(take(other, story.cancel(NOW, ALERT)))
        await asyncio.sleep(0.3)  # both have asked for their locks by now
        go_on.set()
        claimed, decided, ended = await asyncio.gather(claiming, deciding, ending)
        assert (claimed, decided.decision.word, ended.decision.word) == (1, "published", "ended")
    finally:
        go_on.set()
        one.close()
        other.close()


async def test_a_body_is_decided_as_a_whole(store: Store) -> None:
    """An Alert, its Update and its Cancel in one listing, in any order: nothing is ever displayed."""
    links = chain()
    store.outlets = outlets()
    taken = await store.write_alone(alerts.take_in, [arrival(link) for link in links], POLICY)
    assert [one.decision.word for one in taken] == ["ignored", "ignored", "ignored", "unchanged"]
    assert await states(store) == []


async def test_a_lane_waits_no_longer_than_its_lease(store: Store) -> None:
    """A request that nobody ended comes back when its lease is over, once."""
    await take(store, ALERT)
    now = utc_now()
    with at(store, now):
        await store.write(delivery_rows.claim, "app", room=5, lease=timedelta(seconds=30))
    with at(store, now + timedelta(seconds=20)):
        assert await store.write(delivery_rows.claim, "app", room=5, lease=timedelta(seconds=30)) == []
    with at(store, now + timedelta(hours=1)):
        (again,) = await store.write(delivery_rows.claim, "app", room=5, lease=timedelta(seconds=30))
    assert again.number == 2


LISTS: list[tuple[Any, dict[str, Any]]] = [
    (lists.alert_page, {}),
    *((lists.alert_page, {name: "x"}) for name in ("decision", "feed", "identifier", "card_id")),
    (lists.alert_page, {"since": NOW}),
    (lists.card_page, {}),
    (lists.card_page, {"state": "active"}),
    (lists.quarantine_page, {}),
    *((lists.quarantine_page, {name: "x"}) for name in ("feed", "reason")),
    (lists.delivery_page, {}),
    *((lists.delivery_page, {name: "x"}) for name in ("state", "receiver", "card_id")),
]


@pytest.mark.parametrize(("listing", "asked"), LISTS)
async def test_an_index_is_behind_every_list(sqlite_url: str, listing: Any, asked: dict[str, Any]) -> None:
    """No list sorts or reads a whole table to show its first page."""
    store = Store.open(sqlite_url)
    plans: list[str] = []

    def explained(connection: Any) -> None:
        execute = connection.execute

        def watched(statement: Any, *rest: Any) -> Any:
            if plans:  # what is read beside the rows of the page is found by their keys
                return execute(statement, *rest)
            compiled = statement.compile(connection.engine, compile_kwargs={"literal_binds": True})
            plans.extend(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"))
            return execute(statement, *rest)

        connection.execute = watched
        try:
            listing(connection, **asked)
        finally:
            connection.execute = execute

    await store.read(explained)
    store.close()
    assert plans
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or (plan.startswith("SCAN") and "INDEX" not in plan)]

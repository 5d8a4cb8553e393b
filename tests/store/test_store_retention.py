"""Retention: what is personal is erased when its time has come, and not before; what decides stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import LargeBinary, Text, delete, insert, select, true, update
from store_story import LEASE, NOW, POLICY, arrival, at, attempt, chain, take

from capgateway.clock import utc_now
from capgateway.feeds.http.answer import Validators
from capgateway.simulate import story
from capgateway.store import (
    Body,
    Document,
    Finished,
    MissingEntry,
    Store,
    TakenEntry,
    audit,
    deliveries,
    erasure,
    feeds,
    lists,
    pause,
    retention,
)
from capgateway.store.audit import Act
from capgateway.store.tables import (
    PERSONAL,
    Exact,
    Told,
    Word,
    alert_traits,
    alerts,
    cards,
    gateway,
    messages,
    metadata,
    pictures,
)
from capgateway.webhooks import Retry

HOUR = timedelta(hours=1)
SHORT = replace(POLICY, retention=HOUR)


async def ended(store: Store, name: str = "TX-1") -> str:
    """A card whose issuer cancelled it; its id."""
    first, *later = chain(name)
    taken = await take(store, first)
    for one in later:
        await take(store, one)
    return taken.decision.changes[0].card_id


async def erase(store: Store, after: timedelta, policy: Any = SHORT) -> tuple[int, int]:
    """Erase what is due so long from now; how many cards and alerts that were."""
    moment, count = utc_now() + after, 0
    with at(store, moment):
        while card_id := await store.read(retention.due, policy, moment):
            count += await store.write_alone(retention.erase_card, card_id, policy)
        return count, await store.write_alone(retention.erase_unshown, policy)


async def whole(store: Store) -> set[str]:
    """The alerts whose words are still there, by their identifiers."""
    query = select(alerts.c.identifier).where(alerts.c.original.is_not(None))
    return set(await store.read(lambda connection: connection.execute(query).scalars().all()))


async def test_a_card_is_erased_when_its_retention_is_over(store: Store) -> None:
    """Not a minute before; its rows, hashes, gists and decisions stay."""
    card_id = await ended(store)
    before = (await store.read(lists.alert_page)).items
    assert await erase(store, HOUR - timedelta(minutes=1)) == (0, 0)
    assert await erase(store, HOUR + timedelta(minutes=1)) == (1, 0)
    assert await whole(store) == set()
    stored = await store.read(lists.one_card, card_id)
    assert stored is not None
    assert (stored.card, stored.end_reason) == (None, "cancelled")
    after = (await store.read(lists.alert_page)).items
    assert [replace(one, event=None, findings=[]) for one in before] == [replace(one, erased_at=None) for one in after]
    assert all(one.erased_at for one in after)
    assert await erase(store, 2 * HOUR) == (0, 0)


async def test_a_live_card_keeps_its_chain(store: Store) -> None:
    """However old its alerts are, as long as it is on display; so do the alerts that say nothing new."""
    first, update_, older, _ = chain()
    for one in (first, older, update_):
        await take(store, one)
    assert await erase(store, 100 * HOUR) == (0, 0)
    assert len(await whole(store)) == 3


async def test_a_held_card_is_kept(store: Store) -> None:
    """It is evidence until a person lets it go, and it holds up nothing else."""
    held, _ = await ended(store, "HELD"), await ended(store, "OTHER")
    await store.write(lambda write: write.execute(update(cards).where(cards.c.id == held).values(held_at=NOW)))
    assert await erase(store, 2 * HOUR) == (1, 0)
    assert await whole(store) == {"HELD-A", "HELD-U1", "HELD-U2", "HELD-C"}
    await store.write(lambda write: write.execute(update(cards).values(held_at=None)))
    assert await erase(store, 2 * HOUR) == (1, 0)


async def test_an_incident_is_erased_as_a_whole(store: Store) -> None:
    """Both cards name the same child: the first to end waits for the other."""
    one, other = await ended(store, "ONE"), await take(store, chain("TWO")[0])
    same = update(cards).values(incident_id="inc_both")
    await store.write(lambda write: write.execute(same))
    assert await erase(store, 2 * HOUR) == (0, 0)
    for later in chain("TWO")[1:]:
        await take(store, later)
    assert await erase(store, 2 * HOUR) == (1, 0)
    found = {card.card_id: card.card for card in (await store.read(lists.card_page)).items}
    assert found == {one: None, other.decision.changes[0].card_id: None}


async def test_what_became_no_card_is_erased_after_its_receipt(store: Store) -> None:
    """Declined, quarantined, broken and conflicting messages alike."""
    await take(store, story.thunderstorm(NOW))
    await take(store, replace(chain()[0], status="Exercise"))
    await take(store, story.malformed(NOW))
    await take(store, replace(story.thunderstorm(NOW), note="other words"))
    assert await erase(store, HOUR - timedelta(minutes=1)) == (0, 0)
    assert await erase(store, HOUR + timedelta(minutes=1)) == (0, 4)
    assert await whole(store) == set()


async def test_what_waits_for_a_person_waits_as_long_as_it_may(store: Store) -> None:
    """Erasing at once must not take a display away from the person who is asked about it, nor from the end of a pause."""
    at_once = replace(POLICY, retention=timedelta(0))
    await take(store, replace(chain()[0], infos=tuple(replace(info, areas=()) for info in chain()[0].infos)))
    await store.write(lambda write: write.execute(update(alerts).values(reason="review")))
    assert await erase(store, timedelta(seconds=1), at_once) == (0, 0)
    paused = update(alerts).values(reason="paused")
    await store.write(lambda write: write.execute(paused))
    await store.write(lambda write: write.execute(update(gateway).values(paused_since=NOW)))
    assert await erase(store, HOUR, at_once) == (0, 0)
    await store.write(lambda write: write.execute(update(gateway).values(paused_since=None)))
    assert await erase(store, HOUR, at_once) == (0, 1)


async def test_many_alerts_are_erased_in_steps(store: Store) -> None:
    """A chain of any length; its card counts as erased only when all of it is, so a restart goes on where it was."""
    first = chain()[0]
    taken = await take(store, first)
    row = await store.read(lambda connection: dict(connection.execute(select(alerts)).mappings().one()))
    copies = [row | {"id": f"alt_{number}", "identity": f"{number}"} for number in range(retention.AT_ONCE)]
    await store.write(lambda write: write.execute(insert(alerts), copies))
    await take(store, story.cancel(NOW, first))
    card_id = taken.decision.changes[0].card_id
    with at(store, utc_now() + 2 * HOUR):
        assert not await store.write_alone(retention.erase_card, card_id, SHORT)
        assert await store.read(retention.due, SHORT, utc_now() + 2 * HOUR) == card_id
        assert await store.write_alone(retention.erase_card, card_id, SHORT)
    assert await whole(store) == set()


async def test_an_erased_alert_that_comes_again_stays_erased(store: Store) -> None:
    """A feed may list it for weeks: its bytes are not stored again, nor is the address of its document."""
    await ended(store)
    await erase(store, 2 * HOUR)
    again = arrival(chain()[0], feed="another")
    known = Document(
        address="a", link="https://x.example/ada.xml", alert_id=(await store.read(lists.alert_page)).items[-1].id
    )
    await take(store, again)
    await store.write(feeds.entries_taken, [TakenEntry(feed="another", key="one", link=known.link, document=known)])
    assert await whole(store) == set()
    documents = await store.read(feeds.documents, "another", ["a"])
    assert documents["a"].link == erasure.NO_LINK
    assert await store.read(feeds.known_entries, "another", ["one"]) == {"one"}
    assert await store.read(feeds.validators) == {}


async def test_what_a_receiver_answers_after_the_erasure_is_not_kept(store: Store) -> None:
    """A display may have been under way while its card was erased, and the answer to it may repeat the card."""
    first = chain()[0]
    cancel = story.cancel(NOW, first)
    taken = await take(store, first, "app")
    (claim,) = await store.write(deliveries.claim, "app", room=1, lease=LEASE)
    await take(store, cancel, "app")
    await store.write(erasure.wipe_cards, [taken.decision.changes[0].card_id])
    echoed = replace(attempt(1, "status"), error="Ada", response_excerpt="Ada Testchild, 7")
    await store.write(deliveries.record, [Finished(claim, echoed, Retry(NOW))])
    (_, display) = (await store.read(lists.delivery_page)).items
    assert [(one.outcome, one.error) for one in display.attempts] == [("status", None)]


async def test_the_address_of_an_entry_is_kept_only_while_it_is_to_be_fetched(store: Store) -> None:
    """What is taken in, or given up, is known by the hash of its key."""
    link = "https://x.example/ada-testchild.xml"
    missing = MissingEntry(key=f"{link} now", link=link, others=(link,), failures=1, retry_at=NOW)
    await store.write(feeds.entries_missing, "nws", [(missing, f"no {link}"), (replace(missing, key="b"), link)])
    assert [one.link for one in await store.read(feeds.missing_entries, "nws")] == [link, link]
    await store.write(feeds.entries_taken, [TakenEntry(feed="nws", key=missing.key, link=link)])
    await store.write(feeds.entries_missing, "nws", [(replace(missing, key="b", retry_at=None), link)])
    assert await columns_with(store, "ada-testchild") == set()
    assert await store.read(feeds.known_entries, "nws", [missing.key, "b", "c"]) == {missing.key, "b"}


async def test_a_document_that_never_came_is_announced_again(store: Store) -> None:
    """Its address is erased in time; it is not known any more, so that a listing, which is read in full, announces it again."""
    link = "https://x.example/zyx.xml"
    missing = MissingEntry(key="k", link=link, failures=1, retry_at=NOW)
    await store.write(feeds.entries_missing, "nws", [(missing, link)])
    await store.write(feeds.save_validators, "nws", "", Validators(etag="x"))
    await store.write(retention.erase_bodies, utc_now())
    await store.write(feeds.entries_missing, "nws", [(missing, link)])  # this process still tries it
    assert await columns_with(store, "zyx") == set()
    assert await store.read(feeds.known_entries, "nws", ["k"]) == set()
    assert await store.read(feeds.missing_entries, "nws") == []
    assert (await store.read(feeds.validators))["nws"][""] == Validators()
    await store.write(feeds.entries_taken, [TakenEntry(feed="nws", key="k", link=link)])
    assert await store.read(feeds.known_entries, "nws", ["k"]) == {"k"}


async def test_bodies_are_erased_after_the_shortest_retention(store: Store) -> None:
    """So are the addresses of documents in which no alert is known."""
    body = Body(url="https://x.example/zyx", status=200, media_type="zyx", content=b"<a>zyx</a>")
    await store.write(feeds.save_validators, "nws", "", Validators(etag="x"), [body])
    document = Document(address="a", link="https://x.example/zyx.xml")
    await store.write(feeds.entries_taken, [TakenEntry(feed="nws", document=document)])
    assert not await store.read(retention.are_bodies, NOW - HOUR)
    assert await store.write(retention.erase_bodies, utc_now()) == 2
    assert not await store.read(retention.are_bodies, utc_now())
    assert await columns_with(store, "zyx") == set()


async def test_every_personal_column_is_blanked(store: Store) -> None:
    """Each is filled, whatever it is for; whoever adds one has to say here how it is erased."""
    first = chain()[0]
    taken = await take(store, first, "app")
    (claim,) = await store.write(deliveries.claim, "app", room=1, lease=LEASE)
    await store.write(deliveries.record, [Finished(claim, attempt(1, "status"), Retry(NOW))])
    await take(store, story.cancel(NOW, first), "app")
    await store.write(fill, taken.decision.changes[0].card_id, taken.alert_id)
    filled = await columns_with(store, MARK)
    assert filled >= {f"{column.table.name}.{column.name}" for column in PERSONAL if column.table is not pictures}
    await erase(store, 2 * HOUR)
    await store.write(retention.erase_bodies, utc_now())
    assert await columns_with(store, MARK) == set()


MARK = "Zyx Testmark"


STAYS = {
    **dict.fromkeys(["addresses.etag", "addresses.last_modified"], "so that an erased document is not fetched again"),
    **dict.fromkeys(["addresses.envelope_status", "entries.envelope_status"], "Actual, Exercise, Test …"),
    **dict.fromkeys(["alerts.sender", "alerts.identifier", "alerts.sent", "alerts.signer"], "who said it, and when"),
    **dict.fromkeys(["alerts.sender_key", "alerts.identifier_key", "alerts.gist"], "decides about later messages"),
    **dict.fromkeys(
        ["alerts.status", "alerts.msg_type", "alerts.scope", "alerts.cap_version"], "words of the standard"
    ),
    **dict.fromkeys(["chain_names.sender_key", "chain_names.world", "chain_names.identifier_key"], "ties chains"),
    **dict.fromkeys(["cards.sender_key", "held_take_downs.sender_key"], "an authority"),
    "cards.target": "codes of areas",
    "receiver_troubles.last_answer": "a status, a word of ours, or the server that a redirect names",
    "sealed_receivers.sealed": "settings of a receiver, encrypted; deleted once it displays nothing",
    **dict.fromkeys(["audit.actor", "audit.detail"], "the name of a token, and ids"),
}
"""Columns of text that keep what they have, and why. A new one is either of these or personal."""


def test_every_column_of_text_is_personal_or_stays_for_a_reason() -> None:
    """A stranger's words must not outlive the retention because somebody forgot their column."""
    free = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (Told, Exact, Word, Text, LargeBinary))
    }
    personal = {f"{column.table.name}.{column.name}" for column in PERSONAL}
    assert free - personal == set(STAYS)


def fill(write: Any, card_id: str, alert_id: str) -> None:
    """A mark in each personal column, in rows that belong to a card and an alert."""
    write.execute(delete(alert_traits))
    for column in PERSONAL:
        if column.table is pictures:  # which go when their card ends: tests/media
            continue
        value: Any = MARK.encode() if isinstance(column.type, LargeBinary) else MARK
        table = column.table
        if not write.execute(select(table)).first():
            write.execute(insert(table).values(_row(table, card_id, alert_id)))
        is_display = table.c.action == "display" if table is messages else true()
        write.execute(update(table).where(is_display).values({column.name: value}))


def _row(table: Any, card_id: str, alert_id: str) -> dict[str, Any]:
    rows: dict[str, dict[str, Any]] = {
        "bodies": {"id": "b", "feed": "f", "url": "", "status": 200, "media_type": "", "fetched_at": NOW, "sha256": ""},
        "entries": {"feed": "f", "key": "k", "state": "missing", "seen_at": NOW, "retry_at": NOW},
        "addresses": {"feed": "f", "address": "a", "alert_id": alert_id, "changed_at": NOW, "link": ""},
        "alert_traits": {"trait": "t", "alert_id": alert_id},
        "corrections": {
            "id": "c",
            "card_id": card_id,
            "chain_id": "",
            "pointer": "/",
            "value_sha256": "",
            "corrected_at": NOW,
        },
        "audit": {"at": NOW, "actor": "ops", "action": "card.held", "card_id": card_id},
    }
    return rows[table.name]


async def columns_with(store: Store, words: str) -> set[str]:
    """Columns in which some row contains these words."""

    def read(connection: Any) -> set[str]:
        return {
            f"{table.name}.{column.name}"
            for table in metadata.sorted_tables
            for column in table.columns
            for value in connection.execute(select(column)).scalars()
            if words.encode() in (value if isinstance(value, bytes) else str(value).encode(errors="replace"))
        }

    return await store.read(read)


async def test_reasons_for_acts_on_no_card_are_erased_in_time(store: Store) -> None:
    """Nothing else would erase the reason for a pause, which may name a child; who did it and when stays."""
    await store.write_alone(pause.pause, Act(actor="ops", reason="somebody floods us with Ada Testchild"))
    assert not await store.read(retention.are_reasons, utc_now() - timedelta(minutes=1))
    assert await store.write(retention.erase_reasons, utc_now()) == 1
    (entry,) = (await store.read(audit.page)).items
    assert (entry.actor, entry.action, entry.reason) == ("ops", "gateway.paused", None)

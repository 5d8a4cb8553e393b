"""A database of the first schema is brought along with all it contains: chains, cards, and what waits for receivers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import as_file, files
from typing import Any

import msgspec
import pytest
from alembic import command
from alembic.config import Config
from msgspec.structs import replace
from sqlalchemy import Connection, create_engine, select, text
from store_story import NOW, POLICY, take

from capgateway import cap, cards
from capgateway.simulate import story
from capgateway.store import Store, again, conduct, lists
from capgateway.store import deliveries as delivery_rows
from capgateway.store.arrivals import sha256
from capgateway.store.store import database_url as with_driver
from capgateway.store.tables import attempts, microseconds

MOMENT = microseconds(NOW - timedelta(minutes=9))
FIRST = story.amber(NOW - timedelta(minutes=9))
UPDATE = replace(story.update(NOW - timedelta(minutes=6), FIRST), identifier="TX-U")
ERASED = replace(story.amber(NOW - timedelta(days=9)), identifier="TX-OLD")
OVER = replace(story.cancel(NOW - timedelta(days=8), ERASED), identifier="TX-OLD-C")
CARD = "crd_" + "a" * 26


def put(connection: Connection, table: str, **row: Any) -> None:
    """One row as the first version of the gateway wrote it."""
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608  (names of ours)


def put_alert(connection: Connection, alert: cap.Alert, name: str, *, bytes_are_kept: bool = True) -> None:
    assert alert.sent is not None
    assert alert.sent.instant is not None
    put(
        connection,
        "alerts",
        id=name,
        identity=sha256("\0".join((alert.sender, alert.identifier, str(alert.sent.instant), "")).encode()),
        keyed=True,
        rehearsal=False,
        sender=alert.sender,
        identifier=alert.identifier,
        sent=alert.sent.text,
        sent_at=microseconds(alert.sent.instant),
        status=alert.status,
        msg_type=alert.msg_type,
        scope=alert.scope,
        feed="nws",
        received_at=microseconds(alert.sent.instant),
        sha256=name.ljust(64, "1"),
        original=cap.write(alert) if bytes_are_kept else None,
        signature="absent",
        verdict="valid",
        findings="[]",
        decision="ignored",
        reason="not_amber" if not bytes_are_kept else None,
        decided_at=MOMENT,
    )
    for position, item in enumerate(alert.references):
        reference = {"sender": item.sender, "identifier": item.identifier}
        put(connection, "alert_references", alert_id=name, position=position, **reference)


def put_card(connection: Connection) -> None:
    """A card on display at revision 2, its first message delivered, its second waiting for one receiver."""
    gist = cards.gist(FIRST)
    member = cards.Member(alert_id="alt_u", gist=gist, feed="nws", received_at=NOW)
    decision = cards.decide(cards.Situation(arrived=member, now=NOW), POLICY)
    (shown,) = decision.changes
    assert isinstance(shown, cards.Display)
    card = cards.convert(shown, member, cards.draft(FIRST, gist), POLICY)
    body = msgspec.json.encode(replace(card, card_id=CARD, revision=2))
    put(
        connection,
        "cards",
        id=CARD,
        incident_id="inc_a",
        state="active",
        status="actual",
        revision=2,
        sequence=2,
        alert_id="alt_u",
        feed="nws",
        target="48113 48439",
        published_at=MOMENT,
        updated_at=MOMENT,
        expires_at=microseconds(NOW + timedelta(hours=5)),
    )
    put(
        connection,
        "card_revisions",
        card_id=CARD,
        revision=2,
        alert_id="alt_u",
        sequence=2,
        created_at=MOMENT,
        body=body.decode(),
    )
    for revision, state in ((1, "delivered"), (2, "pending")):
        kind = "card.published" if revision == 1 else "card.updated"
        message = {"id": f"msg_{revision}", "sequence": revision, "type": kind, "action": "display", "card_id": CARD}
        put(connection, "messages", **message, revision=revision, created_at=MOMENT, sha256="0" * 64, body=b"{}")
        lane = {"receiver": "app", "card_id": CARD, "revision": revision, "action": "display", "priority": revision}
        times = {"created_at": MOMENT, "next_at": MOMENT, "attempts": 1, "lease_until": None}
        times["confirmed"] = state == "delivered"
        put(connection, "deliveries", id=f"dlv_{revision}", message_id=f"msg_{revision}", state=state, **lane, **times)
    put(
        connection,
        "attempts",
        delivery_id="dlv_1",
        number=1,
        started_at=MOMENT,
        microseconds=5,
        outcome="delivered",
        status=200,
        ambiguous=False,
    )


@pytest.fixture(params=["0001", "0002", "0003"])
def migrated(request: pytest.FixtureRequest, database_url: str) -> Iterator[Store]:
    """The first schema, some rows, a later schema, and then this version."""
    engine = create_engine(with_driver(database_url))
    with engine.begin() as connection, as_file(files("capgateway.store") / "migrations") as path:
        settings = Config()
        settings.set_main_option("script_location", str(path))
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        put(connection, "gateway", id=1, deployment="before", sequence=2)
        put_alert(connection, FIRST, "alt_f")
        put_alert(connection, UPDATE, "alt_u")
        put_alert(connection, ERASED, "alt_e", bytes_are_kept=False)
        put_alert(connection, OVER, "alt_o", bytes_are_kept=False)
        put_card(connection)
        command.upgrade(settings, request.param)
    engine.dispose()
    store = Store.open(database_url)
    yield store
    store.close()


async def test_a_card_of_before_goes_on(migrated: Store) -> None:
    """What waited is handed out, with its number; the Cancel that comes after the upgrade takes the card down."""
    (claimed,) = await migrated.write(delivery_rows.claim, "app", room=5, lease=timedelta(0))
    assert (claimed.message_id, claimed.revision, claimed.number) == ("msg_2", 2, 2)
    ended = await take(migrated, story.cancel(NOW, FIRST))
    assert (ended.decision.word, ended.messages) == ("ended", 1)
    (down,) = await migrated.write(delivery_rows.claim, "app", room=5, lease=timedelta(0))
    assert (down.action, down.revision) == ("take_down", 3)
    sent = (await migrated.read(lists.delivery_page)).items
    assert {one.id: one.state for one in sent if one.id in ("dlv_1", "dlv_2")} == {
        "dlv_1": "delivered",
        "dlv_2": "superseded",
    }
    assert [one.attempts[0].outcome for one in sent if one.id == "dlv_1"] == ["delivered"]


async def test_what_was_confirmed_before_is_reported(migrated: Store) -> None:
    """An attempt knows from then on whether the receiver confirmed it; the report has the card with its acknowledgement."""
    query = select(attempts.c.confirmed).where(attempts.c.delivery_id == "dlv_1")
    assert await migrated.read(lambda connection: connection.execute(query).scalar()) is True
    told = await migrated.read(conduct.conduct, NOW - timedelta(days=30), NOW + timedelta(days=1), NOW)
    (card,) = told.cards
    (receiver,) = card.receivers
    assert microseconds(receiver.first_acknowledged_at or NOW) == MOMENT + 5
    assert card.published_at is not None


async def test_gists_are_made_from_bytes(migrated: Store) -> None:
    """Each alert has its gist and its chain, and the same alert again is unchanged, from other bytes too."""
    again = await take(migrated, cap.write(FIRST) + b"\n")
    assert (again.decision.word, again.alert_id) == ("unchanged", "alt_f")
    found = await migrated.read(lambda connection: connection.execute(text("SELECT id, chain_id FROM alerts")).all())
    chains = {row.id: row.chain_id for row in found}
    assert chains["alt_f"] == chains["alt_u"] is not None
    assert chains["alt_e"] == chains["alt_o"] != chains["alt_f"]


async def test_what_was_erased_stays_down(migrated: Store) -> None:
    """An Update of the erased alert, older than its Cancel, comes late: the Cancel is remembered without its bytes."""
    late = replace(story.update(NOW - timedelta(days=8, hours=5), ERASED), identifier="TX-OLD-U")
    taken = await take(migrated, late, policy=replace(POLICY, max_lifetime=timedelta(days=90)))
    assert (taken.decision.word, taken.decision.reason) == ("ignored", "stale")


async def test_reasons_have_todays_names(migrated: Store) -> None:
    """What was `not_amber` is found as `no_programme`."""
    items = (await migrated.read(lists.alert_page)).items
    assert {one.reason for one in items} == {None, "no_programme"}
    assert await migrated.read(again.undecided) == []

"""Gists, chains and lanes: decisions read what was made once, and what is due is found by an index."""

import json
from datetime import UTC, datetime, timedelta
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PERSONAL_COMMENTS = {
    ("alerts", "findings"): ("JSON list; messages quote the alert. PERSONAL DATA", "JSON list", sa.Text(), False),
    ("alerts", "event"): ("free text. PERSONAL DATA", None, sa.Text(), True),
    ("cards", "target"): (
        "codes of the units it is shown in, separated by spaces",
        "codes of the units it is shown in, apart by blanks",
        sa.Text(),
        False,
    ),
}


def upgrade() -> None:
    """Bring a database along, with everything in it. Gists are made from the bytes when the store is opened."""
    _alerts()
    _cards()
    _new_tables()
    _erased_alerts()
    op.drop_table("alert_references")
    lanes = _lanes()
    _messages_and_deliveries()
    if lanes:
        op.bulk_insert(_lanes_table(), lanes)
    op.execute(  # what was under way when its lane had moved on
        "UPDATE deliveries SET state = 'superseded', ended_at = created_at WHERE state = 'pending'"
        " AND id NOT IN (SELECT delivery_id FROM lanes)"
    )
    if op.get_bind().dialect.name != "sqlite":  # which has no comments
        for (table, column), (comment, before, kind, nullable) in PERSONAL_COMMENTS.items():
            op.alter_column(
                table,
                column,
                comment=comment,
                existing_comment=before,
                existing_type=kind,
                existing_nullable=nullable,
            )
        op.create_table_comment("sightings", "later copies of an alert; the first is in the alert's own row")


def _alerts() -> None:
    for column in (
        sa.Column("sender_key", sa.Text(), comment="for comparison: without regard to case and blanks"),
        sa.Column("identifier_key", sa.Text()),
        sa.Column(
            "chain_id", sa.String(length=40), comment="of the chain it belongs to; null where it takes part in none"
        ),
        sa.Column(
            "content_sha256",
            sa.String(length=64),
            comment="of what the message says: the same in other bytes is the same",
        ),
        sa.Column("gist", sa.Text(), comment="JSON: all that later decisions need; stays after erasure"),
        sa.Column("gist_version", sa.Integer(), comment="of the code that made the gist; another one makes it again"),
        sa.Column("draft", sa.Text(), comment="JSON: what a card would say, where it may become one. PERSONAL DATA"),
    ):
        op.add_column("alerts", column)
    op.drop_index("ix_alerts_sender_identifier", table_name="alerts")
    op.drop_index("ix_alerts_decision_received_at", table_name="alerts")
    for columns in (
        ["sender_key", "identifier_key"],
        ["chain_id"],
        ["decision", "received_at", "id"],
        ["feed", "received_at", "id"],
        ["card_id", "received_at", "id"],
        ["identifier", "received_at", "id"],
        ["reason", "received_at"],
    ):
        op.create_index(f"ix_alerts_{'_'.join(columns)}", "alerts", columns)
    op.execute("UPDATE alerts SET reason = 'no_programme' WHERE reason = 'not_amber'")


def _cards() -> None:
    op.add_column("cards", sa.Column("chain_id", sa.String(length=40), comment="of the chain whose card it is"))
    op.drop_index("ix_cards_alert_id", table_name="cards")
    op.create_index("ix_cards_chain_id", "cards", ["chain_id"])
    op.create_index("ix_cards_published_at_id", "cards", ["published_at", "id"])
    op.create_index("ix_cards_state_published_at_id", "cards", ["state", "published_at", "id"])
    op.create_index("ix_card_revisions_alert_id", "card_revisions", ["alert_id"])


def _new_tables() -> None:
    op.create_table(
        "chain_names",
        sa.Column("sender_key", sa.Text(), nullable=False),
        sa.Column(
            "world",
            sa.String(length=40),
            nullable=False,
            comment="actual, exercise …: what is practice never meets what is real",
        ),
        sa.Column("identifier_key", sa.Text(), nullable=False, comment="of an alert of the chain, or named by one"),
        sa.Column("chain_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("sender_key", "world", "identifier_key", name="pk_chain_names"),
    )
    op.create_index("ix_chain_names_chain_id", "chain_names", ["chain_id"])
    op.create_table(
        "lanes",
        sa.Column("receiver", sa.String(length=100), nullable=False),
        sa.Column(
            "subject",
            sa.String(length=100),
            nullable=False,
            comment="the card; for what is about no card, what replaces what",
        ),
        sa.Column("card_id", sa.String(length=40)),
        sa.Column(
            "delivery_id",
            sa.String(length=40),
            nullable=False,
            comment="the newest: the only one that is ever attempted",
        ),
        sa.Column("revision", sa.Integer(), nullable=False, comment="of the newest, as action and priority are"),
        sa.Column("action", sa.String(length=10), comment="take_down closes the lane for good"),
        sa.Column("priority", sa.Integer(), nullable=False, comment="0 take-down, 1 published, 2 updated, 3 passing"),
        sa.Column("since", sa.BigInteger(), nullable=False, comment="when the newest was made"),
        sa.Column(
            "due_at",
            sa.BigInteger(),
            comment="when to attempt it; the end of the lease while one is under way; null when done",
        ),
        sa.Column(
            "in_flight",
            sa.String(length=40),
            comment="the delivery under way: the newest, or one that it overtook",
        ),
        sa.Column("lease_until", sa.BigInteger(), comment="until then the one under way is its claimant's"),
        sa.PrimaryKeyConstraint("receiver", "subject", name="pk_lanes"),
    )
    waits, under_way = sa.text("due_at IS NOT NULL"), sa.text("in_flight IS NOT NULL")
    op.create_index(
        "ix_lanes_receiver_priority_due_at",
        "lanes",
        ["receiver", "priority", "due_at"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.create_index("ix_lanes_in_flight", "lanes", ["in_flight"], sqlite_where=under_way, postgresql_where=under_way)
    op.create_index("ix_lanes_card_id", "lanes", ["card_id"])
    op.create_index("ix_lanes_delivery_id", "lanes", ["delivery_id"])
    op.create_table(
        "receivers",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("last_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("last_success_at", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False, comment="attempts that failed in a row"),
        sa.Column("last_outcome", sa.String(length=20), nullable=False),
        sa.Column("last_status", sa.Integer()),
        sa.PrimaryKeyConstraint("name", name="pk_receivers"),
        comment="what is known of each receiver from its answers",
    )
    op.create_table(
        "feed_status",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("complete_at", sa.BigInteger(), comment="of the last answer whose every entry was accounted for"),
        sa.Column(
            "lease_owner",
            sa.String(length=64),
            comment="the gateway that reads it, where several share a database",
        ),
        sa.Column("lease_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_feed_status"),
    )
    op.drop_index("ix_bodies_feed_fetched_at", table_name="bodies")
    op.create_index("ix_bodies_fetched_at", "bodies", ["fetched_at"])
    op.create_index("ix_entries_seen_at", "entries", ["seen_at"])
    op.create_index("ix_sightings_seen_at", "sightings", ["seen_at"])


def _erased_alerts() -> None:
    """What the rows of erased alerts remember is enough to keep their chains together, and to keep them down."""
    bind = op.get_bind()
    named: dict[str, list[str]] = {}
    for alert_id, sender, identifier in bind.execute(
        sa.text("SELECT alert_id, sender, identifier FROM alert_references ORDER BY alert_id, position")
    ):
        named.setdefault(alert_id, []).append(f"{sender},{identifier},")
    rows = bind.execute(
        sa.text(
            "SELECT id, sender, identifier, sent, sent_at, status, msg_type, scope FROM alerts"
            " WHERE keyed AND original IS NULL"
        )
    ).mappings()
    for row in rows.all():
        gist = {name: row[name] for name in ("sender", "identifier", "sent", "status", "msg_type", "scope")}
        gist = {name: text for name, text in gist.items() if text} | {"version": 1}
        if row["sent_at"] is not None:
            gist["sent_at"] = _iso(row["sent_at"])
        gist["references"] = " ".join(named.get(row["id"], []))
        for name in ("sender", "identifier"):
            gist[f"{name}_key"] = " ".join((row[name] or "").split()).casefold()
        bind.execute(
            sa.text(
                "UPDATE alerts SET gist = :gist, gist_version = 1, sender_key = :sender, identifier_key = :identifier"
                " WHERE id = :id"
            ),
            {
                "id": row["id"],
                "gist": json.dumps(gist),
                "sender": gist["sender_key"],
                "identifier": gist["identifier_key"],
            },
        )


def _iso(microseconds: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).isoformat()


def _lanes() -> list[dict[str, object]]:
    """The newest delivery of each card to each receiver, as it is due. Leases of the old schema are over: no gateway runs
    during a migration."""
    rows = (
        op.get_bind()
        .execute(
            sa.text(
                "SELECT id, receiver, card_id, revision, action, priority, state, created_at, next_at FROM deliveries"
                " ORDER BY receiver, card_id, revision DESC, (CASE WHEN action = 'take_down' THEN 0 ELSE 1 END)"
            )
        )
        .mappings()
        .all()
    )
    newest = [next(lane) for _, lane in groupby(rows, key=lambda row: (row["receiver"], row["card_id"]))]
    return [
        {
            "receiver": row["receiver"],
            "subject": row["card_id"],
            "card_id": row["card_id"],
            "delivery_id": row["id"],
            "revision": row["revision"],
            "action": row["action"],
            "priority": row["priority"],
            "since": row["created_at"],
            "due_at": row["next_at"] if row["state"] == "pending" else None,
            "in_flight": None,
            "lease_until": None,
        }
        for row in newest
    ]


def _lanes_table() -> sa.TableClause:
    names = "receiver subject card_id delivery_id revision action priority since due_at in_flight lease_until"
    return sa.table("lanes", *(sa.column(name) for name in names.split()))


def _messages_and_deliveries() -> None:
    """Their cards become optional. SQLite cannot alter that in place, so both databases copy."""
    for table in ("messages", "deliveries", "attempts"):
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")  # noqa: S608  (our own names)
    for table in ("attempts", "deliveries", "messages"):
        op.drop_table(table)
    _create_messages()
    _create_deliveries()
    _create_attempts()
    op.execute(
        "INSERT INTO messages (id, sequence, type, action, card_id, revision, created_at, sha256, body)"
        " SELECT id, sequence, type, action, card_id, revision, created_at, sha256, body FROM old_messages"
    )
    op.execute(
        "INSERT INTO deliveries (id, message_id, receiver, subject, card_id, revision, action, state, created_at,"
        " deadline, attempts, last_status, confirmed, ended_at, reason)"
        " SELECT id, message_id, receiver, card_id, card_id, revision, action, state, created_at,"
        " deadline, attempts, last_status, confirmed, ended_at, reason FROM old_deliveries"
    )
    op.execute(
        "INSERT INTO attempts (delivery_id, number, started_at, microseconds, outcome, status, error, ambiguous,"
        " response_excerpt) SELECT delivery_id, number, started_at, microseconds, outcome, status, error, ambiguous,"
        " response_excerpt FROM old_attempts"
    )
    for table in ("messages", "deliveries", "attempts"):
        op.drop_table(f"old_{table}")


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=40), nullable=False, comment="the webhook-id"),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=10), comment="display | take_down; null for what is about no card"),
        sa.Column("card_id", sa.String(length=40), comment="null for what is about no card"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="0 for what is about no card"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the body; stays after erasure"),
        sa.Column(
            "body", sa.LargeBinary(), nullable=True, comment="serialised once, sent as it is. PERSONAL DATA in displays"
        ),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_messages_card_id"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("sequence", name="uq_messages_sequence"),
    )
    op.create_index("ix_messages_card_id_revision", "messages", ["card_id", "revision"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("receiver", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False, comment="with receiver: the lane"),
        sa.Column("card_id", sa.String(length=40)),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=10)),
        sa.Column("state", sa.String(length=12), nullable=False, comment="pending | delivered | superseded | dead"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="claims so far: the fencing number"),
        sa.Column("last_status", sa.Integer(), comment="HTTP status of the last attempt"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="the receiver said it shows or removed it"),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("reason", sa.String(length=30), comment="why it is dead"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_deliveries_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("message_id", "receiver", name="uq_deliveries_message_id_receiver"),
    )
    for first in ([], ["state"], ["receiver"], ["card_id"]):
        columns = [*first, "created_at", "id"]
        op.create_index(f"ix_deliveries_{'_'.join(columns)}", "deliveries", columns)


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column(
            "ambiguous", sa.Boolean(), nullable=False, comment="the receiver may have acted on it although it failed"
        ),
        sa.Column(
            "response_excerpt",
            sa.Text(),
            comment="at most 1 kB, on failure only, credentials masked. PERSONAL DATA if the receiver echoes a card",
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_attempts_delivery_id"),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_attempts"),
    )

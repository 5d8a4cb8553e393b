"""Programmes, incidents, what persons do, what stays after an erasure, and pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Cards that are there already are AMBER Alerts of the sender of what they display."""
    comment = "since when no display starts anywhere; null while displays are sent"
    op.add_column("gateway", sa.Column("paused_since", sa.BigInteger(), comment=comment))
    comment = "when every polled feed had answered completely; no snapshot is sent before"
    op.add_column("gateway", sa.Column("caught_up_at", sa.BigInteger(), comment=comment))
    comment = "of its last success, if operators were told since that it is silent"
    op.add_column("feed_status", sa.Column("silent_since", sa.BigInteger(), comment=comment))
    _alerts()
    _cards()
    _entries()
    _tables()
    _deliveries()
    _lanes_and_receivers()
    _readiness()
    _pictures()


def _has_comments() -> bool:
    """SQLite keeps none."""
    return op.get_bind().dialect.name != "sqlite"


def _alerts() -> None:
    comment = "released | dismissed | published, by a person"
    if _has_comments():
        op.alter_column("alerts", "handled", existing_type=sa.String(length=10), comment=comment)
    comment = "the programme as which a person published it"
    op.add_column("alerts", sa.Column("published_as", sa.String(length=40), comment=comment))
    op.add_column("alerts", sa.Column("erased_at", sa.BigInteger(), comment="when its personal data was erased"))
    op.create_index("ix_alerts_sha256", "alerts", ["sha256"])
    _index_of_the_whole("alerts", "received_at")
    waits = sa.text("decision = 'quarantined' AND handled IS NULL AND erased_at IS NULL")
    columns = ["decision", "received_at", "id"]
    op.create_index("ix_alerts_waiting", "alerts", columns, sqlite_where=waits, postgresql_where=waits)


def _index_of_the_whole(table: str, column: str) -> None:
    """An index of the rows whose personal data is not erased."""
    where = sa.text("erased_at IS NULL")
    op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=where, postgresql_where=where)


def _cards() -> None:
    comment = "the id of the programme as which it is displayed"
    amber = sa.Column("programme", sa.String(length=40), nullable=False, comment=comment, server_default="amber")
    op.add_column("cards", amber)
    comment = "of the alert on display: cards of one sender are never linked"
    op.add_column("cards", sa.Column("sender_key", sa.Text(), comment=comment))
    op.execute("UPDATE cards SET sender_key = (SELECT alerts.sender_key FROM alerts WHERE alerts.id = cards.alert_id)")
    comment = "active | linked (a copy, not displayed) | waiting (a copy, for a person) | ended, for good"
    if _has_comments():
        op.alter_column("cards", "state", existing_type=sa.String(length=10), existing_nullable=False, comment=comment)
    moments = {
        "supersede_at": "when it ends for that, at the latest; null when nothing is handed over",
        "restored_at": "since when its chain may be displayed again: a person restored it, or the policy withdrew it and no person",
        "held_at": "since when a person keeps its data beyond the retention",
        "erased_at": "when its personal data was erased",
    }
    comment = "the alert that ended it; null where its time, a person or the policy did"
    op.add_column("cards", sa.Column("ended_by", sa.String(length=40), comment=comment))
    op.execute(
        "UPDATE cards SET ended_by = (SELECT min(alerts.id) FROM alerts WHERE alerts.card_id = cards.id"
        " AND alerts.decision = 'ended') WHERE ended_at IS NOT NULL"
    )
    comment = "the card of its incident that takes its place"
    op.add_column("cards", sa.Column("superseded_by", sa.String(length=40), comment=comment))
    for name, comment in moments.items():
        op.add_column("cards", sa.Column(name, sa.BigInteger(), comment=comment))
    op.create_index("ix_cards_incident_id", "cards", ["incident_id"])
    op.create_index("ix_cards_state_supersede_at", "cards", ["state", "supersede_at"])
    _index_of_the_whole("cards", "ended_at")


def _entries() -> None:
    """What is taken in, or given up, is known by its key; its address may name a child."""
    op.execute("UPDATE entries SET link = NULL, others = NULL, error = NULL WHERE state = 'taken' OR retry_at IS NULL")
    if not _has_comments():
        return
    comments = {
        "link": "the CAP document's address, as long as it is to be fetched. PERSONAL DATA",
        "others": "its further addresses, one a line: where the first leads to no CAP. PERSONAL DATA",
        "error": "why it is missing, as long as it is to be fetched. PERSONAL DATA",
    }
    for name, comment in comments.items():
        op.alter_column("entries", name, existing_type=sa.Text(), comment=comment)
    comment = (
        "of a document that an entry links to, empty once it is erased; null for the feed's own address. PERSONAL DATA"
    )
    op.alter_column("addresses", "link", existing_type=sa.Text(), comment=comment)


def _tables() -> None:
    comment = "hash of a fact by which cards of one incident are found. PERSONAL DATA"
    op.create_table(
        "alert_traits",
        sa.Column("trait", sa.String(length=64), nullable=False, comment=comment),
        sa.Column("alert_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_traits_alert_id"),
        sa.PrimaryKeyConstraint("trait", "alert_id", name="pk_alert_traits"),
        comment="by which facts alerts of one incident are found, until retention deletes them",
    )
    op.create_index("ix_alert_traits_alert_id", "alert_traits", ["alert_id"])
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("card_id", sa.String(length=40), nullable=False),
        sa.Column(
            "chain_id", sa.String(length=40), nullable=False, comment="of the chain whose cards leave the fact out"
        ),
        sa.Column("pointer", sa.String(length=200), nullable=False, comment="JSON Pointer of the fact in the card"),
        sa.Column(
            "value_sha256",
            sa.String(length=64),
            nullable=False,
            comment="of the value that a person removed. PERSONAL DATA",
        ),
        sa.Column("corrected_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_corrections_card_id"),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        comment="facts that a person removed from cards, until the issuer's value changes",
    )
    op.create_index("ix_corrections_chain_id", "corrections", ["chain_id"])
    op.create_index("ix_corrections_card_id", "corrections", ["card_id"])
    op.create_table(
        "tombstones",
        sa.Column(
            "triple_sha256",
            sa.String(length=64),
            nullable=False,
            comment="of sender, identifier and sent, normalised",
        ),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("triple_sha256", name="pk_tombstones"),
        comment="alerts that were erased by order: what comes again, or refers to one, is ignored",
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="the name of the token; `local` without tokens"),
        sa.Column(
            "action", sa.String(length=40), nullable=False, comment="card.withdrawn, alert.published, gateway.paused …"
        ),
        sa.Column("card_id", sa.String(length=40)),
        sa.Column("alert_id", sa.String(length=40)),
        sa.Column("reason", sa.Text(), comment="the person's words. PERSONAL DATA"),
        sa.Column("detail", sa.Text(), comment="JSON: what was done, without personal data"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        comment="who did what, when and why",
    )
    op.create_index("ix_audit_card_id", "audit", ["card_id"])
    op.create_index("ix_audit_alert_id", "audit", ["alert_id"])


def _deliveries() -> None:
    """A take-down may be sent twice. SQLite cannot alter a constraint in place, so both databases copy."""
    for table in ("deliveries", "attempts"):
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")  # noqa: S608  (our own names)
    for table in ("attempts", "deliveries"):
        op.drop_table(table)
    _create_deliveries()
    _create_attempts()
    op.execute(
        "INSERT INTO deliveries (id, message_id, receiver, subject, card_id, revision, action, state, created_at,"
        " deadline, reissue, attempts, earlier, last_status, confirmed, ended_at, reason)"
        " SELECT id, message_id, receiver, subject, card_id, revision, action, state, created_at,"
        " deadline, 0, attempts, 0, last_status, confirmed, ended_at, reason FROM old_deliveries"
    )
    op.execute("UPDATE deliveries SET reason = 'gone' WHERE reason = 'suspended'")
    op.execute(
        "INSERT INTO attempts (delivery_id, number, started_at, microseconds, outcome, status, error, ambiguous, confirmed,"
        " response_excerpt) SELECT delivery_id, number, started_at, microseconds, outcome, status, error, ambiguous,"
        " outcome = 'delivered' AND (SELECT confirmed FROM deliveries WHERE deliveries.id = delivery_id), response_excerpt"
        " FROM old_attempts"
    )
    for table in ("deliveries", "attempts"):
        op.drop_table(f"old_{table}")


def _create_deliveries() -> None:
    comment = "0; 1 where a take-down is sent once more, under another id"
    earlier = "of these, before a person had it sent again"
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
        sa.Column("reissue", sa.Integer(), nullable=False, comment=comment),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="claims so far: the fencing number"),
        sa.Column("earlier", sa.Integer(), nullable=False, comment=earlier),
        sa.Column("last_status", sa.Integer(), comment="HTTP status of the last attempt"),
        sa.Column("gone_at", sa.BigInteger(), comment="when the receiver first answered 410"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="the receiver said it shows or removed it"),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("reason", sa.String(length=30), comment="why it is dead"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_deliveries_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("message_id", "receiver", "reissue", name="uq_deliveries_message_id_receiver_reissue"),
    )
    for first in ([], ["state"], ["receiver"], ["card_id"]):
        columns = [*first, "created_at", "id"]
        op.create_index(f"ix_deliveries_{'_'.join(columns)}", "deliveries", columns)


def _create_attempts() -> None:
    ambiguous = "the receiver may have acted on it although it failed"
    confirmed = "the receiver said that it shows or removed the card"
    excerpt = "at most 1 kB, on failure only, credentials masked. PERSONAL DATA if the receiver echoes a card"
    looked_up = "for the name; null where a connection was there, or none was looked up"
    connected = "for the connection, name and TLS included; null where one was there"
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("ambiguous", sa.Boolean(), nullable=False, comment=ambiguous),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment=confirmed),
        sa.Column("response_excerpt", sa.Text(), comment=excerpt),
        sa.Column("remote", sa.String(length=64), comment="the address that was connected to"),
        sa.Column("tls", sa.String(length=10), comment="the version of TLS"),
        sa.Column("queued", sa.BigInteger(), comment="microseconds from when it was due to the request"),
        sa.Column("looked_up", sa.BigInteger(), comment=looked_up),
        sa.Column("connected", sa.BigInteger(), comment=connected),
        sa.Column("answered", sa.BigInteger(), comment="until the head of the answer was there"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_attempts_delivery_id"),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_attempts"),
    )


def _lanes_and_receivers() -> None:
    comment = "no attempt before, whatever is brought forward: the receiver's wish, or a rule"
    op.add_column("lanes", sa.Column("not_before", sa.BigInteger(), comment=comment))
    comment = "displays that were sent and may still be processed: begun, and not known to have ended"
    op.add_column("lanes", sa.Column("unclear", sa.Integer(), nullable=False, server_default="0", comment=comment))
    op.execute(
        "UPDATE lanes SET unclear = 1 WHERE EXISTS (SELECT 1 FROM deliveries JOIN attempts"
        " ON attempts.delivery_id = deliveries.id WHERE deliveries.receiver = lanes.receiver"
        " AND deliveries.subject = lanes.subject AND deliveries.action = 'display' AND attempts.ambiguous)"
    )
    for name, kind, comment in (
        ("opened_at", sa.BigInteger(), "since when the breaker lets only probes through; null while it is closed"),
        ("pause", sa.Integer(), "seconds between two probes; null while it is closed"),
        ("suspended_at", sa.BigInteger(), "since when it gets no displays, because it said that it is gone"),
        (
            "revived_at",
            sa.BigInteger(),
            "when a person last had its state sent again: what is known of it is void",
        ),
    ):
        op.add_column("receivers", sa.Column(name, kind, comment=comment))
    op.create_table(
        "sealed_receivers",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="its settings, readable only with a key that is not in here",
        ),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sealed_receivers"),
        comment="how receivers are reached that are no longer configured, until they display nothing",
    )


def _readiness() -> None:
    comment = "when operators are told next that the take-down is not acknowledged"
    op.add_column("lanes", sa.Column("remind_at", sa.BigInteger(), comment=comment))
    comment = "how often the time for that has come so far"
    op.add_column("lanes", sa.Column("reminders", sa.Integer(), nullable=False, server_default="0", comment=comment))
    op.execute("UPDATE lanes SET remind_at = since + 60000000 WHERE action = 'take_down' AND due_at IS NOT NULL")
    is_open = sa.text("due_at IS NOT NULL AND action = 'take_down'")
    columns = ["since", "receiver"]
    op.create_index("ix_lanes_open_take_downs", "lanes", columns, sqlite_where=is_open, postgresql_where=is_open)
    reminds = sa.text("remind_at IS NOT NULL")
    op.create_index("ix_lanes_remind_at", "lanes", ["remind_at"], sqlite_where=reminds, postgresql_where=reminds)
    comment = "hash of how it is reached: another one is another receiver"
    op.create_table(
        "readiness",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False, comment=comment),
        sa.Column("challenge_at", sa.BigInteger(), nullable=False, comment="when to challenge it next"),
        sa.Column("challenged_at", sa.BigInteger(), comment="of the last challenge whose outcome is known"),
        sa.Column("proved_at", sa.BigInteger(), comment="of the last challenge that it passed"),
        sa.Column("snapshot_at", sa.BigInteger(), nullable=False, comment="when to send the next snapshot"),
        sa.Column("acknowledged_at", sa.BigInteger(), comment="of the last snapshot that it acknowledged"),
        sa.Column("misses", sa.Integer(), nullable=False, comment="snapshots in a row that it did not acknowledge"),
        sa.PrimaryKeyConstraint("name", name="pk_readiness"),
        comment="what is sent to each receiver to know that it is ready, and what came of it",
    )
    comment = "challenge | snapshot | refused | clock | moved | blocked | failing | mismatch"
    op.create_table(
        "receiver_troubles",
        sa.Column("receiver", sa.String(length=100), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False, comment=comment),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("last_answer", sa.Text(), comment="at the beginning: a status, or why there was no answer"),
        sa.PrimaryKeyConstraint("receiver", "cause", name="pk_receiver_troubles"),
        comment="why receivers are degraded; operators were told of each when it began",
    )


def _pictures() -> None:
    op.create_table(
        "pictures",
        sa.Column(
            "id",
            sa.String(length=64),
            nullable=False,
            comment="hash of its address and digest, or of its content in the alert",
        ),
        sa.Column("uri", sa.Text(), comment="where it is fetched; null where an alert contains it. PERSONAL DATA"),
        sa.Column("digest", sa.Text(), comment="what the alert says that the file's SHA-1 is. PERSONAL DATA"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="pending | ready | failed, for good"),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="claims so far: the fencing number"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="attempts that failed in a row"),
        sa.Column(
            "due_at",
            sa.BigInteger(),
            comment="when to try; the end of the lease while a gateway does; null when done",
        ),
        sa.Column(
            "finding",
            sa.String(length=10),
            comment="fetch | digest | type | size | unsafe: why it is not shown, or what is odd of it",
        ),
        sa.Column("trouble", sa.Text(), comment="a sentence about that. PERSONAL DATA"),
        sa.Column("mime_type", sa.String(length=20)),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("sha256", sa.String(length=64), comment="of the content"),
        sa.Column("source_sha256", sa.String(length=64), comment="of the file as it came"),
        sa.Column("content", sa.LargeBinary(), comment="as it is served, while a live card may show it. PERSONAL DATA"),
        sa.PrimaryKeyConstraint("id", name="pk_pictures"),
        comment="pictures that live cards show or wait for, each once whatever cards, feeds and gateways there are",
    )
    waits = sa.text("due_at IS NOT NULL")
    op.create_index("ix_pictures_due_at", "pictures", ["due_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_table(
        "card_media",
        sa.Column("token", sa.String(length=40), nullable=False, comment="random; the last part of its address"),
        sa.Column("card_id", sa.String(length=40), nullable=False),
        sa.Column("picture_id", sa.String(length=64), nullable=False, comment="of pictures, where it still exists"),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 is m1; a card never gives a number twice"),
        sa.Column("alert_id", sa.String(length=40), nullable=False, comment="the alert that the card displays"),
        sa.Column(
            "info",
            sa.Integer(),
            nullable=False,
            comment="position of the info block in the alert that has it, from 0",
        ),
        sa.Column("resource", sa.Integer(), nullable=False, comment="position of the resource in that"),
        sa.Column("finding", sa.String(length=10), comment="the picture's, once its card has ended"),
        sa.Column(
            "removed_at",
            sa.BigInteger(),
            comment="when a person took it from the card; then its chain never shows it again",
        ),
        sa.Column("gone_at", sa.BigInteger(), comment="when its card ended"),
        sa.PrimaryKeyConstraint("token", name="pk_card_media"),
        sa.UniqueConstraint("card_id", "picture_id", name="uq_card_media_card_id_picture_id"),
        comment="which pictures a card shows or waits for, and where they are served",
    )
    op.create_index("ix_card_media_picture_id", "card_media", ["picture_id"])
    op.create_index("ix_card_media_gone_at", "card_media", ["gone_at"])

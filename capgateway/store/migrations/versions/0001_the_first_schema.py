"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column(
            "identity",
            sa.String(length=64),
            nullable=False,
            comment="hash of sender, identifier, sent; of the bytes if unkeyed",
        ),
        sa.Column("keyed", sa.Boolean(), nullable=False, comment="holds its triple and takes part in chains"),
        sa.Column(
            "rehearsal", sa.Boolean(), nullable=False, comment="from a feed whose words leave only as exercise.*"
        ),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("identifier", sa.Text(), nullable=True),
        sa.Column("sent", sa.Text(), nullable=True, comment="as received: its offset tells local time"),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "status", sa.String(length=20), nullable=True, comment="an envelope's, where that says less than Actual"
        ),
        sa.Column("msg_type", sa.String(length=20), nullable=True),
        sa.Column("scope", sa.String(length=20), nullable=True),
        sa.Column("cap_version", sa.String(length=10), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column(
            "feed", sa.String(length=100), nullable=False, comment="the first that brought it; others: sightings"
        ),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "sha256", sa.String(length=64), nullable=False, comment="of the bytes as received; stays after erasure"
        ),
        sa.Column(
            "original",
            sa.LargeBinary(),
            nullable=True,
            comment="the bytes as received, until retention erases them. PERSONAL DATA",
        ),
        sa.Column("profile", sa.String(length=20), nullable=True),
        sa.Column("signature", sa.String(length=20), nullable=False),
        sa.Column("signer", sa.Text(), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=False, comment="valid | invalid"),
        sa.Column("findings", sa.Text(), nullable=False, comment="JSON list"),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.String(length=40), nullable=True, comment="the card this alert made or changed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("identity", name=op.f("uq_alerts_identity")),
    )
    op.create_index(op.f("ix_alerts_decision_received_at"), "alerts", ["decision", "received_at"], unique=False)
    op.create_index(op.f("ix_alerts_received_at_id"), "alerts", ["received_at", "id"], unique=False)
    op.create_index(op.f("ix_alerts_sender_identifier"), "alerts", ["sender", "identifier"], unique=False)
    op.create_table(
        "bodies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("feed", sa.String(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the body as received"),
        sa.Column(
            "content",
            sa.LargeBinary(),
            nullable=True,
            comment="the body, zlib, until retention erases it. PERSONAL DATA",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies")),
    )
    op.create_index(op.f("ix_bodies_feed_fetched_at"), "bodies", ["feed", "fetched_at"], unique=False)
    op.create_table(
        "entries",
        sa.Column("feed", sa.String(length=100), nullable=False),
        sa.Column(
            "key", sa.String(length=64), nullable=False, comment="what the entry points to, and its update time, hashed"
        ),
        sa.Column(
            "link", sa.Text(), nullable=True, comment="the CAP document's address; null when the entry carries it"
        ),
        sa.Column("state", sa.String(length=10), nullable=False, comment="taken | missing"),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="fetches that failed in a row"),
        sa.Column("retry_at", sa.BigInteger(), nullable=True, comment="for missing ones"),
        sa.Column("error", sa.Text(), nullable=True, comment="why it is missing"),
        sa.Column(
            "envelope_status",
            sa.String(length=20),
            nullable=True,
            comment="what an EDXL-DE envelope says of its content",
        ),
        sa.PrimaryKeyConstraint("feed", "key", name=op.f("pk_entries")),
    )
    op.create_index(op.f("ix_entries_feed_state"), "entries", ["feed", "state"], unique=False)
    op.create_table(
        "feeds",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column(
            "part",
            sa.String(length=100),
            nullable=False,
            comment="one poll may ask several addresses; empty for the first",
        ),
        sa.Column(
            "etag",
            sa.Text(),
            nullable=True,
            comment="of the last body whose entries are all taken in or remembered as missing",
        ),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True, comment="of that body, because entity tags lie"),
        sa.Column("changed_at", sa.BigInteger(), nullable=True, comment="when that body came"),
        sa.PrimaryKeyConstraint("name", "part", name=op.f("pk_feeds")),
    )
    op.create_table(
        "gateway",
        sa.Column("id", sa.Integer(), nullable=False, comment="always 1"),
        sa.Column(
            "deployment",
            sa.String(length=64),
            nullable=False,
            comment="random name of this database; part of every webhook-id",
        ),
        sa.Column(
            "sequence",
            sa.BigInteger(),
            nullable=False,
            comment="the last sequence given out; grows over the whole gateway",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway")),
    )
    op.create_table(
        "alert_references",
        sa.Column("alert_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_references_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "position", name=op.f("pk_alert_references")),
    )
    op.create_index(
        op.f("ix_alert_references_sender_identifier"), "alert_references", ["sender", "identifier"], unique=False
    )
    op.create_table(
        "cards",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("incident_id", sa.String(length=40), nullable=False),
        sa.Column(
            "state", sa.String(length=10), nullable=False, comment="active | ended; an ended card never comes back"
        ),
        sa.Column("status", sa.String(length=10), nullable=False, comment="actual | exercise"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="the latest, a take-down's included"),
        sa.Column("sequence", sa.BigInteger(), nullable=False, comment="of the latest revision"),
        sa.Column("alert_id", sa.String(length=40), nullable=False, comment="made the latest display"),
        sa.Column("feed", sa.String(length=100), nullable=False),
        sa.Column("target", sa.Text(), nullable=False, comment="codes of the units it is shown in, apart by blanks"),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_cards_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
    )
    op.create_index(op.f("ix_cards_alert_id"), "cards", ["alert_id"], unique=False)
    op.create_index(op.f("ix_cards_state_expires_at"), "cards", ["state", "expires_at"], unique=False)
    op.create_table(
        "sightings",
        sa.Column("alert_id", sa.String(length=40), nullable=False),
        sa.Column("feed", sa.String(length=100), nullable=False),
        sa.Column(
            "sha256",
            sa.String(length=64),
            nullable=False,
            comment="feeds wrap and re-sign: the same alert in other bytes",
        ),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_sightings_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "feed", "sha256", name=op.f("pk_sightings")),
    )
    op.create_table(
        "card_revisions",
        sa.Column("card_id", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "body", sa.Text(), nullable=True, comment="the card as JSON, until retention erases it. PERSONAL DATA"
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_card_revisions_alert_id")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_card_revisions_card_id")),
        sa.PrimaryKeyConstraint("card_id", "revision", name=op.f("pk_card_revisions")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=40), nullable=False, comment="the webhook-id"),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False, comment="display | take_down"),
        sa.Column("card_id", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the body; stays after erasure"),
        sa.Column(
            "body", sa.LargeBinary(), nullable=True, comment="serialised once, sent as it is. PERSONAL DATA in displays"
        ),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_messages_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("sequence", name=op.f("uq_messages_sequence")),
    )
    op.create_index(op.f("ix_messages_card_id_revision"), "messages", ["card_id", "revision"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("receiver", sa.String(length=100), nullable=False),
        sa.Column("card_id", sa.String(length=40), nullable=False, comment="with receiver: the lane"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="in a lane only the highest is ever attempted"),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False, comment="0 take-down, 1 published, 2 updated, 3 passing"),
        sa.Column("state", sa.String(length=12), nullable=False, comment="pending | delivered | superseded | dead"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False, comment="not before this"),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="claims so far: the fencing number"),
        sa.Column("lease_until", sa.BigInteger(), nullable=True, comment="in flight until then, whoever holds it"),
        sa.Column("last_status", sa.Integer(), nullable=True, comment="HTTP status of the last attempt"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="the receiver said it shows or removed it"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=30), nullable=True, comment="why it is dead"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", "receiver", name=op.f("uq_deliveries_message_id_receiver")),
    )
    op.create_index(
        op.f("ix_deliveries_card_id_receiver_revision"), "deliveries", ["card_id", "receiver", "revision"], unique=False
    )
    op.create_index(
        op.f("ix_deliveries_state_receiver_next_at"), "deliveries", ["state", "receiver", "next_at"], unique=False
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "ambiguous", sa.Boolean(), nullable=False, comment="the receiver may have acted on it although it failed"
        ),
        sa.Column(
            "response_excerpt",
            sa.Text(),
            nullable=True,
            comment="at most 1 kB, on failure only, credentials masked. PERSONAL DATA if the receiver echoes a card",
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempts")),
    )

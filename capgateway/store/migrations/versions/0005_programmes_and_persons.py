"""Programmes, incidents, what persons do, and what stays after an erasure."""

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
    _alerts()
    _cards()
    _entries()
    _tables()


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

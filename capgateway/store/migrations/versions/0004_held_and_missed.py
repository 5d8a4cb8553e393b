"""Take-downs that are held, gaps of feeds, and cards that nobody has verified since."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Cards that are there already count as verified when they were last changed."""
    comment = "released | dismissed, by a person, after quarantine"
    op.add_column("alerts", sa.Column("handled", sa.String(length=10), comment=comment))
    op.add_column("alerts", sa.Column("handled_at", sa.BigInteger()))
    comment = "when its alert was last seen, followed by another, or confirmed by a person"
    op.add_column("cards", sa.Column("verified_at", sa.BigInteger(), comment=comment))
    comment = "since a gap of its feed; null while it is verified"
    op.add_column("cards", sa.Column("unverified_since", sa.BigInteger(), comment=comment))
    op.execute("UPDATE cards SET verified_at = updated_at")
    op.create_table(
        "held_take_downs",
        sa.Column("alert_id", sa.String(length=40), nullable=False),
        sa.Column("sender_key", sa.Text(), nullable=False, comment="its sender, or one whose alerts it names"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_held_take_downs_alert_id"),
        sa.PrimaryKeyConstraint("alert_id", "sender_key", name="pk_held_take_downs"),
        comment="take-downs that ended nothing although they may be meant for a card, until a person or a later alert settles it",
    )
    op.create_index("ix_held_take_downs_sender_key", "held_take_downs", ["sender_key"])
    op.create_index("ix_held_take_downs_since", "held_take_downs", ["since"])
    op.create_table(
        "attention",
        sa.Column("card_id", sa.String(length=40), nullable=False),
        sa.Column("alert_id", sa.String(length=40), nullable=False, comment="the take-down that is held"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_attention_card_id"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_attention_alert_id"),
        sa.PrimaryKeyConstraint("card_id", "alert_id", name="pk_attention"),
        comment="live cards that a held take-down may be meant for",
    )
    op.create_index("ix_attention_alert_id", "attention", ["alert_id"])
    op.create_table(
        "gaps",
        sa.Column("feed", sa.String(length=100), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False, comment="the last complete answer before it"),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "ended_at", sa.BigInteger(), comment="the first complete answer after it; null while the source is away"
        ),
        sa.Column(
            "reminders",
            sa.Integer(),
            nullable=False,
            comment="how often operators were told of the unverified cards",
        ),
        sa.PrimaryKeyConstraint("feed", "since", name="pk_gaps"),
        comment="periods in which a feed may have announced what can no longer be fetched",
    )
    op.create_index("ix_gaps_noticed_at", "gaps", ["noticed_at"])
    comment = "since when its answers show nothing known, until that is judged"
    op.add_column("feed_status", sa.Column("unjudged_since", sa.BigInteger(), comment=comment))

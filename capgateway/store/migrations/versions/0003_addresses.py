"""What servers say of their documents belongs to an address, not to the name of a feed; entries may have several links."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of the old table only the time of a feed's last change is taken over, where nothing better is known: it answered then,
    and gaps are measured from its last answer. Each feed is read once in full, and what it lists is known."""
    op.execute(
        "INSERT INTO feed_status (name, complete_at) SELECT name, max(changed_at) FROM feeds "
        "WHERE name NOT IN (SELECT name FROM feed_status) AND changed_at IS NOT NULL GROUP BY name"
    )
    op.drop_table("feeds")
    op.create_table(
        "addresses",
        sa.Column("feed", sa.String(length=100), nullable=False),
        sa.Column(
            "address",
            sa.String(length=64),
            nullable=False,
            comment="hash of what is asked: another address is another document",
        ),
        sa.Column(
            "link",
            sa.Text(),
            comment="of a document that an entry links to; null for the feed's own address. PERSONAL DATA",
        ),
        sa.Column("envelope_status", sa.String(length=20), comment="what an EDXL-DE envelope says of the document"),
        sa.Column("alert_id", sa.String(length=40), comment="the alert in the document"),
        sa.Column(
            "etag", sa.Text(), comment="of the last body whose entries are all taken in or remembered as missing"
        ),
        sa.Column("last_modified", sa.Text()),
        sa.Column("sha256", sa.String(length=64), comment="of that body, because entity tags lie"),
        sa.Column("changed_at", sa.BigInteger(), nullable=False, comment="when that body came"),
        sa.PrimaryKeyConstraint("feed", "address", name="pk_addresses"),
    )
    op.create_index("ix_addresses_alert_id", "addresses", ["alert_id"])
    op.create_index("ix_addresses_changed_at", "addresses", ["changed_at"])
    comment = "what the document behind the links is known by, in addresses"
    op.add_column("entries", sa.Column("address", sa.String(length=64), comment=comment))
    comment = "further addresses of the entry, one a line: where the first leads to no CAP"
    op.add_column("entries", sa.Column("others", sa.Text(), comment=comment))

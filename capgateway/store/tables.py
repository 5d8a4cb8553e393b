"""The store's tables, to be read as a page.

Moments are whole microseconds since 1970 UTC, so that SQLite and PostgreSQL compare and sort them alike. JSON is kept
in text columns. :data:`PERSONAL`, at the end, names every column that may contain personal data: the others contain
none, and erasing the named ones changes no decision.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    literal_column,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """A moment as the store keeps it. Integer arithmetic: a float would lose the last digits."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


# Some text is kept by no database: NUL, and the half characters that bytes outside UTF-8, or escapes in JSON, become in
# Python. So whatever a stranger says has one of these three types. Plain ``String`` and ``Text`` are for our own words.


class Told(TypeDecorator[str]):
    """Words of a stranger, to be shown. What cannot be kept is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _keepable(value)


class Word(TypeDecorator[str]):
    """Where a stranger should have written one of a few words. What is longer than a word is cut."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__(length)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _keepable(value)[: self.length]


class Exact(TypeDecorator[str]):
    """Text of a stranger that is compared or used again, such as an address. What cannot be kept is escaped, so that no two
    texts become one, and every text comes back as it was."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (_keepable(value) == value and not value.startswith(ESCAPED)):
            return value
        return ESCAPED + value.encode("unicode_escape").decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or not value.startswith(ESCAPED):
            return value
        return value.removeprefix(ESCAPED).encode().decode("unicode_escape")


ESCAPED = "\x01"
"""Marks escaped text. No address or name begins so; one that does is escaped too."""


def _keepable(value: str) -> str:
    return value.encode(errors="replace").decode().replace("\0", "?")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

gateway = Table(
    "gateway",
    metadata,
    Column("id", Integer, primary_key=True, comment="always 1"),
    Column("deployment", String(64), nullable=False, comment="random name of this database; part of every webhook-id"),
    Column("sequence", BigInteger, nullable=False, comment="the last sequence given out; grows over the whole gateway"),
    Column("paused_since", Moment, comment="since when no display starts anywhere; null while displays are sent"),
    Column(
        "caught_up_at", Moment, comment="when every polled feed had answered completely; no snapshot is sent before"
    ),
)

addresses = Table(
    "addresses",
    metadata,
    Column("feed", String(100), primary_key=True),
    Column(
        "address", String(64), primary_key=True, comment="hash of what is asked: another address is another document"
    ),
    Column(
        "link",
        Exact,
        comment="of a document that an entry links to, empty once it is erased; null for the feed's own address. PERSONAL DATA",
    ),
    Column("envelope_status", Word(20), comment="what an EDXL-DE envelope says of the document"),
    Column("alert_id", String(40), comment="the alert in the document"),
    Column("etag", Exact, comment="of the last body whose entries are all taken in or remembered as missing"),
    Column("last_modified", Exact),
    Column("sha256", String(64), comment="of that body, because entity tags lie"),
    Column("changed_at", Moment, nullable=False, comment="when that body came"),
)
Index(None, addresses.c.alert_id)
Index(None, addresses.c.changed_at)

bodies = Table(
    "bodies",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("feed", String(100), nullable=False),
    Column("url", Exact, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", Told, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    Column("sha256", String(64), nullable=False, comment="of the body as received"),
    Column("content", LargeBinary, comment="the body, zlib, until retention erases it. PERSONAL DATA"),
)
Index(None, bodies.c.fetched_at)

entries = Table(
    "entries",
    metadata,
    Column("feed", String(100), primary_key=True),
    Column("key", String(64), primary_key=True, comment="what the entry points to, and its update time, hashed"),
    Column("link", Exact, comment="the CAP document's address, as long as it is to be fetched. PERSONAL DATA"),
    Column("address", String(64), comment="what the document behind the links is known by, in addresses"),
    Column(
        "others", Exact, comment="its further addresses, one a line: where the first leads to no CAP. PERSONAL DATA"
    ),
    Column("state", String(10), nullable=False, comment="taken | missing"),
    Column("seen_at", Moment, nullable=False),
    Column("failures", Integer, nullable=False, default=0, comment="fetches that failed in a row"),
    Column("retry_at", Moment, comment="for missing ones"),
    Column("error", Told, comment="why it is missing, as long as it is to be fetched. PERSONAL DATA"),
    Column("envelope_status", Word(20), comment="what an EDXL-DE envelope says of its content"),
)
Index(None, entries.c.feed, entries.c.state)
Index(None, entries.c.seen_at)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column(
        "identity",
        String(64),
        nullable=False,
        unique=True,
        comment="hash of sender, identifier, sent; of the bytes if unkeyed",
    ),
    Column("keyed", Boolean, nullable=False, comment="holds its triple and takes part in chains"),
    Column("rehearsal", Boolean, nullable=False, comment="from a feed whose words leave only as exercise.*"),
    Column("sender", Exact),
    Column("identifier", Exact),
    Column("sent", Exact, comment="as received: its offset tells local time"),
    Column("sent_at", Moment),
    Column("sender_key", Exact, comment="for comparison: without regard to case and blanks"),
    Column("identifier_key", Exact),
    Column("chain_id", String(40), comment="of the chain it belongs to; null where it takes part in none"),
    Column("status", Word(20), comment="an envelope's, where that says less than Actual"),
    Column("msg_type", Word(20)),
    Column("scope", Word(20)),
    Column("cap_version", Word(10)),
    Column("event", Told, comment="free text. PERSONAL DATA"),
    Column("feed", String(100), nullable=False, comment="the first that brought it; others: sightings"),
    Column("received_at", Moment, nullable=False),
    Column("sha256", String(64), nullable=False, comment="of the bytes as received; stays after erasure"),
    Column("content_sha256", String(64), comment="of what the message says: the same in other bytes is the same"),
    Column("original", LargeBinary, comment="the bytes as received, until retention erases them. PERSONAL DATA"),
    Column("gist", Text, comment="JSON: all that later decisions need; stays after erasure"),
    Column("gist_version", Integer, comment="of the code that made the gist; another one makes it again"),
    Column("draft", Text, comment="JSON: what a card would say, where it may become one. PERSONAL DATA"),
    Column("profile", String(20)),
    Column("signature", String(20), nullable=False),
    Column("signer", Told),
    Column("verdict", String(10), nullable=False, comment="valid | invalid"),
    Column("findings", Text, nullable=False, comment="JSON list; messages quote the alert. PERSONAL DATA"),
    Column("decision", String(20), nullable=False),
    Column("reason", String(20)),
    Column("decided_at", Moment, nullable=False),
    Column("card_id", String(40), comment="the card this alert made or changed"),
    Column("handled", String(10), comment="released | dismissed | published, by a person"),
    Column("handled_at", Moment),
    Column("published_as", String(40), comment="the programme as which a person published it"),
    Column("erased_at", Moment, comment="when its personal data was erased"),
)
Index(None, alerts.c.sender_key, alerts.c.identifier_key)
Index(None, alerts.c.chain_id)
Index(None, alerts.c.received_at, alerts.c.id)
Index(None, alerts.c.decision, alerts.c.received_at, alerts.c.id)
Index(None, alerts.c.feed, alerts.c.received_at, alerts.c.id)
Index(None, alerts.c.card_id, alerts.c.received_at, alerts.c.id)
Index(None, alerts.c.identifier, alerts.c.received_at, alerts.c.id)
Index(None, alerts.c.reason, alerts.c.received_at)
Index(None, alerts.c.sha256)
IS_WHOLE = alerts.c.erased_at.is_(None)
Index(None, alerts.c.received_at, sqlite_where=IS_WHOLE, postgresql_where=IS_WHOLE)
#: A word of the query itself: where it is a parameter, no database knows that the index below has the answer.
WAITS_FOR_A_PERSON = and_(alerts.c.decision == literal_column("'quarantined'"), alerts.c.handled.is_(None), IS_WHOLE)
Index(
    "ix_alerts_waiting",
    alerts.c.decision,
    alerts.c.received_at,
    alerts.c.id,
    sqlite_where=WAITS_FOR_A_PERSON,
    postgresql_where=WAITS_FOR_A_PERSON,
)

chain_names = Table(
    "chain_names",
    metadata,
    Column("sender_key", Exact, primary_key=True),
    Column(
        "world", Word(40), primary_key=True, comment="actual, exercise …: what is practice never meets what is real"
    ),
    Column("identifier_key", Exact, primary_key=True, comment="of an alert of the chain, or named by one"),
    Column("chain_id", String(40), nullable=False),
)
Index(None, chain_names.c.chain_id)

sightings = Table(
    "sightings",
    metadata,
    Column("alert_id", String(40), ForeignKey("alerts.id"), primary_key=True),
    Column("feed", String(100), primary_key=True),
    Column("sha256", String(64), primary_key=True, comment="feeds wrap and re-sign: the same alert in other bytes"),
    Column("seen_at", Moment, nullable=False),
    comment="later copies of an alert; the first is in the alert's own row",
)
Index(None, sightings.c.seen_at)

cards = Table(
    "cards",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("incident_id", String(40), nullable=False),
    Column(
        "programme",
        String(40),
        nullable=False,
        server_default="amber",
        comment="the id of the programme as which it is displayed",
    ),
    Column("sender_key", Exact, comment="of the alert on display: cards of one sender are never linked"),
    Column(
        "state",
        String(10),
        nullable=False,
        comment="active | linked (a copy, not displayed) | waiting (a copy, for a person) | ended, for good",
    ),
    Column("status", String(10), nullable=False, comment="actual | exercise"),
    Column("revision", Integer, nullable=False, comment="the latest, a take-down's included"),
    Column("sequence", BigInteger, nullable=False, comment="of the latest revision"),
    Column("alert_id", String(40), ForeignKey("alerts.id"), nullable=False, comment="made the latest display"),
    Column("feed", String(100), nullable=False),
    Column("chain_id", String(40), comment="of the chain whose card it is"),
    Column("target", Text, nullable=False, comment="codes of the units it is shown in, separated by spaces"),
    Column("published_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("end_reason", String(20)),
    Column("ended_by", String(40), comment="the alert that ended it; null where its time, a person or the policy did"),
    Column(
        "verified_at", Moment, comment="when its alert was last seen, followed by another, or confirmed by a person"
    ),
    Column("unverified_since", Moment, comment="since a gap of its feed; null while it is verified"),
    Column("superseded_by", String(40), comment="the card of its incident that takes its place"),
    Column("supersede_at", Moment, comment="when it ends for that, at the latest; null when nothing is handed over"),
    Column(
        "restored_at",
        Moment,
        comment="since when its chain may be displayed again: a person restored it, or the policy withdrew it and no person",
    ),
    Column("held_at", Moment, comment="since when a person keeps its data beyond the retention"),
    Column("erased_at", Moment, comment="when its personal data was erased"),
)
Index(None, cards.c.incident_id)
Index(None, cards.c.state, cards.c.supersede_at)
Index(None, cards.c.state, cards.c.expires_at)
Index(None, cards.c.published_at, cards.c.id)
Index(None, cards.c.state, cards.c.published_at, cards.c.id)
Index(None, cards.c.chain_id)
HAS_DATA = cards.c.erased_at.is_(None)
Index(None, cards.c.ended_at, sqlite_where=HAS_DATA, postgresql_where=HAS_DATA)

alert_traits = Table(
    "alert_traits",
    metadata,
    Column(
        "trait",
        String(64),
        primary_key=True,
        comment="hash of a fact by which cards of one incident are found. PERSONAL DATA",
    ),
    Column("alert_id", String(40), ForeignKey("alerts.id"), primary_key=True),
    comment="by which facts alerts of one incident are found, until retention deletes them",
)
Index(None, alert_traits.c.alert_id)

corrections = Table(
    "corrections",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("card_id", String(40), ForeignKey("cards.id"), nullable=False),
    Column("chain_id", String(40), nullable=False, comment="of the chain whose cards leave the fact out"),
    Column("pointer", String(200), nullable=False, comment="JSON Pointer of the fact in the card"),
    Column("value_sha256", String(64), nullable=False, comment="of the value that a person removed. PERSONAL DATA"),
    Column("corrected_at", Moment, nullable=False),
    comment="facts that a person removed from cards, until the issuer's value changes",
)
Index(None, corrections.c.chain_id)
Index(None, corrections.c.card_id)

pictures = Table(
    "pictures",
    metadata,
    Column(
        "id", String(64), primary_key=True, comment="hash of its address and digest, or of its content in the alert"
    ),
    Column("uri", Exact, comment="where it is fetched; null where an alert contains it. PERSONAL DATA"),
    Column("digest", Told, comment="what the alert says that the file's SHA-1 is. PERSONAL DATA"),
    Column("state", String(10), nullable=False, comment="pending | ready | failed, for good"),
    Column("attempts", Integer, nullable=False, comment="claims so far: the fencing number"),
    Column("failures", Integer, nullable=False, comment="attempts that failed in a row"),
    Column("due_at", Moment, comment="when to try; the end of the lease while a gateway does; null when done"),
    Column(
        "finding",
        String(10),
        comment="fetch | digest | type | size | unsafe: why it is not shown, or what is odd of it",
    ),
    Column("trouble", Told, comment="a sentence about that. PERSONAL DATA"),
    Column("mime_type", String(20)),
    Column("width", Integer),
    Column("height", Integer),
    Column("sha256", String(64), comment="of the content"),
    Column("source_sha256", String(64), comment="of the file as it came"),
    Column("content", LargeBinary, comment="as it is served, while a live card may show it. PERSONAL DATA"),
    comment="pictures that live cards show or wait for, each once whatever cards, feeds and gateways there are",
)
HAS_WORK = pictures.c.due_at.is_not(None)
Index(None, pictures.c.due_at, sqlite_where=HAS_WORK, postgresql_where=HAS_WORK)

card_media = Table(
    "card_media",
    metadata,
    Column("token", String(40), primary_key=True, comment="random; the last part of its address"),
    Column("card_id", String(40), nullable=False),
    Column("picture_id", String(64), nullable=False, comment="of pictures, where it still exists"),
    Column("number", Integer, nullable=False, comment="1 is m1; a card never gives a number twice"),
    Column("alert_id", String(40), nullable=False, comment="the alert that the card displays"),
    Column("info", Integer, nullable=False, comment="position of the info block in the alert that has it, from 0"),
    Column("resource", Integer, nullable=False, comment="position of the resource in that"),
    Column("finding", String(10), comment="the picture's, once its card has ended"),
    Column("removed_at", Moment, comment="when a person took it from the card; then its chain never shows it again"),
    Column("gone_at", Moment, comment="when its card ended"),
    UniqueConstraint("card_id", "picture_id"),
    comment="which pictures a card shows or waits for, and where they are served",
)
Index(None, card_media.c.picture_id)
Index(None, card_media.c.gone_at)

tombstones = Table(
    "tombstones",
    metadata,
    Column("triple_sha256", String(64), primary_key=True, comment="of sender, identifier and sent, normalised"),
    Column("erased_at", Moment, nullable=False),
    comment="alerts that were erased by order: what comes again, or refers to one, is ignored",
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("actor", Told, nullable=False, comment="the name of the token; `local` without tokens"),
    Column("action", String(40), nullable=False, comment="card.withdrawn, alert.published, gateway.paused …"),
    Column("card_id", String(40)),
    Column("alert_id", String(40)),
    Column("reason", Told, comment="the person's words. PERSONAL DATA"),
    Column("detail", Text, comment="JSON: what was done, without personal data"),
    comment="who did what, when and why",
)
Index(None, audit.c.card_id)
Index(None, audit.c.alert_id)

card_revisions = Table(
    "card_revisions",
    metadata,
    Column("card_id", String(40), ForeignKey("cards.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("alert_id", String(40), ForeignKey("alerts.id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("body", Text, comment="the card as JSON, until retention erases it. PERSONAL DATA"),
)
Index(None, card_revisions.c.alert_id)

messages = Table(
    "messages",
    metadata,
    Column("id", String(40), primary_key=True, comment="the webhook-id"),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("type", String(60), nullable=False),
    Column("action", String(10), comment="display | take_down; null for what is about no card"),
    Column("card_id", String(40), ForeignKey("cards.id"), comment="null for what is about no card"),
    Column("revision", Integer, nullable=False, comment="0 for what is about no card"),
    Column("created_at", Moment, nullable=False),
    Column("sha256", String(64), nullable=False, comment="of the body; stays after erasure"),
    Column("body", LargeBinary, comment="serialised once, sent as it is. PERSONAL DATA in displays"),
)
Index(None, messages.c.card_id, messages.c.revision)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("message_id", String(40), ForeignKey("messages.id"), nullable=False),
    Column("receiver", String(100), nullable=False),
    Column("subject", String(100), nullable=False, comment="with receiver: the lane"),
    Column("card_id", String(40)),
    Column("revision", Integer, nullable=False),
    Column("action", String(10)),
    Column("state", String(12), nullable=False, comment="pending | delivered | superseded | dead"),
    Column("created_at", Moment, nullable=False),
    Column("deadline", Moment),
    Column("reissue", Integer, nullable=False, comment="0; 1 where a take-down is sent once more, under another id"),
    Column("attempts", Integer, nullable=False, default=0, comment="claims so far: the fencing number"),
    Column("earlier", Integer, nullable=False, comment="of these, before a person had it sent again"),
    Column("last_status", Integer, comment="HTTP status of the last attempt"),
    Column("gone_at", Moment, comment="when the receiver first answered 410"),
    Column("confirmed", Boolean, nullable=False, default=False, comment="the receiver said it shows or removed it"),
    Column("ended_at", Moment),
    Column("reason", String(30), comment="why it is dead"),
    UniqueConstraint("message_id", "receiver", "reissue"),
)
Index(None, deliveries.c.created_at, deliveries.c.id)
Index(None, deliveries.c.state, deliveries.c.created_at, deliveries.c.id)
Index(None, deliveries.c.receiver, deliveries.c.created_at, deliveries.c.id)
Index(None, deliveries.c.card_id, deliveries.c.created_at, deliveries.c.id)

held_take_downs = Table(
    "held_take_downs",
    metadata,
    Column("alert_id", String(40), ForeignKey("alerts.id"), primary_key=True),
    Column("sender_key", Exact, primary_key=True, comment="its sender, or one whose alerts it names"),
    Column("since", Moment, nullable=False),
    comment="take-downs that ended nothing although they may be meant for a card, until a person or a later alert settles it",
)
Index(None, held_take_downs.c.sender_key)
Index(None, held_take_downs.c.since)

attention = Table(
    "attention",
    metadata,
    Column("card_id", String(40), ForeignKey("cards.id"), primary_key=True),
    Column("alert_id", String(40), ForeignKey("alerts.id"), primary_key=True, comment="the take-down that is held"),
    Column("since", Moment, nullable=False),
    comment="live cards that a held take-down may be meant for",
)
Index(None, attention.c.alert_id)

gaps = Table(
    "gaps",
    metadata,
    Column("feed", String(100), primary_key=True),
    Column("since", Moment, primary_key=True, comment="the last complete answer before it"),
    Column("noticed_at", Moment, nullable=False),
    Column("ended_at", Moment, comment="the first complete answer after it; null while the source is away"),
    Column("reminders", Integer, nullable=False, comment="how often operators were told of the unverified cards"),
    comment="periods in which a feed may have announced what can no longer be fetched",
)
Index(None, gaps.c.noticed_at)

lanes = Table(
    "lanes",
    metadata,
    Column("receiver", String(100), primary_key=True),
    Column("subject", String(100), primary_key=True, comment="the card; for what is about no card, what replaces what"),
    Column("card_id", String(40)),
    Column("delivery_id", String(40), nullable=False, comment="the newest: the only one that is ever attempted"),
    Column("revision", Integer, nullable=False, comment="of the newest, as action and priority are"),
    Column("action", String(10), comment="take_down closes the lane for good"),
    Column("priority", Integer, nullable=False, comment="0 take-down, 1 published, 2 updated, 3 passing"),
    Column("since", Moment, nullable=False, comment="when the newest was made"),
    Column("due_at", Moment, comment="when to attempt it; the end of the lease while one is under way; null when done"),
    Column("in_flight", String(40), comment="the delivery under way: the newest, or one that it overtook"),
    Column("lease_until", Moment, comment="until then the one under way is its claimant's"),
    Column(
        "not_before", Moment, comment="no attempt before, whatever is brought forward: the receiver's wish, or a rule"
    ),
    Column(
        "unclear",
        Integer,
        nullable=False,
        server_default="0",
        comment="displays that were sent and may still be processed: begun, and not known to have ended",
    ),
    Column("remind_at", Moment, comment="when operators are told next that the take-down is not acknowledged"),
    Column(
        "reminders", Integer, nullable=False, server_default="0", comment="how often the time for that has come so far"
    ),
)
WAITS = lanes.c.due_at.is_not(None)
Index(None, lanes.c.receiver, lanes.c.priority, lanes.c.due_at, sqlite_where=WAITS, postgresql_where=WAITS)
IS_UNDER_WAY = lanes.c.in_flight.is_not(None)
Index(None, lanes.c.in_flight, sqlite_where=IS_UNDER_WAY, postgresql_where=IS_UNDER_WAY)
Index(None, lanes.c.card_id)
Index(None, lanes.c.delivery_id)
IS_OPEN_TAKE_DOWN = and_(WAITS, lanes.c.action == literal_column("'take_down'"))
Index(
    "ix_lanes_open_take_downs",
    lanes.c.since,
    lanes.c.receiver,
    sqlite_where=IS_OPEN_TAKE_DOWN,
    postgresql_where=IS_OPEN_TAKE_DOWN,
)
REMINDS = lanes.c.remind_at.is_not(None)
Index(None, lanes.c.remind_at, sqlite_where=REMINDS, postgresql_where=REMINDS)

receivers = Table(
    "receivers",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("last_attempt_at", Moment, nullable=False),
    Column("last_success_at", Moment),
    Column("failures", Integer, nullable=False, comment="attempts that failed in a row"),
    Column("last_outcome", String(20), nullable=False),
    Column("last_status", Integer),
    Column("opened_at", Moment, comment="since when the breaker lets only probes through; null while it is closed"),
    Column("pause", Integer, comment="seconds between two probes; null while it is closed"),
    Column("suspended_at", Moment, comment="since when it gets no displays, because it said that it is gone"),
    Column("revived_at", Moment, comment="when a person last had its state sent again: what is known of it is void"),
    comment="what is known of each receiver from its answers",
)

readiness = Table(
    "readiness",
    metadata,
    Column("name", String(100), primary_key=True),
    Column(
        "fingerprint", String(64), nullable=False, comment="hash of how it is reached: another one is another receiver"
    ),
    Column("challenge_at", Moment, nullable=False, comment="when to challenge it next"),
    Column("challenged_at", Moment, comment="of the last challenge whose outcome is known"),
    Column("proved_at", Moment, comment="of the last challenge that it passed"),
    Column("snapshot_at", Moment, nullable=False, comment="when to send the next snapshot"),
    Column("acknowledged_at", Moment, comment="of the last snapshot that it acknowledged"),
    Column("misses", Integer, nullable=False, comment="snapshots in a row that it did not acknowledge"),
    comment="what is sent to each receiver to know that it is ready, and what came of it",
)

receiver_troubles = Table(
    "receiver_troubles",
    metadata,
    Column("receiver", String(100), primary_key=True),
    Column(
        "cause",
        String(20),
        primary_key=True,
        comment="challenge | snapshot | refused | clock | moved | blocked | failing | mismatch",
    ),
    Column("since", Moment, nullable=False),
    Column("last_answer", Told, comment="at the beginning: a status, or why there was no answer"),
    comment="why receivers are degraded; operators were told of each when it began",
)

sealed_receivers = Table(
    "sealed_receivers",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="its settings, readable only with a key that is not in here"),
    Column("sealed_at", Moment, nullable=False),
    comment="how receivers are reached that are no longer configured, until they display nothing",
)

feed_status = Table(
    "feed_status",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("complete_at", Moment, comment="of the last answer whose every entry was accounted for"),
    Column("unjudged_since", Moment, comment="since when its answers show nothing known, until that is judged"),
    Column("silent_since", Moment, comment="of its last success, if operators were told since that it is silent"),
    Column("lease_owner", String(64), comment="the gateway that reads it, where several share a database"),
    Column("lease_until", Moment),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", String(40), ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("microseconds", BigInteger, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("status", Integer),
    Column("error", Told),
    Column("ambiguous", Boolean, nullable=False, comment="the receiver may have acted on it although it failed"),
    Column("confirmed", Boolean, nullable=False, comment="the receiver said that it shows or removed the card"),
    Column(
        "response_excerpt",
        Told,
        comment="at most 1 kB, on failure only, credentials masked. PERSONAL DATA if the receiver echoes a card",
    ),
    Column("remote", String(64), comment="the address that was connected to"),
    Column("tls", String(10), comment="the version of TLS"),
    Column("queued", BigInteger, comment="microseconds from when it was due to the request"),
    Column("looked_up", BigInteger, comment="for the name; null where a connection was there, or none was looked up"),
    Column("connected", BigInteger, comment="for the connection, name and TLS included; null where one was there"),
    Column("answered", BigInteger, comment="until the head of the answer was there"),
)

PERSONAL = (
    alerts.c.original,
    alerts.c.draft,
    alerts.c.findings,
    alerts.c.event,
    bodies.c.content,
    bodies.c.url,
    bodies.c.media_type,
    entries.c.link,
    entries.c.others,
    entries.c.error,
    addresses.c.link,
    pictures.c.uri,
    pictures.c.digest,
    pictures.c.trouble,
    pictures.c.content,
    card_revisions.c.body,
    messages.c.body,
    attempts.c.error,
    attempts.c.response_excerpt,
    alert_traits.c.trait,
    corrections.c.value_sha256,
    audit.c.reason,
)
"""Every column that may contain a name, a plate or a stranger's words. Addresses count: a page is often named after the
child. So do hashes of a fact: there are few names and plates to try."""

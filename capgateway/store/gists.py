"""Gists of an older version are made again from the bytes that still exist, when a database is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, bindparam, false, or_, select, update

from capgateway import cap
from capgateway import cards as card_stage
from capgateway.cards import VERSION
from capgateway.cards.policy import USUAL, Policy
from capgateway.cards.programmes import KNOWN_CODES
from capgateway.clock import utc_now
from capgateway.feeds import enveloped
from capgateway.store import chains
from capgateway.store.arrivals import content_sha256, encoded
from capgateway.store.tables import alerts, cards
from capgateway.store.write import Commit, Write
from capgateway.webhooks import Outlets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

AT_ONCE = 200
"""Alerts read at once: each comes with its bytes."""

_OUTDATED = (
    select(alerts.c.id, alerts.c.original, alerts.c.status, alerts.c.keyed, alerts.c.profile)
    .where(
        alerts.c.original.is_not(None),
        alerts.c.id > bindparam("after"),
        or_(alerts.c.gist_version.is_(None), alerts.c.gist_version != VERSION),
    )
    .order_by(alerts.c.id)
    .limit(AT_ONCE)
)
_RENEWED = update(alerts).where(alerts.c.id == bindparam("alert"))
_UNTIED = select(alerts.c.id).where(alerts.c.keyed, alerts.c.chain_id.is_(None), alerts.c.gist.is_not(None))


def renew(connection: Connection) -> None:
    """Make outdated gists again, and tie alerts that are in no chain yet into theirs. What cannot be read, now as then, is
    left as it is."""
    after = ""
    while rows := connection.execute(_OUTDATED, {"after": after}).mappings().all():
        if renewed := [values for row in rows if (values := _renewed(row))]:
            connection.execute(_RENEWED, renewed)
        after = rows[-1]["id"]
    untied = list(connection.execute(_UNTIED.order_by(alerts.c.sent_at, alerts.c.id)).scalars())
    if not untied:
        return
    commit = Commit.begin(connection, now=utc_now(), outlets=Outlets(receivers=(), public_url=""), alone=True)
    for alert_id in untied:
        commit.unit(lambda write, alert_id=alert_id: _tie(write, alert_id))  # type: ignore[misc]
    made_by = select(alerts.c.chain_id).where(alerts.c.id == cards.c.alert_id).scalar_subquery()
    connection.execute(update(cards).where(cards.c.chain_id.is_(None)).values(chain_id=made_by))


def asked_otherwise(
    connection: Connection, policy: Policy, since: datetime, after: str = ""
) -> tuple[list[dict[str, Any]], str | None]:
    """Some gists made again, of alerts that were received ``since`` then and asked for other phrases, or are of a programme that
    was unknown, as after a change of programmes; with where to go on, ``None`` at the end."""
    made_with = f'"asked":"{card_stage.fingerprint(policy.phrases)}"'  # no text of a stranger can be this: its quotes are escaped
    other = and_(
        alerts.c.gist.contains('"asked":"', autoescape=True), ~alerts.c.gist.contains(made_with, autoescape=True)
    )
    columns = (alerts.c.id, alerts.c.original, alerts.c.status, alerts.c.keyed, alerts.c.profile)
    wanted = alerts.c.keyed, alerts.c.original.is_not(None), alerts.c.received_at >= since, alerts.c.id > after
    query = select(*columns).where(*wanted, or_(other, _unplaced(policy)))
    rows = connection.execute(query.order_by(alerts.c.id).limit(AT_ONCE)).mappings().all()
    renewed = [values for row in rows if (values := _renewed(row, policy))]
    return renewed, rows[-1]["id"] if len(rows) == AT_ONCE else None


def _unplaced(policy: Policy) -> ColumnElement[bool]:
    """Alerts of which nobody knew that they were of a programme, so that their areas were not resolved."""
    written = [encoded(code) for code in sorted(policy.codes - KNOWN_CODES, key=encoded)]
    unplaced = alerts.c.gist.contains('"is_placed":false', autoescape=True)
    return and_(unplaced, or_(false(), *(alerts.c.gist.contains(code, autoescape=True) for code in written)))


def save(write: Write, renewed: Sequence[dict[str, Any]]) -> None:
    """Store gists that were made again."""
    if renewed:
        write.execute(_RENEWED, renewed)


def _renewed(row: RowMapping, policy: Policy = USUAL) -> dict[str, Any] | None:
    try:
        alert = cap.parse(row["original"]).alert
        if alert is None:
            return None
        alert = enveloped(alert, row["status"])
        profile, atlas = row["profile"], policy.atlas
        gist = card_stage.gist(alert, policy.phrases, codes=policy.codes, profile=profile, atlas=atlas)
        is_shown = row["keyed"] and card_stage.may_display(gist, policy)
        draft = card_stage.draft(alert, gist, profile=profile, atlas=atlas) if is_shown else None
    except Exception:  # noqa: BLE001  (a fault over one alert must not keep the gateway from starting)
        return None
    return {
        "alert": row["id"],
        "gist": encoded(gist),
        "gist_version": VERSION,
        "draft": None if draft is None else encoded(draft),
        "sender_key": gist.sender_key,
        "identifier_key": gist.identifier_key,
        "content_sha256": content_sha256(alert),
    }


def _tie(write: Write, alert_id: str) -> None:
    member, _ = chains.one(write.connection, alert_id)
    names = chains.names_of(member.gist, rehearsal=member.rehearsal)
    chain_id = chains.Ledger(write, [names]).tie(alert_id, names)
    write.execute(_RENEWED, {"alert": alert_id, "chain_id": chain_id})

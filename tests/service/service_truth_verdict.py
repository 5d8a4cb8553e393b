"""Whether receivers show the truth of a story, or operators were told; and an account of each case where not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from service_truth_case import Case, Told
from service_truth_feeds import Feeds
from service_truth_story import WEATHER, Story
from sqlalchemy import Connection, select

from capgateway.cards import key
from capgateway.simulate.receiver import Arrival, ReceiverServer
from capgateway.store import Store
from capgateway.store.tables import alerts, attention, sightings

EXCUSES = frozenset(f"operator.{kind}" for kind in ("takedown_held", "review_waiting", "feed_gap", "cards_unverified"))


class Verdict:
    """What receivers have and had, against the truth."""

    def __init__(self, story: Story, feeds: Feeds, *, app: ReceiverServer, operators: ReceiverServer) -> None:
        self._story, self._feeds, self._app, self._operators = story, feeds, app, operators

    async def faults(self, store: Store) -> list[str]:
        """What is not as it has to be, with an account of each case concerned."""
        found = self._laws()
        for case in self._story.cases:
            if trouble := self._trouble(case):
                found.append("\n".join([trouble, *await self._account(case, store)]))
        return found

    def _trouble(self, case: Case) -> str | None:
        """Why what receivers show, or showed, of this case is wrong."""
        every = self._displays(case)
        shown = {card: _head(self._app.cards[card]) for card in every if card in self._app.cards}
        held = self._held(every)
        if case.is_never_shown and every:
            return "was never to be shown"
        if case.sender == WEATHER and held:
            return "operators were told of a take-down because of a storm"
        if [*shown.values()] == ([case.head] if case.head else []):
            return None
        if case.otherwise and [*shown.values()] == [case.otherwise] and held >= shown.keys():
            return None
        return f"shown: {shown}, right: {case.head}"

    def _displays(self, case: Case) -> list[str]:
        """The ids of its cards."""
        names = {(key(one.alert.sender), key(one.alert.identifier)) for one in case.told}
        shown = [one for one in self._app.arrivals if one.card]
        return list(
            dict.fromkeys(
                one.card_id
                for one in shown
                if one.card and one.card_id
                if (key(one.card["source"]["sender"]), key(one.card["source"]["identifier"])) in names
            )
        )

    def _held(self, cards: Collection[str]) -> set[str]:
        """Those of them that operators were told of."""
        return {one.card_id or "" for one in self._operators.arrivals if one.type in EXCUSES} & {*cards}

    def _laws(self) -> list[str]:
        """What no receiver may ever see."""
        found = [
            f"{one.type or one.request}: {one.outcome} {one.reason}"
            for server in (self._app, self._operators)
            for one in server.arrivals
            if one.outcome in {"refused", "unreadable", "elsewhere", "stale"}
        ]
        lanes: dict[str, list[Arrival]] = defaultdict(list)
        for one in self._app.arrivals:
            if one.action and one.outcome != "duplicate":
                lanes[one.card_id or ""].append(one)
        for card, lane in lanes.items():
            sequences = [one.sequence or 0 for one in lane]
            if sequences != sorted(set(sequences)):
                found.append(f"{card}: its sequence does not grow: {sequences}")
            if "take_down" in [one.action for one in lane[:-1]]:
                found.append(f"{card}: something came after its take-down")
        return found

    async def _account(self, case: Case, store: Store) -> list[str]:
        """Its story: what was said, what was decided, what was sent."""
        lines = [f"case {case.number}, {case.plot}, issuer {case.sender!r}, {case.place[0]}"]
        for one in case.told:
            alert = one.alert
            sent = alert.sent.text if alert.sent else ""
            named = re.search(rb"<references>(.*?)</references>", one.document, re.DOTALL)
            text = named[1].decode()[-160:] if named else "-"
            lines.append(
                f"  act {one.act} {one.feed:9} {alert.status} {alert.msg_type} {alert.identifier!r} {sent} "
                f"infos {len(alert.infos)} names {text!r} {one.wrong and f'[{one.wrong}]'} {one.name}"
            )
            lines += [f"      {fault}" for fault in self._feeds.faults if one.name in fault]
        names = {(key(one.alert.sender), key(one.alert.identifier)) for one in case.told}
        lines += await store.read(_decided, names)
        cards = self._displays(case)
        for arrival in sorted([*self._app.arrivals, *self._operators.arrivals], key=lambda one: one.time):
            if arrival.card_id in cards:
                what = _head(arrival.card) if arrival.card else arrival.reason or ""
                lines.append(f"  {arrival.time:%H:%M:%S.%f} {arrival.type} {arrival.card_id} {arrival.outcome} {what}")
        return lines


def _head(card: dict[str, Any]) -> tuple[str, str]:
    return card["source"]["identifier"], card["source"]["sent"]


def wanted(one: Told) -> tuple[str, str, str]:
    """What has to be among that which was brought."""
    return key(one.alert.identifier), one.alert.msg_type, _feed(one)


def _feed(one: Told) -> str:
    """The feed that has to bring it. What a stream lost is asked for only where no feed brought it."""
    return "" if one.feed == "naads" else one.feed


def brought(connection: Connection) -> set[tuple[str, str, str]]:
    """Identifier, type and feed of whatever came in, and once more for any feed."""
    columns = alerts.c.identifier_key, alerts.c.msg_type
    again = select(*columns, sightings.c.feed).join(sightings, sightings.c.alert_id == alerts.c.id)
    rows = connection.execute(select(*columns, alerts.c.feed).union(again))
    return {(row[0] or "", row[1] or "", feed) for row in rows for feed in (row[2], "")}


def _decided(connection: Connection, names: Collection[tuple[str, str]]) -> list[str]:
    """What became of the alerts of these names and of those tied to them, and of take-downs that mark their cards."""
    rows = connection.execute(select(alerts).order_by(alerts.c.received_at)).mappings().all()
    mine = {row["id"] for row in rows if (row["sender_key"], row["identifier_key"]) in names}
    tied = {row["chain_id"] for row in rows if row["id"] in mine} - {None}
    cards = {row["card_id"] for row in rows if row["id"] in mine} - {None}
    marks = dict(connection.execute(select(attention.c.alert_id, attention.c.card_id)).all())
    return [
        f"  {row['received_at']:%H:%M:%S.%f} {row['feed']:9} {row['msg_type']} {row['identifier']!r} {row['sent']} -> "
        f"{row['decision']} {row['reason'] or ''} {row['card_id'] or ''} (chain {(row['chain_id'] or '')[-6:]})"
        + (f" marks {marks[row['id']]}" if row["id"] in marks else "")
        for row in rows
        if row["id"] in mine or row["chain_id"] in tied or marks.get(row["id"]) in cards
    ]

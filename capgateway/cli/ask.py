"""The questions that commands ask of a gateway. Whatever they read from the store where no gateway answers, they read here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import click
import msgspec

from capgateway.cli.output import say
from capgateway.cli.reach import FromStore, fetch, get, settings
from capgateway.config.values import unknown
from capgateway.errors import CapgatewayError

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cli.output import Context
    from capgateway.feeds import Feed
    from capgateway.feeds.status import Health
    from capgateway.store import Store

F = TypeVar("F", bound=Callable[..., Any])
MOST_ROWS = 200  # the API gives no more per page
MOST_PAGES = 200  # of one list, of which only some rows are wanted
Item = dict[str, Any]


def limit_option(command: F) -> F:
    """``--limit``: how many rows to show."""
    return click.option(
        "--limit", type=click.IntRange(1, MOST_ROWS), default=50, show_default=True, help="How many to show at most."
    )(command)


def reason_option(*, required: bool = True) -> Callable[[F], F]:
    """``--reason``: why the user does this."""

    def said(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise click.BadParameter("say why you do this")
        return value

    text = "Why you do this. It is kept in the audit trail with your name; leave out names of persons and plates."
    return click.option("--reason", metavar="TEXT", required=required, callback=said, help=text)


def alerts(context: Context, *, decision: str | None, feed: str | None, since: datetime | None, limit: int) -> Item:
    """A page of alerts."""

    async def stored(store: Store) -> Any:
        page = await _listed(store, "alert_page", decision=decision, feed=feed, since=since, limit=limit)
        if not page.items and feed is not None:
            check_name("feed", feed, [one.name for one in settings(context).feeds])
        return page

    query = {"decision": decision, "feed": feed, "since": since and since.isoformat(), "limit": limit}
    return _page(get(context, "alerts", query, from_store=stored))


def alert(context: Context, name: str) -> Item | None:
    """The alert of that id, or the newest with that CAP identifier; ``None`` when there is none."""
    path = f"alerts/{quote(name, safe='')}"
    found = get(context, path, from_store=lambda store: _listed(store, "one_alert", name), may_be_missing=True)
    if found is not None:
        return _page(found)

    def stored(store: Store) -> Any:
        return _listed(store, "alert_page", identifier=name, limit=1)

    page = get(context, "alerts", {"identifier": name, "limit": 1}, from_store=stored, is_first=False)
    return next(iter(page["items"]), None)


def cards(context: Context, *, state: str | None, limit: int) -> Item:
    """A page of cards."""
    query = {"state": state, "limit": limit}
    return _page(
        get(context, "cards", query, from_store=lambda store: _listed(store, "card_page", state=state, limit=limit))
    )


def card(context: Context, card_id: str) -> Item | None:
    """One card with its alerts and deliveries, or ``None``."""

    async def stored(store: Store) -> Any:
        found = await _listed(store, "one_card", card_id)
        if found is None:
            return None
        made_of = (await _listed(store, "alert_page", card_id=card_id, limit=MOST_ROWS)).items
        sent = (await _listed(store, "delivery_page", card_id=card_id, limit=MOST_ROWS)).items
        return msgspec.structs.asdict(found) | {"alerts": made_of, "deliveries": sent}

    found = get(context, f"cards/{quote(card_id, safe='')}", from_store=stored, may_be_missing=True)
    return None if found is None else _page(found)


def quarantine(context: Context, *, feed: str | None, reason: str | None, limit: int) -> Item:
    """A page of quarantined alerts."""

    async def stored(store: Store) -> Any:
        page = await _listed(store, "quarantine_page", feed=feed, reason=reason, limit=limit)
        if not page.items and feed is not None:
            check_name("feed", feed, [one.name for one in settings(context).feeds])
        return page

    query = {"feed": feed, "reason": reason, "limit": limit}
    return _page(get(context, "quarantine", query, from_store=stored))


def quarantined(context: Context, alert_id: str) -> Item | None:
    """One quarantined alert, or ``None``."""
    path = f"quarantine/{quote(alert_id, safe='')}"
    found = get(
        context, path, from_store=lambda store: _listed(store, "one_quarantined", alert_id), may_be_missing=True
    )
    return None if found is None else _page(found)


def audit(context: Context, *, card_id: str | None, since: datetime | None, limit: int) -> Item:
    """A page of the audit trail."""

    async def stored(store: Store) -> Any:
        from capgateway.store import audit as trail  # noqa: PLC0415

        return await store.read(trail.page, card_id=card_id, since=since, limit=limit)

    query = {"card_id": card_id, "since": since and since.isoformat(), "limit": limit}
    return _page(get(context, "audit", query, from_store=stored))


def lives(context: Context, name: str) -> Item:
    """The whole life of an alert, or of all of that CAP identifier; without ``items`` where none is known."""

    async def stored(store: Store) -> Any:
        from capgateway.store import lives as kept  # noqa: PLC0415

        found = await store.read(kept.named, name)
        return {"items": found, "next": None} if found else {"gaps": await store.read(kept.gaps_of_all)}

    found = get(context, f"alerts/{quote(name, safe='')}/explain", from_store=stored, tells_of_missing=True)
    return _page(found)


def report(context: Context, since: datetime | None, until: datetime | None) -> Item:
    """The report of conduct of a period."""

    async def stored(store: Store) -> Any:
        from capgateway.clock import utc_now  # noqa: PLC0415
        from capgateway.store import conduct  # noqa: PLC0415
        from capgateway.web.report import USUAL  # noqa: PLC0415

        now = utc_now()
        end = until or now
        try:
            return await store.read(conduct.conduct, since or end - USUAL, end, now)
        except ValueError as error:
            raise CapgatewayError(str(error)) from None

    query = {"from": since and since.isoformat(), "to": until and until.isoformat()}
    return _page(get(context, "report", query, from_store=stored))


def evidence(context: Context, card_id: str) -> bytes:
    """The evidence bundle of a card. Raises ``LookupError`` where there is no such card."""

    async def stored(store: Store) -> Any:
        from capgateway.clock import utc_now  # noqa: PLC0415
        from capgateway.operate.bundle import bundle  # noqa: PLC0415
        from capgateway.store import evidence as kept  # noqa: PLC0415

        if (found := await store.read(kept.collect, card_id)) is None:
            raise LookupError(f"there is no card {card_id}")
        say("capgateway: without a running gateway the audit trail does not record who took this bundle")
        return bundle(found, utc_now())

    return fetch(context, f"cards/{quote(card_id, safe='')}/export", from_store=stored)


def material(context: Context, since: datetime, most: int, *, wanted: Callable[[Item], bool]) -> tuple[Item, bool]:
    """What a replay needs: the newest alerts since then that are wanted, their bytes, all cards and what persons did; and
    whether there is more."""

    async def stored(store: Store) -> Any:
        from capgateway.store import audit as trail  # noqa: PLC0415

        known = await _all(lambda **how: _listed(store, "alert_page", since=since, **how), most, wanted)
        return {
            "items": known[0],
            "is_more": known[1],
            "documents": {one["id"]: await _listed(store, "original", one["id"]) for one in known[0]},
            "cards": (await _all(lambda **how: _listed(store, "card_page", **how), most))[0],
            "acts": (await _all(lambda **how: store.read(trail.page, **how), most))[0],
        }

    query = {"since": since.isoformat(), "limit": MOST_ROWS}
    first = _page(get(context, "alerts", query, from_store=stored))
    if "documents" not in first:
        first = _asked_for(context, first, query, most, wanted)
    documents = {name: one for name, one in first["documents"].items() if one is not None}
    return first | {"alerts": first["items"], "documents": documents}, first["is_more"]


async def _all(
    ask: Callable[..., Any], most: int, wanted: Callable[[Item], bool] = lambda _: True
) -> tuple[list[Item], bool]:
    """The pages of one of the store's lists, one after the other."""
    found: list[Item] = []
    page = await ask(limit=MOST_ROWS)
    for _ in range(MOST_PAGES):
        found += [one for one in msgspec.to_builtins(page.items) if wanted(one)]
        if page.next is None or len(found) >= most:
            break
        page = await ask(limit=MOST_ROWS, after=page.next)
    return found[:most], page.next is not None


def _asked_for(context: Context, first: Item, query: Item, most: int, wanted: Callable[[Item], bool]) -> Item:
    """The same from a running gateway, whose first page of alerts is known."""

    def pages(path: str, query: Item, page: Item | None, wanted: Callable[[Item], bool]) -> tuple[list[Item], bool]:
        page = page or get(context, path, query, from_store=_gone, is_first=False)
        found: list[Item] = []
        for _ in range(MOST_PAGES):
            found += [one for one in page["items"] if wanted(one)]
            if page["next"] is None or len(found) >= most:
                break
            page = get(context, path, query | {"after": page["next"]}, from_store=_gone, is_first=False)
        return found[:most], page["next"] is not None

    every = {"limit": MOST_ROWS}
    alerts, is_more = pages("alerts", query, first, wanted)
    return {
        "items": alerts,
        "is_more": is_more,
        "documents": {one["id"]: _original(context, one["id"]) for one in alerts},
        "cards": pages("cards", every, None, lambda _: True)[0],
        "acts": pages("audit", every, None, lambda _: True)[0],
    }


def _original(context: Context, alert_id: str) -> str | None:
    """The bytes of an alert, as JSON has bytes; ``None`` once they are erased."""
    try:
        document = fetch(context, f"alerts/{quote(alert_id, safe='')}/original", from_store=_gone)
    except LookupError:
        return None
    return str(msgspec.to_builtins(document))


async def _gone(_: Store) -> Any:
    raise CapgatewayError("the gateway stopped while it was asked")


def deliveries(context: Context, *, state: str | None, receiver: str | None, card_id: str | None, limit: int) -> Item:
    """A page of deliveries."""

    async def stored(store: Store) -> Any:
        page = await _listed(store, "delivery_page", state=state, receiver=receiver, card_id=card_id, limit=limit)
        if not page.items and receiver is not None:
            check_name("receiver", receiver, [one.name for one in settings(context).receivers])
        return page

    query = {"state": state, "receiver": receiver, "card_id": card_id, "limit": limit}
    return _page(get(context, "deliveries", query, from_store=stored))


def receivers(context: Context) -> list[Item]:
    """Every configured receiver, in the order of the configuration."""

    async def stored(store: Store) -> Any:
        from capgateway.store import readiness  # noqa: PLC0415
        from capgateway.web.receivers import statuses  # noqa: PLC0415

        known = await store.read(readiness.of_receivers)
        return {"items": statuses(settings(context).receivers, known), "next": None}

    return _every(context, "receivers", from_store=stored)


def feeds(context: Context) -> list[Item]:
    """Every configured feed, in the order of the configuration."""

    async def stored(store: Store) -> Any:
        return {"items": [await _stored_feed(store, one) for one in settings(context).feeds], "next": None}

    def unstored() -> Any:
        return {"items": [_configured_feed(one) for one in settings(context).feeds], "next": None}

    return _every(context, "feeds", from_store=stored, without_store=unstored)


def _every(
    context: Context, path: str, *, from_store: FromStore, without_store: Callable[[], Any] | None = None
) -> list[Item]:
    """All pages of a list of configured things: nobody has to wonder whether one is missing."""
    query = {"limit": MOST_ROWS}
    page = _page(get(context, path, query, from_store=from_store, without_store=without_store))
    items = list(page["items"])
    while page["next"]:
        page = _page(get(context, path, query | {"after": page["next"]}, from_store=from_store, is_first=False))
        items += page["items"]
    return items


def feed(context: Context, name: str) -> Item:
    """One feed, with its missing entries."""

    async def stored(store: Store) -> Any:
        known = settings(context).feeds
        check_name("feed", name, [one.name for one in known])
        found = await _stored_feed(store, next(one for one in known if one.name == name))
        return found | {"missing_entries": await _missing(store, name)}

    return _page(get(context, f"feeds/{quote(name, safe='')}", from_store=stored))


def tell_more(page: Item) -> None:
    """That the list goes on, where it does."""
    if page["next"]:
        say(f"capgateway: there are more; --limit shows up to {MOST_ROWS}, the API all of them (after={page['next']})")


def check_name(what: str, name: str, known: Sequence[str]) -> None:
    """Raises :class:`CapgatewayError`, with a suggestion, for a name that is not configured."""
    if refusal := unknown(what, name, known):
        raise CapgatewayError(refusal)


async def _stored_feed(store: Store, feed: Feed) -> Item:
    """What the database knows of a feed, in the form of the API."""
    newest = (await _listed(store, "alert_page", feed=feed.name, limit=1)).items
    missing = len(await _missing(store, feed.name))
    return _configured_feed(feed) | {"newest_at": newest[0].received_at if newest else None, "missing": missing}


def _configured_feed(feed: Feed) -> Item:
    """What the configuration alone says of a feed, in the form of the API."""
    from capgateway.feeds.status import FeedStatus  # noqa: PLC0415

    health: Health = "waiting" if feed.enabled else "disabled"
    status = FeedStatus(name=feed.name, kind=feed.kind, enabled=feed.enabled, health=health, url=feed.address)
    return msgspec.structs.asdict(status)


def _page(told: Any) -> Item:
    """What was answered, as the object it is."""
    if not isinstance(told, dict):
        raise CapgatewayError("the answer is not that of a capgateway")
    return told


async def _listed(store: Store, name: str, *of: Any, **asked: Any) -> Any:
    """One of the store's lists. The store is imported only where no gateway answers: it takes longer than the question."""
    from capgateway.store import lists  # noqa: PLC0415

    return await store.read(getattr(lists, name), *of, **asked)


async def _missing(store: Store, feed: str) -> Any:
    from capgateway.store import feeds  # noqa: PLC0415

    return await store.read(feeds.missing_entries, feed)

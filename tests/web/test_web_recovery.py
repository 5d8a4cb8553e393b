"""What went out, and sending it again, over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from test_web_quarantine import a_card, post, take_down
from test_web_tokens import ALL, OPERATE, READ, RECEIVE, bearing

from capgateway.config import Token
from capgateway.store import deliveries

OTHER = Token(name="canada", token="canada-0123456789abcdef", scopes=("receive",), receiver="canada")


async def the_delivery(site: Any) -> dict[str, Any]:
    """The newest delivery to the app."""
    return dict((await site.get("/api/v1/deliveries?receiver=app"))[1]["items"][0])


async def test_messages_are_listed_in_order(site: Any) -> None:
    """With their bodies; a made-up cursor and unknown parameters are refused."""
    card = await a_card(site)
    status, told = await site.get("/api/v1/messages?limit=1")
    (first,) = told["items"]
    assert (status, first["card_id"], first["body"]["data"]["card_id"]) == (200, card, card)
    assert set(first) == {"sequence", "id", "type", "action", "card_id", "revision", "created_at", "body"}
    after = (await site.get(f"/api/v1/messages?after={first['sequence']}"))[1]
    assert all(each["sequence"] > first["sequence"] for each in after["items"])
    for path in ("messages?after=x", "messages?after=-1", "messages?after=99999999999999999", "messages?state=pending"):
        assert (await site.get(f"/api/v1/{path}"))[0] == 400


async def test_a_delivery_is_sent_again(site: Any) -> None:
    """By whoever may operate; 409 says why not, 404 that there is none."""
    sent = await the_delivery(site)
    assert (await post(site, f"deliveries/{sent['id']}/redeliver", {}))[0] == 200
    assert (await post(site, "deliveries/dlv_none/redeliver", {}))[0] == 404
    await site.store.write(deliveries.claim, "app", room=1, lease=timedelta(minutes=1))
    status, told = await post(site, f"deliveries/{sent['id']}/redeliver", {})
    assert (status, "being sent at this moment" in told["detail"]) == (409, True)


async def test_a_receiver_is_sent_its_state_again(site: Any) -> None:
    """What is sent is counted; an unknown receiver, mode or time is refused."""
    status, told = await post(site, "receivers/app/recover", {"reason": "they lost a disk"})
    assert (status, told["receiver"], told["displays"]) == (200, "app", 1)
    assert (await post(site, "receivers/ap/recover", {}))[0] == 404
    assert (await post(site, "receivers/app/recover", {"mode": "all"}))[0] == 400
    assert (await post(site, "receivers/app/recover", {"mode": "log", "since": "2026-11-22T07:00:00"}))[0] == 400


@pytest.fixture
def guarded(site: Any) -> Any:
    settings = site.gateway.settings
    site.gateway.settings = type(settings)(
        policy=settings.policy, feeds=settings.feeds, receivers=settings.receivers, tokens=ALL
    )
    return site


async def test_a_receiver_reads_its_own_messages(guarded: Any) -> None:
    """And sends nothing again: that takes the scope operate."""
    assert len((await guarded.get("/api/v1/messages", **bearing(RECEIVE)))[1]["items"]) == 1
    assert (await guarded.get("/api/v1/messages", **bearing(OTHER)))[1]["items"] == []
    for token, expected in ((RECEIVE, 403), (READ, 403), (OPERATE, 200)):
        assert (await post(guarded, "receivers/app/recover", {}, **bearing(token)))[0] == expected


async def test_a_receiver_reads_no_display_of_a_card_that_has_ended(guarded: Any) -> None:
    """Its own catch-up cannot bring a card back: the body of the display is gone once the take-down is written."""
    card = (await guarded.get("/api/v1/cards?state=active", **bearing(READ)))[1]["items"][0]["card_id"]
    held = await take_down(guarded)
    release = await post(guarded, f"quarantine/{held}/release", {"card": card}, **bearing(OPERATE))
    assert release[0] == 200
    items = (await guarded.get("/api/v1/messages", **bearing(RECEIVE)))[1]["items"]
    assert [(each["action"], each["body"] is None) for each in items] == [("display", True), ("take_down", False)]
    assert (await guarded.get("/api/v1/cards", **bearing(RECEIVE)))[1]["items"] == []

"""Held take-downs and unverified cards: what operators see, and what they do about them."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import update
from test_web_tokens import OPERATE, READ, RECEIVE, bearing
from web_site import Site, alert, running

from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.operate import Operate
from capgateway.service import Service
from capgateway.store import held
from capgateway.store.audit import Act
from capgateway.store.tables import cards

REASON = {"reason": "their duty officer says so"}
STRAY = "review"


async def take_down(site: Site, identifier: str = "TX-C", *, names: str = "NEVER-SEEN") -> str:
    """A Cancel of the card's sender that names no alert of ours; the id of the alert."""
    now = utc_now()
    sent = (now - timedelta(minutes=1)).isoformat(timespec="seconds")
    reference = f"<references>amber@dps.example,{names},{sent}</references>"
    document = alert(identifier, "CAE", now).replace(b"<msgType>Alert", b"<msgType>Cancel")
    document = document.replace(b"</scope>", f"</scope>{reference}".encode())
    (one,) = await site.service.submit("nws", document, actor="test")
    assert (one.decision, one.reason) == ("quarantined", STRAY)
    return one.alert_id


async def a_card(site: Site) -> str:
    """The card on display."""
    (card,) = (await site.get("/api/v1/cards?state=active"))[1]["items"]
    return str(card["card_id"])


async def post(site: Site, path: str, said: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    return await site.post(f"/api/v1/{path}", json.dumps(said).encode(), **headers)


async def leave_unverified(site: Site, card_id: str) -> None:
    """As a gap of its feed leaves it."""
    since = utc_now() - timedelta(hours=1)
    change = update(cards).where(cards.c.id == card_id).values(unverified_since=since, verified_at=since)
    await site.store.write(lambda write: write.execute(change).rowcount)


async def metrics(site: Site) -> str:
    async with site.session.get("/metrics") as answer:
        return await answer.text()


async def test_a_held_take_down_is_seen_from_the_card_and_from_the_list(site: Site) -> None:
    """The card has a mark that names the alert; the alert is listed with the card, and says what to do."""
    alert_id, card_id = await take_down(site), await a_card(site)
    listed = (await site.get("/api/v1/cards"))[1]["items"]
    shown = (await site.get(f"/api/v1/cards/{card_id}"))[1]
    for told in (listed[0], shown):
        (mark,) = told["attention"]
        assert (mark["kind"], mark["alert_id"], bool(mark["since"])) == ("takedown_held", alert_id, True)
        assert (told["unverified_since"], bool(told["verified_at"])) == (None, True)
    one = (await site.get(f"/api/v1/quarantine/{alert_id}"))[1]
    assert (one["id"], one["reason"], one["cards"]) == (alert_id, STRAY, [card_id])
    assert f"capgateway quarantine release {alert_id} --card {card_id}" in str(one["advice"])


async def test_the_quarantine_lists_what_nobody_dealt_with(site: Site) -> None:
    """The newest first, a page at a time, by feed and reason; the unreadable document of before is there too."""
    alert_ids = [await take_down(site, f"TX-C{number}") for number in range(3)]
    seen: list[str] = []
    after = ""
    for _ in range(5):
        told = (await site.get(f"/api/v1/quarantine?limit=1{after}"))[1]
        seen += [one["id"] for one in told["items"]]
        after = f"&after={told['next']}"
        if told["next"] is None:
            break
    assert seen[:3] == alert_ids[::-1]
    assert len(seen) == 4
    for query, count in (("reason=review", 3), ("reason=unreadable", 1), ("feed=nws", 4), ("feed=partner", 0)):
        assert len((await site.get(f"/api/v1/quarantine?{query}"))[1]["items"]) == count
    assert (await site.get("/api/v1/quarantine?reason=maybe"))[0] == 400
    assert "did you mean" in str((await site.get("/api/v1/quarantine?feed=nwss"))[1]["detail"])


async def test_a_release_ends_the_card(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Its take-down is on its way at once, nothing waits any more, and the log says who did it."""
    alert_id, card_id = await take_down(site), await a_card(site)
    with caplog.at_level(logging.INFO, logger="capgateway.operate"):
        status, told = await post(site, f"quarantine/{alert_id}/release", {"card": card_id, **REASON})
    assert (status, told["handled"], told["cards"], told["reason"]) == (200, "released", [card_id], "cancelled")
    card = (await site.get(f"/api/v1/cards/{card_id}"))[1]
    assert (card["state"], card["end_reason"], card["attention"]) == ("ended", "cancelled", [])
    sent = (await site.get("/api/v1/deliveries?receiver=app&state=pending"))[1]["items"]
    assert [one["type"] for one in sent] == ["card.cancelled"]
    (record,) = [record for record in caplog.records if record.getMessage() == "quarantine.released"]
    assert record.__dict__["capgateway_fields"] == {
        "actor": "local", "alert": alert_id, "card": card_id,
    }  # fmt: skip
    assert (await site.get(f"/api/v1/quarantine/{alert_id}"))[0] == 404
    assert (await site.get(f"/api/v1/alerts/{alert_id}"))[1]["handled"] == "released"


async def test_a_release_displays_what_waits(site: Site) -> None:
    """The answer names the card; nothing ends."""
    document = alert("TX-DRILL", "CAE", utc_now()).replace(b"<headline>", b"<headline>TEST - ")
    (one,) = await site.service.submit("nws", document, actor="test")
    listed = (await site.get(f"/api/v1/quarantine/{one.alert_id}"))[1]
    assert (listed["reason"], listed["doubts"], listed["cards"]) == ("review", ["drill"], [])
    assert f"`capgateway quarantine release {one.alert_id} --reason TEXT`" in listed["advice"]
    status, told = await post(site, f"quarantine/{one.alert_id}/release", REASON)
    assert (status, told["handled"], told["decision"], told["reason"]) == (200, "released", "published", None)
    (card_id,) = told["cards"]
    card = (await site.get(f"/api/v1/cards/{card_id}"))[1]
    assert (card["state"], card["card"]["source"]["identifier"]) == ("active", "TX-DRILL")


async def test_a_dismissal_leaves_the_card(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The mark is gone, the display stays, and the same again is refused with what became of it."""
    alert_id, card_id = await take_down(site), await a_card(site)
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="capgateway.operate"):
        assert (await post(site, f"quarantine/{alert_id}/dismiss", REASON))[0] == 200
    assert [one.getMessage() for one in caplog.records if one.name == "capgateway.operate"] == ["quarantine.dismissed"]
    card = (await site.get(f"/api/v1/cards/{card_id}"))[1]
    assert (card["state"], card["attention"]) == ("active", [])
    status, told = await post(site, f"quarantine/{alert_id}/dismiss", REASON)
    assert (status, told["detail"]) == (409, "this alert was dismissed already")
    detail = (await site.get(f"/api/v1/quarantine/{alert_id}"))[1]["detail"]
    assert detail == f"the alert {alert_id} is not in quarantine: it was dismissed"


async def test_what_cannot_be_released_says_why(site: Site) -> None:
    """A take-down for a card that is there and on display, and nothing that cannot be read."""
    alert_id = await take_down(site)
    (unreadable,) = (await site.get("/api/v1/quarantine?reason=unreadable"))[1]["items"]
    card_id = await a_card(site)
    for given, why in [
        ({"card": card_id}, "is not a take-down"),
        ({}, "for this reason (unreadable) cannot be released"),
    ]:
        status, told = await post(site, f"quarantine/{unreadable['id']}/release", given)
        assert (status, why in told["detail"]) == (409, True)
    assert (await post(site, f"quarantine/{alert_id}/release", {"card": "crd_none"}))[0] == 404
    assert (await post(site, "quarantine/alt_none/release", {}))[0] == 404
    assert (await site.get("/api/v1/quarantine/alt_none"))[0] == 404
    assert (await a_card(site)) == card_id


async def test_a_card_is_verified(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """It is no longer unverified; doing so again moves the time on."""
    card_id = await a_card(site)
    await leave_unverified(site, card_id)
    before = (await site.get(f"/api/v1/cards/{card_id}"))[1]
    assert before["unverified_since"]
    with caplog.at_level(logging.INFO, logger="capgateway.operate"):
        status, first = await post(site, f"cards/{card_id}/verify", REASON)
    assert (status, first["unverified_since"]) == (200, None)
    assert str(before["verified_at"]) < first["verified_at"]
    second = (await post(site, f"cards/{card_id}/verify", REASON))[1]
    assert first["verified_at"] < second["verified_at"]
    record = next(record for record in caplog.records if record.getMessage() == "card.verified")
    assert record.__dict__["capgateway_fields"] == {"actor": "local", "card": card_id}
    (entry, _) = (await site.get(f"/api/v1/audit?card_id={card_id}"))[1]["items"]
    assert (entry["action"], entry["actor"], entry["reason"]) == ("card.verified", "local", REASON["reason"])


async def test_only_a_live_card_can_be_verified(site: Site) -> None:
    """404 for one that is not there, 409 for one that has ended."""
    alert_id, card_id = await take_down(site), await a_card(site)
    assert (await post(site, "cards/crd_none/verify", REASON))[0] == 404
    await post(site, f"quarantine/{alert_id}/release", {})
    status, told = await post(site, f"cards/{card_id}/verify", REASON)
    assert (status, told["detail"]) == (409, f"the card {card_id} has ended (cancelled): there is nothing to verify")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "say why in the body"),
        (b'{"reason": "  "}', "say why in the body"),
        (b'{"reason": null}', "say why in the body"),
        (b'{"reasn": "x"}', "the body is a JSON object such as"),
        (b"reason=x", "the body is a JSON object such as"),
        (b'{"reason": "\xff"}', "the body is a JSON object such as"),
        (b'{"reason": 5}', "the body is a JSON object such as"),
        (json.dumps({"reason": "x" * 501}).encode(), "the reason is longer than 500 characters"),
    ],
)
@pytest.mark.parametrize("action", ["cards/{card}/verify", "quarantine/{alert}/dismiss"])
async def test_a_reason_is_required(site: Site, action: str, body: bytes, detail: str) -> None:
    """400 with a sentence, and nothing is changed."""
    alert_id, card_id = await take_down(site), await a_card(site)
    before = (await site.get(f"/api/v1/cards/{card_id}"))[1]
    status, told = await site.post(f"/api/v1/{action.format(card=card_id, alert=alert_id)}", body)
    assert (status, str(told["detail"])[: len(detail)]) == (400, detail)
    assert (await site.get(f"/api/v1/cards/{card_id}"))[1] == before


async def test_a_receiver_learns_nothing_of_what_is_held(site: Site) -> None:
    """It sees when its card was verified; marks, the quarantine and the actions are for operators."""
    alert_id, card_id = await take_down(site), await a_card(site)
    known = site.gateway.settings
    site.gateway.settings = Settings(
        policy=known.policy, feeds=known.feeds, receivers=known.receivers, tokens=(READ, OPERATE, RECEIVE)
    )
    listed = (await site.get("/api/v1/cards", **bearing(RECEIVE)))[1]["items"]
    for told in (listed[0], (await site.get(f"/api/v1/cards/{card_id}", **bearing(RECEIVE)))[1]):
        assert ("verified_at" in told, "attention" in told) == (True, False)
    assert (await site.get("/api/v1/quarantine", **bearing(RECEIVE)))[0] == 403
    for path in (f"quarantine/{alert_id}/dismiss", f"quarantine/{alert_id}/release", f"cards/{card_id}/verify"):
        assert (await post(site, path, REASON, **bearing(READ)))[0] == 403
        assert (await post(site, path, REASON, **bearing(RECEIVE)))[0] == 403
    assert (await post(site, f"cards/{card_id}/verify", REASON, **bearing(OPERATE)))[0] == 200


async def test_what_waits_for_a_person_is_counted_and_noted(site: Site) -> None:
    """In the metrics, which are 0 otherwise, and in the notes of a gateway that is ready all the same."""
    text = await metrics(site)
    assert "capgateway_cards_unverified 0.0" in text
    assert "capgateway_take_downs_held 0.0" in text
    alert_id, card_id = await take_down(site), await a_card(site)
    await take_down(site, "TX-C2")
    await leave_unverified(site, card_id)
    text = await metrics(site)
    assert "capgateway_cards_unverified 1.0" in text
    assert "capgateway_take_downs_held 2.0" in text
    assert await site.get("/readyz") == (200, {"status": "ready", "notes": [
        "1 live card is unverified: capgateway cards list --state active", "2 take-downs are held: capgateway quarantine list",
    ]})  # fmt: skip
    await post(site, f"quarantine/{alert_id}/release", {"card": card_id})
    text = await metrics(site)
    assert "capgateway_cards_unverified 0.0" in text
    assert "capgateway_take_downs_held 0.0" in text
    assert await site.get("/readyz") == (200, {"status": "ready"})


async def test_a_process_of_role_web_acts_too(site: Site) -> None:
    """The operator's hand needs only the database."""
    alert_id, card_id = await take_down(site), await a_card(site)
    listening = replace(site.gateway.settings, gateway=GatewaySettings(listen="127.0.0.1:0"))
    only_web = Service(listening, site.store, roles=["web"])
    async with running(only_web):
        assert only_web.address is not None
        url = f"http://{only_web.address.host}:{only_web.address.port}/api/v1"
        async with site.session.post(f"{url}/feeds/nws/poll") as answer:
            assert answer.status == 503
        async with site.session.post(f"{url}/cards/{card_id}/verify", json=REASON) as answer:
            assert answer.status == 200
        async with site.session.post(f"{url}/quarantine/{alert_id}/release", json={}) as answer:
            assert (answer.status, (await answer.json())["cards"]) == (200, [card_id])


async def test_deliveries_are_woken_by_a_release_only(site: Site) -> None:
    """A take-down does not wait for the next look at the database."""
    woken: list[bool] = []
    settings = site.gateway.settings
    operate = Operate(site.store, site.gateway.schemas, settings.policy, {}, on_messages=lambda: woken.append(True))
    first, second = await take_down(site), await take_down(site, "TX-C2")
    await operate.verify(await a_card(site), Act(actor="test", reason="x"))
    await operate.dismiss(first, actor="test", reason="x")
    assert woken == []
    await operate.release(second, None, actor="test", reason=None)
    assert woken == [True]


async def test_a_fault_of_the_store_is_no_refusal(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the store's own sentences are shown: the words of another exception may be the alert's."""
    alert_id = await take_down(site)

    def fail(*_: object) -> None:
        msgspec.json.decode(b'{"a": "Ada Testchild"}', type=list[int])

    monkeypatch.setattr(held, "dismiss", fail)
    status, told = await post(site, f"quarantine/{alert_id}/dismiss", REASON)
    assert (status, told["detail"]) == (500, "something unexpected happened; the gateway's log says more")

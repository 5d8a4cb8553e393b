"""The operator's hand over HTTP: what each act answers, what it is refused for, who may do it, and the trail that it leaves."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
import zipfile
from typing import Any

import pytest
from msgspec.structs import replace
from test_web_quarantine import REASON, a_card, post
from test_web_tokens import OPERATE, READ, RECEIVE, bearing
from web_site import Site, alert

from capgateway.clock import utc_now
from capgateway.config import Settings

NO_GAP = "no feed had a gap: the alert was not announced by any feed, or is older than this database"
ACTS = ["withdraw", "restore", "correct", "hold", "verify"]


async def acts(site: Site, query: str = "") -> list[tuple[str, str, str | None]]:
    """What the trail says, the oldest first, without what the site itself submitted."""
    items = (await site.get(f"/api/v1/audit{query}"))[1]["items"]
    return [(one["action"], one["actor"], one["reason"]) for one in reversed(items)]


async def export(site: Site, card_id: str) -> zipfile.ZipFile:
    async with site.session.get(f"/api/v1/cards/{card_id}/export") as answer:
        assert (answer.status, answer.content_type) == (200, "application/zip")
        return zipfile.ZipFile(io.BytesIO(await answer.read()))


async def test_a_card_is_withdrawn_and_restored(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The answers say what became of it; the log has the actor and the ids, the trail the reason as well."""
    card_id = await a_card(site)
    with caplog.at_level(logging.INFO, logger="capgateway.operate"):
        status, told = await post(site, f"cards/{card_id}/withdraw", REASON)
        assert (status, told["state"], told["end_reason"]) == (200, "ended", "withdrawn")
        status, told = await post(site, f"cards/{card_id}/restore", {})
    assert (status, told["restored"], told["card_id"]) == (200, card_id, await a_card(site))
    assert REASON["reason"] not in json.dumps([one.__dict__["capgateway_fields"] for one in caplog.records])
    assert await acts(site, f"?card_id={card_id}") == [
        ("card.withdrawn", "local", REASON["reason"]),
        ("card.restored", "local", None),
    ]


async def test_an_act_that_cannot_be_done_says_why(site: Site) -> None:
    """404 for a card that is not there, 409 for one that is not in that state; both in a sentence."""
    for action in ACTS:
        body = REASON | ({"remove": ["/safety/0"]} if action == "correct" else {})
        assert await post(site, f"cards/crd_none/{action}", body) == (404, _problem(404, "there is no card crd_none"))
    card_id = await a_card(site)
    assert (await post(site, f"cards/{card_id}/restore", {}))[0] == 409
    await post(site, f"cards/{card_id}/withdraw", REASON)
    for action in ("withdraw", "verify", "correct"):
        body = REASON | ({"remove": ["/safety/0"]} if action == "correct" else {})
        status, told = await post(site, f"cards/{card_id}/{action}", body)
        assert (status, f"has ended (withdrawn): there is nothing to {action}" in told["detail"]) == (409, True)


@pytest.mark.parametrize("action", ["withdraw", "correct", "verify"])
async def test_a_reason_is_needed(site: Site, action: str) -> None:
    """Where the act takes something away."""
    card_id = await a_card(site)
    status, told = await post(
        site, f"cards/{card_id}/{action}", {"remove": ["/safety/0"]} if action == "correct" else {}
    )
    assert (status, told["detail"][:15]) == (400, "say why in the ")
    assert await a_card(site) == card_id


async def test_only_removals_are_understood(site: Site) -> None:
    """What would add or change a fact is a request that cannot be read; what is no fact is refused as well."""
    card_id = await a_card(site)
    for body in ({"set": {"/vehicles/0/plate": "X"}}, {"remove": [["/safety/0"]]}, {}, {"remove": ["/content"]}):
        assert (await post(site, f"cards/{card_id}/correct", REASON | body))[0] == 400
    status, told = await post(site, f"cards/{card_id}/correct", REASON | {"remove": ["/safety/9"]})
    assert (status, told["detail"]) == (409, "the card has no fact at /safety/9")
    assert (await site.get(f"/api/v1/cards/{card_id}"))[1]["card"]["revision"] == 1


async def test_facts_are_removed_from_the_revision_that_was_seen(site: Site) -> None:
    """In another one the same pointers may mean other facts: the API and the form of the page say so, and remove nothing."""
    card_id = await a_card(site)
    status, told = await post(site, f"cards/{card_id}/correct", REASON | {"remove": ["/persons/0/name"], "revision": 2})
    assert (status, "changed meanwhile, from revision 2 to 1" in told["detail"]) == (409, True)
    async with site.session.get(f"/cards/{card_id}") as answer:
        page = await answer.text()
    token, seen, fact = (re.findall(f'name="{one}" value="([^"]+)"', page)[0] for one in ("form", "revision", "remove"))
    form = REASON | {"form": token, "remove": fact}
    for revision, expected, words in (
        ("2", 409, "changed meanwhile"),
        ("", 400, "load the page again"),
        ("٣", 400, "load the"),
    ):
        async with site.session.post(f"/cards/{card_id}/correct", data=form | {"revision": revision}) as answer:
            assert (answer.status, words in await answer.text()) == (expected, True)
    assert "card.corrected" not in [one["action"] for one in (await site.get("/api/v1/audit"))[1]["items"]]
    async with site.session.post(f"/cards/{card_id}/correct", data=form | {"revision": seen}) as answer:
        assert (answer.status, answer.url.query_string) == (200, "done=correct")


async def test_a_declined_alert_is_published(site: Site) -> None:
    """With a programme and a reason; the answer names the card, and the same again is refused."""
    (declined,) = (await site.get("/api/v1/alerts?decision=ignored"))[1]["items"]
    path = f"alerts/{declined['id']}/publish"
    assert (await post(site, path, {"programme": "amber"}))[0] == 400
    status, told = await post(site, path, REASON)
    assert (status, "say with --programme" in told["detail"]) == (409, True)
    status, told = await post(site, path, REASON | {"programme": "amber"})
    assert (status, told["handled"], told["decision"], told["programme"]) == (200, "published", "published", "amber")
    card = (await site.get(f"/api/v1/cards/{told['card_id']}"))[1]
    assert (card["state"], card["card"]["source"]["identifier"]) == ("active", "TX-2")
    assert (await post(site, path, REASON | {"programme": "amber"}))[0] == 409
    assert (await post(site, "alerts/alt_none/publish", REASON))[0] == 404


async def test_a_pause_is_seen_everywhere(site: Site) -> None:
    """In readiness, metrics and what the gateway says of itself; what comes meanwhile waits, and is displayed afterwards."""
    status, told = await post(site, "pause", REASON)
    assert (status, told["is_new"], told["under_way"]) == (200, True, 0)
    assert (await post(site, "pause", {}))[1]["is_new"] is False
    assert "displays are paused since" in str((await site.get("/readyz"))[1]["notes"])
    assert (await site.get("/api/v1/gateway"))[1]["paused_since"] == told["paused_since"]
    async with site.session.get("/metrics") as answer:
        assert "capgateway_paused 1.0" in await answer.text()
    (one,) = await site.service.submit("nws", alert("TX-3", "CAE", utc_now()), actor="test")
    assert one.reason == "paused"
    assert (await post(site, "resume", {}))[1]["was_paused_since"] == told["paused_since"]
    assert (await site.get(f"/api/v1/alerts/{one.alert_id}"))[1]["decision"] == "published"
    assert [action for action, *_ in await acts(site)][-2:] == ["gateway.paused", "gateway.resumed"]


async def test_only_operators_act(site: Site) -> None:
    """Readers see the trail and the evidence; receivers see neither."""
    card_id, known = await a_card(site), site.gateway.settings
    site.gateway.settings = Settings(
        policy=known.policy, feeds=known.feeds, receivers=known.receivers, tokens=(READ, OPERATE, RECEIVE)
    )
    for path in (*(f"cards/{card_id}/{action}" for action in ACTS), "alerts/TX-2/publish", "pause", "resume"):
        for token in (READ, RECEIVE):
            assert (await post(site, path, REASON, **bearing(token)))[0] == 403
    for path in ("audit", "alerts/TX-1/explain", f"cards/{card_id}/export"):
        assert (await site.get(f"/api/v1/{path}", **bearing(RECEIVE)))[0] == 403
    assert (await post(site, f"cards/{card_id}/withdraw", REASON, **bearing(OPERATE)))[0] == 200
    (entry,) = (await site.get(f"/api/v1/audit?card_id={card_id}", **bearing(READ)))[1]["items"]
    assert (entry["actor"], entry["action"]) == (OPERATE.name, "card.withdrawn")


async def test_what_is_fetched_and_handed_in_by_hand_is_in_the_trail(site: Site) -> None:
    """With the feed; what a partner pushes with a token of its own is not an operator's act."""
    await site.post("/api/v1/feeds/nws/poll")
    await site.post("/api/v1/feeds/partner/alerts", alert("TX-4", "TOR", utc_now()))
    items = (await site.get("/api/v1/audit?limit=2"))[1]["items"]
    assert [(one["action"], one["detail"]) for one in items] == [
        ("alert.submitted", {"feed": "partner"}),
        ("feed.polled", {"feed": "nws"}),
    ]
    partner = replace(READ, name="partner", token="p" * 32, scopes=("submit",))
    known = site.gateway.settings
    site.gateway.settings = Settings(policy=known.policy, feeds=known.feeds, tokens=(partner, READ))
    document = alert("TX-5", "TOR", utc_now())
    assert (await site.post("/api/v1/feeds/partner/alerts", document, **bearing(partner)))[0] == 202
    assert len((await site.get("/api/v1/audit", **bearing(READ)))[1]["items"]) == 2


async def test_the_trail_is_filtered_and_its_cursor_is_not_made_up(site: Site) -> None:
    """By card and time; a wrong question is a sentence."""
    await post(site, f"cards/{await a_card(site)}/hold", {})
    assert len((await site.get("/api/v1/audit?since=2020-01-01T00:00:00Z"))[1]["items"]) == 1
    assert (await site.get("/api/v1/audit?since=2999-01-01T00:00:00Z"))[1]["items"] == []
    assert (await site.get("/api/v1/audit?card_id=crd_none"))[1]["items"] == []
    for query in ("after=x", "after=99999999999999", "since=yesterday", "who=local"):
        assert (await site.get(f"/api/v1/audit?{query}"))[0] == 400


async def test_the_bundle_has_the_evidence(site: Site) -> None:
    """Each file has the sha256 of the manifest; the alert is there as received, the message as sent, and who took the bundle."""
    card_id = await a_card(site)
    await post(site, f"cards/{card_id}/withdraw", REASON)
    archive = await export(site, card_id)
    manifest = json.loads(archive.read("manifest.json"))
    digests = {one["name"]: one["sha256"] for one in manifest["files"]}
    assert {name: hashlib.sha256(archive.read(name)).hexdigest() for name in digests} == digests
    assert set(archive.namelist()) == {*digests, "manifest.json"}
    (one,) = json.loads(archive.read("alerts.json"))
    assert hashlib.sha256(archive.read(f"alerts/{one['id']}.xml")).hexdigest() == one["sha256"]
    sent = json.loads(archive.read("messages.json"))
    assert [each["type"] for each in sent] == ["card.published", "card.withdrawn"]
    assert hashlib.sha256(archive.read(f"messages/{sent[0]['sequence']}.json")).hexdigest() == sent[0]["sha256"]
    assert [each["action"] for each in json.loads(archive.read("audit.json"))][-1] == "card.withdrawn"
    assert [action for action, *_ in await acts(site, f"?card_id={card_id}")] == ["card.withdrawn", "card.exported"]
    assert (await site.get("/api/v1/cards/crd_none/export"))[0] == 404


async def test_a_life_is_told_whole(site: Site) -> None:
    """By its id or its CAP identifier: what came, what was decided in words, what it made, where that went, who did what."""
    card_id = await a_card(site)
    await post(site, f"cards/{card_id}/withdraw", REASON)
    (life,) = (await site.get("/api/v1/alerts/TX-1/explain"))[1]["items"]
    assert life == (await site.get(f"/api/v1/alerts/{life['alert']['id']}/explain"))[1]["items"][0]
    assert (life["alert"]["feed"], life["meaning"]) == ("nws", "The alert became a new card.")
    (card,) = life["cards"]
    assert (card["card_id"], card["end_reason"], len(card["revisions"])) == (card_id, "withdrawn", 1)
    assert [one["type"] for one in life["messages"]] == ["card.published", "card.withdrawn"]
    assert {one["receiver"] for one in life["deliveries"]} == {"app"}
    assert [one["action"] for one in life["audit"]] == ["card.withdrawn"]
    assert "Testchild" not in json.dumps(life)


async def test_an_unknown_alert_may_be_lost_in_a_gap(site: Site) -> None:
    """The answer says which feeds had gaps."""
    status, told = await site.get("/api/v1/alerts/NOT-HERE/explain")
    assert (status, told["detail"], told["gaps"]) == (404, f"there is no alert NOT-HERE; {NO_GAP}", [])


def _problem(status: int, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": "Not Found", "status": status, "detail": detail}

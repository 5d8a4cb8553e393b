"""The JSON pages tell what the store holds, a page at a time, and refuse what they do not understand."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest


async def items(site: Any, path: str) -> list[Any]:
    status, told = await site.get(path)
    assert status == 200
    assert set(told) == {"items", "next"}
    return list(told["items"])


async def test_alerts_tell_what_became_of_them(site: Any) -> None:
    """Every document that came in is listed with its decision and reason, the newest first."""
    found = await items(site, "/api/v1/alerts")
    assert sorted((one["identifier"] or "", one["decision"], one["reason"] or "") for one in found) == [
        ("", "quarantined", "unreadable"), ("TX-1", "published", ""), ("TX-2", "ignored", "no_programme"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("decision=published", 1), ("decision=ended", 0), ("feed=nws", 3), ("feed=other", 0), ("identifier=TX-2", 1),
        ("since=2020-01-01T00:00:00Z", 3), ("since=2099-01-01T00:00:00+01:00", 0), ("decision=ignored&identifier=TX-2", 1),
    ],
)  # fmt: skip
async def test_alerts_can_be_narrowed(site: Any, query: str, number: int) -> None:
    """Filters narrow, together too; a "+" need not be escaped."""
    assert len(await items(site, f"/api/v1/alerts?{query}")) == number


async def test_a_list_comes_in_pages(site: Any) -> None:
    """Following "next" gives every alert once, and then null."""
    seen, path = [], "/api/v1/alerts?limit=1"
    after: object = ""
    while after is not None:
        status, told = await site.get(f"{path}&after={quote(str(after))}" if after else path)
        assert status == 200
        seen += [one["id"] for one in told["items"]]
        after = told["next"]
    assert len(seen) == len(set(seen)) == 3


async def test_one_alert_and_its_bytes(site: Any) -> None:
    """An alert is told with its findings; its bytes come unaltered, to be saved rather than shown."""
    (listed,) = await items(site, "/api/v1/alerts?decision=quarantined")
    status, told = await site.get(f"/api/v1/alerts/{listed['id']}")
    assert (status, told["findings"][0]["level"]) == (200, "error")
    async with site.session.get(f"/api/v1/alerts/{listed['id']}/original") as answer:
        assert await answer.read() == b"<alert"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_one_card_with_its_life(site: Any) -> None:
    """A card is told with its alerts, findings and deliveries."""
    (listed,) = await items(site, "/api/v1/cards?state=active")
    assert await items(site, "/api/v1/cards?state=ended") == []
    status, told = await site.get(f"/api/v1/cards/{listed['card_id']}")
    assert status == 200
    assert {"card", "evidence", "alerts", "findings", "deliveries"} <= set(told)
    assert (told["state"], told["card"]["schema"]) == ("active", "card/1")
    for one in told["evidence"].values():
        assert told["card"]["content"][one["language"]][one["field"]][one["start"] : one["end"]] == one["text"]
    assert told["evidence"]["/children/0/name"]["text"] == told["card"]["children"][0]["name"] == "Ada Testchild"
    assert [one["identifier"] for one in told["alerts"]] == ["TX-1"]
    assert [one["receiver"] for one in told["deliveries"]] == ["app"]


async def test_deliveries_tell_what_is_on_its_way(site: Any) -> None:
    """A delivery is listed with its type, state and attempts, and never with its body."""
    (one,) = await items(site, "/api/v1/deliveries?state=pending&receiver=app")
    assert (one["type"], one["action"], one["attempts"]) == ("card.published", "display", [])
    assert "body" not in one
    assert await items(site, f"/api/v1/deliveries?card_id={one['card_id']}&state=dead") == []


WRONG = {
    "/api/v1/alerts?limit=0": "limit is a whole number from 1 to 200",
    "/api/v1/alerts?limit=201": "limit is",
    "/api/v1/alerts?limit=²": "limit is",
    "/api/v1/alerts?after=nowhere": 'after is the "next" of an earlier page',
    "/api/v1/alerts?after=9999999999999999999~x": "after is",
    "/api/v1/alerts?decision=maybe": "decision is one of published, updated,",
    "/api/v1/alerts?since=yesterday": "since is a time with its zone",
    "/api/v1/alerts?since=2026-11-22T00:00:00": "since is a time with its zone",
    "/api/v1/alerts?identifer=x": "there is no parameter 'identifer'; known are limit, after, decision, feed, identifier, since",
    "/api/v1/alerts?feed=%00": "feed must be",
    "/api/v1/cards?state=gone": "state is one of active, linked, waiting, ended",
    "/api/v1/cards/%00": "id must be",
}


@pytest.mark.parametrize("path", WRONG)
async def test_a_wrong_question_is_refused_in_a_sentence(site: Any, path: str) -> None:
    """What a page does not understand is a 400 that says what it would."""
    status, told = await site.get(path)
    assert (status, told["status"], told["title"]) == (400, 400, "Bad Request")
    assert told["detail"].startswith(WRONG[path])


@pytest.mark.parametrize(
    "path", ["/api/v1/alerts/alt_none", "/api/v1/alerts/x/original", "/api/v1/cards/crd_none", "/nothing"]
)
async def test_what_is_not_there_is_a_problem(site: Any, path: str) -> None:
    """404 comes as a problem document too."""
    async with site.session.get(path) as answer:
        assert answer.status == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_method_that_a_page_lacks_is_a_problem(site: Any) -> None:
    """405 comes as a problem document with its Allow header."""
    async with site.session.delete("/api/v1/cards") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (405, "application/problem+json")
        assert "GET" in answer.headers["Allow"]


async def test_a_database_that_fails_is_a_503(site: Any, tmp_path: Any) -> None:
    """Trouble of the database is told as such, without its words."""
    for file in tmp_path.glob("cap.db*"):
        file.unlink()
    site.store._reader.dispose()
    (tmp_path / "cap.db").write_bytes(b"this is no database" * 100)
    status, told = await site.get("/api/v1/cards")
    assert (status, told["title"]) == (503, "Service Unavailable")
    assert str(tmp_path) not in str(told)

"""``GET report``: the conduct of a period, for those who may read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_web_tokens import ALL, READ, bearing
from web_site import Site

from capgateway.clock import utc_now
from capgateway.config import Settings


async def test_a_period_is_reported(site: Site) -> None:
    """The last 30 days unless others are asked for; a day is its beginning. No name is in it."""
    status, told = await site.get("/api/v1/report")
    assert (status, [card["state"] for card in told["cards"]]) == (200, ["active"])
    assert [(one["decision"], one["reason"], one["count"]) for one in told["declined"]] == [
        ("ignored", "no_programme", 1),
        ("quarantined", "unreadable", 1),
    ]
    assert "Testchild" not in str(told)
    tomorrow = f"{utc_now() + timedelta(days=1):%Y-%m-%d}"
    status, none = await site.get(f"/api/v1/report?from={tomorrow}&to=2100-01-01T00:00:00%2B01:00")
    assert (status, none["cards"], none["since"]) == (200, [], f"{tomorrow}T00:00:00Z")
    assert none["until"] == "2099-12-31T23:00:00Z"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("from=2026-02-01&to=2026-01-01", "ends before it begins"),
        ("from=yesterday", "from is a time with its zone"),
        ("to=2026-01-01T00:00:00", "to is a time with its zone"),
        ("since=2026-01-01", "known are from, to"),
    ],
)
async def test_what_is_no_period_is_refused(site: Site, asked: str, says: str) -> None:
    """With a sentence that names the parameter."""
    status, told = await site.get(f"/api/v1/report?{asked}")
    assert (status, says in told["detail"]) == (400, True)


async def test_only_readers_get_it(site: Site) -> None:
    """Scope read, and no other."""
    known = site.gateway.settings
    site.gateway.settings = Settings(policy=known.policy, feeds=known.feeds, receivers=known.receivers, tokens=ALL)
    allowed = [token.name for token in ALL if (await site.get("/api/v1/report", **bearing(token)))[0] == 200]
    assert allowed == [READ.name]

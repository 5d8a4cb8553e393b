"""Erasing over the API: what it takes, what it answers, and what the log says of it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No receiver answers here."""
    monkeypatch.setattr("capgateway.operate.operate.ACKNOWLEDGED_WITHIN", 0.0)


async def erase(site: Any, **said: str) -> tuple[int, dict[str, Any]]:
    status, told = await site.post("/api/v1/erase", json.dumps(said).encode())
    return status, told


async def test_an_incident_is_erased(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The answer says which cards, and who has not acknowledged the take-down; the log has no word of the reason."""
    with caplog.at_level(logging.INFO):
        status, told = await erase(site, identifier="TX-1", reason="Ada Testchild was found")
    assert (status, told["alerts"], len(told["cards"])) == (200, 1, 1)
    assert told["ended"] == told["cards"]
    assert [(one["receiver"], one["state"], one["confirmed"]) for one in told["take_downs"]] == [
        ("app", "pending", False)
    ]
    lines = [record.__dict__.get("capgateway_fields", {}) for record in caplog.records]
    assert not [line for line in lines if "Testchild" in str(line) or "found" in str(line)]
    status, shown = await site.get(f"/api/v1/cards/{told['cards'][0]}")
    assert (status, shown["card"], shown["findings"]) == (200, None, [])
    assert (await site.get(f"/api/v1/alerts/{shown['alerts'][0]['id']}/original"))[0] == 410


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"reason": "x"}, 400),
        ({"card": "crd_x", "identifier": "y", "reason": "x"}, 400),
        ({"identifier": "TX-1"}, 400),
        ({"card": "crd_unknown", "reason": "x"}, 404),
        ({"identifier": "unknown", "reason": "x"}, 404),
    ],
)
async def test_a_vague_order_is_refused(site: Any, said: dict[str, str], status: int) -> None:
    """It needs a reason, and either a card or an identifier, which must exist."""
    assert (await erase(site, **said))[0] == status
    assert (await site.get("/api/v1/cards?state=active"))[1]["items"]


async def test_an_identifier_of_several_senders_is_refused(site: Any) -> None:
    """With the ids from which to choose."""
    document = (await original(site)).replace(b"<sender>amber@dps.example", b"<sender>other@dps.example")
    await site.service.submit("nws", document, actor="test")
    status, told = await erase(site, identifier="TX-1", reason="x")
    assert (status, told["detail"].count("alt_")) == (409, 2)


async def original(site: Any) -> bytes:
    (found,) = (await site.get("/api/v1/alerts?identifier=TX-1"))[1]["items"]
    async with site.session.get(f"/api/v1/alerts/{found['id']}/original") as answer:
        return bytes(await answer.read())

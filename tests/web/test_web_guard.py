"""Health, metrics, the front page, and who may see them."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from capgateway.config import Address
from capgateway.errors import ConfigError
from capgateway.web import guard, make_app, serve
from capgateway.web.openapi import described


async def test_the_process_lives(site: Any) -> None:
    """/healthz asks nothing but the process itself."""
    assert await site.get("/healthz") == (200, {"status": "ok"})


async def test_ready_or_why_not(site: Any) -> None:
    """/readyz is 200 when all parts work, else 503 with the reasons."""
    assert await site.get("/readyz") == (200, {"status": "ready"})
    site.troubles.append("the scheduler does not run")
    status, told = await site.get("/readyz")
    assert (status, told["reasons"]) == (503, ["the scheduler does not run"])


async def test_prometheus_is_answered(site: Any) -> None:
    """/metrics tells what happened and what is waiting."""
    async with site.session.get("/metrics") as answer:
        text = await answer.text()
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'capgateway_alerts_total{decision="published",feed="nws",reason=""} 1.0' in text
    assert 'capgateway_deliveries_pending{receiver="app"} 1.0' in text
    assert 'capgateway_feed_silent{feed="nws"}' in text
    assert "Testchild" not in text


async def test_the_front_page_says_what_runs(site: Any) -> None:
    """/ names feeds and regions, and links pages that exist."""
    async with site.session.get("/") as answer:
        text = await answer.text()
        assert answer.content_type == "text/html"
    assert {"nws", "US-TX"} <= set(re.findall(r"[\w-]+", text))
    for path in sorted(set(re.findall(r'(?:href|src)="(/[^"#]*)', text))):
        async with site.session.get(html.unescape(path)) as answer:
            assert answer.status == 200


async def test_every_answer_is_guarded(site: Any) -> None:
    """No page may be framed, sniffed, cached or sent on to others; the server does not praise its parts."""
    every = {path for path, method, _ in described(make_app(site.gateway).router) if method == "GET"}
    for path in ["/", "/nothing", *sorted(every - {"/api/v1/events/stream"})]:
        async with site.session.get(path) as answer:
            assert guard.HEADERS.keys() <= answer.headers.keys(), path
            assert answer.headers["Server"] == "capgateway"
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'none'")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8025",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "[",
        "localhost.",
        "127.0.0.1@evil.example:1",
    ],
)
async def test_a_rebound_name_is_turned_away(site: Any, host: str) -> None:
    """A request for another name than this machine's gets 421 and learns nothing."""
    async with site.session.get("/api/v1/cards", headers={"Host": host}) as answer:
        assert answer.status == 421
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "crd_" not in await answer.text()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8025", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:8025"])
def test_this_machine_has_several_names(host: str) -> None:
    """With or without port, in either version of IP."""
    assert guard.is_loopback(host)


async def test_what_nobody_expected_is_a_500_without_a_traceback(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected failure tells the log everything and the client nothing."""

    def broken() -> list[str]:
        raise RuntimeError("secret inside")

    app = make_app(msgspec.structs.replace(site.gateway, troubles=broken))
    async with (
        serve(app, Address("127.0.0.1", 0)) as address,
        aiohttp.ClientSession() as session,
        session.get(f"http://{address.host}:{address.port}/readyz") as answer,
    ):
        text = await answer.text()
        assert (answer.status, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert "secret inside" not in text
    assert "secret inside" in caplog.text


async def test_a_taken_port_is_a_sentence(site: Any) -> None:
    """A port that another program has is told as a fault of the configuration."""
    with pytest.raises(ConfigError, match=r"gateway\.listen: cannot listen at 127\.0\.0\.1"):
        async with serve(make_app(site.gateway), site.address):
            pass


def test_every_route_is_documented(site: Any) -> None:
    """docs/api.md and docs/metrics.md name each address that is no page of the console, in full or as "…/last part" beside its
    family."""
    docs = Path(__file__).parents[2] / "docs"
    text = "".join((docs / name).read_text() for name in ("api.md", "metrics.md")).replace("{name}", "{id}")
    addresses = {path for path, _, _ in described(make_app(site.gateway).router)}
    assert len(addresses) > 40
    for address in addresses:
        steps = address.split("/")
        assert "/".join(steps[:4]) in text, address
        assert steps[-1] in text, address

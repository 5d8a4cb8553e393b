"""The page at ``/``: what runs here, and where the JSON pages are."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from importlib.metadata import version

from aiohttp import web

from capgateway.config import Settings
from capgateway.web.gateway import GATEWAY

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "code{background:#8882;padding:.1em .3em}li{margin:.2em 0}:root{color-scheme:light dark}"
)
POLICY = f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"

LINKS = {
    "/api/v1/feeds": "how each feed is doing",
    "/api/v1/cards": "cards",
    "/api/v1/cards?state=active": "cards that are shown now",
    "/api/v1/alerts": "alerts that came in, with what became of them and why",
    "/api/v1/quarantine": "quarantined alerts that wait for a person",
    "/api/v1/alerts?decision=quarantined": "all quarantined alerts",
    "/api/v1/deliveries": "deliveries, with every attempt",
    "/api/v1/deliveries?state=dead": "deliveries that were given up",
    "/readyz": "whether this gateway is ready",
    "/metrics": "numbers for Prometheus",
}

routes = web.RouteTableDef()


@routes.get("/")
async def front(request: web.Request) -> web.Response:
    """The front page."""
    text = _html(request.app[GATEWAY].settings)
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": POLICY})


def _html(settings: Settings) -> str:
    regions = ", ".join(settings.policy.regions) or "everywhere"
    feeds = [f"{feed.name} ({feed.kind}{_off(feed.enabled)})" for feed in settings.feeds]
    receivers = [f"{receiver.name}{_off(receiver.enabled)}" for receiver in settings.receivers]
    links = "".join(
        f'<li><a href="{escape(to)}"><code>{escape(to)}</code></a> {escape(what)}' for to, what in LINKS.items()
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>capgateway</title>
<style>{STYLE}</style>
<h1>capgateway {escape(version("capgateway"))}</h1>
<p>This gateway turns AMBER Alerts from government feeds into cards and delivers them as signed webhooks.
Alerts become cards in: {escape(regions)}.</p>
<h2>Feeds</h2><ul>{_items(feeds)}</ul>
<h2>Receivers</h2><ul>{_items(receivers)}</ul>
<h2>Look</h2><ul>{links}</ul>
<p>These pages are JSON; there is no console to click through in this version.</p>
</html>
"""


def _off(enabled: bool) -> str:
    return "" if enabled else ", off"


def _items(lines: Iterable[str]) -> str:
    return "".join(f"<li>{escape(line)}" for line in lines) or "<li>none"

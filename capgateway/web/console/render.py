"""Pages out of templates: what every page has, and the headers that browsers obey.

Everything is escaped; no template says otherwise. Nothing comes from elsewhere, and no script or style is written in a page,
so an alert full of markup stays text twice over; and characters that would change the direction of a line are replaced.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from capgateway.cards.gist import CONTROL, DIRECTING
from capgateway.store import pause
from capgateway.web.console import assets, forms, words
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import ACTOR

POLICY = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with "no-referrer" browsers send the console's own forms with the Origin "null"
}


ODD = re.compile(f"{CONTROL.pattern}|{DIRECTING.pattern}")


class Link(NamedTuple):
    """An entry of the navigation."""

    address: str
    name: str


NAVIGATION = (
    Link("/", "Overview"),
    Link("/cards", "Cards"),
    Link("/alerts", "Alerts"),
    Link("/quarantine", "Quarantine"),
    Link("/feeds", "Feeds"),
    Link("/receivers", "Receivers"),
    Link("/deliveries", "Deliveries"),
    Link("/audit", "Audit"),
    Link("/report", "Report"),
    Link("/validate", "Validate"),
)


def plainly(value: object) -> object:
    """Text without characters that make it read otherwise than it is written; what a macro made was treated before."""
    return ODD.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=plainly,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {"asset": assets.address, "version": version("capgateway"), "navigation": NAVIGATION}
TEMPLATES.filters |= words.FILTERS


async def page(
    request: web.Request, template: str, *, status: int = 200, itself: str | None = None, **told: Any
) -> web.Response:
    """A page for somebody who may read: with the navigation, and what concerns every page. ``itself`` is its address, where it may
    be shown at that of an action: it is renewed and loaded again from there, and nothing is done twice."""
    gateway, who = request.app[GATEWAY], request[ACTOR]
    common = {
        "actor": who,
        "can_operate": "operate" in who.scopes,
        "has_session": bool(gateway.settings.tokens),
        "form_token": forms.token(request),
        "paused_since": await gateway.store.read(pause.since),
        "rehearsals": [one.name for one in gateway.settings.feeds if one.rehearsal],
        "database": gateway.database,
        "here": request.path,
        "itself": itself,
        "back": request.path_qs,
    }
    return plain(request, template, status=status, **common | told)


def plain(request: web.Request, template: str, *, status: int = 200, **told: Any) -> web.Response:
    """A page for anybody."""
    text = TEMPLATES.get_template(template).render(now=request.app[GATEWAY].now(), **told)
    answer = web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)
    # Safe with a secret in the page: nobody else can make a browser ask for it, since the cookie is SameSite=Strict.
    answer.enable_compression()
    return answer

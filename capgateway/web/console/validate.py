"""Paste or drop CAP, and see what there is to say about it beside its lines. Nothing of it is kept."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web
from markupsafe import escape

from capgateway import cap, threads
from capgateway.web import guard
from capgateway.web import validate as api
from capgateway.web.console import forms, render, xml
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused

LARGEST_PASTED = 1_000_000
"""Characters that are shown in the form again, to be mended there."""
PROFILES = {
    "auto": "as the document says",
    "none": "the standard only",
    "ipaws": "IPAWS",
    "cap-cp": "CAP-CP (Canada)",
    "cap-au": "CAP-AU (Australia)",
}

routes = web.RouteTableDef()


class Judged(NamedTuple):
    """A document, what is said about it, and how often each level is."""

    reports: list[cap.Report]
    xml: xml.Shown
    counts: dict[str, int]


@routes.get("/validate")
async def validate(request: web.Request) -> web.Response:
    """The form."""
    return await _show(request)


@routes.post("/validate")
@guard.needs("read")
@forms.upload
async def validated(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """The form, with what there is to say about the document."""
    profile = fields.one("profile") or "auto"
    if profile not in PROFILES:
        raise Refused(400, f"profile is one of {', '.join(PROFILES)}")
    pasted, dropped = "".join(fields.every("document")), fields.files.get("file", b"")
    document = dropped if dropped.strip() else pasted.replace("\r\n", "\n").encode(errors="replace")
    if not document.strip():
        return await _show(request, status=400, profile=profile, refused="Paste a document, or choose a file.")
    if len(document) > cap.MAX_BYTES:
        return await _show(
            request, status=413, profile=profile, refused=f"The document is larger than {cap.MAX_BYTES:,} bytes."
        )
    reports = await api.judged(request.app[GATEWAY], document, profile)
    findings = [finding for report in reports for finding in report.findings]
    shown = await threads.parse(lambda: xml.shown(document, findings))
    counts = {level: sum(one.level == level for one in findings) for level in ("error", "warning", "info")}
    kept = pasted if not dropped.strip() and len(pasted) <= LARGEST_PASTED else ""
    return await _show(request, profile=profile, pasted=escape(kept), judged=Judged(reports, shown, counts))


async def _show(
    request: web.Request,
    *,
    status: int = 200,
    profile: str = "auto",
    pasted: str = "",  # escaped: it goes back as it came, odd characters and all
    judged: Judged | None = None,
    refused: str | None = None,
) -> web.Response:
    return await render.page(
        request,
        "validate.html",
        status=status,
        profiles=PROFILES,
        profile=profile,
        pasted=pasted,
        judged=judged,
        refused=refused,
        most=cap.MAX_BYTES,
    )

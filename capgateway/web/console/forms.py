"""Forms: what they carry against requests that other sites forge, and how the pages that take them read them.

The token is made of the session, which other sites can neither read nor send; where no tokens are configured it is made of a
secret of this process.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import parse_qs

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from capgateway.store.audit import Act
from capgateway.web import guard, sessions
from capgateway.web.bodies import BODY_SECONDS, received
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused
from capgateway.web.said import LONGEST_REASON

FIELD = "form"
LARGEST_FORM = 65_536  # a reason, and the facts of a card that are to be removed
MOST_PARTS = 10
OF_THIS_PROCESS = secrets.token_bytes(32)
STALE = "this form is not from this console, or from before the gateway was restarted; go back, load the page again and repeat"


class Fields(msgspec.Struct, frozen=True):
    """What a person sent; ``files`` are the contents of files by the name of their field."""

    values: dict[str, list[str]]
    files: dict[str, bytes] = {}

    def one(self, name: str) -> str:
        """The only value of a field, without white space around it."""
        return self.values.get(name, [""])[0].strip()

    def every(self, name: str) -> list[str]:
        """All values of a field."""
        return self.values.get(name, [])

    def act(self, request: web.Request, *, needs_reason: bool = False) -> Act:
        """Who acts, and why."""
        reason = self.one("reason")
        if needs_reason and not reason:
            raise Refused(400, "say why: the reason is recorded with what you do")
        if len(reason) > LONGEST_REASON:
            raise Refused(400, f"the reason is longer than {LONGEST_REASON} characters")
        return Act(actor=guard.actor(request).name, reason=reason or None)


Action = Callable[[web.Request, Fields], Awaitable[web.StreamResponse]]


def token(request: web.Request) -> str:
    """What the forms of this session carry."""
    settings = request.app[GATEWAY].settings
    cookie = request.cookies.get(sessions.cookie_name(settings), "") if settings.tokens else ""
    return hmac.new(cookie.encode() or OF_THIS_PROCESS, b"form", "sha256").hexdigest()


def action(page: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A page that takes a form. The form is read and checked before the page begins."""
    return _checked(page, read)


def upload(page: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A page that takes a form with files."""
    return _checked(page, read_files)


def _checked(
    page: Action, read: Callable[[web.Request], Awaitable[Fields]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    @wraps(page)
    async def checked(request: web.Request) -> web.StreamResponse:
        fields = await read(request)
        if not hmac.compare_digest(fields.one(FIELD).encode(), token(request).encode()):
            raise Refused(403, STALE)
        return await page(request, fields)

    del checked.__wrapped__
    return guard.form(checked)


async def read(request: web.Request) -> Fields:
    """The fields of a form, from any sender."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused(415, "this page takes what its form sends")
    text = (await received(request, LARGEST_FORM)).decode(errors="replace")
    return Fields(parse_qs(text, keep_blank_values=True))


async def read_files(request: web.Request) -> Fields:
    """The fields of a form with files, at most as large as any document that the gateway takes."""
    if request.content_type != "multipart/form-data":
        raise Refused(415, "this page takes what its form sends")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _parts(request)
    except TimeoutError:
        raise Refused(408, f"the form did not arrive within {BODY_SECONDS:.0f} s") from None
    except (
        ValueError,
        AssertionError,
        HttpProcessingError,
        web.RequestPayloadError,
    ):  # what aiohttp says of parts that are none
        raise Refused(400, "the form is not divided as its headers say") from None


async def _parts(request: web.Request) -> Fields:
    values, files, room = dict[str, list[str]](), dict[str, bytes](), request.client_max_size
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or len(values) + len(files) >= MOST_PARTS:
            raise Refused(400, "the form has parts that this page does not know")
        content = bytearray()
        while chunk := await part.read_chunk():
            content += chunk
            if len(content) > room:
                raise Refused(413, f"the form is larger than {request.client_max_size:,} bytes")
        room -= len(content)
        if part.filename is None:
            values[part.name or ""] = [content.decode(errors="replace")]
        else:
            files[part.name or ""] = bytes(content)
    return Fields(values, files)


def see(address: str) -> web.Response:
    """Lead to a page after a form was taken, so that loading it again does not act again."""
    return web.Response(status=303, headers={"Location": address})

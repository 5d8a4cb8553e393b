"""What comes with a request: how long it may take, and what becomes of one that breaks off."""

from __future__ import annotations

import asyncio

from aiohttp import web

from capgateway.web.problems import Refused

BODY_SECONDS = 60.0  # 10 MB at 1.3 Mbit/s; a slower sender holds a connection for nothing


async def body(request: web.Request) -> bytes:
    """The document that was sent, at most as large as the application takes and at least one byte."""
    found = await received(request)
    if not found.strip():
        raise Refused(400, "the body is empty: send the XML document itself")
    return found


async def received(request: web.Request, most: int | None = None) -> bytes:
    """What was sent, which may be nothing. Of more than ``most`` bytes, usually as many as the application takes, the rest is not
    taken in: strangers send forms too."""
    most, found = request.client_max_size if most is None else most, bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                found += piece
                if len(found) > most:
                    raise Refused(413, f"the body is larger than {most:,} bytes")
            return bytes(found)
    except TimeoutError:
        raise Refused(408, f"the body did not arrive within {BODY_SECONDS:.0f} s") from None
    except web.RequestPayloadError:
        raise Refused(400, "the body is not divided as its headers say") from None
    except ConnectionResetError:  # nobody reads this answer, but the log stays free of other people's trouble
        raise Refused(400, "the sender went away before the body's end") from None

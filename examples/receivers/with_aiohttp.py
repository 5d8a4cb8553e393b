"""A receiver with aiohttp. Run with WEBHOOK_SECRET=whsec_… python with_aiohttp.py"""

import asyncio
import contextlib
import os

from aiohttp import web
from rules import LARGEST_BODY, Rules

RULES = web.AppKey("rules", Rules)


async def hook(request):
    body = await request.read()  # the raw bytes, before any parsing
    status, answer = await asyncio.to_thread(request.app[RULES].answer, request.headers, body)
    return web.json_response(answer, status=status)


async def cards(request):
    return web.json_response(await asyncio.to_thread(request.app[RULES].cards))


async def expiring(app):
    async def every_second():
        while True:
            await asyncio.sleep(1)
            await asyncio.to_thread(app[RULES].expire)

    task = asyncio.create_task(every_second())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def make_app(rules):
    app = web.Application(client_max_size=LARGEST_BODY)
    app[RULES] = rules
    app.router.add_post("/", hook)
    app.router.add_get("/", cards)
    app.cleanup_ctx.append(expiring)
    return app


if __name__ == "__main__":
    web.run_app(make_app(Rules.from_environment()), host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))

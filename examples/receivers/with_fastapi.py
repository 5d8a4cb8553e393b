"""A receiver with FastAPI. Run with WEBHOOK_SECRET=whsec_… python with_fastapi.py, or with any ASGI server."""

import asyncio
import contextlib
import os

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from rules import LARGEST_BODY, Rules

RULES = Rules.from_environment()


@contextlib.asynccontextmanager
async def lifespan(app):
    async def every_second():
        while True:
            await asyncio.sleep(1)
            await run_in_threadpool(RULES.expire)

    task = asyncio.create_task(every_second())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


app = FastAPI(lifespan=lifespan)


@app.post("/")
async def hook(request: Request):
    body = b""  # the raw bytes; a parameter with a model would have been parsed already
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return JSONResponse({"error": "the body is too large"}, 413)
    status, answer = await run_in_threadpool(RULES.answer, request.headers, body)
    return JSONResponse(answer, status)


@app.get("/")
async def cards():
    return await run_in_threadpool(RULES.cards)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))

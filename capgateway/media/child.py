"""The parent's side of decoding: the child is started with nothing, waited for briefly, and not believed."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from capgateway.media.jpeg import format_of, is_plain, told
from capgateway.store.pictures import Failed, Made

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Sequence

COMMAND = (sys.executable, "-I", "-m", "capgateway.media.decode")
"""``-I``: neither the environment nor the working directory says what is imported."""
SECONDS = 20.0
"""By the clock on the wall, for a machine that is busy; the child's own limit is one of computing time."""
MOST_BYTES = 8_000_000
"""Of an answer. Even noise of the largest size that is served stays below."""
LAST_WORDS_SECONDS = 1.0
"""What waits in the pipe of a child that was killed is read at once, unless a process of its own still has the pipe."""
UNSAFE = "its decoder ended without an answer that can be used"


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The first line that the child writes."""

    width: int = 0
    height: int = 0
    finding: str | None = None
    trouble: str = ""


async def decode(content: bytes, *, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> Made | Failed:
    """The picture in these bytes, made again, or why it is not shown. Raises ``OSError`` where no process can be started."""
    form = format_of(content)
    if form is None:
        return Failed(finding="type", trouble=told(content))
    process = await asyncio.create_subprocess_exec(
        *command, form, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd="/", env={}, start_new_session=True
    )
    said = b""
    try:
        async with asyncio.timeout(seconds):
            said = await _talk(process, content)
    except TimeoutError:
        return Failed(finding="unsafe", trouble="it could not be decoded in time")
    finally:
        if process.returncode is None:
            await _end(process)
    return _judged(said, hashlib.sha256(content).hexdigest())


async def _talk(process: Process, content: bytes) -> bytes:
    """What the child answers, up to a limit; whether it wants to hear all of the picture is its own affair."""
    assert process.stdin is not None  # noqa: S101  (both are pipes)
    assert process.stdout is not None  # noqa: S101
    telling = asyncio.ensure_future(_tell(process.stdin, content))
    try:
        said = bytearray()
        while len(said) <= MOST_BYTES and (piece := await process.stdout.read(65_536)):
            said += piece
        if len(said) <= MOST_BYTES:
            await (
                process.wait()
            )  # it is killed only where it has to be: asyncio may miss an end that comes at the same time
        return bytes(said)
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _end(process: Process) -> None:
    """Kill it, and take what it has said: a pipe that nobody reads to its end stays open."""
    assert process.stdout is not None  # noqa: S101  (it is a pipe)
    with suppress(ProcessLookupError):
        process.kill()
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS_SECONDS):
            while await process.stdout.read(65_536):
                pass
    await process.wait()


async def _tell(stdin: asyncio.StreamWriter, content: bytes) -> None:
    with suppress(OSError):
        stdin.write(content)
        await stdin.drain()
    stdin.close()


def _judged(said: bytes, source_sha256: str) -> Made | Failed:
    """The child may be in a stranger's hands by now: only a small, plain JPEG of the size it names counts."""
    line, _, picture = said[: MOST_BYTES + 1].partition(b"\n")
    try:
        answer = msgspec.json.decode(line, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Failed(finding="unsafe", trouble=UNSAFE)
    if answer.finding in {"size", "unsafe"}:
        return Failed(finding=answer.finding, trouble=_sentence(answer.trouble))
    if len(said) > MOST_BYTES or not is_plain(picture, answer.width, answer.height):
        return Failed(finding="unsafe", trouble=UNSAFE)
    return Made(content=picture, width=answer.width, height=answer.height, source_sha256=source_sha256)


def _sentence(text: str) -> str:
    """What the child says of a picture, as far as it is a short plain text."""
    return text if len(text) <= 100 and text.isprintable() else UNSAFE  # noqa: PLR2004

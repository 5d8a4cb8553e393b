"""Work beside the event loop: a disk that hangs, or a large document, keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest

from capgateway import threads


async def test_a_disk_that_hangs_is_left_alone() -> None:
    """It is waited for as long as allowed; others go on; nothing more is begun under its name until it answers."""
    disks, answer, begun = threads.Lonely(), threading.Event(), list[str]()

    def hang() -> str:
        begun.append("hung")
        assert answer.wait(60)
        return "late"

    with pytest.raises(threads.Hangs):
        await disks.do("share", hang, seconds=0.05)
    with pytest.raises(threads.Hangs):
        await disks.do("share", lambda: begun.append("again"), seconds=0.05)
    assert await disks.do("other", lambda: "well", seconds=60) == "well"
    answer.set()
    assert await disks.do("share", lambda: "back", seconds=60) == "back"
    assert begun == ["hung"]


async def test_a_hundred_hung_disks_delay_no_document() -> None:
    """They share no pool with what is parsed, nor with what asyncio does in threads of its own."""
    disks, answer = threads.Lonely(), threading.Event()
    hung = [asyncio.create_task(disks.do(str(number), lambda: answer.wait(60), seconds=60)) for number in range(100)]
    await asyncio.sleep(0)
    async with asyncio.timeout(50):
        assert await threads.parse(lambda: "parsed") == "parsed"
        assert await asyncio.to_thread(lambda: "done") == "done"
    assert not any(task.done() for task in hung)
    answer.set()
    assert await asyncio.gather(*hung) == [True] * 100


async def test_what_the_work_raises_comes_back() -> None:
    """A timeout of the disk's own too."""

    def fail() -> None:
        raise TimeoutError("the share timed out")

    with pytest.raises(TimeoutError, match="the share timed out"):
        await threads.Lonely().do("share", fail, seconds=60)

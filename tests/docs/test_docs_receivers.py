"""The example receivers keep every rule: each runs as a process of its own, and is checked by ``receivers conformance``."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from capgateway import net, webhooks
from capgateway.conformance.bench import Limits
from capgateway.conformance.run import probe
from capgateway.webhooks.ed25519 import SigningKey
from capgateway.webhooks.send import send
from capgateway.webhooks.sign import sign

FOLDER = Path(__file__).parents[2] / "examples" / "receivers"
SECRET, OLD, SEED = b"a secret of the right length....", b"an older secret, going away.....", bytes(range(32))
LOOPBACK = (ip_network("127.0.0.0/8"),)
PATIENT = Limits(answer=30, grace=20, life=1)
NOW = 1_800_000_000.0
DAY = 86_400
LACKING = {
    "with_fastapi.py": importlib.util.find_spec("fastapi") is None and "needs FastAPI: pip install fastapi uvicorn",
    "receiver.mjs": shutil.which("node") is None and "needs Node.js 18 or newer: apt-get install nodejs",
}


def example(name: str) -> Any:
    """One of the receivers, or a skip with its reason where this machine lacks what it needs."""
    reason = LACKING.get(name)
    return pytest.param(name, marks=pytest.mark.skipif(bool(reason), reason=str(reason)))


EVERY = [example(name) for name in ("receiver.py", "with_aiohttp.py", "with_fastapi.py", "to_log.py", "receiver.mjs")]


class Running:
    """A receiver that can be killed and started again, with the same port and memory."""

    def __init__(self, name: str, directory: Path, folder: Path = FOLDER) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/"
        self.directory = directory
        program = "node" if name.endswith(".mjs") else sys.executable
        self.command = [program, str(folder / name)]

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        keys = {"WEBHOOK_SECRET": " ".join(map(webhooks.encode_secret, (SECRET, OLD)))}
        keys |= {
            "WEBHOOK_PUBLIC_KEY": str(SigningKey(SEED).public),
            "PORT": str(self.port),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        with (self.directory / "receiver.out").open("ab") as log:
            process = subprocess.Popen(  # noqa: ASYNC220, S603
                self.command, cwd=self.directory, env=os.environ | keys, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(30):
                while not await _is_open(self.port):
                    assert process.poll() is None, (self.directory / "receiver.out").read_text()
                    await asyncio.sleep(0.05)
            yield
        finally:
            process.kill()  # as a power cut would
            process.wait()

    async def cards(self) -> list[dict[str, Any]]:
        async with aiohttp.ClientSession() as session, session.get(self.url) as answer:
            return list(await answer.json())

    async def deliver(self, message: webhooks.Message, *, secret: bytes = SECRET) -> webhooks.Attempt:
        """As the gateway delivers."""
        now = datetime.now(UTC)
        receiver = webhooks.Receiver(name="x", url=self.url, secrets=(secret,), allow_networks=LOOPBACK)
        told = {name: getattr(message, name) for name in ("card_id", "revision", "type", "action", "body")}
        claim = webhooks.Claim(
            delivery_id="dlv_1", message_id=message.id, receiver="x", number=1, created_at=now, **told
        )
        async with net.new_session(user_agent="test", allow_networks=LOOPBACK) as session:
            return await send(session, receiver, claim, now=now)


async def _is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    return True


def display(sequence: int, *, lives: float = 3_600, name: str = "Zoë Testchild") -> webhooks.Message:
    return webhooks.display(_stamp(sequence, lives), json.dumps({"name": name}).encode(), card_url="https://x.example/")


def take_down(sequence: int) -> webhooks.Message:
    return webhooks.take_down(_stamp(sequence, 3_600), "cancelled", ended_at=datetime.now(UTC))


def _stamp(sequence: int, lives: float) -> webhooks.Stamp:
    now = datetime.now(UTC)
    return webhooks.Stamp(
        deployment="test",
        card_id="crd_1",
        revision=sequence,
        sequence=sequence,
        timestamp=now,
        expires_at=now + timedelta(seconds=lives),
    )


@pytest.mark.parametrize("name", EVERY)
async def test_every_check_of_both_levels_passes(name: str, tmp_path: Path) -> None:
    """Signatures of both kinds, the fence, snapshots, challenges and all."""
    running = Running(name, tmp_path)
    receiver = webhooks.Receiver(
        name="x", url=running.url, secrets=(SECRET,), signing_key=SEED, allow_networks=LOOPBACK
    )
    async with running.up():
        report = await probe(receiver, user_agent="test", limits=PATIENT, is_keyed=True)
        assert await running.cards() == []
    assert [(one.name, one.detail) for one in report.results if not one.passed] == []
    assert (report.level, report.left) == (2, 0)


@pytest.mark.parametrize("name", EVERY)
async def test_a_restart_forgets_nothing(name: str, tmp_path: Path) -> None:
    """Killed after each message: the card, then its fence, are still there; and nothing of a removed card is left in its files."""
    running = Running(name, tmp_path)
    for message, shown in ((display(20), 1), (display(10), 1), (take_down(30), 0), (display(25), 0)):
        async with running.up():
            assert (await running.deliver(message)).outcome == "delivered"
        async with running.up():
            assert len(await running.cards()) == shown
    left = [path.name for path in tmp_path.iterdir() if b"Testchild" in path.read_bytes()]
    assert left == []


@pytest.mark.parametrize("name", EVERY)
async def test_a_card_ends_although_nobody_says_so(name: str, tmp_path: Path) -> None:
    """It is gone from the memory too, without any request."""
    running = Running(name, tmp_path)
    async with running.up():
        assert (await running.deliver(display(20, lives=1.5))).confirmed
        async with asyncio.timeout(30):
            while any(b"Testchild" in path.read_bytes() for path in tmp_path.iterdir()):
                await asyncio.sleep(0.1)
        assert await running.cards() == []


@pytest.mark.parametrize("name", EVERY)
async def test_secrets_can_be_rotated(name: str, tmp_path: Path) -> None:
    """A message signed with the older of two secrets is accepted, one signed with neither is not, and one too large neither."""
    running = Running(name, tmp_path)
    async with running.up():
        assert (await running.deliver(display(1), secret=OLD)).outcome == "delivered"
        assert (await running.deliver(display(2), secret=b"x" * 32)).status == 401
        large = msgspec.structs.replace(display(3), body=b"x" * 1_030_000)
        assert (await running.deliver(large)).outcome != "delivered"
        assert [card["name"] for card in await running.cards()] == ["Zoë Testchild"]


@pytest.mark.parametrize("secret", ["whsec_", f"{webhooks.encode_secret(SECRET)} whsec_", "whsec_c2hvcnQ="])
@pytest.mark.parametrize("name", [example("receiver.py"), example("receiver.mjs")])
def test_a_secret_that_anybody_could_guess_is_refused(name: str, secret: str, tmp_path: Path) -> None:
    """An empty one, such as a variable that is not set leaves behind, would let everybody sign."""
    command, keys = Running(name, tmp_path).command, {"WEBHOOK_SECRET": secret, "PORT": "0"}
    ended = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, env=os.environ | keys, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "WEBHOOK_SECRET" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", [example("receiver.mjs")])
async def test_a_full_disk_does_not_end_the_receiver(name: str, tmp_path: Path) -> None:
    """A card whose time is over is not shown, and is removed as soon as the file can be written."""
    running, said, blocked = Running(name, tmp_path), tmp_path / "receiver.out", tmp_path / "receiver.json.new"
    async with running.up():
        assert (await running.deliver(display(20, lives=1.5))).confirmed
        blocked.mkdir()
        async with asyncio.timeout(30):
            while "tried again" not in said.read_text():
                await asyncio.sleep(0.1)
            assert await running.cards() == []
            blocked.rmdir()
            while b"Testchild" in (tmp_path / "receiver.json").read_bytes():
                await asyncio.sleep(0.1)


async def test_the_package_verifies_in_place_of_the_example(tmp_path: Path) -> None:
    """`is_genuine` of the page, with `standardwebhooks`, takes the place of the one in `rules.py`."""
    page = (FOLDER.parents[1] / "docs" / "receivers.md").read_text()
    (package,) = re.findall(r"```python\n(    def is_genuine.*?)```", page, re.DOTALL)
    code, exchanged = re.subn(
        r"    def is_genuine.*?(?=\n    def )", lambda _: package, (FOLDER / "rules.py").read_text(), flags=re.DOTALL
    )
    assert exchanged == 1
    (tmp_path / "rules.py").write_text(code)
    shutil.copy(FOLDER / "with_aiohttp.py", tmp_path)
    running = Running("with_aiohttp.py", tmp_path, folder=tmp_path)
    async with running.up():
        assert (await running.deliver(display(2), secret=b"x" * 32)).status == 401
        assert (await running.deliver(display(2))).confirmed
        assert len(await running.cards()) == 1


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def rules(tmp_path: Path, clock: Clock) -> Any:
    made = runpy.run_path(str(FOLDER / "rules.py"))["Rules"]
    return made(tmp_path / "receiver.db", [webhooks.encode_secret(SECRET)], clock=clock)


def post(receiver: Any, message: webhooks.Message, clock: Clock) -> tuple[int, dict[str, Any]]:
    at = int(clock.now)
    headers = {
        "webhook-id": message.id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign([SECRET], message.id, at, message.body),
    }
    status, answer = receiver.answer(headers, message.body)
    return int(status), dict(answer)


@pytest.mark.parametrize(("days", "state"), [(6.9, "removed"), (7.1, "displayed")])
def test_the_fence_is_kept_for_seven_days(tmp_path: Path, days: float, state: str) -> None:
    """After that the card is forgotten; the gateway never displays it again anyway."""
    clock = Clock()
    receiver = rules(tmp_path, clock)
    long = timedelta(days=3650).total_seconds()
    post(receiver, take_down(30), clock)
    clock.now += days * DAY
    receiver.expire()
    assert post(receiver, display(20, lives=long), clock)[1]["state"] == state


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"type":"card.published"}', b'{"type":1,"data":{"action":"display"}}']
)
def test_what_is_signed_but_not_a_message_is_refused(tmp_path: Path, body: bytes) -> None:
    """With 400, and the receiver goes on."""
    clock = Clock()
    receiver = rules(tmp_path, clock)
    assert post(receiver, msgspec.structs.replace(display(1), body=body), clock)[0] == 400
    assert post(receiver, take_down(2), clock) == (200, {"revision": 2, "state": "removed"})


async def test_the_log_has_the_last_word_of_each_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keyed by card, in order, without the texts of what ended; a line that a power cut left unfinished harms no other."""
    monkeypatch.syspath_prepend(str(FOLDER))
    running, log = Running("to_log.py", tmp_path), tmp_path / "cards.log"
    read = runpy.run_path(str(FOLDER / "to_log.py"))["read"]
    async with running.up():
        await running.deliver(display(20))
        assert read(log)["crd_1"]["card"] == {"name": "Zoë Testchild"}
        await running.deliver(display(10))
    log.write_text(log.read_text() + '{"key": "crd_1", "val')
    assert read(log)["crd_1"]["sequence"] == 20
    async with running.up():
        await running.deliver(take_down(30))
    assert {key: (value["state"], value["sequence"]) for key, value in read(log).items()} == {"crd_1": ("removed", 30)}

"""Certificate files that expire: said in the log, by the API and by /readyz, until they are renewed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from capgateway import config, service
from capgateway.service import Service
from capgateway.store import Store, readiness
from capgateway.web.receivers import statuses

CONFIG = """
[gateway]
database = "sqlite:///gateway.db"
listen = ""

[[feeds]]
name = "partner"
kind = "push"
client_cert = "client.pem"

[[receivers]]
name = "app"
url = "https://cards.example.org/"
secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
client_cert = "client.pem"
"""
PATIENCE_SECONDS = 20.0


def issue(path: Path, end: datetime) -> None:
    trustme.CA().issue_cert("gateway.example", not_after=end).private_key_and_cert_chain_pem.write_to_path(path)
    path.chmod(0o600)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


async def test_an_end_is_reported_until_the_file_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once in the log for each feed and receiver; a renewal is seen without a reload."""
    monkeypatch.setattr(service, "CERTIFICATES_SECONDS", 0.05)
    caplog.set_level(logging.WARNING)
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    issue(tmp_path / "client.pem", end)
    (tmp_path / "c.toml").write_text(CONFIG)
    settings = config.load(tmp_path / "c.toml")
    store = Store.open(settings.gateway.database)
    gateway, ready = Service(settings, store, roles=["poll"]), asyncio.Event()
    running = asyncio.create_task(gateway.run(ready))
    try:
        await ready.wait()
        await until(lambda: len([note for note in gateway.notes() if "client.pem expires on" in note]) == 1)
        assert [one.client_certificate_expires_at for one in gateway.feed_statuses()] == [end]
        known = await store.read(readiness.of_receivers)
        assert [one.client_certificate_expires_at for one in statuses(settings.receivers, known)] == [end]
        issue(tmp_path / "client.pem", end + timedelta(days=300))
        await until(lambda: not any("client.pem" in note for note in gateway.notes()))
        assert statuses(settings.receivers, known)[0].client_certificate_expires_at == end + timedelta(days=300)
    finally:
        gateway.stop()
        await running
        store.close()
    assert [record.getMessage() for record in caplog.records].count("certificate.expiring") == 2

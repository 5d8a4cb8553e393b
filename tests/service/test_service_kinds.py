"""The whole gateway with feeds of every kind: alerts in by all of them, each out to the receiver once."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
from msgspec.structs import replace

from capgateway import cap
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.feeds import Feed
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import ReceiverServer
from capgateway.simulate.stream import StreamServer
from capgateway.store import Store, lists
from capgateway.webhooks import Receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)
SECRET = b"a secret of the right length...."
BRISK = timedelta(milliseconds=50)
PATIENCE_SECONDS = 60.0
LISTINGS = {
    "atom": "index.atom",
    "rss": "embedded.rss",
    "ipaws": "recent/{since}",
    "nws": "alerts/active",
    "edxl": "envelope.edxl",
}


def amber(name: str) -> cap.Alert:
    return replace(story.amber(utc_now() - timedelta(minutes=5)), identifier=name)


async def test_every_kind_of_feed_in_one_gateway(tmp_path: Path) -> None:
    """One card for each alert, however many feeds bring it; a Cancel on one of them ends what another published."""
    folder = tmp_path / "in"
    folder.mkdir()
    listed, heard, dropped, pushed = (amber(name) for name in ("LISTED", "HEARD", "DROPPED", "PUSHED"))
    async with FeedServer() as source, StreamServer() as site, ReceiverServer(secrets=[SECRET]) as receiver:
        source.publish("listed.xml", cap.write(listed))
        shared: dict[str, Any] = {"interval": BRISK, "allow_networks": LOOPBACK}
        settings = Settings(
            gateway=GatewaySettings(database=f"sqlite:///{tmp_path / 'cap.db'}", listen="127.0.0.1:0"),
            policy=Policy(regions=("US-TX",)),
            feeds=(
                *(Feed(name=kind, kind=kind, url=source.url(path), **shared) for kind, path in LISTINGS.items()),  # type: ignore[arg-type]
                Feed(name="cap", kind="cap", url=source.url("listed.xml"), **shared),
                Feed(name="naads", kind="naads", urls=(site.url,), **shared),
                Feed(name="directory", kind="directory", path=str(folder), **shared),
                Feed(name="push", kind="push"),
            ),
            receivers=(Receiver(name="app", url=receiver.url, secrets=(SECRET,), allow_networks=LOOPBACK),),
        )
        store, ready = Store.open(settings.gateway.database), asyncio.Event()
        service = Service(settings, store)
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(service.run(ready))
            await ready.wait()
            await site.connected()
            await site.send(cap.write(heard))
            hidden = folder / ".dropped.xml"
            hidden.write_bytes(cap.write(dropped))
            os.utime(hidden, (0, 0))
            hidden.rename(folder / "dropped.xml")
            assert service.address is not None
            api = f"http://{service.address.host}:{service.address.port}/api/v1"
            async with aiohttp.ClientSession() as session:
                async with session.post(f"{api}/feeds/push/alerts", data=cap.write(pushed)) as answer:
                    assert answer.status == 202
                while len(receiver.cards) < 4:
                    await asyncio.sleep(0.02)
                source.publish(
                    "ended.xml", cap.write(replace(story.cancel(utc_now(), listed, heard), identifier="ENDED"))
                )
                while len(receiver.cards) > 2:
                    await asyncio.sleep(0.02)
                while any(one.health != "ok" for one in service.feed_statuses()):
                    await asyncio.sleep(0.02)
                async with session.get(f"{api}/feeds") as answer:
                    told = (await answer.json())["items"]
            service.stop()
        identifiers = sorted(alert.identifier or "?" for alert in (await store.read(lists.alert_page)).items)
        store.close()
    assert identifiers == ["DROPPED", "ENDED", "HEARD", "LISTED", "PUSHED"]
    assert [one["kind"] for one in told] == [*LISTINGS, "cap", "naads", "directory", "push"]
    assert sorted(arrival.type or "" for arrival in receiver.arrivals if (arrival.type or "").startswith("card.")) == [
        *["card.cancelled"] * 2,
        *["card.published"] * 4,
    ]

"""Feeds through the API: how they are doing, polled now, and alerts handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from web_site import KEY, alert, running

from capgateway import config
from capgateway.clock import utc_now
from capgateway.service import Service
from capgateway.simulate.feed import Fault
from capgateway.store import Store
from capgateway.web import make_app, serve

PARTNER = "/api/v1/feeds/partner/alerts"


async def test_every_feed_tells_how_it_is_doing(site: Any) -> None:
    """In the order of the configuration, the disabled one too."""
    _, told = await site.get("/api/v1/feeds")
    assert [(one["name"], one["kind"], one["enabled"]) for one in told["items"]] == [
        ("nws", "atom", True), ("partner", "push", True), ("other", "push", True), ("old", "push", False),
    ]  # fmt: skip
    assert told["next"] is None
    assert (await site.get("/api/v1/feeds/nws"))[1]["url"] == f"{site.source.url('index.atom')}?key=[hidden]"
    assert (await site.get("/api/v1/feeds/none"))[0] == 404


async def test_no_answer_has_the_key_of_a_feed(site: Any) -> None:
    """However the feed does, well, moved or failing, nobody reads the key in its address."""
    shown = []
    for fault in (
        Fault(),
        Fault(status=301, location=site.source.url("b.xml?key=" + KEY)),
        Fault(cut_after=10),
        Fault(status=500),
    ):
        site.source.misbehave("index.atom", fault)
        shown.append(await site.post("/api/v1/feeds/nws/poll"))
        shown += [await site.get(f"/api/v1/{path}") for path in ("feeds", "feeds/nws", "alerts")]
    async with site.session.get("/") as front, site.session.get("/metrics") as metrics:
        shown += [await front.text(), await metrics.text()]
    assert "key=[hidden]" in str(shown)
    assert KEY not in str(shown)


async def test_a_gateway_that_is_starting_asks_for_patience(site: Any) -> None:
    """Before its feeds are watched 503 with a time to come again, for those that are configured and on; the others are as
    unknown or disabled as ever."""
    starting = Service(site.gateway.settings, site.store, roles=["poll"])
    gateway = msgspec.structs.replace(site.gateway, operations=starting)
    async with serve(make_app(gateway), config.Address("127.0.0.1", 0)) as address, aiohttp.ClientSession() as session:
        base, told = f"http://{address.host}:{address.port}/api/v1/feeds", {}
        for method, path in (
            ("POST", "partner/alerts"), ("POST", "nws/poll"), ("GET", "nws"), ("POST", "old/alerts"), ("POST", "none/alerts")
        ):  # fmt: skip
            document = alert("TX-9", "CAE", utc_now()) if path.endswith("alerts") else None
            async with session.request(method, f"{base}/{path}", data=document) as answer:
                told[path] = (answer.status, answer.headers.get("Retry-After"))
    assert told == {
        "partner/alerts": (503, "5"), "nws/poll": (503, "5"), "nws": (503, "5"),
        "old/alerts": (409, None), "none/alerts": (404, None),
    }  # fmt: skip


async def test_the_list_of_feeds_comes_in_pages(site: Any) -> None:
    """ "next" is where the next page begins."""
    _, first = await site.get("/api/v1/feeds?limit=3")
    _, rest = await site.get(f"/api/v1/feeds?limit=3&after={first['next']}")
    assert [one["name"] for page in (first, rest) for one in page["items"]] == ["nws", "partner", "other", "old"]
    assert rest["next"] is None
    assert (await site.get("/api/v1/feeds?after=none"))[0] == 400


async def test_a_feed_is_polled_now(site: Any) -> None:
    """What was published since is new, once; trouble is told in the answer."""
    site.source.publish("tx3.xml", alert("TX-3", "CAE", utc_now()))
    status, told = await site.post("/api/v1/feeds/nws/poll")
    assert (status, told["outcome"], told["new"]) == (200, "ok", 1)
    assert (await site.post("/api/v1/feeds/nws/poll"))[1]["outcome"] == "not_modified"
    site.source.remove("tx3.xml")
    assert (await site.get("/api/v1/alerts?identifier=TX-3"))[1]["items"][0]["decision"] == "published"


@pytest.mark.parametrize(("name", "status"), [("none", 404), ("partner", 409)])
async def test_what_cannot_be_polled_is_a_problem(site: Any, name: str, status: int) -> None:
    """A feed that is not there, and one whose alerts come by themselves."""
    found, told = await site.post(f"/api/v1/feeds/{name}/poll")
    assert (found, told["status"]) == (status, status)


async def test_an_alert_is_handed_in_once(site: Any) -> None:
    """202 with the decision; the same again is the same alert, with whatever content type."""
    document = alert("TX-9", "CAE", utc_now())
    status, told = await site.post(PARTNER, document)
    (one,) = told["items"]
    assert (status, one["decision"], one["reason"], one["is_new"]) == (202, "published", None, True)
    status, told = await site.post(PARTNER, document, **{"Content-Type": "text/plain; charset=latin-1"})
    assert (status, told["items"][0]["alert_id"], told["items"][0]["is_new"]) == (202, one["alert_id"], False)
    assert (await site.get(f"/api/v1/alerts/{one['alert_id']}"))[1]["feed"] == "partner"


async def test_an_envelope_is_handed_in(site: Any) -> None:
    """Each message of an EDXL-DE document has its decision."""
    inside = alert("TX-9", "CAE", utc_now()).partition(b"?>")[2] + alert("TX-8", "TOR", utc_now()).partition(b"?>")[2]
    content = b"<xmlContent><embeddedXMLContent>" + inside + b"</embeddedXMLContent></xmlContent>"
    envelope = b"""<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>1</distributionID>
<senderID>amber@dps.example</senderID><dateTimeSent>2026-11-22T07:00:00Z</dateTimeSent>
<distributionStatus>Actual</distributionStatus><distributionType>Report</distributionType>
<combinedConfidentiality>none</combinedConfidentiality><contentObject>%s</contentObject></EDXLDistribution>"""
    status, told = await site.post(PARTNER, envelope % content)
    assert (status, [one["decision"] for one in told["items"]]) == (202, ["published", "ignored"])


@pytest.mark.parametrize(
    "document", [b"hello", b"<alert>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><alert>&b;</alert>", b"<html><body/></html>"]
)
async def test_what_cannot_be_used_is_a_422_with_findings(site: Any, document: bytes) -> None:
    """The problem says what is wrong, again when it is sent again; the bytes are kept in quarantine."""
    for _ in range(2):
        status, told = await site.post(PARTNER, document)
        assert (status, told["detail"]) == (422, "nothing in this document can be used")
        assert told["findings"][0]["level"] == "error"
    kept = (await site.get("/api/v1/alerts?feed=partner&decision=quarantined"))[1]["items"]
    assert [one["reason"] for one in kept] == ["unreadable"]


async def test_a_message_that_breaks_the_schema_is_a_422(site: Any) -> None:
    """It can only be mended by who wrote it, and the findings say where."""
    broken = alert("TX-9", "CAE", utc_now()).replace(b"<status>Actual", b"<status>actual")
    status, told = await site.post(PARTNER, broken)
    assert (status, told["items"][0]["reason"]) == (422, "schema")
    assert any(finding["layer"] == "schema" and finding["line"] for finding in told["findings"])


async def test_what_cannot_be_handed_in(site: Any) -> None:
    """Nothing, too much, to nobody, and to a feed that is off."""
    large = b"<alert>" + b" " * 10_000_000
    for path, document, expected in (
        (PARTNER, b" ", 400),
        (PARTNER, large, 413),
        ("/api/v1/feeds/none/alerts", b"<alert/>", 404),
        ("/api/v1/feeds/old/alerts", b"<alert/>", 409),
    ):
        status, told = await site.post(path, document)
        assert (status, told["status"]) == (expected, expected)
        assert "Request Entity" not in told["detail"]


@pytest.mark.parametrize("path", [PARTNER, "/api/v1/validate", "/healthz", "/nothing"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "nonsense"])
async def test_a_packed_body_is_refused(site: Any, path: str, encoding: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is unpacked for anybody, whether it could be or not; it is the sender's fault, and no error in our log."""
    async with site.session.post(path, data=b"abc", headers={"Content-Encoding": encoding}, compress=None) as answer:
        assert (answer.status, answer.content_type) == (415, "application/problem+json")
        assert answer.headers["Accept-Encoding"] == "identity"
    assert not [record for record in caplog.records if record.name == "capgateway.web.problems"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost"])
async def test_a_page_of_another_site_changes_nothing(site: Any, origin: str) -> None:
    """A browser may be made to post a form to this machine; it says for whom, and is refused."""
    status, _ = await site.post(PARTNER, alert("TX-9", "CAE", utc_now()), Origin=origin)
    assert status == 403
    assert (await site.get("/api/v1/alerts?identifier=TX-9"))[1]["items"] == []
    own = f"http://{site.address.host}:{site.address.port}"
    assert (await site.post(PARTNER, alert("TX-9", "CAE", utc_now()), Origin=own))[0] == 202


async def test_a_document_is_judged_and_not_kept(site: Any) -> None:
    """The reports are those of `capgateway validate`: one for a container, one for each message in it."""
    document = alert("TX-9", "CAE", utc_now())
    status, told = await site.post("/api/v1/validate", document)
    assert (status, [one["kind"] for one in told["items"]]) == (200, ["cap"])
    feed = b"<alerts>" + document.partition(b"?>")[2] + b"</alerts>"
    _, told = await site.post("/api/v1/validate?profile=none", feed)
    assert [(one["kind"], one["position"], one["identifier"]) for one in told["items"]] == [
        ("feed", 0, None), ("cap", 1, "TX-9"),
    ]  # fmt: skip
    assert (await site.post("/api/v1/validate", b"hello"))[1]["items"][0]["verdict"] == "invalid"
    assert (await site.get("/api/v1/alerts?identifier=TX-9"))[1]["items"] == []
    for query in ("profile=maybe", "profil=none"):
        assert (await site.post(f"/api/v1/validate?{query}", document))[0] == 400


async def test_a_process_that_does_not_poll_says_so(site: Any) -> None:
    """What needs the feeds is 503 there; the rest is answered."""
    gateway = type(site.gateway)(
        store=site.store, settings=site.gateway.settings, metrics=site.gateway.metrics, hands=site.service._operate
    )
    async with serve(make_app(gateway), config.Address("127.0.0.1", 0)) as address:
        base = f"http://{address.host}:{address.port}"
        async with aiohttp.ClientSession(base) as session:
            for method, path in (("GET", "feeds"), ("POST", "feeds/nws/poll"), ("POST", "reload")):
                async with session.request(method, f"/api/v1/{path}") as answer:
                    assert answer.status == 503
                    assert "poll" in (await answer.json())["detail"]
            for path in ("/metrics", "/api/v1/cards"):
                async with session.get(path) as answer:
                    assert answer.status == 200


async def test_metrics_tell_of_each_feed(site: Any) -> None:
    """What the statuses say is there for Prometheus; a push feed is not silent for saying nothing."""
    await site.post("/api/v1/feeds/nws/poll")
    async with site.session.get("/metrics") as answer:
        text = await answer.text()
    assert 'capgateway_feed_silent{feed="partner"} 0.0' in text
    assert 'capgateway_feed_consecutive_failures{feed="nws"} 0.0' in text
    assert 'capgateway_feed_newest_alert_age_seconds{feed="nws"}' in text
    assert 'feed="old"' not in text


async def test_the_configuration_is_read_again(tmp_path: Path) -> None:
    """A good file counts at once, its tokens too; a bad one is told line by line and changes nothing."""
    path = tmp_path / "c.toml"
    head = f'[gateway]\ndatabase = "sqlite:///{tmp_path}/cap.db"\nlisten = "127.0.0.1:0"\n'
    path.write_text(head)
    settings = config.load(path)
    store = Store.open(settings.gateway.database)
    service = Service(settings, store, roles=("poll", "web"))
    async with running(service), aiohttp.ClientSession() as session:
        assert service.address is not None
        base = f"http://{service.address.host}:{service.address.port}/api/v1"
        path.write_text(head + "[policy]\nregion = []\n")
        async with session.post(f"{base}/reload") as answer:
            told = msgspec.json.decode(await answer.read())
            assert (answer.status, len(told["errors"])) == (422, 1)
            assert f"{path}:5: policy.region: unknown key" in told["errors"][0]
        path.write_text(head + '[[feeds]]\nname = "p"\nkind = "push"\n[[tokens]]\nname = "ops"\n')
        with path.open("a") as file:
            file.write('token = "0123456789abcdef"\nscopes = ["read"]\n')
        async with session.post(f"{base}/reload") as answer:
            assert answer.status == 200
            assert (await answer.json())["changed"] == ["feeds.p added", "tokens.ops added"]
        async with session.get(f"{base}/feeds") as answer:
            assert answer.status == 401
        async with session.get(f"{base}/feeds", headers={"Authorization": "Bearer 0123456789abcdef"}) as answer:
            assert [one["name"] for one in (await answer.json())["items"]] == ["p"]
    store.close()

"""``GET /openapi.json`` is true: whatever is asked, every answer is one that it describes, with the fields that it names."""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from test_web_tokens import ALL, RECEIVE, bearing
from web_site import Site, alert

from capgateway.clock import utc_now
from capgateway.config import Settings
from capgateway.web import openapi
from capgateway.web.app import make_app
from capgateway.web.told import told

EXAMPLES = 8
"""Requests per route and kind: sensible ones, and broken ones."""
ENDLESS = "/api/v1/events/stream"
REASON = b'{"reason": "their duty officer says so"}'
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No receiver answers here: those who wait for one do not wait."""
    monkeypatch.setattr("capgateway.operate.operate.ACKNOWLEDGED_WITHIN", 0.0)
    monkeypatch.setattr("capgateway.operate.drill.ACKNOWLEDGED_WITHIN", 0.0)


def strict(document: Json) -> Json:
    """The description, with no field besides those that it names, for a gateway without tokens."""
    closed = copy.deepcopy(document)
    for operations in closed["paths"].values():
        for operation in operations.values():
            del operation["security"]
    for name, schema in closed["components"]["schemas"].items():
        if "properties" in schema and name != "Problem":
            schema["additionalProperties"] = False
    return closed


def test_it_is_openapi_3_1() -> None:
    """By the schema of the standard; every reference leads somewhere, and every route has an id of its own."""
    document = openapi.document(make_app(cast("Any", None)).router)
    assert document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(document).validate()
    schemas = document["components"]["schemas"]
    assert {
        name for name in re.findall(r"'#/components/schemas/([^']+)'", str(document)) if name not in schemas
    } == set()
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


def test_every_route_of_the_api_is_described() -> None:
    """Who adds one says what it answers."""
    routes = make_app(cast("Any", None)).router.routes()
    found = {route.resource.canonical for route in routes if route.resource and told(route.handler) is None}
    assert [path for path in found if path.startswith(("/api/", "/healthz", "/readyz", "/metrics", "/media"))] == []


async def test_it_is_open(site: Site) -> None:
    """Who writes a client needs no token for it; each route says which scopes it needs."""
    known = site.gateway.settings
    site.gateway.settings = Settings(policy=known.policy, feeds=known.feeds, receivers=known.receivers, tokens=ALL)
    status, document = await site.get("/openapi.json")
    assert status == 200
    wanted = {path: document["paths"][path] for path in ("/api/v1/cards", "/api/v1/erase", "/healthz")}
    assert wanted["/api/v1/cards"]["get"]["security"] == [{"token": ["read"]}, {"token": ["receive"]}]
    assert wanted["/api/v1/erase"]["post"]["security"] == [{"token": ["operate"]}]
    assert wanted["/healthz"]["get"]["security"] == []


async def known_ids(site: Site) -> dict[str, list[str]]:
    """By the family of a route, names that it knows."""
    lists = {
        "alerts": "id",
        "cards": "card_id",
        "quarantine": "id",
        "feeds": "name",
        "receivers": "name",
        "deliveries": "id",
    }
    found = {"places": ["48113", "US-TX"]}
    for family, key in lists.items():
        found[family] = [one[key] for one in (await site.get(f"/api/v1/{family}"))[1]["items"]]
    return found


async def test_whatever_is_asked_is_answered_as_described(site: Site) -> None:
    """Of each route, requests as its description has them, and others that it does not allow: never a fault of the gateway, never a
    status, a type or a field that is not described."""
    document = (await site.get("/openapi.json"))[1]
    known = await known_ids(site)
    base_url = f"http://{site.address.host}:{site.address.port}"
    every: Any = schemathesis.openapi.from_dict(strict(document)).get_all_operations()
    for operation in (found.ok() for found in every):
        if operation.path != ENDLESS:
            await asyncio.to_thread(ask, operation, base_url, known)


def ask(operation: Any, base_url: str, known: dict[str, list[str]]) -> None:
    names = known.get(operation.path.removeprefix("/api/v1/").partition("/")[0], [])
    checks = [getattr(schemathesis.checks, name) for name in CHECKS]
    for mode in schemathesis.GenerationMode:

        @settings(
            max_examples=EXAMPLES, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        @given(data=st.data(), case=operation.as_strategy(generation_mode=mode))
        def once(data: st.DataObject, case: Any) -> None:
            if "id" in case.path_parameters and names:
                case.path_parameters["id"] = data.draw(st.sampled_from([*names, case.path_parameters["id"]]))
            case.call_and_validate(base_url=base_url, checks=checks, timeout=60)

        with suppress(Unsatisfiable):  # a route without any parameter cannot be asked wrongly
            once()


CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)


def steps(known: dict[str, list[str]]) -> Iterator[tuple[str, str, bytes]]:
    """Every act once, so that each is answered with success."""
    card, declined = known["cards"][0], known["declined"][0]
    yield "POST", f"/api/v1/deliveries/{known['deliveries'][0]}/redeliver", b""
    yield "POST", f"/api/v1/cards/{card}/verify", REASON
    yield "POST", f"/api/v1/cards/{card}/hold", b""
    yield "POST", f"/api/v1/cards/{card}/correct", b'{"remove": ["/children/0/name"], "reason": "wrong"}'
    yield "POST", f"/api/v1/cards/{card}/withdraw", REASON
    yield "POST", f"/api/v1/cards/{card}/restore", b""
    yield "POST", f"/api/v1/alerts/{declined}/publish", b'{"programme": "amber", "reason": "it is one"}'
    yield "POST", "/api/v1/pause", b""
    yield "POST", "/api/v1/resume", b""
    yield "POST", f"/api/v1/quarantine/{known['quarantine'][0]}/dismiss", REASON
    yield "POST", "/api/v1/feeds/nws/poll", b""
    yield "POST", "/api/v1/feeds/partner/alerts", alert("TX-9", "CAE", utc_now())
    yield "POST", "/api/v1/validate", alert("TX-8", "CAE", utc_now())
    yield "POST", "/api/v1/receivers/app/recover", b'{"mode": "failed"}'
    yield "POST", "/api/v1/erase", b'{"identifier": "TX-9", "reason": "order 12"}'
    for family in ("alerts", "cards", "feeds", "receivers", "deliveries", "quarantine", "audit", "messages", "report"):
        yield "GET", f"/api/v1/{family}", b""
    for path in (
        f"cards/{card}",
        f"alerts/{declined}",
        f"alerts/{declined}/explain",
        "feeds/nws",
        "receivers/app",
        "gateway",
    ):
        yield "GET", f"/api/v1/{path}", b""


async def test_every_act_answers_as_described(site: Site) -> None:
    """With all the fields that are named, and no other."""
    document = strict((await site.get("/openapi.json"))[1])
    known = await known_ids(site)
    known["declined"] = [
        one["id"] for one in (await site.get("/api/v1/alerts?decision=ignored"))[1]["items"] if one["id"]
    ]
    for method, path, body in steps(known):
        async with site.session.request(method, path, data=body) as answer:
            found = await answer.json()
            assert answer.status in (200, 202), (path, found)
            schema = answer_schema(document, method, path, answer.status)
            faults = [fault.message for fault in Draft202012Validator(schema).iter_errors(found)]
            assert faults == [], path


async def test_a_receiver_is_answered_as_described(site: Site) -> None:
    """It gets another form of a card, without what only operators need."""
    document = strict((await site.get("/openapi.json"))[1])
    known = site.gateway.settings
    site.gateway.settings = Settings(policy=known.policy, feeds=known.feeds, receivers=known.receivers, tokens=ALL)
    page = (await site.get("/api/v1/cards", **bearing(RECEIVE)))[1]
    card = (await site.get(f"/api/v1/cards/{page['items'][0]['card_id']}", **bearing(RECEIVE)))[1]
    for name, found in (("Page_ReceivedCard_", page), ("ReceivedCardDetails", card)):
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        assert [fault.message for fault in Draft202012Validator(schema).iter_errors(found)] == []


def answer_schema(document: Json, method: str, path: str, status: int) -> Json:
    """The schema of an answer, as the route of that path describes it."""
    (route,) = (
        one
        for one in document["paths"]
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", one), path) and is_nearest(one, path, document)
    )
    told_of = document["paths"][route][method.lower()]["responses"][str(status)]["content"]["application/json"][
        "schema"
    ]
    return {**told_of, "components": document["components"]}


def is_nearest(route: str, path: str, document: Json) -> bool:
    return "{" not in route or path not in document["paths"]

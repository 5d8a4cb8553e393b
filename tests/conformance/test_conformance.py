"""The conformance check passes a good receiver, and of a bad one exactly the right lines fail."""

from __future__ import annotations

import asyncio
import json
import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from bad_receiver import SECRET, Bad

from capgateway.conformance import level1, level2
from capgateway.conformance.bench import FIRST_SEQUENCE, Limits
from capgateway.conformance.run import COUNT, Report, probe
from capgateway.simulate.receiver import Misbehaviour, ReceiverServer
from capgateway.webhooks import Receiver
from capgateway.webhooks.ed25519 import SigningKey

PATIENT = Limits(answer=30, grace=20, life=1)
HASTY = Limits(answer=30, grace=1, life=1)
LOOPBACK = (ip_network("127.0.0.0/8"),)
VERIFIES = {
    "tampered-body", "other-id", "wrong-secret", "wrong-key", "no-timestamp", "no-signature", "no-id", "too-old", "too-new",
    "wrong-version", "malformed-signature", "bad-base64", "malformed-timestamp",
}  # fmt: skip
FENCE = {"fence", "fence-after-end", "fence-after-expiry", "fence-after-snapshot", "end-first", "exact-sequence"}


def a_receiver(url: str, **more: object) -> Receiver:
    return Receiver(name="x", url=url, secrets=(SECRET,), allow_networks=LOOPBACK, **more)  # type: ignore[arg-type]


async def check(url: str, limits: Limits = PATIENT) -> Report:
    return await probe(a_receiver(url), user_agent="test", limits=limits)


def failed(report: Report) -> set[str]:
    return {one.name for one in report.results if one.passed is False}


async def test_a_good_receiver_passes_every_check() -> None:
    """All of both levels, and nothing stays on display."""
    async with ReceiverServer(secrets=[SECRET]) as good:
        report = await check(good.url)
        assert good.cards == {}
    assert (failed(report), report.level, report.left, len(report.results)) == (set(), 2, 0, COUNT)
    assert [one.name for one in report.results if one.passed is None] == ["v1a"]


BAD = {
    ("verify",): VERIFIES,
    ("tolerance",): {"too-old", "too-new"},
    ("fragile",): {"malformed-signature", "bad-base64"},
    ("first_only",): {"rotation", "unknown-version"},
    ("reserialise",): {"raw-bytes"},
    ("small",): {"largest"},
    ("echo",): {"challenge"},
    ("dies",): {"unknown-type", "unknown-action", "by-action"},
    ("by_type",): {"by-action"},
    ("dedupe",): set(),  # the fence is enough
    ("fence",): FENCE,
    ("dedupe", "fence"): FENCE - {"fence-after-expiry"} | {"not-repeated"},
    ("by_revision",): {"fence-by-sequence"},
    ("expiry",): {"expires"},
    ("snapshots",): {"snapshot", "fence-after-snapshot"},
    ("never_empty",): {"snapshot", "fence-after-snapshot"},
    ("careless",): {"older-snapshot"},
    ("any_version",): {"wrong-version"},
    ("optional",): {"malformed-signature"},
    ("empty_secret",): {"wrong-secret"},
    ("strict",): {"unknown-fields"},
    ("few_reasons",): {"take-down"},
    ("few_roles",): {"unknown-words"},
    ("wants_texts",): {"without-texts"},
    ("ascii",): {"text"},
    ("small_numbers",): {"large-sequence", "exact-sequence"},
    ("coarse",): {"exact-sequence"},
    ("one_fence",): {"each-card"},
    ("snapshot_fence",): {"each-card"},
    ("first_end",): {"latest-expiry"},
    ("forgets",): {"fence-after-expiry"},
}

LATE = {"expiry", "first_end"}
"""These let a check wait until its patience is over."""


async def test_what_a_bad_receiver_does_wrong() -> None:
    """Each fault has its lines, and no other line fails for it."""

    async def of(faults: tuple[str, ...]) -> tuple[tuple[str, ...], set[str]]:
        async with Bad(*faults).running() as url:
            return faults, failed(await check(url, HASTY if LATE.intersection(faults) else PATIENT))

    assert dict(await asyncio.gather(*map(of, BAD))) == BAD


async def test_a_slow_receiver() -> None:
    """Every answer comes, but too late to be prompt; that is one line, not forty, and cards that end soon live longer for it."""
    async with Bad("slow").running() as url:
        report = await check(url, Limits(answer=0.2, grace=20, life=0))
    assert failed(report) == {"prompt"}


async def test_a_receiver_that_redirects() -> None:
    """It is told to configure the address itself; what would fail for the same reason is left out."""
    async with Bad("redirect").running() as url:
        report = await check(url)
    assert (failed(report), report.level) == ({"valid", "no-redirect"}, 0)
    assert sum(one.passed is None for one in report.results) == COUNT - 2


async def test_without_confirmations_only_level_1_can_be_observed() -> None:
    """A receiver that answers nothing is good as far as its statuses show."""
    async with Bad("silent", "fence", "dedupe").running() as url:
        report = await check(url)
    assert (failed(report), report.level) == (set(), 1)
    assert {one.level for one in report.results if one.passed is None} == {1, 2}


async def test_a_confirmation_that_a_gateway_does_not_read_is_none() -> None:
    """A gateway reads the first kilobyte of an answer."""
    async with Bad("chatty").running() as url:
        report = await check(url)
    assert (failed(report), report.level) == ({"challenge"}, 1)


async def test_a_server_may_close_connections_as_it_likes() -> None:
    """After each answer, without a word; the receiver may be a good one."""
    async with Bad("hangs_up").running() as url:
        report = await check(url)
    assert (failed(report), report.level) == (set(), 2)


async def test_a_receiver_that_is_not_there() -> None:
    """One failed line says so."""
    report = await check("http://127.0.0.1:9/")
    assert (failed(report), report.level) == ({"valid"}, 0)
    assert "did not answer" in (report.results[0].detail or "")


async def test_an_address_that_is_not_allowed_gets_nothing() -> None:
    """The guard of deliveries stands before these requests too."""
    good = Bad()
    async with good.running() as url:
        report = await probe(Receiver(name="x", url=url, secrets=(SECRET,)), user_agent="test")
    assert (failed(report), good.requests) == ({"valid"}, 0)


@pytest.mark.parametrize("has_key", [True, False])
async def test_v1a_is_checked_where_a_signing_key_is_given(has_key: bool) -> None:
    """A receiver with the public key accepts it alone, one without does not."""
    seed = bytes(range(32))
    known = [SigningKey(seed).public] if has_key else []
    async with ReceiverServer(secrets=[SECRET], public_keys=known) as good:
        receiver = a_receiver(good.url, signing_key=seed)
        report = await probe(receiver, user_agent="test", limits=PATIENT, is_keyed=True)
    assert failed(report) == (set() if has_key else {"v1a"})


async def test_a_receiver_that_relies_on_its_public_key_alone_is_a_good_one() -> None:
    """Where the operator has a signing key, v1 signatures may mean nothing to a receiver."""
    seed = bytes(range(32))
    async with Bad(public_keys=[SigningKey(seed).public]).running() as url:
        report = await probe(a_receiver(url, signing_key=seed), user_agent="test", limits=PATIENT, is_keyed=True)
    assert (failed(report), report.level) == (set(), 2)


def test_the_documentation_lists_every_check() -> None:
    """With its level and its title."""
    page = (Path(__file__).parents[2] / "docs/receivers.md").read_text()
    for level, checks in ((1, (level1.VALID, *level1.CHECKS, *level1.KEYED, *level1.WHOLE)), (2, level2.CHECKS)):
        (rows,) = re.findall(rf"\| level {level} \| the receiver \|\n\|---\|---\|\n((?:\|.*\n)+)", page)
        assert sorted(rows.splitlines()) == sorted(f"| `{one.name}` | {one.title} |" for one in checks)


async def test_real_cards_are_safe() -> None:
    """Only exercises go out, and snapshots have sequences far below those of any gateway, so that they end no real card."""
    async with ReceiverServer(secrets=[SECRET]) as good:
        await check(good.url)
        told = [(one.type, one.card) for one in good.arrivals if one.outcome in {"displayed", "removed"}]
    assert all(str(message_type).startswith("exercise.card.") for message_type, _ in told)
    assert all(card is None or card["status"] == "exercise" for _, card in told)
    assert max(one.sequence or 0 for one in good.arrivals if one.outcome == "snapshot") < FIRST_SEQUENCE + 1_000
    words = json.dumps([card for _, card in told])
    assert "EXERCISE" in words


async def test_what_was_displayed_is_taken_down_when_the_user_has_enough() -> None:
    """Cancelling in the middle takes every card down first."""
    async with ReceiverServer(secrets=[SECRET], misbehaviour=Misbehaviour()) as good:
        began = asyncio.Event()
        running = asyncio.create_task(
            probe(
                a_receiver(good.url), user_agent="test", on_result=lambda one: began.set() if one.level == 2 else None
            )
        )
        await began.wait()
        assert good.cards
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert good.cards == {}

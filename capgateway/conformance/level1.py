"""Level 1: what a receiver's statuses show. Whom does it believe? What it must take is in ``takes``."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway.conformance import takes
from capgateway.conformance.bench import now_in_seconds, stranger, v1
from capgateway.conformance.check import Fault, accepted, first, level_1, refused
from capgateway.webhooks.ed25519 import SigningKey
from capgateway.webhooks.sign import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from capgateway.conformance.bench import Bench

TOO_FAR, NEAR_ENOUGH = timedelta(minutes=6), timedelta(minutes=4)
"""A receiver tolerates five minutes."""
SECRET_SIZE, V1_SIZE, V1A_SIZE = 32, 32, 64
MALFORMED = ("", "garbage", "v1", "v1,", ",", "v1;AAAA", "v1,a,b", "v1,AAAA  v1,BBBB", "v2,AAAA")
NOT_BASE64 = ("v1,%%%", "v1,AAA", "v1,é", "v1,====", "v1a,%%%")
NOT_A_TIME = ("", "soon", "nan", "-1", "1e9", "9" * 20)


async def valid(bench: Bench) -> Fault:
    return accepted(await bench.send(bench.new()))


async def tampered(bench: Bench) -> Fault:
    message = bench.new()
    return refused(await bench.send(message, body=message.body.replace(b"revision", b"Revision", 1)))


async def wrong_secret(bench: Bench) -> Fault:
    """Also the empty one, which a receiver has whose configuration lacks it."""
    message, other = bench.new(), bench.new()
    return first(
        refused(await bench.send(message, signature=v1(message, secrets.token_bytes(SECRET_SIZE)))),
        refused(await bench.send(other, signature=v1(other, b"")), "one of the empty secret"),
    )


async def wrong_key(bench: Bench) -> Fault:
    message, now = bench.new(), str(now_in_seconds())
    signature = bench.v1a(message, now, SigningKey(secrets.token_bytes(SECRET_SIZE)))
    return refused(await bench.send(message, timestamp=now, signature=signature))


async def by_key(bench: Bench) -> Fault:
    message, now = bench.new(), str(now_in_seconds())
    return accepted(await bench.send(message, timestamp=now, signature=bench.v1a(message, now)))


async def is_keyed_only(bench: Bench) -> bool:
    """Whether the receiver relies on ``v1a`` alone, as it may: then a right ``v1`` signature is none to it."""
    if not bench.is_signed_by_key:
        return False
    message = bench.new()
    return (await bench.send(message, signature=v1(message, *bench.secrets))).is_refused and await by_key(bench) is None


async def other_id(bench: Bench) -> Fault:
    message, other = bench.new(), bench.new()
    now = str(now_in_seconds())
    signature = bench.right(message, now)
    return refused(await bench.send(message, under=other.id, timestamp=now, signature=signature))


def without(header: str) -> Callable[[Bench], Awaitable[Fault]]:
    async def run(bench: Bench) -> Fault:
        return refused(await bench.send(bench.new(), but=header))

    return run


def refused_at(age: timedelta) -> Callable[[Bench], Awaitable[Fault]]:
    async def run(bench: Bench) -> Fault:
        return refused(await bench.send(bench.new(), age=age))

    return run


def accepted_at(age: timedelta) -> Callable[[Bench], Awaitable[Fault]]:
    async def run(bench: Bench) -> Fault:
        return accepted(await bench.send(bench.new(), age=age))

    return run


async def rotation(bench: Bench) -> Fault:
    """As during a rotation, with a key of each kind."""
    message, now = bench.new(), str(now_in_seconds())
    header = f"{stranger('v1a', V1A_SIZE)} {stranger('v1', V1_SIZE)} {bench.right(message, now)}"
    return accepted(await bench.send(message, timestamp=now, signature=header))


async def any_place(bench: Bench) -> Fault:
    """A receiver that has the old secret still finds its signature first."""
    message, now = bench.new(), str(now_in_seconds())
    header = f"{bench.right(message, now)} {stranger('v1', V1_SIZE)}"
    return accepted(await bench.send(message, timestamp=now, signature=header))


async def unknown_version(bench: Bench) -> Fault:
    message, now = bench.new(), str(now_in_seconds())
    header = f"{stranger('v9', V1_SIZE)} {bench.right(message, now)}"
    return accepted(await bench.send(message, timestamp=now, signature=header))


async def wrong_version(bench: Bench) -> Fault:
    """The version before the comma says how a signature was made."""
    message, now = bench.new(), str(now_in_seconds())
    _, _, encoded = bench.right(message, now).partition(",")
    return refused(await bench.send(message, timestamp=now, signature=f"v2,{encoded}"))


async def cut(bench: Bench) -> Fault:
    """The beginning of the right signature, which is valid base64, and what cannot be a signature at all."""
    message, now = bench.new(), str(now_in_seconds())
    version, _, encoded = bench.right(message, now).partition(",")
    answer = await bench.send(message, timestamp=now, signature=f"{version},{encoded[:8]}")
    return first(refused(answer, "the first characters of the right one"), await each_refused(MALFORMED)(bench))


def each_refused(headers: Sequence[str]) -> Callable[[Bench], Awaitable[Fault]]:
    async def run(bench: Bench) -> Fault:
        return first(*[refused(await bench.send(bench.new(), signature=one), f'"{one}"') for one in headers])

    return run


async def not_a_time(bench: Bench) -> Fault:
    return first(*[refused(await bench.send(bench.new(), timestamp=one), f'"{one}"') for one in NOT_A_TIME])


async def prompt(bench: Bench) -> Fault:
    if bench.slowest < bench.limits.answer:
        return None
    return f"the slowest answer took {bench.slowest:.1f} s; store the message, answer, and do slow work later"


async def no_redirect(bench: Bench) -> Fault:
    found = next((one for one in bench.wire.answers if one.is_redirect), None)
    return f"it {found}: a redirect is never followed; configure the address itself" if found else None


VALID = level_1("valid", "accepts a valid message", valid)
CHECKS = (
    level_1("tampered-body", "refuses a body that was changed", tampered),
    level_1("other-id", "refuses a message under another id", other_id),
    level_1("wrong-secret", "refuses a signature of another secret", wrong_secret),
    level_1("wrong-key", "refuses an ed25519 signature of another key", wrong_key),
    level_1("no-id", "refuses a message without webhook-id", without(ID_HEADER)),
    level_1("no-timestamp", "refuses a message without webhook-timestamp", without(TIMESTAMP_HEADER)),
    level_1("no-signature", "refuses a message without webhook-signature", without(SIGNATURE_HEADER)),
    level_1("too-old", "refuses a timestamp 6 minutes ago", refused_at(TOO_FAR)),
    level_1("too-new", "refuses a timestamp 6 minutes ahead", refused_at(-TOO_FAR)),
    level_1("old-enough", "accepts a timestamp 4 minutes ago", accepted_at(NEAR_ENOUGH)),
    level_1("new-enough", "accepts a timestamp 4 minutes ahead", accepted_at(-NEAR_ENOUGH)),
    level_1("rotation", "accepts the right signature after v1a and an old v1", rotation),
    level_1("any-place", "accepts the right signature before another", any_place),
    level_1("unknown-version", "skips signatures of versions that it does not know", unknown_version),
    level_1("wrong-version", "refuses the right signature under another version", wrong_version),
    level_1("malformed-signature", "answers 4xx to a malformed signature", cut),
    level_1("bad-base64", "answers 4xx to bad base64", each_refused(NOT_BASE64)),
    level_1("malformed-timestamp", "answers 4xx to a malformed timestamp", not_a_time),
    *takes.CHECKS,
)
KEYED = (level_1("v1a", "accepts an ed25519 signature alone", by_key),)
"""Of a receiver that has the public key."""
WHOLE = (
    takes.LARGE_SEQUENCE,
    level_1("prompt", "answers within 2 s", prompt),
    level_1("no-redirect", "does not redirect", no_redirect),
)
"""About all answers together, and what would disturb other checks: a receiver that compares the sequences of different cards ignores
all that comes after it."""

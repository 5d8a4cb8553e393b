"""Level 1: what a receiver's statuses show. Whom does it believe, and what does it take?"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from capgateway import webhooks
from capgateway.conformance.bench import now_in_seconds, stranger, v1
from capgateway.conformance.check import Check, Fault, accepted, first, refused
from capgateway.conformance.sample import altered
from capgateway.webhooks.ed25519 import SigningKey
from capgateway.webhooks.sign import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from capgateway.conformance.bench import Bench
    from capgateway.conformance.wire import Answer

TOO_FAR, NEAR_ENOUGH = timedelta(minutes=6), timedelta(minutes=4)
"""A receiver tolerates five minutes."""
SECRET_SIZE, V1_SIZE, V1A_SIZE = 32, 32, 64
MALFORMED = ("garbage", "v1", "v1,", ",", "v1;AAAA", "v1,a,b", "v1,AAAA  v1,BBBB", "v2,AAAA")
NOT_BASE64 = ("v1,%%%", "v1,AAA", "v1,é", "v1,====", "v1a,%%%")
NOT_A_TIME = ("soon", "-1", "1e9", "9" * 20)


async def valid(bench: Bench) -> Fault:
    return accepted(await bench.send(bench.new()))


async def tampered(bench: Bench) -> Fault:
    message = bench.new()
    return refused(await bench.send(message, body=message.body.replace(b"revision", b"Revision", 1)))


async def wrong_secret(bench: Bench) -> Fault:
    message = bench.new()
    return refused(await bench.send(message, signature=v1(message, secrets.token_bytes(SECRET_SIZE))))


async def wrong_key(bench: Bench) -> Fault:
    message, now = bench.new(), str(now_in_seconds())
    signature = bench.v1a(message, now, SigningKey(secrets.token_bytes(SECRET_SIZE)))
    return refused(await bench.send(message, timestamp=now, signature=signature))


async def by_key(bench: Bench) -> Fault:
    message, now = bench.new(), str(now_in_seconds())
    return accepted(await bench.send(message, timestamp=now, signature=bench.v1a(message, now)))


async def other_id(bench: Bench) -> Fault:
    message, other = bench.new(), bench.new()
    return refused(await bench.send(message, under=other.id, signature=v1(message, *bench.secrets)))


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
    old, good = (v1(message, key, timestamp=now) for key in (secrets.token_bytes(SECRET_SIZE), bench.secrets[0]))
    header = f"{stranger('v1a', V1A_SIZE)} {old} {good}"
    return accepted(await bench.send(message, timestamp=now, signature=header))


async def any_place(bench: Bench) -> Fault:
    """A receiver that has the old secret still finds its signature first."""
    message, now = bench.new(), str(now_in_seconds())
    header = f"{v1(message, bench.secrets[0], timestamp=now)} {stranger('v1', V1_SIZE)}"
    return accepted(await bench.send(message, timestamp=now, signature=header))


async def unknown_version(bench: Bench) -> Fault:
    message, now = bench.new(), str(now_in_seconds())
    header = f"{stranger('v9', V1_SIZE)} {v1(message, bench.secrets[0], timestamp=now)}"
    return accepted(await bench.send(message, timestamp=now, signature=header))


def each_refused(headers: Sequence[str]) -> Callable[[Bench], Awaitable[Fault]]:
    async def run(bench: Bench) -> Fault:
        return first(*[refused(await bench.send(bench.new(), signature=one), f'"{one}"') for one in headers])

    return run


async def not_a_time(bench: Bench) -> Fault:
    return first(*[refused(await bench.send(bench.new(), timestamp=one), f'"{one}"') for one in NOT_A_TIME])


async def raw_bytes(bench: Bench) -> Fault:
    """The same message, written otherwise than a library would write it."""
    message = bench.new()
    written = msgspec.json.format(message.body, indent=3).replace(b"EXERCISE", b"\\u0045XERCISE") + b" "
    return accepted(await bench.send(msgspec.structs.replace(message, body=written)))


async def unknown_fields(bench: Bench) -> Fault:
    message = bench.new()
    card = msgspec.json.decode(message.body)["data"]["card"] | {"later": {"than": "this version"}}
    return accepted(await bench.send(altered(message, card=card, later=[1])))


async def unknown_type(bench: Bench) -> Fault:
    message = altered(bench.new(), as_type="exercise.card.corrected")
    return accepted(await bench.send(message))


async def unknown_action(bench: Bench) -> Fault:
    message = altered(bench.new(), as_type="exercise.card.noted", action="note")
    return accepted(await bench.send(message))


async def passing(bench: Bench) -> Fault:
    return accepted(await bench.send(webhooks.test(bench.passing(), secrets.token_hex(16))))


async def challenge(bench: Bench) -> Fault:
    nonce = secrets.token_hex(16)
    answer = await bench.send(webhooks.challenge(bench.passing(), nonce))
    return first(accepted(answer), _proof(answer, nonce, bench.secrets))


class Proof(msgspec.Struct, frozen=True):
    nonce: str
    proof: str


def _proof(answer: Answer, nonce: str, keys: Sequence[bytes]) -> Fault:
    try:
        said = msgspec.json.decode(answer.body, type=Proof)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return 'its answer is not {"nonce": …, "proof": …}'
    if said.nonce != nonce:
        return "it repeats another nonce"
    rights = [hmac.new(key, nonce.encode(), "sha256").hexdigest() for key in keys]
    if any(hmac.compare_digest(right.encode(), said.proof.lower().encode()) for right in rights):
        return None
    return "the proof is not the hexadecimal HMAC-SHA256 of the nonce under the bytes of the secret"


async def duplicate(bench: Bench) -> Fault:
    message = bench.new()
    return first(*[accepted(await bench.send(message)) for _ in range(2)])


async def take_down(bench: Bench) -> Fault:
    """Also of a card that the receiver never saw."""
    sample = bench.sample()
    return accepted(await bench.send(sample.take_down(1, bench.sequence())))


async def largest(bench: Bench) -> Fault:
    return accepted(await bench.send(bench.sample().display(1, bench.sequence(), filled=True)))


async def prompt(bench: Bench) -> Fault:
    slowest = max((one.seconds for one in bench.wire.answers if one.is_accepted), default=0.0)
    if slowest < bench.limits.answer:
        return None
    return f"the slowest answer took {slowest:.1f} s; store the message, answer, and do slow work later"


async def no_redirect(bench: Bench) -> Fault:
    found = next((one for one in bench.wire.answers if one.is_redirect), None)
    return f"it {found}: a redirect is never followed; configure the address itself" if found else None


def _check(name: str, title: str, run: Callable[[Bench], Awaitable[Fault]]) -> Check:
    return Check(name=name, level=1, title=title, run=run)


VALID = _check("valid", "accepts a valid message", valid)
CHECKS = (
    _check("tampered-body", "refuses a body that was changed", tampered),
    _check("other-id", "refuses a message under another id", other_id),
    _check("wrong-secret", "refuses a signature of another secret", wrong_secret),
    _check("wrong-key", "refuses an ed25519 signature of another key", wrong_key),
    _check("no-id", "refuses a message without webhook-id", without(ID_HEADER)),
    _check("no-timestamp", "refuses a message without webhook-timestamp", without(TIMESTAMP_HEADER)),
    _check("no-signature", "refuses a message without webhook-signature", without(SIGNATURE_HEADER)),
    _check("too-old", "refuses a timestamp 6 minutes ago", refused_at(TOO_FAR)),
    _check("too-new", "refuses a timestamp 6 minutes ahead", refused_at(-TOO_FAR)),
    _check("old-enough", "accepts a timestamp 4 minutes ago", accepted_at(NEAR_ENOUGH)),
    _check("new-enough", "accepts a timestamp 4 minutes ahead", accepted_at(-NEAR_ENOUGH)),
    _check("rotation", "accepts the right signature after v1a and an old v1", rotation),
    _check("any-place", "accepts the right signature before another", any_place),
    _check("unknown-version", "skips signatures of versions that it does not know", unknown_version),
    _check("malformed-signature", "answers 4xx to a malformed signature", each_refused(MALFORMED)),
    _check("bad-base64", "answers 4xx to bad base64", each_refused(NOT_BASE64)),
    _check("malformed-timestamp", "answers 4xx to a malformed timestamp", not_a_time),
    _check("raw-bytes", "verifies the raw bytes of the body", raw_bytes),
    _check("unknown-fields", "ignores fields that it does not know", unknown_fields),
    _check("unknown-type", "accepts an unknown type with a known action", unknown_type),
    _check("unknown-action", "accepts an unknown type and action", unknown_action),
    _check("duplicate", "accepts a message that comes again", duplicate),
    _check("take-down", "accepts a take-down", take_down),
    _check("largest", "accepts a body of 20 kB", largest),
    _check("test", "accepts receiver.test", passing),
    _check("challenge", "proves that it has the secret", challenge),
)
KEYED = (_check("v1a", "accepts an ed25519 signature alone", by_key),)
"""Of a receiver that has the public key."""
WHOLE = (
    _check("prompt", "answers within 2 s", prompt),
    _check("no-redirect", "does not redirect", no_redirect),
)
"""About all answers together."""

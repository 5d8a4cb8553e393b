"""What must a receiver take? Everything that a gateway sends, and what a later one may add."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from capgateway import webhooks
from capgateway.cards.decision import EndReason
from capgateway.conformance.check import Check, Fault, accepted, first, level_1
from capgateway.conformance.sample import altered
from capgateway.webhooks.proof import proof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.conformance.bench import Bench
    from capgateway.conformance.wire import Answer
    from capgateway.webhooks import Message

LATER: dict[str, Any] = {"later": {"than": ["this version"]}}
"""A field that no version has."""
BY_LANGUAGE = frozenset({"content", "label", "alt"})
"""Their keys are languages, not fields."""
REASONS = get_args(EndReason)


async def raw_bytes(bench: Bench) -> Fault:
    """The same message, written otherwise than a library would write it."""
    message = bench.new()
    written = msgspec.json.format(message.body, indent=3).replace(b"EXERCISE", b"\\u0045XERCISE") + b" "
    return accepted(await bench.send(msgspec.structs.replace(message, body=written)))


async def text(bench: Bench) -> Fault:
    """Alerts are in Spanish and French too, and nobody keeps pictographs out of them."""
    message = bench.new()
    content = {tongue: words | {"headline": f"{words['headline']} Niña, forêt 🔎"} for tongue, words in _words(message)}
    return accepted(await bench.send(altered(message, card=_card(message) | {"content": content})))


async def unknown_fields(bench: Bench) -> Fault:
    """At every level of a display and of a take-down."""
    one = bench.sample()
    told = (one.display(1, bench.sequence()), one.take_down(2, bench.sequence()))
    return first(
        *[accepted(await bench.send(_with_more_fields(message)), f" to its {message.action}") for message in told]
    )


def _with_more_fields(message: Message) -> Message:
    written = webhooks.encode(_more(msgspec.json.decode(message.body)))
    return msgspec.structs.replace(message, body=written)


def _more(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        return [_more(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _more(each, key) for key, each in value.items()} | ({} if name in BY_LANGUAGE else LATER)


async def unknown_words(bench: Bench) -> Fault:
    """A later version may know further roles, actions and reasons."""
    one = bench.sample()
    shown, ended = one.display(1, bench.sequence()), one.take_down(2, bench.sequence())
    line = {"role": "later", "text": "EXERCISE"}
    content = {tongue: words | {"lines": [*words["lines"], line]} for tongue, words in _words(shown)}
    card = _card(shown)
    actions = [*card["actions"], card["actions"][0] | {"type": "later"}]
    more = card | {"content": content, "actions": actions, "safety": ["later"], "expires_from": "later"}
    return first(
        accepted(await bench.send(altered(shown, card=more)), " to a card"),
        accepted(await bench.send(altered(ended, reason="later")), " to a take-down for an unknown reason"),
    )


async def unknown_type(bench: Bench) -> Fault:
    message = altered(bench.new(), as_type="exercise.card.corrected")
    return accepted(await bench.send(message))


async def unknown_action(bench: Bench) -> Fault:
    message = altered(bench.new(), as_type="exercise.card.noted", action="note")
    return accepted(await bench.send(message))


async def duplicate(bench: Bench) -> Fault:
    message = bench.new()
    return first(*[accepted(await bench.send(message)) for _ in range(2)])


async def take_down(bench: Bench) -> Fault:
    """For every reason; also of a card that the receiver never saw."""
    ends = [bench.sample().take_down(1, bench.sequence(), reason) for reason in REASONS]
    said = zip(REASONS, [await bench.send(one) for one in ends], strict=True)
    return first(*[accepted(answer, f" to the reason {reason}") for reason, answer in said])


async def largest(bench: Bench) -> Fault:
    return accepted(await bench.send(bench.sample().display(1, bench.sequence(), filled=True)))


async def without_texts(bench: Bench) -> Fault:
    """A card too large for a message comes with ``card_url``, and null in place of its texts."""
    return accepted(await bench.send(bench.sample().display(1, bench.sequence(), overfull=True)))


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
    if any(hmac.compare_digest(proof(key, nonce).encode(), said.proof.lower().encode()) for key in keys):
        return None
    return "the proof is not the hexadecimal HMAC-SHA256 of the nonce under the bytes of the secret"


async def large_sequence(bench: Bench) -> Fault:
    """As large as those of a gateway."""
    one = bench.sample()
    return first(
        accepted(await bench.send(one.display(1, bench.gateway_sequence()))),
        accepted(await bench.send(one.take_down(2, bench.gateway_sequence()))),
    )


def _card(message: Message) -> dict[str, Any]:
    return dict(msgspec.json.decode(message.body)["data"]["card"])


def _words(message: Message) -> list[tuple[str, dict[str, Any]]]:
    return list(_card(message)["content"].items())


CHECKS: tuple[Check, ...] = (
    level_1("raw-bytes", "verifies the raw bytes of the body", raw_bytes),
    level_1("text", "accepts text outside ASCII", text),
    level_1("unknown-fields", "ignores fields that it does not know", unknown_fields),
    level_1("unknown-words", "accepts roles, actions and reasons that it does not know", unknown_words),
    level_1("unknown-type", "accepts an unknown type with a known action", unknown_type),
    level_1("unknown-action", "accepts an unknown type and action", unknown_action),
    level_1("duplicate", "accepts a message that comes again", duplicate),
    level_1("take-down", "accepts a take-down, whatever its reason", take_down),
    level_1("largest", "accepts a body of 20 kB", largest),
    level_1("without-texts", "accepts a card whose texts were left out", without_texts),
    level_1("test", "accepts receiver.test", passing),
    level_1("challenge", "proves that it has the secret", challenge),
)
LARGE_SEQUENCE = level_1("large-sequence", "accepts a sequence as large as those of a gateway", large_sequence)

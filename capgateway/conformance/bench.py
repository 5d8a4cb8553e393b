"""The bench: what checks send, signed as they ask for, and the cards that have to be taken down in the end."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from capgateway import webhooks
from capgateway.clock import utc_now
from capgateway.conformance.sample import Sample, exercise_card
from capgateway.webhooks.sign import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from capgateway.conformance.wire import Answer, Wire
    from capgateway.webhooks import Message, Receiver
    from capgateway.webhooks.ed25519 import SigningKey

FIRST_SEQUENCE = 1_000
"""Far below every sequence of a gateway, which counts microseconds since 1970: a snapshot that a check sends concerns none of the
cards that the receiver really displays, and the next real snapshot removes what a check leaves behind. The take-downs at the end
have sequences of today: no fence is in their way, and whatever a receiver forgot of them, no display comes after."""
AT_A_TIME = 8
TIDY_SECONDS = 20.0
"""For taking down what was displayed: a receiver that does not answer must not keep the user waiting."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long an answer may take, and how long after its ``expires_at`` a card may be shown, in seconds. ``life`` is how long a
    card lives that is to end by itself."""

    answer: float = 2.0
    grace: float = 10.0
    life: float = 2.0


class Bench:
    """``receiver`` is the one under test; ``signing_key`` is used as well where it has one. ``is_keyed_only`` is set for one that
    verifies ``v1a`` and nothing else."""

    def __init__(self, wire: Wire, receiver: Receiver, limits: Limits) -> None:
        self.wire, self.limits, self.now = wire, limits, utc_now()
        self._receiver, self._run = receiver, secrets.token_hex(16)
        self._card, self._samples = exercise_card(self.now), list[Sample]()
        self._sequence, self._gateway_sequence = FIRST_SEQUENCE, 0
        self.is_keyed_only = False

    @property
    def is_signed_by_key(self) -> bool:
        """Whether messages have a ``v1a`` signature too."""
        return self._receiver.signer is not None

    @property
    def secrets(self) -> Sequence[bytes]:
        return self._receiver.secrets

    @property
    def slowest(self) -> float:
        """How many seconds the slowest answer so far took that accepts a message."""
        return max((one.seconds for one in self.wire.answers if one.is_accepted), default=0.0)

    def ends_in(self, seconds: float) -> datetime:
        """A whole second, so many seconds from now at least, and later for a receiver that is slow: it has to have displayed the
        card and its update by then."""
        return (utc_now() + timedelta(seconds=seconds + 1 + 3 * self.slowest)).replace(microsecond=0)

    def sequence(self) -> int:
        """The next one."""
        self._sequence += 1
        return self._sequence

    def gateway_sequence(self) -> int:
        """The next one that a gateway would give: microseconds since 1970. Not for a snapshot, which would concern real cards."""
        self._gateway_sequence = max(self._gateway_sequence + 1, int(utc_now().timestamp() * 1_000_000))
        return self._gateway_sequence

    def sample(self) -> Sample:
        """A new card, which is taken down in the end."""
        made = Sample(self._run, utc_now(), self._card)
        self._samples.append(made)
        return made

    def new(self) -> Message:
        """The first display of a new card."""
        return self.sample().display(1, self.sequence())

    def passing(self, receiver: str = "") -> webhooks.Passing:
        """The stamp of a snapshot, a test or a challenge."""
        return webhooks.Passing(
            deployment=self._run,
            receiver=receiver,
            sequence=self.sequence(),
            timestamp=self.now.replace(microsecond=0),
            expires_at=self.now + timedelta(minutes=1),
        )

    async def send(
        self,
        message: Message,
        *,
        under: str | None = None,
        age: timedelta = timedelta(0),
        timestamp: str | None = None,
        signature: str | None = None,
        but: str | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Post a message. ``under`` another id, signed ``age`` ago, with this ``timestamp`` or ``signature`` instead, without the
        header ``but``; ``body`` is what is sent in place of what was signed."""
        message_id = under or message.id
        sent = timestamp if timestamp is not None else str(int((utc_now() - age).timestamp()))
        headers = {
            "Content-Type": "application/json",
            ID_HEADER: message_id,
            TIMESTAMP_HEADER: sent,
            SIGNATURE_HEADER: self.signed(message, message_id, sent) if signature is None else signature,
            "webhook-attempt": "1",
        }
        headers.pop(but or "", None)
        return await self.wire.post(message.body if body is None else body, headers)

    def signed(self, message: Message, message_id: str, timestamp: str) -> str:
        """As a gateway with this receiver's keys signs."""
        found = [v1(message, *reversed(self._receiver.secrets), under=message_id, timestamp=timestamp)]
        if self._receiver.signer:
            found.insert(0, self.v1a(message, timestamp))
        return " ".join(found)

    def right(self, message: Message, timestamp: str) -> str:
        """One signature that this receiver has to accept."""
        if self.is_keyed_only:
            return self.v1a(message, timestamp)
        return v1(message, self.secrets[0], timestamp=timestamp)

    def v1a(self, message: Message, timestamp: str, key: SigningKey | None = None) -> str:
        """The ``v1a`` signature of a message under the receiver's signing key, or another one."""
        signer = key or self._receiver.signer
        if signer is None:
            raise ValueError("no signing key was given")
        return f"v1a,{b64encode(signer.sign(content(message, message.id, timestamp))).decode()}"

    async def tidy(self) -> int:
        """Take every card down; how many the receiver did not acknowledge."""
        slots, samples = asyncio.Semaphore(AT_A_TIME), self._samples

        async def end(sample: Sample) -> bool:
            async with slots:
                return (await self.send(sample.take_down(9, self.gateway_sequence()))).is_accepted

        patience = TIDY_SECONDS + self.slowest * len(samples) / AT_A_TIME
        ending = [asyncio.create_task(end(sample)) for sample in samples]
        done, late = await asyncio.wait(ending, timeout=patience) if ending else (set(), set())
        for task in late:
            task.cancel()
        return len(samples) - sum(task.result() for task in done)


def v1(message: Message, *keys: bytes, under: str = "", timestamp: str = "") -> str:
    """The ``v1`` signatures of a message under these keys, in this order; made now, unless the header says another time."""
    signed = content(message, under or message.id, timestamp or str(now_in_seconds()))
    return " ".join(f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)


def content(message: Message, message_id: str, timestamp: str) -> bytes:
    """What is signed."""
    return f"{message_id}.{timestamp}.".encode() + message.body


def now_in_seconds() -> int:
    """What a timestamp header says now."""
    return int(utc_now().timestamp())


def stranger(version: str, size: int) -> str:
    """A signature that nobody's key made."""
    return f"{version},{b64encode(secrets.token_bytes(size)).decode()}"

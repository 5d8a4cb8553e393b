"""A long story of many incidents, made up by chance, that knows what must be on display at its end."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from capgateway import cap
from capgateway.simulate import story

RECENT = 4
"""Incidents that most messages are about: those that receivers are being told of at the same time."""


class Story:
    """``published`` are the identifiers so far, ``live`` the newest message of each incident that goes on."""

    def __init__(self, chance: random.Random, now: datetime) -> None:
        self.published: list[str] = []
        self.live: dict[int, str] = {}
        self.never: set[str] = set()
        self._chance, self._moment = chance, now - timedelta(hours=3)
        self._incidents: dict[int, list[cap.Alert]] = {}

    @property
    def truth(self) -> list[str]:
        """The messages that have to be on display, once each; those that end by themselves are none of them."""
        return sorted(self.live.values())

    def tell(self, now: datetime) -> cap.Alert:
        """The next message. Its time of sending is later than that of all before, as the truth is the newest word."""
        self._moment += timedelta(seconds=1)
        what = self._chance.random()
        open_ones = sorted(self.live)[-RECENT:]
        if what < 0.1:
            alert = self._no_card(story.exercise if what < 0.05 else story.thunderstorm)
        elif what < 0.4 or not open_ones:
            alert = self._begins(now if self._chance.random() < 0.15 else None)
        elif what < 0.7:
            alert = self._goes_on(self._chance.choice(open_ones))
        elif what < 0.95:
            alert = self._ends(self._chance.choice(open_ones))
        else:
            alert = self._goes_on(self._chance.choice(sorted(self._incidents)))  # after its end, more often than not
        self.published.append(alert.identifier)
        return alert

    def _no_card(self, kind: Callable[[datetime], cap.Alert]) -> cap.Alert:
        alert = replace(kind(self._moment), identifier=self._name("N"))
        self.never.add(alert.identifier)
        return alert

    def _begins(self, ends_soon_after: datetime | None) -> cap.Alert:
        """A new incident. One that ends by itself gets no further messages, so that its card has to expire."""
        alert = replace(story.amber(self._moment), identifier=self._name("A"))
        if ends_soon_after:
            expires = cap.time(
                (ends_soon_after + timedelta(seconds=self._chance.randint(2, 8))).isoformat("T", "seconds")
            )
            return replace(alert, infos=tuple(replace(info, expires=expires) for info in alert.infos))
        number = len(self._incidents)
        self._incidents[number] = [alert]
        self.live[number] = alert.identifier
        return alert

    def _goes_on(self, number: int) -> cap.Alert:
        told = self._incidents[number]
        alert = replace(story.update(self._moment, told[0]), identifier=self._name("U"), references=self._some(told))
        told.append(alert)
        self.live[number] = alert.identifier
        return alert

    def _ends(self, number: int) -> cap.Alert:
        """A Cancel that names some of what it ends: nothing older than itself stays, named or not."""
        told = self._incidents[number]
        alert = replace(story.cancel(self._moment, told[0]), identifier=self._name("C"), references=self._some(told))
        told.append(alert)
        del self.live[number]
        return alert

    def _some(self, told: list[cap.Alert]) -> tuple[cap.Reference, ...]:
        named = self._chance.sample(told, self._chance.randint(1, len(told)))
        return tuple(
            cap.Reference(sender=alert.sender, identifier=alert.identifier, sent=alert.sent)
            for alert in named
            if alert.sent
        )

    def _name(self, kind: str) -> str:
        return f"TX-{kind}-{len(self.published):05}"

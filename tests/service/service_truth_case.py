"""One incident: what its issuer says of it, through which feeds, in which order, and what is live in the end."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace
from service_truth_words import (
    CLEAR,
    NAMES,
    WHOLE,
    Signer,
    against_the_schema,
    all_clear,
    amber,
    document,
    indented_otherwise,
    reference,
    written,
)

from capgateway import cap

ACTS = 8
LAST = ACTS
"""One more act, after everything before it has arrived: what names nothing can only be about what is displayed."""
OPEN = ("atom", "rss", "held", "ipaws", "nws", "edxl", "wrap", "naads", "directory", "partner")
"""Feeds that may speak for every issuer, everywhere."""
Word = tuple[str, str]
"""An identifier and a ``sent``."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One message through one feed, ``named`` so at its source. ``alert`` is what it says, ``wrong`` what is wrong with it;
    what is ``broken`` no reader can use."""

    act: int
    feed: str
    name: str
    alert: cap.Alert
    document: bytes
    wrong: str = ""
    broken: bool = False


class Case:
    """One incident of an issuer. ``head`` is what is live at the end: identifier and ``sent`` of the newest word. Receivers may
    show what is live ``otherwise`` instead, if operators were told of that card."""

    def __init__(
        self,
        number: int,
        chance: random.Random,
        tick: Callable[[], datetime],
        *,
        sender: str,
        place: tuple[str, str],
        is_plain: bool,
    ) -> None:
        self.number, self.sender, self.place = number, sender, place
        self.plot = ""
        self.head: Word | None = None
        self.otherwise: Word | None = None
        self.is_never_shown = False
        self.told: list[Told] = []
        self.said: list[cap.Alert] = []
        self.chance, self._tick = chance, tick
        self.act = self.chance.randrange(4)
        self._style = self.chance.choice(NAMES[:1] if is_plain else NAMES)
        self.is_plain = not re.search("[ ,]", self._style + self.sender)
        self.open = [one for one in OPEN if self.is_plain or one != "naads"]
        self.ways = WHOLE if re.search("[ ,]", self._style) else CLEAR
        self.home = self.chance.choice(self.open)

    def name(self, kind: str) -> str:
        return self._style.format(self.number * 10 + len(self.said), kind=kind)

    def alert(self, **fields: object) -> cap.Alert:
        alert = replace(amber(self._tick(), self.number, self.place), sender=self.sender, identifier=self.name("A"))
        return replace(alert, **fields)

    def update(self, *named: cap.Alert, **fields: object) -> cap.Alert:
        return self.alert(
            **{"identifier": self.name("U"), "msg_type": "Update", "references": tuple(map(reference, named)), **fields}
        )

    def cancel(self, *, is_bare: bool | None = None, **fields: object) -> cap.Alert:
        alert = self.alert(
            **{"identifier": self.name("C"), "msg_type": "Cancel", "note": "The child was found.", **fields}
        )
        is_bare = self.chance.random() < 0.5 if is_bare is None else is_bare
        return replace(alert, infos=() if is_bare else alert.infos)

    def goes(
        self,
        alert: cap.Alert,
        *,
        references: str | None = None,
        feed: str = "",
        wrong: str = "",
        act: int | None = None,
        signer: Signer | None = None,
        name: str = "",
    ) -> cap.Alert:
        """Say it through a feed, the home or sometimes another one; some is repeated through a second one. The next message
        belongs to the next act."""
        whole = document(alert, references)
        whole = signer.signed(whole) if signer else whole
        chosen = feed or (self.home if self.chance.random() < 0.6 else self.chance.choice(self.open))
        self._tell(chosen, alert, whole, wrong, act, name)
        if not feed and self.chance.random() < 0.25:
            second = self.chance.choice([one for one in self.open if one != chosen])
            self._tell(second, alert, indented_otherwise(whole), f"{wrong}, repeated".strip(", "), act, "")
        self.said.append(alert)
        self.act = min(self.act + 1, ACTS - 1)
        return alert

    def _tell(self, feed: str, alert: cap.Alert, whole: bytes, wrong: str, act: int | None, name: str) -> None:
        name = name or f"{self.number:03}-{len(self.told)}.xml"
        when = self.act if act is None else act
        self.told.append(Told(act=when, feed=feed, name=name, alert=alert, document=whole, wrong=wrong))

    def spoils(self, alert: cap.Alert, whole: bytes) -> None:
        """What no reader can use, beside the first message."""
        first = self.told[0]
        self.told.append(
            Told(
                act=first.act, feed=first.feed, name="broken", alert=alert, document=whole, wrong="broken", broken=True
            )
        )

    def lives(self, alert: cap.Alert) -> None:
        assert alert.sent is not None
        self.head = (alert.identifier, alert.sent.text)

    def ended_somehow(self) -> None:
        """It is over, but the gateway may not be able to know."""
        self.head, self.otherwise = None, self.head

    def begins(self, **fields: object) -> list[cap.Alert]:
        """An Alert and up to two Updates, of which the last one is live."""
        said = [self.goes(self.alert(**fields))]
        for _ in range(self.chance.choice((0, 0, 1, 2) if self.is_plain else (0,))):
            named = self.chance.sample(said, self.chance.randint(1, len(said)))
            said.append(self.goes(self.update(*named)))
        self.lives(said[-1])
        return said

    def ends(self, said: Sequence[cap.Alert], *, way: str = "", is_odd: bool = False, **where: object) -> cap.Alert:
        """A Cancel of some of these, named in one of many ways."""
        way = way or self.chance.choice(self.ways)
        named = self.chance.sample(list(said), self.chance.randint(1, len(said)))
        cancel = self.cancel(identifier=named[0].identifier if way == "own name" else self.name("C"))
        cancel = against_the_schema(cancel, self.chance) if is_odd else cancel
        wrong = f"{way}, against the schema" if is_odd else way
        self.head = None
        return self.goes(cancel, references=written(way, named), wrong=wrong, **where)  # type: ignore[arg-type]

    def may_end(self, said: Sequence[cap.Alert]) -> None:
        """By a Cancel, an Update that says so, or not at all."""
        how = self.chance.random()
        if how < 0.45:
            self.ends(said)
        elif how < 0.55 and self.is_plain:
            self.goes(all_clear(self.update(said[-1])), wrong="AllClear")
            self.head = None

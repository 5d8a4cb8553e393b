"""The front door: the texts of an alert in, its facts with their evidence out."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal

import msgspec

from capgateway.cards.card import Age, Evidence, Height, LastSeen, Person, SeenTime, Vehicle, Weight
from capgateway.cards.extract import people
from capgateway.cards.extract.clothes import clothes
from capgateway.cards.extract.contacts import Contact, contacts, do_not_approach
from capgateway.cards.extract.finish import settle
from capgateway.cards.extract.garage import Garage
from capgateway.cards.extract.garage import Vehicle as Parked
from capgateway.cards.extract.given import Given, Text
from capgateway.cards.extract.instants import instant
from capgateway.cards.extract.kind import kind
from capgateway.cards.extract.person import Person as Somebody
from capgateway.cards.extract.seen import Seen
from capgateway.cards.extract.structured import put
from capgateway.cards.extract.text import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from capgateway.cards.extract.fact import Fact


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the text asks the public to call, or which address to open."""

    type: Literal["call", "open"]
    value: str


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the texts surely say. ``evidence`` has one entry per fact, by its JSON Pointer; contacts are ``/contacts/0`` and so on."""

    children: tuple[Person, ...] = ()
    suspects: tuple[Person, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    last_seen: LastSeen | None = None
    safety: tuple[str, ...] = ()
    contacts: tuple[Call, ...] = ()
    evidence: dict[str, Evidence] = {}


NOTHING = Facts()


def facts(
    texts: Iterable[Text], *, given: Iterable[Given] = (), is_amber: bool = True, sent: datetime | None = None
) -> Facts:
    """The facts of all texts together, the most telling one first. ``given`` are the alert's parameters, which win over prose.
    ``is_amber`` is false for other programmes, whose alerts may call themselves what they are. ``sent`` is when the alert was sent,
    with its own offset: it tells which day "Friday" is."""
    read = [Tokens(one.text, field=one.field, language=one.language) for one in texts if one.text]
    if kind(read, is_amber=is_amber):
        return NOTHING
    garage, reader, seen = Garage(), people.Reader(), Seen()
    called: dict[tuple[str, str], Contact] = {}
    near: Fact | None = None
    for tokens in read:
        taken = garage.read(tokens)
        reached = contacts(tokens)
        for one in reached:
            called.setdefault((one.type, str(one.fact.value).casefold()), one)
        _mark(tokens, taken, [one.fact for one in reached])
        near = near or do_not_approach(tokens)
        reader.read(tokens, taken, clothes(tokens))
        seen.read(tokens, taken, _names(reader.people), _names([one for one in reader.people if _is_sought(one)]))
    put(given, reader, garage, seen)
    return _Cards(garage, reader, seen, list(called.values()), near, sent).facts()


def _names(people: list[Somebody]) -> frozenset[str]:
    return frozenset(part for person in people for part in person.parts)


def _is_sought(person: Somebody) -> bool:
    return person.is_minor or (person.role in {"child", None} and not person.is_adult)


def _mark(tokens: Tokens, taken: bytearray, found: list[Fact]) -> None:
    for one in found:
        for at in range(bisect_left(tokens.starts, one.start), bisect_left(tokens.starts, one.end)):
            taken[at] = 1


class _Cards:
    """Writes the facts in the card's form, and their evidence beside them."""

    def __init__(
        self,
        garage: Garage,
        reader: people.Reader,
        seen: Seen,
        called: list[Contact],
        near: Fact | None,
        sent: datetime | None,
    ) -> None:
        self._sent = sent
        self._evidence: dict[str, Evidence] = {}
        children, suspects = settle(reader.people)
        self._children = tuple(self._person(f"/children/{at}", person) for at, person in enumerate(children))
        self._suspects = tuple(self._person(f"/suspects/{at}", person) for at, person in enumerate(suspects))
        self._vehicles = tuple(self._vehicle(f"/vehicles/{at}", vehicle) for at, vehicle in enumerate(garage.known()))
        self._seen = self._last_seen(seen)
        self._safety = self._list("/safety", [near] if near else [])
        self._calls = tuple(Call(type=one.type, value=str(one.fact.value)) for one in called)
        self._list("/contacts", [one.fact for one in called])

    def facts(self) -> Facts:
        return Facts(
            children=self._children,
            suspects=self._suspects,
            vehicles=self._vehicles,
            last_seen=self._seen,
            safety=self._safety,
            contacts=self._calls,
            evidence=self._evidence,
        )

    def _prove(self, pointer: str, found: Fact) -> None:
        self._evidence[pointer] = Evidence(
            confidence=found.confidence,
            text=found.text,
            language=found.language,
            field=found.field,
            start=found.start,
            end=found.end,
        )

    def _list(self, pointer: str, found: list[Fact]) -> tuple[str, ...]:
        for at, one in enumerate(found):
            self._prove(f"{pointer}/{at}", one)
        return tuple(str(one.value) for one in found)

    def _person(self, pointer: str, person: Somebody) -> Person:
        known = person.facts
        for what, found in known.items():
            self._prove(f"{pointer}/{what}", found)
        plain = {
            what: known[what].value for what in ("name", "sex", "race", "hair", "eyes", "clothing") if what in known
        }
        return Person(
            **plain,
            age=Age(value=person.age.value, max=person.age.most, unit=person.age.unit, text=known["age"].text)
            if person.age
            else None,
            height=Height(cm=known["height"].value[0], max_cm=known["height"].value[1], text=known["height"].text)
            if "height" in known
            else None,
            weight=Weight(kg=known["weight"].value[0], max_kg=known["weight"].value[1], text=known["weight"].text)
            if "weight" in known
            else None,
        )

    def _vehicle(self, pointer: str, vehicle: Parked) -> Vehicle:
        for what, found in vehicle.facts.items():
            self._prove(f"{pointer}/{what}", found)
        return Vehicle(**{what: found.value for what, found in vehicle.facts.items()}, plate_partial=vehicle.is_partial)

    def _time(self, text: str, *, is_hedged: bool) -> SeenTime:
        return SeenTime(text=text, at=None if is_hedged else instant(text, self._sent))

    def _last_seen(self, seen: Seen) -> LastSeen | None:
        parts = {"place": seen.place, "time": seen.time, "direction": seen.direction}
        for what, found in parts.items():
            if found:
                self._prove(f"/last_seen/{what}", found)
        if not any(parts.values()):
            return None
        return LastSeen(
            place=seen.place.value if seen.place else None,
            time=self._time(seen.time.value, is_hedged=seen.is_hedged) if seen.time else None,
            direction=seen.direction.value if seen.direction else None,
        )

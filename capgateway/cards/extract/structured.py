"""What parameters give by themselves, put in the place of what prose says of the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgateway.cards.extract.ages import age
from capgateway.cards.extract.fact import Fact, fact
from capgateway.cards.extract.garage import Garage, Vehicle
from capgateway.cards.extract.given import Given, means
from capgateway.cards.extract.heights import height, weight
from capgateway.cards.extract.measures import measures
from capgateway.cards.extract.numbers import AgeValue, number
from capgateway.cards.extract.people import Reader
from capgateway.cards.extract.person import Person
from capgateway.cards.extract.plates import region_named
from capgateway.cards.extract.text import Tokens, collapsed
from capgateway.cards.extract.vehicles import color, mentions
from capgateway.cards.extract.words import EYE_COLORS, RACES, SEXES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cards.extract.seen import Seen

LONGEST = 200
"""Characters of such a value; a longer one is prose."""


def put(given: Iterable[Given], reader: Reader, garage: Garage, seen: Seen) -> None:
    """Each parameter counts once, for the one person or vehicle that it can mean. Where there are several, it is left out."""
    known: dict[tuple[str, str], Fact] = {}
    for one in given:
        what = means(one.name)
        if what is None or what in known or not 0 < len(one.value) <= LONGEST:
            continue
        tokens = Tokens(one.value, field=f"parameter:{one.name}", language=one.language)
        if tokens.words and (found := _read(what, tokens)) is not None:
            known[what] = found
    _people({what: found for (whom, what), found in known.items() if whom == "child"}, "child", reader)
    _people({what: found for (whom, what), found in known.items() if whom == "suspect"}, "suspect", reader)
    _vehicle({what: found for (whom, what), found in known.items() if whom == "vehicle"}, garage)
    seen.place = known.get(("seen", "place"), seen.place)
    seen.time = known.get(("seen", "time"), seen.time)


def _read(what: tuple[str, str], tokens: Tokens) -> Fact | None:
    value = _values(what[1], tokens)
    if value is None or value == "" or tokens.words[0] in {"unknown", "unk", "none", "n", "inconnu", "desconocido"}:
        return None
    return fact(tokens, 0, len(tokens), value, "certain")


def _values(what: str, tokens: Tokens) -> Any:
    text = collapsed(tokens.slice(0, len(tokens)))
    first = tokens.words[0]
    match what:
        case "name" | "clothing" | "place" | "time":
            return text
        case "age":
            found = age(tokens, 0)
            value = number(tokens, 0)
            return found.value if found else AgeValue(value) if value is not None and len(tokens) == 1 else None
        case "sex":
            return {"m": "M", "f": "F"}.get(first) or SEXES.get(first)
        case "race":
            return RACES.get(first) or text.casefold()
        case "height":
            return found.value if (found := height(tokens, 0)) else None
        case "weight":
            return found.value if (found := weight(tokens, 0)) else None
        case "hair":
            read = next((one.value for one in measures(Tokens(f"{text} hair")) if one.what == "hair"), None)
            return read or text.casefold()
        case "eyes":
            return EYE_COLORS.get(first)
        case "color":
            return color(tokens, 0, len(tokens)) or None
        case "year":
            return int(first) if len(first) == 4 and first.isdigit() else None
        case "make" | "model":
            named = next((one.facts[what].value for one in mentions(tokens) if what in one.facts), None)
            return named or text
        case "plate":
            kept = "".join(filter(str.isalnum, text)).upper()
            return kept if 2 <= len(kept) <= 8 and kept.isascii() else None
        case "plate_region":
            return region_named(tokens)
        case _:
            return None


def _people(known: dict[str, Fact], role: str, reader: Reader) -> None:
    if not known:
        return
    of_role = [person for person in reader.people if person.role == role and person.facts]
    if "name" in known:
        parts = frozenset(Tokens(known["name"].value).words)
        same = [person for person in of_role if person.parts and set(person.parts) & parts]
        of_role = same or of_role
    if len(of_role) > 1:
        return
    person = of_role[0] if of_role else Person("child" if role == "child" else "suspect", 0)
    if not of_role:
        reader.people.insert(0, person)
    person.facts.update(known)
    person.conflicts -= set(known)
    if "name" in known:
        person.parts = tuple(word for word in Tokens(known["name"].value).words if word.isalpha())


def _vehicle(known: dict[str, Fact], garage: Garage) -> None:
    if not known:
        return
    live = [vehicle for vehicle in garage.vehicles if not vehicle.is_gone]
    if "plate" in known:
        same = [
            vehicle
            for vehicle in live
            if "plate" in vehicle.facts and vehicle.facts["plate"].value == known["plate"].value
        ]
        live = same or live
    if len(live) > 1:
        return
    vehicle = live[0] if live else Vehicle(0, 0)
    if not live:
        garage.vehicles.append(vehicle)
    vehicle.facts.update(known)
    vehicle.wrong -= set(known)
    if "plate" in known:
        vehicle.is_partial = False

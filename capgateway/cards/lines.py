"""The facts of a card as short lines for display, in the language of each content. Only sure facts are said, and nothing is said
in a language that the catalogue does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.card import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cards.card import Age, Person, Vehicle
    from capgateway.cards.extract import Facts

ADULT = 18
"""Years from which the text says "person" and never "child"."""

Words = dict[str, str]

CATALOGUE: dict[str, Words] = {
    "en": {
        "F": "Girl", "M": "Boy", "child": "Child", "adult F": "Woman", "adult M": "Man", "adult": "Person", "suspect": "Suspect",
        "year": "{0}", "years": "{0} to {1}", "month": "{0} months", "week": "{0} weeks", "day": "{0} days", "one month": "1 month", "one week": "1 week",
        "one day": "1 day", "newborn": "newborn", "vehicle": "{color} {year} {make} {model} {body}", "some vehicle": "vehicle", "plate": "{0}",
        "partial": "partial plate {0}", "plates of": "{0} plates", "last seen": "Last seen: {0}", "do_not_approach": "Do not approach",
    },
    "fr": {
        "F": "Fille", "M": "Garçon", "child": "Enfant", "adult F": "Femme", "adult M": "Homme", "adult": "Personne", "suspect": "Suspect",
        "year": "{0} ans", "years": "de {0} à {1} ans", "month": "{0} mois", "week": "{0} semaines", "day": "{0} jours", "one month": "1 mois",
        "one week": "1 semaine", "one day": "1 jour", "newborn": "nouveau-né", "vehicle": "{body} {make} {model} {year}, {color}", "some vehicle": "véhicule",
        "plate": "{0}", "partial": "plaque partielle {0}", "plates of": "plaque {0}", "last seen": "Dernière localisation connue : {0}",
        "do_not_approach": "N’approchez pas",
    },
    "es": {
        "F": "Niña", "M": "Niño", "child": "Menor", "adult F": "Mujer", "adult M": "Hombre", "adult": "Persona", "suspect": "Sospechoso",
        "year": "{0} años", "years": "de {0} a {1} años", "month": "{0} meses", "week": "{0} semanas", "day": "{0} días", "one month": "1 mes",
        "one week": "1 semana", "one day": "1 día", "newborn": "recién nacido", "vehicle": "{body} {make} {model} {year}, {color}", "some vehicle": "vehículo",
        "plate": "{0}", "partial": "placa parcial {0}", "plates of": "placas de {0}", "last seen": "Visto por última vez: {0}", "do_not_approach": "No se acerque",
    },
}  # fmt: skip
"""Every message in every language. Keys are the same in all of them; a test compares them."""

COLORS: dict[str, Words] = {
    "fr": {
        "black": "noir", "white": "blanc", "gray": "gris", "silver": "argent", "blue": "bleu", "red": "rouge", "green": "vert", "maroon": "bordeaux", "burgundy": "bourgogne",
        "tan": "beige", "brown": "brun", "beige": "beige", "gold": "or", "yellow": "jaune", "orange": "orange", "purple": "violet", "pink": "rose", "teal": "turquoise",
        "cream": "crème", "bronze": "bronze", "champagne": "champagne", "charcoal": "anthracite", "copper": "cuivre", "navy": "marine", "rust": "rouille",
        "chrome": "chromé", "slate": "ardoise", "ivory": "ivoire", "plum": "prune", "lavender": "lavande", "fuchsia": "fuchsia", "lime": "lime", "forest": "forêt",
        "dark": "foncé", "light": "clair", "sky": "ciel", "medium": "moyen",
    },
    "es": {
        "black": "negro", "white": "blanco", "gray": "gris", "silver": "plateado", "blue": "azul", "red": "rojo", "green": "verde", "maroon": "granate", "burgundy": "vino",
        "tan": "beige", "brown": "café", "beige": "beige", "gold": "dorado", "yellow": "amarillo", "orange": "naranja", "purple": "morado", "pink": "rosa", "teal": "turquesa",
        "cream": "crema", "bronze": "bronce", "champagne": "champán", "charcoal": "gris carbón", "copper": "cobre", "navy": "azul marino", "rust": "óxido",
        "chrome": "cromado", "slate": "pizarra", "ivory": "marfil", "plum": "ciruela", "lavender": "lavanda", "fuchsia": "fucsia", "lime": "lima", "forest": "bosque",
        "dark": "oscuro", "light": "claro", "sky": "celeste", "medium": "medio",
    },
}  # fmt: skip
BODIES: dict[str, Words] = {
    "fr": {
        "sedan": "berline", "SUV": "VUS", "pickup": "camionnette", "van": "fourgon", "minivan": "fourgonnette", "truck": "camion", "coupe": "coupé", "hatchback": "bicorps",
        "convertible": "cabriolet", "wagon": "familiale", "motorcycle": "motocyclette", "ATV": "VTT", "motorhome": "autocaravane", "trailer": "remorque", "crossover": "multisegment",
        "scooter": "scooter", "snowmobile": "motoneige",
    },
    "es": {
        "sedan": "sedán", "SUV": "SUV", "pickup": "pickup", "van": "furgoneta", "minivan": "minivan", "truck": "camión", "coupe": "cupé", "hatchback": "hatchback",
        "convertible": "convertible", "wagon": "familiar", "motorcycle": "motocicleta", "ATV": "cuatrimoto", "motorhome": "autocaravana", "trailer": "remolque",
        "crossover": "crossover", "scooter": "scooter", "snowmobile": "motonieve",
    },
}  # fmt: skip


def lines(facts: Facts, language: str) -> tuple[Line, ...]:
    """What the sure facts say, in display order: whom to look for and in which vehicle, then where, then what not to do."""
    words = CATALOGUE.get(language[:2])
    return tuple(_lines(_Sure(facts), words, language[:2])) if words else ()


class _Sure:
    """The facts without those that are only probable."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._sure = {pointer for pointer, one in facts.evidence.items() if one.confidence != "medium"}

    def says(self, *steps: object) -> bool:
        return "/" + "/".join(map(str, steps)) in self._sure


def _lines(sure: _Sure, words: Words, language: str) -> Iterator[Line]:
    facts = sure.facts
    for at, person in enumerate(facts.children):
        if text := _person(sure, "children", at, person, words):
            yield Line(role="person" if is_adult(person) else "child", text=text)
    for at, vehicle in enumerate(facts.vehicles):
        if text := _vehicle(sure, at, vehicle, words, language):
            yield Line(role="vehicle", text=text)
    for at, person in enumerate(facts.suspects):
        if text := _person(sure, "suspects", at, person, words):
            yield Line(role="suspect", text=text)
    if text := _seen(sure):
        yield Line(role="last_seen", text=words["last seen"].format(text))
    for at, code in enumerate(facts.safety):
        if sure.says("safety", at):
            yield Line(role="safety", text=words[code])


def is_adult(person: Person) -> bool:
    """Whether the age says so, for certain or not: an adult is never called a child."""
    return person.age is not None and person.age.unit == "year" and person.age.value >= ADULT


def _person(sure: _Sure, where: str, at: int, person: Person, words: Words) -> str:
    age = _age(person.age, words) if person.age and sure.says(where, at, "age") else None
    name = person.name if sure.says(where, at, "name") else None
    if name is None:
        sex = person.sex if sure.says(where, at, "sex") else None
        if sex is None and age is None:
            return ""
        name = _nameless(where, person, sex, words)
    return ", ".join(part for part in (name, age) if part)


def _nameless(where: str, person: Person, sex: str | None, words: Words) -> str:
    if where == "suspects" or is_adult(person):
        unknown = "suspect" if where == "suspects" else "adult"
        return words[f"adult {sex}"] if sex else words[unknown]
    return words[sex or "child"]


def _age(age: Age, words: Words) -> str:
    if age.unit == "day" and age.value == 0:
        return words["newborn"]
    if age.max is not None and age.unit == "year":
        return words["years"].format(age.value, age.max)
    if age.value == 1 and age.unit != "year":
        return words[f"one {age.unit}"]
    return words[age.unit].format(age.value)


def _vehicle(sure: _Sure, at: int, vehicle: Vehicle, words: Words, language: str) -> str:
    said = {
        what: getattr(vehicle, what) if sure.says("vehicles", at, what) else None
        for what in ("color", "year", "make", "model", "body")
    }
    if vehicle.make and not said["make"] and said["model"]:
        said["make"] = vehicle.make  # a model names its make
    said["color"] = _color(said["color"], language)
    said["body"] = said["body"] and BODIES.get(language, {}).get(said["body"], said["body"])
    if not any(said.values()) and not sure.says("vehicles", at, "plate"):
        return ""
    if not said["make"] and not said["body"]:
        said["body"] = words["some vehicle"]
    text = (
        " ".join(words["vehicle"].format(**{what: value or "" for what, value in said.items()}).split())
        .replace(" ,", ",")
        .strip(" ,")
    )
    return ", ".join(part for part in (text[:1].upper() + text[1:], _plate(sure, at, vehicle, words)) if part)


def _color(color: str | None, language: str) -> str | None:
    """``dark blue/white`` word for word; Romance languages say the shade after the colour."""
    if color is None or language not in COLORS:
        return color
    known = COLORS[language]
    return "/".join(" ".join(known.get(word, word) for word in reversed(part.split())) for part in color.split("/"))


def _plate(sure: _Sure, at: int, vehicle: Vehicle, words: Words) -> str:
    region = (
        vehicle.plate_region.partition("-")[2]
        if vehicle.plate_region and sure.says("vehicles", at, "plate_region")
        else ""
    )
    if not vehicle.plate or not sure.says("vehicles", at, "plate"):
        return words["plates of"].format(region) if region else ""
    return words["partial" if vehicle.plate_partial else "plate"].format(f"{region} {vehicle.plate}".strip())


def _seen(sure: _Sure) -> str:
    seen = sure.facts.last_seen
    if seen is None:
        return ""
    place = seen.place if sure.says("last_seen", "place") else None
    time = seen.time.text if seen.time and sure.says("last_seen", "time") else None
    return ", ".join(part for part in (place, time) if part)

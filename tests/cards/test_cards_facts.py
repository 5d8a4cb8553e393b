"""Facts that are read from prose: what changes nothing, what is left out, and what is never shown."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway.cards.extract import Facts, Given, Text, contradict, facts

ENGLISH = """AMBER Alert for Rowan Testley, age 6, last seen at 6:30 PM on Example Lane in Hamilton. He is 3 feet 11 inches tall,
52 pounds, with brown hair and green eyes, wearing a red jacket. Suspect: Max Testman, 34, white male, 6'1". Vehicle: dark blue 2014
Ford F-150, Ohio license plate GBX 4471. Do not approach. Call 911 or 614-555-0112."""
FRENCH = """ALERTE AMBER. Enfant : Léa Essai-Tremblay, 4 ans, 1 m 02, 17 kg, cheveux bruns, yeux bleus, enlevée à Val-Exemple vers 13 h 45.
Suspecte : Josée Essai, 31 ans. Véhicule : Honda Civic 2013 noire et blanche, plaque Z24 KPT (Québec). N’approchez pas. Composez le 911."""
SPANISH = """ALERTA AMBER. Menor: Ana Prueba Luna, 3 años, cabello castaño claro, ojos verdes, 30 libras. Vehículo: Chevrolet Equinox 2019 gris
oscuro, placas de Texas PDM 3316. Vista por última vez en McAllen. Llame al 911. No se acerque."""
TEXTS = {"en-US": ENGLISH, "fr-CA": FRENCH, "es-US": SPANISH}


def read(text: str, language: str = "en-US", *given: Given) -> Facts:
    return facts([Text(language, "description", text)], given=given)


def folded(found: Facts) -> object:
    """What was read, without where, in one letter case and with single spaces."""

    def fold(value: object) -> object:
        if isinstance(value, str):
            return " ".join(
                value.casefold().replace("’", "'").replace("”", '"').replace("\u200b", "").replace("‑", "-").split()
            )
        if isinstance(value, dict):
            return {name: fold(one) for name, one in value.items()}
        return [fold(one) for one in value] if isinstance(value, list | tuple) else value

    return fold(msgspec.to_builtins(msgspec.structs.replace(found, evidence={})))


def test_the_facts_of_an_alert() -> None:
    """Everything that an English alert says, in the card's form."""
    found = read(ENGLISH)
    (child,), (suspect,), (vehicle,) = found.children, found.suspects, found.vehicles
    assert child.age is not None
    assert child.height is not None
    assert child.weight is not None
    assert (child.name, child.age.value, child.sex, child.hair, child.eyes) == (
        "Rowan Testley",
        6,
        "M",
        "brown",
        "green",
    )
    assert (child.height.cm, child.weight.kg, child.clothing) == (119, 24, "a red jacket")
    assert (suspect.name, suspect.race, suspect.sex) == ("Max Testman", "white", "M")
    assert (vehicle.color, vehicle.year, vehicle.make, vehicle.model) == ("dark blue", 2014, "Ford", "F-150")
    assert (vehicle.plate, vehicle.plate_region, vehicle.plate_partial) == ("GBX4471", "US-OH", False)
    assert found.last_seen is not None
    assert found.last_seen.time is not None
    assert (found.last_seen.place, found.last_seen.time.text) == ("Example Lane in Hamilton", "6:30 PM")
    assert (found.safety, [one.value for one in found.contacts]) == (("do_not_approach",), ["911", "614-555-0112"])


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text.replace(" ", "\n"),
        lambda text: " ".join(text.split()),
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: text.replace(" ", "\u2009").replace("'", "’"),
        lambda text: text.replace('"', "”").replace("-", "‑"),
        lambda text: text.replace("a", "a\u200b"),
    ],
    ids=["capitals", "wrapped", "unwrapped", "no-break", "thin", "quotes", "no-width"],
)
def test_form_changes_no_fact(language: str, change: Callable[[str], str]) -> None:
    """Case, line breaks, blanks without a break, curly quotes, and what has no width."""
    before, after = folded(read(TEXTS[language], language)), folded(read(change(TEXTS[language]), language))
    assert after == before


@given(data=st.data())
def test_every_span_slices_to_its_text(data: st.DataObject) -> None:
    """Also of texts that are cut off or put together by chance; nothing raises."""
    language = data.draw(st.sampled_from(sorted(TEXTS)))
    whole = TEXTS[language] + data.draw(st.sampled_from(sorted(TEXTS.values())))
    start = data.draw(st.integers(0, len(whole) - 1))
    text = whole[start : data.draw(st.integers(start + 1, len(whole)))] + data.draw(st.text(max_size=20))
    for pointer, one in read(text, language).evidence.items():
        assert text[one.start : one.end] == one.text != "", pointer


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "I",
                "4",
                "1990",
                "TX",
                "plate",
                "LIC/",
                "Ford",
                ",",
                ".",
                "'",
                '"',
                "-",
                "(",
                ")",
                "...",
                "age",
                "old",
                "boy",
                "with",
                "Ada",
                "B.",
                "O'Neil",
                "#",
            ]
        ),
        max_size=60,
    )
)
def test_nothing_raises(words: list[str]) -> None:
    """Whatever a stranger writes."""
    read(" ".join(words))
    read("".join(words))


@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "plate A1 ",
        "A. ",
        "Ada and ",
        "a-",
        "1 ",
        "license plate ",
        "last seen in ",
        "red or ",
        '"',
        "é",
        "...",
        "(M, 4, ",
        "x@y.z.",
        "\n\n",
        "Ada Testchild, 7, ",
    ],
)
def test_work_grows_with_the_text(piece: str) -> None:
    """Counted in lines of Python: four times the text is at most about four times the work."""
    short, long = (f"AMBER Alert for a girl, 5. {piece * (length // len(piece))}" for length in (1000, 4000))
    assert lines_run(long) <= 6 * lines_run(short) + 2000


def lines_run(text: str) -> int:
    count = 0

    def trace(frame: object, event: str, _: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        read(text)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize(
    "text",
    [
        "This is a test of the AMBER Alert system. A 5-year-old boy, plate ABC1234.",
        "The AMBER Alert for Rowan Testley, 6, has been cancelled. He was found safe.",
        "No AMBER Alert has been issued: the post about a red Ford, plate GBX4471, is a hoax.",
        "Silver Alert: Ada Testchild, 83, in a tan 2004 Buick Century, plate RAD4412.",
        "SIMULACRO. Alerta AMBER: niña de 7 años, placas PDM3316.",
        "FIN DE L’ALERTE AMBER. L’enfant de 4 ans a été retrouvé sain et sauf.",
        "Missing: Ada Testchild, 15, 5'4\", left home on Sunday. Police do not suspect an abduction.",
        "RUNAWAY: police look for Ada Testchild, 15, who got into a white Toyota Camry.",
        "What happens when an AMBER Alert is issued? A plate such as ABC 1234 may be shown.",
        "The girl of a 2009 Amber Alert, Ada Testchild, was taken in a tan van, plate GBX4471.",
        "Police look for a man, 6 ft, after a robbery. Black Honda Civic, Texas plate KLM1234.",
        "Ada Testchild, 7, was located in Ohio. Suspect Max Testman, 41, is in a blue Kia Soul.",
        "A text about a girl, 9, taken in a red Jeep with plate KLT 443 is bogus.",
    ],
)
def test_what_is_no_alert_gives_nothing(text: str) -> None:
    """A test, an end, a hoax and another kind of alert."""
    assert read(text) == Facts()


@pytest.mark.parametrize(
    "text",
    [
        "AMBER ALERT. LIGHT BLUE KIA RIO.",
        "AMBER Alert: Ada Testchild, 7, was walking back home from the movie theater. Blue Kia Rio with fictitious plates.",
        "AMBER Alert: Ada Testchild, 7. The suspect, Max Testman, 41, served 12 years in prison. Blue Kia Rio.",
        "AMBER Alert: one of the two children has been found safe. Ada Testchild, 7, is in danger. Blue Kia Rio.",
        "AMBER Alert: Ada Testchild, 7. The plate given earlier was inaccurate. Blue Kia Rio.",
    ],
)
def test_words_of_other_texts_do_not_hide_an_alert(text: str) -> None:
    """Home, a film, prison and a child who was found occur in alerts too."""
    assert [vehicle.model for vehicle in read(text).vehicles] == ["Rio"]


@pytest.mark.parametrize(
    ("text", "plates"),
    [
        (
            "Child abducted. Red 2014 Ford Focus, TX plate GBX4471. Correction: the plate is not GBX4471 but GBX4417.",
            ["GBX4417"],
        ),
        ("Child abducted. The blue Kia Rio, plate GBX4471, was later found abandoned.", []),
        ("Child abducted. Disregard the white Honda Pilot. Now in a gray Dodge Ram, plate TRW8093.", ["TRW8093"]),
        ("Child abducted in a red Ford. Plate unknown. Call 911 or 614-555-0112.", []),
        ("Child abducted. Partial plate 4RT, blue Kia Rio.", ["4RT"]),
        ("Child abducted, 2900 block of SE 21st St in Elko, NV. Blue Kia Rio.", []),
        ("Child abducted. Blue Kia Rio with license plate ABC 123 or XYZ 987.", []),
        ("Child abducted. The plate on the truck is KLM 4471.", ["KLM4471"]),
        ("Child abducted. Ford Transit, Indiana plate TK 441 ZZ.", ["TK441ZZ"]),
        ("Child abducted. Its original plate, FGH 3321, has been replaced with LMN 5520.", ["LMN5520"]),
        ("CHILD ABDUCTED. WISCONSIN PLATE A. G. H. DASH 2. 2. 8. 1.", ["AGH2281"]),
        ("Child abducted. A witness, driving a Honda Civic with plate GHJ1122, saw a van.", []),
        ("Child abducted. They have a boat, registration LA-4471-FK.", []),
    ],
)
def test_a_wrong_plate_is_worse_than_none(text: str, plates: list[str]) -> None:
    """One that the text corrects, of a car that was found or replaced, or of two is not shown."""
    assert [vehicle.plate for vehicle in read(text).vehicles if vehicle.plate] == plates


@pytest.mark.parametrize(
    ("text", "cars"),
    [
        ("He swapped a green Subaru Legacy for a white Dodge Ram.", ["white Dodge Ram"]),
        ("The truck is not the blue Kia Rio but a red Kia Forte.", ["red Kia Forte"]),
        ("He has a Chevrolet Colorado or a GMC Canyon.", ["None Chevrolet Colorado"]),
        ("A Buick Regal was stolen. It is dark red.", ["dark red Buick Regal"]),
        ("Suspect has ties to Santa Fe. Mercedes Testley, 22, is with him.", []),
    ],
)
def test_which_vehicles_are_looked_for(text: str, cars: list[str]) -> None:
    """Not one that was exchanged or denied, the second of two readings, a place, or a first name."""
    found = read(f"AMBER Alert for a girl, 5. {text}").vehicles
    assert [f"{vehicle.color} {vehicle.make} {vehicle.model}" for vehicle in found] == cars


@pytest.mark.parametrize(
    ("text", "children", "suspects"),
    [
        ("Max Testman, 33, abducted Ada Testley, 6, after killing her mother, Eve Testley, 31.", ["Ada Testley"], ["Max Testman"]),
        ("Ada Testley, 6, was taken by Max Testman. Her brother Rowan, 9, was not hurt.", ["Ada Testley"], ["Max Testman"]),
        ("Ada Testley, 6, was in a car owned by Carl Samplewood, 52.", ["Ada Testley"], []),
        ("Rowan Testley, 4, was located. His sister, Ada Testley, 6, is still missing.", ["Ada Testley"], []),
        ("Police identified a man wanted in the abduction of a three-year-old as Max Testman, 27.", [None], ["Max Testman"]),
        ("An infant, Rowan Testley, was handed to a woman.", ["Rowan Testley"], []),
        ("Ella Testley, 6, was taken by Al Testman, 40.", ["Ella Testley"], ["Al Testman"]),
    ],
)  # fmt: skip
def test_who_is_sought_and_who_is_suspected(text: str, children: list[str | None], suspects: list[str]) -> None:
    """The verb decides, and nobody who was hurt, found, or only owns the car is shown."""
    found = read(f"AMBER Alert. {text}")
    assert [child.name for child in found.children] == children
    assert [suspect.name for suspect in found.suspects if suspect.name] == suspects


def test_one_age_may_be_of_two_children() -> None:
    """Twins have one; a list of names has as many as names; a year and months are months."""
    found = read("AMBER Alert for 5-year-old twins Ada and Rowan Testley. Abducted by Max Testman, 35 to 40, white.")
    assert [(child.name, child.age and child.age.value) for child in found.children] == [
        ("Ada Testley", 5),
        ("Rowan Testley", 5),
    ]
    age = read("ALERTA AMBER. Menor: Ana Prueba Luna. EDAD: 1 AÑO 4 MESES.", "es-US").children[0].age
    assert age is not None
    assert (age.value, age.unit) == (16, "month")


def test_a_witness_is_neither_sought_nor_suspected() -> None:
    """Nor are officers, parents who speak, and relatives whom nobody suspects."""
    text = """AMBER Alert: Rowan Testley, 6, was last seen by his father outside the family's home. His mother, Eve Testley, 33, told police
    that he was gone. Sheriff Carl Samplewood said that a red Ford was seen."""
    found = read(text)
    assert [child.name for child in found.children] == ["Rowan Testley"]
    assert found.suspects == ()


def test_an_adult_who_is_sought_stays_among_those_sought() -> None:
    """In some states that is an adult with a disability."""
    found = read("AMBER Alert. Missing: Ada Testchild, 34, female, 5'4\", black hair. Vehicle: red 2014 Ford Focus.")
    assert [child.name for child in found.children] == ["Ada Testchild"]


def test_parameters_win_over_prose() -> None:
    """And are their own evidence."""
    parameter = Given("en-US", "vehicleLicensePlate", "GBX-4417")
    found = read(ENGLISH, "en-US", parameter, Given("en-US", "childAge", "7"))
    evidence = found.evidence["/vehicles/0/plate"]
    assert (found.vehicles[0].plate, found.children[0].age and found.children[0].age.value) == ("GBX4417", 7)
    assert (evidence.field, evidence.text, evidence.start, evidence.end) == (
        "parameter:vehicleLicensePlate",
        "GBX-4417",
        0,
        8,
    )


def test_languages_are_one_alert() -> None:
    """A child that both name is one child; languages that name different cars or ages contradict each other."""
    english = Text(
        "en-US",
        "description",
        "AMBER Alert: Ada Testchild, 7 years old. White 2014 GMC Sierra, Texas license plate KPW4471.",
    )
    spanish = Text(
        "es-US",
        "description",
        "Alerta AMBER: Ada Testchild, de 7 años. GMC Sierra 2014 blanca, placas de Texas KPW4471.",
    )
    other = Text("es-US", "description", spanish.text.replace("KPW4471", "KPW4417"))
    assert (len(facts([english, spanish]).children), len(facts([english, spanish]).vehicles)) == (1, 1)
    assert not contradict([english, spanish])
    assert contradict([english, other])
    assert facts([english, other]).vehicles[0].plate is None


def test_order_of_texts_changes_no_plate() -> None:
    """What is read does not depend on which text comes first."""
    texts = [Text(language, "description", text) for language, text in TEXTS.items()]
    plates = {vehicle.plate for vehicle in facts(texts).vehicles}
    for _ in range(5):
        random.shuffle(texts)
        assert {vehicle.plate for vehicle in facts(texts).vehicles} == plates


HOSTILE = {
    "plates": "license plate ABC 123 or ",
    "names": "Ada Testchild, 7, and ",
    "capitals": "ADA TESTCHILD CARRIED A BAG...7... ",
    "kin": "Mr. Testman, his father, and two sisters, ",
    "pronouns": "Ada Testchild ran. She saw the girl and his coat. ",
    "places": "last seen at the park on Main St at 5 pm, Dallas, ",
    "police": "Testville Police are looking in Dallas, ",
    "clothes": "wearing a red ",
    "vehicles": "red Ford Focus, ",
    "suspects": "two men took ",
    "marks": "A. ' \" ... ",
}


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_work_grows_in_proportion_to_the_text(piece: str) -> None:
    """Four times a hostile text takes about four times as many calls: no list is searched again for each of its entries."""
    short, long = (calls((ENGLISH + HOSTILE[piece] * length)[:length]) for length in (4_000, 16_000))
    assert long < 5.5 * short


def calls(text: str) -> int:
    """How many functions reading a text calls."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return made


OPENINGS = {"en-US": "AMBER Alert.", "es-US": "ALERTA AMBER.", "fr-CA": "ALERTE AMBER."}


@pytest.mark.parametrize(
    ("language", "text", "place"),
    [
        ("en-US", "Ada Testchild, 7, was last seen in El Paso, Texas.", "El Paso, Texas"),
        ("en-US", "Ada Testchild, 7, was last seen in The Dalles, Oregon.", "The Dalles, Oregon"),
        ("en-US", "ADA TESTCHILD, 7 YEARS OLD, WAS LAST SEEN IN LA PORTE, INDIANA.", "LA PORTE, INDIANA"),
        ("en-US", "Ada Testchild, 7, was last seen at the Example Mall in Hamilton.", "Example Mall in Hamilton"),
        ("es-US", "Ada Prueba, de 7 años, fue vista por última vez en La Mesa.", "La Mesa"),
        ("es-US", "Ada Prueba, de 7 años, fue vista por última vez en el Parque Ejemplo.", "Parque Ejemplo"),
        ("fr-CA", "Ada Essai, 7 ans, a été vue pour la dernière fois à La Malbaie.", "La Malbaie"),
    ],
)
def test_an_article_that_begins_a_name_stays(language: str, text: str, place: str) -> None:
    """El Paso is not Paso; the article before a description is left out."""
    found = read(f"{OPENINGS[language]} {text}", language)
    assert found.last_seen is not None
    assert found.last_seen.place == place

"""One thing said in many ways, in three languages: what must be read the same, and what must be left out."""

from __future__ import annotations

import pytest

from capgateway.cards.extract import Facts, Text, facts

LANGUAGES = {"en": "en-US", "fr": "fr-CA", "es": "es-US"}
OPENINGS = {"en": "AMBER Alert. ", "fr": "ALERTE AMBER. ", "es": "ALERTA AMBER. "}


def read(language: str, text: str) -> Facts:
    return facts([Text(LANGUAGES[language], "description", OPENINGS[language] + text)])


def ages(found: Facts) -> list[str]:
    """Of everybody, as ``3 month`` or ``25-30 year``."""
    known = [person.age for person in (*found.children, *found.suspects) if person.age]
    return [f"{age.value}{f'-{age.max}' if age.max else ''} {age.unit}" for age in known]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Child: Ada Testley   Age: 3 mos   Sex: F", ["3 month"]),
        ("en", "Child: Ada Testley\nAge: 9 wks\nHair: brown", ["9 week"]),
        ("en", "Child: Ada Testley, age 11 mths, brown hair.", ["11 month"]),
        ("en", "A man between 25 and 30; he's lanky. Child: Ada Testley.", ["25-30 year"]),
        ("en", "Child: Ada Testley. Suspect: W/F 50-60, tall.", ["50-60 year"]),
        ("en", "Child: Ada Testley. Suspect: M/W 20-25, thin.", ["20-25 year"]),
        ("en", "Child: Ada Testley. Suspect: male, approx. 25 to 35 years, 5'1\".", ["25-35 year"]),
        ("en", "Child: Ada Testley. Blue Honda Accord, 90s model. Driver unknown.", []),
        ("en", "Child: Ada Testley. He drives an early 90s Ford Ranger or an 80s Chevy pickup.", []),
        ("en", "Children: 1. Ada Testley, 5, F 2. Rowan Testley, 7, M", ["5 year", "7 year"]),
        ("fr", "Enfant : Léa Essai, âge : 7 mois, cheveux bruns.", ["7 month"]),
        ("fr", "Enfant : Léa Essai, âgée d'un an et demi.", ["18 month"]),
        ("fr", "Enfant : Léa Essai\nÂge : 2 ans ½", ["2 year"]),
        ("fr", "Bébé de 5 semaines, sexe masculin.", ["5 week"]),
        ("fr", "Enfant : Léa Essai. Suspect : homme, fin trentaine.", ["30-39 year"]),
        ("es", "Menor: Ana Luna, edad: 11 meses.", ["11 month"]),
        ("es", "Menor: Ana Luna, de un año y medio.", ["18 month"]),
        ("es", "Menor: Ana Luna, 1 año 4 meses.", ["16 month"]),
        ("es", "Menor: Ana Luna. La llevó un hombre de 50 y tantos años.", ["50-59 year"]),
        ("es", "Menor: Ana Luna. Sospechoso: hombre de entre 20 y 25 años.", ["20-25 year"]),
    ],
)
def test_an_age_keeps_its_unit_and_its_range(language: str, text: str, expected: list[str]) -> None:
    """Three months are not three years, one end of a range is not an age, and a car has none."""
    assert ages(read(language, text)) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "* Silver Saturn Vue (WI ADK-9207) RECOVERED in Wausau. Look for a red Kia Rio."),
        ("en", "Gray Nissan Altima: found abandoned. Look for a red Kia Rio."),
        ("en", "A tan Honda Pilot. No longer sought. Look for a red Kia Rio."),
        ("en", "He may instead be driving a red Kia Rio. A Buick Regal described earlier was discovered abandoned."),
        ("en", "They are with their former foster mother in a red Kia Rio. Police found her other car, a brown Volvo."),
        ("en", "A small car, possibly a Kia Rio, in red."),
        ("fr", "La Mazda 3 grise (plaque Z24 KPT) retrouvée à Laval. Ils seraient dans une Kia Rio rouge."),
        ("fr", "Il conduirait désormais une Kia Rio rouge, et non plus la Honda Civic blanche."),
        ("fr", "Véhicule : Kia Rio rouge et non une Mazda 5 grise."),
        ("fr", "Une Honda Fit : retrouvée vide. On cherche maintenant une Kia Rio rouge."),
        ("fr", "Il conduit la voiture de son frère, une Kia Rio rouge."),
        ("es", "El Nissan Tsuru blanco (placas ABC-123-D) localizado en Tepic. Ahora van en un Kia Rio rojo."),
        ("es", "Ya no se busca el Jetta gris. Se busca un Kia Rio rojo."),
        ("es", "Van en un Kia Rio rojo."),
        ("es", "Es un Kia Rio rojo y no un Honda City gris."),
        ("es", "Huyeron en el auto de su hermano, un Kia Rio rojo."),
    ],
)
def test_only_the_vehicle_that_is_looked_for(language: str, text: str) -> None:
    """Not one that was found or denied, and once however often it is described."""
    found = read(language, f"Rowan Testley, 6. {text}").vehicles
    assert [vehicle.model for vehicle in found] == ["Rio"]
    assert [child.name for child in read(language, f"Rowan Testley, 6. {text}").children] == ["Rowan Testley"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "the first part of the Washington plate, AWX8", ("AWX8", True, "US-WA")),
        ("en", "part of a plate: KLM4", ("KLM4", True, None)),
        ("en", "plate ends in 77K", ("77K", True, None)),
        ("en", "registered in New Brunswick as JSD 902", ("JSD902", False, "CA-NB")),
        ("en", "Plate: 2KX H83   State: MD", ("2KXH83", False, "US-MD")),
        ("en", "Illinois plates EL 40 771", ("EL40771", False, "US-IL")),
        ("en", "with Texas or Oklahoma plates", (None, False, None)),
        ("en", "plate reads either KLM 229 or KLN 229", (None, False, None)),
        ("fr", "immatriculée W41 RTX au Québec", ("W41RTX", False, "CA-QC")),
        ("fr", "une partie de la plaque : W41", ("W41", True, None)),
        ("fr", "plaque commence par E3", ("E3", True, None)),
        ("fr", "la plaque est J27 XVS et non J27 XUS", ("J27XVS", False, None)),
        ("es", "parte de la placa: KLM4", ("KLM4", True, None)),
        ("es", "placas KLM-22-91 de Sonora", ("KLM2291", False, "MX-SON")),
        ("es", "las placas correctas son KLM-22-91 y no KLM-22-19", ("KLM2291", False, None)),
    ],
)
def test_a_plate_with_its_region(language: str, text: str, expected: tuple[str | None, bool, str | None]) -> None:
    """A part is marked as one, and of two regions or plates neither is shown."""
    vehicle = read(language, f"Rowan Testley, 6. Red Kia Rio, {text}.").vehicles[0]
    assert (vehicle.plate, vehicle.plate_partial, vehicle.plate_region) == expected


@pytest.mark.parametrize(
    ("language", "text", "color", "year"),
    [
        ("en", "A beige Kia Rio, believed to be from 2003, with paper tags.", "beige", 2003),
        ("en", "The vehicle is a Kia Rio. Color is dark gray.", "dark gray", None),
        ("en", "A Kia Rio, two tone blue and silver.", "blue/silver", None),
        ("en", "Vehicle: red Kia Rio, believed to be a 2010 through 2014 model.", "red", None),
        ("fr", "Une Kia Rio verte de l'année 2009.", "green", None),
        ("fr", "Kia Rio bordeaux 2016. Enfant aux chev. blonds.", "burgundy", 2016),
        ("es", "Un taxi rosa con blanco, Kia Rio, 2011.", "pink/white", 2011),
        ("es", "Un Kia Rio negro del año 2004.", "black", 2004),
        ("es", "Es una Kia Rio color guinda.", "maroon", None),
    ],
)
def test_a_color_and_a_year(language: str, text: str, color: str, year: int | None) -> None:
    """Both colours of two, and no year of a span."""
    vehicle = read(language, f"Rowan Testley, 6. {text}").vehicles[0]
    assert (vehicle.make, vehicle.color, vehicle.year) == ("Kia", color, year)


@pytest.mark.parametrize(
    ("language", "text", "place"),
    [
        (
            "en",
            "missing from Lake County. She was taken from a trailer on Mountain Road.",
            "Mountain Road",
        ),
        ("en", "taken from Elm Park. Max Testman, 44, of Worthington, Minnesota, is sought.", "Elm Park"),
        ("en", "5. The car was last reported on County Road 2 at 14:55.", None),
        ("en", "5. The Lima Police Department is looking for her. The road to Manning Ave is closed.", None),
        ("en", "5. The blue Saturn Vue was recovered in Wausau.", None),
        ("fr", "6 ans. GRC Campbellton. Vue dern. fois ch. Val-d'Amour 06 h 30.", "ch. Val-d'Amour"),
        ("fr", "6 ans, deux sœurs de Rouyn, enlevées mardi soir, avenue Larivière.", "avenue Larivière"),
        (
            "fr",
            "6 ans, volée dans le stationnement du boulevard Gréber vers 23 h 15.",
            "stationnement du boulevard Gréber",
        ),
        ("fr", "6 ans, vue pour la dernière fois rue Mountain samedi matin.", "rue Mountain"),
        ("fr", "6 ans, vue rue du 11 novembre à 8 h.", "rue du 11 novembre"),
        ("es", "6 años. La policía de Tepic la busca. Se la llevaron por la calle Railroad.", None),
        (
            "es",
            "6 años, vista en la calle 16 de Septiembre, Tepic, a las 18:00 horas.",
            "calle 16 de Septiembre, Tepic",
        ),
        ("es", "6 años. Última ubicación: Union Avenue, Bakersfield, 11:20 p.m.", "Union Avenue, Bakersfield"),
    ],
)
def test_where_a_child_was_and_nobody_else(language: str, text: str, place: str | None) -> None:
    """Not the car, the suspect or the police; a house or a road rather than its county."""
    seen = read(language, f"Ada Testley, {text}").last_seen
    assert (seen.place if seen else None) == place


@pytest.mark.parametrize(
    ("language", "text", "time"),
    [
        ("en", "The vehicle was spotted in Amarillo at 10 p.m. Ada Testley, 3, was taken from Clovis.", None),
        (
            "en",
            "Suspect Max Testman, last seen in Kingman at 9 a.m. Ada Testley, 2, was taken from Elm Park at 6 a.m.",
            "6 a.m.",
        ),
        ("en", "Missing from Tampa: Ada Testley, B/F, 13, 5-2/110.", None),
        ("es", "Ana Luna, 6 años, vista en la calle 5 de Mayo.", None),
    ],
)
def test_when_a_child_was_seen_and_no_car(language: str, text: str, time: str | None) -> None:
    """A time belongs to what was seen then; a street that is called after a day, and a height with a weight, are none."""
    seen = read(language, text).last_seen
    assert (seen.time.text if seen and seen.time else None) == time


@pytest.mark.parametrize(
    ("language", "text", "suspects"),
    [
        ("en", "taken by the boyfriend of her mother, Carl Samplewood, 40.", [("Carl Samplewood", "M")]),
        ("en", "taken by a friend of hers, Carl Samplewood, 40.", [("Carl Samplewood", None)]),
        ("en", "was staying with her aunt when a man took her.", [(None, "M")]),
        ("en", "Police want Max Testman, 24, who she met online, in the abduction.", [("Max Testman", None)]),
        ("en", "Max Testman, 31, is suspected of abducting his ex-girlfriend, Eve Testley, 28, and her.", [("Max Testman", "M")]),
        ("en", "Carl Samplewood, 41, shot Eve Testley, 36, and abducted Ada.", [("Carl Samplewood", None)]),
        ("en", "Suspect: Black male, 22, 5-8.", [(None, "M")]),
        ("en", "Suspect: PRUITT, DARNELL JR, B/M/31.", [("Darnell Pruitt Jr", "M")]),
        ("en", "with her friend Mia Samplewood, 8, when a man took her.", []),
        ("fr", "enlevée par le conjoint de sa mère, Carl Dubord, 52 ans. L'homme mesure 1 m 80.", [("Carl Dubord", "M")]),
        ("fr", "Signalement de l'individu recherché : Carl Dubord, 33 ans.", [("Carl Dubord", None)]),
        ("fr", "Femme recherchée : Josée Dubord, 33 ans.", [("Josée Dubord", "F")]),
        ("fr", "enlevée par Carl Dubord, 33 ans. Une amie, Mia Roy, 13 ans, a tout vu.", [("Carl Dubord", None)]),
        ("es", "sustraída por el novio de su tía, Carlos Muestra, de 40 años.", [("Carlos Muestra", "M")]),
        ("es", "Hombre buscado: Carlos Muestra, 40 años.", [("Carlos Muestra", "M")]),
        ("es", "SOSPECHOSOS: 1) Carlos Muestra, 40 años 2) Mujer de 25 años.", [("Carlos Muestra", None), (None, "F")]),
    ],
)  # fmt: skip
def test_who_is_suspected_and_of_what_sex(
    language: str, text: str, suspects: list[tuple[str | None, str | None]]
) -> None:
    """Not whose friend somebody is, who was wounded or taken too, or who saw it; and each of a list by themselves."""
    found = read(language, f"Ada Testley, 6 {'ans' if language == 'fr' else 'years old'}. {text}")
    assert [(one.name, one.sex) for one in found.suspects] == suspects


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("en", "Anneliese (9) and Matthias (7) Testley. Girl: blonde, red hat. Boy: brown hair, blue coat.", ["Anneliese Testley", "Matthias Testley"]),
        ("fr", "Léa et Noé Essai, 5 et 7 ans. Fille : cheveux blonds. Garçon : cheveux noirs.", ["Léa Essai", "Noé Essai"]),
        ("fr", "Solange Essai, 12 ans/yrs, fille/girl, cheveux bruns/brown hair, 150 cm.", ["Solange Essai"]),
        ("es", "El pequeño, identificado solo por su nombre, Yandriel, de 2 años, tiene el pelo rubio.", ["Yandriel"]),
        ("en", "Mia Testley, 9. Her father took his brother's truck.", ["Mia Testley"]),
        ("en", "Mia Testley, 9, is missing. He had spoken with her brother, Rowan, 11, before.", ["Mia Testley"]),
    ],
)  # fmt: skip
def test_each_child_once(language: str, text: str, names: list[str]) -> None:
    """Whom a description without a name means is left open, and a brother who owns a car is not sought."""
    assert [child.name for child in read(language, text).children] == names


def test_a_number_for_the_press_is_none_for_the_public() -> None:
    """In each language; what was said on social media is another thing."""
    assert [
        one.value for one in read("en", "Ada Testley, 5. Call 911. Media inquiries only: 613-555-0180.").contacts
    ] == ["911"]
    assert [one.value for one in read("fr", "Léa Essai, 5 ans. Médias : 514-555-0155.").contacts] == []
    assert [one.value for one in read("es", "Ana Luna, 5 años. Prensa: 555-555-0155.").contacts] == []
    assert [one.value for one in read("en", "Ada Testley, 5, named on social media. Call 614-555-0149.").contacts] == [
        "614-555-0149"
    ]

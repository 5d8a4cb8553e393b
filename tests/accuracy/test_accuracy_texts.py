"""The labelled texts that accuracy is measured with are well formed, and their labels agree with their texts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEXTS = Path(__file__).parent / "texts"
FILES = sorted(TEXTS.glob("*.jsonl"))
ROWS: list[dict[str, Any]] = [json.loads(line) for path in FILES for line in path.read_text("utf-8").splitlines()]
ROW = ["id", "source", "basis", "country", "lang", "format", "kind", "case", "text", "truth", "notes"]
TRUTH = ["children", "suspects", "vehicles", "contact", "location", "issued"]
PERSON = ["name", "age", "sex", "race", "hair", "eyes", "height", "weight", "clothing", "last_seen"]
VEHICLE = ["color", "year", "make", "model", "plate", "plate_region", "detail", "plate_partial"]
KINDS = {"alert", "update", "cancel", "test", "hoax", "not-amber"}
#: The longest text of each kind of wireless message.
LONGEST = {"wea90": 90, "wea360": 360}


def people(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Everybody whom a row describes."""
    return [*row["truth"]["children"], *row["truth"]["suspects"]]


def verbatim(row: dict[str, Any]) -> Iterator[str]:
    """What a label quotes from its text."""
    quoted = [person[field] for person in people(row) for field in ("clothing", "last_seen")]
    quoted += [vehicle["detail"] for vehicle in row["truth"]["vehicles"]]
    return (value for value in [*quoted, row["truth"]["location"]] if value is not None)


def plain(text: str) -> str:
    """Letters and digits, without the word that stands for a dash in a plate that is spelled."""
    return re.sub(r"[^A-Z0-9]", "", text.upper().replace(" DASH ", ""))


def test_there_are_enough_texts_in_both_halves() -> None:
    """Each style has a file to develop with and one that is kept apart, of about the same size and with the same kinds."""
    sizes = Counter(path.name.split("-", 1)[0] for path in FILES for _ in path.read_text("utf-8").splitlines())
    assert len(ROWS) >= 320
    assert abs(sizes["dev"] - sizes["blind"]) <= 10
    styles = {half: {path.name.split("-", 1)[1] for path in FILES if path.name.startswith(half)} for half in sizes}
    assert styles["dev"] == styles["blind"]
    assert {row["kind"] for row in ROWS if row["id"].startswith("d-")} == KINDS
    assert {row["kind"] for row in ROWS if row["id"].startswith("b-")} == KINDS


def test_the_final_set_has_alerts_of_all_sorts() -> None:
    """The last measurement has enough alerts, with and without a vehicle and a plate, and texts of each other kind."""
    final = [row for row in ROWS if row["id"].startswith("f-")]
    alerts = [row["truth"]["vehicles"] for row in final if row["kind"] == "alert"]
    assert len(final) == 160
    assert {row["kind"] for row in final} == KINDS
    assert len(alerts) == 110
    assert 80 <= sum(bool(vehicles) for vehicles in alerts) <= 95
    assert 70 <= sum(any(vehicle["plate"] for vehicle in vehicles) for vehicles in alerts) <= 85


def test_no_text_or_person_or_plate_is_in_two_rows() -> None:
    """What is measured with one text was not learnt from another. The sets were written apart, so two may share a person's name, and
    the end of an alert names the child of the alert. What gives no facts may repeat a plate."""
    alerts = [row for row in ROWS if row["kind"] in ("alert", "update")]
    names = [(row["id"].rsplit("-", 1)[0], one["name"]) for row in alerts for one in people(row) if one["name"]]
    plates = [one["plate"] for row in alerts for one in row["truth"]["vehicles"] if one["plate"]]
    for values in ([row["id"] for row in ROWS], [row["text"] for row in ROWS], names, plates):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_each_row_has_the_known_fields() -> None:
    """A misspelled field would be a fact that nobody compares."""
    for row in ROWS:
        assert list(row) == ROW
        assert list(row["truth"]) == TRUTH
        assert {tuple(person) for person in people(row)} <= {tuple(PERSON)}
        assert {tuple(vehicle) for vehicle in row["truth"]["vehicles"]} <= {tuple(VEHICLE)}
        assert row["kind"] in KINDS
        assert len(row["text"]) <= LONGEST.get(row["format"], 10_000)


def test_what_a_label_quotes_is_in_the_text() -> None:
    """A verbatim value is a part of the text, a name's words occur in it, and so do the characters of a plate."""
    for row in ROWS:
        text = " ".join(row["text"].split())
        assert [value for value in verbatim(row) if value not in text] == [], row["id"]
        words = [word for person in people(row) for word in (person["name"] or "").replace('"', "").split()]
        assert [word for word in words if word.lower() not in text.lower()] == [], row["id"]
        plates = [vehicle["plate"] for vehicle in row["truth"]["vehicles"] if vehicle["plate"]]
        assert [plate for plate in plates if plate not in plain(text)] == [], row["id"]


FORMS = {
    "sex": "[MF]",
    "age": r"\d+( (day|week|month)s?)?|newborn|\d0s(-\d0s)?|\d+-\d+",
    "height": r"(\d'\d+\"(-\d'\d+\")?|\d+\"|\d+ cm)( / (\d+ cm|\d'\d+\"))?",
    "weight": r"\d+(-\d+)? (lb|kg)( / \d+ (kg|lb))?|\d\.\d kg",
}


def test_the_values_of_a_label_have_their_form() -> None:
    """One way to write each fact, so that two values can be compared."""
    values = [
        (row["id"], field, form, person[field])
        for row in ROWS
        for person in people(row)
        for field, form in FORMS.items()
    ]
    assert [one for one in values if one[3] is not None and not re.fullmatch(one[2], str(one[3]))] == []
    for vehicle in (vehicle for row in ROWS for vehicle in row["truth"]["vehicles"]):
        assert re.fullmatch("[A-Z0-9]+", vehicle["plate"] or "NONE")
        assert re.fullmatch("[A-Z]{2,3}", vehicle["plate_region"] or "NA")
        assert vehicle["plate"] or not vehicle["plate_partial"]


CONTACT = (
    r"911|\d{3}-555-01\d\d|555-550-01\d\d|(\d-)?\d{3}-[A-Z]+-[A-Z]+|(https://)?([\w.@-]+\.)?example(\.\w+)?(/\S+)?"
)


def test_no_text_contains_a_telephone_number_that_may_be_in_use() -> None:
    """Numbers are 911, 555-01xx or words, and addresses are of the domains that are set aside for examples."""
    for row in ROWS:
        for number in re.findall(r"\d{3}[-. )]+(\d{3})[-. ](\d{4})\b", row["text"]):
            assert re.fullmatch("555 01..", " ".join(number)), row["id"]
        assert [contact for contact in row["truth"]["contact"] if not re.fullmatch(CONTACT, contact)] == [], row["id"]
        found = set(re.findall(r"\b\w+\.(?:com|org|net|gov|ca|mx)\b", row["text"]))
        assert found <= {"example.com", "example.org", "example.net", "example.gov"}, row["id"]

"""Precision and recall of the facts that are read from labelled texts, per field.

A file of texts has one JSON object per line: ``id``, ``lang``, ``kind``, ``format``, ``text`` and ``truth``. A text of another kind
than ``alert`` and ``update`` must give no fact at all. People are matched by name, then by role, age and sex.

``make accuracy`` prints the table; ``make accuracy ARGS="-v FILE…"`` the mistakes too.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from capgateway.cards.card import Age, Height, Weight
from capgateway.cards.extract import Text, facts
from capgateway.cards.extract.facts import Facts

SHOWN_KINDS = frozenset(["alert", "update"])
LANGUAGES = {"en": "en-US", "fr": "fr-CA", "es": "es-US"}
TOLERANCE = 0.04
"""Of a height or weight: both are rounded, and many texts say them in two units."""


class Score(NamedTuple):
    """How many values of a field were read right, read wrong, and not read."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """1 where nothing was read."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """1 where there is nothing to read."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


class Miss(NamedTuple):
    """One value that was read wrong or not read."""

    row: str
    field: str
    is_wrong: bool
    value: str


def rows(paths: list[Path]) -> list[dict[str, Any]]:
    """The labelled texts of all files."""
    return [
        json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    ]


def read(row: dict[str, Any]) -> Facts:
    """What is read from one labelled text."""
    language = LANGUAGES.get(row["lang"][:2], "en-US")
    return facts([Text(language, "description", row["text"])])


def score(found_rows: list[dict[str, Any]]) -> tuple[dict[str, Score], list[Miss]]:
    """Per field, and every miss."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    misses: list[Miss] = []

    def count(row: str, field: str, wanted: set[str], found: set[str]) -> None:
        counts[field][0] += len(wanted & found)
        counts[field][1] += len(found - wanted)
        counts[field][2] += len(wanted - found)
        misses.extend(Miss(row, field, True, value) for value in sorted(found - wanted))
        misses.extend(Miss(row, field, False, value) for value in sorted(wanted - found))

    for row in found_rows:
        made = read(row)
        if row["kind"] not in SHOWN_KINDS:
            count(row["id"], "shown though not an alert", set(), set(made.evidence))
            continue
        truth = row["truth"]
        _vehicles(row["id"], truth, made, count)
        _people(row["id"], truth, made, count)
        count(
            row["id"], "contact", set(map(_contact, truth["contact"])), {_contact(one.value) for one in made.contacts}
        )
        _seen(row["id"], row, made, count)
        wants = bool(DO_NOT_APPROACH.search(_plain(row["text"])))
        count(row["id"], "do not approach", {"yes"} if wants else set(), {"yes"} if made.safety else set())
    return {field: Score(*numbers) for field, numbers in counts.items()}, misses


DO_NOT_APPROACH = re.compile(
    r"(?:do not|and not|should not|don't|not be|not to be|never|not attempt to|ne pas|ne l'|n'|ne les|ne vous|no (?:se|lo|la|los|las|intente) ?)\s*(?:be )?\w*\s?(?:approach|approch|interven|acerque|acercarse|aborde)|avoid approaching|evite acercarse",
    re.IGNORECASE,
)


def _plain(text: str) -> str:
    kept = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return " ".join("".join(letter for letter in kept if not unicodedata.combining(letter)).casefold().split())


def _vehicles(row: str, truth: dict[str, Any], made: Facts, count: Any) -> None:
    for field in ("color", "year", "make", "model", "plate", "plate_region"):
        wanted = {_value(field, vehicle.get(field), vehicle.get("make")) for vehicle in truth["vehicles"]} - {""}
        found = {_value(field, getattr(vehicle, field), vehicle.make) for vehicle in made.vehicles} - {""}
        count(row, field, wanted, found)
    details = [vehicle["detail"] for vehicle in truth["vehicles"] if vehicle.get("detail")]
    for vehicle in made.vehicles:
        if vehicle.detail:
            is_said = any(_overlaps(vehicle.detail, one) for one in details)
            count(row, "detail", {"detail"} if is_said else set(), {"detail" if is_said else vehicle.detail})
    partial = {
        vehicle["plate"] for vehicle in truth["vehicles"] if vehicle.get("plate_partial") and vehicle.get("plate")
    }
    count(row, "plate_partial", partial, {vehicle.plate or "" for vehicle in made.vehicles if vehicle.plate_partial})


def _value(field: str, value: Any, make: Any = None) -> str:
    if value is None:
        return ""
    text = _plain(str(value))
    if field == "model":
        text = text.removeprefix(_plain(str(make or "")))  # "Mazda3" is the 3 of Mazda
    if field == "plate_region":
        return text.rpartition("-")[2]
    if field == "color":
        return "/".join(sorted(text.replace("grey", "gray").replace("navy blue", "navy").split("/")))
    return text.replace("-", " ").replace(" ", "") if field in {"make", "model"} else text


PERSON = ("name", "age", "sex", "race", "hair", "eyes", "height", "weight", "clothing")


def _people(row: str, truth: dict[str, Any], made: Facts, count: Any) -> None:
    wanted = [("child", person) for person in truth["children"]] + [("suspect", person) for person in truth["suspects"]]
    found = [("child", person) for person in made.children] + [("suspect", person) for person in made.suspects]
    for (role, true), (found_role, person) in _pairs(wanted, found):
        for field in PERSON:
            if role == "suspect" and field in {"height", "weight", "hair", "eyes", "race", "clothing"}:
                label = "suspect body"
            else:
                label = f"{role} {field}" if field == "name" else field
            want = {_person_value(field, true.get(field))} - {""} if true else set()
            have = {_person_value(field, getattr(person, field))} - {""} if person else set()
            if true and person and role != found_role:
                count(row, f"{found_role} {field}" if field == "name" else label, set(), have)
                count(row, label, want, set())
                continue
            if want and have and _is_same(field, next(iter(want)), next(iter(have))):
                have = want
            count(row, label, want, have)


def _pairs(
    wanted: list[tuple[str, Any]], found: list[tuple[str, Any]]
) -> list[tuple[tuple[str, Any], tuple[str, Any]]]:
    """The best matches first; those left over on either side are paired with nobody."""
    scored = sorted(
        ((_likeness(want, have), at, other) for at, want in enumerate(wanted) for other, have in enumerate(found)),
        key=lambda entry: (-entry[0], entry[1], entry[2]),
    )
    pairs, used, taken = [], set(), set()
    for likeness, at, other in scored:
        if likeness > 0 and at not in used and other not in taken:
            used.add(at)
            taken.add(other)
            pairs.append((wanted[at], found[other]))
    pairs += [(want, (want[0], None)) for at, want in enumerate(wanted) if at not in used]
    pairs += [((have[0], None), have) for other, have in enumerate(found) if other not in taken]
    return pairs


def _likeness(want: tuple[str, Any], have: tuple[str, Any]) -> float:
    role, true = want
    found_role, person = have
    points = 1.0 if role == found_role else 0.0
    name, found_name = _plain(true.get("name") or ""), _plain(person.name or "")
    if name and found_name:
        if name == found_name:
            points += 10
        elif set(name.split()) & set(found_name.split()):
            points += 3
        else:
            points -= 3
    if true.get("age") is not None and person.age:
        points += 2 if _person_value("age", true["age"]) == _person_value("age", person.age) else -1
    if true.get("sex") and person.sex:
        points += 0.5 if true["sex"] == person.sex else -0.5
    return points


def _person_value(field: str, value: Any) -> str:  # noqa: PLR0911  (one per kind of value)
    if value is None:
        return ""
    if isinstance(value, Age):
        return _age(value)
    if isinstance(value, Height):
        return str(value.cm) if value.max_cm is None else f"{value.cm}-{value.max_cm}"
    if isinstance(value, Weight):
        return str(value.kg) if value.max_kg is None else f"{value.kg}-{value.max_kg}"
    text = _plain(str(value))
    if field == "height":
        return _centimetres(text)
    if field == "weight":
        return _kilograms(text)
    if field == "clothing":
        return re.sub(r"^(?:a|an|un|une|des|una)\s+", "", text.strip('". '))
    if field == "name":
        return text.replace('"', "").replace(".", "")
    return text


def _age(age: Age) -> str:
    if age.unit != "year":
        return "newborn" if age.value == 0 else f"{age.value} {age.unit}{'s' if age.value != 1 else ''}"
    if age.max is None:
        return str(age.value)
    if age.max == age.value + 9:
        return f"{age.value}s"
    return (
        f"{age.value}s-{age.max - 9}s" if (age.max + 1) % 10 == 0 and age.value % 10 == 0 else f"{age.value}-{age.max}"
    )


def _centimetres(text: str) -> str:
    def one(part: str) -> float:
        if found := re.fullmatch(r"(\d+)'\s*(?:(\d+)\"?)?", part.strip()):
            return int(found[1]) * 30.48 + int(found[2] or 0) * 2.54
        if found := re.fullmatch(r"(\d+)\"", part.strip()):
            return int(found[1]) * 2.54
        found = re.match(r"[\d.]+", part.strip())
        return float(found[0]) if found else 0

    first = text.split("/", maxsplit=1)[0]
    return "-".join(str(round(one(part))) for part in first.split("-"))


def _kilograms(text: str) -> str:
    first = text.split("/", maxsplit=1)[0]
    factor = 0.45359237 if "lb" in first else 1
    return "-".join(str(round(float(number) * factor)) for number in re.findall(r"\d+(?:\.\d+)?", first))


def _is_same(field: str, want: str, have: str) -> bool:
    if want == have:
        return True
    if field in {"height", "weight"}:
        wants, haves = want.split("-"), have.split("-")
        return len(wants) == len(haves) and all(
            abs(float(one) - float(other)) <= max(2, TOLERANCE * float(one))
            for one, other in zip(wants, haves, strict=True)
        )
    if field == "clothing":
        return _overlaps(want, have)
    if field in {"hair", "eyes"}:
        want, have = want.replace("braided", "braids"), have.replace("braided", "braids")
        return bool(_colors(want) and _colors(want) == _colors(have)) or want in have or have in want
    if field == "age":
        return want.rstrip("s") == have.rstrip("s")
    return False


_COLORS = frozenset(
    [
        "black",
        "brown",
        "blonde",
        "blond",
        "red",
        "gray",
        "grey",
        "white",
        "sandy",
        "auburn",
        "blue",
        "green",
        "hazel",
        "purple",
        "pink",
        "salt-and-pepper",
        "bald",
        "shaved",
    ]
)


def _colors(text: str) -> set[str]:
    return {
        word.replace("grey", "gray").replace("blond", "blonde").replace("blondee", "blonde")
        for word in text.replace("/", " ").split()
        if word in _COLORS
    }


def _contact(value: str) -> str:
    return value.casefold().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def _seen(row: str, labelled: dict[str, Any], made: Facts, count: Any) -> None:
    """The place is right if the truth says it, in more or in fewer words; a time is right if it is where the truth says that somebody was
    last seen, or beside it in the text."""
    truth = labelled["truth"]
    places = [
        text for text in (truth.get("location"), *(child.get("last_seen") for child in truth["children"])) if text
    ]
    place = made.last_seen.place if made.last_seen else None
    wanted = {"place"} if places else set()
    found = set()
    if place:
        found = {"place"} if any(_overlaps(place, text) for text in places) else {f"place {place}"}
    count(row, "last seen place", wanted, found)
    time = made.last_seen.time if made.last_seen else None
    spoken = [
        child["last_seen"] for child in truth["children"] if child.get("last_seen") and TIME.search(child["last_seen"])
    ]
    said = {"time"} if spoken else set()
    got = set()
    if time:
        got = {"time"} if not spoken or any(_overlaps(time.text, text) for text in spoken) else {f"time {time.text}"}
    if spoken or (got and "time" not in got):
        count(row, "last seen time", said, got)


TIME = re.compile(
    r"\d\s*(?:[ap]\.?\s?m\b|h\b|hours)|\d:\d\d|\d/\d|day\b|morning|\bmatin|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d",
    re.IGNORECASE,
)


def _overlaps(one: str, other: str) -> bool:
    first, second = (re.sub(r"[^\w ]+", " ", _plain(text)).split() for text in (one, other))
    short, long = sorted((first, second), key=len)
    short = [word for word in short if word not in SMALL]
    return bool(short) and all(word in long for word in short)


SMALL = frozenset(
    [
        "the",
        "of",
        "in",
        "at",
        "on",
        "near",
        "from",
        "a",
        "la",
        "le",
        "el",
        "en",
        "de",
        "du",
        "au",
        "l",
        "d",
        "area",
        "city",
        "town",
    ]
)


def table(scores: dict[str, Score]) -> str:
    """One line per field."""
    lines = [f"{'field':28}{'precision':>10}{'recall':>8}{'right':>7}{'wrong':>7}{'missed':>8}"]
    for field, one in sorted(scores.items()):
        lines.append(f"{field:28}{one.precision:10.3f}{one.recall:8.3f}{one.right:7}{one.wrong:7}{one.missed:8}")
    return "\n".join(lines)


HERE = Path(__file__).parent / "texts"


def sets() -> dict[str, list[Path]]:
    """The own sets of texts, and the directory that ``CAPGATEWAY_TEXTS`` names."""
    found = {
        part: sorted(HERE.glob(f"{part}-*.jsonl"))
        for part in ("dev", "blind", "final", "fresh", "later", "third", "fourth")
    }
    given = os.environ.get("CAPGATEWAY_TEXTS")
    return found | ({"given": sorted(Path(given).glob("*.jsonl"))} if given else {})


def main(arguments: list[str]) -> None:
    """Print a table per set, or of the files that are named; with ``-v`` the mistakes first."""
    paths = [Path(name) for name in arguments if not name.startswith("-")]
    for name, files in ({"files": paths} if paths else sets()).items():
        scores, misses = score(rows(files))
        if "-v" in arguments:
            for miss in misses:
                print(f"{miss.row:12} {'wrong ' if miss.is_wrong else 'missed'} {miss.field:18} {miss.value}")  # noqa: T201
        print(f"\n{name}: {sum(1 for _ in rows(files))} texts\n{table(scores)}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])

"""Full validation against bare lxml and bare xmlschema, its worst cases, and how fast the command starts."""

from __future__ import annotations

import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import xmlschema
from lxml import etree

from capgateway import cap, shipped

ROUNDS = 9
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
FILES = shipped.cap_schemas()
SCHEMAS = cap.Schemas(FILES)
VARIETY = 50
"""So many different messages of each kind: a real gateway hardly ever sees one twice."""


def main() -> None:
    """Print all measurements."""
    for infos, points in ((1, 0), (1, 12), (2, 12), (5, 20)):
        documents = [message(infos, points, number) for number in range(VARIETY)]
        assert all(validate(document).findings == () for document in documents)
        shapes = f"{points}-point polygons" if points else "no shapes"
        _print_ratios(f"{len(documents[0]) / 1000:.1f} KB, {shapes}", documents, "1.2")
    for version, documents in _published().items():
        _print_ratios(f"{len(documents)} published messages of CAP {version}, findings and all", documents, version)
    for name, document in _worst_cases().items():
        started = time.perf_counter()
        validate(document)
        print(f"  {name}: {time.perf_counter() - started:.2f} s (goal 1)")
    print(f"  the command on a valid file: {_start():.2f} x python -c 'import lxml.etree' (goal 2)")


def _print_ratios(what: str, documents: list[bytes], version: str) -> None:
    schema = FILES[version]
    bare, slow = etree.XMLSchema(etree.fromstring(schema)), xmlschema.XMLSchema10(schema, use_fallback=False)

    def raw() -> None:
        for document in documents:
            bare.validate(etree.fromstring(document))

    def read() -> None:
        for document in documents:
            root = etree.fromstring(document)
            bare.validate(root)
            for element in root.iter():
                _ = element.tag, element.text

    def xml() -> None:
        for document in documents:
            slow.is_valid(etree.fromstring(document))

    def full() -> None:
        for document in documents:
            validate(document)

    times = max(1, 1_000 // len(documents))
    print(f"  {what}: {_ratio(full, raw, times):.2f} x lxml parse + XSD (goal 2.5; ", end="")
    print(f"a mere look at each element makes it {_ratio(read, raw, times):.2f}), ", end="")
    print(f"{_ratio(xml, full, 1):.1f} x faster than xmlschema alone (goal 8)")


def _published() -> dict[str, list[bytes]]:
    """Unsigned messages of 1.5 to 12 KB that their schema accepts, by version, where the corpus is at hand."""
    corpus = os.environ.get("CAPGATEWAY_CORPUS")
    found: dict[str, list[bytes]] = {}
    for path in sorted(Path(corpus).rglob("*")) if corpus else ():
        document = path.read_bytes() if path.is_file() and 1_500 < path.stat().st_size < 12_000 else b""
        parsed = cap.parse(document)
        if parsed.root is None or parsed.version is None or parsed.findings or b"Signature" in document:
            continue
        if not SCHEMAS.findings(parsed.root, parsed.version):
            found.setdefault(parsed.version, []).append(document)
    return found


def validate(document: bytes) -> cap.Report:
    """Parse, schema, guard, model, all rules."""
    return cap.validate(cap.parse(document), SCHEMAS, now=NOW)


def message(infos: int, points: int, number: int = 0) -> bytes:
    """A valid message with so many infos of one area, each with a polygon of so many points, or with none. Those of
    different numbers have nothing in common that could be remembered from one to the next."""
    sent = NOW - timedelta(minutes=number + 1)
    languages = ("en-US", "es-US", "fr-CA", "de", "it")
    return cap.write(
        cap.Alert(
            identifier=f"TX-2026-{number:04}",
            sender="alerts@agency.example",
            sent=_time(sent),
            status="Actual",
            msg_type="Alert",
            scope="Public",
            infos=tuple(_info(language, points, number, sent) for language in languages[:infos]),
        )
    )


def _info(language: str, points: int, number: int, sent: datetime) -> cap.Info:
    return cap.Info(
        language=language,
        categories=("Rescue",),
        event=f"Child Abduction {language}",
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
        event_codes=(cap.Named(name="SAME", value="CAE"),),
        expires=_time(sent + timedelta(hours=10)),
        sender_name="Example Agency",
        headline=f"AMBER Alert {language}",
        description=f"{language} {number} " + "A child was taken from a car park in the afternoon. " * 12,
        instruction=f"{language}: Call 911. Do not approach.",
        web=f"https://agency.example/{number}",
        contact="555-0100",
        parameters=(cap.Named(name="EAS-ORG", value="CIV"), cap.Named(name="timezone", value="CST")),
        areas=(
            cap.Area(
                area_desc="Example County",
                polygons=(_outline(points, number),) if points else (),
                circles=() if points else (f"30.2,-97.7 {number + 1}",),
                geocodes=(cap.Named(name="SAME", value="048453"),),
            ),
        ),
    )


def _time(moment: datetime) -> cap.Time:
    return cap.time(moment.astimezone(timezone(timedelta(hours=-6))).isoformat(timespec="seconds"))


def _outline(points: int, number: int) -> str:
    """A ring that is not convex, as outlines of counties are not."""
    turns = [2 * math.pi * corner / (points - 1) for corner in range(points - 1)]
    ring = [
        f"{30 + number / 100 + math.sin(turn) * (1 + corner % 3 / 4):.4f},{-97 + math.cos(turn):.4f}"
        for corner, turn in enumerate(turns)
    ]
    return " ".join([*ring, ring[0]])


def _worst_cases() -> dict[str, bytes]:
    text = message(1, 0).decode()
    parameters = "<parameter><valueName>a</valueName><value>b</value></parameter>" * 20_000
    lacking = "<parameter><valueName>a</valueName></parameter>" * 20_000
    steps = [f"{number % 2 / 100 + 30:.2f},{number / 1000:.3f}" for number in range(-50_000, 50_000)]
    polygon = f"<polygon>{' '.join(steps)} 31,0 {steps[0]}</polygon>"
    return {
        "20,000 parameters": text.replace("<parameter>", parameters + "<parameter>", 1).encode(),
        "20,000 parameters and a fault": text.replace("<parameter>", parameters + "<bogus/><parameter>", 1).encode(),
        "20,000 parameters that lack their values": text.replace("<parameter>", lacking + "<parameter>", 1).encode(),
        "a polygon of 100,000 points": text.replace("<circle>", polygon + "<circle>", 1).encode(),
    }


def _ratio(one: Callable[[], object], other: Callable[[], object], times: int) -> float:
    """CPU time of one over the other, the median of interleaved rounds."""
    return statistics.median(_cpu(one, times) / _cpu(other, times) for _ in range(ROUNDS))


def _cpu(work: Callable[[], object], times: int) -> float:
    started = time.process_time()
    for _ in range(times):
        work()
    return time.process_time() - started


def _start() -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.xml"
        path.write_bytes(message(1, 0))
        command = [str(Path(sys.executable).with_name("capgateway")), "validate", str(path)]
        bare = [sys.executable, "-c", "import lxml.etree"]
        # Compiled modules, as an installed package has them, wherever the environment asks Python to write none.
        compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        compiled["PYTHONPYCACHEPREFIX"] = folder
        for warm_up in (command, bare):
            _child(warm_up, compiled)
        return statistics.median(_child(command, compiled) / _child(bare, compiled) for _ in range(ROUNDS))


def _child(command: list[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

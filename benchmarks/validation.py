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
from datetime import UTC, datetime
from pathlib import Path

import xmlschema
from lxml import etree

from capgateway import cap, shipped

ROUNDS = 9
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
SCHEMAS = cap.Schemas(shipped.cap_schemas())
XSD = shipped.cap_schemas()["1.2"]


def main() -> None:
    """Print all measurements."""
    bare, slow = etree.XMLSchema(etree.fromstring(XSD)), xmlschema.XMLSchema10(XSD, use_fallback=False)
    for infos, points in ((1, 0), (1, 12), (2, 12), (5, 20)):
        document = message(infos, points)
        assert validate(document).findings == ()

        def raw(text: bytes = document) -> object:
            return bare.validate(etree.fromstring(text))

        def xml(text: bytes = document) -> object:
            return slow.is_valid(etree.fromstring(text))

        def full(text: bytes = document) -> object:
            return validate(text)

        what = (
            f"{len(document) / 1000:.1f} KB, {points}-point polygons"
            if points
            else f"{len(document) / 1000:.1f} KB, no shapes"
        )
        print(f"  {what}: {_ratio(full, raw, 200):.2f} x lxml parse + XSD (goal 2.5), ", end="")
        print(f"{_ratio(xml, full, 10):.1f} x faster than xmlschema alone (goal 8)")
    for name, document in _worst_cases().items():
        started = time.perf_counter()
        validate(document)
        print(f"  {name}: {time.perf_counter() - started:.2f} s (goal 1)")
    print(f"  the command on a valid file: {_start():.2f} x python -c 'import lxml.etree' (goal 2)")


def validate(document: bytes) -> cap.Report:
    """Parse, schema, guard, model, all rules."""
    return cap.validate(cap.parse(document), SCHEMAS, now=NOW)


def message(infos: int, points: int) -> bytes:
    """A valid message with so many infos of one area, each with a polygon of so many points, or with none."""
    sent = cap.time("2026-11-22T10:15:00-06:00")
    languages = ("en-US", "es-US", "fr-CA", "de", "it")
    return cap.write(
        cap.Alert(
            identifier="TX-2026-0042",
            sender="alerts@agency.example",
            sent=sent,
            status="Actual",
            msg_type="Alert",
            scope="Public",
            infos=tuple(_info(languages[number], points) for number in range(infos)),
        )
    )


def _info(language: str, points: int) -> cap.Info:
    return cap.Info(
        language=language,
        categories=("Rescue",),
        event=f"Child Abduction {language}",
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
        event_codes=(cap.Named(name="SAME", value="CAE"),),
        expires=cap.time("2026-11-22T20:15:00-06:00"),
        sender_name="Example Agency",
        headline=f"AMBER Alert {language}",
        description=f"{language} " + "A child was taken from a car park in the afternoon. " * 12,
        instruction="Call 911. Do not approach.",
        web="https://agency.example/1",
        contact="555-0100",
        parameters=(cap.Named(name="EAS-ORG", value="CIV"), cap.Named(name="timezone", value="CST")),
        areas=(
            cap.Area(
                area_desc="Example County",
                polygons=(_outline(points),) if points else (),
                circles=() if points else ("30.2,-97.7 20",),
                geocodes=(cap.Named(name="SAME", value="048453"),),
            ),
        ),
    )


def _outline(points: int) -> str:
    """A ring that is not convex, as outlines of counties are not."""
    turns = [2 * math.pi * number / (points - 1) for number in range(points - 1)]
    ring = [
        f"{30 + math.sin(turn) * (1 + number % 3 / 4):.4f},{-97 + math.cos(turn):.4f}"
        for number, turn in enumerate(turns)
    ]
    return " ".join([*ring, ring[0]])


def _worst_cases() -> dict[str, bytes]:
    text = message(1, 0).decode()
    parameters = "<parameter><valueName>a</valueName><value>b</value></parameter>" * 20_000
    steps = [f"{number % 2 / 100 + 30:.2f},{number / 1000:.3f}" for number in range(-50_000, 50_000)]
    polygon = f"<polygon>{' '.join(steps)} 31,0 {steps[0]}</polygon>"
    return {
        "20,000 parameters": text.replace("<parameter>", parameters + "<parameter>", 1).encode(),
        "20,000 parameters and a fault": text.replace("<parameter>", parameters + "<bogus/><parameter>", 1).encode(),
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

"""From feed to receiver: the gateway's CPU time against the bare pipeline's, for the same documents.

Efficiency is the CPU time of ``floor`` divided by that of the gateway process, from the first request to the last
acknowledgement (or until everything is stored, where nobody is told), start-up left out.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from benchmarks.far_end import far_end
from benchmarks.floor import Cost, Task
from benchmarks.gateway import SECRET, Gateway, gateway
from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story

ROUNDS = 3
PATIENCE_SECONDS = 120.0
"""A round that takes longer is ended, and says how far it came."""
START_SECONDS = 30.0
LOOK_SECONDS = 0.05
WARNINGS = (
    ("TOR", "Tornado Warning"),
    ("SVR", "Severe Thunderstorm Warning"),
    ("FFW", "Flash Flood Warning"),
    ("WSW", "Winter Storm Warning"),
)
LONG, SHORT = 30, 1
"""Times that a warning's text is repeated: 3 kB, as the weather service writes, and 1.4 kB, so that 12,000 of them stay
below the 20 MB that a feed may have."""
COUNTIES = range(1, 508, 2)
"""Texas numbers its 254 counties so."""
NAMES = ("Ada", "Bo", "Cleo", "Dov", "Eli", "Fay", "Gus", "Hal", "Ina", "Jo")
SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnprstvwxyz" for vowel in "aeiou"]


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Documents in one wrapper, how many receivers there are, and the efficiency to reach."""

    name: str
    documents: Callable[[int], bytes]
    count: int
    receivers: int
    goal: float

    @property
    def expected(self) -> int:
        """Acknowledgements; none where no alert becomes a card."""
        return self.count * self.receivers

    @property
    def units(self) -> int:
        """What the cost is told per: deliveries, or alerts where there are none."""
        return self.expected or self.count


class Stopped(Exception):
    """A round did not end in time, or broke; the text says how far it came."""


def main() -> None:
    """Print one line for each scenario."""
    amber, weather = _ambers(), _warnings(LONG)
    for scenario in (
        Scenario(name="1,000 AMBER Alerts to 1 receiver", documents=amber, count=1_000, receivers=1, goal=0.15),
        Scenario(name="100 AMBER Alerts to 50 receivers", documents=amber, count=100, receivers=50, goal=0.15),
        Scenario(name="2,000 alerts that become no card", documents=weather, count=2_000, receivers=0, goal=0.12),
    ):
        _print_efficiency(scenario)
    _print_seconds(_warnings(SHORT), 12_000)


def _print_efficiency(scenario: Scenario) -> None:
    body, pairs = _wrapper(scenario.documents, scenario.count), list[tuple[Cost, Cost]]()
    print(f"  {scenario.name}: ", end="", flush=True)
    try:
        for _ in range(ROUNDS):  # in turn, so that a slow moment of the machine hits both
            pairs.append((_bare(scenario, body), _whole(scenario, body)))
    except Stopped as error:
        print(f"{error} (goal {scenario.goal}x)")
        return
    ratios = sorted(bare.cpu / whole.cpu for bare, whole in pairs)
    bare, whole = (statistics.median(pair[one].cpu for pair in pairs) / scenario.units * 1000 for one in (0, 1))
    what = "delivery" if scenario.receivers > 1 else "alert"
    seconds = statistics.median(pair[1].seconds for pair in pairs)
    print(f"{statistics.median(ratios):.3f}x the efficiency of the bare pipeline (goal {scenario.goal}x); ", end="")
    print(f"rounds {ratios[0]:.3f} to {ratios[-1]:.3f}, ", end="")
    print(f"CPU per {what} {whole:.2f} ms against {bare:.3f} ms, {seconds:.1f} s in all")


def _print_seconds(documents: Callable[[int], bytes], count: int) -> None:
    print(f"  a wrapper of {count:,} alerts that become no card: ", end="", flush=True)
    scenario = Scenario(name="", documents=documents, count=count, receivers=0, goal=0)
    try:
        cost = _whole(scenario, _wrapper(documents, count))
    except Stopped as error:
        print(f"{error} (goal 30 s)")
        return
    print(f"all stored after {cost.seconds:.1f} s (goal 30 s), {cost.cpu / count * 1000:.2f} ms of CPU each")


def _bare(scenario: Scenario, body: bytes) -> Cost:
    """The bare pipeline in a process of its own."""
    with tempfile.TemporaryDirectory() as directory, far_end(body, scenario.expected) as far:
        hooks = tuple(far.hook(number) for number in range(scenario.receivers))
        task = Task(feed=far.feed, database=f"{directory}/floor.db", secret=SECRET, receivers=hooks)
        far.go_on()
        command = [sys.executable, "-m", "benchmarks.floor"]
        told = subprocess.run(  # noqa: S603
            command,
            input=msgspec.json.encode(task) + b"\n",
            stdout=subprocess.PIPE,
            timeout=PATIENCE_SECONDS,
            check=True,
        )
        cost = msgspec.json.decode(told.stdout, type=Cost)
    assert (cost.stored, cost.acknowledged) == (scenario.count, scenario.expected)
    return cost


def _whole(scenario: Scenario, body: bytes) -> Cost:
    """The gateway in a process of its own."""
    with tempfile.TemporaryDirectory() as directory, far_end(body, scenario.expected) as far:
        hooks = [far.hook(number) for number in range(scenario.receivers)]
        with gateway(far.feed, hooks, Path(directory)) as running:
            if not far.asked(START_SECONDS):
                raise Stopped(f"the gateway did not ask the feed: {running.log()}")
            cpu, started = running.cpu(), time.monotonic()
            far.go_on()
            if scenario.expected:
                is_done = far.done(PATIENCE_SECONDS)
            else:
                is_done = _all_stored(running, scenario.count)
            cost = Cost(
                cpu=running.cpu() - cpu,
                seconds=time.monotonic() - started,
                stored=running.stored(),
                acknowledged=far.acknowledged(),
            )
            if not is_done:
                raise Stopped(_how_far(scenario, cost, running))
            _check(scenario, running)
    return cost


def _all_stored(running: Gateway, count: int) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while running.is_alive and time.monotonic() < deadline:
        if running.stored() >= count:
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _how_far(scenario: Scenario, cost: Cost, running: Gateway) -> str:
    text = f"stopped after {cost.seconds:.0f} s with {cost.stored:,} of {scenario.count:,} alerts stored"
    if scenario.expected:
        text += f" and {cost.acknowledged:,} of {scenario.expected:,} deliveries acknowledged"
    return text if running.is_alive else f"the gateway died; {text}: {running.log()}"


def _check(scenario: Scenario, running: Gateway) -> None:
    """A figure counts only if the work was done."""
    word = "published" if scenario.receivers else "ignored"
    if (found := running.decisions()) != {word: scenario.count}:
        raise Stopped(f"decided {found}, expected {scenario.count} {word}")


def _wrapper(documents: Callable[[int], bytes], count: int) -> bytes:
    """As FEMA's feed wraps alerts: one document, each alert in it as it was written."""
    alerts = b"".join(documents(number).partition(b"?>\n")[2] for number in range(count))
    return b'<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">\n' + alerts + b"</ns1:alerts>\n"


def _ambers() -> Callable[[int], bytes]:
    """AMBER Alerts about different children, cars and counties."""
    alert = story.amber(utc_now() - timedelta(minutes=1))
    texts = {
        story.CHILD: lambda number: f"{NAMES[number % len(NAMES)]} {_word(number)}",
        story.PLATE: lambda number: f"KPW {number:04}",
        "Dallas, Texas": lambda number: f"{_word(number)}, Texas",
    }
    return _varied(alert, texts)


def _word(number: int) -> str:
    """A word of its own for each of 10,000 numbers."""
    return (SYLLABLES[number // 100 % 100] + SYLLABLES[number % 100]).capitalize()


def _warnings(times: int) -> Callable[[int], bytes]:
    """Weather of different kinds in different counties, its text so many times as long."""
    alert = story.thunderstorm(utc_now() - timedelta(minutes=1))
    kinds = [_varied(replace(alert, infos=(_warning(alert, *kind, times),)), {}) for kind in WARNINGS]
    return lambda number: kinds[number % len(kinds)](number)


def _warning(alert: cap.Alert, code: str, event: str, times: int) -> cap.Info:
    info = alert.infos[0]
    return replace(
        info,
        event=event,
        headline=f"{event} for Dallas County",
        description=" ".join([info.description or ""] * times),
        event_codes=(cap.Named(name="SAME", value=code),),
    )


def _varied(alert: cap.Alert, texts: Mapping[str, Callable[[int], str]]) -> Callable[[int], bytes]:
    """A document that differs with its number in what tells one incident from another."""
    document = cap.write(alert)

    def varied(number: int) -> bytes:
        changed = document.replace(alert.identifier.encode(), f"TX-2026-{number:05}".encode())
        for text, variant in texts.items():
            changed = changed.replace(text.encode(), variant(number).encode())
        return changed.replace(b"048113", f"048{COUNTIES[number % len(COUNTIES)]:03}".encode())

    return varied

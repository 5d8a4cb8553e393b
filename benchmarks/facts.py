"""Reading facts from prose: what a text costs beside parsing its message, and whether hostile texts cost more in proportion."""

from __future__ import annotations

import json
import time
from pathlib import Path

from benchmarks.validation import message
from capgateway import cap
from capgateway.cards.extract import Text, facts

TEXTS = Path(__file__).parents[1] / "tests" / "accuracy" / "texts"
LENGTHS = (5_000, 20_000)
HOSTILE = {
    "plates": "license plate ABC 123 or ",
    "names": "Ada Testchild, 7, and ",
    "places": "last seen in Dallas, ",
    "clothes": "wearing a red ",
    "vehicles": "red Ford Focus, ",
    "letters": "A. ",
    "quotes": '"Ada ',
}
OPENING = "AMBER Alert. A girl, 5, was abducted. "
"""Without it a text is not an alert, and nothing more is read."""
LONG = 700
"""Characters. A description of an alert has about 1,000; most of these texts are shorter."""
ROUNDS = 5


def main() -> None:
    """Per 1,000 characters, and how much longer four times the text takes."""
    rows = [json.loads(line) for path in sorted(TEXTS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    texts = [row["text"] for row in rows if row["kind"] in ("alert", "update")]
    long = [text for text in texts if LONG <= len(text)]
    reading = _seconds([(text,) for text in texts], _read)
    document = message(1, 0)
    parsing = _seconds([(document,)] * len(texts), cap.parse)
    per_thousand = reading / (sum(map(len, texts)) / 1000)
    of_long = _seconds([(text,) for text in long], _read) / (sum(map(len, long)) / 1000)
    print(f"  {per_thousand * 1000:.2f} ms of CPU per 1,000 characters; {reading / parsing:.1f} times a parse per text")
    print(
        f"  {of_long * 1000:.2f} ms in texts of {LONG} characters and more, where what each text costs anyway counts less"
    )
    for name, piece in HOSTILE.items():
        short, long = (_seconds([((OPENING + piece * length)[:length],)], _read) for length in LENGTHS)
        print(f"  {name:10} {LENGTHS[1] // LENGTHS[0]} times the text takes {long / short:.1f} times as long")


def _read(text: str) -> None:
    facts([Text("en-US", "description", text)])


def _seconds(calls: list[tuple[object]], work: object) -> float:
    """The CPU time of the fastest of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for arguments in calls:
            work(*arguments)  # type: ignore[operator]
        best = min(best, time.process_time() - begun)
    return best

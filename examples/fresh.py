"""Copy the example alerts with today's times: the gateway ignores an alert that has expired.

    python3 examples/fresh.py DIRECTORY

writes us-alert.xml, us-update.xml, us-cancel.xml and the same three for canada into DIRECTORY. The Cancel is sent now, the Update
a second and the Alert two seconds earlier. The time is also added to the identifiers, so that each run makes a new case. Every
reference still fits. Standard library only.
"""

import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).parent
ORDER = ("alert", "update", "cancel")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
CASE = re.compile(r"-AMBER-\d{4}-\d{4}")
SENT = re.compile(r"<sent>(.*?)</sent>")


def copies(country: str, now: datetime) -> dict[str, str]:
    """The messages of one country by file name. A ``sent`` and the references to it move alike, and ``expires`` with its message."""
    written: dict[str, str] = {}
    moved: dict[str, str] = {}
    for age, name in zip((2, 1, 0), ORDER, strict=True):
        text = (HERE / country / f"{name}.xml").read_text(encoding="utf-8")
        sent = datetime.fromisoformat(SENT.findall(text)[0])
        shift = now.replace(microsecond=0) - timedelta(seconds=age) - sent
        moved[sent.isoformat()] = (sent + shift).isoformat()
        written[f"{country}-{name}.xml"] = TIME.sub(lambda time: moved.get(time[0]) or later(time[0], shift), text)  # noqa: B023
    return {name: CASE.sub(lambda case: f"{case[0]}-{now:%H%M%S}", text) for name, text in written.items()}


def later(time: str, shift: timedelta) -> str:
    """The time, in its own zone."""
    return (datetime.fromisoformat(time) + shift).isoformat()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for country in ("us", "canada"):
        for name, text in copies(country, datetime.now(timezone.utc)).items():
            (directory / name).write_text(text, encoding="utf-8")
            print(directory / name)

"""Copy the example alerts with today's times: the gateway ignores an alert that has expired.

    python3 examples/fresh.py DIRECTORY

writes us-alert.xml, us-update.xml, us-cancel.xml and the same three for canada into DIRECTORY. All times of a country move by
the same amount, so that its Cancel is sent now and every reference still fits. Standard library only.
"""

import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).parent
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
SENT = re.compile(r"<sent>(.*?)</sent>")


def copies(country: str, now: datetime) -> dict[str, str]:
    """The messages of one country by file name, their times moved."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((HERE / country).glob("*.xml"))}
    last = max(datetime.fromisoformat(sent) for text in texts.values() for sent in SENT.findall(text))
    shift = timedelta(seconds=int((now - last).total_seconds()))
    return {
        f"{country}-{name}": TIME.sub(lambda time: (datetime.fromisoformat(time[0]) + shift).isoformat(), text)
        for name, text in texts.items()
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for country in ("us", "canada"):
        for name, text in copies(country, datetime.now(timezone.utc)).items():
            (directory / name).write_text(text, encoding="utf-8")
            print(directory / name)

"""A receiver that writes what is displayed to a log keyed by card_id, as for a bus. It runs like receiver.py, with LOG for the file.

Each record is one line: {"key": card_id, "value": …}. Of several records with one key the last one counts, so the log may be
compacted at any time. A removal is a value, not null: it has the sequence, which readers compare, and none of the card. Null
comes seven days later and deletes the key. In a bus such as Kafka: key = card_id, cleanup.policy = compact, and a
max.compaction.lag.ms of an hour, so that the texts of a removed card go soon.
"""

import json
import os
from pathlib import Path

from rules import Rules


class ToLog(Rules):
    """The fence is in SQLite, in the same transaction: if a record cannot be written, nothing is answered with 2xx, and the
    gateway sends the message again. A record may come twice, never in the wrong order."""

    log = Path(os.environ.get("LOG", "cards.log"))

    def __init__(self, *settings, **more):
        super().__init__(*settings, **more)
        compact(self.log)  # a line that a power cut left unfinished goes before another one follows it

    def changed(self, card_id):
        entry = self.entry(card_id)
        value = entry and {name: entry[name] for name in ("sequence", "revision", "expires_at")}
        if entry:
            value |= (
                {"state": "displayed", "card": json.loads(entry["card"])} if entry["card"] else {"state": "removed"}
            )
        append(self.log, card_id, value)
        if not entry or not entry["card"]:
            compact(self.log)


def append(log, key, value):
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"key": key, "value": value}) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(log):
    """The last value of each key, as a reader of the log sees it. A line that a power cut left unfinished is not a record."""
    found = {}
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else ():
        if line.endswith("\n"):
            record = json.loads(line)
            found[record["key"]] = record["value"]
    return found


def compact(log):
    """What a bus does by itself: keep the last record of each key, and none of those that are deleted."""
    written = log.with_suffix(".new")
    kept = [json.dumps({"key": key, "value": value}) for key, value in read(log).items() if value is not None]
    with written.open("w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in kept))
        file.flush()
        os.fsync(file.fileno())
    written.replace(log)
    directory = os.open(log.parent, os.O_RDONLY)
    os.fsync(directory)  # the new name, too: what is appended from now on must not be lost with it
    os.close(directory)


if __name__ == "__main__":
    from receiver import serve

    serve(ToLog.from_environment())

"""A bounded fuzz run (`make fuzz`): damaged documents, and whole ones full of odd values, never raise, hang or swell; we and
both schema engines agree about mutants, and the model holds what stands in them.

``python tests/cap/fuzz_cap.py --seconds 60 --mutants 10000 --seed 1``; exit 1 when something was found, which is then saved
beside the working directory as ``fuzz-<hash>.xml``.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import random
import resource
import sys
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cap_samples import CAP_1_0, CAP_1_1, CAP_1_2, NOW, SCHEMAS
from cap_signing import certificate, enveloped, pem, signature
from cap_strategies import ALERTS, disagreements, mutants, older
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree

from capgateway import cap
from capgateway.feeds.read.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A damaged document of this size is judged in milliseconds; a second means that something grows too fast.
MAX_SECONDS = 1.0
MAX_GROWTH_KB = 300_000
TRUST = pem(certificate("authority", is_authority=True))
WORDS = (
    *(
        b"<",
        b">",
        b"&",
        b"&#x0;",
        b"&#55296;",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"<!DOCTYPE a [",
        b"<?xml ",
        b"\0",
        b"\xff\xfe",
    ),
    *(b"<info>", b"</info>", b"<alert>", b"xmlns=''", b"xsi:type='x'", b'"' * 50, b"1," * 200, b"9" * 400, b" " * 4000),
    *(b"<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>", b"utf-16", b"utf-7", b"idna", b"\xed\xa0\x80"),
)
SHAPES = (
    *("", "1,1 1,1 1,1 1,1", "1,1 2,2 1,1 2,2 1,1", "0,180 0,-180 1,180 0,180", "0,0 0", "0,0 1e9"),
    *("90,180 90,-180 -90,180 90,180", "1,1 " * 30_000, "1," * 30_000),
)
TIMES = (
    *("2026-11-22T24:00:00-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("2026-11-22T08:00:00Z", "2026-11-22T08:00:00", "x"),
)
#: What is read in some way of its own, and what a careless pattern would look at again and again.
ODD = {
    **dict.fromkeys(("polygon", "circle"), SHAPES),
    **dict.fromkeys(("sent", "effective", "onset", "expires"), TIMES),
    "code": ("IPAWSv1.0", "profile:CAP-CP:0.4", "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0"),
    "msgType": ("Update", "Cancel", "Error"),
    "language": ("en-CA", "fr-CA", "fr_CA", ""),
}
TEXTS = (
    *("", " ", "0", "-1", "9" * 40, "1e400", "nan", "٣", "<b>", "&nbsp;", "a,b,c", '"', "http://", "a/b", "aGk=", "é"),
    *("SAME", "s.a.m.e.", "048000", "CAE", "CMAMtext", "profile:CAP-CP:Event:0.4", "layer:EC-MSC-SMC:1.0:x"),
    *(text * 30_000 for text in ("a", " ", "a ", "a.", "a@", '"', "-", "<", "&", "=", "A1")),
    *(
        start + text * 30_000 + " !"
        for start in ("http://", "a@", "a:", "image/")
        for text in ("a", "a.", "a@", "-", ";")
    ),
)


def main() -> int:
    options = _options()
    dice = random.Random(options.seed)  # noqa: S311  (chance that can be repeated)
    print(f"seed {options.seed}")  # noqa: T201
    found = [*_engines(options.mutants), *_judged(options.seconds, dice)]
    for document, what in found:
        path = Path(f"fuzz-{hashlib.sha256(document).hexdigest()[:12]}.xml")
        path.write_bytes(document)
        print(f"{path}: {what}")  # noqa: T201
    print(f"{len(found)} found")  # noqa: T201
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long documents are damaged")
    parser.add_argument("--mutants", type=int, default=10_000, help="how many mutants both engines judge")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to repeat a run")
    return parser.parse_args()


def _engines(count: int) -> Iterator[tuple[bytes, str]]:
    share = count // 3
    for version, sample in (("1.0", CAP_1_0), ("1.1", CAP_1_1), ("1.2", CAP_1_2)):
        documents = list(islice(_all_mutants(version, sample), share))
        print(f"CAP {version}: {len(documents)} mutants")  # noqa: T201
        for document in disagreements(documents, version):
            yield document, f"we and the engines differ about CAP {version}, or the model and the tree"


def _all_mutants(version: str, sample: str) -> Iterator[bytes]:
    """Those of the sample, then those of generated messages."""
    yield from mutants(sample.encode())
    while True:
        for alert in _generated(20):
            yield from mutants(older(alert, version) if version != "1.2" else cap.write(alert))


def _generated(count: int) -> list[cap.Alert]:
    """So many messages from the strategy."""
    drawn: list[cap.Alert] = []

    @settings(max_examples=count, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(ALERTS)
    def draw(alert: cap.Alert) -> None:
        drawn.append(alert)

    draw()
    return drawn


def _judged(seconds: float, dice: random.Random) -> Iterator[tuple[bytes, str]]:
    messages = [text.encode() for text in (CAP_1_0, CAP_1_1, CAP_1_2)]
    samples = list(messages)
    feed = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>{}</content></entry></feed>'
    plain = CAP_1_2.encode()
    samples.append(enveloped(plain, signature(plain, "agency", certificate("agency", "authority"))))
    samples.append(enveloped(plain, signature(plain, "agency")))
    samples.append(feed.format(CAP_1_2.partition("?>")[2]).encode())
    end, tried, memory = time.monotonic() + seconds, 0, _memory()
    while time.monotonic() < end:
        document = _damaged(dice.choice(samples), dice) if tried % 2 else _odd(dice.choice(messages), dice)
        tried += 1
        started = time.monotonic()
        try:
            for report in judge(document, SCHEMAS, now=NOW, trust=TRUST):
                is_invalid = any(finding.level == "error" for finding in report.findings)
                if report.verdict != ("invalid" if is_invalid else "valid"):
                    yield document, f"is called {report.verdict}"
                if any(finding.rule == "cap.unjudged" for finding in report.findings):
                    yield document, f"is not judged: {report.findings[-1].message}"
        except Exception as error:  # noqa: BLE001  (whatever it is, it is a find)
            yield document, f"raises {error!r}"
        if time.monotonic() - started > MAX_SECONDS:
            yield document, f"takes {time.monotonic() - started:.1f} s"
    print(f"{tried} damaged documents, {_memory() - memory:,} kB more memory")  # noqa: T201
    if _memory() - memory > MAX_GROWTH_KB:
        yield b"", "memory grew"


def _damaged(document: bytes, dice: random.Random) -> bytes:
    text = bytearray(document)
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(text) + 1)
        length = dice.choice((0, 1, 5, 60))
        other = dice.choice(
            (
                dice.choice(WORDS),
                dice.randbytes(dice.randint(0, 8)),
                bytes(text[start : start + 200]) * dice.randint(1, 20),
            )
        )
        text[start : start + length] = other
    return bytes(text)


def _odd(document: bytes, dice: random.Random) -> bytes:
    """Well-formed: elements with other values, twice, or left out; half with two infos in one language."""
    root = etree.fromstring(document)
    if dice.choice((True, False)):
        root.append(copy.deepcopy(root[-1]))
    for _ in range(dice.randint(1, 8)):
        element = dice.choice([*root.iter()][1:])
        change = dice.choice(("value", "value", "value", "twice", "away"))
        if change == "value" and not len(element):
            element.text = dice.choice(ODD.get(etree.QName(element).localname, TEXTS))
        elif change == "twice":
            element.addnext(copy.deepcopy(element))
        elif change == "away" and len(root) > 1:
            element.getparent().remove(element)  # type: ignore[union-attr]  # only the root has none
    return etree.tostring(root)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    sys.exit(main())

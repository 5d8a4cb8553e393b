"""How issuers write: messages for invented cases, and the many ways in which they spoil them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

import trustme
from lxml import etree
from msgspec.structs import replace
from signxml import methods
from signxml.algorithms import SignatureMethod
from signxml.signer import XMLSigner

from capgateway import cap
from capgateway.simulate import story

TEXAS, OKLAHOMA, LOUISIANA = ("Dallas", "048113"), ("Oklahoma", "040109"), ("Orleans", "022071")
SENDERS = ("amber-{:02}@dps.example", "Safety, Department {:02}", "Police of County {:02}", "Ops{:02}@Dps.Example")
NAMES = ("TX-{kind}-{:04}", "Texas {kind} {:04}", "TX,{kind},{:04}", "tx.{kind}.{:04}b", "Case {:04}, {kind}")
FORMS: dict[str, tuple[Callable[[str, str, str], str], str]] = {
    "triples": (lambda *triple: ",".join(triple), " "),
    "wrapped": (lambda *triple: ",\n      ".join(triple), "\n  "),
    "semicolons": (lambda *triple: ",".join(triple), ";"),
    "swapped": (lambda sender, identifier, sent: f"{identifier},{sender},{sent}", " "),
    "other case": (lambda sender, identifier, sent: f"{sender.upper()},{identifier.lower()},{sent}", " "),
    "without times": (lambda sender, identifier, _: f"{sender},{identifier}", " "),
    "identifiers": (lambda _, identifier, __: identifier, ";"),
}
WAYS = (*FORMS, "hundreds", "own name")
"""How a Cancel may name what it ends, so that it is still clear what is meant."""
WHOLE = ("triples", "wrapped", "semicolons", "other case", "hundreds")
"""For identifiers with blanks and commas: what is not in a triple falls to pieces where the Alert comes later."""
CLEAR = WAYS[:-1]
"""For an issuer with several cards: a Cancel under an unknown name and without references ends the only card there is."""
MANGLED = ("see our previous message", "TX/AMBER/0000/unknown", "{sender},,{sent}", "urn:oid:2.49.0.1.840.0.lost")
FORENAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jon")
SURNAMES = ("Testchild", "Samplekid", "Mockson", "Dummyton", "Fakeley", "Trialby", "Proofman", "Modelson")


def amber(moment: datetime, case: int, place: tuple[str, str]) -> cap.Alert:
    """An AMBER Alert about a child and a vehicle of this case alone."""
    child = f"{FORENAMES[case % 10]} {SURNAMES[case // 10 % 8]}"
    area = cap.Area(area_desc=f"{place[0]} County", geocodes=(cap.Named(name="SAME", value=place[1]),))

    def told(text: str | None) -> str | None:
        return text and text.replace(story.CHILD, child).replace(story.PLATE, f"TST{case:04}")

    def of_case(info: cap.Info) -> cap.Info:
        parameters = tuple(cap.Named(name=one.name, value=told(one.value) or "") for one in info.parameters)
        return replace(info, description=told(info.description), parameters=parameters, areas=(area,))

    alert = story.amber(moment, case)
    return replace(alert, infos=tuple(map(of_case, alert.infos)))


def at(moment: datetime) -> cap.Time:
    return cap.time(moment.astimezone(story.CENTRAL).isoformat("T", "seconds"))


def reference(alert: cap.Alert) -> cap.Reference:
    assert alert.sent is not None
    return cap.Reference(sender=alert.sender, identifier=alert.identifier, sent=alert.sent)


def written(way: str, named: Sequence[cap.Alert]) -> str | None:
    """``references`` that name these, in this way; ``None`` for none at all."""
    triples = [(one.sender, one.identifier, one.sent.text) for one in named if one.sent]
    sender, _, sent = triples[0]
    form, between = FORMS.get(way, FORMS["triples"])
    text = between.join(form(*triple) for triple in triples)
    if way == "hundreds":
        own = "".join(filter(str.isdigit, sent))  # what two Cancels name ties their cases
        text = " ".join([*(f"{sender},OLD-{own}-{number},{sent}" for number in range(350)), text])
    return None if way == "own name" else text


def document(alert: cap.Alert, references: str | None = None) -> bytes:
    """The alert as XML, with this text as its references if one is given."""
    whole = cap.write(alert)
    if references is None:
        return whole
    mark = b"  <info>" if alert.infos else b"</alert>"
    return whole.replace(mark, f"  <references>{escape(references)}</references>\n".encode() + mark, 1)


def indented_otherwise(whole: bytes) -> bytes:
    """The same in other bytes, as another feed has it."""
    return etree.tostring(etree.fromstring(whole, etree.XMLParser(remove_blank_text=True)))


def against_the_schema(alert: cap.Alert, chance: random.Random) -> cap.Alert:
    """With a word that the schema does not know, or without one that it asks for. For a Cancel, whose scope hardly matters."""
    if not alert.infos or chance.random() < 0.5:
        return replace(alert, scope="Everybody")
    return replace(alert, infos=tuple(replace(info, urgency="Soon", certainty="") for info in alert.infos))


def all_clear(alert: cap.Alert) -> cap.Alert:
    return replace(alert, infos=tuple(replace(info, response_types=("AllClear",)) for info in alert.infos))


def expiring(alert: cap.Alert, moment: datetime) -> cap.Alert:
    return replace(alert, infos=tuple(replace(info, expires=at(moment)) for info in alert.infos))


def expired_before_it_was_sent(alert: cap.Alert) -> cap.Alert:
    assert alert.sent is not None
    assert alert.sent.instant is not None
    return expiring(alert, alert.sent.instant - timedelta(minutes=5))


class Signer:
    """An agency that signs, and the certificate that a feed trusts."""

    def __init__(self) -> None:
        self._cert = trustme.CA().issue_cert("agency.example")
        self.trust = self._cert.cert_chain_pems[0].bytes()

    def signed(self, whole: bytes) -> bytes:
        signer = XMLSigner(method=methods.enveloped, signature_algorithm=SignatureMethod.ECDSA_SHA256)
        root = etree.fromstring(whole)
        return etree.tostring(signer.sign(root, key=self._cert.private_key_pem.bytes(), cert=self.trust.decode()))


BROKEN: tuple[Callable[[bytes], bytes], ...] = (
    lambda whole: whole.replace(b"<headline>", b"<headline>\x0b\x01", 1),
    lambda whole: whole[: len(whole) * 2 // 3],
    lambda whole: whole.replace(b"</info>", b"</inof>", 1),
    lambda whole: whole.replace(b"<identifier>", b"<identifier>\xff\xfe&nbsp;", 1),
)
"""What no reader can use."""

"""From the configuration's ``trust`` to the decision on a signed alert."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trustme
from ingest_source import NOW, intake_of
from lxml import etree
from signxml import methods
from signxml.algorithms import SignatureMethod
from signxml.signer import XMLSigner

from capgateway import cap, config
from capgateway.feeds import Feed
from capgateway.ingest import Intake
from capgateway.simulate import story
from capgateway.store import Store


def signer() -> trustme.LeafCert:
    return trustme.CA().issue_cert("agency.example")


def trusting(folder: Path, trusted: trustme.LeafCert) -> Feed:
    """A push feed that takes what this one signs and nothing else, as the configuration makes it."""
    trusted.cert_chain_pems[0].write_to_path(folder / "signer.pem")
    keys = 'name = "tx"\nkind = "push"\nsignature = "require"\ntrust = "file:signer.pem"\n'
    (folder / "c.toml").write_text(f"[[feeds]]\n{keys}")
    (feed,) = config.load(folder / "c.toml").feeds
    return feed


def signed(by: trustme.LeafCert) -> bytes:
    xml_signer = XMLSigner(method=methods.enveloped, signature_algorithm=SignatureMethod.ECDSA_SHA256)
    root = etree.fromstring(cap.write(story.amber(NOW)))
    cert = by.cert_chain_pems[0].bytes().decode()
    return etree.tostring(xml_signer.sign(root, key=by.private_key_pem.bytes(), cert=cert))


async def decision(intake: Intake, document: bytes, feed: Feed) -> str:
    return (await intake.take_in(document, feed)).decision.word


async def test_a_signed_alert_of_a_feed_with_trust_is_published(store: Store, tmp_path: Path) -> None:
    """It becomes a card where a valid signature is required."""
    agency = signer()
    assert await decision(intake_of(store), signed(agency), trusting(tmp_path, agency)) == "published"


async def test_a_strangers_alert_is_quarantined(store: Store, tmp_path: Path) -> None:
    """Nothing trusted leads to it."""
    assert await decision(intake_of(store), signed(signer()), trusting(tmp_path, signer())) == "quarantined"


async def test_a_fault_of_our_own_is_logged_as_an_error(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """A document over which validation breaks down is kept, and said loudly: nobody looks at quarantine for our faults."""
    caplog.set_level(logging.ERROR)
    broken = Feed(name="tx", kind="push", trust=b"no certificate")
    assert await decision(intake_of(store), signed(signer()), broken) == "quarantined"
    assert [record.message for record in caplog.records] == ["alert.undecided"]

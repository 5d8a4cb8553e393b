"""Trust: which certificates lead from an anchor to a signer, which must not, and what an anchor file may hold."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

import pytest
from cap_samples import CAP_1_2, NOW
from cap_signing import Extensions, certificate, enveloped, key, pem, public_pem, signature, strange, usage
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from capgateway.cap.signature import verify
from capgateway.cap.trust import anchors

ALERT = CAP_1_2.encode()
AUTHORITY = certificate("authority", is_authority=True)
AGENCY = certificate("agency", "authority")
TRUST = pem(AUTHORITY)
MIDDLE = certificate("middle", "authority", is_authority=True)
LEAF = certificate("leaf", "middle")
SPRING = datetime(2026, 4, 1, tzinfo=UTC)  # before NOW


def status(*chain: x509.Certificate, signer: str = "leaf", trust: bytes = TRUST) -> str:
    return verify(enveloped(ALERT, signature(ALERT, signer, *chain)), trust=trust, at=NOW)[0].status


def showing(der: bytes) -> bytes:
    """The message signed by the agency that shows this as its certificate."""
    shown = f"<X509Certificate>{base64.b64encode(der).decode()}<"
    signed = signature(ALERT, "agency", AGENCY)
    return enveloped(ALERT, re.sub("<X509Certificate>[^<]*<", shown, signed))


def altered(old: bytes, new: bytes) -> bytes:
    der = AGENCY.public_bytes(Encoding.DER)
    assert old in der
    return new.join(der.rsplit(old, 1))


OF_VERSION_5 = altered(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05")
OF_BITS = altered(b"\x0c\x06agency", b"\x03\x06\0gency")  # a BIT STRING for a name


HUGE = certificate("agency", "authority", extensions=(strange(x509.ObjectIdentifier("1.2.3.4"), b"\0" * 200_000),))


@pytest.mark.parametrize(
    "der", [OF_VERSION_5, OF_BITS, b"", AGENCY.public_bytes(Encoding.DER)[:-9], HUGE.public_bytes(Encoding.DER)]
)
@pytest.mark.parametrize("trust", [b"", TRUST])
def test_a_certificate_that_cannot_be_read_is_unsupported(der: bytes, trust: bytes) -> None:
    """Of a version there is not, with a name of bits, empty, cut off, or too large to look at."""
    verdict, findings = verify(showing(der), trust=trust, at=NOW)
    assert verdict.status == "unsupported"
    assert "cannot be read" in findings[0].message


@pytest.mark.parametrize(
    "extension",
    [
        strange(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, bytes([0x30, 4, 0xA3, 2, 5, 0])),
        strange(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, bytes([0x30, 4, 0xA5, 2, 5, 0])),
        strange(ExtensionOID.NAME_CONSTRAINTS, bytes([0x30, 8, 0xA0, 6, 0x30, 4, 0xA3, 2, 5, 0])),
        strange(ExtensionOID.TLS_FEATURE, b"\x30\x03\x02\x01\x09"),
        strange(ExtensionOID.KEY_USAGE, b"\x05\x00"),
    ],
)
def test_an_extension_that_cannot_be_read_breaks_the_chain(extension: tuple[x509.ExtensionType, bool]) -> None:
    """Of an authority as of a signer, of a stranger's as of the anchor's own."""
    odd = certificate("middle", "authority", is_authority=True, extensions=(extension,))
    assert status(LEAF, odd) == "untrusted"
    assert status(certificate("leaf", "middle", extensions=(extension,)), MIDDLE) == "untrusted"
    assert status(certificate("leaf", "middle"), trust=pem(odd)) == "untrusted"


EXCLUDED = x509.NameConstraints(None, [x509.DirectoryName(LEAF.subject)])
POLICIES = x509.PolicyConstraints(0, None)
UNKNOWN = strange(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00", critical=True)


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ((), "valid"),
        ((usage("key_cert_sign", "crl_sign"),), "valid"),
        ((usage("digital_signature"),), "untrusted"),
        (((EXCLUDED, True),), "untrusted"),
        (((EXCLUDED, False),), "untrusted"),
        (((POLICIES, True),), "untrusted"),
        ((UNKNOWN,), "untrusted"),
        ((strange(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),), "valid"),
        (((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), True),), "untrusted"),
    ],
)
def test_an_authority_on_the_way_must_be_one_for_this(extensions: Extensions, expected: str) -> None:
    """It may issue certificates, and what is critical in its own is understood (RFC 5280 §6.1)."""
    assert status(LEAF, certificate("middle", "authority", is_authority=True, extensions=extensions)) == expected


def test_an_anchor_must_be_an_authority_too() -> None:
    """Its policies bind nobody below it, its usage does."""
    for extension, expected in ((usage("digital_signature"), "untrusted"), ((POLICIES, True), "valid")):
        anchor = certificate("authority", is_authority=True, extensions=(extension,))
        assert status(AGENCY, signer="agency", trust=pem(anchor)) == expected


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ((usage("digital_signature", "key_encipherment"),), "valid"),
        ((usage("content_commitment"),), "valid"),
        ((usage("key_encipherment"),), "untrusted"),
        ((UNKNOWN,), "untrusted"),
        (((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),), "valid"),  # IPAWS and NAADS sign so
        (((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), True),), "untrusted"),
        (((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), True),), "valid"),
        (((x509.SubjectAlternativeName([x509.DNSName("agency.example")]), True),), "valid"),
    ],
)
def test_a_signers_certificate_must_be_for_signing(extensions: Extensions, expected: str) -> None:
    """Where it says what its key is for; one that is itself trusted is not asked."""
    agency = certificate("agency", "authority", extensions=extensions)
    assert status(agency, signer="agency") == expected
    assert status(agency, signer="agency", trust=pem(agency)) == "valid"


def test_weak_keys_are_not_accepted() -> None:
    """Anybody can find the private key of a short one: a signer's is not checked, an authority's leads nowhere."""
    weak = enveloped(ALERT, signature(ALERT, "weak-agency", certificate("weak-agency", "authority")))
    verdict, findings = verify(weak, trust=TRUST, at=NOW)
    assert verdict.status == "unsupported"
    assert "RSA key of 1024 bits" in findings[0].message
    middle = certificate("weak-middle", "authority", is_authority=True)
    assert status(certificate("leaf", "weak-middle"), middle) == "untrusted"
    anchor = certificate("weak-authority", is_authority=True)
    assert status(certificate("leaf", "weak-authority"), trust=pem(anchor)) == "untrusted"


def test_the_best_of_several_ways_counts() -> None:
    """An expired certificate beside the renewed one of the same key, of an authority or of the signer, does no harm."""
    old_middle = certificate("middle", "authority", is_authority=True, until=SPRING)
    old_leaf = certificate("leaf", "middle", until=SPRING)
    self_signed = certificate("leaf")
    assert status(LEAF, old_middle) == status(old_leaf, MIDDLE) == "expired"
    assert status(LEAF, old_middle, MIDDLE) == status(LEAF, MIDDLE, old_middle) == "valid"
    assert status(old_leaf, LEAF, MIDDLE) == status(LEAF, old_leaf, MIDDLE) == "valid"
    assert status(self_signed, LEAF, MIDDLE) == status(LEAF, self_signed, MIDDLE) == "valid"


def test_a_trusted_certificate_speaks_for_its_key() -> None:
    """Shown bare, or in an older or newer certificate; the dates are those of the one that is trusted."""
    new, old = certificate("leaf", "middle"), certificate("leaf", "middle", until=SPRING)
    for shown in ((), (old,), (new,), (old, MIDDLE)):
        assert status(*shown, trust=pem(new)) == "valid"
        assert status(*shown, trust=pem(old)) == "expired"
        assert status(*shown, trust=pem(old, new)) == "valid"


def test_a_trusted_authority_is_not_asked_for_its_dates() -> None:
    """How long it is trusted is for those to say who trust it."""
    assert (
        status(AGENCY, signer="agency", trust=pem(certificate("authority", is_authority=True, until=SPRING))) == "valid"
    )


def test_only_a_certificate_that_is_vouched_for_names_the_signer() -> None:
    """Anybody can make a certificate that gives the agency's key another name, and put it first."""
    false = certificate("president", "stranger", key_of="agency")
    document = enveloped(ALERT, signature(ALERT, "agency", false, AGENCY))
    named = [verify(document, trust=trust, at=NOW)[0] for trust in (TRUST, pem(AGENCY), public_pem("agency"))]
    assert [(one.status, one.signer) for one in named] == [("valid", "CN=agency")] * 2 + [("valid", None)]


def test_a_long_name_is_cut_off() -> None:
    """It comes from strangers and stands in findings."""
    units = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"{number:060}") for number in range(500)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger"), *units])
    private = key("stranger")
    builder = x509.CertificateBuilder(subject, subject, private.public_key(), 1, SPRING, NOW)
    long = builder.sign(private, hashes.SHA256())
    verdict, findings = verify(enveloped(ALERT, signature(ALERT, "stranger", long)), trust=TRUST, at=NOW)
    assert verdict.signer is not None
    assert len(verdict.signer) < 400
    assert len(findings[0].message) < 500


def test_many_ways_are_walked_once_each() -> None:
    """Six certificates of one name that all issued each other, and none that an anchor issued."""
    ring = [certificate("ring", is_authority=True, until=datetime(2027, month, 1, tzinfo=UTC)) for month in range(1, 7)]
    assert status(*ring, signer="ring") == "untrusted"
    assert status(*ring, signer="ring", trust=pem(ring[3])) == "valid"


PKCS_1 = key("agency").public_key().public_bytes(Encoding.PEM, serialization.PublicFormat.PKCS1)
BLOCK = "-----BEGIN {0}-----\n{1}\n-----END {0}-----\n"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (PKCS_1, "PEM block 2, RSA PUBLIC KEY"),
        (pem(AGENCY)[:200], "PEM block 2, which is cut off"),
        (BLOCK.format("CERTIFICATE", "AAAA").encode(), "PEM block 2, CERTIFICATE"),
        (BLOCK.format("PUBLIC KEY", "AAAA").encode(), "PEM block 2, PUBLIC KEY"),
        (BLOCK.format("CERTIFICATE", "no base64!").encode(), "PEM block 2, CERTIFICATE"),
        (
            BLOCK.format("CERTIFICATE", base64.b64encode(OF_VERSION_5).decode()).encode(),
            "PEM block 2, CERTIFICATE",
        ),
        (b"".join([TRUST] * 11) + b"-----BEGIN CERTIFICATE----", "PEM block 13"),
    ],
)
def test_every_block_of_an_anchor_file_must_be_one(wrong: bytes, message: str) -> None:
    """What would be left out silently is named, in words of our own."""
    with pytest.raises(ValueError, match=f"^no certificate or public key can be read from its {message}"):
        anchors(TRUST + wrong)


def test_an_anchor_file_may_hold_both_and_words_between() -> None:
    """Certificates, public keys, line ends of Windows, and what openssl writes around them."""
    found = anchors((b"subject=CN = authority\n" + TRUST + public_pem("agency") + pem(AGENCY)).replace(b"\n", b"\r\n"))
    assert found.certificates == (AUTHORITY, AGENCY)
    assert len(found.keys) == 1

"""Does a trust anchor lead to a signer's key, and were the certificates on the way valid at a given time?

A certificate that is trusted itself speaks for its key, whatever it says that the key is for. Between an authority that
is trusted and a signer the rules of RFC 5280 §6.1 hold, and what is critical and not looked at here breaks the chain.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from capgateway.cap.dsig import MAX_CERTIFICATES, Certificates, Seal
from capgateway.cap.keys import fingerprint, read_certificate, weakness

if TYPE_CHECKING:
    from datetime import datetime

#: A PEM block after the word BEGIN; one without its end was cut off.
_BLOCK = re.compile(rb"([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
_CERTIFICATES = {b"CERTIFICATE", b"X509 CERTIFICATE"}
_NOT_AT_ALL = -1

#: The critical extensions that are looked at, or cannot matter here: any policy will do, and nobody asks for a name.
_KNOWN = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.ISSUER_ALTERNATIVE_NAME,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.POLICY_MAPPINGS,
    ExtensionOID.INHIBIT_ANY_POLICY,
}
#: Policies are asked for below a certificate's issuer, and nothing is above an anchor. Those of the US government have it.
_KNOWN_OF_ANCHORS = _KNOWN | {ExtensionOID.POLICY_CONSTRAINTS}
#: Purposes that signing a document may have. Only looked at where critical: agencies sign with certificates of web servers.
_SIGNING = {
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documents, RFC 9336
    x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),  # documents, before there was an RFC
}


class Anchors(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator trusts: certificates, of authorities or of signers themselves, and bare public keys."""

    certificates: Certificates = ()
    keys: frozenset[bytes] = frozenset()


class Standing(msgspec.Struct, frozen=True):
    """The standing of a signer, and the certificate that says who it is: of a stranger the one it shows, none for a bare key."""

    word: Literal["trusted", "expired", "stranger"]
    certificate: x509.Certificate | None = None


@lru_cache(maxsize=64)
def anchors(pem: bytes) -> Anchors:
    """Read PEM text: certificates and public keys. Raises ``ValueError`` when it contains neither, or anything else."""
    certificates, keys = [], set()
    for number, text in enumerate(pem.split(b"-----BEGIN ")[1:], start=1):
        block = _BLOCK.match(text)
        label, body = block.groups() if block else (b"", b"")
        try:
            der = base64.b64decode(b"".join(body.split()), validate=True)
            if label == b"PUBLIC KEY":
                keys.add(fingerprint(serialization.load_der_public_key(der)))
            else:
                certificates.append(read_certificate(der if label in _CERTIFICATES else b""))
        except (ValueError, UnsupportedAlgorithm):
            reason = f"no certificate or public key can be read from its PEM block {number}"
            raise ValueError(f"{reason}, {label.decode()}" if label else f"{reason}, which is cut off") from None
    if not certificates and not keys:
        raise ValueError("contains neither a certificate nor a public key")
    return Anchors(certificates=tuple(certificates), keys=frozenset(keys))


def standing(seal: Seal, trusted: Anchors, at: datetime) -> Standing:
    """The standing of a signer with those trusted at that time: an anchor has its key, or leads to it by valid issuers. Of
    several ways the best counts. An authority that is itself trusted is so whatever its own dates."""
    if seal.key is not None and fingerprint(seal.key) in trusted.keys:
        return Standing("trusted")
    late: Standing | None = None
    for chain in _chains(seal, trusted.certificates):
        if all(one.not_valid_before_utc <= at <= one.not_valid_after_utc for one in chain):
            return Standing("trusted", chain[0])
        late = late or Standing("expired", chain[0])
    return late or Standing("stranger", next(iter(seal.certificates), None))


def _chains(seal: Seal, trusted: Certificates) -> Iterator[Certificates]:
    """Every way from the signer to an anchor, as the certificates whose dates count."""
    if seal.key is None or not trusted:
        return
    mark = fingerprint(seal.key)
    yield from ((one,) for one in trusted if fingerprint(one.public_key()) == mark)
    known = seal.certificates
    above = [max(_reach(anchor, one, _KNOWN_OF_ANCHORS) for anchor in trusted) for one in known]
    links = [[_NOT_AT_ALL if up is one else _reach(up, one, _KNOWN) for up in known] for one in known]
    for number, one in enumerate(known):
        if fingerprint(one.public_key()) == mark and _may_sign(one):
            yield from (tuple(known[step] for step in way) for way in _ways((number,), above, links))


def _ways(way: tuple[int, ...], above: list[int], links: list[list[int]]) -> Iterator[tuple[int, ...]]:
    """Every continuation of a way from the signer upwards that ends below an anchor, as positions of certificates."""
    between = len(way) - 1
    if above[way[-1]] >= between:
        yield way
    for up, reach in enumerate(links[way[-1]]):
        if reach >= between and up not in way:
            yield from _ways((*way, up), above, links)


def _reach(issuer: x509.Certificate, certificate: x509.Certificate, known: set[x509.ObjectIdentifier]) -> int:
    """How many authorities may be between the issuer of this certificate and a signer; −1 if it did not issue it, or
    may not."""
    try:
        if weakness(issuer.public_key()):
            return _NOT_AT_ALL
        certificate.verify_directly_issued_by(issuer)  # refuses certificates made with MD5 or SHA-1
        extensions = issuer.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = _usage(extensions)
    except Exception:  # noqa: BLE001  (no signature, or a strange certificate, which raises what it likes)
        return _NOT_AT_ALL
    if not constraints.ca or not _is_understood(extensions, known) or (usage and not usage.key_cert_sign):
        return _NOT_AT_ALL
    return MAX_CERTIFICATES if constraints.path_length is None else constraints.path_length  # no more are read anyway


def _may_sign(certificate: x509.Certificate) -> bool:
    """Whether a certificate that an authority issued was issued for signing."""
    try:
        extensions = certificate.extensions
        usage = _usage(extensions)
    except Exception:  # noqa: BLE001  (a strange certificate raises what it likes)
        return False
    return _is_understood(extensions, _KNOWN) and (not usage or usage.digital_signature or usage.content_commitment)


def _usage(extensions: x509.Extensions) -> x509.KeyUsage | None:
    found = [extension.value for extension in extensions if isinstance(extension.value, x509.KeyUsage)]
    return found[0] if found else None


def _is_understood(extensions: x509.Extensions, known: set[x509.ObjectIdentifier]) -> bool:
    """Whether nothing critical is among them that is not looked at, and a critical purpose allows signing. Constraints of
    names are not worked out here, and are critical by their nature (RFC 5280 §4.2.1.10)."""
    critical = [one for one in extensions if one.critical or isinstance(one.value, x509.NameConstraints)]
    purposes = [one.value for one in critical if isinstance(one.value, x509.ExtendedKeyUsage)]
    return all(one.oid in known for one in critical) and all(_SIGNING & set(one) for one in purposes)

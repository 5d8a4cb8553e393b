"""Does a trust anchor lead to a signer's key, and were the certificates on the way valid at a given time?"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    from capgateway.cap.dsig import Seal

Standing = Literal["trusted", "expired", "stranger"]

#: A chain from signer to anchor; public ones have three links.
MAX_LINKS = 6

_PUBLIC_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----")


class Anchors(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator trusts: certificates, of authorities or of signers themselves, and bare public keys."""

    certificates: tuple[x509.Certificate, ...] = ()
    keys: frozenset[bytes] = frozenset()


@lru_cache(maxsize=64)
def anchors(pem: bytes) -> Anchors:
    """Read PEM text: certificates and public keys. Raises ``ValueError`` when it holds neither, or a broken one."""
    keys = [serialization.load_pem_public_key(block) for block in _PUBLIC_KEY.findall(pem)]
    certificates = x509.load_pem_x509_certificates(pem) if b"BEGIN CERTIFICATE" in pem else []
    if not certificates and not keys:
        raise ValueError("holds neither a certificate nor a public key")
    return Anchors(certificates=tuple(certificates), keys=frozenset(map(_fingerprint, keys)))


def standing(seal: Seal, trusted: Anchors, at: datetime) -> Standing:
    """How a signer stands with those trusted at that time: an anchor is the signer, or leads to it by valid issuers."""
    if seal.key is None or (not seal.certificates and _fingerprint(seal.key) not in trusted.keys):
        return "stranger"
    if _fingerprint(seal.key) in trusted.keys:
        return "trusted"
    chain = next(_chains(seal.certificates[0], seal.certificates[1:], trusted.certificates), None)
    if chain is None:
        return "stranger"
    return "trusted" if all(_is_current(certificate, at) for certificate in chain) else "expired"


def _chains(
    signer: x509.Certificate,
    others: tuple[x509.Certificate, ...],
    trusted: tuple[x509.Certificate, ...],
    depth: int = 0,
) -> Iterator[list[x509.Certificate]]:
    """Every way from the signer to an anchor, as the certificates whose dates count."""
    if signer in trusted:
        yield [signer]
    if depth == MAX_LINKS:
        return
    if any(_issued(anchor, signer, depth) for anchor in trusted):
        yield [signer]
    for issuer in others:
        if issuer != signer and _issued(issuer, signer, depth):
            remaining = tuple(other for other in others if other != issuer)
            yield from ([signer, *rest] for rest in _chains(issuer, remaining, trusted, depth + 1))


def _issued(issuer: x509.Certificate, certificate: x509.Certificate, depth: int) -> bool:
    """Whether the issuer may issue certificates, this deep, and issued this one."""
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca or (constraints.path_length is not None and constraints.path_length < depth):
            return False
        certificate.verify_directly_issued_by(issuer)
    except (
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        InvalidSignature,
        UnsupportedAlgorithm,
        ValueError,
        TypeError,
    ):
        return False
    return True


def _is_current(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _fingerprint(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

"""Public keys and certificates: which are good enough, and whether one made a signature's value."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

#: What a key must have to be safe (NIST SP 800-131A), and may have: larger ones make checking slow and are used by nobody.
RSA_BITS = range(2_048, 8_192 + 1)
EC_BITS = range(224, 521 + 1)
#: A tsunami warning centre signs with DSA keys of 1,024 bits; there is no way to make them larger with its hash.
DSA_BITS = range(1_024, 3_072 + 1)
#: Everybody's exponent is 65,537 or less; one as long as the modulus makes checking slow.
MAX_RSA_EXPONENT = 2**32
#: One has two kilobytes, with a hundred names ten; the library takes seconds for a subject of megabytes.
MAX_CERTIFICATE_BYTES = 100_000

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303  (senders of alerts still use it; a finding says so)
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def read_certificate(der: bytes) -> x509.Certificate:
    """A certificate of which everything that is asked of it later can be read. Raises ``ValueError`` for others."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise ValueError(f"a certificate has more than {MAX_CERTIFICATE_BYTES:,} bytes")
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.subject.rfc4514_string(), certificate.not_valid_before_utc, certificate.not_valid_after_utc
        certificate.public_key()
    except Exception:  # noqa: BLE001  (a strange one raises what it likes: TypeError, KeyError, InvalidVersion and more)
        raise ValueError("no certificate can be read from this") from None
    return certificate


def weakness(key: PublicKeyTypes) -> str:
    """Why a key is not accepted, of a signer or of an authority; nothing if it is."""
    if isinstance(key, rsa.RSAPublicKey):
        kind, bits = "RSA", RSA_BITS
        if key.public_numbers().e > MAX_RSA_EXPONENT:
            return "is an RSA key with a huge exponent"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind, bits = "ECDSA", EC_BITS
    elif isinstance(key, dsa.DSAPublicKey):
        kind, bits = "DSA", DSA_BITS
    else:
        return "is neither RSA, ECDSA nor DSA"
    if key.key_size in bits:
        return ""
    return f"is {'a' if kind == 'DSA' else 'an'} {kind} key of {key.key_size} bits; {bits.start} to {bits.stop - 1} are accepted"


def fingerprint(key: PublicKeyTypes) -> bytes:
    """The key as bytes, the same for the same key wherever it is written."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def verifies(key: PublicKeyTypes, kind: str, name: str, value: bytes, text: bytes) -> bool:
    """Whether the key made the value of a signature over the text, by a method of that kind and a hash of that name."""
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, text, padding.PKCS1v15(), HASHES[name])
            return True
        if kind == "dsa" and isinstance(key, dsa.DSAPublicKey):
            key.verify(_der(value), text, HASHES[name])
            return True
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_der(value), text, ec.ECDSA(HASHES[name]))
            return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return False


def _der(value: bytes) -> bytes:
    """A DSA or ECDSA value in ASN.1; XML writes its two numbers one after the other."""
    half = len(value) // 2
    return utils.encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))

"""A small certificate authority and a signer of alerts, for tests only."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID
from lxml import etree

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
DS = "http://www.w3.org/2000/09/xmldsig#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
METHODS = {
    "rsa-sha1": (DS + "rsa-sha1", hashes.SHA1()),  # noqa: S303
    "rsa-sha256": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", hashes.SHA256()),
    "rsa-sha512": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", hashes.SHA512()),
    "ecdsa-sha256": ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", hashes.SHA256()),
}
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@lru_cache
def key(name: str) -> PrivateKey:
    """The private key of that name; those whose name begins with `ec` are elliptic."""
    return ec.generate_private_key(ec.SECP256R1()) if name.startswith("ec") else rsa.generate_private_key(65537, 2048)


@lru_cache
def certificate(name: str, issuer: str | None = None, *, is_authority: bool = False) -> x509.Certificate:
    """A certificate of 2026 for the key of that name, issued by another one or by itself."""
    subject, signed_by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]) for who in (name, issuer or name))
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signed_by)
        .public_key(key(name).public_key())
        .serial_number(abs(hash(name)) + 1)
        .not_valid_before(SINCE)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(key(issuer or name), hashes.SHA256())
    )


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def public_pem(name: str) -> bytes:
    return (
        key(name).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def signature(
    document: bytes,
    signer: str,
    *chain: x509.Certificate,
    method: str = "rsa-sha256",
    form: str = EXCLUSIVE,
    uri: str = "",
    transform: str = DS + "enveloped-signature",
) -> str:
    """A Signature element over the whole document as it is, with the chain inside, or the bare key if there is none."""
    tree = etree.fromstring(document).getroottree()
    digest = hashlib.sha256(_canonical(tree, form)).digest()
    algorithm, hashing = METHODS[method]
    info = (
        f'<SignedInfo xmlns="{DS}"><CanonicalizationMethod Algorithm="{form}"/><SignatureMethod Algorithm="{algorithm}"/>'
        f'<Reference URI="{uri}"><Transforms><Transform Algorithm="{transform}"/><Transform Algorithm="{form}"/></Transforms>'
        f'<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<DigestValue>{_base64(digest)}</DigestValue></Reference></SignedInfo>"
    )
    text = _canonical(etree.fromstring(info).getroottree(), form)
    value = _signed(key(signer), text, hashing)
    return (
        f'<Signature xmlns="{DS}">{info}<SignatureValue>{_base64(value)}</SignatureValue>'
        f"<KeyInfo>{_key_info(signer, chain)}</KeyInfo></Signature>"
    )


def enveloped(document: bytes, *signatures: str) -> bytes:
    """The document with the signatures before its end tag."""
    head, _, tail = document.decode().rpartition("</alert>")
    return f"{head}{''.join(signatures)}</alert>{tail}".encode()


def _canonical(tree: etree._ElementTree[etree._Element], form: str) -> bytes:
    with_comments = form.endswith("WithComments")
    return etree.tostring(tree, method="c14n", exclusive=form.startswith(EXCLUSIVE), with_comments=with_comments)


def _signed(private: PrivateKey, text: bytes, hashing: hashes.HashAlgorithm) -> bytes:
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(text, padding.PKCS1v15(), hashing)
    r, s = utils.decode_dss_signature(private.sign(text, ec.ECDSA(hashing)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _key_info(signer: str, chain: tuple[x509.Certificate, ...]) -> str:
    if chain:
        ders = (_base64(one.public_bytes(serialization.Encoding.DER)) for one in chain)
        return f"<X509Data>{''.join(f'<X509Certificate>{der}</X509Certificate>' for der in ders)}</X509Data>"
    public = key(signer).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    numbers = public.public_numbers()
    modulus, exponent = _base64(numbers.n.to_bytes(256, "big")), _base64(numbers.e.to_bytes(3, "big"))
    return (
        f"<KeyValue><RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>{exponent}</Exponent></RSAKeyValue></KeyValue>"
    )


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()

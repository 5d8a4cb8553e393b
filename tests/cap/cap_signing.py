"""A small certificate authority and a signer of alerts, for tests only."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa, utils
from cryptography.x509.oid import NameOID
from lxml import etree

PrivateKey = rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey
Extensions = tuple[tuple[x509.ExtensionType, bool], ...]
DS = "http://www.w3.org/2000/09/xmldsig#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
METHODS = {
    "rsa-sha1": (DS + "rsa-sha1", hashes.SHA1()),  # noqa: S303
    "rsa-sha256": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", hashes.SHA256()),
    "rsa-sha512": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", hashes.SHA512()),
    "dsa-sha1": (DS + "dsa-sha1", hashes.SHA1()),  # noqa: S303
    "dsa-sha256": ("http://www.w3.org/2009/xmldsig11#dsa-sha256", hashes.SHA256()),
    "ecdsa-sha256": ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", hashes.SHA256()),
}
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@lru_cache
def key(name: str) -> PrivateKey:
    """The private key of that name: those whose name begins with `ec` are elliptic, with `dsa` for DSA, with `weak` short."""
    if name.startswith("ec"):
        return ec.generate_private_key(ec.SECP256R1())
    if name.startswith("dsa"):
        return dsa.generate_private_key(1024)  # noqa: S505  (what is in use)
    return rsa.generate_private_key(65537, 1024 if name.startswith("weak") else 2048)


@lru_cache
def certificate(
    name: str,
    issuer: str | None = None,
    *,
    is_authority: bool = False,
    key_of: str | None = None,
    until: datetime = UNTIL,
    extensions: Extensions = (),
) -> x509.Certificate:
    """A certificate of 2026 for the key of that name or of another, issued by another one or by itself. ``extensions``
    come with whether they are critical."""
    subject, signed_by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]) for who in (name, issuer or name))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signed_by)
        .public_key(key(key_of or name).public_key())
        .serial_number(abs(hash(name)) + 1)
        .not_valid_before(SINCE)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(key(issuer or key_of or name), hashes.SHA256())


def usage(*names: str) -> tuple[x509.ExtensionType, bool]:
    """A critical key usage with these and no others."""
    ours = {name: name in names for name in ("digital_signature", "content_commitment", "key_encipherment")}
    theirs = {name: name in names for name in ("key_cert_sign", "crl_sign")}
    others = dict.fromkeys(("data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(**ours, **theirs, **others), True


def strange(oid: x509.ObjectIdentifier, der: bytes, *, critical: bool = False) -> tuple[x509.ExtensionType, bool]:
    """An extension with any content."""
    return x509.UnrecognizedExtension(oid, der), critical


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
    uri: str | None = "",
    transform: str = DS + "enveloped-signature",
    attributes: str = "",
) -> str:
    """A Signature element over the whole document as it is, with the chain inside, or the bare key if there is none.
    ``attributes`` stand at the Signature and are inherited by what is signed of it."""
    tree = etree.fromstring(document).getroottree()
    digest = hashlib.sha256(_canonical(tree, form)).digest()
    algorithm, hashing = METHODS[method]
    named = "" if uri is None else f'URI="{uri}"'
    info = (
        f'<SignedInfo xmlns="{DS}"><CanonicalizationMethod Algorithm="{form}"/><SignatureMethod Algorithm="{algorithm}"/>'
        f'<Reference {named}><Transforms><Transform Algorithm="{transform}"/><Transform Algorithm="{form}"/></Transforms>'
        f'<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<DigestValue>{_base64(digest)}</DigestValue></Reference></SignedInfo>"
    )
    text = _canonical(etree.fromstring(info.replace("<SignedInfo", f"<SignedInfo {attributes}", 1)).getroottree(), form)
    value = _signed(key(signer), text, hashing)
    return (
        f'<Signature xmlns="{DS}" {attributes}>{info}<SignatureValue>{_base64(value)}</SignatureValue>'
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
    if isinstance(private, dsa.DSAPrivateKey):
        return _pair(private.sign(text, hashing), 20)
    return _pair(private.sign(text, ec.ECDSA(hashing)), 32)


def _pair(der: bytes, length: int) -> bytes:
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def _key_info(signer: str, chain: tuple[x509.Certificate, ...]) -> str:
    if chain:
        ders = (_base64(one.public_bytes(serialization.Encoding.DER)) for one in chain)
        return f"<X509Data>{''.join(f'<X509Certificate>{der}</X509Certificate>' for der in ders)}</X509Data>"
    public = key(signer).public_key()
    if isinstance(public, dsa.DSAPublicKey):
        group = public.public_numbers().parameter_numbers
        return _key_value("DSAKeyValue", P=group.p, Q=group.q, G=group.g, Y=public.public_numbers().y)
    assert isinstance(public, rsa.RSAPublicKey)
    return _key_value("RSAKeyValue", Modulus=public.public_numbers().n, Exponent=public.public_numbers().e)


def _key_value(kind: str, **numbers: int) -> str:
    written = {name: number.to_bytes((number.bit_length() + 7) // 8, "big") for name, number in numbers.items()}
    inside = "".join(f"<{name}>{_base64(value)}</{name}>" for name, value in written.items())
    return f"<KeyValue><{kind}>{inside}</{kind}></KeyValue>"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()

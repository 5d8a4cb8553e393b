"""One XML signature: has it the one shape we accept, does its digest match the message, its value its key?

The shape: enveloped in the alert, one Reference with ``URI=""`` or without URI, the enveloped transform and a canonical form.
Without URI the application decides what is meant (XML Signature §4.4.3); with the enveloped transform that can only be the
document around the signature. Other transforms and references could make a signature cover something else than what is read,
so they are not followed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Literal, TypeVar

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from lxml import etree

from capgateway.cap.canonical import Form, Removed, Texts, Unwritable, tidy
from capgateway.cap.keys import HASHES, RSA_BITS, read_certificate, verifies, weakness
from capgateway.cap.names import XMLDSIG

Certificates = tuple[x509.Certificate, ...]
T = TypeVar("T")
Outcome = Literal["right", "wrong", "unsupported"]

#: A signer's chain has two or three certificates.
MAX_CERTIFICATES = 6
_DS = f"{{{XMLDSIG}}}"
_ENVELOPED = XMLDSIG + "enveloped-signature"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_FORMS: dict[str, Literal["1.0", "1.1", "exclusive"]] = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315": "1.0",
    "http://www.w3.org/2006/12/xml-c14n11": "1.1",
    _EXCLUSIVE.rstrip("#"): "exclusive",
}
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_DIGESTS = {
    XMLDSIG + "sha1": "sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    _MORE + "sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
_METHODS = {
    XMLDSIG + "rsa-sha1": ("rsa", "sha1"),
    XMLDSIG + "dsa-sha1": ("dsa", "sha1"),
    "http://www.w3.org/2009/xmldsig11#dsa-sha256": ("dsa", "sha256"),
} | {f"{_MORE}{kind}-{name}": (kind, name) for kind in ("rsa", "ecdsa") for name in HASHES}


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What one Signature is worth by mathematics alone. ``key`` is the one the value was made with; ``certificates`` are
    in the document's order, but those that hold this key first."""

    outcome: Outcome
    why: str = ""
    certificates: Certificates = ()
    key: PublicKeyTypes | None = None
    is_sha1: bool = False


class _NotOurs(Exception):
    """The signature has a shape or an algorithm that is not followed."""


class _Wrong(Exception):
    """The signature contradicts the message or itself."""


def seals(root: etree._Element) -> list[Seal]:
    """The worth of each Signature of a message that was parsed with comments and white space, in its order. What is wrong
    is tried once more without the namespaces that nothing uses: a container declares some around a message that was
    signed before it was put there, and the inclusive forms count them. Nobody reads anything else for them."""
    found = _seals(root)
    if all(seal.outcome != "wrong" for seal in found) or (tidied := tidy(root)) is None:
        return found
    return [seal if seal.outcome != "wrong" else again for seal, again in zip(found, _seals(tidied), strict=True)]


def _seals(root: etree._Element) -> list[Seal]:
    signatures = root.findall(_DS + "Signature")
    texts = Texts(root)
    return [_seal(signature, _removals(number, len(signatures)), texts) for number, signature in enumerate(signatures)]


def _removals(number: int, count: int) -> list[Removed]:
    """Which Signatures may have been absent when the one with this number was made, the likeliest first: all, as two
    Canadian signers do it; this one, by the standard; this one and those that were added after it."""
    return list(dict.fromkeys([(0, count), (number, number + 1), (number, count)]))


def _seal(signature: etree._Element, removals: list[Removed], texts: Texts) -> Seal:
    try:
        info = _one(signature, "SignedInfo")
        reference = _reference(info)
        digest = _algorithm(reference, "DigestMethod", _DIGESTS)
        forms, stated = _forms(reference), _binary(_one(reference, "DigestValue"))
        contents = (text for removed in removals for form in forms for text in texts.of_message(removed, form))
        if not any(hmac.compare_digest(hashlib.new(digest, text).digest(), stated) for text in contents):
            raise _Wrong("its digest is not that of the message, which was changed after it was signed")
        kind, name = _algorithm(info, "SignatureMethod", _METHODS)
        signed = texts.of_part(info, _form(_one(info, "CanonicalizationMethod")))
        certificates, key = _signer(signature, kind, name, _binary(_one(signature, "SignatureValue")), signed)
    except (_NotOurs, Unwritable) as reason:
        return Seal(outcome="unsupported", why=str(reason))
    except etree.LxmlError:  # as of a namespace that is a relative address
        return Seal(outcome="unsupported", why="the message has no canonical form")
    except _Wrong as reason:
        return Seal(outcome="wrong", why=str(reason))
    return Seal(outcome="right", certificates=certificates, key=key, is_sha1="sha1" in {digest, name})


def _reference(info: etree._Element) -> etree._Element:
    references = info.findall(_DS + "Reference")
    if len(references) > 1:  # XAdES signs its own properties as well
        raise _NotOurs("it covers more than the message, in several References")
    reference = _one(info, "Reference")
    uri = reference.get("URI")
    if uri == "#xpointer(/)":
        raise _NotOurs("it names the message by an XPointer, which is not followed")
    if uri and uri[0] != "#":
        raise _NotOurs("it covers another document, which is not followed")
    if uri:
        raise _Wrong("it does not cover the whole message")
    return reference


def _forms(reference: etree._Element) -> list[Form]:
    """The canonical forms to try for a Reference's transforms. ``URI=""`` leaves comments out by the standard; signers
    who ask for them by name have them in."""
    transforms = reference.findall(f"{_DS}Transforms/{_DS}Transform")
    others = [transform for transform in transforms if transform.get("Algorithm") != _ENVELOPED]
    if len(others) == len(transforms) or len(others) > 1:
        raise _NotOurs("its transforms are not enveloped-signature and at most one canonical form")
    form = _form(others[0]) if others else Form(kind="1.0", comments=False)
    plain = msgspec.structs.replace(form, comments=False)
    return [plain, form] if form.comments else [plain]


def _form(method: etree._Element) -> Form:
    name, _, variant = (method.get("Algorithm") or "").partition("#")
    kind = _FORMS.get(name)
    if kind is None or variant not in {"", "WithComments"}:
        raise _NotOurs(f"its canonical form `{method.get('Algorithm')}` is not supported")
    listed = method.find(f"{{{_EXCLUSIVE}}}InclusiveNamespaces") if kind == "exclusive" else None
    prefixes = (listed.get("PrefixList") or "").split() if listed is not None else []
    return Form(kind=kind, comments=bool(variant), prefixes=tuple(prefixes))


def _one(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(_DS + name)
    if not found:
        raise _NotOurs(f"it has no {name}")
    if len(found) > 1:
        raise _Wrong(f"it has {len(found)} {name} elements")
    return found[0]


def _algorithm(parent: etree._Element, name: str, known: dict[str, T]) -> T:
    algorithm = _one(parent, name).get("Algorithm") or "none"
    if algorithm not in known:
        raise _NotOurs(f"its {name} `{algorithm}` is not supported")
    return known[algorithm]


def _binary(element: etree._Element) -> bytes:
    """Base64 in its one canonical spelling: with unused bits set it decodes all the same, but was tampered with."""
    text = "".join(str(element.xpath("string()")).split())  # with what stands behind a comment
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Wrong(f"its {etree.QName(element).localname} is not base64") from None
    if base64.b64encode(value).decode() != text:
        raise _Wrong(f"the base64 of its {etree.QName(element).localname} was altered")
    return value


def _signer(
    signature: etree._Element, kind: str, name: str, value: bytes, texts: list[bytes]
) -> tuple[Certificates, PublicKeyTypes]:
    """The certificates inside, those of the signer first, and the key that the value was made with."""
    certificates = _certificates(signature)
    keys: list[PublicKeyTypes] = [one.public_key() for one in certificates]
    keys = keys or [_bare_key(signature)]
    weak = [why for why in map(weakness, keys) if why]
    for key in keys:
        if not weakness(key) and any(verifies(key, kind, name, value, text) for text in texts):
            return tuple(sorted(certificates, key=lambda one: one.public_key() != key)), key
    if weak:
        raise _NotOurs(f"its key {weak[0]}")
    raise _Wrong("its value was not made with its key")


def _certificates(signature: etree._Element) -> list[x509.Certificate]:
    found = signature.findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    if len(found) > MAX_CERTIFICATES:
        raise _NotOurs(f"it contains more than {MAX_CERTIFICATES} certificates")
    ders = dict.fromkeys(_binary(element) for element in found)
    try:
        return [read_certificate(der) for der in ders]
    except ValueError:
        raise _NotOurs("its certificate cannot be read") from None


def _bare_key(signature: etree._Element) -> PublicKeyTypes:
    """The RSA or DSA key written out in a KeyValue, where there is no certificate."""
    value = _one(_one(signature, "KeyInfo"), "KeyValue")
    is_dsa = value.find(_DS + "DSAKeyValue") is not None
    written = _one(value, "DSAKeyValue" if is_dsa else "RSAKeyValue")
    numbers = [
        int.from_bytes(_binary(_one(written, name)), "big")
        for name in (("P", "Q", "G", "Y") if is_dsa else ("Modulus", "Exponent"))
    ]
    if max(numbers).bit_length() > RSA_BITS.stop:
        raise _NotOurs("its key is larger than any in use")
    try:
        if is_dsa:
            return dsa.DSAPublicNumbers(numbers[3], dsa.DSAParameterNumbers(*numbers[:3])).public_key()
        return rsa.RSAPublicNumbers(numbers[1], numbers[0]).public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise _NotOurs("its key cannot be used") from None

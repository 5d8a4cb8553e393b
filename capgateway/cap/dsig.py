"""One XML signature: has it the one shape we accept, does its digest match the message, its value its key?

The shape: enveloped in the alert, one Reference with ``URI=""``, the enveloped transform and a canonical form. Other
transforms and other references could make a signature cover something else than what is read, so they are not followed.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import hmac
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from lxml import etree

from capgateway.cap.names import XMLDSIG

if TYPE_CHECKING:
    from collections.abc import Iterator

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
Certificates = tuple[x509.Certificate, ...]
T = TypeVar("T")
Outcome = Literal["right", "wrong", "unsupported"]

#: Larger keys make checking slow and are used by nobody.
MAX_RSA_BITS = 8_192
#: A signer's chain has two or three certificates.
MAX_CERTIFICATES = 6

_DS = f"{{{XMLDSIG}}}"
_ENVELOPED = XMLDSIG + "enveloped-signature"
_INCLUSIVE = ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11")
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_DIGESTS = {
    XMLDSIG + "sha1": "sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    _MORE + "sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303  (senders of alerts still use it; a finding says so)
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_METHODS = {XMLDSIG + "rsa-sha1": ("rsa", "sha1")} | {
    f"{_MORE}{kind}-{name}": (kind, name) for kind in ("rsa", "ecdsa") for name in _HASHES
}


class Form(msgspec.Struct, frozen=True):
    """A canonical form of XML: which one, and the prefixes that the exclusive one treats inclusively."""

    exclusive: bool
    comments: bool
    prefixes: tuple[str, ...] = ()

    def of(self, what: etree._Element | etree._ElementTree[etree._Element]) -> bytes:
        if isinstance(what, etree._Element):
            # As a document of its own, which declares what it inherits: of an element inside another lxml writes
            # `xmlns=""` where no such thing belongs.
            what = etree.fromstring(etree.tostring(what, encoding="utf-8", with_tail=False)).getroottree()
        return etree.tostring(
            what,
            method="c14n",
            exclusive=self.exclusive,
            with_comments=self.comments,
            inclusive_ns_prefixes=list(self.prefixes) if self.prefixes else None,
        )


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What one Signature is worth by mathematics alone. ``certificates`` are in the document's order but the signer's own first; ``key`` is the one the value was checked with."""

    outcome: Outcome
    why: str = ""
    certificates: Certificates = ()
    key: PublicKey | None = None
    is_sha1: bool = False


class _NotOurs(Exception):
    """The signature has a shape or an algorithm that is not followed."""


class _Wrong(Exception):
    """The signature contradicts the message or itself."""


def seals(tree: etree._ElementTree[etree._Element]) -> list[Seal]:
    """The worth of each Signature of a document that was parsed with comments and white space, in its order."""
    count = len(tree.getroot().findall(_DS + "Signature"))
    return [_seal(tree, number) for number in range(count)]


def _seal(tree: etree._ElementTree[etree._Element], number: int) -> Seal:
    signature = tree.getroot().findall(_DS + "Signature")[number]
    try:
        info = _one(signature, "SignedInfo")
        reference = _one(info, "Reference")
        if reference.get("URI") != "":
            raise _Wrong("it does not cover the whole message")
        digest = _algorithm(reference, "DigestMethod", _DIGESTS)
        forms = _forms(reference)
        stated = _binary(_one(reference, "DigestValue"))
        if not any(
            hmac.compare_digest(hashlib.new(digest, text).digest(), stated) for text in _contents(tree, number, forms)
        ):
            raise _Wrong("the message was changed after it was signed, or never was what was signed")
        kind, name = _algorithm(info, "SignatureMethod", _METHODS)
        text = _form(_one(info, "CanonicalizationMethod")).of(info)
        certificates, key = _signer(signature, kind, name, _binary(_one(signature, "SignatureValue")), text)
    except (
        _NotOurs,
        etree.LxmlError,
    ) as reason:  # lxml: no canonical form, as of a namespace that is a relative address
        return Seal(outcome="unsupported", why=str(reason))
    except _Wrong as reason:
        return Seal(outcome="wrong", why=str(reason))
    return Seal(outcome="right", certificates=certificates, key=key, is_sha1="sha1" in {digest, name})


def _contents(tree: etree._ElementTree[etree._Element], number: int, forms: list[Form]) -> Iterator[bytes]:
    """The canonical texts that the signature with this number may have been made over, the likeliest first."""
    without_all, without_it, without_later = slice(None), slice(number, number + 1), slice(number, None)
    count = len(tree.getroot().findall(_DS + "Signature"))
    for removed in (without_all, without_it, without_later) if count > 1 else (without_all,):
        bare = copy.deepcopy(tree)
        for signature in bare.getroot().findall(_DS + "Signature")[removed]:
            _remove(signature)
        for form in forms:
            yield form.of(bare)
            yield form.of(bare.getroot())  # without the instructions around it, which some signers leave out


def _remove(element: etree._Element) -> None:
    """Take an element out and leave the text behind it."""
    parent, before = element.getparent(), element.getprevious()
    assert parent is not None  # noqa: S101  (a child of the root)
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    element.tail = None
    parent.remove(element)


def _forms(reference: etree._Element) -> list[Form]:
    """The canonical forms to try for a Reference's transforms. ``URI=""`` leaves comments out by the standard; signers
    who ask for them by name have them in."""
    transforms = reference.findall(f"{_DS}Transforms/{_DS}Transform")
    others = [transform for transform in transforms if transform.get("Algorithm") != _ENVELOPED]
    if len(others) == len(transforms) or len(others) > 1:
        raise _NotOurs("its transforms are not enveloped-signature and at most one canonical form")
    form = _form(others[0]) if others else Form(exclusive=False, comments=False)
    plain = msgspec.structs.replace(form, comments=False)
    return [plain, form] if form.comments else [plain]


def _form(method: etree._Element) -> Form:
    name, _, variant = (method.get("Algorithm") or "").partition("#")
    if name in _INCLUSIVE and variant in {"", "WithComments"}:
        return Form(exclusive=False, comments=bool(variant))
    if name + "#" == _EXCLUSIVE and variant in {"", "WithComments"}:
        listed = method.find(_EXCLUSIVE.join("{}") + "InclusiveNamespaces")
        prefixes = (listed.get("PrefixList") or "").split() if listed is not None else []
        return Form(exclusive=True, comments=bool(variant), prefixes=tuple(prefixes))
    raise _NotOurs(f"the canonical form `{method.get('Algorithm')}` is not known here")


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
        raise _NotOurs(f"the {name} `{algorithm}` is not known here")
    return known[algorithm]


def _binary(element: etree._Element) -> bytes:
    """Base64 in its one canonical spelling: with unused bits set it decodes all the same, but was tampered with."""
    text = "".join((element.text or "").split())
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Wrong(f"its {etree.QName(element).localname} is not base64") from None
    if base64.b64encode(value).decode() != text:
        raise _Wrong(f"the base64 of its {etree.QName(element).localname} was altered")
    return value


def _signer(
    signature: etree._Element, kind: str, name: str, value: bytes, text: bytes
) -> tuple[Certificates, PublicKey]:
    """The certificates inside, that of the signer first, and the key that the value was made with."""
    found = signature.findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")[:MAX_CERTIFICATES]
    try:
        certificates = [x509.load_der_x509_certificate(_binary(element)) for element in found]
        for certificate in certificates:  # what is asked of them later; a broken one says so when asked
            certificate.subject.rfc4514_string(), certificate.not_valid_before_utc, certificate.not_valid_after_utc
        keys = [certificate.public_key() for certificate in certificates] or [_bare_key(signature)]
    except (ValueError, UnsupportedAlgorithm):
        raise _NotOurs("its certificate or key cannot be read") from None
    usable = [key for key in keys if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)]
    if not usable or max(key.key_size for key in usable) > MAX_RSA_BITS:
        raise _NotOurs("its key is neither RSA nor ECDSA of a usual size")
    for number, key in enumerate(keys):
        if _verifies(key, kind, name, value, text):
            ordered = certificates[number:] + certificates[:number]
            return tuple(ordered), key  # type: ignore[return-value]  # only our two kinds verify
    raise _Wrong("its value was not made with its key")


def _bare_key(signature: etree._Element) -> PublicKey:
    """The RSA key written out in a KeyValue, where there is no certificate."""
    pair = _one(_one(_one(signature, "KeyInfo"), "KeyValue"), "RSAKeyValue")
    modulus, exponent = (int.from_bytes(_binary(_one(pair, name)), "big") for name in ("Modulus", "Exponent"))
    if modulus.bit_length() > MAX_RSA_BITS:
        raise _NotOurs("its key is larger than any in use")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _verifies(key: object, kind: str, name: str, value: bytes, text: bytes) -> bool:
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, text, padding.PKCS1v15(), _HASHES[name])
            return True
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            half = len(value) // 2  # XML writes the two numbers one after the other, without ASN.1
            numbers = (int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
            key.verify(utils.encode_dss_signature(*numbers), text, ec.ECDSA(_HASHES[name]))
            return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return False

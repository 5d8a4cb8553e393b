"""ed25519 signatures: the public vector, keys in every form, and receivers that know one of the two kinds, or both."""

from __future__ import annotations

import pickle
from base64 import b64encode, urlsafe_b64decode
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway.errors import SignatureError
from capgateway.webhooks import ed25519, sign
from capgateway.webhooks.receiver import Receiver

V3_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
V3_PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
V3_SIGNATURE = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
ID, TIME, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
NOW = datetime.fromtimestamp(TIME, UTC)
SEED = ed25519.decode_seed(V3_KEY)
SIGNER = ed25519.SigningKey(SEED)
PUBLIC = ed25519.decode_public_key(V3_PUBLIC)
OTHER = ed25519.public_key(bytes(32))
NEW, OLD = b"n" * 32, b"o" * 32

seeds = st.binary(min_size=32, max_size=32)


def headers(signature: str) -> dict[str, str]:
    return {"webhook-id": ID, "webhook-timestamp": str(TIME), "webhook-signature": signature}


def test_the_public_vector() -> None:
    """The signature that the specification shows is ours too, made and verified, and its public key follows from the key."""
    assert sign.sign([], ID, TIME, BODY, key=SIGNER) == V3_SIGNATURE
    assert str(SIGNER.public) == V3_PUBLIC
    sign.verify([], headers(V3_SIGNATURE), BODY, now=NOW, public_keys=[PUBLIC])


def test_the_order_of_the_header() -> None:
    """ed25519 first, then the old secret, the newest secret last: Elixir's library looks at the last token only."""
    value = sign.sign([NEW, OLD], ID, TIME, BODY, key=SIGNER)
    old, new = (sign.sign([secret], ID, TIME, BODY) for secret in (OLD, NEW))
    assert value == f"{V3_SIGNATURE} {old} {new}"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_every_order_of_signatures_verifies(order: tuple[int, ...]) -> None:
    """A receiver verifies with whichever key it has, wherever the signature of that key is in the header."""
    tokens = sign.sign([NEW, OLD], ID, TIME, BODY, key=SIGNER).split(" ")
    value = headers(" ".join(tokens[place] for place in order))
    sign.verify([], value, BODY, now=NOW, public_keys=[OTHER, PUBLIC])
    for secret in (NEW, OLD):
        sign.verify([secret], value, BODY, now=NOW)
    with pytest.raises(SignatureError):
        sign.verify([b"x" * 32], value, BODY, now=NOW, public_keys=[OTHER])


@pytest.mark.parametrize(
    "signature",
    [
        "v1a,",
        "v1a,%%",
        V3_SIGNATURE.replace("v1a,h", "v1a,i"),
        V3_SIGNATURE.replace("v1a", "v1"),
        V3_SIGNATURE.replace("v1a", "v1b"),
        "v1a," + b64encode(bytes(64)).decode(),
        "v1a," + b64encode(bytes(63)).decode(),
        V3_SIGNATURE.removeprefix("v1a,"),
    ],
)
def test_wrong_signatures(signature: str) -> None:
    """Altered, cut off, zero, or of another version: not one of them verifies."""
    with pytest.raises(SignatureError, match="no signature matches"):
        sign.verify([NEW], headers(signature), BODY, now=NOW, public_keys=[PUBLIC])


def test_what_each_signature_is() -> None:
    """For people: which key made each signature of the header, and why not for the others."""
    value = sign.sign([NEW, OLD], ID, TIME, BODY, key=SIGNER) + " v2,x v1,%"
    looked = sign.examine([OLD], headers(value), BODY, public_keys=[OTHER, PUBLIC])
    assert [(one.version, one.key, one.reason) for one in looked] == [
        ("v1a", 1, ""),
        ("v1", 0, ""),
        ("v1", None, "matches no known key"),
        ("v2", None, "unknown version"),
        ("v1", None, "not base64"),
    ]
    (first, *_) = sign.examine([OLD], headers(value), BODY)
    assert first.reason == "no key of its kind is known"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "whsk_"),
        ("whsk_", "this one has 0"),
        ("whsk_%", "standard base64"),
        ("whsk_" + b64encode(bytes(31)).decode(), "this one has 31"),
        ("whsk_" + b64encode(bytes(65)).decode(), "this one has 65"),
        ("whsk_" + b64encode(SEED + OTHER.raw).decode(), "second half"),
        ("whsec_" + b64encode(SEED).decode(), "symmetric"),
        (V3_PUBLIC, "public key"),
        (V3_KEY.removeprefix("whsk_"), "whsk_"),
        (V3_KEY[:40], "bytes|base64"),
        ("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIOl2\n", "whsk_"),
    ],
)
def test_refused_signing_keys(text: str, word: str) -> None:
    """What is not a signing key is refused with a reason that does not repeat it."""
    with pytest.raises(ValueError, match=word) as caught:
        ed25519.decode_seed(text)
    assert len(text) < 12 or text[-12:] not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "whpk_"), (V3_KEY, "secret"), ("whpk_AAAA", "this one has 3"), ("whpk_!", "standard base64")],
)
def test_refused_public_keys(text: str, word: str) -> None:
    """A secret where a public key belongs is called that, and not repeated."""
    with pytest.raises(ValueError, match=word) as caught:
        ed25519.decode_public_key(text)
    assert len(text) < 12 or text[-12:] not in str(caught.value)


@given(seeds)
def test_keys_survive_their_written_form(seed: bytes) -> None:
    """What is generated is what is read, with the public half, without it, and without padding."""
    text = ed25519.encode_seed(seed)
    short = "whsk_" + b64encode(seed).decode()
    assert {ed25519.decode_seed(each) for each in (text, short, text.rstrip("="), f" {text}\n")} == {seed}
    public = ed25519.public_key(seed)
    assert ed25519.decode_public_key(str(public)) == public
    assert urlsafe_b64decode(public.jwk["x"] + "=") == public.raw


def test_the_published_key_is_known() -> None:
    """The key of the vector can be told from real ones, in both of its forms."""
    assert ed25519.is_published_seed(SEED)
    assert not ed25519.is_published_seed(bytes(32))


def test_the_id_of_a_key_is_its_thumbprint() -> None:
    """The example of RFC 8037, appendix A.3: others who make the thumbprint of the key get the same."""
    raw = urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert ed25519.PublicKey(raw).jwk == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    }


def test_a_receiver_makes_its_key_once() -> None:
    """Making it for every message would double the cost of the signature. Neither shows its secret."""
    receiver = Receiver(name="app", url="https://r.example/", secrets=(NEW,), signing_key=SEED)
    assert receiver.signer is receiver.signer
    assert receiver == Receiver(name="app", url="https://r.example/", secrets=(NEW,), signing_key=SEED)
    assert Receiver(name="app", url="https://r.example/", secrets=(NEW,)).signer is None
    assert repr(SEED)[2:12] not in f"{receiver!r} {receiver.signer!r}"
    with pytest.raises(TypeError):
        pickle.dumps(receiver.signer)


def test_the_secrets_of_documentation_are_known() -> None:
    """Examples that people copy into their configuration are as public as the test vectors."""
    for text in ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr", "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH"):
        assert sign.is_published_secret(sign.decode_secret(text))

"""Signatures: the specification's public vectors, everything its libraries refuse, and the library itself as a witness."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from capgateway.errors import SignatureError
from capgateway.webhooks import sign

V1_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
V1_TIME = 1614265330
V1_BODY = b'{"test": 2432232314}'
V1_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
V1_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1_NOW = datetime.fromtimestamp(V1_TIME, UTC)
KEY = sign.decode_secret(V1_SECRET)
V2_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
V2_BODY = b'{"email":"test@example.com","username":"test_user"}'
UNKNOWN = "Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="

secrets = st.binary(min_size=24, max_size=64)
texts = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=40)


def headers(**changes: str | None) -> dict[str, str]:
    """The headers of V1, some changed, those set to None left out."""
    given_ = {"webhook-id": V1_ID, "webhook-timestamp": str(V1_TIME), "webhook-signature": V1_SIGNATURE}
    changed = given_ | {f"webhook-{name}": value for name, value in changes.items()}
    return {name: value for name, value in changed.items() if value is not None}


@pytest.mark.parametrize(
    ("secret", "message_id", "timestamp", "body", "signature"),
    [
        (V1_SECRET, V1_ID, V1_TIME, V1_BODY, V1_SIGNATURE),
        (
            V2_SECRET,
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1649367553,
            V2_BODY,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
        (V1_SECRET, V1_ID, V1_TIME, b'{"test": 2432232315}', "v1,TW/pFPJ2/LwRQdgfM7WklE9yJiRyMs0cTpVPK8leNAU="),
        (
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr",
            V1_ID,
            V1_TIME,
            V1_BODY,
            "v1,yK2tMbA6BHPrMEJ1lLv7UlJJbgFoqGenJkiajZ29evg=",
        ),
    ],
    ids=["V1", "V2", "php", "unpadded"],
)
def test_public_vectors(secret: str, message_id: str, timestamp: int, body: bytes, signature: str) -> None:
    """The signatures that the specification's libraries agree on are ours too, made and verified."""
    key = sign.decode_secret(secret)
    assert sign.sign([key], message_id, timestamp, body) == signature
    given_ = {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signature}
    sign.verify([key], given_, body, now=datetime.fromtimestamp(timestamp, UTC))


def test_public_vector_with_a_short_secret() -> None:
    """The one vector whose secret has 23 bytes is signed alike, but nobody may configure such a secret."""
    secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"
    assert (
        sign.sign([b64decode(secret + "=")], V1_ID, V1_TIME, V1_BODY)
        == "v1,LVOXivKoo4FWasi/IaHvzhE/u+7/cu2AME+zS/nXqzk="
    )
    with pytest.raises(ValueError, match="23"):
        sign.decode_secret(secret)


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="},
        {"signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLawdd"},
        {"signature": V1_SIGNATURE.replace("v1,", "v2,")},
        {"signature": V1_SIGNATURE.replace("v1,", "v1a,")},
        {"signature": V1_SIGNATURE.replace("v1,", "V1,")},
        {"signature": V1_SIGNATURE.removeprefix("v1,")},
        {"signature": "v1,dawfeoifkpqwoekfpqoekf"},
        {"signature": "v1,"},
        {"signature": V1_SIGNATURE[:8]},
        {"signature": V1_SIGNATURE[:11]},
        {"signature": "invalid_signature"},
        {"signature": ","},
        {"signature": "v1,a,b"},
        {"signature": "v1,ä"},
        {"signature": "v1,\udcff"},
        {"signature": " "},
        {"signature": ""},
        {"signature": None},
        {"timestamp": "hello"},
        {"timestamp": "teadwd"},
        {"timestamp": f"{V1_TIME}.7"},
        {"timestamp": f" {V1_TIME}"},
        {"timestamp": f"+{V1_TIME}"},
        {"timestamp": f"{V1_TIME}\n"},
        {"timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"timestamp": "9" * 13},
        {"timestamp": "9" * 5000},
        {"timestamp": "-1"},
        {"timestamp": "nan"},
        {"timestamp": ""},
        {"timestamp": None},
        {"timestamp": str(V1_TIME + 1)},
        {"id": "msg_another"},
        {"id": "\udcff"},
        {"id": ""},
        {"id": None},
    ],
    ids=ascii,
)
def test_refused_headers(changes: dict[str, str | None]) -> None:
    """Whatever is missing, malformed or wrong in the headers gives our one error, never another exception."""
    with pytest.raises(SignatureError):
        sign.verify([KEY], headers(**changes), V1_BODY, now=V1_NOW)


def test_refused_body() -> None:
    """The rust library's wrong signature of V2's body is refused."""
    given_ = {
        "webhook-id": "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        "webhook-timestamp": "1649367553",
        "webhook-signature": "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU=",
    }
    with pytest.raises(SignatureError, match="no signature matches"):
        sign.verify([sign.decode_secret(V2_SECRET)], given_, V2_BODY, now=datetime.fromtimestamp(1649367553, UTC))


@pytest.mark.parametrize("seconds", [-300, -240, 0, 240, 300])
def test_five_minutes_are_tolerated(seconds: int) -> None:
    """A clock that is up to five minutes off, either way, is no fault."""
    sign.verify([KEY], headers(), V1_BODY, now=V1_NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "word"), [(-301, "future"), (301, "past")])
def test_more_than_five_minutes_are_refused(seconds: int, word: str) -> None:
    """An old message played again is refused however right its signature is, and so is one from the future."""
    with pytest.raises(SignatureError, match=word):
        sign.verify([KEY], headers(), V1_BODY, now=V1_NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "tokens",
    [
        f"v1,{UNKNOWN} v2,{UNKNOWN} {V1_SIGNATURE} v1,{UNKNOWN}",
        f"v1a,{UNKNOWN} {V1_SIGNATURE}",
        f"nonsense  v1,%% {V1_SIGNATURE}",
        f"{V1_SIGNATURE} v1,{UNKNOWN}",
    ],
)
def test_one_right_signature_suffices(tokens: str) -> None:
    """Unknown versions, foreign signatures and malformed tokens beside the right one are passed over."""
    sign.verify([KEY], headers(signature=tokens), V1_BODY, now=V1_NOW)


def test_a_long_list_of_signatures_is_cut() -> None:
    """A stranger cannot make the receiver compare thousands of signatures."""
    with pytest.raises(SignatureError):
        sign.verify([KEY], headers(signature=f"v1,{UNKNOWN} " * 1000 + V1_SIGNATURE), V1_BODY, now=V1_NOW)


def test_header_names_have_no_case() -> None:
    """Servers that spell header names their own way verify alike."""
    sign.verify([KEY], {name.upper(): value for name, value in headers().items()}, V1_BODY, now=V1_NOW)


def test_rotation_signs_with_all_secrets_newest_last() -> None:
    """While a secret is rotated, receivers that know either one verify; the current signature is the last token."""
    new, old = b"n" * 32, b"o" * 32
    value = sign.sign([new, old], V1_ID, V1_TIME, V1_BODY)
    assert value == f"{sign.sign([old], V1_ID, V1_TIME, V1_BODY)} {sign.sign([new], V1_ID, V1_TIME, V1_BODY)}"
    for known in ([new], [old], [old, new]):
        sign.verify(known, headers(signature=value), V1_BODY, now=V1_NOW)


def test_no_secret_verifies_nothing() -> None:
    """A receiver without a secret believes nobody."""
    with pytest.raises(SignatureError):
        sign.verify([], headers(), V1_BODY, now=V1_NOW)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "0"),
        ("whsec_", "0"),
        ("w", "base64"),
        ("whsec_%", "base64"),
        ("whsec_wronglength", "base64|bytes"),
        ("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "ed25519"),
        ("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCub", "ed25519"),
        ("hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_"),
        ("whsec_whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", "standard base64"),
        ("whsec_" + b64encode(b"x" * 76).decode(), "76"),
        ("whsec_" + b64encode(b"x" * 23).decode(), "23"),
        ("whsec_MfKQ9r8GKYqrTwjU PD8ILPZIo2LaLaSw", "base64"),
        ("whsec_ключ", "base64"),
    ],
)
def test_refused_secrets(text: str, word: str) -> None:
    """A secret that is none is refused with a reason that does not repeat it."""
    with pytest.raises(ValueError, match=word) as caught:
        sign.decode_secret(text)
    assert len(text) < 12 or text[-12:] not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(secrets)
def test_secrets_survive_their_written_form(secret: bytes) -> None:
    """What `keys generate` writes is what the configuration reads, with prefix or padding missing or not."""
    text = sign.encode_secret(secret)
    assert {sign.decode_secret(each) for each in (text, text[6:], text.rstrip("="), f" {text}\n")} == {secret}


def test_published_secrets_are_known() -> None:
    """The secrets of the public vectors can be told from real ones."""
    assert sign.is_published_secret(KEY)
    assert sign.is_published_secret(sign.decode_secret(V2_SECRET))
    assert not sign.is_published_secret(b"x" * 32)


@given(st.lists(secrets, min_size=1, max_size=3), texts, st.integers(0, 10**12 - 1), st.binary(max_size=200))
def test_what_we_sign_verifies(keys: list[bytes], message_id: str, timestamp: int, body: bytes) -> None:
    """Every signature verifies with each of its secrets, and never over another body."""
    value = sign.sign(keys, message_id, timestamp, body)
    given_ = {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": value}
    now = datetime.fromtimestamp(min(timestamp, 10**11), UTC)
    if timestamp > 10**11:  # beyond what datetime can hold: only the refusal can be looked at
        with pytest.raises(SignatureError):
            sign.verify(keys, given_, body, now=now)
        return
    for key in keys:
        sign.verify([key], given_, body, now=now)
    with pytest.raises(SignatureError):
        sign.verify(keys, given_, body + b"!", now=now)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200), st.binary(max_size=20))
def test_hostile_headers_never_crash(message_id: str, timestamp: str, signature: str, body: bytes) -> None:
    """Whatever a stranger writes into the headers, the answer is our one error."""
    given_ = {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    with pytest.raises(SignatureError):
        sign.verify([KEY], given_, body, now=V1_NOW)


@pytest.mark.parametrize("order", [1, -1])
def test_the_library_verifies_us(order: int) -> None:
    """The official Python library accepts what we sign, also while secrets rotate, and a body that is not ASCII."""
    keys = [b"n" * 32, b"o" * 32][::order]
    body = '{"name":"Zoë Testchild"}'.encode()
    now = int(datetime.now(UTC).timestamp())
    given_ = {
        "webhook-id": V1_ID,
        "webhook-timestamp": str(now),
        "webhook-signature": sign.sign(keys, V1_ID, now, body),
    }
    for key in keys:
        assert Webhook(sign.encode_secret(key)).verify(body, given_) == {"name": "Zoë Testchild"}


def test_we_verify_the_library() -> None:
    """What the official Python library signs, we accept."""
    now = datetime.now(UTC)
    signature = Webhook(V1_SECRET).sign(V1_ID, now, V1_BODY.decode())
    sign.verify([KEY], headers(timestamp=str(int(now.timestamp())), signature=signature), V1_BODY, now=now)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_header_that_comes_twice_is_refused(name: str) -> None:
    """Whoever repeats a message could put another id before the signed one, which would make it a new message."""
    with pytest.raises(SignatureError, match="comes twice"):
        sign.verify([KEY], headers() | {name: "other"}, V1_BODY, now=V1_NOW)

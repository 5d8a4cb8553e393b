"""``capgateway keys`` as its users meet it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from capgateway.cli.keys import keys
from capgateway.errors import SourceError
from capgateway.webhooks import decode_secret, decode_seed, encode_secret, public_key
from capgateway.webhooks.ed25519 import SigningKey
from capgateway.webhooks.sign import sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = """POST /hook HTTP/1.1
Host: cards.platform.example
Webhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek
> webhook-timestamp: 1614265330
webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
"""
THEN = "2021-02-25T15:02:10Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The first public test vector in two files."""
    (tmp_path / "headers").write_text(HEADERS)
    (tmp_path / "body").write_bytes(BODY)
    return tmp_path


def run(*arguments: str, **settings: str) -> Result:
    return CliRunner().invoke(keys, list(arguments), catch_exceptions=False, env=settings)


def verify(folder: Path, *arguments: str, secret: str = SECRET, **settings: str) -> Result:
    files = (str(folder / "headers"), str(folder / "body"))
    return run("verify", *files, "--secret", secret, *arguments, **settings)


def test_generate() -> None:
    """Each secret is new and one that the configuration takes."""
    one, other = (run("generate").stdout.strip() for _ in range(2))
    assert one.startswith("whsec_")
    assert len(decode_secret(one)) == 32
    assert one != other
    assert decode_secret(json.loads(run("generate", "--json").stdout)["secret"])


def test_generate_a_pair() -> None:
    """The signing key on stdout alone, so that it can be piped into a file; its public key on stderr, and both in JSON."""
    result = run("generate", "--type", "ed25519")
    seed = decode_seed(result.stdout.strip())
    assert result.stderr.strip() == str(public_key(seed))
    told = json.loads(run("generate", "--type", "ed25519", "--json").stdout)
    assert set(told) == {"signing_key", "public_key", "kid"}
    assert str(public_key(decode_seed(told["signing_key"]))) == told["public_key"]


@pytest.mark.parametrize("kind", ["secret", "ed25519"])
def test_generate_into_a_file(tmp_path: Path, kind: str) -> None:
    """The file is for its owner alone, nothing secret is printed, and a file that exists is left alone: exit 2."""
    path = tmp_path / "key"
    result = run("generate", "--type", kind, "--out", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_text()
    assert written.strip() not in result.output
    assert result.stdout.strip() == ("" if kind == "secret" else str(public_key(decode_seed(written))))
    with pytest.raises(SourceError, match="exists already"):
        run("generate", "--out", str(path))
    assert path.read_text() == written


def test_a_pair_verifies(folder: Path) -> None:
    """During a rotation with an ed25519 key, each signature is listed with the key that made it."""
    new, seed = b"n" * 32, bytes(32)
    value = sign([new, b"o" * 32], "msg_1", 1614265330, BODY, key=SigningKey(seed))
    (folder / "headers").write_text(f"webhook-id: msg_1\nwebhook-timestamp: 1614265330\nwebhook-signature: {value}\n")
    files, keys_ = (str(folder / "headers"), str(folder / "body")), ("--public-key", str(public_key(seed)))
    result = run("verify", *files, *keys_, "--secret", SECRET, "--secret", encode_secret(new), "--at", THEN)
    assert result.stdout == "valid\n  v1a  --public-key\n  v1   matches no known key\n  v1   --secret 2\n"
    assert run("verify", *files, *keys_, "--at", THEN).exit_code == 0
    assert run("verify", *files, "--at", THEN).exit_code == 2
    assert "whsec_" in run("verify", *files, "--public-key", SECRET).stderr


def test_a_right_signature(folder: Path) -> None:
    """Exit 0, and which key made which signature."""
    result = verify(folder, "--at", THEN)
    assert (result.exit_code, result.stdout) == (0, "valid\n  v1   --secret\n")


def test_now_counts(folder: Path) -> None:
    """Without --at an old message is refused for its age."""
    result = verify(folder)
    assert result.exit_code == 1
    assert "in the past" in result.stdout


def test_a_wrong_signature(folder: Path) -> None:
    """Exit 1 and the reason, as JSON too."""
    (folder / "body").write_bytes(BODY + b" ")
    result = verify(folder, "--at", THEN, "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "valid": False,
        "reason": "no signature matches",
        "signatures": [{"version": "v1", "match": None, "reason": "matches no known key"}],
    }


def test_the_commonest_fault_is_named(folder: Path) -> None:
    """A new line that an editor added after the body is recognised."""
    (folder / "body").write_bytes(BODY + b"\n")
    result = verify(folder, "--at", THEN)
    assert result.exit_code == 1
    assert "without the line break at its end" in result.stdout


def test_references(folder: Path) -> None:
    """A secret may stand in the environment or in a file, as in the configuration."""
    (folder / "secret").write_text(SECRET + "\n")
    assert verify(folder, "--at", THEN, secret="env:HOOK_SECRET", HOOK_SECRET=SECRET).exit_code == 0
    assert verify(folder, "--at", THEN, secret=f"file:{folder / 'secret'}").exit_code == 0


@pytest.mark.parametrize(
    ("secret", "word"),
    [("whsec_tooshort", "bytes"), ("env:NOT_SET_ANYWHERE", "is not set"), ("file:not/there", "cannot read")],
)
def test_wrong_secrets(folder: Path, secret: str, word: str) -> None:
    """A secret that is none is wrong usage: exit 2, and it is not repeated."""
    result = verify(folder, secret=secret)
    assert result.exit_code == 2
    assert word in result.stderr
    assert "tooshort" not in result.stderr


def test_missing_file(folder: Path) -> None:
    """A file that is not there is named."""
    (folder / "body").unlink()
    with pytest.raises(SourceError, match="body"):
        verify(folder)


def test_standard_input_is_one_of_the_two_files() -> None:
    """For both it would be empty the second time, and every signature wrong."""
    result = run("verify", "-", "-", "--secret", SECRET)
    assert (result.exit_code, "standard input" in result.stderr) == (2, True)

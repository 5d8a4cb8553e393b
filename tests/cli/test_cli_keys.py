"""``capgateway keys`` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from capgateway.cli.keys import keys
from capgateway.errors import SourceError
from capgateway.webhooks import decode_secret

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


def test_a_right_signature(folder: Path) -> None:
    """Exit 0 and one word."""
    result = verify(folder, "--at", THEN)
    assert (result.exit_code, result.stdout) == (0, "valid\n")


def test_now_counts(folder: Path) -> None:
    """Without --at an old message is refused for its age."""
    result = verify(folder)
    assert result.exit_code == 1
    assert "in the past" in result.stdout


def test_a_wrong_signature(folder: Path) -> None:
    """Exit 1 and the reason, as JSON too."""
    (folder / "body").write_bytes(BODY + b" ")
    result = verify(folder, "--at", THEN, "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"valid": False, "reason": "no signature matches"})


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

"""What ``capgateway validate`` reads, and what it says of what it cannot read."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from validating import INVALID, VALID, run, serving

from capgateway.cli import sources


def test_what_a_search_finds_and_cannot_read_is_reported(tmp_path: Path) -> None:
    """A link that leads nowhere is no reason to say that all is well; the others are judged."""
    (tmp_path / "good.xml").write_text(VALID)
    (tmp_path / "gone.xml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.xml")  # is left alone, as a search would wait for it
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr == f"{tmp_path}/gone.xml: cannot be read: No such file or directory\n"
    assert result.stdout.endswith(
        "1 document in 2 sources: 1 valid, 0 invalid; 0 errors, 0 warnings; 1 source unreadable\n"
    )


def test_a_locked_directory_is_reported(tmp_path: Path) -> None:
    """One below the searched one too, and what is named or matched inside it."""
    locked = tmp_path / "locked"
    locked.mkdir()
    (tmp_path / "good.xml").write_text(VALID)
    (locked / "bad.xml").write_text(INVALID)
    locked.chmod(0)
    if os.access(locked, os.R_OK):
        pytest.skip("this user may read everything; run the tests as one who is not root")
    result = run(str(tmp_path), str(locked / "bad.xml"), str(locked / "*.xml"))
    locked.chmod(0o444)
    listed = run(str(locked))
    locked.chmod(0o700)
    assert result.exit_code == listed.exit_code == 2
    told = [f"{name}: cannot be read: Permission denied" for name in (locked, locked / "bad.xml", locked / "*.xml")]
    assert result.stderr.splitlines() == told
    assert listed.stderr.splitlines() == told[1:2]
    assert "1 valid, 0 invalid" in result.stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "'': cannot be read: No such file or directory"),
        ("a" * 5000, "cannot be read: File name too long"),
        ("good.xml/below", "cannot be read: Not a directory"),
    ],
)
def test_a_name_that_is_none_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    """The others are judged; an empty name is not the directory at hand."""
    monkeypatch.chdir(tmp_path)
    Path("good.xml").write_text(VALID)
    result = run(name, "good.xml")
    assert result.exit_code == 2
    assert result.stderr.endswith(f"{reason}\n")
    assert "1 valid, 0 invalid" in result.stdout


def test_a_document_is_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of the sources stand for it."""
    monkeypatch.chdir(tmp_path)
    Path("good.xml").write_text(VALID)
    assert list(sources.find(["good.xml", "./good.xml", str(tmp_path), ".", "*.xml", "-", "-"])) == ["good.xml", "-"]


def test_standard_input_may_be_closed() -> None:
    """As a shell does with <&-."""
    shell = ["/bin/sh", "-c", '"$0" -m capgateway validate - <&-', sys.executable]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=200, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (2, "-: cannot be read: standard input is closed\n")


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """Are shown with U+FFFD, and percent-encoded byte by byte where the name is an address."""
    (tmp_path / os.fsdecode(b"caf\xe9.xml")).write_text(INVALID)
    assert json.loads(run("--json", str(tmp_path)).stdout)["source"] == f"{tmp_path}/caf\ufffd.xml"
    (found,) = json.loads(run("--format", "sarif", str(tmp_path)).stdout)["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"file://{tmp_path}/caf%E9.xml"
    assert f"{tmp_path}/caf\ufffd.xml" in run("--format", "junit", str(tmp_path)).stdout


def test_addresses_in_sarif_are_encoded() -> None:
    """What the user typed, with what no address may hold as %XX; what is encoded stays so."""
    with serving({"/a%20b%20c?%C3%A9": INVALID.encode()}) as site:
        log = json.loads(run("--format", "sarif", f"{site}/a b%20c?é").stdout)
    (found,) = log["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"{site}/a%20b%20c?%C3%A9"


REDIRECTS = {
    "http://localhost:1/alert.xml": "http://localhost:1/alert.xml: plain http is not followed to another host or port",
    "https://10.0.0.1/x": "https://10.0.0.1/x: an address that is not public is not followed",
    "https://u:hush@10.0.0.1/": "https://10.0.0.1/: it is not followed, because it is not an http or https URL",
    "file:///etc/passwd": "where it redirects to is not a web address",
    "http://[bad": "where it redirects to is not a web address",
}


@pytest.mark.parametrize(("location", "reason"), REDIRECTS.items())
def test_a_redirect_that_is_not_followed_is_named(location: str, reason: str) -> None:
    """A stranger's server must not reach what only this machine can; nor name options that there are not."""
    with serving({"/": location}) as site:
        result = run(f"{site}/")
    assert result.exit_code == 2
    assert reason in result.stderr
    assert "allow_networks" not in result.stderr
    assert "hush" not in result.stderr


def test_a_login_in_an_address_is_never_shown() -> None:
    """Nor sent."""
    for form in ("text", "json", "sarif", "junit"):
        result = run("--format", form, "http://user:hush@127.0.0.1:1/alert.xml")
        assert result.exit_code == 2
        assert "http://127.0.0.1:1/alert.xml: cannot be read: it contains a login" in result.stderr
        assert "hush" not in result.output


def test_what_went_wrong_on_the_way_is_told_in_plain_words() -> None:
    """Not in those of the libraries."""
    assert "connect: no connection to 127.0.0.1:1: Connection refused\n" in run("http://127.0.0.1:1/").stderr
    assert "this is not a web address" in run("http://\x9b.example/").stderr
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server_side)
    with serving({}, tls=server_side) as site:
        told = run(f"{site}/").stderr
    assert "tls: the certificate of 127.0.0.1 is not accepted: " in told
    with serving({}) as site:
        assert "the server answered 404" in run(f"{site}/").stderr

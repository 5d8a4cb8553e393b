"""``capgateway validate`` as its users meet it: what it prints and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from capgateway.cli.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

VALID = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>TX-1</identifier><sender>alerts@agency.example</sender><sent>2026-11-22T10:15:00-06:00</sent>
  <status>Test</status><msgType>Alert</msgType><scope>Public</scope>
  <info>
    <category>Fire</category><event>Drill</event>
    <urgency>Past</urgency><severity>Minor</severity><certainty>Observed</certainty>
    <area><areaDesc>Here</areaDesc></area>
  </info>
</alert>
"""
INVALID = VALID.replace("<status>Test", "<status>test")


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(validate, list(arguments), input=stdin, catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with a valid and an invalid message, and a file that is not looked at."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "good.xml").write_text(VALID)
    (tmp_path / "sub" / "bad.cap").write_text(INVALID)
    (tmp_path / "notes.txt").write_text("hello")
    return tmp_path


def test_a_valid_message_exits_0(folder: Path) -> None:
    """And says so in a line."""
    result = run(str(folder / "good.xml"))
    assert result.exit_code == 0
    assert "alerts@agency.example,TX-1,2026-11-22T10:15:00-06:00: valid" in result.stdout
    assert result.stdout.endswith("1 in 1 source: 1 valid, 0 invalid; 0 errors, 0 warnings\n")


def test_an_invalid_message_exits_1_and_shows_the_place(folder: Path) -> None:
    """The finding, its place, the line of the document and a caret under the element."""
    result = run(str(folder / "sub" / "bad.cap"))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[1].startswith("  error: `status` is `test`; write one of Actual")
    assert lines[2].strip() == "/alert/status, line 4, CAP 1.2 §3.2.1"
    assert lines[3][lines[4].index("^") :].startswith("<status>")


def test_directories_and_globs_are_searched(folder: Path) -> None:
    """A directory means its XML files, below it too; a glob means what it matches."""
    assert "2 in 2 sources: 1 valid, 1 invalid" in run(str(folder)).stdout
    assert "1 in 1 source" in run(str(folder / "**" / "*.cap")).stdout


def test_standard_input_is_a_source() -> None:
    """It is called -."""
    result = run("-", stdin=VALID)
    assert result.exit_code == 0
    assert result.stdout.startswith("-#1 CAP 1.2 ")


def test_an_unreadable_source_exits_2_and_the_others_are_judged(folder: Path) -> None:
    """What could not be read is told on standard error."""
    result = run(str(folder / "none.xml"), str(folder / "good.xml"))
    assert result.exit_code == 2
    assert "none.xml: cannot be read" in result.stderr
    assert "1 valid" in result.stdout


def test_an_empty_directory_is_an_unreadable_source(tmp_path: Path) -> None:
    """Nothing was judged, so the answer cannot be yes."""
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert "holds no file" in result.stderr


def test_json_is_a_line_for_each_alert(folder: Path) -> None:
    """With the fields of the contract, in its order."""
    result = run("--json", str(folder))
    good, bad = (json.loads(line) for line in result.stdout.splitlines())
    assert list(good) == (
        ["source", "position", "kind", "cap_version", "profile", "identifier", "sender", "sent"]
        + ["verdict", "signature", "findings"]
    )
    assert good["signature"] == {"status": "absent"}
    assert (good["verdict"], bad["verdict"]) == ("valid", "invalid")
    assert list(bad["findings"][0]) == ["rule", "level", "layer", "xpath", "line", "message", "reference"]


def test_time_can_be_given(folder: Path) -> None:
    """A message is from the future only where now is in the past."""
    path = str(folder / "good.xml")
    assert "cap.sent.future" in run("--at", "2026-11-22T08:00:00-06:00", path).stdout
    assert "cap.sent.future" not in run("--at", "2026-11-22T11:00:00-06:00", path).stdout
    assert run("--at", "noon", path).exit_code == 2


def test_hostile_text_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Control characters of a document are not passed on."""
    (tmp_path / "evil.xml").write_bytes(b"\x1b[2J<alert>\x1b]0;x\x07")
    assert "\x1b" not in run(str(tmp_path)).stdout


@pytest.mark.parametrize("document", [VALID, INVALID])
def test_only_what_is_needed_is_imported(tmp_path: Path, document: str) -> None:
    """No server, scheduler or database; xmlschema to explain a fault only; rich on a terminal only."""
    (tmp_path / "one.xml").write_text(document)
    code = (
        "import sys; from capgateway.cli.validate import validate; validate(sys.argv[1:], standalone_mode=False);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)  # noqa: S603
    loaded = set(done.stderr.split())
    assert not loaded & {"aiohttp", "sqlalchemy", "apscheduler", "asyncio", "rich", "cryptography"}
    assert ("xmlschema" in loaded) == (document is INVALID)

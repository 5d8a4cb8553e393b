"""``capgateway config`` as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from capgateway.cli import cli

WRONG = '[gateway]\nlisten = "127.0.0.1:8025"\nlistn = "x"\n[policy]\nregions = ["TX"]\n'
RIGHT = '[policy]\nregions = ["US-TX"]\n'


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CAPGATEWAY_CONFIG", raising=False)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def test_each_fault_is_a_line_on_stderr(directory: Path) -> None:
    """A wrong file gives one line a fault, nothing on stdout, and exit code 2."""
    Path("c.toml").write_text(WRONG)
    result = run("--config", "c.toml", "config", "check")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        'c.toml:3: gateway.listn: unknown key; did you mean "listen"?',
        'c.toml:5: policy.regions[0]: unknown region "TX"; did you mean "US-TX"?',
    ]


def test_the_answer_can_be_json(directory: Path) -> None:
    """--json tells faults and warnings with line and key, in one document."""
    Path("c.toml").write_text(WRONG)
    result = run("--config", "c.toml", "config", "check", "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["path"], told["valid"]) == (2, "c.toml", False)
    assert [(one["line"], one["key"]) for one in told["errors"]] == [(3, "gateway.listn"), (5, "policy.regions[0]")]


def test_a_right_file_is_valid_and_warned_of(directory: Path) -> None:
    """A right file exits 0; that nothing comes in or goes out is a warning on stderr."""
    Path("c.toml").write_text(RIGHT)
    result = run("--config", "c.toml", "config", "check")
    assert result.exit_code == 0
    assert result.stdout.startswith("c.toml: valid\n")
    assert result.stderr.count("(warning)") == 2
    assert json.loads(run("--config", "c.toml", "config", "check", "--format", "json").stdout)["valid"] is True


def test_the_starter_file_is_written_once(directory: Path) -> None:
    """init writes a file that check accepts, and never overwrites one."""
    assert run("config", "init").exit_code == 0
    assert run("config", "check").exit_code == 0
    Path("config/capgateway.toml").write_text(RIGHT)
    result = run("config", "init")
    assert "already exists" in str(result.exception)
    assert Path("config/capgateway.toml").read_text() == RIGHT


def test_the_schema_is_printed(directory: Path) -> None:
    """schema prints the JSON Schema, without needing a configuration."""
    assert json.loads(run("config", "schema").stdout)["title"] == "capgateway configuration"


def test_a_variable_that_names_no_file_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been set long ago, and nobody typed that path."""
    monkeypatch.setenv("CAPGATEWAY_CONFIG", "gone.toml")
    for command in (["config", "check"], ["cards", "list"], ["run"]):
        assert str(run(*command).exception) == "gone.toml: does not exist, but $CAPGATEWAY_CONFIG names it"


def test_a_file_can_be_given_to_check(directory: Path) -> None:
    """``config check FILE``, whatever is configured; the answer shows the resolved path of the database."""
    Path("c.toml").write_text(RIGHT + '[gateway]\ndatabase = "sqlite:///data/x.db"\n')
    result = run("config", "check", "c.toml")
    assert (result.exit_code, f"database       {directory}/data/x.db" in result.stdout) == (0, True)
    assert json.loads(run("config", "check", "c.toml", "--json").stdout)["summary"]["regions"] == "US-TX"


def test_no_file_is_one_sentence_and_no_traceback(directory: Path) -> None:
    """Without any configuration file the command says where it looked and how to go on, exit code 2."""
    command = [sys.executable, "-c", "from capgateway.cli import main; main()", "config", "check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 2
    assert "capgateway config init" in result.stderr
    assert "Traceback" not in result.stderr

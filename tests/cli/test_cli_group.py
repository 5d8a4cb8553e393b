"""The command line as a whole: every command is there, starts, and answers trouble in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from capgateway.cli import COMMANDS, cli


def capgateway(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as its user does."""
    command = [sys.executable, "-m", "capgateway", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=60, check=False)  # noqa: S603


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_describes_itself(name: str) -> None:
    """``--help`` works for every command, and begins as the list of commands promises."""
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert f"cli {name}" in result.output


def test_the_readme_names_only_commands_that_exist() -> None:
    """What the README tells people to type is there."""
    words = [line.split()[2] for line in Path("README.md").read_text().splitlines() if line.startswith("$ capgateway")]
    assert set(words) <= set(COMMANDS)
    assert len(words) > 4


def test_trouble_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    """A configuration with four faults gives four lines with file, line and key, and no traceback."""
    path = tmp_path / "bad.toml"
    path.write_text(
        '[gateway]\nlistn = "x"\n[policy]\nregions = ["US-TXX"]\n[[feeds]]\nname = "a"\nkind = "atom"\nurl = "htp://x"\n'
        '[[receivers]]\nname = "r"\nurl = "https://r.example/"\nsecret = "env:CAPGATEWAY_TEST_NOWHERE"\n'
    )
    result = capgateway("--config", str(path), "run")
    assert (result.returncode, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert [line.split(": ")[0:2] for line in lines] == [
        [f"{path}:2", "gateway.listn"],
        [f"{path}:4", "policy.regions[0]"],
        [f"{path}:8", "feeds[0].url"],
        [f"{path}:12", "receivers[0].secret"],
    ]
    assert 'did you mean "listen"?' in lines[0]


def test_a_missing_database_is_said_plainly(tmp_path: Path) -> None:
    """Reading commands make no database, and tell who does."""
    path = tmp_path / "capgateway.toml"
    path.write_text(f'[gateway]\ndatabase = "sqlite:///{tmp_path}/none.db"\nlisten = ""\n')
    result = capgateway("--config", str(path), "cards", "list")
    assert result.returncode == 2
    assert "there is no database at" in result.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here; Linux has one")
def test_a_full_disk_is_told_as_such() -> None:
    """Where the answer cannot be written, one line says why, and blames nobody else."""
    command = [sys.executable, "-m", "capgateway", "rules"]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)  # noqa: S603
    assert (result.returncode, result.stderr) == (2, "capgateway: cannot write: no space left on the device\n")

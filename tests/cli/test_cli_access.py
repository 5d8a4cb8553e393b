"""A database that this user may not use: one sentence that says whose it is."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from capgateway.cli import (
    cli,
    run,  # noqa: F401  (nothing can be imported as nobody, who may not read the environment)
)
from capgateway.errors import StoreError

NOBODY = pwd.getpwnam("nobody")
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be another user for a moment; run it as root")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory that others may enter, with a configuration and its database."""
    with tempfile.TemporaryDirectory(prefix="capgateway-tests-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "c.toml").write_text('[gateway]\ndatabase = "sqlite:///data/x.db"\nlisten = ""\n')
        assert ask(directory, "db", "upgrade") is None
        yield directory
        (directory / "data").chmod(0o700)


def ask(directory: Path, *command: str) -> str | None:
    """What the command fails with."""
    result = CliRunner().invoke(cli, ["--config", str(directory / "c.toml"), *command])
    assert result.exception is None or isinstance(result.exception, StoreError), result.exception
    return str(result.exception) if result.exception else None


@contextmanager
def nobody() -> Iterator[None]:
    before = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY.pw_gid)
    os.seteuid(NOBODY.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


@ROOT
@pytest.mark.parametrize("command", [("cards", "list"), ("db", "status"), ("db", "upgrade"), ("run",)])
@pytest.mark.parametrize(("directory_mode", "file_mode"), [(0o755, 0o600), (0o700, 0o600)])
def test_a_database_of_another_user(
    shared: Path, command: tuple[str, ...], directory_mode: int, file_mode: int
) -> None:
    """The sentence names the owner, who asks, and the way out; it is not a fault of capgateway."""
    ask(shared, "cards", "list")  # which imports what it needs, too
    for file in (shared / "data").iterdir():
        file.chmod(file_mode)
    (shared / "data").chmod(directory_mode)
    with nobody():
        told = ask(shared, *command)
    assert told is not None
    assert "belongs to the user root, and the user nobody may not" in told
    assert f"the database {shared}/data/x.db" in told
    assert "sudo -u root capgateway" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_database_of_ones_own_that_is_closed(shared: Path) -> None:
    """Its permissions are to blame, and nobody else."""
    (shared / "data").chmod(0)
    assert "is yours, but its permissions do not let you read it" in str(ask(shared, "cards", "list"))

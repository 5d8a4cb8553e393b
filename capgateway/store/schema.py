"""The database's schema version: what it is, what it should be, and bringing it there."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from sqlalchemy import Connection


class SchemaStatus(msgspec.Struct, frozen=True, kw_only=True):
    """``current`` is what the database has (``None``: empty), ``head`` what this version of the software wants."""

    current: str | None
    head: str

    @property
    def is_current(self) -> bool:
        return self.current == self.head

    @property
    def is_known(self) -> bool:
        """Whether an upgrade can lead from here to the head: not so where a newer version wrote the database."""
        return self.current is None or self.current in known_revisions()

    @property
    def trouble(self) -> str | None:
        """What stands between this software and the database, and the way on."""
        if self.is_current:
            return None
        if not self.is_known:
            return "written by a newer version of capgateway"
        return f"this version needs {self.head}: run `capgateway db upgrade`"


def status(connection: Connection) -> SchemaStatus:
    """Where the database stands."""
    with as_file(files("capgateway.store") / "migrations") as path:
        head = ScriptDirectory(str(path)).get_current_head()
    return SchemaStatus(current=MigrationContext.configure(connection).get_current_revision(), head=str(head))


def known_revisions() -> set[str]:
    """Every schema version this software knows how to upgrade from."""
    with as_file(files("capgateway.store") / "migrations") as path:
        return {script.revision for script in ScriptDirectory(str(path)).walk_revisions()}


def upgrade(connection: Connection) -> None:
    """Apply what is missing, in the connection's own transaction."""
    with as_file(files("capgateway.store") / "migrations") as path:
        config = Config()
        config.set_main_option("script_location", str(path))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

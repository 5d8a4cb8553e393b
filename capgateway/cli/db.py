"""``capgateway db``: the database itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from capgateway import config
from capgateway.cli.access import explained
from capgateway.cli.group import Group
from capgateway.cli.output import emit_json, format_option
from capgateway.store import Store

if TYPE_CHECKING:
    from capgateway.cli.output import Context


@click.group(cls=Group)
def db() -> None:
    """Upgrade or back up the database, or show its state."""


@db.command()
@format_option
@click.pass_obj
def upgrade(context: Context, as_json: bool) -> None:
    """Upgrade the database schema to this version. The gateway does so by itself when it starts."""
    gateway = _gateway(context)
    with explained(gateway.database, writes=True):
        store = Store(gateway.database)
        try:
            before = store.schema_status().current
            store.upgrade()
            after = store.schema_status().current
        finally:
            store.close()
    if as_json:
        emit_json({"database": gateway.shown_database, "before": before, "after": after})
        return
    told = f"upgraded from {before or 'nothing'} to {after}" if before != after else f"is current ({after})"
    click.echo(f"{gateway.shown_database} {told}")


@db.command()
@format_option
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Show the version of the database schema, and its size. Exit code 1 when an upgrade is due."""
    gateway = _gateway(context)
    with explained(gateway.database):
        store = Store(gateway.database, read_only=True)
        try:
            found, size = store.schema_status(), store.size()
        finally:
            store.close()
    if as_json:
        told = {"database": gateway.shown_database, **msgspec.structs.asdict(found), "is_current": found.is_current}
        emit_json(told | {"bytes": size})
    else:
        state = found.trouble or "which is current"
        click.echo(f"{gateway.shown_database} has the schema {found.current or 'none'}, {state}; {size / 1e6:,.1f} MB")
    raise SystemExit(0 if found.is_current else 1)


@db.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@format_option
@click.pass_obj
def backup(context: Context, path: Path, as_json: bool) -> None:
    """Write a consistent copy of the database to a new file, PATH, while the gateway runs.

    The copy of a SQLite database is a database; that of PostgreSQL is an archive for pg_restore. It contains the personal data
    of its time, and only you may read it. Secrets and the configuration are not in it.
    """
    gateway = _gateway(context)
    with explained(gateway.database):
        store = Store(gateway.database, read_only=True)
        try:
            size = store.backup(path)
        finally:
            store.close()
    if as_json:
        emit_json({"database": gateway.shown_database, "path": str(path), "bytes": size})
        return
    click.echo(f"{gateway.shown_database} is copied to {path} ({size / 1e6:,.1f} MB)")


def _gateway(context: Context) -> config.GatewaySettings:
    return config.load(config.find(context.config_path), secrets_of=["gateway"]).gateway

"""``capgateway db``: the database's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from capgateway import config
from capgateway.cli.output import emit_json, format_option
from capgateway.store import Store

if TYPE_CHECKING:
    from capgateway.cli.output import Context


@click.group()
def db() -> None:
    """Upgrade the database, or tell its state."""


@db.command()
@click.pass_obj
def upgrade(context: Context) -> None:
    """Bring the schema to this version's. A gateway does so by itself when it starts."""
    store = Store(config.load(config.find(context.config_path)).gateway.database)
    try:
        before = store.schema_status().current
        store.upgrade()
        after = store.schema_status().current
    finally:
        store.close()
    told = f"upgraded from {before or 'nothing'} to {after}" if before != after else f"is current ({after})"
    click.echo(f"{store.name} {told}")


@db.command()
@format_option
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Tell the schema's version. Exit code 1 when an upgrade is due."""
    store = Store(config.load(config.find(context.config_path)).gateway.database, read_only=True)
    try:
        found = store.schema_status()
    finally:
        store.close()
    if as_json:
        emit_json({"database": store.name, **msgspec.structs.asdict(found), "is_current": found.is_current})
    else:
        click.echo(f"{store.name} has schema {found.current or 'none'}, {found.trouble or 'is current'}")
    raise SystemExit(0 if found.is_current else 1)

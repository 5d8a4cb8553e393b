"""``capgateway db``: the database's schema."""

from __future__ import annotations

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
    """Upgrade the database schema, or show its state."""


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
    """Show the version of the database schema. Exit code 1 when an upgrade is due."""
    gateway = _gateway(context)
    with explained(gateway.database):
        store = Store(gateway.database, read_only=True)
        try:
            found = store.schema_status()
        finally:
            store.close()
    if as_json:
        told = {"database": gateway.shown_database, **msgspec.structs.asdict(found), "is_current": found.is_current}
        emit_json(told)
    else:
        state = found.trouble or "which is current"
        click.echo(f"{gateway.shown_database} has the schema {found.current or 'none'}, {state}")
    raise SystemExit(0 if found.is_current else 1)


def _gateway(context: Context) -> config.GatewaySettings:
    return config.load(config.find(context.config_path), secrets_of=["gateway"]).gateway

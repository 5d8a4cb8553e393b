"""``capgateway schema``: print a schema that ships with the gateway."""

from __future__ import annotations

import click

from capgateway import shipped

SCHEMAS = {
    "card": "card/card-1.schema.json",
    "message": "message/message-1.schema.json",
    "config": "config/config.schema.json",
    "cap": "cap/cap-1.2.xsd",
}


@click.command()
@click.argument("name", type=click.Choice(list(SCHEMAS)))
@click.option("--cap-version", type=click.Choice(shipped.CAP_VERSIONS), default="1.2", show_default=True)
def schema(name: str, cap_version: str) -> None:
    """Print the schema of a card, a message, the configuration, or CAP."""
    path = f"cap/cap-{cap_version}.xsd" if name == "cap" else SCHEMAS[name]
    click.echo(shipped.schema(path).decode(), nl=False)

"""``capgateway schema``: print a schema that ships with the gateway."""

from __future__ import annotations

import click

from capgateway import shipped
from capgateway.cli.output import Choice

SCHEMAS = {
    "card": "card/card-1.schema.json",
    "message": "message/message-1.schema.json",
    "config": "config/config.schema.json",
    "cap": "cap/cap-1.2.xsd",
}


@click.command()
@click.argument("name", type=Choice(list(SCHEMAS)))
@click.option("--cap-version", type=Choice(shipped.CAP_VERSIONS), help="Version of the schema `cap`.  [default: 1.2]")
@click.option(
    "--lax", is_flag=True, help="Of `card`: the schema for receivers, which allows fields that later versions add."
)
def schema(name: str, cap_version: str | None, lax: bool) -> None:
    """Print the schema of a card, a message, the configuration, or CAP."""
    if lax and name != "card":
        raise click.UsageError(f"--lax applies to `schema card` only; there is one schema `{name}`")
    if cap_version and name != "cap":
        raise click.UsageError(f"--cap-version applies to `schema cap` only; there is one schema `{name}`")
    path = f"cap/cap-{cap_version}.xsd" if cap_version else "card/card-1.lax.schema.json" if lax else SCHEMAS[name]
    click.echo(shipped.schema(path).decode(), nl=False)

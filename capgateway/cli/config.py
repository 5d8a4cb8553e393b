"""``capgateway config``: check the configuration, write one to start from, print its JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from capgateway.cli import output, table
from capgateway.cli.group import Group
from capgateway.errors import ConfigError, ConfigErrors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.config import Settings


@click.group(cls=Group)
def config() -> None:
    """Check the configuration, write a new one, or print its schema."""


@config.command()
@click.argument("file", required=False)
@output.format_option
@click.pass_context
def check(context: click.Context, file: str | None, *, as_json: bool) -> None:
    """Check the configuration, or FILE: report every error with its line and key, and show what the file configures.

    Exit code 2 when there is an error.
    """
    from capgateway.config import find, load  # noqa: PLC0415  (`config --help` answers without it)

    path = str(find(file or context.obj.config_path))
    try:
        settings = load(path)
    except ConfigErrors as error:
        _tell(path, error.faults, None, as_json=as_json)
        context.exit(2)
    _tell(path, (), settings, as_json=as_json)


def _tell(path: str, faults: Sequence[ConfigError], settings: Settings | None, *, as_json: bool) -> None:
    from capgateway.config import summary  # noqa: PLC0415

    warnings = settings.warnings if settings else ()
    told = summary(settings) if settings else {}
    if as_json:
        remarks = {"errors": [_remark(one) for one in faults], "warnings": [_remark(one) for one in warnings]}
        output.emit_json({"path": path, "valid": not faults} | remarks | {"summary": told})
        return
    for fault in faults:
        click.echo(str(fault), err=True)
    for warning in warnings:
        click.echo(f"{warning} (warning)", err=True)
    if settings:
        click.echo(f"{path}: valid")
        for line in table.fields(list(told.items()), "  "):
            click.echo(line)


def _remark(fault: ConfigError) -> dict[str, Any]:
    return {"line": fault.line, "key": fault.key, "message": fault.message}


@config.command()
@click.argument("path", required=False)
@output.format_option
@click.pass_context
def init(context: click.Context, path: str | None, *, as_json: bool) -> None:
    """Write a commented starter file to PATH, by default config/capgateway.toml. An existing file is never overwritten."""
    from capgateway.config import HERE, starter  # noqa: PLC0415

    target = Path(path or context.obj.config_path or HERE)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(starter())
    except FileExistsError:
        raise ConfigError("already exists and was not changed; give another path", path=str(target)) from None
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", path=str(target)) from None
    if as_json:
        output.emit_json({"path": str(target)})
    click.echo(f"wrote {target}; next: capgateway config check {target}", err=True)


@config.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from capgateway import shipped  # noqa: PLC0415

    click.echo(shipped.schema("config/config.schema.json").decode(), nl=False)

"""``capgateway config``: is the configuration right, write one to start from, print its JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from capgateway.cli import output
from capgateway.errors import ConfigError, ConfigErrors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.config import Settings


@click.group()
def config() -> None:
    """Check, start or describe a configuration."""


@config.command()
@output.format_option
@click.pass_context
def check(context: click.Context, *, as_json: bool) -> None:
    """Check the configuration: every fault with file, line and key. Exit code 2 when there is one."""
    from capgateway.config import find, load  # noqa: PLC0415  (`config --help` answers without it)

    path = str(find(context.obj.config_path))
    try:
        settings = load(path)
    except ConfigErrors as error:
        _tell(path, error.faults, None, as_json=as_json)
        context.exit(2)
    _tell(path, (), settings, as_json=as_json)


def _tell(path: str, faults: Sequence[ConfigError], settings: Settings | None, *, as_json: bool) -> None:
    warnings = settings.warnings if settings else ()
    if as_json:
        remarks = {"errors": [_remark(one) for one in faults], "warnings": [_remark(one) for one in warnings]}
        output.emit_json({"path": path, "valid": not faults} | remarks)
        return
    for fault in faults:
        click.echo(str(fault), err=True)
    for warning in warnings:
        click.echo(f"{warning} (warning)", err=True)
    if settings:
        enabled = [sum(one.enabled for one in some) for some in (settings.feeds, settings.receivers)]
        click.echo(f"{path}: valid; feeds enabled: {enabled[0]}, receivers enabled: {enabled[1]}")


def _remark(fault: ConfigError) -> dict[str, Any]:
    return {"line": fault.line, "key": fault.key, "message": fault.message}


@config.command()
@click.argument("path", required=False)
@click.pass_context
def init(context: click.Context, path: str | None) -> None:
    """Write a commented starter file to PATH (config/capgateway.toml). An existing file is never touched."""
    from capgateway.config import HERE, starter  # noqa: PLC0415

    target = Path(path or context.obj.config_path or HERE)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(starter())
    except FileExistsError:
        raise ConfigError("exists already and is left as it is; name another path", path=str(target)) from None
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", path=str(target)) from None
    click.echo(f"wrote {target}; next: capgateway --config {target} config check", err=True)


@config.command()
def schema() -> None:
    """Print the configuration's JSON Schema."""
    from capgateway import shipped  # noqa: PLC0415

    click.echo(shipped.schema("config/config.schema.json").decode(), nl=False)

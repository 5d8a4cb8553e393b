"""Groups of commands: a misspelt one gets a suggestion, and ``--config`` and ``--server`` are accepted before or after any."""

from __future__ import annotations

from typing import Any

import click

from capgateway.cli.output import Context

CONFIG_HELP = (
    "Configuration file. Default: $CAPGATEWAY_CONFIG, ./config/capgateway.toml, ~/.config/capgateway/capgateway.toml."
)
SERVER_HELP = "Address of the running gateway, HOST:PORT or a URL. Default: $CAPGATEWAY_SERVER, else `listen` of the configuration."


def config_option() -> click.Option:
    """``--config``, before or after the command."""
    return _kept("config_path", "--config", metavar="PATH", help=CONFIG_HELP)


def server_option(*, hidden: bool = False) -> click.Option:
    """``--server``, before or after the command."""
    return _kept("server", "--server", metavar="ADDRESS", help=SERVER_HELP, hidden=hidden)


def asks_gateway(command: click.Command) -> click.Command:
    """A command that goes through the API of the running gateway, and so takes ``--server``. Written above ``@…command()``."""
    command.params.append(server_option())
    return command


class Group(click.Group):
    """A group whose commands all take ``--config``, and that suggests the nearest command for an unknown one."""

    #: Commands that read no configuration: they take the option, since it may stand before them too, and do not show it.
    without_configuration: frozenset[str] = frozenset()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return command and self.completed(command, is_hidden=cmd_name in self.without_configuration)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, name):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches  # noqa: PLC0415  (only who misspells a command waits for it)

        near = get_close_matches(name.lower(), self.list_commands(ctx), n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"{ctx.command_path} --help lists the commands."
        raise click.UsageError(f'There is no command "{name}"; {hint}', ctx)

    def completed(self, command: click.Command, *, is_hidden: bool = False) -> click.Command:
        """The command with the options that all have."""
        known = {option for param in command.params for option in param.opts}
        if "--config" not in known:
            option = config_option()
            option.hidden = is_hidden or isinstance(command, click.Group)
            command.params.append(option)
        if isinstance(command, Group) and is_hidden:
            command.without_configuration = frozenset(command.commands)
        if isinstance(command, click.Group) and "--server" not in known:
            command.params.append(server_option(hidden=True))
        return command


def _kept(field: str, *names: str, **more: Any) -> click.Option:
    """An option whose value is kept for the command that is run; the one nearest to the command's end counts."""

    def keep(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        context = ctx.ensure_object(Context)
        if value is not None:
            setattr(context, field, value)

    return click.Option([*names], callback=keep, expose_value=False, **more)

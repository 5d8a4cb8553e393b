"""The command line: one module a command family, imported when its command is called, so that each starts fast."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
import warnings
from importlib import import_module
from typing import Any, NoReturn

import click

from capgateway.cli.output import INTERRUPTED, UNREAD, Context, say
from capgateway.errors import CapgatewayError, ConfigError

# command → the module that holds it, under capgateway.cli, and what --help says of it. The order is that of --help.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run", "Run the gateway."),
    "demo": ("demo", "Show the whole way of an AMBER Alert on this machine."),
    "validate": ("validate", "Validate CAP messages, feeds and envelopes."),
    "rules": ("rules", "List the validation rules, or tell one."),
    "convert": ("convert", "Show the card that each alert would become."),
    "config": ("config", "Check, start or describe a configuration."),
    "feeds": ("feeds", "Ask how feeds are doing, check, poll or feed one."),
    "alerts": ("alerts", "Ask for alerts."),
    "cards": ("cards", "Ask for cards."),
    "deliveries": ("deliveries", "Ask for deliveries."),
    "listen": ("listen", "Run a receiver for developers."),
    "keys": ("keys", "Generate secrets, verify signatures."),
    "db": ("db", "Upgrade the database, or tell its state."),
    "schema": ("schema", "Print a schema: card, message, config or cap."),
}


class LazyGroup(click.Group):
    """Knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command = getattr(import_module(f"capgateway.cli.{module}"), cmd_name)
        gc.freeze()  # see __main__: what was imported is for good
        gc.enable()
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would exit 1, which says that the answer is no
            _end_unread()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_path",
    metavar="PATH",
    help="Configuration file. Default: $CAPGATEWAY_CONFIG, ./config/capgateway.toml, ~/.config/capgateway/capgateway.toml.",
)
@click.version_option(package_name="capgateway", prog_name="capgateway")
@click.pass_context
def cli(ctx: click.Context, config_path: str | None) -> None:
    """AMBER Alerts from government CAP feeds, delivered to a platform as signed webhooks.

    Results go to stdout, everything else to stderr. Exit codes: 0 success or all valid; 1 the answer is no;
    2 wrong usage, unreadable input or bad configuration.
    """
    ctx.obj = Context(config_path=config_path)


def main() -> NoReturn:
    """The ``capgateway`` command. No traceback ever reaches a user, unless ``CAPGATEWAY_DEBUG`` is set."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for those who write programs
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a locale that cannot write a character is no reason to say nothing
    try:
        exit_code = cli.main(prog_name="capgateway", standalone_mode=False)
        sys.exit(exit_code if isinstance(exit_code, int) else 0)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        sys.exit(_refuse(error))
    except ConfigError as error:
        say(str(error))  # begins with file and line, as editors like it
    except CapgatewayError as error:
        say(f"capgateway: {error}")
    except Exception as error:  # the last resort: a fault of ours
        if os.environ.get("CAPGATEWAY_DEBUG"):
            raise
        say(f"capgateway: {_fault(error)}")
    sys.exit(2)


def _refuse(error: click.ClickException) -> int:
    told = io.StringIO()
    error.show(told)
    say(told.getvalue().rstrip("\n"))
    return error.exit_code


def _end_unread() -> NoReturn:
    """End like a program that writes to a reader who has gone, without a verdict."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what is left in Python's buffers goes there
        os.dup2(nowhere, stream)
    sys.exit(UNREAD)


def _fault(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # where our answer goes: no fault of ours
        return "cannot write: no space left on the device"
    told = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"a fault in capgateway itself ({told}); CAPGATEWAY_DEBUG=1 shows where"

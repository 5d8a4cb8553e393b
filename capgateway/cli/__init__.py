"""The command line: one module a command family, imported when its command is called, so that each starts fast."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from capgateway.cli.group import Group, config_option, server_option
from capgateway.cli.output import INTERRUPTED, UNREAD, say
from capgateway.errors import CapgatewayError, ConfigError

if TYPE_CHECKING:
    from types import FrameType

# command → the module that holds it, under capgateway.cli, and what --help says of it. The order is that of --help.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run", "Run the gateway."),
    "demo": ("demo", "Show how an AMBER Alert travels from a feed to a receiver, on this machine."),
    "validate": ("validate", "Validate CAP messages, feeds and envelopes."),
    "rules": ("rules", "List the validation rules, or show one."),
    "convert": ("convert", "Show the card that each alert would become."),
    "config": ("config", "Check the configuration, write a new one, or print its schema."),
    "explain": ("explain", "Show the whole life of an alert."),
    "feeds": ("feeds", "Show the state of feeds; check or poll one, or submit a document."),
    "alerts": ("alerts", "Show alerts and what became of them; publish one."),
    "cards": ("cards", "Show cards; verify, withdraw, restore, correct, hold or export one."),
    "quarantine": ("quarantine", "Show quarantined alerts; release or dismiss one."),
    "erase": ("erase", "Take a card down, wipe all that it is about, and keep it from coming back."),
    "receivers": ("receivers", "Show the state of receivers; check one, or send it again what it lost."),
    "deliveries": ("deliveries", "Show deliveries to receivers; send some again."),
    "places": ("places", "Show the area codes of a point or a unit."),
    "pause": ("pause", "Stop all displays; take-downs continue."),
    "resume": ("pause", "End a pause."),
    "drill": ("drill", "Send an exercise card the whole way to the receivers, and take it down."),
    "audit": ("audit", "Show who did what, when and why."),
    "report": ("report", "Report conduct without personal data: what was displayed, and how fast it came down."),
    "replay": ("replay", "Show what this version would decide otherwise of stored alerts."),
    "listen": ("listen", "Run a receiver on this machine, for developers."),
    "keys": ("keys", "Generate secrets and verify signatures."),
    "db": ("db", "Upgrade the database schema, or show its state."),
    "schema": ("schema", "Print a schema: card, message, config or cap."),
}


#: Commands that never wait when they end.
ENDING_AT_ONCE = frozenset({"validate", "rules", "schema"})


class LazyGroup(Group):
    """Knows its commands by name and imports one when it is asked for. ``is_process``: it is the command of this process,
    whose signals it may handle."""

    is_process = False

    without_configuration = frozenset({"demo", "validate", "rules", "convert", "listen", "keys", "schema"})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if self.is_process and cmd_name not in ENDING_AT_ONCE:
            _listen_for_interrupts()
        if self.is_process and cmd_name == "run":
            _postpone_reloads()
        module, _ = COMMANDS[cmd_name]
        command = getattr(import_module(f"capgateway.cli.{module}"), cmd_name)
        gc.freeze()  # see __main__: what was imported is for good
        gc.enable()
        assert isinstance(command, click.Command)  # noqa: S101
        return self.completed(command, is_hidden=cmd_name in self.without_configuration)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would exit 1, which says that the answer is no
            _end_unread()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[config_option(), server_option()],
)
@click.version_option(package_name="capgateway", prog_name="capgateway")
def cli() -> None:
    """AMBER Alerts from government CAP feeds, delivered to a platform as signed webhooks.

    Results go to stdout, everything else to stderr. --config and --server may also follow the command.

    Exit codes: 0 success, or all valid; 1 negative answer; 2 usage error, unreadable input or bad configuration.
    """


def main() -> NoReturn:
    """The ``capgateway`` command. No traceback ever reaches a user, unless ``CAPGATEWAY_DEBUG`` is set."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for those who write programs
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a locale that cannot write a character is no reason to say nothing
    LazyGroup.is_process = True
    try:
        exit_code = cli.main(prog_name="capgateway", standalone_mode=False)
        sys.exit(exit_code if isinstance(exit_code, int) else 0)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        sys.exit(_refuse(error))
    except ConfigError as error:
        say(str(error))  # begins with file and line, as editors like it
    except CapgatewayError as error:
        say(f"capgateway: {' '.join(str(error).split())}")  # a database's own words may have several lines
    except Exception as error:  # the last resort: a fault of ours
        if os.environ.get("CAPGATEWAY_DEBUG"):
            raise
        say(f"capgateway: {_fault(error)}")
    sys.exit(2)


def _listen_for_interrupts() -> None:
    """The first Ctrl-C lets a command end in good order; the second one ends it at once, whatever it waits for."""
    import signal  # noqa: PLC0415  (costs as much as a short validation, which ends at the first one anyway)

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)


def _postpone_reloads() -> None:
    """A SIGHUP waits until the gateway can follow it: it would end the process, and an upgrade of the database may take minutes."""
    import signal  # noqa: PLC0415

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])


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
    if isinstance(error, PermissionError) and error.filename:
        return f"cannot open {error.filename}: permission denied"
    told = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"a fault in capgateway itself ({told}); run it again with CAPGATEWAY_DEBUG=1 to see where, and please report it"

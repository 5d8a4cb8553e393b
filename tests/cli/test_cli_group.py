"""The command line as a whole: every command is there, starts, and answers trouble in one line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pages import PAGES

from capgateway.cli import COMMANDS, cli
from capgateway.cli.gateway import given_address
from capgateway.cli.output import Choice, Context
from capgateway.cli.table import duration


def capgateway(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as its user does."""
    command = [sys.executable, "-m", "capgateway", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=200, check=False)  # noqa: S603


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_describes_itself(name: str) -> None:
    """``--help`` works for every command, and begins as the list of commands promises."""
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert f"cli {name}" in result.output


def test_the_readme_names_only_commands_that_exist() -> None:
    """What the README tells people to type is there."""
    words = [line.split()[2] for line in Path("README.md").read_text().splitlines() if line.startswith("$ capgateway")]
    assert set(words) <= set(COMMANDS)
    assert len(words) > 4


def test_trouble_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    """A configuration with four faults gives four lines with file, line and key, and no traceback."""
    path = tmp_path / "bad.toml"
    path.write_text(
        '[gateway]\nlistn = "x"\n[policy]\nregions = ["US-TXX"]\n[[feeds]]\nname = "a"\nkind = "atom"\nurl = "htp://x"\n'
        '[[receivers]]\nname = "r"\nurl = "https://r.example/"\nsecret = "env:CAPGATEWAY_TEST_NOWHERE"\n'
    )
    result = capgateway("--config", str(path), "run")
    assert (result.returncode, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert [line.split(": ")[0:2] for line in lines] == [
        [f"{path}:2", "gateway.listn"],
        [f"{path}:4", "policy.regions[0]"],
        [f"{path}:8", "feeds[0].url"],
        [f"{path}:12", "receivers[0].secret"],
    ]
    assert 'did you mean "listen"?' in lines[0]


def test_a_missing_database_is_said_plainly(tmp_path: Path) -> None:
    """Reading commands make no database, and tell who does."""
    path = tmp_path / "capgateway.toml"
    path.write_text(f'[gateway]\ndatabase = "sqlite:///{tmp_path}/none.db"\nlisten = ""\n')
    result = capgateway("--config", str(path), "cards", "list")
    assert result.returncode == 2
    assert "there is no database at" in result.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here; Linux has one")
def test_a_full_disk_is_told_as_such() -> None:
    """Where the answer cannot be written, one line says why, and blames nobody else."""
    command = [sys.executable, "-m", "capgateway", "rules"]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=200, check=False)  # noqa: S603
    assert (result.returncode, result.stderr) == (2, "capgateway: cannot write: no space left on the device\n")


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    """A configuration of a gateway that is not running, whose receiver's secret nobody has."""
    path = tmp_path / "capgateway.toml"
    receiver = '[[receivers]]\nname = "app"\nurl = "https://app.example/"\nsecret = "env:NOBODY_HAS_THIS"\n'
    path.write_text('[gateway]\ndatabase = "sqlite:///x.db"\nlisten = "127.0.0.1:1"\n' + receiver)
    assert CliRunner().invoke(cli, ["db", "upgrade", "--config", str(path)]).exit_code == 0
    return path


@pytest.mark.parametrize(
    "command",
    ["alerts list", "cards list", "deliveries list", "feeds list", "db status", "db upgrade"],
)
def test_reading_needs_no_secret_of_a_receiver(quiet: Path, command: str) -> None:
    """Whoever looks has a shell, not the environment of the gateway. To run it, the secret is needed."""
    result = CliRunner().invoke(cli, ["--config", str(quiet), *command.split(), "--json"])
    assert (result.exit_code, result.exception) == (0, None)
    assert json.loads(result.stdout)
    for needs_it in ("run", "config check"):
        assert CliRunner().invoke(cli, ["--config", str(quiet), *needs_it.split()]).exception is not None


def test_the_address_of_the_database_is_only_needed_where_no_gateway_answers(tmp_path: Path) -> None:
    """Then the complaint says why it is needed."""
    path = tmp_path / "c.toml"
    path.write_text('[gateway]\ndatabase = "env:NOBODY_HAS_THIS"\nlisten = "127.0.0.1:1"\n')
    done = capgateway("feeds", "list", "--config", str(path))
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        [
            "capgateway: no gateway answers at http://127.0.0.1:1, and the address of its database cannot be read:",
            f"{path}:2: gateway.database: the environment variable NOBODY_HAS_THIS is not set",
        ],
    )
    path.write_text('[gateway]\ndatabase = "postgresql://cap:hidden5@127.0.0.1:1/cap"\nlisten = "127.0.0.1:1"\n')
    done = capgateway("cards", "list", "--config", str(path))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "no gateway answers at http://127.0.0.1:1, and cannot use the database" in done.stderr
    assert "hidden5" not in done.stderr


@pytest.mark.parametrize("place", range(3))
def test_options_stand_before_and_after_the_command(quiet: Path, place: int) -> None:
    """--config and --server, at any level; of several the last one counts."""
    words = ["cards", "list", "--json"]
    words[place:place] = ["--config", str(quiet)]
    assert json.loads(CliRunner().invoke(cli, words).stdout) == {"items": [], "next": None}
    words[place:place] = ["--server", "127.0.0.1:1"]
    result = CliRunner().invoke(cli, words)
    assert (result.exit_code, result.stderr) == (
        2,
        "capgateway: no gateway answers at http://127.0.0.1:1, the address in --server\n",
    )
    last = CliRunner().invoke(cli, ["--config", "none.toml", "cards", "list", "--json", "--config", str(quiet)])
    assert last.exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_a_configuration(name: str) -> None:
    """One that reads none takes the option all the same, since it may stand before any."""
    assert CliRunner().invoke(cli, [name, "--config", "none.toml", "--help"]).exit_code == 0
    assert CliRunner().invoke(cli, ["--config", "none.toml", name, "--help"]).exit_code == 0


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("127.0.0.1:1", "http://127.0.0.1:1"),
        ("localhost", "http://localhost:8025"),
        ("[::1]:1", "http://[::1]:1"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1"),
        ("https://cap.example/gateway/", "https://cap.example/gateway"),
    ],
)
def test_a_server_needs_no_scheme(server: str, address: str) -> None:
    """``host:port``, a host alone, or a URL."""
    assert given_address(Context(server=server)) == address


@pytest.mark.parametrize("server", ["ftp://x", "http://", "x:y", "127.0.0.1:0"])
def test_what_is_not_an_address_is_refused(quiet: Path, server: str) -> None:
    """Before anything is asked: exit code 2, and how to write one."""
    result = CliRunner().invoke(cli, ["cards", "list", "--server", server, "--config", str(quiet)])
    assert result.exit_code == 2
    assert "is not the address of a gateway; write it like" in result.stderr


@pytest.mark.parametrize(
    ("words", "near"),
    [("vaildate x", "validate"), ("alert list", "alerts"), ("config chek", "check"), ("cards lst", "list")],
)
def test_a_misspelt_command_gets_a_suggestion(words: str, near: str) -> None:
    """At each level; where nothing is near, it says how to find out."""
    result = CliRunner().invoke(cli, words.split())
    assert result.exit_code == 2
    assert f'did you mean "{near}"?' in result.stderr
    far = CliRunner().invoke(cli, ["qqq"])
    assert 'There is no command "qqq"; cli --help lists the commands.' in far.stderr


@pytest.mark.parametrize("command", [["--help"], ["validate", "--help"], ["schema", "card"], ["config", "--help"]])
def test_help_starts_without_the_heavy_libraries(command: list[str]) -> None:
    """Neither HTTP, nor the database, nor the scheduler is imported to explain a command."""
    code = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
        "from capgateway.cli import main; main()"
    )
    words = [sys.executable, "-c", code, *command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=200, check=True)  # noqa: S603
    modules = set(done.stderr.split())
    assert "capgateway.cli" in modules
    assert modules.isdisjoint({"aiohttp", "sqlalchemy", "apscheduler", "asyncio", "cryptography"})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_works_as_documented(shell: str) -> None:
    """docs/operating.md shows how to turn it on; the script it sources is there and completes commands."""
    documented = Path("docs/operating.md").read_text()
    assert f"_CAPGATEWAY_COMPLETE={shell}_source capgateway" in documented
    words = {"COMP_WORDS": "capgateway feeds po", "COMP_CWORD": "po" if shell == "fish" else "2"}
    env = os.environ | words | {"_CAPGATEWAY_COMPLETE": f"{shell}_complete"}
    command = [sys.executable, "-c", "from capgateway.cli import main; main()"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=200, check=True)  # noqa: S603
    assert "poll" in done.stdout


def test_make_help_lists_every_target() -> None:
    """And a bare ``make`` does the same."""
    targets = re.findall(r"^([a-z]+):", Path("Makefile").read_text(), re.MULTILINE)
    for words in (["make", "help"], ["make"]):
        done = subprocess.run(words, capture_output=True, text=True, timeout=200, check=True)  # noqa: S603
        assert re.findall(r"^make ([a-z]+) ", done.stdout, re.MULTILINE) == targets
    assert len(targets) > 8


def test_json_is_format_json_everywhere() -> None:
    """Each command that has one has the other."""
    for path, command in every_command():
        options = {option for param in command.params for option in param.opts}
        assert ("--json" in options) == ("--format" in options), path
        assert {"--json"} <= options or path in WITHOUT_REPORT, path


#: They print a schema, which is JSON or XML by itself, or run until they are stopped.
WITHOUT_REPORT = {"run", "demo", "schema", "config schema"}


def test_every_command_and_option_is_in_the_documentation() -> None:
    """Each command as it is typed, or by its name alone in code; each of its options by name."""
    text = "".join(page.read_text() for page in PAGES)
    commands = dict(every_command())
    assert len(commands) > 40
    assert [name for name in commands if not re.search(rf"(?:capgateway |`){name}\b", text)] == []
    options = {
        option
        for command in commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
    }
    assert [option for option in sorted(options) if not re.search(rf"(?<![\w-]){option}(?![\w-])", text)] == []


def test_the_documentation_lists_what_asks_the_gateway() -> None:
    """The commands that take the address of the gateway."""
    page = Path("docs/operating.md").read_text()
    listed = re.findall("`([a-z]+)`", page.partition("- **Gateway**:")[2].partition("ask the running gateway")[0])
    asking = {
        name.split()[0] for name, command in every_command() if any(one.name == "server" for one in command.params)
    }
    assert listed == sorted(asking)


def every_command() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        context = click.Context(cli)
        command = cli.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                found = command.get_command(context, inner)
                assert found
                yield f"{name} {inner}", found
        else:
            yield name, command


@pytest.mark.parametrize(
    ("command", "near"),
    [
        (["alerts", "list", "--decision", "publishd"], "published"),
        (["cards", "list", "--format", "jsn"], "json"),
        (["validate", "x.xml", "--profile", "ipwas"], "ipaws"),
        (["quarantine", "list", "--reason", "Revue"], "review"),
    ],
)
def test_a_misspelt_choice_gets_a_suggestion(command: list[str], near: str) -> None:
    """Beside the list of all; one that is like none of them gets the list."""
    result = CliRunner().invoke(cli, command)
    assert (result.exit_code, f'Did you mean "{near}"?' in result.stderr) == (2, True)
    none = CliRunner().invoke(cli, [*command[:-1], "xxxxxxxx"])
    assert (none.exit_code, "is not one of" in none.stderr, "Did you mean" in none.stderr) == (2, True, False)


def test_every_choice_suggests() -> None:
    """No option is one of click's own, which only lists."""
    context = click.Context(cli)
    commands = [cli.get_command(context, name) for name in COMMANDS]
    commands += [inner for one in commands if isinstance(one, click.Group) for inner in one.commands.values()]
    choices = [param for one in commands if one for param in one.params if isinstance(param.type, click.Choice)]
    assert len(choices) > 20
    assert [param.name for param in choices if not isinstance(param.type, Choice)] == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, None), (0, "0.0 s"), (7.46, "7.5 s"), (60, "1 min"), (200, "3 min 20 s"), (7_500.2, "2 h 5 min"),
        (86_400 * 3 + 4 * 3_600 + 59, "3 d 4 h"), (-90, "-1 min 30 s"),
    ],
)  # fmt: skip
def test_a_duration_is_in_its_two_largest_units(seconds: float | None, words: str | None) -> None:
    """As people say it."""
    assert duration(seconds) == words

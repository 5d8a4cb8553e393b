"""Runs the ``console`` blocks of a page as a reader would: in a copy of the repository, one command after the other.

A line that begins with ``$`` is a command, continued by a backslash at its end; other lines are output. A command is expected to
exit with 0, or as a comment ``# exit code N`` says. A block that begins with ``# Not run by the tests: …`` is skipped. Commands
that run until Ctrl-C stay running while the page is read, and are interrupted at its end. Each line of output that a block
shows has to occur in what the block printed, in that order; ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ports import free_port

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.db*", "build", "dist")
SKIPPED = "# Not run by the tests: "
SERVER = re.compile(r"(?:make (?:demo|run)|capgateway(?: --config \S+)? (?:run|listen|demo))\b(?!.*--once)")
READY = {"run": "gateway.started", "listen": "Listening on", "demo": "Texas authority"}
NOT_OF_A_READER = ("CAPGATEWAY_", "MAKE", "MFLAGS", "ARGS", "WORKERS")
"""The last ones are what `make test ARGS=…` leaves to any other `make`."""
PATIENCE_SECONDS = 200.0


class Command(NamedTuple):
    """A command, what the block shows of its output, and the exit code it is to have."""

    text: str
    output: list[str]
    exit_code: int


def fences(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page, each with the word after its fence."""
    found = re.findall(r"^ *```(\w*).*\n((?:(?! *```).*\n)*) *```$", page, re.MULTILINE)
    return [(word, text) for word, text in found]


def blocks(page: str) -> list[str]:
    """The console blocks of a page, or of a section."""
    return [text for word, text in fences(page) if word == "console"]


def commands(block: str) -> list[Command]:
    """What is to be run of a block, in order."""
    lines = [line.strip() if line.lstrip().startswith("$ ") else line for line in block.splitlines()]
    found: list[Command] = []
    if lines[0].lstrip().startswith(SKIPPED):
        return found
    while lines:
        line = lines.pop(0)
        if not line.startswith("$ "):
            found[-1].output.append(line)
            continue
        while line.endswith("\\"):
            line = line[:-1] + lines.pop(0).strip()
        code = re.search(r"# exit code (\d+)", line)
        found.append(Command(line[2:], [], int(code[1]) if code else 0))
    return found


class Terminal:
    """A copy of the repository, its environment, and the commands that are running there."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.environment = directory / "capgateway", directory / "environment"
        shutil.copytree(ROOT, self.directory, symlinks=True, ignore=LEFT_OUT)
        (self.directory / ".venv").mkdir()
        (self.directory / ".venv/bin").symlink_to(Path(sys.prefix, "bin"))
        (self.directory / ".venv/.ready").touch()  # newer than what `make` compares it with
        self.ports = {"8025": free_port(), "8026": free_port()}
        self.servers: list[tuple[str, subprocess.Popen[bytes], Path]] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OF_A_READER)}
        self.variables = kept | {"HOME": str(directory), "NO_COLOR": "1", "PATH": f"{sys.prefix}/bin:{kept['PATH']}"}

    def run(self, block: str) -> None:
        """Every command of a block, each with the exit code and the output it is to have."""
        for command in commands(block):
            self._start(command) if SERVER.match(command.text) else self._run(command)
            self._move_ports()

    def stop(self) -> None:
        """Interrupt what still runs; a gateway and a receiver end with exit code 0."""
        codes = {}
        for text, process, _ in self.servers:
            os.killpg(process.pid, signal.SIGINT)
        for text, process, _ in self.servers:
            try:
                codes[text] = process.wait(60)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        assert {text: code for text, code in codes.items() if code and not text.startswith("make")} == {}

    def _run(self, command: Command) -> None:
        script = (
            f"{self._sourced()}{self._moved(command.text)}\nstatus=$?\nexport -p > {self.environment}\nexit $status"
        )
        done = subprocess.run(  # noqa: S603
            ["/usr/bin/env", "bash", "-c", script],
            cwd=self.directory,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == command.exit_code, f"$ {command.text}\n{done.stdout}{done.stderr}"
        missing = absent(command.output, done.stdout + done.stderr)
        assert missing is None, f"$ {command.text}\nmissing: {missing}\nin: {done.stdout}{done.stderr}"

    def _start(self, command: Command) -> None:
        output = self.directory.parent / f"output-{len(self.servers)}"
        with output.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603
                ["/usr/bin/env", "bash", "-c", f"{self._sourced()}exec {self._moved(command.text)}"],
                cwd=self.directory,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.servers.append((command.text, process, output))
        ready = next(sign for name, sign in READY.items() if re.search(rf"\b{name}\b", command.text))
        expected = [*command.output, f"…{ready}…"] if not command.output else command.output
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (missing := absent(expected, output.read_text())) is not None:
            is_late = time.monotonic() > deadline or process.poll() is not None
            assert not is_late, f"$ {command.text}\nmissing: {missing}\nin: {output.read_text()}"
            time.sleep(0.05)

    def _sourced(self) -> str:
        return f"[ -e {self.environment} ] && source {self.environment}\n"

    def _moved(self, text: str) -> str:
        """The command with ports that are free on this machine."""
        if re.search(r"\blisten\b", text) and "--port" not in text:
            text = text.replace("capgateway listen", "capgateway listen --port 8026")
        for usual, free in self.ports.items():
            text = re.sub(rf"\b{usual}\b", str(free), text)
        return text

    def _move_ports(self) -> None:
        for path in self.directory.glob("*/*.toml"):
            moved = self._moved(text := path.read_text())
            if moved != text:
                path.write_text(moved)


def absent(expected: list[str], printed: str) -> str | None:
    """The first of the expected lines that was not printed after those before it."""
    lines = iter(printed.splitlines())
    for line in expected:
        pattern = ".*".join(map(re.escape, line.rstrip().split("…")))
        if line.strip() and not any(re.fullmatch(pattern, one.rstrip()) for one in lines):
            return line
    return None


@contextmanager
def terminal(directory: Path) -> Iterator[Terminal]:
    """A terminal whose servers end with it, whatever happens."""
    opened = Terminal(directory)
    try:
        yield opened
    except BaseException:
        for _, process, _ in opened.servers:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        raise
    opened.stop()

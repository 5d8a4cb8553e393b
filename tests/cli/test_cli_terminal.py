"""``capgateway validate`` as a process among others: on a terminal, in a pipe, interrupted, killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from validating import CAPGATEWAY, COMMAND, INVALID, VALID, capgateway, children, on_terminal, screen, until

from capgateway.cli.rules import RULES

MANY = 210
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children are found in /proc; Linux has it")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A directory with as many messages as are judged by several processes, the last one invalid."""
    (tmp_path / "many").mkdir()
    for number in range(MANY):
        (tmp_path / "many" / f"{number:03}.xml").write_text(INVALID if number == MANY - 1 else VALID)
    return tmp_path / "many"


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A source that is not there until somebody writes it: a named pipe."""
    os.mkfifo(tmp_path / "slow.xml")
    return tmp_path / "slow.xml"


def test_standard_input_is_one_of_many(many: Path) -> None:
    """The processes that judge the others have none."""
    done = capgateway(many, "-", stdin=INVALID.encode())
    assert b"\n-#1 CAP 1.2 alerts@agency.example" in done.stdout
    assert b"\n211 documents in 211 sources: 209 valid, 2 invalid" in done.stdout


@LINUX
def test_few_large_sources_are_judged_by_many_processes(tmp_path: Path, slow: Path) -> None:
    """It is the work that counts; the order is that of the sources."""
    large = [tmp_path / f"{number}.xml" for number in range(4)]
    for path in large:
        path.write_text(VALID.replace("Here", "Here " * 120_000))
    process = subprocess.Popen([*COMMAND, "--json", slow, *large], stdout=subprocess.PIPE, text=True)  # noqa: S603
    until(lambda: children(process.pid))
    slow.write_text(VALID)
    told, _ = process.communicate(timeout=120)
    assert [json.loads(line)["source"] for line in told.splitlines()] == [str(path) for path in (slow, *large)]


@LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_is_left_behind(many: Path, slow: Path, number: signal.Signals) -> None:
    """However the first one ends."""
    process = subprocess.Popen([*COMMAND, slow, many], stdout=subprocess.DEVNULL)  # noqa: S603
    until(lambda: children(process.pid))
    workers = children(process.pid)
    process.send_signal(number)
    assert process.wait(60) == -number
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


@LINUX
@pytest.mark.parametrize("is_hasty", [False, True])
def test_an_interrupt_ends_it_at_once(many: Path, slow: Path, is_hasty: bool) -> None:
    """Without waiting for what is being judged, and without a word."""

    def interrupt(pid: int) -> None:
        until(lambda: children(pid))
        time.sleep(0 if is_hasty else 0.3)
        os.killpg(pid, signal.SIGINT)

    exit_code, written = on_terminal(slow, many, meanwhile=interrupt)
    assert exit_code == 130
    assert written.strip() == ""


@LINUX
def test_a_killed_worker_costs_no_result(many: Path, slow: Path) -> None:
    """What it had not done is done by the first process."""
    process = subprocess.Popen([*COMMAND, slow, many], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    until(lambda: children(process.pid))
    time.sleep(0.2)
    for worker in children(process.pid):
        os.kill(worker, signal.SIGKILL)
    until(lambda: not children(process.pid))
    slow.write_text(VALID)
    told, wrong = process.communicate(timeout=120)
    assert (process.returncode, wrong) == (1, "")
    assert told.endswith("211 documents in 211 sources: 210 valid, 1 invalid; 1 error, 0 warnings\n")


def test_progress_is_told_and_taken_back(many: Path, slow: Path, tmp_path: Path) -> None:
    """After a second, on the terminal; in the end nothing of it stands between the lines of the report."""

    def wait(_: int) -> None:
        time.sleep(2)
        slow.write_text(VALID)

    exit_code, written = on_terminal(slow, many, meanwhile=wait)
    assert exit_code == 1
    assert re.search(r"0 of 211 validated, 1 s ", written)
    lines = screen(written)
    assert lines[-2] == "211 documents in 211 sources: 210 valid, 1 invalid; 1 error, 0 warnings"
    assert not any("validated" in line for line in lines)
    assert sum(line.endswith(": valid") for line in lines) == 210

    os.unlink(slow)
    os.mkfifo(slow)
    exit_code, written = on_terminal("--json", slow, meanwhile=wait, stdout=tmp_path / "report")
    assert exit_code == 0
    assert "0 of 1 validated, 1 s " in written
    assert json.loads((tmp_path / "report").read_text())["verdict"] == "valid"


def test_a_reader_who_has_seen_enough_is_told_no_verdict(many: Path) -> None:
    """It ends like any program that writes into a broken pipe, as `set -o pipefail` wants it."""
    with subprocess.Popen([*COMMAND, many], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_machine_formats_are_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    """And text is written as well as the locale can."""
    path = tmp_path / "one.xml"
    path.write_text(INVALID.replace("TX-1", "大雨").replace("<event>", "<!-- 大雨 --><event>").replace("Past", "大雨"))
    locale = {"PYTHONIOENCODING": "cp1252"}
    assert json.loads(capgateway("--json", path, env=locale).stdout.decode())["identifier"] == "大雨"
    assert "大雨" in capgateway("--format", "junit", path, env=locale).stdout.decode()
    text = capgateway(path, env=locale)
    assert (text.returncode, text.stderr) == (1, b"")
    assert b"alerts@agency.example,??,2026" in text.stdout


STEERING = "\x9b31m\u202e\x7f"  # what XML lets pass; names of files may hold an escape too


def steers(written: bytes) -> bool:
    return any(character in written.decode() for character in ("\x1b", "\x9b", "\u202e", "\x7f"))


def test_nothing_steers_the_terminal(tmp_path: Path) -> None:
    """Neither names of files nor what a document says, on either stream and in any form; JSON keeps it escaped."""
    (tmp_path / f"\x1b[31m{STEERING}.xml").symlink_to(tmp_path / "nowhere")
    (tmp_path / f"a{STEERING}.xml").write_text(INVALID.replace("TX-1", f"TX{STEERING}"))
    for form in ("text", "json", "sarif", "junit"):
        done = capgateway("--format", form, tmp_path)
        assert done.returncode == 2
        assert not steers(done.stdout + done.stderr)
    assert json.loads(capgateway("--json", tmp_path).stdout)["identifier"] == f"TX{STEERING}"


@pytest.mark.parametrize("option", ["--trust", "--schema", "--nothing"])
def test_no_complaint_steers_the_terminal(tmp_path: Path, option: str) -> None:
    """Although it names what the user gave."""
    junk = tmp_path / f"\x1b[31m{STEERING}.pem"
    junk.write_text("junk")
    done = capgateway(f"{option}={junk}", tmp_path)
    assert done.returncode == 2
    assert not steers(done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("env", "is_coloured"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals_that_want_it(tmp_path: Path, env: dict[str, str], is_coloured: bool) -> None:
    """An empty NO_COLOR is none."""
    (tmp_path / "one.xml").write_text(VALID)
    assert ("\x1b[" in on_terminal(tmp_path, env=env)[1]) is is_coloured


def test_rules_fit_the_terminal() -> None:
    """Listed and told."""
    longest = max(RULES.values(), key=lambda rule: len(rule.source))
    for arguments in ([], [longest.id]):
        lines = screen(on_terminal(*arguments, command="rules", columns=90)[1])
        assert len(lines) > 6
        assert max(map(len, lines)) <= 90


def test_no_warning_of_python_reaches_the_user() -> None:
    """They speak of code."""
    code = "import atexit, warnings; atexit.register(warnings.warn, 'x'); from capgateway.cli import main; main()"
    command = [sys.executable, "-c", code, "schema", "cap"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")


def test_a_version_is_for_the_schema_that_has_several() -> None:
    """It is not left unsaid that it means nothing to others."""
    command = [*CAPGATEWAY, "schema", "card", "--cap-version", "1.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert (done.returncode, done.stdout) == (2, "")
    assert "--cap-version applies to `schema cap`" in done.stderr


def test_the_schema_for_receivers_can_be_printed() -> None:
    """Of a card only: there is one schema of the others."""
    printed = subprocess.run([*CAPGATEWAY, "schema", "card", "--lax"], capture_output=True, check=True)  # noqa: S603
    assert json.loads(printed.stdout)["title"] == "capgateway card, version 1, for receivers"
    command = [*CAPGATEWAY, "schema", "message", "--lax"]
    refused = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603
    assert (refused.returncode, "--lax applies to `schema card`" in refused.stderr) == (2, True)

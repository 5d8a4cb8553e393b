"""What the tests of ``capgateway validate`` share: messages, and ways to run it: in this process, in one of its own, and
on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

from capgateway.cli.validate import validate

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

VALID = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>TX-1</identifier><sender>alerts@agency.example</sender><sent>2026-11-22T10:15:00-06:00</sent>
  <status>Test</status><msgType>Alert</msgType><scope>Public</scope>
  <info>
    <category>Fire</category><event>Drill</event>
    <urgency>Past</urgency><severity>Minor</severity><certainty>Observed</certainty>
    <area><areaDesc>Here</areaDesc></area>
  </info>
</alert>
"""
INVALID = VALID.replace("<status>Test", "<status>test")
FEED = """<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:f</id><title>t</title><updated>2026-11-22T10:15:00Z</updated>
<entry><id>urn:e</id><title>t</title><updated>2026-11-22T10:15:00Z</updated><content type="text/xml">{}</content></entry></feed>"""

CAPGATEWAY = (sys.executable, "-m", "capgateway")
COMMAND = (*CAPGATEWAY, "validate")


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(validate, list(arguments), input=stdin, catch_exceptions=False)


def capgateway(
    *arguments: str | bytes | Path, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """``capgateway validate`` in a process of its own."""
    environment = os.environ | (env or {})
    return subprocess.run(  # noqa: S603
        [*COMMAND, *arguments], input=stdin, capture_output=True, env=environment, timeout=200, check=False
    )


def on_terminal(
    *arguments: str | Path,
    command: str = "validate",
    columns: int = 80,
    stdout: Path | None = None,
    meanwhile: Callable[[int], object] = lambda _: None,
    env: dict[str, str] | None = None,
) -> tuple[int, str]:
    """How it exits and what it writes to a terminal of that width, with stdout elsewhere if so told; ``meanwhile`` is
    called with its process id, which is that of its group too."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    out = os.open(stdout, os.O_WRONLY | os.O_CREAT) if stdout else end
    process = subprocess.Popen(  # noqa: S603
        [*CAPGATEWAY, command, *arguments],
        stdin=end,
        stdout=out,
        stderr=end,
        env=inherited | {"TERM": "xterm"} | (env or {}),
        start_new_session=True,
    )
    for mine in {end, out}:
        os.close(mine)
    meanwhile(process.pid)
    written = b""
    with suppress(OSError):  # Linux's way to say that the other side is closed
        while read := os.read(terminal, 65536):
            written += read
    os.close(terminal)
    return process.wait(60), written.decode()


def screen(written: str) -> list[str]:
    """The lines as they stand on a terminal in the end: what was erased is gone, colours too."""
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        last = line.rpartition("\r\x1b[K")[2]
        lines.append("".join(part.partition("m")[2] if at else part for at, part in enumerate(last.split("\x1b["))))
    return lines


def children(parent: int) -> list[int]:
    """The processes that a process began and that live."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = status.read_text().partition(" (")
            state, ppid = rest.rpartition(") ")[2].split()[:2]
            if int(ppid) == parent and state != "Z":
                found.append(int(pid))
    return found


def until(is_so: Callable[[], object]) -> None:
    """Wait, for at most a minute."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def serving(answers: Mapping[str, bytes | str], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A web server on the loopback: a document for each path, or where it redirects to; ``{}`` there is its own address."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path)
            if isinstance(answer, str):
                self.send_response(302)
                self.send_header("Location", answer)
                self.end_headers()
                return
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(answer or b"")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

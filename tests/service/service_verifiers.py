"""Verifiers of other people, for what a gateway really sent: packages from PyPI in this process or beside it, and from npm.

What is not installed comes from the package index into a folder of the test run; where there is no index, the test is skipped.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

SVIX = "svix==2.9.1"
NPM_PACKAGES = ("standardwebhooks@1.1.1", "svix@2.5.0")
INSTALL_SECONDS, RUN_SECONDS = 90, 60

PYTHON = """
import base64, json, sys
from svix.webhooks import Webhook
def verdict(secret, headers, body):
    try:
        Webhook(secret).verify(base64.b64decode(body), headers)
    except Exception:
        return False
    return True
print(json.dumps([verdict(*one) for one in json.load(sys.stdin)]))
"""
NODE = """
const { Webhook } = require(process.argv[1]);
const verdict = ([secret, headers, body]) => {
  try { new Webhook(secret).verify(Buffer.from(body, "base64"), headers); return true; } catch { return false; }
};
let text = "";
process.stdin.on("data", (part) => (text += part)).on("end", () => console.log(JSON.stringify(JSON.parse(text).map(verdict))));
"""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it arrived, and a secret to verify it with."""

    secret: str
    headers: dict[str, str]
    body: bytes

    @property
    def written(self) -> list[Any]:
        return [self.secret, self.headers, base64.b64encode(self.body).decode()]


def standardwebhooks(cases: list[Case], _: Path) -> list[bool]:
    """The official package of Python."""
    return [_verifies(case) for case in cases]


def _verifies(case: Case) -> bool:
    try:
        Webhook(case.secret).verify(case.body, case.headers, json_parse=False)
    except Exception:  # noqa: BLE001  (the package raises more than its own error)
        return False
    return True


def svix(cases: list[Case], folder: Path) -> list[bool]:
    """Svix's package of Python. It needs many others, so it has a folder of its own."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        str(folder),
        SVIX,
    ]
    _install(command, folder)
    return _verdicts([sys.executable, "-c", PYTHON], cases, {"PYTHONPATH": str(folder)})


def npm_standardwebhooks(cases: list[Case], folder: Path) -> list[bool]:
    """The official package of JavaScript."""
    return _npm(cases, folder, "standardwebhooks")


def npm_svix(cases: list[Case], folder: Path) -> list[bool]:
    """Svix's package of JavaScript."""
    return _npm(cases, folder, "svix")


def _npm(cases: list[Case], folder: Path, package: str) -> list[bool]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed: install Node.js 18 or newer")
    flags = ("--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
    _install([npm, "install", *flags, "--prefix", str(folder), *NPM_PACKAGES], folder)
    return _verdicts([node, "-e", NODE, str(folder / "node_modules" / package)], cases, {})


def _install(command: list[str], folder: Path) -> None:
    """Once per folder."""
    if any(folder.iterdir()):
        return
    try:
        done = subprocess.run(command, capture_output=True, timeout=INSTALL_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        pytest.skip(f"{command[0]} did not install the packages in {INSTALL_SECONDS} s")
    if done.returncode:
        shutil.rmtree(folder)
        folder.mkdir()
        pytest.skip(f"{Path(command[0]).name} cannot install the packages: is there a package index?")


def _verdicts(command: list[str], cases: list[Case], environment: dict[str, str]) -> list[bool]:
    given = json.dumps([case.written for case in cases])
    done = subprocess.run(  # noqa: S603
        command, input=given, capture_output=True, text=True, timeout=RUN_SECONDS, check=True, env=environment or None
    )
    verdicts: list[bool] = json.loads(done.stdout)
    return verdicts

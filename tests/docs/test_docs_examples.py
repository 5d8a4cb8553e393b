"""The examples are what their page says: valid alerts with invented people, and files that work as they are."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from capgateway import cap, config, webhooks
from capgateway.cli import cli

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
COUNTRIES = [("us", "ipaws", {"en-US", "es-US"}), ("canada", "cap-cp", {"en-CA", "fr-CA"})]
NAMES = ("alert", "update", "cancel")


def alerts(country: str) -> list[cap.Alert]:
    parsed = [cap.parse((EXAMPLES / country / f"{name}.xml").read_bytes()).alert for name in NAMES]
    return [alert for alert in parsed if alert is not None]


@pytest.mark.parametrize(("country", "profile", "languages"), COUNTRIES)
def test_the_alerts_are_valid_without_a_warning(country: str, profile: str, languages: set[str]) -> None:
    """Under the profile of their country, in both of its languages."""
    arguments = ["validate", "--json", "--strict", "--profile", profile, "--at", "2026-11-21T22:00:00-06:00"]
    result = CliRunner().invoke(cli, [*arguments, str(EXAMPLES / country)])
    reports = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.stdout
    assert [report["findings"] for report in reports] == [[], [], []]
    assert {info.language for alert in alerts(country) for info in alert.infos} == languages


@pytest.mark.parametrize("country", ["us", "canada"])
def test_the_three_messages_are_one_case(country: str) -> None:
    """The Update names the Alert, and the Cancel names both."""
    first, update, cancel = alerts(country)
    assert [alert.msg_type for alert in (first, update, cancel)] == ["Alert", "Update", "Cancel"]
    assert [reference.identifier for reference in update.references] == [first.identifier]
    assert [reference.identifier for reference in cancel.references] == [first.identifier, update.identifier]


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.xml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nobody_real_is_in_the_examples(path: Path) -> None:
    """Telephone numbers are 555-01xx, and addresses end in .example."""
    text = path.read_text()
    assert [number for number in re.findall(r"\b\d{3}-\d{3}-\d{4}\b", text) if "-555-01" not in number] == []
    assert {name.rpartition(".")[2] for name in re.findall(r"(?:@|https?://)([\w.-]+)", text)} == {"example"}


def test_the_broken_alert_has_three_faults() -> None:
    """One of each kind that the documentation mends."""
    result = CliRunner().invoke(cli, ["validate", "--json", str(EXAMPLES / "broken.xml")])
    errors = [finding for finding in json.loads(result.stdout)["findings"] if finding["level"] == "error"]
    assert sorted(finding["rule"] for finding in errors) == ["cap.polygon.form", "cap.schema", "cap.schema"]


@pytest.mark.parametrize("country", ["us", "canada"])
def test_fresh_copies_fit_each_other(country: str) -> None:
    """The Cancel is sent now, nothing has expired, and every reference names a message as it is now."""
    now = datetime(2031, 5, 6, 7, 8, 9, 500, tzinfo=UTC)
    copies = runpy.run_path(str(EXAMPLES / "fresh.py"))["copies"](country, now)
    first, update, cancel = (cap.parse(copies[f"{country}-{name}.xml"].encode()).alert for name in NAMES)
    assert first
    assert update
    assert cancel
    assert cancel.sent
    assert cancel.sent.instant == now.replace(microsecond=0)
    named = [(reference.identifier, reference.sent) for reference in cancel.references]
    assert named == [(first.identifier, first.sent), (update.identifier, update.sent)]
    assert first.identifier.endswith("-070809")
    assert all(info.expires and info.expires.instant and info.expires.instant > now for info in first.infos)


def test_the_page_of_the_examples_names_what_is_there() -> None:
    """Each file and directory of the table exists."""
    named = re.findall(r"^\| (`.*?) \|", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    paths = [path for cell in named for path in re.findall("`([^`]+)`", cell)]
    assert [path for path in paths if not (EXAMPLES / path).exists()] == []
    assert {path.partition("/")[0] for path in paths} == {path.name for path in EXAMPLES.iterdir()} - {"README.md"}


def test_the_receivers_of_the_documentation_are_files() -> None:
    """Readers of the page and users of the files see the same code."""
    shown = re.findall(r'```python\n(""".*?)```', (ROOT / "docs/receivers.md").read_text(), re.DOTALL)
    files = {path.read_text() for path in (EXAMPLES / "receivers").glob("*.py")}
    assert len(shown) >= 2
    assert set(shown) <= files


def test_the_receiver_can_be_configured_as_the_page_says(tmp_path: Path) -> None:
    """Its ``[[receivers]]`` lines load without a warning about them."""
    (lines,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/receivers.md").read_text(), re.DOTALL)
    (tmp_path / "x.toml").write_text(lines)
    settings = config.load(tmp_path / "x.toml", {"WEBHOOK_SECRET": webhooks.encode_secret(bytes(range(32)))})
    assert [receiver.url for receiver in settings.receivers] == ["http://127.0.0.1:8000/"]
    assert [warning.key for warning in settings.warnings if warning.key and "receivers" in warning.key] == []


def test_the_package_contains_the_examples(tmp_path: Path) -> None:
    """Every file of ``examples``, and the licence."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    expected = {str(Path("capgateway", path.relative_to(ROOT))) for path in EXAMPLES.rglob("*.xml")}
    expected |= {f"capgateway/examples/{name}" for name in ("README.md", "fresh.py", "texas.toml")}
    expected |= {f"capgateway/examples/receivers/{path.name}" for path in (EXAMPLES / "receivers").glob("*.*")}
    expected |= {f"capgateway/examples/feeds/{path.name}" for path in (ROOT / "config/examples/feeds").iterdir()}
    assert expected <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)

"""``capgateway places`` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from capgateway.cli import cli

DIVISIONS = Path(__file__).parents[2] / "examples/matches/divisions.geojson"
PLACES = f"""
[[places]]
scheme = "sgc"
file = "{DIVISIONS}"
code = "CDUID"
name = "CDNAME"
"""


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration file is found unless a test writes one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CAPGATEWAY_CONFIG", raising=False)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["places", *words])


def test_every_code_of_a_point_without_any_configuration() -> None:
    """County, zone, SAME code, state and country, with the version of the boundaries."""
    found = json.loads(run("at", "32.78,-96.80", "--json").stdout)
    assert found["codes"]["fips"] == ["48113"]
    assert found["places"] == "2026-11"
    text = run("at", "32.78,-96.80").stdout
    for word in ("48113 (Dallas County, TX)", "TXZ119", "048113", "US-TX", "2026-11"):
        assert word in text


def test_units_of_the_configuration_are_known(tmp_path: Path) -> None:
    """The file that other commands use, where there is one; named or found."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/capgateway.toml").write_text(PLACES)
    assert json.loads(run("show", "3506", "--json").stdout)["name"] == "Ottawa (a rough sketch)"
    assert "3506" in run("at", "45.40,-75.69").stdout
    assert "3506" in run("export", "--format", "csv").stdout


def test_a_layer_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Rather than an answer without its units."""
    (tmp_path / "bad.toml").write_text(PLACES.replace(str(DIVISIONS), "gone.geojson"))
    result = CliRunner().invoke(cli, ["--config", "bad.toml", "places", "at", "45.40,-75.69"])
    assert result.exit_code != 0
    assert "gone.geojson" in str(result.exception)


@pytest.mark.parametrize("point", ["32.78", "200,0", "Dallas"])
def test_what_is_not_a_point_is_a_usage_error(point: str) -> None:
    """With an example of one."""
    result = run("at", point)
    assert result.exit_code == 2
    assert "such as 32.78,-96.80" in result.stderr


def test_a_point_in_no_unit_is_a_no() -> None:
    """Exit code 1, south of the equator too, where a point begins with a minus."""
    result = run("at", "-33.87,151.21")
    assert result.exit_code == 1
    assert "no known unit" in result.stdout


def test_an_unknown_code_gets_a_suggestion() -> None:
    """By a name that is nearly right."""
    result = run("show", "Dalas County, TX")
    assert result.exit_code == 1
    assert "did you mean 48113?" in result.stderr


def test_a_unit_is_shown_by_any_of_its_codes() -> None:
    """With its name and its size."""
    for code in ("48113", "048113", "TXC113"):
        assert "Dallas County, TX" in run("show", code).stdout
    assert "km²" in run("show", "US-TX").stdout


def test_all_units_are_exported() -> None:
    """As GeoJSON with shapes, or as a table."""
    assert len(json.loads(run("export", "--json").stdout)["features"]) == 3288
    lines = run("export", "--format", "csv").stdout.splitlines()
    assert lines[0].startswith("code,scheme,name,country,subdivision,same,ugc,sgc,")
    assert len(lines) == 3289

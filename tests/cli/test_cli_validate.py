"""``capgateway validate`` as its users meet it: what it prints and how it exits."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from validating import FEED, INVALID, VALID, run, serving

from capgateway import cap, shipped
from capgateway import feeds as feeds_package
from capgateway.cap import Rule
from capgateway.cap.xml import SYNTAX
from capgateway.cli import judging, sources
from capgateway.cli.rules import RULES, rules
from capgateway.cli.sources import SUFFIXES
from capgateway.errors import SourceError
from capgateway.feeds.read import judge as feeds_judge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with a valid and an invalid message, and a file that is not looked at."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "good.xml").write_text(VALID)
    (tmp_path / "sub" / "bad.cap").write_text(INVALID)
    (tmp_path / "notes.txt").write_text("hello")
    return tmp_path


def test_a_valid_message_exits_0(folder: Path) -> None:
    """And says so in a line."""
    result = run(str(folder / "good.xml"))
    assert result.exit_code == 0
    assert "alerts@agency.example,TX-1,2026-11-22T10:15:00-06:00: valid" in result.stdout
    assert result.stdout.endswith("1 document in 1 source: 1 valid, 0 invalid; 0 errors, 0 warnings\n")


def test_an_invalid_message_exits_1_and_shows_the_place(folder: Path) -> None:
    """The finding, its place, the line of the document and a caret under the element."""
    result = run(str(folder / "sub" / "bad.cap"))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[1].startswith("  error: `status` is `test`; write one of Actual")
    assert lines[2].strip() == "/alert/status, line 4, CAP 1.2 §3.2.1"
    assert lines[3][lines[4].index("^") :].startswith("<status>")


def test_directories_and_globs_are_searched(folder: Path) -> None:
    """A directory means its XML files, below it too; a glob means what it matches."""
    assert "2 documents in 2 sources: 1 valid, 1 invalid" in run(str(folder)).stdout
    assert "1 document in 1 source" in run(str(folder / "**" / "*.cap")).stdout


def test_standard_input_is_a_source() -> None:
    """It is called -."""
    result = run("-", stdin=VALID)
    assert result.exit_code == 0
    assert result.stdout.startswith("-#1 CAP 1.2 ")


def test_an_unreadable_source_exits_2_and_the_others_are_judged(folder: Path) -> None:
    """What could not be read is told on standard error."""
    result = run(str(folder / "none.xml"), str(folder / "good.xml"))
    assert result.exit_code == 2
    assert "none.xml: cannot be read" in result.stderr
    assert "1 valid" in result.stdout


class Stumbling(cap.Schemas):
    """A validator with a fault: it breaks down over drills."""

    def findings(self, root: Any, version: str, **options: Any) -> tuple[cap.Finding, ...]:
        if "Drill" in "".join(root.itertext()):
            raise RuntimeError("a fault of ours")
        return super().findings(root, version, **options)


def test_a_fault_of_ours_over_one_message_stops_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that cannot be judged that is said; those in the same feed and in other sources have their verdict."""
    monkeypatch.setattr(judging, "_schemas", lambda _: Stumbling(shipped.cap_schemas()))
    alert, other = VALID.partition("?>")[2], VALID.partition("?>")[2].replace("Drill", "Test")
    (folder / "good.xml").write_text(FEED.format(f"{alert}</content></entry><entry><content>{other}"))
    result = run("--json", str(folder))
    assert result.exit_code == 1
    told = [json.loads(line) for line in result.stdout.splitlines()]
    unjudged = [[finding["rule"] for finding in one["findings"]] == ["cap.unjudged"] for one in told]
    assert [(one["kind"], is_so) for one, is_so in zip(told, unjudged, strict=True)] == (
        [("feed", False), ("cap", True), ("cap", False), ("cap", True)]
    )


@pytest.mark.parametrize("where", ["lines", "read", "read_entries"])
def test_a_fault_of_ours_over_one_source_stops_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whether in reading it, in listing a feed or in writing the report: it exits 2, and the others are judged."""
    (folder / "feed.atom").write_text(FEED.format(VALID.partition("?>")[2].replace("TX-1", "TX-2")))
    module: Any = {"lines": judging, "read": sources, "read_entries": feeds_judge}[where]
    works = getattr(module, where)

    def stumble(it: Any, *arguments: Any, **options: Any) -> Any:
        if "feed" in str(it):
            raise RuntimeError("a fault of ours")
        return works(it, *arguments, **options)

    monkeypatch.setattr(module, where, stumble)
    result = run(str(folder))
    assert result.exit_code == 2
    told = f"{folder}/feed.atom: capgateway could not judge this because of a fault of its own: RuntimeError at "
    assert result.stderr.startswith(told)
    assert "2 documents in 3 sources: 1 valid, 1 invalid; 1 error, 0 warnings; 1 source unreadable" in result.stdout


def test_a_single_source_that_is_not_there_is_counted_once() -> None:
    """The summary does not say both that there is no source and that there is one."""
    result = run("nope.xml")
    assert (result.exit_code, result.stdout) == (
        2,
        "0 documents in 1 source: 0 valid, 0 invalid; 0 errors, 0 warnings; 1 source unreadable\n",
    )


def test_an_empty_directory_is_an_unreadable_source(tmp_path: Path) -> None:
    """Nothing was judged, so the answer cannot be yes."""
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert "contains no file" in result.stderr


def test_json_is_a_line_for_each_alert(folder: Path) -> None:
    """With the fields of the contract, in its order."""
    result = run("--json", str(folder))
    good, bad = (json.loads(line) for line in result.stdout.splitlines())
    assert list(good) == (
        ["source", "position", "kind", "cap_version", "profile", "identifier", "sender", "sent"]
        + ["verdict", "signature", "findings"]
    )
    assert good["signature"] == {"status": "absent"}
    assert (good["verdict"], bad["verdict"]) == ("valid", "invalid")
    assert list(bad["findings"][0]) == ["rule", "level", "layer", "xpath", "line", "column", "message", "reference"]


def test_time_can_be_given(folder: Path) -> None:
    """A message is from the future only where now is in the past."""
    path = str(folder / "good.xml")
    assert "cap.sent.future" in run("--at", "2026-11-22T08:00:00-06:00", path).stdout
    assert "cap.sent.future" not in run("--at", "2026-11-22T11:00:00-06:00", path).stdout
    for odd in ("noon", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00"):
        assert run("--at", odd, path).exit_code == 2


def test_hostile_text_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Control characters of a document are not passed on."""
    (tmp_path / "evil.xml").write_bytes(b"\x1b[2J<alert>\x1b]0;x\x07")
    assert "\x1b" not in run(str(tmp_path)).stdout


@pytest.mark.parametrize("document", [VALID, INVALID])
def test_only_what_is_needed_is_imported(tmp_path: Path, document: str) -> None:
    """No server, scheduler or database; what explains a fault only where there is one."""
    (tmp_path / "one.xml").write_text(document)
    code = (
        "import sys; from capgateway.cli.validate import validate; validate(sys.argv[1:], standalone_mode=False);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)  # noqa: S603
    loaded = set(done.stderr.split())
    assert not loaded & {"aiohttp", "sqlalchemy", "apscheduler", "asyncio", "cryptography"}
    assert ("xmlschema" in loaded) == (document is INVALID)
    assert document is INVALID or not loaded & {"pathlib", "signal", "base64"}


def test_a_feed_is_judged_with_the_alerts_inside(tmp_path: Path) -> None:
    """A line for the container, then one for each alert, with places from the container's root."""
    (tmp_path / "feed.atom").write_text(FEED.format(INVALID.partition("?>")[2]))
    result = run("--json", str(tmp_path))
    feed, alert = (json.loads(line) for line in result.stdout.splitlines())
    assert (feed["kind"], feed["position"], feed["verdict"], feed["signature"]) == ("feed", 0, "valid", None)
    assert (alert["kind"], alert["position"], alert["verdict"]) == ("cap", 1, "invalid")
    assert alert["findings"][0]["xpath"] == "/feed/entry/content/alert/status"
    assert alert["findings"][0]["line"] == 5


def test_strict_lets_warnings_fail(folder: Path) -> None:
    """The same message and verdict, another answer."""
    path = str(folder / "good.xml")
    (folder / "good.xml").write_text(VALID.replace("10:15:00-06:00", "10:15:00+00:00"))
    assert run(path).exit_code == 0
    strict = run("--strict", path)
    assert strict.exit_code == 1
    assert ": valid, but failed by --strict\n" in strict.stdout
    assert "1 valid, 0 invalid; 0 errors, 1 warning; 1 valid but failed by --strict" in strict.stdout
    assert run("--strict", "--ignore", "cap.time.utc", path).exit_code == 0


def test_strict_leaves_the_verdict_as_it_is_defined(folder: Path) -> None:
    """The line says that the document failed, and that it is valid."""
    (folder / "good.xml").write_text(VALID.replace("10:15:00-06:00", "10:15:00+00:00"))
    plain = [json.loads(line) for line in run("--json", str(folder)).stdout.splitlines()]
    strict = [json.loads(line) for line in run("--json", "--strict", str(folder)).stdout.splitlines()]
    assert [one["verdict"] for one in plain] == [one["verdict"] for one in strict] == ["valid", "invalid"]
    assert [one.get("failed") for one in plain + strict] == [None, None, True, True]
    ignoring = run("--json", "--strict", "--ignore", "cap.time.utc", str(folder / "good.xml"))
    assert "failed" not in json.loads(ignoring.stdout)


def test_strict_is_the_same_in_reports_for_other_programs(folder: Path) -> None:
    """What fails the command fails the build server's test and is an error in code review."""
    (folder / "good.xml").write_text(VALID.replace("10:15:00-06:00", "10:15:00+00:00"))
    path = str(folder / "good.xml")
    for options, level, failures, code in (((), "warning", "0", 0), (("--strict",), "error", "1", 1)):
        (log,) = json.loads(run("--format", "sarif", *options, path).stdout)["runs"]
        assert [result["level"] for result in log["results"]] == [level]
        assert log["invocations"][0]["exitCode"] == code
        junit = run("--format", "junit", *options, path)
        assert ElementTree.fromstring(junit.stdout).get("failures") == failures  # noqa: S314
        assert junit.exit_code == code


def test_lines_are_what_editors_read(folder: Path) -> None:
    """One per finding, nothing for a valid document, and no summary; without a place, the beginning of the document."""
    (folder / "empty.xml").write_text("")
    result = run("--format", "lines", str(folder))
    assert result.exit_code == 1
    schema, empty = result.stdout.splitlines()[::-1]
    assert empty == f"{folder}/empty.xml:1:1: error xml.syntax: The document is empty."
    assert schema.startswith(f"{folder}/sub/bad.cap:4:3: error cap.schema: `status` is `test`; write one of Actual")


def test_quiet_shows_only_what_failed(folder: Path) -> None:
    """No valid document and no summary; the exit code is the same."""
    good, bad = str(folder / "good.xml"), str(folder / "sub" / "bad.cap")
    assert (run("-q", good).stdout, run("-q", good).exit_code) == ("", 0)
    result = run("--quiet", good, bad)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{bad}#1 ")
    assert "documents in" not in result.stdout
    assert [json.loads(line)["source"] for line in run("-q", "--json", good, bad).stdout.splitlines()] == [bad]


def test_an_unknown_rule_cannot_be_ignored(folder: Path) -> None:
    """A misspelt one would hide nothing and seem to; the nearest is named."""
    result = run("--ignore", "cap.time.ut", str(folder))
    assert result.exit_code == 2
    assert "did you mean cap.time.utc?" in result.stderr


def test_a_profile_can_be_asked_for(folder: Path) -> None:
    """Its rules then apply without its code."""
    result = run("--json", "--profile", "ipaws", str(folder / "good.xml"))
    report = json.loads(result.stdout)
    assert report["profile"] == "ipaws"
    assert "ipaws.code" in {finding["rule"] for finding in report["findings"]}


def test_another_schema_can_be_used(folder: Path) -> None:
    """One that knows no severity refuses ours; one that is none is an error."""
    shipped_schema = shipped.schema("cap/cap-1.2.xsd").decode()
    without = re.sub(r'<xs:element name="severity">.*?</xs:element>', "", shipped_schema, flags=re.DOTALL)
    (folder / "mine.xsd").write_text(without)
    assert run("--schema", str(folder / "mine.xsd"), str(folder / "good.xml")).exit_code == 1
    (folder / "none.xsd").write_text("<schema/>")
    with pytest.raises(SourceError, match="not an XML schema: its root element is not `schema`"):
        run("--schema", str(folder / "none.xsd"), str(folder / "good.xml"))


def test_a_schema_of_another_version_says_so_once(folder: Path) -> None:
    """Rather than that of each element."""
    (folder / "old.xsd").write_bytes(shipped.schema("cap/cap-1.1.xsd"))
    report = json.loads(run("--json", "--schema", str(folder / "old.xsd"), str(folder / "good.xml")).stdout)
    (finding,) = [finding for finding in report["findings"] if finding["rule"] == "cap.schema"]
    assert "`urn:oasis:names:tc:emergency:cap:1.1`" in finding["message"]
    assert finding["xpath"] == "/alert"


@pytest.mark.parametrize("name", ["import", "include", "redefine", "override"])
def test_a_schema_that_needs_others_is_refused(folder: Path, name: str) -> None:
    """Nothing is fetched for it, neither from the web nor from files."""
    space = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    (folder / "mine.xsd").write_text(
        f'<xs:schema {space}><xs:{name} schemaLocation="http://127.0.0.1:1/"/></xs:schema>'
    )
    with pytest.raises(SourceError, match=f"not a complete XML schema: it contains `{name}`"):
        run("--schema", str(folder / "mine.xsd"), str(folder / "good.xml"))


def test_what_cannot_be_read_as_xml_cannot_be_ignored(tmp_path: Path) -> None:
    """Rubbish stays invalid, and says why."""
    (tmp_path / "rubbish.xml").write_bytes(b"\0\1rubbish")
    result = run("--ignore", SYNTAX.id, str(tmp_path))
    assert result.exit_code == 1
    assert "not well-formed" in result.stdout


def test_trust_that_is_none_is_an_error(folder: Path) -> None:
    """A file without certificates or keys must not seem to be checked against; what a broken one needs is said plainly."""
    for text in ("hello", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"):
        (folder / "notes.txt").write_text(text)
        with pytest.raises(SourceError, match="no trust anchors: .*certificate"):
            run("--trust", str(folder / "notes.txt"), str(folder / "good.xml"))


def test_sarif_places_each_finding(folder: Path) -> None:
    """Rules, results with file and line, and what could not be read."""
    result = run("--format", "sarif", str(folder), str(folder / "none"))
    log = json.loads(result.stdout)
    (one_run,) = log["runs"]
    (found,) = one_run["results"]
    location = found["locations"][0]["physicalLocation"]
    assert log["version"] == "2.1.0"
    assert found["ruleId"] == one_run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == "cap.schema"
    assert location["artifactLocation"]["uri"] == (folder / "sub" / "bad.cap").as_uri()
    assert location["region"] == {"startLine": 4, "startColumn": 3}
    assert one_run["invocations"][0]["executionSuccessful"] is False


def test_junit_counts_cases(folder: Path) -> None:
    """A suite for each source, a case for each alert, a failure for each error."""
    result = run("--format", "junit", str(folder), str(folder / "none"))
    root = ElementTree.fromstring(result.stdout)  # noqa: S314  (our own output)
    assert root.attrib == {"name": "capgateway validate", "tests": "3", "failures": "1", "errors": "1"}
    assert [len(suite) for suite in root] == [1, 1, 1]
    (failure,) = root.iter("failure")
    assert failure.get("type") == "cap.schema"
    assert failure.get("message", "").startswith("`status` is `test`; write one of")


def test_junit_tells_all_that_fails_in_one_element(folder: Path) -> None:
    """Also a warning that --strict lets fail; what does not fail is output."""
    (folder / "good.xml").write_text(INVALID.replace("10:15:00-06:00", "10:15:00+00:00"))
    (failure,) = ElementTree.fromstring(run("--format", "junit", str(folder / "good.xml")).stdout).iter("failure")  # noqa: S314
    assert (failure.text or "").count("\n") == 0
    strict = run("--format", "junit", "--strict", "--ignore", "cap.schema", str(folder / "good.xml"))
    (failure,) = ElementTree.fromstring(strict.stdout).iter("failure")  # noqa: S314
    assert (failure.get("type"), failure.text) == ("cap.time.utc", f"warning: {failure.get('message')}")


def test_many_sources_are_judged_by_many_processes(tmp_path: Path) -> None:
    """In the order of their names, with one count."""
    for number in range(250):
        (tmp_path / f"{number:03}.xml").write_text(INVALID if number == 7 else VALID)
    result = run(str(tmp_path))
    assert result.exit_code == 1
    heads = [line for line in result.stdout.splitlines() if line.startswith(str(tmp_path))]
    assert heads == sorted(heads)
    assert "250 documents in 250 sources: 249 valid, 1 invalid" in result.stdout


def test_a_url_is_a_source() -> None:
    """The address a user typed may be private, and redirect to itself."""
    with serving({"/alert.xml": VALID.encode(), "/here": "/alert.xml"}) as site:
        assert run(f"{site}/alert.xml").exit_code == 0
        assert run(f"{site}/here").exit_code == 0


def test_rules_are_listed_and_told() -> None:
    """Each with its level; one with its reason and where it is written."""
    listed = CliRunner().invoke(rules, []).stdout
    assert len(listed.splitlines()) > 100
    told = CliRunner().invoke(rules, ["cap.info.override"]).stdout
    assert "CAP 1.2 §3.2.2" in told
    assert "A-71" in told
    assert json.loads(CliRunner().invoke(rules, ["cap.web.absolute", "--json"]).stdout)["level"] == "error"
    assert CliRunner().invoke(rules, ["cap.nothing"]).exit_code == 2


def test_every_rule_in_the_code_is_listed() -> None:
    """A rule that a module defines and the catalogue forgets could neither be looked up nor ignored."""
    defined = set()
    for package in (cap, feeds_package):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            values = vars(importlib.import_module(module.name)).values()
            defined |= {value.id for value in values if isinstance(value, Rule)}
    assert defined == set(RULES)


def test_the_hook_takes_what_a_search_takes() -> None:
    """But for .xml, which in a repository may be anything."""
    hook = Path(".pre-commit-hooks.yaml").read_text()
    pattern = re.search(r"files: (\S+)", hook)
    assert pattern
    assert {suffix for suffix in SUFFIXES if re.search(pattern[1], f"alert{suffix}")} == SUFFIXES - {".xml"}

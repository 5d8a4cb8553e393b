"""The files for Prometheus, Alertmanager and Grafana are right, and wake somebody."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import yaml
from deploy_files import DEPLOY, ROOT, asked_for, metrics, program, run
from pages import leads_somewhere

RULES = DEPLOY / "prometheus/rules.yml"
TESTS = DEPLOY / "prometheus/rules_test.yml"
DASHBOARD = json.loads((DEPLOY / "grafana/capgateway.json").read_text())


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def queries() -> list[str]:
    """Every expression of the dashboard, with an interval and a job in the place of its variables."""
    found = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    found += [each["expr"] for each in DASHBOARD["annotations"]["list"]]
    return [each.replace("$__rate_interval", "5m").replace("$job", "capgateway") for each in found]


def test_promtool_accepts_the_configuration() -> None:
    """With the rules that it names."""
    run(program("prometheus", "promtool"), "check", "config", DEPLOY / "prometheus/prometheus.yml")


def test_the_rules_fire_when_they_should() -> None:
    """And not in a quiet night: the unit tests beside them say when."""
    run(program("prometheus", "promtool"), "test", "rules", TESTS)


def test_each_rule_is_tried_and_leads_somewhere() -> None:
    """It fires in a unit test, asks for metrics that exist, and names a section of the documentation."""
    expected = re.findall(r'labels: \'\{alertname="(\w+)"', TESTS.read_text())
    for rule in rules():
        assert rule["alert"] in expected
        assert asked_for(rule["expr"]) <= metrics(), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket", "none"}
        assert leads_somewhere(rule["annotations"]["runbook"], ROOT), rule["annotations"]["runbook"]


def test_the_dashboard_shows_metrics_that_exist(tmp_path: Path) -> None:
    """In expressions that Prometheus can read; and every metric of the gateway is on it, or is for the rules."""
    shown = set().union(*map(asked_for, queries()))
    assert shown <= metrics()
    families = {name.removesuffix("_bucket") for name in metrics() if not name.endswith(("_count", "_sum", "_created"))}
    only_for_rules = {"capgateway_feed_gap_since_timestamp_seconds"}
    left_out = only_for_rules | {"process_virtual_memory_bytes", "process_start_time_seconds"}
    assert families - {name.removesuffix("_bucket") for name in shown} == left_out
    recorded = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(queries())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    run(program("prometheus", "promtool"), "check", "rules", tmp_path / "panels.yml")


def test_the_dashboard_is_whole() -> None:
    """Each panel has a number of its own, a place that no other has, words that say what it shows, and a source that the
    reader chooses."""
    panels = DASHBOARD["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    for panel in (one for one in panels if one["type"] != "row"):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["targets"]
        assert {each["datasource"]["uid"] for each in (panel, *panel["targets"])} == {"${datasource}"}
        assert len({each["refId"] for each in panel["targets"]}) == len(panel["targets"])
    names = {one["name"] for one in DASHBOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{?([a-z]\w+)", json.dumps(panels))) <= names
    places = [one["gridPos"] for one in panels]
    assert all(one["x"] + one["w"] <= 24 for one in places)
    assert not any(overlap(one, other) for one, other in itertools.combinations(places, 2))


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


def test_amtool_accepts_the_routes() -> None:
    """A page goes to pager and chat, a ticket to the chat, and the watchdog to who waits for it."""
    path, amtool = DEPLOY / "alertmanager/alertmanager.yml", program("prometheus-alertmanager", "amtool")
    run(amtool, "check-config", path)
    by_name = {rule["alert"]: rule["labels"]["severity"] for rule in rules()}
    wanted = {"page": "pager,chat", "ticket": "chat", "none": "watchdog"}
    assert set(by_name.values()) == set(wanted)
    for name in ("TakeDownHeld", "ClockIsWrong", "Watchdog"):
        routes = ("config", "routes", "test", f"--config.file={path}", f"--verify.receivers={wanted[by_name[name]]}")
        run(amtool, *routes, f"alertname={name}", f"severity={by_name[name]}")

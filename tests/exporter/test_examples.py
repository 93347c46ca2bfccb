"""The examples for Prometheus and Grafana: rules that fire when they should, and names that exist."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from election_core.metrics import CampaignMetrics
from electiontui.metrics.collector import ViewCollector

from ..servers import ROOT

FOLDER = ROOT / "examples" / "prometheus"
RULES = (FOLDER / "elections.rules.yml").read_text("utf-8")
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text("utf-8"))
_SUFFIXES = {"counter": "_total", "info": "_info"}


def nothing() -> Any:
    raise AssertionError("only the names are asked for")


def labels_of() -> dict[str, set[str]]:
    """The labels of each metric that is told."""
    found: dict[str, set[str]] = {}
    for collector in (ViewCollector(nothing), CampaignMetrics(None)):
        for metric in collector.describe():
            found[metric.name + _SUFFIXES.get(metric.type, "")] = set(getattr(metric, "_labelnames", ()))
    found["election_leader_info"].add("leader")
    return found


LABELS = labels_of()


def expressions(value: Any) -> Iterator[str]:
    """Everything in a dashboard that is asked of Prometheus."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("expr", "definition") or (key == "query" and isinstance(each, str) and "(" in each):
                yield each
            else:
                yield from expressions(each)
    elif isinstance(value, list):
        for each in value:
            yield from expressions(each)


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:election|electiontui)_\w+", text))


def promtool_says(promtool: Path, *args: str) -> str:
    done = subprocess.run([promtool, *args], cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_alerts_fire_when_they_should(promtool: Path) -> None:
    assert "SUCCESS" in promtool_says(promtool, "check", "rules", "elections.rules.yml")
    assert "SUCCESS" in promtool_says(promtool, "test", "rules", "elections.test.yml")


def test_a_rule_that_is_wrong_is_noticed(promtool: Path, tmp_path: Path) -> None:
    """The test of the rules can fail."""
    tests = (FOLDER / "elections.test.yml").read_text("utf-8")
    (tmp_path / "elections.test.yml").write_text(tests)
    for right, wrong in (
        ("for: 90s", "for: 30s"),
        ("> 5", "> 50"),
        ("== 1\n        for: 15m", "== 0\n        for: 15m"),
    ):
        assert right in RULES
        (tmp_path / "elections.rules.yml").write_text(RULES.replace(right, wrong))
        done = subprocess.run(
            [promtool, "test", "rules", "elections.test.yml"], cwd=tmp_path, capture_output=True, timeout=60
        )
        assert done.returncode == 1


def test_each_alert_is_tested() -> None:
    tested = set(re.findall(r"alertname: (\w+)", (FOLDER / "elections.test.yml").read_text("utf-8")))
    assert tested == set(re.findall(r"- alert: (\w+)", RULES))


def test_what_the_rules_ask_for_exists() -> None:
    asked = names_in("\n".join(re.findall(r"expr: (.+)", RULES)))
    assert len(asked) >= 6
    assert asked <= LABELS.keys()


def test_what_the_dashboard_asks_for_exists() -> None:
    found = list(expressions(DASHBOARD))
    asked = set[str]().union(*map(names_in, found))
    assert len(asked) >= 12
    assert asked <= LABELS.keys()
    for expression in found:
        for name, labels in re.findall(r"(\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)\s*[=!]", labels)) <= LABELS[name]


def test_the_dashboards_legends_are_labels() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            wanted = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
            asked = names_in(target["expr"])
            assert wanted <= set[str]().union(*(LABELS[name] for name in asked))


def test_its_expressions_are_understood(promtool: Path, tmp_path: Path) -> None:
    rules = [
        {"record": f"r{number}", "expr": expression.replace("$election", ".*")}
        for number, expression in enumerate(expressions(DASHBOARD))
        if not expression.startswith("label_values")
    ]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"SUCCESS: {len(rules)} rules found" in promtool_says(promtool, "check", "rules", str(file))


def test_its_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@pytest.mark.parametrize("name", ["election_has_leader", "election_leader_info", "election_campaigns"])
def test_the_names_are_really_read(name: str) -> None:
    assert LABELS[name] >= {"election"}

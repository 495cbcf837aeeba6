#!/usr/bin/env python3
"""The alert rules: promtool's own checks and unit tests, every alert fires in one of these, and has its page in deploy/README.md: what it
means, how to look, what to do. The dashboard is what its script makes. `--pages` alone needs no promtool."""
import json, re, subprocess, sys, tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy"))
from tools import ROOT, prometheus_program, yaml

FOLDER = ROOT / "deploy/observability"
PAGE_PARTS = ("**Means.**", "**Look.**", "**Do.**")


def rules():
    return yaml.safe_load((FOLDER / "rules.yaml").read_text())["spec"]


def alerts(spec):
    return {r["alert"]: r for g in spec["groups"] for r in g["rules"] if "alert" in r}


def check_pages(by_name):
    text = (ROOT / "deploy/README.md").read_text()
    pages = dict(re.findall(r"^#+ (Orderly\w+)\n(.*?)(?=^#|\Z)", text, re.M | re.S))
    assert pages.keys() == by_name.keys(), f"pages and alerts differ: {sorted(pages.keys() ^ by_name.keys())}"
    for name, rule in by_name.items():
        lacking = [part for part in PAGE_PARTS if part not in pages[name]]
        assert not lacking, f"the page of {name} lacks {lacking}"
        assert rule["annotations"].get("runbook_url") == f"deploy/README.md#{name.lower()}", f"{name} does not lead to its page"
        assert rule["labels"]["severity"] in ("page", "ticket"), name


def check_tests(spec, by_name, directory):
    tests = yaml.safe_load((FOLDER / "rules_test.yaml").read_text())
    fired = set()
    for case in (c for t in tests["tests"] for c in t.get("alert_rule_test", [])):
        for expected in case["exp_alerts"]:
            fired.add(case["alertname"])
            expected["exp_annotations"]["runbook_url"] = f"deploy/README.md#{case['alertname'].lower()}"
    assert fired == by_name.keys(), f"fire in no test: {sorted(by_name.keys() - fired)}"
    (directory / "rules.yaml").write_text(yaml.safe_dump(spec))
    (directory / "rules_test.yaml").write_text(yaml.safe_dump(tests))
    promtool = prometheus_program("promtool")
    for arguments in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        out = subprocess.run([promtool, *arguments], cwd=directory, capture_output=True, text=True)
        assert out.returncode == 0, f"promtool {' '.join(arguments)}:\n{out.stdout}{out.stderr}"


def check_dashboard():
    made = subprocess.run([sys.executable, FOLDER / "dashboard.py"], capture_output=True, text=True, check=True).stdout
    assert made == (FOLDER / "dashboard.json").read_text(), "run deploy/observability/dashboard.py > deploy/observability/dashboard.json"
    board = json.loads(made)
    ids = [p["id"] for p in board["panels"]]
    assert len(ids) == len(set(ids)), "two panels with one id"
    for p in (p for p in board["panels"] if p["type"] != "row"):
        assert p["targets"] and all(t["expr"] for t in p["targets"]), p["title"]
        assert p["gridPos"]["x"] + p["gridPos"]["w"] <= 24, p["title"]


def main():
    spec = rules()
    by_name = alerts(spec)
    check_pages(by_name)
    check_dashboard()
    with tempfile.TemporaryDirectory() as directory:
        check_tests(spec, by_name, Path(directory))
    # The tests can fail: without its condition an alert fires where none is expected.
    broken = rules()
    alerts(broken)["OrderlyShardNotReady"]["expr"] = "orderly_shard_ready == 1"
    with tempfile.TemporaryDirectory() as directory:
        try:
            check_tests(broken, by_name, Path(directory))
        except AssertionError:
            pass
        else:
            raise AssertionError("a broken rule passes")
    print(f"{len(by_name)} alerts: each fires in a unit test and has its page")


if __name__ == "__main__":
    main()

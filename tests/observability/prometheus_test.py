#!/usr/bin/env python3
"""A real Prometheus scrapes both services: their metrics keep Prometheus' conventions, every metric that rules and dashboard name is
there, every query of the dashboard is PromQL. The broker stops and the alerts for it fire; it is started again and they go out."""
import json, re, subprocess, sys, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "end_to_end"), str(HERE.parent / "deploy")]
from prometheus import Prometheus
from rules_test import rules
from system import System, until
from tools import ROOT, prometheus_program

FASTER = 12  # a rule's "for: 1m" is 5 s here
OUTAGE = {"OrderlyShardNotReady", "OrderlyEventsDoNotFlow", "OrderlyBrokerUnreachable"}
RECOVERY_S = 120
FROM_KUBERNETES = {"kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes", "up", "ALERTS"}
FROM_THE_FIRST_ON = {"orderly_view_unknown_events_total"}  # one a type: there is none before there is such an event


def load(system):
    """A little of everything, so that every metric has a value: refusals, garbage, orders, mails."""
    for n in range(20):
        system.send("allocation.v1.CreateBatch", {"batch_ref": f"b{n}", "sku": f"S{n}", "quantity": 10}, f"c{n}", f"S{n}")
        system.send("ordering.v1.CreateOrder", {"order_id": f"o{n}", "customer_id": "ann", "items": [
            {"sku": f"S{n}", "quantity": 1, "unit_price": {"currency": "EUR", "minor_units": 100}}]}, f"o{n}", f"o{n}")
    system.send("allocation.v1.Allocate", {"order_id": "x", "sku": "NOWHERE", "quantity": 1}, "r1", "NOWHERE")
    system.send("allocation.v1.Allocate", {"order_id": "x", "sku": "S1", "quantity": 1000}, "oos", "S1")
    system.send_raw("allocation.commands", b"garbage", "S1", [("ce_type", "allocation.v1.Allocate"), ("ce_id", "g1")])
    system.wait_for_results([*(f"c{n}" for n in range(20)), *(f"o{n}" for n in range(20)), "r1", "oos", "g1"])
    until(lambda: system.read.get("/orders/o1")[0] == 200, 60, "the order is to be seen")


def names_in(expression):
    """The metrics that a PromQL expression names."""
    bare = re.sub(r"\{[^}]*\}|\"[^\"]*\"|\[[^\]]*\]", " ", expression)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"\b(?:orderly|process|kubelet)_\w+|\b(?:up|ALERTS)\b", bare))


def dashboard_queries():
    board = json.loads((ROOT / "deploy/observability/dashboard.json").read_text())
    for expression in (t["expr"] for p in board["panels"] for t in p.get("targets", [])):
        yield expression.replace("$__rate_interval", "1m").replace("$instance", ".*")


def check_conventions(service):
    out = subprocess.run([prometheus_program("promtool"), "check", "metrics"], input=service.get("/metrics")[2], capture_output=True, text=True)
    assert out.returncode == 0 and not out.stderr.strip(), f"{service.name}:\n{out.stdout}{out.stderr}"


def check_names(prometheus, spec):
    used = set().union(*(names_in(r["expr"]) for g in spec["groups"] for r in g["rules"]), *map(names_in, dashboard_queries()))
    assert len(used) > 60, used
    missing = used - prometheus.metrics() - FROM_KUBERNETES - FROM_THE_FIRST_ON
    assert not missing, f"rules or dashboard name metrics that neither service has: {sorted(missing)}"


def check_queries(prometheus):
    empty = [q for q in dashboard_queries() if not prometheus.query(q)]  # what is no PromQL is an error
    silent = [q for q in empty if "ALERTS" not in q and "5.." not in q and "given_up" not in q and not names_in(q) & FROM_THE_FIRST_ON]
    assert not silent, f"panels without a line although the system runs: {silent}"


def firing(prometheus):
    """Those that wake somebody. The load has asked for tickets (a dead letter, mails to a server that is not there), and a busy machine
    may add some."""
    return prometheus.firing("page")


def check_outage(system, prometheus):
    until(lambda: not firing(prometheus), 60, f"a healthy system is silent: {firing(prometheus)}")
    system.broker("stop")
    stopped = time.monotonic()
    until(lambda: OUTAGE <= firing(prometheus), 60, f"alerts without a broker: {firing(prometheus)}")
    fired_s = time.monotonic() - stopped
    print(f"the broker is stopped: {sorted(firing(prometheus))} fire after {fired_s:.0f} s (waits shortened {FASTER}-fold)")
    system.broker("start")
    started = time.monotonic()
    system.wait_ready(60)
    until(lambda: not firing(prometheus), RECOVERY_S, f"alerts go out again: {firing(prometheus)}")
    print(f"the broker is there again: no alert is left after {time.monotonic() - started:.0f} s")


def main():
    mails = ("--smtp-url", "smtp://127.0.0.1:9", "--mail-to", "shop@example.com")
    traced = ("--otlp-url", "http://127.0.0.1:9")  # for the metrics that there are only then
    with System(partitions=2, write_options=(*mails, *traced), read_options=traced) as system:
        system.start(90)
        load(system)
        with Prometheus({"write-service": system.write.port, "read-service": system.read.port}, rules(), FASTER) as prometheus:
            until(lambda: {"orderly:shards:count", "orderly_kafka_brokers_up"} <= prometheus.metrics(), 60, "both are scraped")
            until(lambda: len(prometheus.query("orderly_kafka_brokers_up == 1")) >= 5, 60, "every Kafka client has told its figures")
            for service in (system.write, system.read):
                check_conventions(service)
            until(lambda: prometheus.query("count_over_time(up[1m]) > 3"), 60, "enough scrapes for a rate")
            check_names(prometheus, rules())
            check_queries(prometheus)
            check_outage(system, prometheus)


if __name__ == "__main__":
    main()

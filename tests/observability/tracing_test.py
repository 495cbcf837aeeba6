#!/usr/bin/env python3
"""Spans of both services, taken by a collector of the test's own. One command with a traceparent: one connected trace over both services,
its follow-up commands, its mail and its query included; events, results and rows carry it. What is not sampled leaves no span; by
--trace-ratio commands without a context begin traces; an absent collector holds nothing up."""
import json, re, sys, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))
from system import System, skip, until

try:
    from otlp_receiver import OtlpReceiver
except ImportError as error:
    skip(f"the Python package opentelemetry-proto is not installed (tests/run installs it): {error}")

TRACE, CLIENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = [("traceparent", f"00-{TRACE}-{CLIENT}-01"), ("tracestate", "shop=t1"), ("ce_correlationid", "visit-1")]
SERVER = 2


def create_order(system, order_id, sku, headers=()):
    item = {"sku": sku, "quantity": 1, "unit_price": {"currency": "EUR", "minor_units": 500}}
    system.send("ordering.v1.CreateOrder", {"order_id": order_id, "customer_id": "ann", "items": [item]}, f"create-{order_id}", order_id, headers=headers)


def loose(spans):
    """What hangs on no other span of the trace, nor on the client's."""
    ids = {s.id for s in spans} | {CLIENT}
    return [s for s in spans if s.parent not in ids]


def check_order(spans):
    ids = {s.id: s for s in spans}
    assert len(ids) == len(spans), "two spans with one id"
    for s in spans:
        assert s.start <= s.end, s
        if s.parent in ids:
            assert ids[s.parent].start <= s.end, f"{s} ends before its parent begins"


def check_records(system):
    """What one command led to in the topics: all in its trace, the follow-up commands too."""
    for topic in ("ordering.events", "allocation.events", "command.results", "allocation.commands", "ordering.commands", "customer.commands"):
        records = [r for r in system.read_all(topic) if r.headers.get("ce_correlationid") == "visit-1"]
        assert records, f"nothing of the visit in {topic}"
        for r in records:
            assert r.headers.get("traceparent", "").startswith(f"00-{TRACE}-"), (topic, r.headers)
            assert r.headers.get("tracestate") == "shop=t1", (topic, r.headers)


def check_rows(system):
    answer = system.read.get("/commands/create-o1")[2]
    assert answer["traceparent"].startswith(f"00-{TRACE}-"), answer
    history = system.read.get("/orders/o1/history")[2]["items"]
    assert len(history) >= 3 and all(e["traceparent"].startswith(f"00-{TRACE}-") for e in history), history
    assert "traceparent" not in system.read.get("/commands/stock")[2]


def names(spans):
    return {(s.service, s.name) for s in spans}


WANTED = {("write-service", "process ordering.v1.CreateOrder"), ("write-service", "publish ordering.v1.OrderCreated"),
          ("read-service", "project ordering.v1.OrderCreated"), ("write-service", "process allocation.v1.Allocate"),
          ("write-service", "publish allocation.v1.Allocated"), ("read-service", "project allocation.v1.Allocated"),
          ("write-service", "process customer.v1.RecordOrder"), ("read-service", "project ordering.v1.OrderAllocated"),
          ("read-service", "project messaging.v1.CommandResult"), ("read-service", "GET /orders/:order_id")}


def one_command_one_trace(system, receiver):
    system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 10}, "stock", "LAMP")
    system.wait_for_results(["stock"])
    create_order(system, "o1", "LAMP", SAMPLED)
    system.wait_for_results(["create-o1"])
    until(lambda: '"ordering.v1.OrderAllocated"' in json.dumps(system.read.get("/orders/o1/history")[2]), 60, "the order is allocated")
    system.read.get("/orders/o1", {"traceparent": f"00-{TRACE}-{CLIENT}-01"})
    until(lambda: WANTED <= names(receiver.trace(TRACE)), 60, f"the spans: lacking {WANTED - names(receiver.trace(TRACE))}")
    spans = until(lambda: not loose(spans := receiver.trace(TRACE)) and spans, 60, "each span's parent")
    check_order(spans)
    check_records(system)
    check_rows(system)
    decided = next(s for s in spans if s.name == "process ordering.v1.CreateOrder")
    assert decided.parent == CLIENT and decided.attributes["orderly.command_id"] == "create-o1", decided.attributes
    assert decided.attributes["orderly.correlation_id"] == "visit-1" and decided.attributes["orderly.status"] == "ACCEPTED"
    assert decided.events and decided.start <= decided.events[0][1] <= decided.end
    shown = next(s for s in spans if s.name == "project ordering.v1.OrderCreated")
    assert shown.parent == decided.id and shown.attributes["orderly.command_id"] == "create-o1"
    asked = next(s for s in spans if s.name == "GET /orders/:order_id")
    assert asked.kind == SERVER and asked.attributes["http.response.status_code"] == 200 and "o1" not in str(asked.attributes)
    assert not any("ann" == v for s in spans for v in s.attributes.values()), "a customer's id in a span"
    print(f"one command: {len(spans)} spans in one trace, {len({s.service for s in spans})} services")


def refused_and_unreadable(system, receiver):
    trace = "a" * 32
    headers = [("traceparent", f"00-{trace}-{CLIENT}-01")]
    system.send("ordering.v1.PayOrder", {"order_id": "none", "amount": {"currency": "EUR", "minor_units": 1}}, "refused", "none", headers=headers)
    system.send_raw("ordering.commands", b"{", "none", [("ce_type", "ordering.v1.PayOrder"), ("ce_id", "garbage"), *headers])
    system.wait_for_results(["refused", "garbage"])
    spans = until(lambda: len(found := [s for s in receiver.trace(trace) if s.name.startswith("process ")]) == 2 and found, 60, "both spans")
    by_id = {s.attributes["orderly.command_id"]: s for s in spans}
    assert by_id["refused"].attributes["orderly.code"] == "UNKNOWN_ORDER" and not by_id["refused"].error
    assert by_id["garbage"].error == "UNREADABLE", by_id["garbage"].attributes


def not_sampled(system, receiver):
    """Carried on as it came, no span; what is no context begins anew, which here means not at all."""
    trace = "b" * 32
    create_order(system, "o2", "LAMP", [("traceparent", f"00-{trace}-{CLIENT}-00")])
    create_order(system, "o3", "LAMP", [("traceparent", "00-" + "z" * 32 + f"-{CLIENT}-01"), ("tracestate", "a=b")])
    system.wait_for_results(["create-o2", "create-o3"])
    events = {r.headers["ce_subject"]: r.headers for r in system.read_all("ordering.events") if r.type == "ordering.v1.OrderCreated"}
    assert events["o2"]["traceparent"] == f"00-{trace}-{CLIENT}-00"
    assert "traceparent" not in events["o3"] and "tracestate" not in events["o3"]
    assert not receiver.trace(trace)


def exported(service):
    return {m[0]: float(m[1]) for m in re.findall(r'orderly_spans_total\{outcome="(\w+)"\} (\S+)', service.get("/metrics")[2])}


def collector_away(system, receiver):
    """Commands go on; what cannot be sent is counted."""
    receiver.status = 503
    started = time.monotonic()
    for n in range(20):
        create_order(system, f"away-{n}", "LAMP", [("traceparent", f"00-{'c' * 32}-{CLIENT}-01")])
    system.wait_for_results([f"create-away-{n}" for n in range(20)])
    print(f"20 commands without a collector: answered within {time.monotonic() - started:.1f} s")
    until(lambda: exported(system.write)["failed"] > 0, 60, "lost spans are counted")
    receiver.status = 200
    assert system.write.is_ready()


def by_ratio(receiver):
    with System(partitions=2, write_options=("--otlp-url", receiver.url, "--trace-ratio", "0.5"), read_options=("--otlp-url", receiver.url)) as system:
        system.start(90)
        ids = [f"r{n}" for n in range(200)]
        for id in ids:
            system.send("allocation.v1.CreateBatch", {"batch_ref": id, "sku": id, "quantity": 1}, id, id)
        system.wait_for_results(ids)
        traced = {r.headers["ce_subject"]: r.headers["traceparent"][3:35] for r in system.read_all("allocation.events") if "traceparent" in r.headers}
        assert 60 < len(traced) < 140, f"{len(traced)} of 200 by a ratio of 0.5"
        trace = next(iter(traced.values()))
        until(lambda: {s.service for s in receiver.trace(trace)} == {"write-service", "read-service"}, 60, "a trace of both services")
        roots = [s for s in receiver.trace(trace) if not s.parent]
        assert roots and all(s.name == "process allocation.v1.CreateBatch" for s in roots), roots
        print(f"--trace-ratio 0.5: {len(traced)} of 200 commands without a traceparent are traced")


def main():
    with OtlpReceiver() as receiver:
        with System(partitions=4, write_options=("--otlp-url", receiver.url), read_options=("--otlp-url", receiver.url)) as system:
            system.start(90)
            one_command_one_trace(system, receiver)
            refused_and_unreadable(system, receiver)
            not_sampled(system, receiver)
            collector_away(system, receiver)
        by_ratio(receiver)
        assert not receiver.flaws, receiver.flaws[:3]
    print("every request was a valid ExportTraceServiceRequest")


main()

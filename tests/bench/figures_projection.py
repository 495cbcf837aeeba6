"""The projection: events/s of all views beside the bare loop that upserts the same rows (floor r), and what a rebuild makes of the same
events while the view is served. The events are a shop's, of every kind; `lines` are allocations alone, as in earlier figures."""

import json, os, time, urllib.request

from figures import compared, interleaved
from harness import SKUS, Meter, Program, free_port, projected, say, wait_ready, wait_until

WORKLOADS = {
    "a shop's events": ("shop", []),
    "a shop's events and results": ("shop", ["--results"]),
    "lines alone": ("events", []),
}


def fill(broker, kind, options, count):
    """How many records each topic holds."""
    broker.load("topics")
    sent = broker.load(kind, "--count", count, *options)
    os.sync()
    return sent if kind == "shop" else {"allocation.events": count + SKUS}


def run_projection(broker, program, target):
    ports = ["--listen", f"127.0.0.1:{free_port()}", "--log-level", "warn"] if program == "read-service" else []
    first, records = None, sum(target.values())
    with Program(program, "--brokers", broker.address, *ports) as running:
        meter = Meter(running, broker)
        while True:
            running.check()
            done, now = min(projected(running.data, [topic]) / target[topic] for topic in target), time.time()
            first = first or ((now, done) if done > 0 else None)
            if done >= 1:
                break
            if now - running.started > 300:
                raise RuntimeError(f"{program}: {done:.0%} projected after 300 s")
            time.sleep(0.05)
        used = meter.read(per=records)
    return {
        "per_s": round(records * (1 - first[1]) / max(now - first[0], 0.001)),
        "from_start_per_s": round(records / (now - running.started)),
        **used,
    }


def rates(broker, scale, name, target):
    runs = interleaved(
        scale,
        ["read-service", "bench-floor-read"],
        lambda program: run_projection(broker, program, target),
        f"projection, {name}",
    )
    ours, floor = runs["read-service"], runs["bench-floor-read"]
    figure = compared(f"projection records/s, {name}", "records/s", ours, floor, 0.6, records=sum(target.values()))
    return figure | {"cpu_ratio": round(figure["floor"]["cpu_s_per_million"] / figure["ours"]["cpu_s_per_million"], 3)}


def views_at(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/views", timeout=10) as answer:
        return {view["name"]: view for view in json.loads(answer.read())["items"]}


def rebuilds(broker, scale, target):
    """Each view of its own, one after another, while all are served."""
    port, runs = free_port(), {}
    with Program("read-service", "--brokers", broker.address, "--listen", f"127.0.0.1:{port}", "--log-level", "warn") as running:
        wait_ready(running, port, 300)
        for view in views_at(port):
            meter, since = Meter(running, broker), time.monotonic()
            request = urllib.request.Request(f"http://127.0.0.1:{port}/admin/views/{view}/rebuild", method="POST")
            urllib.request.urlopen(request, timeout=10).close()
            wait_until(lambda v=view: views_at(port)[v]["generation"] == 2, 300, f"{view} is rebuilt")
            took, records = time.monotonic() - since, sum(target.get(topic, 0) for topic in TOPICS[view])
            runs[view] = {"records": records, "seconds": round(took, 2), "per_s": round(records / took),
                          "cpu_s_per_million": meter.read(per=max(1, records))["cpu_s_per_million"]}
            say(f"rebuild of {view}: {runs[view]}")
    return {"figure": "rebuild of each view", "unit": "records/s", "ours": {view: run["per_s"] for view, run in runs.items()}, "runs": runs}


TOPICS = {
    **dict.fromkeys(("allocations", "batches", "products"), ["allocation.events"]),
    "command_results": ["command.results"],
    "orders": ["allocation.events", "ordering.events", "customer.events"],
    "customers": ["ordering.events", "customer.events"],
    "dead_letters": ["dead-letters"],
}


def figures(broker, scale):
    for name, (kind, options) in list(WORKLOADS.items())[: 2 if scale.quick else 3]:
        target = fill(broker, kind, options, scale.events)
        yield rates(broker, scale, name, target)
        if name == "a shop's events and results" and not scale.quick:
            yield rebuilds(broker, scale, target)

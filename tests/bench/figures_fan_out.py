"""The live stream's fan-out to 1,000 clients: how soon each has each event, what a delivery costs, and how many a second there are
at most. `ours` alone: no bare server of the same kind stands beside it."""

import json, subprocess

from harness import BIN, Program, free_port, say, stat_of, wait_ready

CLIENTS = 1_000


def run(broker, port, service, events, rate):
    before = stat_of(service.pid)[0]
    done = subprocess.run(
        [BIN / "bench-fan-out", "--brokers", broker.address, "--port", str(port), "--clients", str(CLIENTS),
         "--events", str(events), "--rate", str(rate)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    found = json.loads(done.stdout)
    deliveries = events * CLIENTS
    return found | {
        "per_s": round(deliveries / found["seconds"]),
        "cpu_us_each": round(1e6 * (stat_of(service.pid)[0] - before) / deliveries, 2),
        "peak_mib": round(stat_of(service.pid)[1]),
    }


def figures(broker, scale):
    for what, events, rate in (("20 events a second", 100, 20), ("500 events a second", 2_000, 500), ("all at once", 2_000, 0)):
        broker.load("topics")
        port = free_port()
        with Program("read-service", "--brokers", broker.address, "--listen", f"127.0.0.1:{port}", "--log-level", "warn") as service:
            wait_ready(service, port, 60)
            say(f"fan-out, {what}")
            yield {"figure": f"stream to {CLIENTS:,} clients, {what}", "unit": "",
                   "ours": run(broker, port, service, events, rate)}

"""The read service's answers beside the same HTTP server giving a fixed one (floor h): requests/s and CPU a request, for one order and
for a page of 50; and what an answer takes while the projector is idle and while it applies all it can."""

import json, os, shutil, subprocess, urllib.request
from pathlib import Path

from figures import compared, interleaved
from harness import WORK, Program, free_port, stat_of, wait_ready, wait_until

SCRIPT = Path(__file__).with_name("queries.lua")
CONNECTIONS = 32
SECONDS = 4
MODES = {"order": ("one order", 0.6), "page": ("a page of 50 orders", 0.4)}


def wrk(port, mode, orders, seconds, connections=CONNECTIONS, delay_ms=0):
    if not shutil.which("wrk"):
        raise RuntimeError("queries: there is no wrk; deploy/local/install --bench installs it")
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", SCRIPT, f"http://127.0.0.1:{port}",
         "--", mode, str(orders), str(delay_ms)],
        stdout=subprocess.PIPE, text=True, check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    if found["errors"] or not found["requests"]:
        raise RuntimeError(f"queries: {found}")
    return found


def measured(program, port, mode, orders, seconds):
    before, children = stat_of(program.pid)[0], os.times().children_user + os.times().children_system
    found = wrk(port, mode, orders, seconds)
    cpu = stat_of(program.pid)[0] - before
    client = os.times().children_user + os.times().children_system - children
    return {
        "per_s": round(found["requests"] / found["seconds"]),
        "cpu_us_each": round(1e6 * cpu / found["requests"], 1),
        "client_cpu_us_each": round(1e6 * client / found["requests"], 1),
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
    }


def body(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read()


def rates(scale, service, port, orders):
    """Ours and the floor in turn, each mode."""
    files = {mode: WORK / f"{mode}.json" for mode in MODES}
    files["order"].write_bytes(body(port, f"/orders/order-{orders // 2:09}"))
    files["page"].write_bytes(body(port, "/orders?limit=50"))
    floor_port = free_port()
    options = ["--listen", f"127.0.0.1:{floor_port}", "--order", files["order"], "--page", files["page"]]
    with Program("bench-floor-http", *options) as floor:
        wait_until(lambda: port_is_open(floor_port), 10, "bench-floor-http listens")
        programs = {"read-service": (service, port), "bench-floor-http": (floor, floor_port)}
        for mode, (what, goal) in MODES.items():
            runs = interleaved(
                scale,
                list(programs),
                lambda name, mode=mode: measured(*programs[name], mode, orders, SECONDS),
                f"queries, {what}",
            )
            figure = compared(
                f"queries/s, {what}", "requests/s", runs["read-service"], runs["bench-floor-http"], goal, bytes=files[mode].stat().st_size
            )
            yield figure | {"cpu_ratio": round(figure["floor"]["cpu_us_each"] / figure["ours"]["cpu_us_each"], 3)}


def port_is_open(port):
    try:
        body(port, "/orders")
        return True
    except OSError:
        return False


def lag(port):
    views = json.loads(body(port, "/admin/views"))["items"]
    return max(view["lag_messages"] for view in views), min(view["events_per_second"] for view in views if view["name"] == "orders")


def start(broker, **more):
    port = free_port()
    options = ["--brokers", broker.address, "--listen", f"127.0.0.1:{port}", "--log-level", "warn"]
    return Program("read-service", *options, **more), port


def under_load(broker, port, orders, idle):
    """While it applies all it can: what came while it was away."""
    wait_until(lambda: port_is_open(port) and lag(port)[0] > 1_000, 30, "the service has begun to catch up")
    loaded = wrk(port, "order", orders, SECONDS, connections=8, delay_ms=5)
    left, rate = lag(port)
    if left == 0:
        raise RuntimeError("queries: the projector was done before the measuring was; more events are wanted")
    return {
        "figure": "an order's answer, 1,600 a second, idle and at full load",
        "unit": "ms",
        "goal": 3,
        "goal_is_most": True,
        "ours": {f"{when} {key}": x[key] for when, x in (("idle", idle), ("loaded", loaded)) for key in ("p50_ms", "p99_ms")},
        "note": f"{rate:,.0f} events/s were projected meanwhile",
        "ratio": round(loaded["p99_ms"] / idle["p99_ms"], 2),
    }


def figures(broker, scale):
    broker.load("topics")
    events = scale.events // 2
    orders = broker.load("shop", "--count", events, "--results")["ordering.events"] // 4 - 1
    service, port = start(broker)
    with service:
        wait_ready(service, port, 120)
        yield from rates(scale, service, port, orders)
        idle = wrk(port, "order", orders, SECONDS, connections=8, delay_ms=5)
        service.kill()
    broker.load("shop", "--count", scale.events * 2, "--results", "--skip", events)
    service, port = start(broker, keep_data=True)
    with service:
        yield under_load(broker, port, orders, idle)

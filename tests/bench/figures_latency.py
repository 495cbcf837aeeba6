"""Latency at a steady rate: from sending a command to its committed result, and to its visible row."""

import contextlib, os, statistics, time

from figures import Scale
from harness import Program, free_port, machine_busy_s, say, stat_of, wait_ready

RATE = 500  # commands a second
GOALS_MS = {  # delivery: (p50, p99) to the result; a row may take 5 ms more
    "exactly-once": (20, 50),
    "at-least-once": (4, 12),
}
ROW_MAY_TAKE_MS = 5


def run_latency(broker, delivery, rate, seconds, write_options=()):
    """What bench-load says, and the CPU that each took meanwhile, in percent of one core."""
    broker.load("topics")
    with contextlib.ExitStack() as stack:
        read_port, pids = free_port(), {"broker": broker.pid}
        for name, port, more in (
            ("write-service", free_port(), ["--delivery", delivery, *write_options]),
            ("read-service", read_port, []),
        ):
            options = ["--listen", f"127.0.0.1:{port}", "--log-level", "warn", *more]
            program = stack.enter_context(Program(name, "--brokers", broker.address, *options))
            wait_ready(program, port)
            pids[name] = program.pid
        since, busy, before = time.monotonic(), machine_busy_s(), {name: stat_of(pid)[0] for name, pid in pids.items()}
        found = broker.load("latency", "--rate", rate, "--seconds", seconds, "--read-port", read_port)
        took = time.monotonic() - since
        found["machine_busy_percent"] = round(100 * (machine_busy_s() - busy) / took / os.cpu_count())
        used = {name: stat_of(pid)[0] - before[name] for name, pid in pids.items()}
        found["cpu_percent"] = {name: round(100 * seconds_used / took) for name, seconds_used in used.items()}
    return found


def merged(runs, kind):
    """The median over the runs of each quantile."""
    names = [name for name in runs[0][kind] if name != "count"]
    return {name: round(statistics.median(run[kind][name] for run in runs), 2) for name in names}


def figures(broker, scale: Scale):
    for rate, seconds in scale.warm_up:
        say(f"latency: {seconds} s at {rate} commands/s, for the broker's sake")
        run_latency(broker, "exactly-once", rate, seconds)
    for delivery, (p50_ms, p99_ms) in GOALS_MS.items():
        runs = []
        for number in range(scale.rounds):
            say(f"latency, {delivery}, round {number + 1} of {scale.rounds}")
            runs.append(run_latency(broker, delivery, RATE, scale.latency_s))
            say(f"  {runs[-1]}")
        for kind, what, more_ms in (("result", "result", 0), ("visible", "visible row", ROW_MAY_TAKE_MS)):
            for run in runs:
                if missing := run["sent"] - run[kind]["count"]:
                    raise RuntimeError(f"latency, {delivery}: {missing} of {run['sent']} commands lack their {what}")
            yield {
                "figure": f"latency, command to {what}, {delivery}, {RATE}/s",
                "unit": "ms",
                "commands": runs[0]["sent"],
                "ours": merged(runs, kind),
                "goal": {"p50_ms": p50_ms + more_ms, "p99_ms": p99_ms + more_ms},
                **{k: max(run[k] for run in runs) for k in ("sender_late_p99_ms", "machine_busy_percent")},
                "cpu_percent": {
                    name: round(statistics.median(run["cpu_percent"][name] for run in runs))
                    for name in runs[0]["cpu_percent"]
                },
            }

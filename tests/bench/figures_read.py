"""The read side's figures: projection."""

import os, time

from figures import compared, interleaved
from harness import SKUS, Meter, Program, free_port, projected


def run_projection(broker, program, topics, target, events):
    ports = ["--listen", f"127.0.0.1:{free_port()}", "--log-level", "warn"] if program == "read-service" else []
    first = None
    with Program(program, "--brokers", broker.address, *ports) as running:
        meter = Meter(running, broker)
        while True:
            running.check()
            done, now = min(projected(running.data, [topic]) / target[topic] for topic in topics), time.time()
            first = first or ((now, done) if done > 0 else None)
            if done >= 1:
                break
            if now - running.started > 300:
                raise RuntimeError(f"{program}: {done:.0%} projected after 300 s")
            time.sleep(0.05)
        used = meter.read(per=events)
    return {
        "per_s": round(events * (1 - first[1]) / max(now - first[0], 0.001)),
        "from_start_per_s": round(events / (now - running.started)),
        **used,
    }


def figures(broker, scale):
    for name, options in (("", []), (" with results", ["--results"])):
        broker.load("topics")
        broker.load("events", "--count", scale.events, *options)
        os.sync()
        target = {"allocation.events": scale.events + SKUS, **({"command.results": scale.events} if options else {})}
        runs = interleaved(
            scale,
            ["read-service", "bench-floor-read"],
            lambda program, target=target: run_projection(broker, program, list(target), target, scale.events),
            f"projection{name}",
        )
        yield compared(
            f"projection events/s, all views{name}",
            "events/s",
            runs["read-service"],
            runs["bench-floor-read"],
            0.6,
            events=scale.events,
        )

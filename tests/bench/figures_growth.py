"""What does not change as the store grows: the rate, the memory, the time of a restart."""

import os, shutil, signal, time

from figures import say
from harness import SKUS, Program, free_port, stat_of, wait_ready

STEP = 1_000_000
OPTIONS = ("--log-level", "warn")


def start(broker, keep_data=False):
    port = free_port()
    service = Program(
        "write-service", "--brokers", broker.address, "--listen", f"127.0.0.1:{port}", *OPTIONS, keep_data=keep_data
    )
    return service, port


def one_step(broker, service, number, step):
    """`step` more commands: loaded while the service stands still, then handled."""
    os.kill(service.pid, signal.SIGSTOP)
    broker.load("commands", "--count", step, "--first", number * step)
    os.sync()
    before, started = stat_of(service.pid)[0], time.monotonic()
    os.kill(service.pid, signal.SIGCONT)
    results = (number + 1) * step + SKUS  # the topic's end counts the transactions' marks as well: a few in a thousand
    broker.load("wait", "--topic", "command.results", "--count", results, "--still-ms", 0)
    took = time.monotonic() - started
    cpu, peak_mib, _ = stat_of(service.pid)
    return {
        "events": results,
        "per_s": round(step / took),
        "cpu_s_per_million": round((cpu - before) / step * 1e6, 2),
        "peak_mib": round(peak_mib),
    }


def restart_ms(broker, number):
    """From the start of the program, after a kill -9, to the first answer."""
    with broker.awaited_answer(number) as answered_ms:
        service, _ = start(broker, keep_data=True)
        with service:
            took = round(answered_ms() - service.started * 1000)
            service.kill()
    return took


def figures(broker, scale):
    broker.load("topics")
    step = min(STEP, scale.grow_to)
    service, port = start(broker)
    points = []
    with service:
        wait_ready(service, port)
        for number in range(scale.grow_to // step):
            points.append(one_step(broker, service, number, step))
            say(f"growth: {points[-1]}")
        service.kill()
    restarts = sorted(restart_ms(broker, 2_000_000_000 + number) for number in range(3))
    shutil.rmtree(service.data)
    # The first step has the caches to fill: the second one is the first million's rate where there are more.
    first, last = points[min(1, len(points) - 1)], points[-1]
    size = f"{last['events']:,} stored events"
    yield {
        "figure": f"commands/s with {size} / in the beginning",
        "unit": "ratio",
        "ours": {"first_per_s": first["per_s"], "last_per_s": last["per_s"]},
        "ratio": round(last["per_s"] / first["per_s"], 3),
        "goal": 0.9,
        "points": points,
    }
    yield {
        "figure": f"CPU of a command with {size} / in the beginning",
        "unit": "CPU s/M",
        "ours": {"first": first["cpu_s_per_million"], "last": last["cpu_s_per_million"]},
        "ratio": round(last["cpu_s_per_million"] / first["cpu_s_per_million"], 3),
        "goal": 1.1,
        "goal_is_most": True,
    }
    yield {
        "figure": f"restart after kill -9 with {size}, to the first answer",
        "unit": "ms",
        "ours": {"median": restarts[1], "most": restarts[-1]},
        "goal": {"median": 1000},
    }
    yield {
        "figure": f"peak memory with {size}",
        "unit": "MiB",
        "ours": {"peak": max(p["peak_mib"] for p in points)},
        "goal": {"peak": 512},
    }

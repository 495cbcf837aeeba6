"""What all groups of figures share: how much is measured, and how runs become one figure."""

import os, platform, statistics, time

from harness import say

FORMS = {"protobuf": [], "json": ["--json"], "protobuf, zipf": ["--zipf"]}


class Scale:
    """How much of everything. `events` is how far the store of the growth figures grows."""

    def __init__(self, quick, rounds=None, grow_to=None):
        self.quick = quick
        self.rounds = rounds or (1 if quick else 3)
        self.commands = 300_000 if quick else 2_000_000
        self.events = 300_000 if quick else 1_000_000
        self.orders = 15_000 if quick else 100_000
        self.latency_s = 8 if quick else 30
        # (commands a second, s): at once at full rate, a broker whose code is not compiled yet never gets rid of what has gathered.
        self.warm_up = ((100, 8), (500, 12)) if quick and self.rounds == 1 else ((100, 20), (250, 10), (500, 20))
        self.grow_to = grow_to or (0 if quick else 20_000_000)


def interleaved(scale, programs, run, what):
    """{program: its runs}, in turn and in changing order, so that a noisy minute meets both."""
    runs = {program: [] for program in programs}
    for number in range(scale.rounds):
        for program in programs if number % 2 == 0 else list(reversed(programs)):
            say(f"{what}, round {number + 1} of {scale.rounds}: {program}")
            runs[program].append(run(program))
            say(f"  {runs[program][-1]}")
    return runs


def median(runs):
    merged = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    merged["all_per_s"] = [run["per_s"] for run in runs]
    return merged


def compared(figure, unit, ours, floor, goal=None, **more):
    """One figure: ours beside its floor, both the medians of their runs."""
    return {
        "figure": figure,
        "unit": unit,
        **more,
        "ours": median(ours),
        "floor": median(floor),
        "ratio": round(statistics.median(r["per_s"] for r in ours) / statistics.median(r["per_s"] for r in floor), 3),
        **({"goal": goal} if goal else {}),
    }


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next(
            (line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine()
        )
    return {
        "machine": f"{os.cpu_count()} cores of {model}",
        "load_at_start": round(os.getloadavg()[0], 2),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }

"""The write side's figures: commands a second beside the floor, and the CPU of a command over the number of shards."""

import os, statistics

from figures import FORMS, compared, interleaved, say
from harness import run_write

PROGRAMS = ["write-service", "bench-floor-write"]
GOALS = {"protobuf": 0.7, "json": 0.5, "protobuf, zipf": 0.7}


def figures(broker, scale):
    for form in list(FORMS)[:2] if scale.quick else FORMS:
        broker.load("topics")
        broker.load("commands", "--count", scale.commands, *FORMS[form])
        os.sync()
        count = scale.commands

        def run(program, count=count):
            return run_write(broker, program, count)

        runs = interleaved(scale, PROGRAMS, run, f"write, {form}")
        ours, floor = (runs[program] for program in PROGRAMS)
        yield compared(f"exactly-once commands/s, {form}", "commands/s", ours, floor, GOALS[form], commands=count)


def shard_figures(broker, scale):
    """CPU of a command with 1, 4 and 16 shards: as many machines as shards would each spend that."""
    cpu = {}
    for shards in (1, 4, 16):
        partitions = ["--partitions", shards]
        runs = []
        for number in range(scale.rounds):
            broker.load("topics", *partitions)
            broker.load("commands", "--count", scale.commands, *partitions)
            os.sync()
            say(f"shards, {shards}, round {number + 1} of {scale.rounds}")
            runs.append(run_write(broker, "write-service", scale.commands, partitions=shards))
            say(f"  {runs[-1]}")
        cpu[shards] = statistics.median(run["cpu_s_per_million"] for run in runs)
    yield {
        "figure": "CPU seconds a million commands, 1, 4 and 16 shards",
        "unit": "CPU s/M",
        "commands": scale.commands,
        "ours": {str(shards): seconds for shards, seconds in cpu.items()},
        "ratio": round(max(cpu.values()) / min(cpu.values()), 3),
        "goal": 1.1,
        "goal_is_most": True,
    }

"""The strongest peer on the same workload in the same run: Kafka Streams with exactly_once_v2 (peers/kafka_streams)."""

import os, statistics, subprocess
from pathlib import Path

from figures import compared, interleaved, say
from harness import WORK, run_write, writer

PEER = "kafka-streams"
RATE = 200  # commands a second
DURABLE = (
    "made durable: ours each event, result and id on its disk, by fsync before anything of it is published, and the "
    "broker's log; Kafka Streams the broker's log and changelogs, written without fsync"
)


def run_latency(broker, program, seconds):
    broker.load("topics")
    with writer(broker, program):
        return broker.load("latency", "--rate", RATE, "--seconds", seconds, "--json")["result"]


def figures(broker, scale):
    subprocess.run([Path(__file__).parent / "peers/kafka_streams/build", WORK / PEER], check=True)
    broker.load("topics")
    broker.load("commands", "--count", scale.commands, "--json")
    os.sync()
    programs = ["write-service", PEER]
    runs = interleaved(scale, programs, lambda program: run_write(broker, program, scale.commands), "peer")
    yield compared(
        "exactly-once commands/s, json, beside Kafka Streams",
        "commands/s",
        runs["write-service"],
        runs[PEER],
        3,
        commands=scale.commands,
        against="Kafka Streams",
        note=DURABLE,
    )
    waits = interleaved(scale, programs, lambda program: run_latency(broker, program, scale.latency_s), "peer, latency")
    for name in ("p50_ms", "p99_ms"):
        ours, theirs = (statistics.median(run[name] for run in waits[program]) for program in programs)
        yield {
            "figure": f"latency beside Kafka Streams, {name.removesuffix('_ms')}, json, {RATE}/s",
            "unit": "ms",
            "ours": {"ours": round(ours, 1), PEER: round(theirs, 1)},
            "ratio": round(ours / theirs, 3),
            "goal": 0.333,
            "goal_is_most": True,
        }
        say(f"latency {name}: ours {ours:.1f}, {PEER} {theirs:.1f}")

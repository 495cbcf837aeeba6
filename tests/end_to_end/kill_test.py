#!/usr/bin/env python3
"""kill -9 of either service in turn, 20 times or as often as asked, under load. After each kill of the write service a command is sent
and its answer awaited: the time from the start of the new process to the answer is printed, and must be short.

    build/tests/venv/bin/python tests/end_to_end/kill_test.py --kills 500 --answer-within-s 2     # with nothing else to do: some 15 minutes
"""
import argparse, os, random, statistics, time

from invariants import Ledger
from load import Load
from system import System, until

parser = argparse.ArgumentParser()
parser.add_argument("--kills", type=int, default=int(os.environ.get("ORDERLY_TEST_KILLS", 20)))
parser.add_argument("--rate", type=int, default=150, help="commands a second")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--answer-within-s", type=float, default=10, help="after a kill; CI's machine has other work, too")
parser.add_argument("--at-most-s", type=float, default=float("inf"), help="no kill after so long; then the account")
options = parser.parse_args()
rng = random.Random(options.seed)


def kill_write(system, follower, n):
    """Seconds from the new process's start to the answer of the first command that was sent to it."""
    system.write.kill()
    follower.poll(0)
    started = time.monotonic()
    system.write.start()
    id = f"probe-{n}"
    system.send("allocation.v1.CreateBatch", {"batch_ref": id, "sku": f"PROBE-{n}", "quantity": 1}, id, f"PROBE-{n}")
    system.producer.flush(10)
    until(lambda: any(m.error() is None and m.key() == id.encode() for m in follower.raw(0.02)), 60, f"{id} is answered")
    return time.monotonic() - started


def kill_read(system):
    """Seconds until the new process serves views that are up to date."""
    system.read.kill()
    started = time.monotonic()
    system.read.start()
    if rng.random() < 0.5:  # killed again before it has caught up, now and then
        until(system.read.is_ready, 60, f"the read service is ready again: {system.read.get('/readyz')}")
        return time.monotonic() - started


def report(what, seconds):
    print(f"{what}: {len(seconds)} times, median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")


with System() as system, Ledger(system) as ledger, system.follow("command.results") as follower:
    system.start()
    answered, ready = [], []
    with Load(system, options.rate, seed=options.seed) as load:
        end, kills = time.monotonic() + options.at_most_s, 0
        while kills < options.kills and time.monotonic() < end:
            n, kills = kills, kills + 1
            load.stopping.wait(rng.uniform(0.1, 0.8))
            if n % 2 == 0:
                answered.append(kill_write(system, follower, n))
            elif seconds := kill_read(system):
                ready.append(seconds)
            if n % 20 == 19:
                print(f"{kills} kills", flush=True)
    system.wait_ready(60)
    counts = ledger.check(load.sent)
    report("kill -9 of the write service to the next command's answer", answered)
    report("kill -9 of the read service to ready", ready)
    assert max(answered) <= options.answer_within_s, f"a command was answered {max(answered):.2f} s after the start"
    print(f"{kills} kills of real processes, seed {options.seed}, 0 violations: {counts}")

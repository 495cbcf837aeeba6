#!/usr/bin/env python3
"""The number of write pods changes, 3 to 2 to 5, by deploy/kubernetes/move-shards: stop, move, start. Nothing is lost, and a command
sent again after each change is still known."""
import collections, subprocess

from replicas import Replicas, compare_views, create_batches, fold_topic, until
from system import ROOT

SKUS, COMMANDS = 40, 2_000
MOVE = ROOT / "deploy/kubernetes/move-shards/move-shards.sh"


def allocate(system, first, count):
    ids = []
    for n in range(first, first + count):
        sku = f"SKU-{n % SKUS}"
        system.send("allocation.v1.Allocate", {"order_id": f"o-{n}", "sku": sku, "quantity": 1}, f"a-{n}", sku)
        ids.append(f"a-{n}")
    system.flush()
    return ids


def directories(system, count):
    made = [system.directory / f"pod-{i}" for i in range(count)]
    for directory in made:
        directory.mkdir(exist_ok=True)
    return [str(d) for d in made]


def stores(directory):
    return sorted(p.name for p in directory.glob("shard-*.db*"))


def change(system, count):
    before = len(system.writers)
    for writer in system.writers:
        writer.stop()
    volumes = directories(system, max(before, count))
    for _ in range(2):  # run again, it finds nothing to do
        subprocess.run([MOVE, str(count), *volumes], check=True)
    system.set_writers(count)
    for i in range(count):
        assert [n for n in stores(system.directory / f"pod-{i}")] == [f"shard-{s}.db" for s in range(i, 8, count)]
    for writer in system.writers:
        writer.start()
    for writer in system.writers:
        until(writer.is_ready, 60, f"{writer.directory.name} is ready: {writer.get('/readyz')}")


with Replicas(writers=3, readers=1, partitions=8) as system:
    system.start_all()
    sent = [*create_batches(system, SKUS), *allocate(system, 0, COMMANDS)]
    system.wait_for_results(sent, 60)
    refused = subprocess.run([MOVE, "2", *directories(system, 3)], capture_output=True, text=True)
    assert refused.returncode == 1 and "a write pod still runs" in refused.stderr, refused
    for count in (2, 5):
        change(system, count)
        again = allocate(system, 0, 200)  # known, each of them
        fresh = allocate(system, len(sent), COMMANDS)
        sent += fresh
        system.wait_for_results(fresh, 60)
    fold = fold_topic(system)
    assert not fold.check(), fold.problems[:5]
    causes = collections.Counter(r.headers["ce_causationid"] for r in system.read_all("allocation.events"))
    assert set(causes) == set(sent) and set(causes.values()) == {1}, "not exactly one event for each command"
    until(lambda: not compare_views(system, fold), 60, "views equal the events")
    print(f"{len(sent)} commands over 3, 2 and 5 write services: one event each; 400 sent again: none")

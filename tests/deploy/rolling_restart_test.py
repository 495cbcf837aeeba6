#!/usr/bin/env python3
"""deploy/kubernetes as processes: three write services over 8 shards and two read services, restarted one after the other under
load as a roll-out does. No command is lost or doubled, and no replica that is ready refuses a query."""
import collections, threading, time

from replicas import Endpoints, Replicas, until
from fold import compare_views, fold_topic

SKUS, RATE = 100, 400


def load(system, sent, stop):
    started = time.monotonic()
    while not stop.is_set():
        n = len(sent)
        sku = f"SKU-{n % SKUS}"
        system.send("allocation.v1.Allocate", {"order_id": f"o-{n}", "sku": sku, "quantity": 1}, f"a-{n}", sku, json_format=n % 2 == 0)
        sent.append(f"a-{n}")
        stop.wait(max(0, started + n / RATE - time.monotonic()))
    system.flush()


def restart_writers(system):
    """A StatefulSet's way: the highest ordinal first, the next one when all shards of this one take commands."""
    for writer in reversed(system.writers):
        began = time.monotonic()
        writer.stop()
        ended = time.monotonic()
        writer.start()
        until(writer.is_ready, 60, f"{writer.directory.name} is ready: {writer.get('/readyz')}")
        print(f"{writer.directory.name}: ended in {ended - began:.1f} s, ready again {time.monotonic() - ended:.1f} s later")


def replace_readers(system, endpoints):
    """A Deployment's way with maxSurge 1, maxUnavailable 0: a new pod, with nothing on its volume, before an old one goes."""
    for old in list(system.readers):
        fresh = system.new_reader()
        system.readers.append(fresh)
        fresh.start()
        until(lambda: fresh.get("/readyz?stale=ok")[0] == 200, 90, f"{fresh.directory.name} is ready: {fresh.get('/readyz')}")
        endpoints.add(fresh)
        endpoints.remove(old)
        old.stop()
        system.readers.remove(old)
    system.read = system.readers[0]


def check(system, sent):
    results = system.wait_for_results(sent, 90)
    for id in sent:
        assert len(results[id]) == 1 and results[id][0].status == 1, f"{id}: {results[id]}"
    fold = fold_topic(system)
    assert not fold.check(), fold.problems[:5]
    causes = collections.Counter(r.headers["ce_causationid"] for r in system.read_all("allocation.events"))
    assert all(causes[id] == 1 for id in sent), "not exactly one event for each command"
    for reader in system.readers:
        system.read = reader
        until(lambda: not compare_views(system, fold), 60, f"the views of {reader.directory.name} equal the events")
    system.read = system.readers[0]


with Replicas(writers=3, readers=2, partitions=8) as system:
    system.start_all()
    batches = [f"c-{k}" for k in range(SKUS)]
    for k, id in enumerate(batches):
        system.send("allocation.v1.CreateBatch", {"batch_ref": f"b-{k}", "sku": f"SKU-{k}", "quantity": 1_000_000}, id, f"SKU-{k}")
    system.wait_for_results(batches, 60)
    for reader in system.readers:
        until(lambda: reader.get("/batches/b-0")[0] == 200, 30, "the views have the batches")
    sent, stop = [], threading.Event()
    loader = threading.Thread(target=load, args=(system, sent, stop))
    loader.start()
    try:
        with Endpoints(system.readers, "/batches/b-0") as endpoints:
            until(lambda: len(sent) > RATE, 30, "the load runs")
            restart_writers(system)
            replace_readers(system, endpoints)
    finally:
        stop.set()
        loader.join()
    assert not endpoints.refused, f"{len(endpoints.refused)} of {endpoints.answers} queries were refused: {endpoints.refused[:3]}"
    check(system, batches + sent)
    print(f"{len(sent)} commands and {endpoints.answers} queries over a restart of every replica: all answered once")

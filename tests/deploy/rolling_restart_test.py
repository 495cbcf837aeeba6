#!/usr/bin/env python3
"""deploy/kubernetes as processes: three write services over 8 shards and two read services, restarted one after the other under
load as a roll-out does. No command is lost or doubled, and no replica that is ready refuses a query."""
import time

from replicas import Endpoints, Load, Replicas, check_answered_once, create_batches, until

SKUS, RATE = 100, 400


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


with Replicas(writers=3, readers=2, partitions=8) as system:
    system.start_all()
    batches = create_batches(system, SKUS)
    for reader in system.readers:
        until(lambda: reader.get("/batches/b-0")[0] == 200, 30, "the views have the batches")
    with Load(system, SKUS, RATE) as load, Endpoints(system.readers, "/batches/b-0") as endpoints:
        until(lambda: len(load.sent) > RATE, 30, "the load runs")
        restart_writers(system)
        replace_readers(system, endpoints)
    endpoints.check()
    check_answered_once(system, batches + load.sent)
    print(f"{len(load.sent)} commands and {endpoints.answers} queries over a restart of every replica: all answered once")

#!/usr/bin/env python3
"""Bad disks under load: full, then broken down to read-only, each under both services at once. Nobody dies, both say why they are not
ready; with room again they go on by themselves, and nothing is lost or doubled."""
import time

from invariants import Ledger
from load import Load
from small_disk import SmallDisk
from system import System, until


def not_ready(service, word):
    """What /readyz says, once it says so with the word in it."""
    def says():
        status, _, body = service.get("/readyz")
        return status == 503 and word in str(body) and body
    body = until(says, 90, f"{service.name} says that it is not ready and why: {service.get('/readyz')}")
    assert service.process.poll() is None and service.get("/healthz")[0] == 200, f"{service.name} has died"
    return "; ".join(part["reason"] for part in body["parts"] if not part["ready"])[:160]


def shards_not_ready(service):
    return [line for line in service.get("/metrics")[2].splitlines() if line.startswith("orderly_shard_ready{") and line.endswith(" 0")]


def fill_up(system, write, read):
    """The read service's disk first: without the write service it has nothing to store."""
    for service, disk in ((system.read, read), (system.write, write)):
        disk.fill()
        print(f"disk full, {service.name}: {not_ready(service, 'full')}", flush=True)
    assert shards_not_ready(system.write), "the metric says so, too"
    write.empty(), read.empty()
    began = time.monotonic()
    system.wait_ready(60)
    print(f"ready again {time.monotonic() - began:.1f} s after there was room", flush=True)


def break_down(system, write, read):
    for service, disk in ((system.read, read), (system.write, write)):
        disk.break_down()
        print(f"read-only, {service.name}: {not_ready(service, '')}", flush=True)
    for service, disk in ((system.write, write), (system.read, read)):
        service.kill()
        disk.mend()
        service.start()
    system.wait_ready(60)


with System(partitions=2) as system, SmallDisk(system.directory / "write", 400) as write, SmallDisk(system.directory / "read", 400) as read:
    with Ledger(system) as ledger:
        system.start()
        with Load(system, rate=120) as load:
            until(lambda: len(load.sent) > 1_000, 30, "the load runs")
            fill_up(system, write, read)
            until(lambda: len(ledger.read().results) > 2_000, 60, "commands are answered")
            break_down(system, write, read)
        print(f"full and broken disks: {ledger.check(load.sent)}")
        system.write.stop(), system.read.stop()

#!/usr/bin/env python3
"""Bad disks under load: full, then broken down to read-only, each under both services at once. Nobody dies, both say why they are not
ready; with room again they go on by themselves, and nothing is lost or doubled. Blocks are smaller than a page of memory, as ext4 makes
them on small disks: then a mapped file can have holes, and a store into one on a full disk is a signal."""
import argparse, time

from invariants import Ledger
from load import Load
from small_disk import SmallDisk
from system import System, until

parser = argparse.ArgumentParser()
parser.add_argument("--block-bytes", type=int, default=1024)
parser.add_argument("--times", type=int, default=2, help="how often the disks fill up")
options = parser.parse_args()


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
    until(lambda: shards_not_ready(system.write), 30, "the metric says so, too")
    write.empty(), read.empty()
    began = time.monotonic()
    system.wait_ready(120)
    print(f"ready again {time.monotonic() - began:.1f} s after there was room", flush=True)


def break_down(system, write, read):
    for service, disk in ((system.read, read), (system.write, write)):
        disk.break_down()
        print(f"read-only, {service.name}: {not_ready(service, '')}", flush=True)
    for service, disk in ((system.write, write), (system.read, read)):
        service.kill()
        disk.mend()
        service.start()
    system.wait_ready(120)


def on_small_disks(system, write, read):
    with Ledger(system) as ledger:
        system.start()
        with Load(system, rate=120) as load:
            for _ in range(options.times):
                answered = len(ledger.read().results)
                until(lambda: len(ledger.read().results) > answered + 500, 120, "commands are answered")
                fill_up(system, write, read)
            break_down(system, write, read)
        print(f"disks full {options.times} times, then broken: {ledger.check(load.sent)}")
        system.write.stop(), system.read.stop()


with System(partitions=2) as system:
    with SmallDisk(system.directory / "write", 400, options.block_bytes) as write, \
         SmallDisk(system.directory / "read", 400, options.block_bytes) as read:
        on_small_disks(system, write, read)

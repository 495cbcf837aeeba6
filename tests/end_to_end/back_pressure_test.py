#!/usr/bin/env python3
"""Memory stays bounded whatever waits in the topics and however slow broker, disk and readers are: many commands wait when the
services start, the broker's link is throttled, the disk stands still most of the time, callers of the read service do not read. The
resident memory of both services is sampled all the while.

    build/tests/venv/bin/python tests/end_to_end/back_pressure_test.py --commands 10000000     # half an hour, 20 GB of disk
"""
import argparse, contextlib, json, os, socket, subprocess, threading, time

from broker_cluster import Cluster
from proxy import Proxy
from small_disk import SmallDisk
from system import BIN, free_port, until

MIB = 1 << 20
parser = argparse.ArgumentParser()
parser.add_argument("--commands", type=int, default=int(os.environ.get("ORDERLY_TEST_WAITING_COMMANDS", 500_000)))
# Of four shards: caches 140 (SQLite and aggregates), records read ahead 110, transactions under way 40, outbox 64.
parser.add_argument("--write-mib", type=int, default=512)
parser.add_argument("--read-mib", type=int, default=512)
parser.add_argument("--slow-s", type=float, default=6, help="how long each of the things is slow")
options = parser.parse_args()


class Memory:
    """The largest resident memory of each service since the last look, in MiB."""

    def __init__(self, *services):
        self.services, self.largest, self.ever = services, {}, {}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.sample)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def sample(self):
        while not self.stopping.wait(0.2):
            for service in self.services:
                with contextlib.suppress(OSError, StopIteration):
                    with open(f"/proc/{service.process.pid}/status") as status:
                        mib = int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024
                    self.largest[service.name] = max(mib, self.largest.get(service.name, 0))

    def look(self, when):
        until(lambda: len(self.largest) == len(self.services), 10, "both services are sampled")
        seen, self.largest = self.largest, {}
        print(f"{when}: " + ", ".join(f"{name} {mib:.0f} MiB at most" for name, mib in sorted(seen.items())), flush=True)
        for name, limit in (("write-service", options.write_mib), ("read-service", options.read_mib)):
            self.ever[name] = max(seen[name], self.ever.get(name, 0))
            assert seen[name] < limit, f"{name} had {seen[name]:.0f} MiB"


class SlowReaders:
    """Callers who ask and ask, and never read an answer."""

    def __init__(self, port, count=150):
        self.sockets = []
        for n in range(count):
            caller = socket.socket()
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            caller.connect(("127.0.0.1", port))
            caller.setblocking(False)
            path = "/stream?topic=allocation.events" if n % 3 == 0 else "/allocations?limit=1000"
            with contextlib.suppress(BlockingIOError):
                caller.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * (1 if n % 3 == 0 else 20))
            self.sockets.append(caller)

    def close(self):
        for caller in self.sockets:
            caller.close()


def total(service, metric):
    text = service.get("/metrics")[2]
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(metric + "{"))


def done(system):
    return total(system.write, "orderly_commands_total")


def slow_disk(disk):
    """Writes wait for nine tenths of the time."""
    end = time.monotonic() + options.slow_s
    while time.monotonic() < end:
        disk.freeze()
        time.sleep(0.45)
        disk.thaw()
        time.sleep(0.05)


def attack(system, proxy, disk, memory):
    until(lambda: done(system) > options.commands / 20, 120, f"commands are handled: {system.write.get('/readyz')}")
    memory.look("at full speed")
    proxy.bytes_per_s = 2_000_000
    time.sleep(options.slow_s)
    memory.look(f"the broker's link at 2 MB/s ({done(system):,.0f} commands done)")
    proxy.bytes_per_s = None
    readers = SlowReaders(system.read.port)
    time.sleep(options.slow_s)
    memory.look(f"150 callers who do not read ({done(system):,.0f} commands done)")
    readers.close()
    slow_disk(disk)
    memory.look(f"a disk that stands still most of the time ({done(system):,.0f} commands done)")


def load(system, *arguments):
    run = subprocess.run([str(BIN / "bench-load"), *arguments, "--brokers", system.brokers], check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def account(system, commands):
    """Every command has one result and one event: the topics hold as many. (invariants.py keeps each in memory; here are too many.)"""
    for topic in ("command.results", "allocation.events"):
        records = load(system, "count", "--topic", topic, "--count", str(commands))["records"]
        assert records == commands, f"{topic} has {records:,} records for {commands:,} commands"


def run(system, proxy, disk):
    sent = load(system, "commands", "--count", str(options.commands))
    commands = sent["sent"] + sent["batches"]
    system.write.start(), system.read.start()
    began = time.monotonic()
    patience = 120 + commands / 3_000
    with Memory(system.write, system.read) as memory:
        attack(system, proxy, disk, memory)
        until(lambda: done(system) >= commands, patience, f"every command is handled: {system.write.get('/readyz')}")
        memory.look(f"every command handled, {time.monotonic() - began:.0f} s after the start")
        account(system, commands)
        # The marks at the transactions' ends count as messages, too, and stay.
        until(lambda: system.read.is_ready() and total(system.read, "orderly_view_lag_messages") < 1_000, patience,
              f"the views have caught up: {system.read.get('/readyz')}")
        memory.look(f"every event in the views, {time.monotonic() - began:.0f} s after the start")
    peaks = ", ".join(f"{name} {mib:.0f} MiB" for name, mib in sorted(memory.ever.items()))
    print(f"{commands:,} commands waited; each has one result and one event; at most {peaks}")


cluster = Cluster(brokers=1, partitions=4)
(broker,) = cluster.nodes
broker.advertised = free_port()
with Proxy(broker.advertised, ("127.0.0.1", broker.clients)) as proxy, cluster as system:
    with SmallDisk(system.directory / "write", 2_000 + options.commands // 500) as disk:
        try:
            run(system, proxy, disk)
        finally:
            disk.thaw()
            system.write.stop()

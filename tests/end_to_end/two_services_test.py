#!/usr/bin/env python3
"""One shard, several write services: one frozen for longer than its transactions may last, while another takes its shards over on a copy
of its store; one started beside it with an empty store; one on the same directory. Whoever is not the owner says so, and nothing is
lost or doubled."""
import shutil, signal, time

from invariants import Ledger
from load import Load
from system import Service, System, free_port, until

LEASE_S, TRANSACTION_MS = 4, 3_000
OPTIONS = ("--lease-s", str(LEASE_S), "--kafka", f"transaction.timeout.ms={TRANSACTION_MS}", "--kafka", f"message.timeout.ms={TRANSACTION_MS}")
ANOTHER = "another write service runs this shard"


def service(system, directory):
    made = Service("write-service", ["--brokers", system.brokers, "--data", str(system.directory / directory), *OPTIONS],
                   system.directory, free_port())
    made.log = system.directory / f"{directory}.log"
    return made


def refuses(other, words=ANOTHER):
    """Every shard of it says so in /readyz, and its log does."""
    def says():
        status, _, body = other.get("/readyz")
        return status == 503 and all(words in part.get("reason", "") for part in body["parts"] if part["name"].startswith("shard"))
    until(says, 60, f"{other.log.name} says \"{words}\": {other.get('/readyz')}")
    until(lambda: words in other.log.read_text(), 10, "its log says so, too")
    assert other.process.poll() is None


def takes_over(other, what):
    began = time.monotonic()
    until(other.is_ready, 60, f"{what} takes over: {other.get('/readyz')}")
    print(f"{what}: ready after {time.monotonic() - began:.1f} s")


def freeze_alone(system):
    """Nobody took over: fenced by the broker's clock alone, it comes back by itself."""
    system.write.process.send_signal(signal.SIGSTOP)
    time.sleep(TRANSACTION_MS / 1000 + 3)  # the broker looks for transactions that are too old every second or so
    system.write.process.send_signal(signal.SIGCONT)
    takes_over(system.write, "frozen alone")


def freeze_and_copy(system):
    """Gives the one that took over."""
    first = system.write
    first.process.send_signal(signal.SIGSTOP)
    shutil.copytree(system.directory / "write", system.directory / "copy", ignore=shutil.ignore_patterns("directory-id", "*.lock"))
    copy = service(system, "copy")
    copy.start()
    takes_over(copy, "on a copy of a frozen service's store")
    first.process.send_signal(signal.SIGCONT)
    refuses(first)
    assert copy.is_ready(), copy.get("/readyz")
    return copy


def start_beside(system, owner, directory):
    """On a store of its own, empty at first: it follows, and publishes nothing."""
    beside = service(system, directory)
    beside.start()
    refuses(beside)
    assert owner.is_ready(), owner.get("/readyz")
    return beside


with System(partitions=2, write_options=OPTIONS) as system, Ledger(system) as ledger:
    first, others = system.write, []
    try:
        system.start()
        with Load(system, rate=120) as load:
            until(lambda: len(ledger.read().results) > 500, 30, "the load runs")
            same = service(system, "write")
            same.log = system.directory / "same.log"
            same.start()
            others.append(same)
            refuses(same, "another process holds")
            same.stop()
            freeze_alone(system)
            copy = freeze_and_copy(system)
            others.append(copy)
            copy.stop()
            takes_over(first, "the frozen one, once the other has ended in order")
            empty = start_beside(system, first, "empty")
            others.append(empty)
            first.kill()
            takes_over(empty, "the one with a store of its own, after kill -9 of the owner")
            first.start()
            refuses(first)
            assert empty.is_ready(), empty.get("/readyz")
            empty.stop()
            takes_over(first, "the first one again")
        print(f"two services on one shard: {ledger.check(load.sent)}")
    except BaseException:
        for other in others:
            print(f"--- {other.log}\n" + "\n".join(other.log.read_text(errors="replace").splitlines()[-15:]))
        raise
    finally:
        for other in (*others, first):
            if other.process and other.process.poll() is None:
                other.process.send_signal(signal.SIGCONT)
        for other in others:
            other.stop()

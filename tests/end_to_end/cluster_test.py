#!/usr/bin/env python3
"""Three brokers, three replicas of everything, two of which must answer. Under load the leader of a command topic, the broker that
coordinates a shard's transactions and the one that coordinates the watermarks' group are killed with -9 in turn and started again.

    tests/end_to_end/cluster_test.py --rounds 5
"""
import argparse, time

from broker_cluster import Cluster
from invariants import Ledger
from load import Load
from system import until

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=1)
options = parser.parse_args()


def victims(system, round):
    shard = round % system.partitions
    yield "leader of a command topic", system.leader("allocation.commands", shard)
    yield "transaction coordinator", system.transaction_coordinator(shard)
    yield "group coordinator", system.group_coordinator("orderly-outbox")


def kill_and_start(system, ledger, what, broker):
    broker.end()
    killed, answered = time.monotonic(), len(ledger.read().results)
    until(lambda: len(ledger.read().results) > answered + 500, 120, f"commands are answered without the {what}: {system.write.get('/readyz')}")
    went_on = time.monotonic() - killed
    for service in (system.write, system.read):
        assert service.process.poll() is None, f"{service.name} has died"
    broker.start()
    until(system.is_whole, 120, "all replicas are in sync again")
    print(f"{what} (broker {broker.number}) killed: 500 commands answered {went_on:.1f} s later", flush=True)


with Cluster(partitions=3) as system, Ledger(system) as ledger:
    system.start(120)
    with Load(system, rate=80) as load:
        until(lambda: len(ledger.read().results) > 1_000, 120, "the load runs")
        kills = 0
        for round in range(options.rounds):
            for what, broker in victims(system, round):
                kill_and_start(system, ledger, what, broker)
                kills += 1
    system.wait_ready(120)
    print(f"three brokers, {kills} killed: {ledger.check(load.sent)}")

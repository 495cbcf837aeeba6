#!/usr/bin/env python3
"""Between the services and their broker stands a network that delays, cuts and half-closes connections, under load.

    tests/end_to_end/network_test.py --seconds 600
"""
import argparse, random, time

from broker_cluster import Cluster
from invariants import Ledger
from load import Load
from proxy import Proxy
from system import free_port, until

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=int, default=45)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
rng = random.Random(options.seed)

cluster = Cluster(brokers=1, partitions=2, write_options=("--kafka", "socket.timeout.ms=3000"), read_options=("--kafka", "socket.timeout.ms=3000"))
(broker,) = cluster.nodes
broker.advertised = free_port()
with Proxy(broker.advertised, ("127.0.0.1", broker.clients)) as proxy, cluster as system, Ledger(system) as ledger:
    system.start(120)
    faults = {"delay": 0, "cut": 0, "half-closed": 0}
    with Load(system, rate=120) as load:
        until(lambda: len(ledger.read().results) > 500, 120, "the load runs")
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            fault = rng.choice(list(faults))
            faults[fault] += 1
            if fault == "delay":
                proxy.delay_s = rng.choice([0.005, 0.03, 0.1])
            elif fault == "cut":
                proxy.cut()
            else:
                proxy.half_close()
            load.stopping.wait(rng.choice([0.05, 0.3, 4]))
            proxy.delay_s = 0.0 if rng.random() < 0.5 else proxy.delay_s
        proxy.delay_s = 0.0
        answered = len(ledger.read().results)
        until(lambda: len(ledger.read().results) > answered + 500, 120, f"commands are answered again: {system.write.get('/readyz')}")
    system.wait_ready(120)
    for service in (system.write, system.read):
        assert service.process.poll() is None, f"{service.name} has died"
    print(f"{proxy.accepted} connections, {faults}: {ledger.check(load.sent)}")

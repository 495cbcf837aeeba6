#!/usr/bin/env python3
"""The broker is killed with -9 in the middle of transactions, or restarted, several times under load: both services stay up, say that
they are not ready, and go on by themselves."""
import argparse

from invariants import Ledger
from load import Load
from system import System, until

parser = argparse.ArgumentParser()
parser.add_argument("--crashes", type=int, default=2)
options = parser.parse_args()

with System(partitions=2) as system, Ledger(system) as ledger:
    system.start()
    with Load(system, rate=150) as load:
        for how in ["stop"] + ["kill"] * options.crashes:
            answered = len(ledger.read().results)
            until(lambda: len(ledger.read().results) > answered + 500, 120, "commands are answered")
            system.broker(how)
            for service in (system.write, system.read):
                until(lambda: service.get("/readyz")[0] == 503, 60, f"{service.name} says that it is not ready")
                assert service.process.poll() is None and service.get("/healthz")[0] == 200, f"{service.name} has died"
            system.broker("start")
            system.wait_ready(120)
    system.flush()
    print(f"a restart and {options.crashes} crashes of the broker: {ledger.check(load.sent)}")

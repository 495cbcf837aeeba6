#!/usr/bin/env python3
"""--delivery at-least-once: without a crash the account is the same as with exactly-once, also after a pause and a restart in order; the
broker keeps no watermark and no claim then."""
import time

from invariants import Ledger
from load import Load
from system import System, until

with System(partitions=2, write_options=("--delivery", "at-least-once", "--lease-s", "1")) as system, Ledger(system) as ledger:
    system.start()
    with Load(system, rate=200) as load:
        until(lambda: len(ledger.read().results) > 500, 30, "the load runs")
    ledger.wait_until_answered(60)
    time.sleep(2)  # idle for longer than a claim would be renewed
    assert system.write.is_ready(), system.write.get("/readyz")
    system.write.stop()
    system.write.start()
    with Load(system, rate=200, prefix="second-", seed=2) as second:
        until(lambda: len(second.sent) > 500, 30, "the load runs")
    print(f"at-least-once: {ledger.check(load.sent + second.sent)}")

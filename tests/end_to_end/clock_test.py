#!/usr/bin/env python3
"""The clock of both services jumps an hour forth and back under load. Nothing is lost or doubled; what the clock itself is to do happens
once, when the clock says so."""
import os, time
from glob import glob

from invariants import Ledger
from load import Load
from system import System, skip, until

LIBRARY = next(iter(glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None) or skip("Debian's package faketime is not installed")
HOUR = 3_600


def jump(file, seconds):
    """As a whole: the services may read at any moment."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}s\n")
    os.replace(fresh, file)


with System(partitions=2, write_options=("--payment-deadline-s", str(HOUR // 2))) as system, Ledger(system) as ledger:
    clock = system.directory / "clock"
    jump(clock, 0)
    for service in (system.write, system.read):
        service.environment = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                               "DONT_FAKE_MONOTONIC": "1"}
    system.start()
    with Load(system, rate=300) as load:
        for offset in (HOUR, -HOUR, 0, HOUR, 0):
            answered = len(ledger.read().results)
            until(lambda: len(ledger.read().results) > answered + 1_500, 60, f"commands are answered: {system.write.get('/readyz')}")
            jump(clock, offset)
    assert system.write.is_ready() and system.read.is_ready()
    counts = ledger.check(load.sent)
    by_clock = [r for r in system.read_all("ordering.events") if r.type.endswith("OrderCancelled") and r.message.reason.startswith("not paid")]
    assert by_clock, "an hour later, nothing was due"
    print(f"an hour forth and back: {counts}; {len(by_clock)} orders cancelled by the clock")

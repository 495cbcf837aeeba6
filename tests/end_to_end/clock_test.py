#!/usr/bin/env python3
"""The wall clock of both services jumps an hour forth and back under load. Nothing is lost or doubled; what the clock itself is to do
happens once, when the clock says so."""
import shutil, struct, subprocess
from pathlib import Path

from invariants import Ledger
from load import Load
from system import System, skip, until

HOUR = 3_600
if not shutil.which("cc"):
    skip("there is no C compiler (deploy/local/install installs one)")


def jump(file, seconds):
    with open(file, "r+b") as offset:
        offset.write(struct.pack("=q", seconds))


def use_moved_clock(system, file):
    file.write_bytes(bytes(8))
    library = system.directory / "moved_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", Path(__file__).parent / "moved_clock.c", "-o", library], check=True)
    for service in (system.write, system.read):
        service.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(file)}


with System(partitions=2, write_options=("--payment-deadline-s", str(HOUR // 2))) as system, Ledger(system) as ledger:
    clock = system.directory / "clock"
    use_moved_clock(system, clock)
    system.start()
    with Load(system, rate=100) as load:
        for offset in (HOUR, -HOUR, 0, HOUR, 0):
            answered = len(ledger.read().results)
            until(lambda: len(ledger.read().results) > answered + 600, 120, f"commands are answered: {system.write.get('/readyz')}")
            jump(clock, offset)
    system.wait_ready(60)
    counts = ledger.check(load.sent)
    by_clock = [r.message.order_id for r in system.read_all("ordering.events")
                if r.type.endswith("OrderCancelled") and r.message.reason.startswith("not paid")]
    assert by_clock, "an hour later, nothing was due"
    assert len(by_clock) == len(set(by_clock)), "an order was cancelled twice"
    print(f"an hour forth and back: {counts}; {len(by_clock)} orders cancelled by the clock")

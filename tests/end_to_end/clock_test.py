#!/usr/bin/env python3
"""The wall clock of both services jumps an hour forth and back under load, and waits that are under way end early, as a jump ends them.
Nothing is lost or doubled; what the clock itself is to do happens once, when the clock says so."""
import argparse, shutil, struct, subprocess, time
from pathlib import Path

from invariants import Ledger
from load import Load
from system import System, skip, until

HOUR = 3_600
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=1, help="an hour forth, two back, and home again")
parser.add_argument("--moments", type=int, default=20, help="in which every wait ends at once, in each round")
options = parser.parse_args()
if not shutil.which("cc"):
    skip("there is no C compiler (deploy/local/install installs one)")


class Clock:
    """Of both services of a system."""

    def __init__(self, system):
        self.file = system.directory / "clock"
        self.set(0)
        library = system.directory / "moved_clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", Path(__file__).parent / "moved_clock.c", "-o", library], check=True)
        for service in (system.write, system.read):
            service.environment = {"LD_PRELOAD": str(library), "MOVED_CLOCK": str(self.file)}

    def set(self, offset_s, hasty_every=0):
        if not self.file.exists():
            self.file.write_bytes(bytes(16))
        with open(self.file, "r+b") as moved:
            moved.write(struct.pack("=qq", offset_s, hasty_every))


def wait_for_answers(system, ledger, more=300):
    answered = len(ledger.read().results)

    def more_are():
        assert system.write.process.poll() is None, "the write service has ended"
        return len(ledger.read().results) > answered + more
    until(more_are, 120, f"commands are answered: {system.write.get('/readyz')}")


with System(partitions=2, write_options=("--payment-deadline-s", str(HOUR // 2))) as system, Ledger(system) as ledger:
    clock = Clock(system)
    system.start()
    with Load(system, rate=100) as load:
        wait_for_answers(system, ledger)
        for _ in range(options.rounds):
            for offset in (HOUR, -HOUR, 0, HOUR, 0):
                clock.set(offset)
                wait_for_answers(system, ledger)
            for _ in range(options.moments):
                clock.set(0, hasty_every=1)
                time.sleep(0.05)
                clock.set(0)
                wait_for_answers(system, ledger, 50)
    system.wait_ready(60)
    counts = ledger.check(load.sent)
    by_clock = [r.message.order_id for r in system.read_all("ordering.events")
                if r.type.endswith("OrderCancelled") and r.message.reason.startswith("not paid")]
    assert by_clock, "an hour later, nothing was due"
    assert len(by_clock) == len(set(by_clock)), "an order was cancelled twice"
    again = system.write.log.read_text(errors="replace").count("outbox relay is connected") - system.partitions
    print(f"{options.rounds} times an hour forth and back, waits cut short ({again} new clients for it): {counts}; "
          f"{len(by_clock)} orders cancelled by the clock")

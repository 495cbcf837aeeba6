#!/usr/bin/env python3
"""The same command id 100 times, over three restarts of the write service and two partitions: one event, 100 equal results."""
from system import System, until

with System() as system:
    system.start()
    system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 100}, "c1", "LAMP")
    system.wait_for_results(["c1"])

    def answers():
        return [r for r in system.read_all("command.results") if r.key == b"again"]

    for n in range(100):
        system.send("allocation.v1.Allocate", {"order_id": "o1", "sku": "LAMP", "quantity": 3}, "again", "LAMP", partition=n % 2)
        if n % 30 == 29:
            system.flush()
            if n == 59:
                system.write.kill()
            else:
                until(lambda: len(answers()) > n // 2, 20, "some are answered")
                system.write.stop()
            system.write.start()
    system.flush()
    until(lambda: len(answers()) == 100, 30, f"100 results, not {len(answers())}")
    assert len({r.value for r in answers()}) == 1, "the results differ"
    events = [r for r in system.read_all("allocation.events") if r.type.endswith("Allocated")]
    assert len(events) == 1, f"{len(events)} events"
    print("100 times the same command: one event, 100 equal results")

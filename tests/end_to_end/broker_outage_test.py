#!/usr/bin/env python3
"""The broker is stopped for 20 s under load and started again: both services stay up, say so in /readyz, and catch up by themselves."""
import threading, time

from fold import compare_views, fold_topic
from system import System, until

OUTAGE_S, RATE = 20, 200


def load(system, sent, stop):
    n = 0
    while not stop.wait(1 / RATE):
        system.send("allocation.v1.Allocate", {"order_id": f"o-{n}", "sku": "LAMP", "quantity": 1}, f"a-{n}", "LAMP")
        sent.append(f"a-{n}")
        n += 1


with System() as system:
    system.start()
    system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 1_000_000}, "c1", "LAMP")
    system.wait_for_results(["c1"])
    sent, stop = [], threading.Event()
    loader = threading.Thread(target=load, args=(system, sent, stop))
    loader.start()
    until(lambda: len(sent) > RATE, 10, "the load runs")
    system.broker("stop")
    down = time.monotonic()
    for service in (system.write, system.read):
        status, _, body = until(lambda: (answer := service.get("/readyz"))[0] == 503 and answer, OUTAGE_S, f"{service.name} says that it is not ready")
        print(f"{service.name} without a broker: {body}")
        assert service.get("/healthz")[0] == 200
    stop.wait(max(0, OUTAGE_S - (time.monotonic() - down)))
    system.broker("start")
    system.wait_ready(60)
    stop.set()
    loader.join()
    system.flush()
    results = system.wait_for_results(sent, 60)
    assert all(len(results[id]) == 1 and results[id][0].status == 1 for id in sent), "a command was lost or doubled"
    fold = fold_topic(system)
    assert not fold.check(), fold.problems[:5]
    assert len(fold.lines) == len(sent)
    until(lambda: not compare_views(system, fold), 30, "views equal the events")
    for service in (system.write, system.read):
        assert service.process.poll() is None, f"{service.name} died"
    print(f"{len(sent)} commands over an outage of {OUTAGE_S} s: all answered once")

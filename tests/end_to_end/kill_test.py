#!/usr/bin/env python3
"""kill -9 of either service, 20 times, while 50,000 commands run. At the end: one event for each accepted command, in version
order without a gap in each stream, a result for every command, and views that equal a fold of the events."""
import argparse, collections, random, sys, threading, time

from fold import compare_views, fold_topic
from system import System, until

parser = argparse.ArgumentParser()
parser.add_argument("--commands", type=int, default=50_000)
parser.add_argument("--kills", type=int, default=20)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
rng = random.Random(options.seed)
SKUS = 200


def commands():
    for k in range(SKUS):
        yield "allocation.v1.CreateBatch", {"batch_ref": f"b-{k}", "sku": f"SKU-{k}", "quantity": 1_000_000}, f"create-{k}", f"SKU-{k}"
    for k in range(options.commands - SKUS):
        sku = f"SKU-{rng.randrange(SKUS)}"
        yield "allocation.v1.Allocate", {"order_id": f"o-{k}", "sku": sku, "quantity": rng.randint(1, 9)}, f"allocate-{k}", sku


def load(system, sent, done):
    # Slow enough that the kills fall into the middle of the work.
    for n, (type, data, id, key) in enumerate(commands()):
        system.send(type, data, id, key, json_format=n % 2 == 0)
        sent.append(id)
        if n % 500 == 499:
            system.producer.poll(0)
            time.sleep(0.1)
    system.flush()
    done.set()


def kill_in_turn(system, done):
    for n in range(options.kills):
        service = system.write if n % 2 == 0 else system.read
        done.wait(rng.uniform(0.1, 0.8))
        service.kill()
        service.start()
        if rng.random() < 0.5:
            done.wait(rng.uniform(0.0, 1.5))
        else:
            until(service.is_ready, 30, f"{service.name} is ready again")
    system.wait_ready()


def check(system, sent):
    results = collections.defaultdict(list)
    for ids in system.wait_for_results(sent, 120).values():
        for result in ids:
            results[result.command_id].append(result)
    for id in sent:
        assert len(results[id]) == 1, f"{id} has {len(results[id])} results"
        assert results[id][0].status == 1, f"{id}: {results[id][0]}"
    fold = fold_topic(system)
    assert not fold.check(), fold.problems[:5]
    causes = collections.Counter(r.headers["ce_causationid"] for r in system.read_all("allocation.events"))
    assert len(causes) == len(sent) and set(causes.values()) == {1}, "not exactly one event for each accepted command"
    until(lambda: not compare_views(system, fold), 30, f"views equal the events: {compare_views(system, fold)[:3]}")
    return len(causes)


with System() as system:
    system.start()
    sent, done = [], threading.Event()
    loader = threading.Thread(target=load, args=(system, sent, done))
    loader.start()
    kill_in_turn(system, done)
    loader.join()
    events = check(system, sent)
    print(f"{len(sent)} commands, {options.kills} kills: {events} events, no duplicate, no gap, no command without its result, views equal")

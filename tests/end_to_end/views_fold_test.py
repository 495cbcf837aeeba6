#!/usr/bin/env python3
"""Every view equals a fold of the topics in another language after a random run: both services killed with -9, events, results
and commands sent twice, garbage, and each view rebuilt (some rolled back) while the events flow.

  views_fold_test.py [--orders 1200] [--kills 6] [--seed 1]       the same seed, the same commands; about a minute
"""
import argparse, json, random, threading, time, urllib.error, urllib.request

from read_model import EVENT_TOPICS, compare_everything, fold_everything
from shop_load import plan, settled
from system import System, until

parser = argparse.ArgumentParser()
parser.add_argument("--orders", type=int, default=1_200)
parser.add_argument("--kills", type=int, default=6)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--rate", type=int, default=150, help="commands a second")
options = parser.parse_args()
VIEWS = ("allocations", "batches", "products", "command_results", "orders", "customers", "dead_letters")


def load(system, rng, done):
    """A shop's commands, one in twenty sent twice, one in fifty followed by what nobody can read."""
    for n, (type, data, id, key) in enumerate(plan(rng, options.orders)):
        for _ in range(2 if rng.random() < 0.05 else 1):
            system.send(type, data, id, key, json_format=n % 2 == 0)
        if rng.random() < 0.02:
            headers = [("ce_type", "allocation.v1.Allocate"), ("ce_id", f"garbage-{n}"), ("content-type", "application/json")]
            system.send_raw("allocation.commands", rng.choice([b"{", b"\xff\x00", b'{"order_id": 7}']), "x", headers)
        if n % 10 == 9:
            system.producer.poll(0)
            time.sleep(10 / options.rate)
    system.flush()
    done.set()


def repeat_records(system, rng, over, repeated):
    """As a producer without transactions would: one record in thirty is published once more, behind those that came since."""
    with system.follow(*EVENT_TOPICS, "command.results") as follower:
        while not over.is_set():
            for record in follower.poll():
                if rng.random() < 1 / 30 and "again" not in record.headers:
                    system.send_raw(record.topic, record.value, record.key, [*record.headers.items(), ("again", "1")], record.partition)
                    repeated.append(record.topic)
    system.flush()


def ask_for(system, view, what):
    """Whether the service has begun it: it may be away, or the view be at it already."""
    try:
        with urllib.request.urlopen(urllib.request.Request(system.read.url(f"/admin/views/{view}/{what}"), method="POST"), timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def replace_views(system, rng, over, replaced):
    """Each view in turn, again and again while events flow; one time in four it goes back to the file before."""
    names = list(VIEWS)
    while not over.is_set():
        rng.shuffle(names)
        for view in names:
            what = "rollback" if rng.random() < 0.25 else "rebuild"
            if ask_for(system, view, what):
                replaced[what][view] = replaced[what].get(view, 0) + 1
            over.wait(rng.uniform(0.1, 0.5))


def kill_in_turn(system, rng, done):
    for n in range(options.kills):
        done.wait(rng.uniform(1, 3))
        service = system.read if n % 2 == 0 else system.write
        service.kill()
        service.start()
        until(lambda: service.get("/healthz")[0] == 200, 30, f"{service.name} is up again")


def wait_for_views(system):
    def all_live():
        status, _, views = system.read.get("/admin/views")
        return status == 200 and all(v["phase"] == "live" and not v.get("replacement") for v in views["items"]) and views["items"]
    return until(all_live, 60, f"every view is live: {json.dumps(system.read.get('/admin/views')[2])[:2000]}")


with System(partitions=3) as system:
    system.start()
    rng, repeated, replaced = random.Random(options.seed), [], {"rebuild": {}, "rollback": {}}
    done, over = threading.Event(), threading.Event()  # of the load, of all that follows from it
    seeds = [random.Random(rng.random()) for _ in range(4)]
    threads = [threading.Thread(target=load, args=(system, seeds[0], done)),
               threading.Thread(target=repeat_records, args=(system, seeds[1], over, repeated)),
               threading.Thread(target=replace_views, args=(system, seeds[2], over, replaced))]
    for thread in threads:
        thread.start()
    kill_in_turn(system, seeds[3], done)
    threads[0].join()
    until(lambda: settled(system), 90, "every command is answered")
    over.set()
    for thread in threads[1:]:
        thread.join()
    system.wait_ready()
    views = wait_for_views(system)
    model = fold_everything(system)
    assert set(replaced["rebuild"]) == set(VIEWS) and replaced["rollback"], replaced
    assert all(v["generation"] > 1 or replaced["rollback"].get(v["name"]) for v in views), views
    assert model.repeated > 50 and len(model.dead_letters) > 10, (model.repeated, len(model.dead_letters))

    def differences():
        return compare_everything(system.read.port, model)[1]
    until(lambda: not differences(), 30, f"the views are what the topics say: {differences()}")
    compared, _ = compare_everything(system.read.port, model)
    print(f"{len(model.results)} commands, {options.kills} kills, {sum(replaced['rebuild'].values())} rebuilds and "
          f"{sum(replaced['rollback'].values())} rollbacks under way, {len(repeated)} records published twice, "
          f"{len(model.dead_letters)} dead letters: {len(model.orders)} orders, {len(model.customers)} customers, "
          f"{sum(map(len, model.events.values()))} events of history; {compared} answers, each as the topics say")

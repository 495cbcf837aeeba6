#!/usr/bin/env python3
"""Makes the test data of a version from its programs: a small shop's day, with repeats, a snapshot, deadlines, dead letters, and a
parked aggregate, as its services have stored and published it.

    git worktree add ../old TAG && cd ../old && cmake --preset release && cmake --build --preset release
    ORDERLY_TEST_BIN=../old/build/release/bin tests/upgrade/make.py TAG      # writes tests/upgrade/data/TAG.tar.xz
"""
import argparse, json, random, shutil, sqlite3, subprocess, sys, tempfile
from pathlib import Path

from stored_system import dump_topics, pack, rows
from shop_load import plan
from fold import list_all
from invariants import Ledger
from system import BIN, System, until

PARTITIONS = 2
OPTIONS = ("--payment-deadline-s", "864000000")  # decades: due rows that are never due in a test

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--orders", type=int, default=60)
options = parser.parse_args()


def send_day(system, rng):
    """The commands, to be sent again one day."""
    day = list(plan(rng, options.orders, skus=12))
    day += [("allocation.v1.Allocate", {"order_id": f"bulk-{n}", "sku": "SKU-0", "quantity": 0 if n == 7 else 1}, f"bulk-{n}", "SKU-0") for n in range(700)]
    day += [("allocation.v1.CreateBatch", {"batch_ref": f"b-{sku}", "sku": sku, "quantity": 100}, f"stock-{sku}", sku) for sku in ("WHOLE", "BROKEN")]
    for n, (type, data, id, key) in enumerate(day):
        system.send(type, data, id, key, json_format=n % 2 == 0)
    system.send_raw("allocation.commands", b"{rubbish", b"k", [("ce_type", "allocation.v1.Allocate"), ("content-type", "application/json"), ("ce_id", "rubbish")])
    for type, data, id, key in day[::10]:
        system.send(type, data, id, key)
    return day


def break_aggregate(system):
    """Its first event is altered in the store; two commands for it are parked. Gives what mends it."""
    system.write.stop()
    for file in sorted((system.directory / "write").glob("shard-*.db")):
        with sqlite3.connect(file) as db:
            row = db.execute("SELECT stream FROM streams WHERE name = 'product/BROKEN'").fetchone()
            if row:
                (whole,) = db.execute("SELECT data FROM events WHERE stream = ? AND version = 1", row).fetchone()
                db.execute("UPDATE events SET data = x'ffffff' WHERE stream = ? AND version = 1", row)
                mend = {"file": file.name, "stream": row[0], "data": whole.hex()}
    system.write.start()
    for n in range(3):
        system.send("allocation.v1.Allocate", {"order_id": f"p{n}", "sku": "BROKEN", "quantity": 1}, f"parked-{n}", "BROKEN")
    system.flush()
    system.wait_for_results(["parked-0"])
    return mend


def answers(system):
    return {path: sorted(list_all(system.read, path), key=lambda item: json.dumps(item, sort_keys=True)) for path in ("/orders", "/allocations", "/batches")}


with System(partitions=PARTITIONS, write_options=OPTIONS) as system, Ledger(system) as ledger, tempfile.TemporaryDirectory() as out:
    out = Path(out)
    system.start()
    day = send_day(system, random.Random(1))
    system.flush()
    ledger.wait_until_answered(60)
    mend = break_aggregate(system)
    until(lambda: ledger.unanswered() == ["parked-1", "parked-2"], 30, "all but what waits behind the parked one is answered")
    ledger.read()
    ledger.check_views(system.read)
    expected = {"day": day, "mend": mend, "views": answers(system), "results": {id: [r.hex() for r in found] for id, found in ledger.results.items()}}
    system.read.stop(), system.write.stop()
    dump_topics(system, out)
    expected["events"] = [[[v.hex() if isinstance(v, bytes) else v for v in row] for row in shard] for shard in
                          rows(system.directory / "write", "SELECT position, stream, version, type, command_id, data FROM events ORDER BY position")]
    (out / "expected.json").write_text(json.dumps({"partitions": PARTITIONS, "options": OPTIONS, **expected}))
    shutil.copytree(system.directory / "write", out / "write", ignore=shutil.ignore_patterns("*.lock", "directory-id"))
    shutil.copytree(system.directory / "read", out / "read", ignore=shutil.ignore_patterns("*.lock"))
    file = Path(__file__).parent / "data" / f"{options.name}.tar.xz"
    file.parent.mkdir(exist_ok=True)
    pack(out, file)
    print(f"{file}: {file.stat().st_size:,} bytes, {sum(map(len, expected['events']))} events, {len(ledger.results)} results, by {BIN}")

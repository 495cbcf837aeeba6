#!/usr/bin/env python3
"""The operator proves what the services hold while they work: equal rows are counted, a row altered by hand is found and named, and
so is a shard's event that no command explains. Views are rebuilt and rolled back from the command line."""
import argparse, contextlib, json, os, random, sqlite3, subprocess, threading, time

from fold import compare_views, fold_topic
from shop_load import plan, settled
from system import BIN, System, until

parser = argparse.ArgumentParser()
parser.add_argument("--orders", type=int, default=400)
parser.add_argument("--seed", type=int, default=2)
options = parser.parse_args()
rng = random.Random(options.seed)
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLY_")}


def orderly(*arguments, expect=0):
    done = subprocess.run([str(BIN / "orderly"), *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == expect, f"orderly {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def load(system, commands, done):
    for n, (type, data, id, key) in enumerate(commands):
        system.send(type, data, id, key, json_format=n % 2 == 0)
        if n % 20 == 19:
            system.producer.poll(0)
            time.sleep(0.05)
    system.flush()
    done.set()


def alter(file, sql):
    """By hand, as with the sqlite3 shell, while the service runs."""
    with contextlib.closing(sqlite3.connect(file, timeout=20)) as db, db:
        assert db.execute(sql).rowcount == 1, sql


def view_file(system, view):
    """The file that is served."""
    views = system.read.get("/admin/views")[2]["items"]
    generation = next(v["generation"] for v in views if v["name"] == view)
    return system.directory / "read" / "views" / f"{view}.{generation}.db"


def verify(system, expect=0):
    return {v["name"]: v for v in json.loads(orderly("verify", "--url", system.read.url(""), "--json", expect=expect).splitlines()[0])["views"]}


def check_live_views(system, done):
    """Under load, again and again; the projector and the readers are not held up."""
    rounds, rows = 0, 0
    while rounds < 2 or not done.is_set():
        views = verify(system)
        assert all(v["state"] == "equal" for v in views.values()), views
        rounds, rows = rounds + 1, sum(v["rows"] for v in views.values())
    return rounds, rows


def check_altered_rows(system):
    alter(view_file(system, "orders"), "UPDATE orders SET total = total + 1 WHERE order_id = 'o-7'")
    alter(view_file(system, "allocations"),
          "DELETE FROM allocations WHERE (order_id, sku) = (SELECT order_id, sku FROM allocations ORDER BY 1, 2 LIMIT 1)")
    alter(view_file(system, "batches"), "INSERT INTO batches VALUES ('ghost', 'SKU-1', 1, 0, '', 1)")
    views = verify(system, expect=1)
    assert {name for name, v in views.items() if v["state"] != "equal"} == {"orders", "allocations", "batches"}, views
    (order,) = views["orders"]["differences"]
    assert order["table"] == "orders" and order["key"] == "order_id='o-7'", order
    live, replayed = int(order["live"].removeprefix("total=")), int(order["replayed"].removeprefix("total="))
    assert live == replayed + 1, order
    (missing,) = views["allocations"]["differences"]
    assert missing["live"] is None and "batch_ref=" in missing["replayed"], missing
    (extra,) = views["batches"]["differences"]
    assert extra["replayed"] is None and extra["key"] == "batch_ref='ghost'", extra
    text = orderly("verify", "--url", system.read.url(""), expect=1)
    assert "order_id='o-7'" in text and "no such row" in text and "1 row differs" in text, text


def check_rebuild(system):
    """What was altered is mended by a rebuild; a rollback brings the old file back, with the error in it."""
    for view in ("orders", "allocations", "batches"):
        assert "is served from generation 2" in orderly("views", "rebuild", view, "--wait", "--url", system.read.url(""))
    verify(system)
    assert "generation 1" in orderly("views", "rollback", "batches", "--wait", "--url", system.read.url(""))
    assert verify(system, expect=1)["batches"]["differing_rows"] == 1
    orderly("views", "rollback", "batches", "--wait", "--url", system.read.url(""))
    listed = orderly("views", "list", "--url", system.read.url(""))
    assert all(name in listed for name in ("orders", "batches", "live", "lag")), listed
    assert "there is no view nonsense" in orderly("views", "rebuild", "nonsense", "--url", system.read.url(""), expect=1)
    assert "http" in orderly("verify", "--url", "nonsense", expect=2)
    assert "no answer from" in orderly("verify", "--url", "http://127.0.0.1:1", expect=1)


def check_shards(system):
    common = ["--brokers", system.brokers, "--data", system.directory / "write"]
    for shard in range(system.partitions):
        assert "equal" in orderly("verify", "--shard", shard, *common)
    backup = system.directory / "backup"
    orderly("backup", "--data", system.directory / "write", "--to", backup)
    system.write.stop()
    file = system.directory / "write" / "shard-1.db"
    alter(file, "UPDATE events SET data = x'0a0162' WHERE position = (SELECT max(position) FROM events WHERE position < 1 << 48)")
    found = json.loads(orderly("verify", "--shard", 1, *common, "--json", expect=1).splitlines()[0])
    assert found["differing_events"] == 1 and len(found["first"]) == 1 and not found["others"], found
    # The backup has the event as it was; and what it was made from is no longer needed.
    with contextlib.closing(sqlite3.connect(file)) as db:
        (position,) = db.execute("SELECT max(position) FROM events WHERE position < 1 << 48").fetchone()
    assert found["first"][0]["position"] == position, found
    from_backup = orderly("verify", "--shard", 1, *common, "--from", backup, expect=1)
    assert "1 differ" in from_backup and f"at position {position}" in from_backup, from_backup
    assert "equal" in orderly("verify", "--shard", 2, *common, "--from", backup)


with System(partitions=3) as system:
    system.start()
    commands, done = list(plan(rng, options.orders)), threading.Event()
    loader = threading.Thread(target=load, args=(system, commands, done))
    loader.start()
    until(lambda: system.read.get("/orders?limit=1")[2].get("items"), 30, "the load has begun")
    rounds, rows = check_live_views(system, done)
    loader.join()
    until(lambda: settled(system), 60, "every command is answered")
    fold = fold_topic(system)
    until(lambda: not compare_views(system, fold), 30, "the views hold everything")
    check_altered_rows(system)
    check_rebuild(system)
    check_shards(system)
    print(f"{rounds} verifications under load, {rows} rows in the last; three rows altered by hand found, an event too")

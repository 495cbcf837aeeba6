#!/usr/bin/env python3
"""A damaged aggregate: its commands are parked in order while all others go on, over a restart; mended, they are replayed with
`orderly dead-letters replay`, and one that is not worth it is left out with `discard`."""
import json, sqlite3, subprocess

from system import BIN, System, until


BEHIND = 60


def orderly(system, *arguments):
    done = subprocess.run([str(BIN / "orderly"), *arguments, "--brokers", system.brokers], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def letters(system):
    return {letter["id"]: letter for letter in map(json.loads, orderly(system, "dead-letters", "list", "--json").splitlines())}


def store_of(system, stream):
    for path in sorted((system.directory / "write").glob("shard-*.db")):
        with sqlite3.connect(path) as db:
            row = db.execute("SELECT stream FROM streams WHERE name = ?", (stream,)).fetchone()
            if row:
                return path, row[0]
    raise AssertionError(f"no store has {stream}")


def set_first_event(path, stream, data):
    with sqlite3.connect(path, timeout=10) as db:
        old = db.execute("SELECT data FROM events WHERE stream = ? AND version = 1", (stream,)).fetchone()[0]
        db.execute("UPDATE events SET data = ? WHERE stream = ? AND version = 1", (data, stream))
        return old


with System() as system:
    system.start()
    for sku in ("GOOD", "BAD"):
        system.send("allocation.v1.CreateBatch", {"batch_ref": f"b-{sku}", "sku": sku, "quantity": 100}, f"stock-{sku}", sku)
    system.wait_for_results(["stock-GOOD", "stock-BAD"])
    system.write.stop()
    path, stream = store_of(system, "product/BAD")
    whole = set_first_event(path, stream, b"\xff\xff\xff")
    system.write.start()

    for n in range(4):
        for sku in ("BAD", "GOOD"):
            system.send("allocation.v1.Allocate", {"order_id": f"o{n}", "sku": sku, "quantity": 1}, f"{sku}-{n}", sku)
    results = system.wait_for_results([f"GOOD-{n}" for n in range(4)] + ["BAD-0"])
    assert all(results[f"GOOD-{n}"][0].status == 1 for n in range(4)), results
    assert (results["BAD-0"][0].status, results["BAD-0"][0].code) == (3, "HANDLER_FAILED"), results["BAD-0"]
    assert "damaged" in results["BAD-0"][0].message, results["BAD-0"]
    assert letters(system).keys() == {"BAD-0"}

    system.write.kill()
    system.write.start()
    set_first_event(path, stream, whole)
    until(system.write.is_ready, 30, "ready again")
    print(orderly(system, "dead-letters", "discard", letters(system)["BAD-0"]["position"]).strip())
    results = system.wait_for_results([f"BAD-{n}" for n in range(1, 4)])
    assert all(results[f"BAD-{n}"][0].status == 1 for n in range(1, 4)), "those behind it are handled"
    allocated = [r.message.order_id for r in system.read_all("allocation.events") if r.headers["ce_subject"] == "BAD" and r.type.endswith("Allocated")]
    assert allocated == ["o1", "o2", "o3"], allocated

    # Once more, with many behind it; replayed this time, and the service killed in the middle of that.
    system.write.stop()
    set_first_event(path, stream, b"\xff\xff\xff")
    system.write.start()
    ids = [f"BAD-{n}" for n in range(7, 7 + BEHIND)]
    for id in ids:
        system.send("allocation.v1.Allocate", {"order_id": id, "sku": "BAD", "quantity": 1}, id, "BAD")
    system.send("allocation.v1.Allocate", {"order_id": "last", "sku": "GOOD", "quantity": 1}, "last", "GOOD")
    system.wait_for_results([ids[0], "last"])
    set_first_event(path, stream, whole)
    replay = ["dead-letters", "replay", letters(system)[ids[0]]["position"], "--brokers", system.brokers]
    replaying = subprocess.Popen([str(BIN / "orderly"), *replay], stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        system.write.kill()
        system.write.start()
        until(system.write.is_ready, 30, "ready again")
    print(replaying.communicate(timeout=60)[0].strip())
    assert replaying.returncode == 0
    results = until(lambda: (found := system.wait_for_results(ids)) and len(found[ids[0]]) == 2 and found, 30, "replayed")
    assert [r.status for r in results[ids[0]]] == [3, 1], results[ids[0]]
    assert all([r.status for r in results[id]] == [1] for id in ids[1:]), "those behind it are answered once each"
    allocated = [r.message.order_id for r in system.read_all("allocation.events") if r.headers["ce_subject"] == "BAD" and r.type.endswith("Allocated")]
    assert allocated == ["o1", "o2", "o3", *ids], allocated
    print(f"parked alone, discarded and replayed in order, {BEHIND} behind one, over restarts and kills")

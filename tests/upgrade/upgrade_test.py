#!/usr/bin/env python3
"""What earlier versions have stored and published (tests/upgrade/data) is taken over by this one: the services start on it, views and
results are as they were, a command of then gets its answer of then, parked work is released in order, new commands go on."""
import json, sqlite3, subprocess
from pathlib import Path

from stored_system import load_topics, rows, unpack
from fold import list_all
from invariants import Ledger
from system import BIN, System, until


def orderly(system, *arguments):
    done = subprocess.run([str(BIN / "orderly"), *arguments, "--brokers", system.brokers], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def stored_events(system):
    return [[[v.hex() if isinstance(v, bytes) else v for v in row] for row in shard] for shard in
            rows(system.directory / "write", "SELECT position, stream, version, type, command_id, data FROM events ORDER BY position")]


def check_stored(system, expected):
    """Every event of then, as it was."""
    for then, now in zip(expected["events"], stored_events(system), strict=True):
        now = {row[0]: row for row in now}
        for row in then:
            assert now[row[0]] == row, (row, now[row[0]])


def check_views(system, expected):
    """A view whose tables are others today is filled anew, from the same topics."""
    for path, then in expected["views"].items():
        def same():
            now = sorted(list_all(system.read, path), key=lambda item: json.dumps(item, sort_keys=True))
            return [{k: item.get(k) for k in old} for old, item in zip(then, now)] == then and len(now) == len(then)
        until(same, 30, f"{path} is as it was")


def check_repeats(system, ledger, expected):
    """Every fifth command of then, sent again; those of the parked aggregate would wait behind what is parked."""
    commands = [command for command in expected["day"] if command[3] != "BROKEN"][::5]
    again = {id: expected["results"][id] for _, _, id, _ in commands}
    ledger.read_to(ledger.ends())
    before = {id: len(ledger.results[id]) for id in again}
    for type, data, id, key in commands:
        system.send(type, data, id, key)
    system.flush()
    until(lambda: all(len(ledger.read().results[id]) > before[id] for id in again), 30, "commands of then are answered again")
    for id, then in again.items():
        assert {r.hex() for r in ledger.results[id]} == set(then), f"{id} was answered differently"
    return len(again)


def release_parked(system, ledger, expected):
    """In order: replayed, the one that was parked and the two behind it."""
    mend = expected["mend"]
    with sqlite3.connect(system.directory / "write" / mend["file"], timeout=10) as db:
        db.execute("UPDATE events SET data = ? WHERE stream = ? AND version = 1", (bytes.fromhex(mend["data"]), mend["stream"]))
    (letter,) = [line for line in map(json.loads, orderly(system, "dead-letters", "list", "--json").splitlines()) if line["id"] == "parked-0"]
    orderly(system, "dead-letters", "replay", letter["position"])
    until(lambda: not ledger.unanswered() and len(ledger.results["parked-0"]) == 2, 30, "parked commands are handled")
    released = [r.message.order_id for r in system.read_all("allocation.events") if r.headers["ce_subject"] == "BROKEN" and r.type.endswith("Allocated")]
    assert released == ["p0", "p1", "p2"], released


def send_new(system):
    for n in range(200):
        sku = f"SKU-{n % 12}"
        system.send("allocation.v1.Allocate", {"order_id": f"new-{n}", "sku": sku, "quantity": 1}, f"new-{n}", sku, json_format=n % 2 == 0)
    system.flush()
    results = system.wait_for_results([f"new-{n}" for n in range(200)])
    refused = [results[f"new-{n}"][0] for n in range(200) if results[f"new-{n}"][0].status != 1]
    assert not refused, refused[:3]


def check(archive):
    with System(partitions=2) as system:
        unpack(archive, system.directory)
        expected = json.loads((system.directory / "expected.json").read_text())
        assert expected["partitions"] == 2, "as many as the topics are made with below"
        system.write.arguments += expected["options"]
        load_topics(system, system.directory)
        system.start(60)
        with Ledger(system) as ledger:
            check_stored(system, expected)
            check_views(system, expected)
            repeats = check_repeats(system, ledger, expected)
            release_parked(system, ledger, expected)
            send_new(system)
            check_stored(system, {"events": [[row for row in shard if row[5] != "ffffff"] for shard in expected["events"]]})
            print(f"{archive.name}: views and stores as they were, {repeats} repeats answered as then, parked work released; "
                  f"{ledger.check(parked={'parked-0'})}")


archives = sorted((Path(__file__).parent / "data").glob("*.tar.xz"))
assert archives, "no data of an earlier version"
for archive in archives:
    check(archive)

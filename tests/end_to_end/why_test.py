#!/usr/bin/env python3
"""How something came about, told from any of its ids: by the client's command, its correlation id, the order, an event, a command that
the service sent itself; with what is in the stores and what still waits in an outbox. What nobody knows is said to be unknown."""
import json, os, subprocess

from system import BIN, System, until

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLY_")}
COMMAND = "0198c5a1-7b2c-7e4f-8a3b-1c2d3e4f5a6b"  # a UUIDv7, of 2025
FUTURE = "0fffffff-7b2c-7e4f-8a3b-1c2d3e4f5a6b"  # of 2527: the sender's clock is wrong


def orderly(*arguments, expect=0):
    done = subprocess.run([str(BIN / "orderly"), *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == expect, f"orderly {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def why(system, id, *more):
    return json.loads(orderly("why", id, "--brokers", system.brokers, "--url", system.read.url(""), "--json", *more))


def walk(commands):
    for command in commands:
        yield command
        yield from walk(command["caused"])


def types(command):
    return [record["type"].rsplit(".", 1)[1] for record in command["outcomes"]]


def item(sku, quantity):
    return {"sku": sku, "quantity": quantity, "unit_price": {"currency": "EUR", "minor_units": 100}}


def check_story(story):
    """CreateOrder led to two allocations and the customer's record; each allocation told the order of itself."""
    (root,) = story["commands"]
    assert root["id"] == COMMAND and types(root) == ["CommandResult", "OrderCreated"], root
    caused = sorted(record["type"].rsplit(".", 1)[1] for c in root["caused"] for record in c["sent"][:1])
    assert caused == ["Allocate", "Allocate", "RecordOrder"], caused
    everything = list(walk(story["commands"]))
    names = [name for command in everything for name in types(command)]
    assert names.count("Allocated") == 2 and names.count("OrderAllocated") == 1, names
    assert all(command["sent"] for command in everything), "every command's record is there"
    for command in everything:
        for record in command["sent"] + command["outcomes"]:
            assert record["time"].startswith("20") and record["correlation_id"] == "talk-1" and record["offset"] >= 0, record


with System(partitions=3) as system:
    system.start()
    for n, sku in enumerate(("LAMP", "DESK")):
        system.send("allocation.v1.CreateBatch", {"batch_ref": f"b-{n}", "sku": sku, "quantity": 10}, f"stock-{n}", sku)
    system.flush()
    system.wait_for_results(["stock-0", "stock-1"])
    headers = [("ce_correlationid", b"talk-1")]
    order = {"order_id": "o-1", "customer_id": "k-1", "items": [item("LAMP", 1), item("DESK", 2)]}
    system.send("ordering.v1.CreateOrder", order, COMMAND, "o-1", headers=headers)
    system.send("ordering.v1.CreateOrder", {**order, "order_id": "o-2"}, FUTURE, "o-2")
    system.send("allocation.v1.Allocate", {"order_id": "o-1", "sku": "LAMP", "quantity": "many"}, "broken-1", "LAMP", headers=headers)
    system.flush()
    def line_statuses():
        return [line["allocation_status"] for line in system.read.get("/orders/o-1")[2].get("lines", [])]
    until(lambda: line_statuses() == ["allocated", "allocated"], 30, "the order is allocated")
    until(lambda: any(r.type.endswith("OrderAllocated") and r.headers["ce_subject"] == "o-1" for r in system.read_all("ordering.events")), 30, "told")

    data = ("--data", system.directory / "write")
    story = why(system, "talk-1", *data)
    broken = [c for c in story["commands"] if c["id"] == "broken-1"]
    assert len(broken) == 1 and {r["kind"] for r in broken[0]["outcomes"]} == {"result", "dead letter"}, broken
    story["commands"].remove(broken[0])
    check_story(story)
    events = [r for c in walk(story["commands"]) for r in c["outcomes"] if r["kind"] == "event"]
    assert all(r["store_position"] > 0 for r in events), events
    rows = {row["path"]: row["answer"] for row in story["rows"]}
    assert rows["/orders/o-1"]["order_id"] == "o-1" and len(rows["/allocations/o-1"]) == 2, rows
    assert rows[f"/commands/{COMMAND}"]["status"] == "ACCEPTED", rows

    # From whatever id one begins, it is the same conversation.
    allocated = next(r for r in events if r["type"] == "allocation.v1.Allocated")
    sent_by_us = next(c["id"] for c in walk(story["commands"]) if c["sent"][0]["type"] == "ordering.v1.RecordAllocation")
    for id in (COMMAND, "o-1", allocated["id"], sent_by_us, "broken-1"):
        again = why(system, id)
        again["commands"] = [c for c in again["commands"] if c["id"] != "broken-1"]
        check_story(again)
    text = orderly("why", "o-1", "--brokers", system.brokers, "--url", system.read.url(""))
    for words in (f"command ordering.v1.CreateOrder {COMMAND}", "├─ result", "└─ ", "event ordering.v1.OrderCreated o-1 version 1",
                  "dead letter allocation.v1.Allocate", "/orders/o-1"):
        assert words in text, (words, text)
    assert FUTURE not in text, text
    both = why(system, "k-1")
    assert {c["id"] for c in both["commands"]} >= {COMMAND, FUTURE}, both["commands"]
    assert "only the newest 1 conversations" in orderly("why", "k-1", "--limit", 1, "--brokers", system.brokers, "--url", system.read.url(""))

    assert why(system, FUTURE)["commands"][0]["id"] == FUTURE, "found although its id says that it is of another century"
    assert "nothing on the topics goes by the id nobody" in orderly("why", "nobody", "--brokers", system.brokers, expect=1)
    assert "nothing on the topics" in orderly("why", "o-1", "--since", "2200-01-01T00:00:00Z", "--brokers", system.brokers, expect=1)
    assert "--since" in orderly("why", "o-1", "--since", "yesterday", "--brokers", system.brokers, expect=2)
    assert "not asked: no answer from" in orderly("why", "o-1", "--brokers", system.brokers, "--url", "http://127.0.0.1:1")

    print(f"{len(list(walk(story['commands'])))} commands and {len(events)} events of one conversation, told alike from 6 ids")

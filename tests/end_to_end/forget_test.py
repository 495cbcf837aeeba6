#!/usr/bin/env python3
"""Customers' ids are sealed; one asks to be forgotten. After it no file of either service and no record written since names
him, no event ever did, and once the command topics' retention has passed no topic does; his orders still add up."""
import shutil, sqlite3, tempfile
from pathlib import Path

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from system import System, until

ANN, BOB = "ann.person@example.org", "bob.person@example.org"
COMMANDS = ("allocation.commands", "ordering.commands", "customer.commands")
OTHERS = ("allocation.events", "ordering.events", "customer.events", "command.results", "dead-letters")


def order(system, id, customer):
    system.send("ordering.v1.CreateOrder", {"order_id": id, "customer_id": customer, "items": [
        {"sku": "LAMP", "quantity": 2, "unit_price": {"currency": "EUR", "minor_units": 150}}]}, id=f"create-{id}", key=id)


def forget(system, customer, id):
    system.send("customer.v1.ForgetCustomer", {"customer_id": customer}, id=id, key=customer)
    system.flush()
    return system.wait_for_results([id])[id][0]


def names_ann(record):
    parts = [record.key or b"", record.value or b"", *(v.encode() for v in record.headers.values())]
    return any(ANN.encode() in part for part in parts)


def files_that_name_ann(*folders):
    return [str(p) for folder in folders for p in folder.rglob("*") if p.is_file() and ANN.encode() in p.read_bytes()]


def customer_is(system, sealed, **wanted):
    status, _, body = system.read.get(f"/customers/{sealed}")
    return status == 200 and all(body.get(name) == value for name, value in wanted.items()) and body


def shop(system):
    system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 100}, id="b1", key="LAMP")
    for i in range(4):
        order(system, f"ann-{i}", ANN)
    order(system, "bob-0", BOB)
    system.send("ordering.v1.CancelOrder", {"order_id": "ann-3", "reason": "no"}, id="cancel", key="ann-3")
    system.flush()
    system.wait_for_results(["cancel", "create-bob-0"])
    status = lambda: system.read.get("/orders/ann-0")[2]
    sealed = until(lambda: isinstance(status(), dict) and status()["customer_id"], 30, "ann's order has its customer")
    assert sealed.startswith("sealed-") and ANN not in sealed, sealed
    spend = [{"currency": "EUR", "minor_units": 900}]
    until(lambda: customer_is(system, sealed, orders=4, cancelled_orders=1, spend=spend), 30, "ann's four orders count")
    return sealed


def check_topics(system, since):
    """`since`: the end of each command topic's partitions when the customer was forgotten."""
    for topic in OTHERS:
        assert not [r for r in system.read_all(topic) if names_ann(r)], topic
    for topic in COMMANDS:
        late = [r for r in system.read_all(topic) if names_ann(r) and r.offset >= since[topic, r.partition]]
        assert not late, late


def ends_of_commands(system):
    with system.follow(*COMMANDS) as follower:
        return {(t, p): follower.consumer.get_watermark_offsets(TopicPartition(t, p), timeout=30)[1] for t, p in follower.partitions}


def pass_retention(system, ends):
    """What time does after the retention of the command topics."""
    admin = AdminClient({"bootstrap.servers": system.brokers})
    for future in admin.delete_records([TopicPartition(t, p, end) for (t, p), end in ends.items()]).values():
        future.result(30)
    for topic in COMMANDS:
        assert not [r for r in system.read_all(topic) if names_ann(r)], topic


keys = Path(tempfile.mkdtemp(prefix="orderly-keys-"))
try:
    with System(partitions=2, write_options=["--customer-keys", str(keys), "--audit", "all"]) as system:
        system.start()
        sealed = shop(system)
        assert forget(system, ANN, "forget").status == 1
        ends = ends_of_commands(system)
        assert forget(system, "nobody", "forget-nobody").code == "UNKNOWN_CUSTOMER"
        order(system, "bob-1", BOB)
        system.flush()
        system.wait_for_results(["create-bob-1"])
        for service in (system.write, system.read):
            service.stop()
        data = [system.directory / "write", system.directory / "read", keys]
        left = files_that_name_ann(*data) + [str(s.log) for s in (system.write, system.read) if ANN in s.log.read_text()]
        assert not left, left
        searched = sum(1 for folder in data for p in folder.rglob("*") if p.is_file())
        left = sum(sqlite3.connect(f).execute("SELECT count(*) FROM keys WHERE sealed = ?", (sealed,)).fetchone()[0] for f in keys.glob("*.db"))
        assert left == 0, "the key is still there"
        check_topics(system, ends)

        system.start()
        assert customer_is(system, sealed, orders=4, cancelled_orders=1), "ann's orders still count, nobody's now"
        listed = [o["order_id"] for o in system.read.get(f"/orders?customer_id={sealed}")[2]["items"]]
        assert sorted(listed) == [f"ann-{i}" for i in range(4)], listed
        order(system, "ann-again", ANN)
        system.flush()
        system.wait_for_results(["create-ann-again"])
        again = until(lambda: system.read.get("/orders/ann-again")[2].get("customer_id"), 30, "the new order has its customer")
        assert again.startswith("sealed-") and again != sealed, again
        assert forget(system, ANN, "forget-again").status == 1
        pass_retention(system, ends_of_commands(system))
    print(f"{searched} files and {len(OTHERS)} topics searched: none names the customer; his 4 orders stay, as {sealed[:20]}…")
finally:
    shutil.rmtree(keys)

#!/usr/bin/env python3
"""Customers' ids are sealed; one asks to be forgotten. No file of either service ever names him: stores with their logs and what waits
in their outboxes, views, logs, backups made before. No event or result ever did, no record that a service wrote since does, and once
the command topics' retention has passed no topic does. His key is destroyed, and so are those of what waited in the backups; his orders
still add up."""
import base64, shutil, sqlite3, subprocess, tempfile
from pathlib import Path

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from system import BIN, System, until

ANN, BOB = "ann.person@example.org", "bob.person@example.org"
CANARY = "found-by-the-same-search"  # a reason, which is not sealed: the search must find it where it finds nothing of Ann
COMMANDS = {"allocation.commands", "ordering.commands", "customer.commands"}
OTHERS = {"allocation.events", "ordering.events", "customer.events", "command.results", "dead-letters"}


def forms(text):
    """As it is, as hexadecimal digits, and in base64 wherever it begins."""
    data = text.encode()
    yield data
    yield data.hex().encode()
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + data)[4 if shift else 0:len(data) // 3 * 4 - 4]


def holds(data, text):
    return any(form in data for form in forms(text))


def order(system, id, customer):
    system.send("ordering.v1.CreateOrder", {"order_id": id, "customer_id": customer, "items": [
        {"sku": "LAMP", "quantity": 2, "unit_price": {"currency": "EUR", "minor_units": 150}}]}, id=f"create-{id}", key=id)


def forget(system, customer, id):
    """As an operator does."""
    subprocess.run([BIN / "orderly", "send", "customer.v1.ForgetCustomer", f"customer_id={customer}", "--id", id,
                    "--brokers", system.brokers], check=True, stdout=subprocess.DEVNULL)
    return system.wait_for_results([id])[id][0]


def names(record, text):
    parts = [record.key or b"", record.value or b"", *(v.encode() for v in record.headers.values())]
    return any(holds(part, text) for part in parts)


def service_files(system, keys):
    """Everything that the services, and `orderly backup`, have written: all but the broker's."""
    kafka = system.directory / "kafka"
    return [p for folder in (system.directory, keys) for p in folder.rglob("*") if p.is_file() and kafka not in p.parents]


def files_that_hold(files, text):
    return [str(p) for p in files if p.exists() and holds(p.read_bytes(), text)]


def check_files(system, keys, when):
    files = service_files(system, keys)
    found = files_that_hold(files, ANN)
    assert not found, f"{when}: {found}"
    return files


def customer_is(system, sealed, **wanted):
    status, _, body = system.read.get(f"/customers/{sealed}")
    return status == 200 and all(body.get(name) == value for name, value in wanted.items()) and body


def shop(system):
    system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 100}, id="b1", key="LAMP")
    for i in range(4):
        order(system, f"ann-{i}", ANN)
    order(system, "bob-0", BOB)
    system.send("ordering.v1.CancelOrder", {"order_id": "ann-3", "reason": CANARY}, id="cancel", key="ann-3")
    system.flush()
    system.wait_for_results(["cancel", "create-bob-0"])
    until(lambda: system.read.get("/orders/ann-0")[0] == 200, 30, "ann's order is there")
    sealed = customer_of(system, "ann-0")
    assert sealed.startswith("sealed-") and ANN not in sealed, sealed
    spend = [{"currency": "EUR", "minor_units": 900}]
    until(lambda: customer_is(system, sealed, orders=4, cancelled_orders=1, spend=spend), 30, "ann's four orders count")
    return sealed


def backup(system, to):
    subprocess.run([BIN / "orderly", "backup", "--data", system.directory / "write", "--read-data", system.directory / "read", "--to", to],
                   check=True, stdout=subprocess.DEVNULL)
    return [(shard, messages) for shard in range(system.partitions)
            for messages, in sqlite3.connect(to / "write" / f"shard-{shard}.db").execute("SELECT messages FROM outbox WHERE lane = 1")]


def backup_with_orders_on_their_way(system):
    """Made while messages about Ann's orders wait in an outbox; gives the folder and how many rows wait."""
    for attempt in range(20):
        for i in range(3):
            order(system, f"ann-late-{attempt}-{i}", ANN)
            system.flush()
        to = system.directory / f"backup-{attempt}"
        rows = backup(system, to)
        if rows:
            system.wait_for_results([f"create-ann-late-{attempt}-2"])
            return attempt + 1, rows
    raise AssertionError("no backup was made while anything waited")


def check_keys_are_gone(keys, sealed, rows):
    """Ann's, and those of what waited in the backup: each row begins with its key's number."""
    oldest = {}
    for shard in {shard for shard, _ in rows}:
        db = sqlite3.connect(keys / f"customer-keys-{shard}.db")
        oldest[shard] = db.execute("SELECT number FROM outbox_key").fetchone()[0]
    for file in keys.glob("*.db"):
        left = sqlite3.connect(file).execute("SELECT * FROM keys WHERE sealed = ? AND key IS NOT NULL", (sealed,)).fetchall()
        assert not left, "Ann's key is still there"
    for shard, messages in rows:
        number = int.from_bytes(messages[:8], "little")
        assert number < oldest[shard], f"the key {number} of what waited is still there: {oldest}"


def all_topics(system):
    topics = {t for t in AdminClient({"bootstrap.servers": system.brokers}).list_topics(timeout=30).topics if not t.startswith("__")}
    assert topics == COMMANDS | OTHERS, topics
    return topics


def check_topics(system, since):
    """`since`: the end of each command topic's partitions when the customer was forgotten."""
    for topic in all_topics(system):
        named = [r for r in system.read_all(topic) if names(r, ANN) and (topic in OTHERS or r.offset >= since[topic, r.partition])]
        assert not named, (topic, named)
    assert any(names(r, CANARY) for r in system.read_all("ordering.events")), "the search of topics finds nothing at all"


def ends_of_commands(system):
    with system.follow(*COMMANDS) as follower:
        return {(t, p): follower.consumer.get_watermark_offsets(TopicPartition(t, p), timeout=30)[1] for t, p in follower.partitions}


def pass_retention(system, ends):
    """What time does after the retention of the command topics."""
    admin = AdminClient({"bootstrap.servers": system.brokers})
    for future in admin.delete_records([TopicPartition(t, p, end) for (t, p), end in ends.items()]).values():
        future.result(30)
    for topic in all_topics(system):
        assert not [r for r in system.read_all(topic) if names(r, ANN)], topic


def customer_of(system, id):
    return until(lambda: system.read.get(f"/orders/{id}")[2].get("customer_id"), 30, f"{id} has its customer")


def forget_ann(system, keys):
    """Gives what is printed of it."""
    sealed = shop(system)
    attempts, rows = backup_with_orders_on_their_way(system)
    orders = 4 + 3 * attempts
    until(lambda: customer_is(system, sealed, orders=orders), 30, "all of Ann's orders count")
    check_files(system, keys, "before she is forgotten")
    assert forget(system, ANN, "forget").status == 1
    ends = ends_of_commands(system)
    check_files(system, keys, "while the services work")
    assert forget(system, "nobody", "forget-nobody").code == "UNKNOWN_CUSTOMER"
    order(system, "bob-1", BOB)
    system.flush()
    system.wait_for_results(["create-bob-1"])
    for service in (system.write, system.read):
        service.stop()
    files = check_files(system, keys, "after the services have ended")
    for place in ("write", "read", "backup-0"):
        assert files_that_hold([p for p in files if place in p.parts], CANARY), f"the search finds nothing at all in {place}"
    check_keys_are_gone(keys, sealed, rows)
    check_topics(system, ends)
    return sealed, orders, f"{len(files)} files, of {attempts} backups too with {len(rows)} rows on their way"


def come_back(system, sealed, orders):
    assert customer_is(system, sealed, orders=orders, cancelled_orders=1), "ann's orders still count, nobody's now"
    listed = system.read.get(f"/orders?customer_id={sealed}&limit=1000")[2]["items"]
    assert len(listed) == orders, listed
    order(system, "ann-again", ANN)
    system.flush()
    system.wait_for_results(["create-ann-again"])
    again = customer_of(system, "ann-again")
    assert again.startswith("sealed-") and again != sealed, again
    assert forget(system, ANN, "forget-again").status == 1


keys = Path(tempfile.mkdtemp(prefix="orderly-keys-"))
try:
    # Transactions keep a distance that gives a backup the time to find something in an outbox.
    with System(partitions=2, write_options=["--customer-keys", str(keys), "--audit", "all", "--log-level", "debug",
                                             "--publish-interval-ms", "1000"], read_options=["--log-level", "debug"]) as system:
        system.start()
        sealed, orders, searched = forget_ann(system, keys)
        system.start()
        come_back(system, sealed, orders)
        pass_retention(system, ends_of_commands(system))
        check_files(system, keys, "at the end")
    print(f"{searched}, and {len(COMMANDS | OTHERS)} topics searched: none names the customer; the {orders} orders stay, as {sealed[:20]}…")
finally:
    shutil.rmtree(keys)

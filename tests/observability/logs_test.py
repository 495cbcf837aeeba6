#!/usr/bin/env python3
"""Logs: one JSON object a line; what is about a command names it and its conversation; each module has its level; nothing personal. Marked
customers, reasons, addresses and payloads go every way there is, good and bad, at level trace with an audit of all: no mark is in any log."""
import json, subprocess, sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))
from system import BIN, System, until

MARK = "Zaphod.Marked"
MAIL = f"{MARK}@example.com"
WRITE = ("--log-level", "trace,kafka=debug", "--audit", "all", "--allow", "shop=ordering.v1.*", "--allow", "anonymous=allocation.v1.*",
         "--smtp-url", "smtp://127.0.0.1:9", "--mail-to", MAIL, "--mail-from", MAIL)
READ = ("--log-level", "trace")
SHOP = [("ce_authid", "shop")]


def lines(service):
    """Each as an object: anything else in a log is a fault."""
    return [json.loads(line) for line in service.log.read_text(errors="strict").splitlines()]


def order(system, order_id, sku, customer=MARK):
    item = {"sku": sku, "quantity": 1, "unit_price": {"currency": "EUR", "minor_units": 100}}
    system.send("ordering.v1.CreateOrder", {"order_id": order_id, "customer_id": customer, "items": [item]}, f"create-{order_id}", order_id,
                headers=[*SHOP, ("ce_correlationid", f"visit-{order_id}")])


def send_marks(system):
    """Accepted, rejected, unauthorised, unreadable in every way, dead-lettered by a mail that cannot be sent."""
    system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 10}, "stock", "LAMP")
    for n in range(4):
        order(system, f"o{n}", "LAMP")
    system.wait_for_results(["stock", *(f"create-o{n}" for n in range(4))])
    system.send("ordering.v1.CancelOrder", {"order_id": "o1", "reason": f"call {MARK} at home"}, "cancel", "o1", headers=SHOP)
    system.send("ordering.v1.PayOrder", {"order_id": "o2", "amount": {"currency": "EUR", "minor_units": 7}}, "underpaid", "o2", headers=SHOP)
    order(system, "o9", "LAMP", customer=f"{MARK} " + "x" * 300)
    system.send("ordering.v1.CreateOrder", {"order_id": "o8", "customer_id": MARK, "items": []}, "unauthorised", "o8")
    bad = {"unknown": json.dumps({"order_id": "o7", MARK: MARK}), "truncated": json.dumps({"order_id": MARK})[:-3],
           "wrong-type": json.dumps({"order_id": "o7", "items": MARK}), "no-json": MARK}
    for id, payload in bad.items():
        system.send_raw("ordering.commands", payload.encode(), MARK, [("ce_type", "ordering.v1.CreateOrder"), ("content-type", "application/json"), ("ce_id", id)])
    system.send_raw("ordering.commands", MARK.encode(), MARK, [("ce_type", f"{MARK}.v1.Whatever"), ("ce_id", "typeless")])
    system.send_raw("ordering.commands", b"\xff\xfe" + MARK.encode(), MARK, [("ce_type", "ordering.v1.PayOrder"), ("ce_id", f"{MARK} {MARK}"), ("ce_correlationid", f"\u00e9{MARK}")])
    system.wait_for_results(["cancel", "underpaid", "create-o9", "unauthorised", *bad, "typeless"])


def ask_marks(system):
    until(lambda: system.read.get(f"/customers/{MARK}")[0] == 200, 60, "the customer is to be seen")
    for path in (f"/customers/{MARK}", f"/orders?customer_id={MARK}", f"/orders?{MARK}=1", f"/{MARK}", f"/orders/{MARK}%ff", f"/orders?customer_id={MARK}&limit=x"):
        system.read.get(path)
        system.write.get(path)
    damage(system)


def damage(system):
    """A view that cannot be read: its query fails, which is logged."""
    for file in (system.directory / "read/views").glob("customers.*.db"):
        subprocess.run(["sqlite3", str(file), "ALTER TABLE customers RENAME TO gone"], check=True, capture_output=True)
    assert system.read.get(f"/customers/{MARK}")[0] == 500


def check_ids(write, read):
    audits = {l["command_id"]: l for l in write if l["message"] == "audit"}
    assert {"create-o1", "cancel", "underpaid", "unauthorised"} <= audits.keys(), audits.keys()
    assert audits["create-o1"]["correlation_id"] == "visit-o1" and audits["create-o1"]["status"] == "ACCEPTED"
    assert audits["cancel"]["correlation_id"] == "cancel"  # a command that names none begins a conversation
    assert all(l["correlation_id"] for l in audits.values())
    letters = {l.get("command_id"): l for l in write if l["message"] == "a command is dead-lettered"}
    assert {"unknown", "truncated", "no-json"} <= letters.keys() and letters["unknown"]["code"] == "UNREADABLE", letters
    mails = [l for l in write if l["message"] == "a record is tried again later"]
    assert mails and all(l["event_id"] and l["command_id"] and l["correlation_id"] for l in mails), mails
    assert {"shard", "handling", "outbox", "notifications"} <= {l.get("module") for l in write}
    assert [l for l in read if l["message"] == "a query failed" and l["route"] == "/customers/:customer_id" and l["module"] == "queries"]


def check_levels():
    """One module at debug, all else silent; what is no level or no module is refused in one line."""
    with System(partitions=1, write_options=("--log-level", "off,outbox=info")) as system:
        system.start(90)
        found = lines(system.write)
        assert found and {l["module"] for l in found} == {"outbox"}, found
    for wrong, word in (("loud", "loud"), ("info,cellar=debug", "cellar"), ("outbox=", "level")):
        for program in ("write-service", "read-service"):
            out = subprocess.run([BIN / program, "--brokers", "127.0.0.1:1", "--data", "/nonexistent", "--log-level", wrong], capture_output=True, text=True)
            assert out.returncode == 2 and len(out.stderr.splitlines()) == 1 and (word in out.stderr or "outbox" in out.stderr), (program, wrong, out)


def main():
    with System(partitions=2, write_options=WRITE, read_options=READ) as system:
        system.start(90)
        send_marks(system)
        until(lambda: any(l["message"] == "a record is tried again later" for l in lines(system.write)), 60, "a mail fails")
        ask_marks(system)
        system.broker("stop")
        for service in (system.write, system.read):
            until(lambda: not service.is_ready(), 60, f"{service.name} notices")
        system.broker("start")
        system.wait_ready(60)
        write, read = lines(system.write), lines(system.read)
        check_ids(write, read)
        for service in (system.write, system.read):
            marked = [l for l in service.log.read_text().splitlines() if MARK.lower() in l.lower()]
            assert not marked, f"personal data in {service.name}'s log: {marked[:3]}"
        for l in write + read:
            assert {"time", "level", "message", "service"} <= l.keys(), l
        print(f"{len(write)} and {len(read)} lines, each a JSON object, none with a mark")
    check_levels()


main()

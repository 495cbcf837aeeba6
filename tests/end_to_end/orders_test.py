#!/usr/bin/env python3
"""Whole orders over the real system, the write service killed with -9 in the middle: whatever the interleaving, what the
published events say holds together, every command is answered once, and a VIP is told of once, by mail too."""
import argparse, collections, random, threading
from email import message_from_bytes

from fold import fold_topic
from system import System, free_port, skip, until

try:
    from aiosmtpd.controller import Controller
except ImportError:
    skip("the Python package aiosmtpd is not installed (tests/run installs it)")

parser = argparse.ArgumentParser()
parser.add_argument("--orders", type=int, default=600)
parser.add_argument("--kills", type=int, default=6)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
rng = random.Random(options.seed)
SKUS = [f"SKU-{n}" for n in range(40)]
RANK = {"OrderCreated": 0, "OrderAllocated": 1, "OrderPaid": 1, "OrderShipped": 2, "OrderCancelled": 2}


class Mails:
    def __init__(self):
        self.messages = []

    async def handle_DATA(self, server, session, envelope):
        self.messages.append(message_from_bytes(envelope.content))
        return "250 OK"


def plan():
    """Commands of every order, each order's in sequence, the orders shuffled into each other."""
    for n, sku in enumerate(SKUS):
        yield "allocation.v1.CreateBatch", {"batch_ref": f"b-{n}", "sku": sku, "quantity": rng.choice([20, 60, 400])}, f"stock-{n}", sku
    waiting = []
    for n in range(options.orders):
        order = f"o-{n}"
        lines = [{"sku": sku, "quantity": rng.randint(1, 5), "unit_price": {"currency": "GBP", "minor_units": rng.randint(1, 999)}}
                 for sku in rng.sample(SKUS, rng.randint(1, 5))]
        total = sum(line["quantity"] * line["unit_price"]["minor_units"] for line in lines)
        steps = [("ordering.v1.CreateOrder", {"order_id": order, "customer_id": f"customer-{n % 150}", "items": lines}, f"create-{n}", order)]
        if rng.random() < 0.9:
            steps.append(("ordering.v1.PayOrder", {"order_id": order, "amount": {"currency": "GBP", "minor_units": total}}, f"pay-{n}", order))
        if rng.random() < 0.7:
            steps.append(("ordering.v1.ShipOrder", {"order_id": order}, f"ship-{n}", order))
        if rng.random() < 0.2:
            steps.insert(rng.randint(1, len(steps)), ("ordering.v1.CancelOrder", {"order_id": order, "reason": "no more"}, f"cancel-{n}", order))
        waiting.append(steps)
    while waiting:
        steps = rng.choice(waiting[:50])
        yield steps.pop(0)
        if not steps:
            waiting.remove(steps)
        if rng.random() < 0.02:
            batch = rng.randrange(len(SKUS))
            yield "allocation.v1.ChangeBatchQuantity", {"batch_ref": f"b-{batch}", "quantity": rng.choice([0, 10, 100, 500])}, f"change-{rng.random()}", f"b-{batch}"


def load(system, commands, done):
    for n, (type, data, id, key) in enumerate(commands):
        system.send(type, data, id, key, json_format=n % 2 == 0)
        if n % 50 == 49:
            system.flush()
    system.flush()
    done.set()


def fold_orders(system):
    orders = collections.defaultdict(list)
    for record in system.read_all("ordering.events"):
        events = orders[record.headers["ce_subject"]]
        assert int(record.headers["ce_streamversion"]) == len(events) + 1, (record.headers, events)
        events.append(record)
    return orders


def check_order(order, events):
    names = [e.type.rsplit(".", 1)[1] for e in events]
    assert names[0] == "OrderCreated" and names.count("OrderCreated") == 1, (order, names)
    for once in ("OrderPaid", "OrderShipped", "OrderCancelled"):
        assert names.count(once) <= 1, (order, names)
    if "OrderShipped" in names:
        assert names[-1] == "OrderShipped" and {"OrderPaid", "OrderAllocated"} <= set(names), (order, names)
    if "OrderCancelled" in names:
        assert names[-1] == "OrderCancelled", (order, names)
        assert events[-1].message.was_paid == ("OrderPaid" in names), (order, names)
    return names


def check_lines(orders, fold):
    """Every line of an open order is allocated or waits; of a cancelled one nothing is left."""
    for order, events in orders.items():
        cancelled = events[-1].type.endswith("OrderCancelled")
        for item in events[0].message.items:
            key = (order, item.sku)
            assert (key in fold.lines or key in fold.waiting) != cancelled, (key, cancelled)
            assert key not in fold.lines or fold.lines[key][1] == item.quantity, key


mails = Mails()
smtp_port = free_port()
smtp = Controller(mails, hostname="127.0.0.1", port=smtp_port)
smtp.start()
mail_options = ("--smtp-url", f"smtp://127.0.0.1:{smtp_port}", "--mail-to", "shop@example.com")
with System(partitions=3, write_options=mail_options) as system:
    system.start()
    commands, done = list(plan()), threading.Event()
    loader = threading.Thread(target=load, args=(system, commands, done))
    loader.start()
    for _ in range(options.kills):
        done.wait(rng.uniform(0.1, 0.6))
        system.write.kill()
        system.write.start()
        until(system.write.is_ready, 30, "the write service is ready again")
    loader.join()
    results = system.wait_for_results([id for _, _, id, _ in commands], 60)
    assert all(len(found) == 1 for found in results.values()), "a command has several results"

    # All that follows from the commands has come to its end when every command on the topics has its result.
    def settled():
        before = system.read_all("command.results")
        causes = {r.message.command_id for r in before}
        sent = {r.headers.get("ce_id") for topic in ("allocation.commands", "ordering.commands", "customer.commands") for r in system.read_all(topic)}
        return sent <= causes and before
    until(settled, 60, "every command that follows is answered, too")
    for n in range(options.orders):  # those that asked too early
        system.send("ordering.v1.ShipOrder", {"order_id": f"o-{n}"}, f"ship-again-{n}", f"o-{n}")
    system.flush()
    everything = until(settled, 60, "every command that follows is answered, too")
    counts = collections.Counter(r.message.command_id for r in everything)
    assert set(counts.values()) == {1}, [id for id, n in counts.items() if n > 1][:5]

    orders = fold_orders(system)
    assert len(orders) == options.orders
    statuses = collections.Counter(check_order(order, events)[-1] for order, events in orders.items())
    assert min(statuses[name] for name in ("OrderShipped", "OrderCancelled", "OrderPaid")) > 0, statuses
    fold = fold_topic(system)
    assert not fold.check(), fold.problems[:5]
    check_lines(orders, fold)
    made = collections.Counter(events[0].message.customer_id for events in orders.values())
    vips = collections.Counter(r.headers["ce_subject"] for r in system.read_all("customer.events"))
    assert vips == {customer: 1 for customer, n in made.items() if n >= 3}, "each customer of three orders is a VIP once"
    until(lambda: {m["message-id"] for m in mails.messages if "VIP" in m["subject"]} and
          len({m["message-id"] for m in mails.messages if "VIP" in m["subject"]}) == len(vips), 60, "a mail for each VIP")
    print(f"{len(commands)} commands, {options.kills} kills, {len(everything)} results; orders by their last event: {dict(statuses)}; "
          f"{len(vips)} VIPs, {len(mails.messages)} mails")
smtp.stop()

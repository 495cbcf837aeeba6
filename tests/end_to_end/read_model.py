"""Every view of the read service, computed independently: a plain fold of the topics as read_committed consumers see them, and the
comparison with what the service answers. Events that come again are known by their stream's version, as the contract says."""
import base64, http.client, json
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from google.protobuf import json_format

from system import MESSAGES, message_class

EVENT_TOPICS = ("allocation.events", "ordering.events", "customer.events")
FOLLOWED = (*EVENT_TOPICS, "command.results", "dead-letters")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def to_ms(text):
    return round((datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) / timedelta(milliseconds=1))


def money(amount):
    return {"currency": amount.currency, "minor_units": amount.minor_units}


class ReadModel:
    def __init__(self):
        self.versions, self.repeated = {}, 0
        self.batches, self.lines, self.waiting = {}, {}, {}
        self.products, self.product_versions = {}, {}
        self.orders, self.facts, self.events = {}, {}, defaultdict(list)
        self.customers, self.results, self.dead_letters = {}, {}, {}

    def apply(self, record):
        if record.topic == "dead-letters":
            self.dead_letters[f"{record.partition}/{record.offset}"] = record
        elif record.topic == "command.results":
            self.results[record.message.command_id] = record.message
        elif self.is_new(record):
            record.ms = to_ms(record.headers["ce_time"])
            getattr(self, "on_" + record.type.rsplit(".", 1)[1])(record, record.message)

    def is_new(self, record):
        stream, version = (record.topic, record.headers["ce_subject"]), int(record.headers["ce_streamversion"])
        known = self.versions.get(stream, 0)
        if version <= known:
            self.repeated += 1
            return False
        assert version == known + 1, f"{stream}: version {version} follows {known}"
        self.versions[stream], record.version = version, version
        return True

    # ---- stock ----

    def change_product(self, record, **deltas):
        product = dict(self.products.get(record.headers["ce_subject"]) or
                       {"sku": record.headers["ce_subject"], "batches": 0, "quantity": 0, "allocated": 0})
        for name, delta in deltas.items():
            product[name] += delta
        waiting = [quantity for (_, sku), quantity in self.waiting.items() if sku == product["sku"]]
        product |= {"version": record.version, "available": product["quantity"] - product["allocated"],
                    "backordered_lines": len(waiting), "backordered_quantity": sum(waiting)}
        self.products[product["sku"]] = self.product_versions[product["sku"], record.version] = product

    def change_batch(self, record, ref, allocated=0, quantity=None):
        batch = self.batches[ref]
        before = batch["quantity"]
        batch["allocated"] += allocated
        batch["quantity"] = before if quantity is None else quantity
        batch |= {"available": batch["quantity"] - batch["allocated"], "version": record.version}
        self.change_product(record, allocated=allocated, quantity=batch["quantity"] - before)

    def note_line(self, record, event, status, batch_ref=None):
        self.facts[event.order_id, event.sku, event.quantity] = {"allocation_status": status, "batch_ref": batch_ref}
        self.events[event.order_id].append(record)

    def on_BatchCreated(self, record, e):
        self.batches[e.batch_ref] = {"batch_ref": e.batch_ref, "sku": e.sku, "quantity": e.quantity, "allocated": 0,
                                     "available": e.quantity, "eta": e.eta or None, "version": record.version}
        self.change_product(record, batches=1, quantity=e.quantity)

    def on_BatchQuantityChanged(self, record, e):
        self.change_batch(record, e.batch_ref, quantity=e.quantity)

    def on_Allocated(self, record, e):
        self.waiting.pop((e.order_id, e.sku), None)
        self.lines[e.order_id, e.sku] = {"batch_ref": e.batch_ref, "quantity": e.quantity, "version": record.version}
        self.note_line(record, e, "allocated", e.batch_ref)
        self.change_batch(record, e.batch_ref, e.quantity)

    def on_Deallocated(self, record, e):
        self.note_line(record, e, "pending")
        if e.batch_ref:
            del self.lines[e.order_id, e.sku]
            return self.change_batch(record, e.batch_ref, -e.quantity)
        self.waiting.pop((e.order_id, e.sku), None)
        return self.change_product(record)

    def on_OutOfStock(self, record, e):
        self.note_line(record, e, "out_of_stock")
        if e.backordered:
            self.waiting[e.order_id, e.sku] = e.quantity
        self.change_product(record)

    # ---- orders and customers ----

    def customer(self, id):
        return self.customers.setdefault(id, {"customer_id": id, "orders": 0, "cancelled_orders": 0, "spend": Counter(), "version": 0})

    def on_OrderCreated(self, record, e):
        created = e.created_at.ToMilliseconds() if e.HasField("created_at") else record.ms
        self.orders[e.order_id] = {"customer_id": e.customer_id, "status": "created", "total": money(e.total), "created_ms": created,
                                   "timeline": [("created", record.ms)], "items": list(e.items), "version": 1}
        customer = self.customer(e.customer_id)
        customer["orders"] += 1
        customer["version"] += 1
        customer["spend"][e.total.currency] += e.total.minor_units
        self.events[e.order_id].append(record)

    def change_order(self, record, status=None):
        order = self.orders[record.headers["ce_subject"]]
        order["version"] = record.version
        if status:
            order["status"] = status
            order["timeline"].append((status, record.ms))
        self.events[record.headers["ce_subject"]].append(record)
        return order

    def on_OrderAllocated(self, record, e):
        self.change_order(record)

    def on_OrderPaid(self, record, e):
        self.change_order(record, "paid")

    def on_OrderShipped(self, record, e):
        self.change_order(record, "shipped")

    def on_OrderCancelled(self, record, e):
        order = self.change_order(record, "cancelled")
        order["cancel_reason"] = e.reason
        if e.was_paid:
            order["refund"] = money(e.refund)
        customer = self.customer(order["customer_id"])
        customer["cancelled_orders"] += 1
        customer["version"] += 1
        customer["spend"][order["total"]["currency"]] -= order["total"]["minor_units"]

    def on_CustomerBecameVip(self, record, e):
        customer = self.customer(e.customer_id)
        customer["vip_since_ms"] = record.ms
        customer["version"] += 1

    # ---- as the contract shows them ----

    def order_json(self, id):
        order, of_sku = self.orders[id], Counter()
        for item in order["items"]:
            of_sku[item.sku] += item.quantity  # the line that allocation knows
        lines = [{"sku": item.sku, "quantity": item.quantity, "unit_price": money(item.unit_price),
                  **self.facts.get((id, item.sku, of_sku[item.sku]), {"allocation_status": "pending", "batch_ref": None})}
                 for item in order["items"]]
        kept = {name: order[name] for name in ("customer_id", "status", "total", "version", "created_ms", "cancel_reason", "refund")
                if name in order}
        return {"order_id": id, **kept, "lines": lines, "timeline": order["timeline"]}

    def customer_json(self, id):
        customer = self.customers[id]
        return customer | {"spend": [{"currency": c, "minor_units": n} for c, n in sorted(customer["spend"].items())]}

    def history(self, id):
        """(stream, version, id, type, topic, partition, offset) of each event, in the order of time."""
        latest, placed = defaultdict(int), []
        for record in sorted(self.events[id], key=lambda r: (r.topic, r.headers["ce_subject"], r.version)):
            stream = ("order/" if record.topic == "ordering.events" else "product/") + record.headers["ce_subject"]
            latest[stream] = ms = max(latest[stream], record.ms)  # within a stream time does not go back
            rank = 0 if record.type.endswith("OrderCreated") else 1 if record.topic == "allocation.events" else 2
            placed.append(((ms, rank, record.headers["ce_subject"], record.version), stream, record))
        return [(stream, r.version, r.headers["ce_id"], r.type, r.topic, r.partition, r.offset, r.message)
                for _, stream, r in sorted(placed, key=lambda one: one[0])]


def fold_everything(system):
    model = ReadModel()
    for topic in FOLLOWED:
        for record in system.read_all(topic):
            model.apply(record)
    return model


class Client:
    """One connection, kept open: thousands of questions."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path):
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        return body if answer.status == 200 else answer.status

    def every(self, path):
        items, token = [], ""
        while token is not None:
            page = self.get(f"{path}?limit=500" + (f"&page_token={token}" if token else ""))
            items += page["items"]
            token = page.get("next_page_token")
        return items


def in_ms(shown):
    """The service's answer with its times as numbers."""
    if isinstance(shown, dict):
        for name in ("created_at", "vip_since"):
            if name in shown:
                shown[name.removesuffix("_at") + "_ms"] = to_ms(shown.pop(name))
        if "timeline" in shown:
            shown["timeline"] = [(step["status"], to_ms(step["time"])) for step in shown["timeline"]]
    return shown


def result_json(r):
    wanted = {"command_id": r.command_id, "type": r.type, "status": MESSAGES["messaging"].CommandStatus.Name(r.status), "code": r.code,
              "message": r.message, "aggregate_id": r.aggregate_id, "version": r.version, "out_of_stock": r.out_of_stock}
    return wanted | {name: getattr(r, name) for name in ("field", "batch_ref", "correlation_id") if getattr(r, name)}


def dead_letter_facts(shown):
    original = shown["original"]
    payload = shown["payload"].encode() if shown["payload_encoding"] == "json" else base64.b64decode(shown["payload"])
    return (shown["reason"], shown["detail"], shown["command_id"], shown["type"],
            f'{original["topic"]}/{original["partition"]}/{original["offset"]}', payload)


def dead_letter_wanted(record):
    h = record.headers
    place = f'{h["dlq-topic"]}/{h["dlq-partition"]}/{h["dlq-offset"]}'
    return h["dlq-reason"], h["dlq-detail"], h.get("ce_id", ""), h.get("ce_type", ""), place, record.value


def history_of(client, id):
    return [(e["stream"], e["version"], e["id"], e["type"], e["topic"], e["partition"], e["offset"],
             json_format.ParseDict(e["data"], message_class(e["type"])())) for e in client.every(f"/orders/{quote(id)}/history")]


def answers(client, model):
    """(what, what the service says, what the fold says), one after another, over every view."""
    yield "batches", {b["batch_ref"]: b for b in client.every("/batches")}, model.batches
    yield "allocations", {(a.pop("order_id"), a.pop("sku")): a for a in client.every("/allocations")}, model.lines
    yield "products", {p["sku"]: p for p in client.every("/products")}, model.products
    counts = Counter(order["status"] for order in model.orders.values())
    yield "order counts", {c["status"]: c["orders"] for c in client.every("/order-counts")}, {
        status: counts[status] for status in ("created", "paid", "shipped", "cancelled")}
    newest = sorted(model.orders, key=lambda id: (model.orders[id]["created_ms"], id), reverse=True)
    yield "orders, newest first", [order["order_id"] for order in client.every("/orders")], newest
    yield "dead letters", sorted(d["position"] for d in client.every("/dead-letters")), sorted(model.dead_letters)
    for (sku, version), product in model.product_versions.items():
        yield f"product {sku} as of {version}", client.get(f"/products/{quote(sku)}?as_of_version={version}"), product
    for id in model.orders:
        yield f"order {id}", in_ms(client.get(f"/orders/{quote(id)}")), model.order_json(id)
        yield f"history of {id}", history_of(client, id), model.history(id)
    for id in model.customers:
        yield f"customer {id}", in_ms(client.get(f"/customers/{quote(id)}")), model.customer_json(id)
    for id, result in model.results.items():
        yield f"command {id}", client.get(f"/commands/{quote(id, safe='')}"), result_json(result)
    for position, record in model.dead_letters.items():
        yield f"dead letter {position}", dead_letter_facts(client.get(f"/dead-letters/{position}")), dead_letter_wanted(record)


def compare_everything(port, model, most=5):
    """(how many answers were compared, the first differences as sentences)."""
    client, compared, differences = Client(port), 0, []
    for what, have, want in answers(client, model):
        compared += 1
        if have == want or len(differences) == most:
            continue
        if isinstance(have, dict) and isinstance(want, dict):  # only what is not the same
            names = [name for name in have.keys() | want.keys() if have.get(name) != want.get(name)][:3]
            have, want = ({name: side.get(name) for name in names} for side in (have, want))
        differences.append(f"{what}: {have}, by the topics {want}")
    return compared, differences

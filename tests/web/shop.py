"""A shop's published events, produced straight onto the topics: what the dashboard is tried with, without a write service.

    shop = Shop(system)
    shop.stock("LAMP", 100)
    shop.order("o1", "alice", [("LAMP", 3, 250)])
    shop.pay("o1")
"""
import uuid
from collections import Counter
from datetime import datetime, timezone

from system import message_class


class Shop:
    def __init__(self, system):
        self.system = system
        self.versions = Counter()
        self.totals = {}
        self.batches = 0

    def publish(self, type, subject, **fields):
        topic = type.split(".")[0] + ".events"
        self.versions[topic, subject] += 1
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        headers = {"ce_specversion": "1.0", "ce_id": str(uuid.uuid4()), "ce_type": type, "ce_source": "/test", "ce_time": now,
                   "ce_subject": subject, "ce_streamversion": str(self.versions[topic, subject]),
                   "ce_correlationid": "correlation-1", "ce_causationid": "cause-1", "content-type": "application/protobuf"}
        self.system.send_raw(topic, message_class(type)(**fields).SerializeToString(), subject, list(headers.items()))

    def flush(self):
        self.system.flush()

    def stock(self, sku, quantity, eta=""):
        self.batches += 1
        self.publish("allocation.v1.BatchCreated", sku, batch_ref=f"batch-{self.batches:03}", sku=sku, quantity=quantity, eta=eta)
        return f"batch-{self.batches:03}"

    def order(self, order_id, customer_id, lines):
        """lines: (sku, quantity, unit price in pence)"""
        money = message_class("ordering.v1.Money")
        items = [message_class("ordering.v1.Item")(sku=sku, quantity=n, unit_price=money(currency="GBP", minor_units=price))
                 for sku, n, price in lines]
        self.totals[order_id] = money(currency="GBP", minor_units=sum(n * price for _, n, price in lines))
        self.publish("ordering.v1.OrderCreated", order_id, order_id=order_id, customer_id=customer_id, items=items,
                     total=self.totals[order_id])

    def allocate(self, order_id, sku, quantity, batch_ref):
        self.publish("allocation.v1.Allocated", sku, order_id=order_id, sku=sku, quantity=quantity, batch_ref=batch_ref)

    def run_out(self, order_id, sku, quantity):
        self.publish("allocation.v1.OutOfStock", sku, order_id=order_id, sku=sku, quantity=quantity, backordered=True)

    def all_allocated(self, order_id):
        self.publish("ordering.v1.OrderAllocated", order_id, order_id=order_id)

    def pay(self, order_id):
        self.publish("ordering.v1.OrderPaid", order_id, order_id=order_id, amount=self.totals[order_id])

    def ship(self, order_id):
        self.publish("ordering.v1.OrderShipped", order_id, order_id=order_id)

    def cancel(self, order_id, reason):
        self.publish("ordering.v1.OrderCancelled", order_id, order_id=order_id, reason=reason)

    def dead_letter(self, reason, detail, value=b"\x00garbage"):
        headers = {"ce_type": "allocation.v1.Allocate", "ce_id": str(uuid.uuid4()), "content-type": "application/json",
                   "dlq-reason": reason, "dlq-detail": detail, "dlq-topic": "allocation.commands", "dlq-partition": "1",
                   "dlq-offset": "17", "dlq-time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        self.system.send_raw("dead-letters", value, "key", list(headers.items()))

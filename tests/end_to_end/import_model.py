"""What an import must come to, found a second time: the shop's file counted straight from the CSV, and the state of every
order and batch from the event topics alone. Shares nothing with the importer but its published rules."""
import collections, csv, datetime, decimal, functools, io, lzma, re

from fold import Fold
from system import until

CHARGES = {"POST", "DOT", "M", "D", "C2", "S", "B", "CRUK", "BANK CHARGES", "AMAZONFEE"}
DAY = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@functools.cache
def pounds(text):
    return decimal.Decimal(text)


class Order:
    def __init__(self, invoice, customer, time, line):
        self.invoice, self.customer, self.time, self.line = invoice, customer or f"guest-{invoice}", time, line
        self.anonymous = not customer
        self.quantities, self.items, self.lines = collections.Counter(), collections.Counter(), 0  # items: by code and price
        self.cancelled_by = None

    @property
    def total(self):
        return sum(pence * quantity for (_, pence), quantity in self.items.items())


class Recount:
    """orders by invoice, cancellations by C-invoice, reported lines by reason; each line of the file counted once."""

    def __init__(self, path, cancel_within_days=7):
        self.lines_read, self.reported = 0, collections.Counter()
        self.orders, takes_back = {}, {}
        opened = lzma.open(path) if str(path).endswith(".xz") else open(path, "rb")
        with io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                self.lines_read += 1
                why = self.why_not(row)
                if why:
                    self.reported[why] += 1
                else:
                    group = takes_back if row["InvoiceNo"][0] == "C" else self.orders
                    self.add(group, row)
        self.drop_large_orders()
        self.accepted_cancellations = {}
        self.match(takes_back, cancel_within_days)

    @staticmethod
    def why_not(row):
        cancels = row["InvoiceNo"].startswith("C")
        quantity = int(row["Quantity"])
        assert DAY.fullmatch(row["InvoiceDate"]), row
        if row["StockCode"].upper() in CHARGES:
            return "NOT_GOODS"
        if cancels:
            return "QUANTITY_NOT_NEGATIVE" if quantity >= 0 else None
        if quantity <= 0:
            return "QUANTITY_NOT_POSITIVE"
        price = pounds(row["UnitPrice"])
        if price <= 0:
            return "PRICE_NOT_POSITIVE"
        return "PRICE_BELOW_A_PENNY" if price * 100 % 1 else None

    def add(self, group, row):
        customer = row["CustomerID"].removesuffix(".0")
        order = group.get(row["InvoiceNo"])
        if order is None:
            order = Order(row["InvoiceNo"], customer, datetime.datetime.fromisoformat(row["InvoiceDate"]), self.lines_read)
            group[order.invoice] = order
        assert order.customer in (customer, f"guest-{order.invoice}"), "the file has no invoice of two customers"
        pence = int(pounds(row["UnitPrice"]) * 100) if group is self.orders else 0
        order.items[row["StockCode"], pence] += abs(int(row["Quantity"]))
        order.quantities[row["StockCode"]] += abs(int(row["Quantity"]))
        order.lines += 1

    def drop_large_orders(self):
        for order in [o for o in self.orders.values() if len(o.items) > 1000]:
            self.reported["TOO_MANY_CODES"] += order.lines
            del self.orders[order.invoice]

    def match(self, takes_back, within_days):
        by_customer = collections.defaultdict(list)
        for order in self.orders.values():
            by_customer[order.customer].append(order)
        for back in sorted(takes_back.values(), key=lambda b: b.line):
            if back.anonymous:
                self.reported["NO_CUSTOMER"] += back.lines
                continue
            fitting = [o for o in by_customer[back.customer]
                       if o.line < back.line and not o.cancelled_by and (back.time.date() - o.time.date()).days <= within_days
                       and all(o.quantities.get(code, 0) >= n for code, n in back.quantities.items())]
            if not fitting:
                self.reported["NOTHING_TO_CANCEL"] += back.lines
                continue
            max(fitting, key=lambda o: o.line).cancelled_by = back.invoice
            self.accepted_cancellations[back.invoice] = back.lines

    @property
    def cancelled(self):
        return {invoice for invoice, order in self.orders.items() if order.cancelled_by}

    @property
    def lines_in_commands(self):
        return sum(o.lines for o in self.orders.values()) + sum(self.accepted_cancellations.values())

    def check_balance(self, balance):
        """The importer's printed account of a system that held nothing before."""
        lines, commands = balance["lines"], {name.rsplit(".", 1)[1]: c for name, c in balance["commands"].items()}
        assert lines["read"] == self.lines_read, (lines, self.lines_read)
        assert lines["reported"] == dict(self.reported), (lines["reported"], self.reported)
        assert lines["accepted"] == self.lines_in_commands, (lines, self.lines_in_commands)
        assert lines["read"] == lines["accepted"] + sum(lines["reported"].values()), "the lines do not add up"
        assert not lines["rejected"] and not lines["dead_lettered"] and not lines["not_sent"] and not lines["unanswered"], lines
        orders, cancelled = len(self.orders), len(self.cancelled)
        for name, count in (("CreateOrder", orders), ("PayOrder", orders), ("CancelOrder", cancelled)):
            assert commands[name]["planned"] == commands[name]["accepted"] == count, (name, commands[name], count)
        ships = commands["ShipOrder"]
        assert ships["planned"] == orders - cancelled and set(ships["rejected"]) <= {"NOT_ALLOCATED"}, ships
        assert ships["accepted"] + sum(ships["rejected"].values()) == orders - cancelled, ships
        batches = commands["CreateBatch"]
        assert batches["planned"] == batches["accepted"] > 0, batches


class Outcome:
    """Every order and batch by the events, and whether they are what the file asks for."""

    def __init__(self, system, recount):
        self.recount, self.stock, self.orders, self.vips = recount, Fold(), {}, collections.Counter()
        self.short = set()  # orders that were told of a line without stock
        self.versions = {}
        with system.follow("ordering.events", "customer.events", "allocation.events") as follower:
            for record in follower.to_end(600):
                self.apply(record)
            until(lambda: self.apply_all(follower.poll()) or self.gave_back_all(), 300, "cancelled orders have given back every line")

    def apply_all(self, records):
        for record in records:
            self.apply(record)

    def apply(self, record):
        if record.topic == "allocation.events":
            self.stock.apply(record)
            if record.type.endswith(".OutOfStock"):
                self.short.add(record.message.order_id)
            return
        event, name = record.message, record.type.rsplit(".", 1)[1]
        if name == "CustomerBecameVip":
            self.vips[event.customer_id] += 1
            return
        version = int(record.headers["ce_streamversion"])
        assert version == self.versions.get(event.order_id, 0) + 1, f"order {event.order_id}: a gap before version {version}"
        self.versions[event.order_id] = version
        self.orders.setdefault(event.order_id, {})[name] = event

    def gave_back_all(self):
        cancelled = self.recount.cancelled
        return not any(order in cancelled for lines in (self.stock.lines, self.stock.waiting) for order, _ in lines)

    def check(self, balance):
        assert not self.stock.check(), self.stock.problems[:5]
        assert self.orders.keys() == self.recount.orders.keys(), self.orders.keys() ^ self.recount.orders.keys()
        for wanted in self.recount.orders.values():
            self.check_order(wanted, self.orders[wanted.invoice])
        shipped = [invoice for invoice, events in self.orders.items() if "OrderShipped" in events]
        assert len(shipped) == balance["commands"]["ordering.v1.ShipOrder"]["accepted"], len(shipped)
        self.check_lines(set(shipped))
        orders_of = collections.Counter(order.customer for order in self.recount.orders.values())
        assert self.vips == {customer: 1 for customer, count in orders_of.items() if count >= 3}, "VIPs by their third order"
        return collections.Counter(status_of(events) for events in self.orders.values())

    @staticmethod
    def check_order(wanted, events):
        created = events["OrderCreated"]
        assert len(created.items) == len(wanted.items), wanted.invoice
        assert {(i.sku, i.unit_price.minor_units): i.quantity for i in created.items} == wanted.items, wanted.invoice
        assert created.customer_id == wanted.customer and created.total.currency == "GBP", created
        assert created.created_at.ToDatetime() == wanted.time, created
        assert created.total.minor_units == events["OrderPaid"].amount.minor_units == wanted.total, wanted.invoice
        assert ("OrderCancelled" in events) == bool(wanted.cancelled_by), wanted.invoice
        if wanted.cancelled_by:
            cancelled = events["OrderCancelled"]
            assert cancelled.reason == f"cancelled by {wanted.cancelled_by}" and "OrderShipped" not in events, cancelled
            assert cancelled.was_paid and cancelled.refund.minor_units == wanted.total, cancelled

    def check_lines(self, shipped):
        """Each line of a live order is allocated once or waits, in its quantity; shipped orders have all of theirs."""
        lines = {key: quantity for key, (_, quantity) in self.stock.lines.items()}
        assert not lines.keys() & self.stock.waiting.keys(), "a line is allocated and waits"
        wanted = {(o.invoice, code): quantity for o in self.recount.orders.values() if not o.cancelled_by
                  for code, quantity in o.quantities.items()}
        assert lines | self.stock.waiting == wanted, "lines by the events and by the file"
        waiting = {order for order, _ in self.stock.waiting}
        assert not waiting & shipped, "shipped without its goods"
        for invoice in self.orders.keys() - shipped - self.recount.cancelled:
            assert invoice in self.short, f"{invoice} was not shipped although it never lacked stock"


def status_of(events):
    for name, status in (("OrderCancelled", "cancelled"), ("OrderShipped", "shipped"), ("OrderPaid", "paid")):
        if name in events:
            return status
    return "created"

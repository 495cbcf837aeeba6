"""The views, computed independently of the read service: a plain fold of the events as read_committed consumers see them."""


class Fold:
    def __init__(self):
        self.batches, self.lines, self.waiting, self.versions = {}, {}, {}, {}
        self.problems = []

    def apply(self, record):
        sku, version = record.headers["ce_subject"], int(record.headers["ce_streamversion"])
        if version != self.versions.get(sku, 0) + 1:
            self.problems.append(f"{sku}: version {version} follows {self.versions.get(sku, 0)}")
        self.versions[sku] = version
        event, name = record.message, record.type.rsplit(".", 1)[1]
        getattr(self, "on_" + name)(event)

    def on_BatchCreated(self, e):
        if e.batch_ref in self.batches:
            self.problems.append(f"batch {e.batch_ref} was created twice")
        self.batches[e.batch_ref] = {"batch_ref": e.batch_ref, "sku": e.sku, "quantity": e.quantity, "allocated": 0, "eta": e.eta or None}

    def on_BatchQuantityChanged(self, e):
        self.batches[e.batch_ref]["quantity"] = e.quantity

    def on_Allocated(self, e):
        if (e.order_id, e.sku) in self.lines:
            self.problems.append(f"line {e.order_id} {e.sku} was allocated twice")
        self.lines[e.order_id, e.sku] = (e.batch_ref, e.quantity)
        self.waiting.pop((e.order_id, e.sku), None)
        self.batches[e.batch_ref]["allocated"] += e.quantity

    def on_Deallocated(self, e):
        if not e.batch_ref:
            self.waiting.pop((e.order_id, e.sku), None)
            return
        del self.lines[e.order_id, e.sku]
        self.batches[e.batch_ref]["allocated"] -= e.quantity

    def on_OutOfStock(self, e):
        if e.backordered:
            self.waiting[e.order_id, e.sku] = e.quantity

    def check(self):
        for ref, batch in self.batches.items():
            if not 0 <= batch["allocated"] <= batch["quantity"]:
                self.problems.append(f"batch {ref}: {batch['allocated']} of {batch['quantity']} allocated")
        return self.problems


def fold_topic(system):
    fold = Fold()
    for record in system.read_all("allocation.events"):
        fold.apply(record)
    return fold


def list_all(service, path):
    """Every item of a paged list."""
    items, token = [], None
    while True:
        separator = "&" if "?" in path else "?"
        status, _, page = service.get(f"{path}{separator}limit=1000" + (f"&page_token={token}" if token else ""))
        assert status == 200, page
        items += page["items"]
        token = page.get("next_page_token")
        if not token:
            return items


class FoldOrders:
    """Every order's status and version, by the published events of ordering."""
    STATUS = {"OrderCreated": "created", "OrderPaid": "paid", "OrderShipped": "shipped", "OrderCancelled": "cancelled"}

    def __init__(self):
        self.orders, self.problems = {}, []

    def apply(self, record):
        id, version, name = record.headers["ce_subject"], int(record.headers["ce_streamversion"]), record.type.rsplit(".", 1)[1]
        status, before = self.orders.get(id, (None, 0))
        if version != before + 1 or (status is None) != (name == "OrderCreated"):
            self.problems.append(f"order {id}: {name} with version {version} follows {status} with version {before}")
        self.orders[id] = self.STATUS.get(name, status), version


def compare_orders(read, fold):
    """The differences between a read service's orders and the fold, as sentences."""
    have = {order["order_id"]: (order["status"], order["version"]) for order in list_all(read, "/orders")}
    return [f"order {id}: {have.get(id)}, by the events {fold.orders.get(id)}"
            for id in fold.orders.keys() | have.keys() if fold.orders.get(id) != have.get(id)]


def compare_views(read, fold):
    """The differences between a read service's stock and lines and the fold, as sentences. Takes a system, too: then its read service."""
    read = getattr(read, "read", read)
    differences = []
    batches = {b["batch_ref"]: b for b in list_all(read, "/batches")}
    for ref in fold.batches.keys() | batches.keys():
        want, have = fold.batches.get(ref), batches.get(ref)
        if want is None or have is None or any(have.get(k) != want[k] for k in ("sku", "quantity", "allocated")):
            differences.append(f"batch {ref}: {have}, by the events {want}")
    lines = {(a["order_id"], a["sku"]): (a["batch_ref"], a["quantity"]) for a in list_all(read, "/allocations")}
    for key in fold.lines.keys() | lines.keys():
        if fold.lines.get(key) != lines.get(key):
            differences.append(f"line {key}: {lines.get(key)}, by the events {fold.lines.get(key)}")
    return differences

"""A load that runs beside an attack: allocations, whole orders, changed batches, and now and then an old command again.

    with Load(system, rate=500) as load:
        ...                                # the attack
    ledger.check(load.sent)
"""
import random, threading, time

STOCK = 1_000_000


class Load:
    """Sends until its block ends. `sent`: the ids that the broker was given; all is flushed at the end."""

    def __init__(self, system, rate=500, skus=60, seed=1, prefix=""):
        self.system, self.rate, self.skus, self.prefix = system, rate, skus, prefix
        self.rng, self.sent, self.failure = random.Random(seed), [], None
        self.count, self.orders, self.recent = 0, [], []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        for n in range(self.skus):
            self.send("allocation.v1.CreateBatch", {"batch_ref": f"{self.prefix}b-{n}", "sku": self.sku(n), "quantity": STOCK if n % 4 else 50},
                      f"stock-{n}", self.sku(n))
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        self.thread.join()
        if kind is None:
            self.system.flush()
            if self.failure:
                raise self.failure

    def sku(self, n):
        return f"{self.prefix}SKU-{n}"

    def send(self, type, data, id, key):
        self.system.send(type, data, self.prefix + id, key, json_format=len(self.sent) % 2 == 0)
        self.sent.append(self.prefix + id)
        self.recent.append((type, data, id, key))
        del self.recent[:-5_000]

    def run(self):
        try:
            began, made = time.monotonic(), 0
            while not self.stopping.wait(0.01):
                while made < (time.monotonic() - began) * self.rate:
                    self.step()
                    made += 1
                self.system.producer.poll(0)
        except Exception as error:  # told at the end of the block
            self.failure = error

    def step(self):
        self.count += 1
        choice = self.rng.random()
        if choice < 0.03:
            self.system.send(*self.again())
        elif choice < 0.05:
            n = self.rng.randrange(0, self.skus, 4)
            self.send("allocation.v1.ChangeBatchQuantity", {"batch_ref": f"{self.prefix}b-{n}", "quantity": self.rng.choice([0, 30, 90])},
                      f"change-{self.count}", f"{self.prefix}b-{n}")
        elif choice < 0.6:
            sku = self.sku(self.rng.randrange(self.skus))
            self.send("allocation.v1.Allocate", {"order_id": f"{self.prefix}line-{self.count}", "sku": sku, "quantity": self.rng.randint(1, 5)},
                      f"allocate-{self.count}", sku)
        else:
            self.step_of_an_order()

    def again(self):
        type, data, id, key = self.rng.choice(self.recent)
        return type, data, self.prefix + id, key

    def step_of_an_order(self):
        if len(self.orders) < 30:
            self.orders.append(self.plan_order(self.count))
        steps = self.rng.choice(self.orders)
        self.send(*steps.pop(0))
        if not steps:
            self.orders.remove(steps)

    def plan_order(self, n):
        order = f"{self.prefix}o-{n}"
        items = [{"sku": self.sku(k), "quantity": self.rng.randint(1, 4), "unit_price": {"currency": "EUR", "minor_units": self.rng.randint(1, 999)}}
                 for k in self.rng.sample(range(self.skus), self.rng.randint(1, 4))]
        total = sum(item["quantity"] * item["unit_price"]["minor_units"] for item in items)
        steps = [("ordering.v1.CreateOrder", {"order_id": order, "customer_id": f"{self.prefix}customer-{n % 100}", "items": items}, f"create-{n}", order)]
        if self.rng.random() < 0.7:
            steps.append(("ordering.v1.PayOrder", {"order_id": order, "amount": {"currency": "EUR", "minor_units": total}}, f"pay-{n}", order))
        if self.rng.random() < 0.5:
            steps.append(("ordering.v1.ShipOrder", {"order_id": order}, f"ship-{n}", order))
        if self.rng.random() < 0.1:
            steps.append(("ordering.v1.CancelOrder", {"order_id": order, "reason": "no more"}, f"cancel-{n}", order))
        return steps

"""A shop's commands for tests, and what must hold of the topics whatever happened in between."""
import collections

COMMAND_TOPICS = ("allocation.commands", "ordering.commands", "customer.commands")
EVENT_TOPICS = ("allocation.events", "ordering.events", "customer.events")


def plan(rng, orders, skus=30):
    """(type, data, id, key) of each command: stock, then orders created, most of them paid, many shipped, some cancelled."""
    for n in range(skus):
        yield "allocation.v1.CreateBatch", {"batch_ref": f"b-{n}", "sku": f"SKU-{n}", "quantity": rng.choice([30, 90, 500])}, f"stock-{n}", f"SKU-{n}"
    waiting = []
    for n in range(orders):
        order = f"o-{n}"
        items = [{"sku": f"SKU-{k}", "quantity": rng.randint(1, 4), "unit_price": {"currency": "EUR", "minor_units": rng.randint(1, 999)}}
                 for k in rng.sample(range(skus), rng.randint(1, 4))]
        total = sum(item["quantity"] * item["unit_price"]["minor_units"] for item in items)
        steps = [("ordering.v1.CreateOrder", {"order_id": order, "customer_id": f"customer-{n % 100}", "items": items}, f"create-{n}", order)]
        if rng.random() < 0.7:
            steps.append(("ordering.v1.PayOrder", {"order_id": order, "amount": {"currency": "EUR", "minor_units": total}}, f"pay-{n}", order))
        if rng.random() < 0.5:
            steps.append(("ordering.v1.ShipOrder", {"order_id": order}, f"ship-{n}", order))
        if rng.random() < 0.1:
            steps.append(("ordering.v1.CancelOrder", {"order_id": order, "reason": "no more"}, f"cancel-{n}", order))
        waiting.append(steps)
    while waiting:
        steps = rng.choice(waiting[:30])
        yield steps.pop(0)
        if not steps:
            waiting.remove(steps)
        if rng.random() < 0.03:
            n = rng.randrange(skus)
            yield "allocation.v1.ChangeBatchQuantity", {"batch_ref": f"b-{n}", "quantity": rng.choice([0, 20, 200])}, f"change-{rng.random()}", f"b-{n}"


def settled(system):
    """{command id: how many results} once every command on the topics has one, those that the services sent included."""
    results = collections.Counter(record.message.command_id for record in system.read_all("command.results"))
    sent = {record.headers.get("ce_id") for topic in COMMAND_TOPICS for record in system.read_all(topic)}
    return sent <= set(results) and results


def check_events(system):
    """Every event once, every stream's versions 1, 2, 3 …; gives how many events there are."""
    ids, versions = set(), collections.Counter()
    for topic in EVENT_TOPICS:
        for record in system.read_all(topic):
            assert record.headers["ce_id"] not in ids, f"published twice: {record.headers}"
            ids.add(record.headers["ce_id"])
            stream = topic, record.headers["ce_subject"]
            versions[stream] += 1
            assert int(record.headers["ce_streamversion"]) == versions[stream], record.headers
    return len(ids)

#!/usr/bin/env python3
"""The number of partitions changes, 4 to 6: senders stop, all is decided and published, services end, `orderly repartition`
makes new stores, and new services fill the topics of another cluster. Every event is there as it was; ids are known; commands
go on."""

import subprocess, urllib.request

from replicas import Replicas, compare_views, create_batches, fold_topic, until
from system import BIN

SKUS, ORDERS = 30, 200
EVENTS = ("allocation.events", "ordering.events", "customer.events")


def order(system, n, prefix="o"):
    items = [
        {"sku": f"SKU-{(n + k) % SKUS}", "quantity": 1 + k, "unit_price": {"currency": "EUR", "minor_units": 100}}
        for k in range(3)
    ]
    system.send(
        "ordering.v1.CreateOrder",
        {"order_id": f"{prefix}-{n}", "customer_id": f"ann-{n % 20}", "items": items},
        f"{prefix}-{n}",
        f"{prefix}-{n}",
    )


def events_of(system):
    """{(topic, aggregate): [(version, id, type, time, cause, correlation, payload), ...]}"""
    streams = {}
    for topic in EVENTS:
        for r in system.read_all(topic):
            h = r.headers
            streams.setdefault((topic, h["ce_subject"]), []).append(
                (
                    int(h["ce_streamversion"]),
                    h["ce_id"],
                    r.type,
                    h["ce_time"],
                    h["ce_causationid"],
                    h["ce_correlationid"],
                    bytes(r.value),
                )
            )
    return streams


def metric(service, name):
    """The sum over all labels."""
    with urllib.request.urlopen(service.url("/metrics"), timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((name + "{", name + " ")))


def come_to_rest(system, what):
    """Nothing waits, on fifty looks in a row: a command between two shards may be in neither's figures for a moment."""
    names, looks = ("orderly_shard_lag_messages", "orderly_outbox_messages", "orderly_held_commands"), []

    def rests():
        looks.append(all(metric(w, name) == 0 for w in system.writers for name in names))
        return len(looks) >= 50 and all(looks[-50:])

    until(rests, 90, what)


def repartition(old, new, *options):
    data = [word for w in old.writers for word in ("--data", str(w.directory))]
    return subprocess.run(
        [str(BIN / "orderly"), "repartition", "--brokers", old.brokers, *data, "--to", str(new), *options],
        capture_output=True,
        text=True,
    )


def place(system, stores):
    """Each store to the pod that runs its shard."""
    for i, writer in enumerate(system.writers):
        for s in range(i, system.partitions, len(system.writers)):
            (stores / f"shard-{s}.db").rename(writer.directory / f"shard-{s}.db")


with Replicas(writers=2, readers=1, partitions=4) as old:
    old.start_all()
    sent = create_batches(old, SKUS)
    for n in range(ORDERS):
        order(old, n)
    orders = [f"o-{n}" for n in range(ORDERS)]
    old.flush()
    old.wait_for_results(orders, 60)
    refused = repartition(old, old.directory / "too-early", "--partitions", "6")
    assert refused.returncode != 0 and "lock" in refused.stderr, refused
    come_to_rest(old, "nothing is under way any more")
    before = events_of(old)
    for writer in old.writers:
        writer.stop()
    done = repartition(old, old.directory / "new", "--partitions", "6")
    assert done.returncode == 0, done
    print(done.stdout.strip())

    with Replicas(writers=3, readers=1, partitions=6) as new:
        place(new, old.directory / "new")
        new.start_all()
        come_to_rest(new, "the events are published again")
        after = events_of(new)
        assert {k: sorted(v) for k, v in after.items()} == {k: sorted(v) for k, v in before.items()}, (
            "the events are not the same"
        )
        assert all(v == sorted(v) for v in after.values()), "a stream's versions are not in order"
        for n in range(ORDERS):  # known, each of them
            order(new, n)
        for n in range(ORDERS):
            order(new, n, "new")
        new.flush()
        results = new.wait_for_results([*orders, *(f"new-{n}" for n in range(ORDERS))], 60)
        assert all(r.status == 1 for rs in results.values() for r in rs)
        come_to_rest(new, "nothing is under way any more")
        final = events_of(new)
        assert all(final[k][: len(v)] == v for k, v in after.items()), "what was there has changed"
        assert all(
            len(final["ordering.events", f"o-{n}"]) == len(after["ordering.events", f"o-{n}"]) for n in range(ORDERS)
        )
        fold = fold_topic(new)
        assert not fold.check(), fold.problems[:5]
        until(lambda: not compare_views(new, fold), 60, "the views equal the events")
        count = sum(map(len, before.values()))
        print(
            f"4 partitions became 6: {count} events of {len(before)} aggregates the same, {ORDERS} commands sent again known, "
            f"{ORDERS} new ones"
        )

"""Whole orders: created with five lines, allocated, recorded, paid, shipped; beside the floor on the same commands, those included
that the services send each other."""

import os, time

from figures import compared
from harness import SKUS, Meter, run_write, say, writer

COMMANDS = ("ordering.commands", "allocation.commands", "customer.commands")
FLOOR_TOPICS = [f"--topic={topic}" for topic in COMMANDS]
WORK_DONE = ("ordering.events", "allocation.events", "customer.events", "command.results")
EVENTS_OF_AN_ORDER = 4  # created, allocated, paid, shipped
PARTITIONS = 4


def count(broker, topic):
    return broker.load("count", "--topic", topic, "--count", 1)


def wait_for_all(broker, events):
    """Until no topic grows any more, its reactions' included."""
    broker.load("wait", "--topic", "ordering.events", "--count", events)
    for topic in (*COMMANDS, *WORK_DONE):
        broker.load("wait", "--topic", topic, "--count", 1)


def last_ms(broker):
    return max(count(broker, topic)["last_ms"] for topic in WORK_DONE)


def run_ours(broker, orders):
    """Every order is created and paid before the service starts; they are shipped when all are allocated. The commands stay."""
    broker.load("topics")
    broker.load("commands", "--count", 0)
    broker.load("orders", "--count", orders)
    os.sync()
    with writer(broker, "write-service", PARTITIONS) as running:
        meter = Meter(running, broker)
        wait_for_all(broker, (EVENTS_OF_AN_ORDER - 1) * orders)
        first_ms = count(broker, "ordering.events")["first_ms"]
        took_ms = last_ms(broker) - first_ms
        shipped_from_ms = time.time() * 1000
        broker.load("orders", "--count", orders, "--ship")
        wait_for_all(broker, EVENTS_OF_AN_ORDER * orders)
        took_ms += last_ms(broker) - shipped_from_ms
        used = meter.read(per=orders)
    events = count(broker, "ordering.events")["records"]
    if events != EVENTS_OF_AN_ORDER * orders:
        raise RuntimeError(f"write-service: {events} events of {orders} orders")
    return {"per_s": round(orders / took_ms * 1000), **used}


def figures(broker, scale):
    ours, floor, commands = [], [], 0
    for number in range(scale.rounds):
        say(f"whole orders, round {number + 1} of {scale.rounds}")
        ours.append(run_ours(broker, scale.orders))
        commands = sum(count(broker, topic)["records"] for topic in COMMANDS)
        say(f"  ours: {ours[-1]}, {commands} commands")
        # On the commands that our run left.
        floor.append(run_write(broker, "bench-floor-write", commands - SKUS, PARTITIONS, FLOOR_TOPICS, per=scale.orders))
        say(f"  floor: {floor[-1]}")
    each = round((commands - SKUS) / scale.orders, 1)
    yield compared(
        f"whole orders/s, exactly-once, {each} commands each", "orders/s", ours, floor, 0.6, orders=scale.orders, commands=commands
    )

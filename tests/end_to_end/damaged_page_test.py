#!/usr/bin/env python3
"""A page of one shard's store is overwritten with rubbish: that shard refuses, names the file and what is wrong with it, and stays out;
the others go on. With the page as it was, it goes on by itself. Once for a page that is read at the start, once for one read later."""
import contextlib, random, sqlite3

from invariants import Ledger
from load import Load
from system import System, until

BAD = 1  # the shard


def pages_of(file, table):
    """(page size, page numbers of the table's leaves, or of its only page)"""
    with contextlib.closing(sqlite3.connect(file)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        return size, [row[0] for row in db.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,))]


def overwrite(file, size, page, content):
    """The page's former content."""
    with open(file, "r+b") as f:
        f.seek((page - 1) * size)
        before = f.read(size)
        f.seek((page - 1) * size)
        f.write(content)
    return before


def shard_says(system):
    status, _, body = system.write.get("/readyz")
    parts = {part["name"]: part for part in body["parts"]} if status else {}
    return parts.get(f"shard {BAD}", {}).get("reason")


def check_refusal(system, ledger):
    """Never ready for three seconds on end, others are; the metric and the log say so as well."""
    reason = until(lambda: (said := shard_says(system)) and "malformed" in said and said, 30, "the damaged shard says so")
    ready = {BAD: 0, **{n: 1 for n in range(system.partitions) if n != BAD}}
    until(lambda: all(f'orderly_shard_ready{{shard="{n}"}} {is_ready}' in str(system.write.get("/metrics")[2]) for n, is_ready in ready.items()), 30,
          "the metric says so, too, and that the others are ready")
    answered = len(ledger.read().results)
    until(lambda: len(ledger.read().results) > answered + 500, 30, "the others go on")
    until(lambda: "malformed" in (shard_says(system) or ""), 10, "it has not become ready")
    assert system.write.process.poll() is None
    return reason


def damage(system, ledger, table, rng):
    file = system.directory / "write" / f"shard-{BAD}.db"
    system.write.stop()  # so that all is in the file, nothing in its log
    size, pages = pages_of(file, table)
    page = rng.choice(pages)
    before = overwrite(file, size, page, rng.randbytes(size))
    system.write.start()
    print(f"page {page}, of {table}: {check_refusal(system, ledger)[:200]}")
    system.write.stop()
    overwrite(file, size, page, before)
    system.write.start()
    system.wait_ready(30)


with System(partitions=3) as system, Ledger(system) as ledger:
    system.start()
    rng = random.Random(3)
    with Load(system, rate=150) as load:
        until(lambda: len(ledger.read().results) > 1_500, 60, "commands are answered")
        for table in ("lanes", "streams", "events"):
            damage(system, ledger, table, rng)
    print(f"damaged pages: {ledger.check(load.sent)}")

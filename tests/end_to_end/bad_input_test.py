#!/usr/bin/env python3
"""Garbage from a foreign client over the real broker: each piece gets a result or a dead letter that names field and reason, and the
next good command on the same partition is answered within a second."""
import time

from system import System

ALLOCATE = ("ce_type", "allocation.v1.Allocate")
JSON = ("content-type", "application/json")
GOOD = b'{"order_id":"%s","sku":"LAMP","quantity":1}'

BAD = [
    ("wrong key", b"not-the-sku", b'{"order_id":"w","sku":"LAMP","quantity":-1}', [ALLOCATE, JSON], "quantity"),
    ("no key", None, b'{"order_id":"w","sku":"LAMP","quantity":0}', [ALLOCATE, JSON], "quantity"),
    ("no ce_type", b"LAMP", b"{}", [], "ce_type"),
    ("unknown type", b"LAMP", b"{}", [("ce_type", "allocation.v1.Frobnicate"), JSON], "ce_type"),
    ("broken JSON", b"LAMP", b'{"order_id":', [ALLOCATE, JSON], ""),
    ("broken Protobuf", b"LAMP", b"\x0a\xff\x01", [ALLOCATE], "order_id"),
    ("a megabyte", b"LAMP", b"x" * 1_000_000, [ALLOCATE, JSON], "value"),
    ("overflowing quantity", b"LAMP", b'{"order_id":"w","sku":"LAMP","quantity":99999999999999999999}', [ALLOCATE, JSON], "quantity"),
    ("10,000 characters", b"LAMP", b'{"order_id":"w","sku":"' + b"x" * 10_000 + b'","quantity":1}', [ALLOCATE, JSON], "sku"),
    ("invalid UTF-8", b"LAMP", b'{"order_id":"w","sku":"\xff\xfe","quantity":1}', [ALLOCATE, JSON], ""),
    ("invalid UTF-8 in Protobuf", b"LAMP", b"\x0a\x01w\x12\x02\xff\xfe\x18\x01", [ALLOCATE], "sku"),
    ("reply-to that is not there", b"LAMP", b'{"order_id":"w","sku":"LAMP","quantity":-5}', [ALLOCATE, JSON, ("reply-to", "no.such.topic")], "quantity"),
    ("300 headers", b"LAMP", b"{", [ALLOCATE, JSON] + [(f"h{n}", "x" * 100) for n in range(300)], ""),
]

with System() as system:
    system.start()
    system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 1000}, "c1", "LAMP")
    system.wait_for_results(["c1"])
    with system.follow("command.results") as follower:
        list(follower.to_end())
        for n, (what, key, value, headers, field) in enumerate(BAD):
            for with_id in (True, False):
                bad, good = f"bad-{n}-{with_id}", f"good-{n}-{with_id}"
                system.send_raw("allocation.commands", value, key, headers + ([("ce_id", bad)] if with_id else []), partition=n % 4)
                system.flush()
                started = time.monotonic()
                system.send_raw("allocation.commands", GOOD % good.encode(), b"LAMP", [ALLOCATE, JSON, ("ce_id", good)], partition=n % 4)
                system.flush()
                bad_result = good_result = None
                while (bad_result is None or good_result is None) and time.monotonic() < started + 10:
                    for record in follower.poll(0.05):
                        if record.message.command_id == good:
                            good_result = record.message
                        elif not record.message.command_id.startswith("good"):
                            bad_result = record.message
                seconds = time.monotonic() - started
                assert good_result is not None and good_result.status == 1, f"{what}: the next command is {good_result}"
                assert seconds < 1, f"{what}: the next command took {seconds:.1f} s"
                assert bad_result is not None, f"{what}: no result"
                assert bad_result.command_id == bad or (not with_id and bad_result.command_id.startswith("allocation.commands/")), bad_result
                assert bad_result.status in (2, 3) and bad_result.message and (bad_result.field == field or not field), f"{what}: {bad_result}"
    letters = system.read_all("dead-letters")
    assert len(letters) == 2 * sum(1 for b in BAD if b[0] not in ("wrong key", "no key", "10,000 characters", "reply-to that is not there")), len(letters)
    assert any(len(letter.value) == 1_000_000 for letter in letters), "the megabyte is not in the dead letters whole"
    assert system.write.get("/readyz")[0] == 200
    print(f"{2 * len(BAD)} pieces of garbage, each answered, each followed by a good command within a second")

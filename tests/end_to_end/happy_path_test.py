#!/usr/bin/env python3
"""The book's end-to-end tests: a line is allocated and seen, an unknown sku is refused with the reason, and a changed batch
quantity moves a line to another batch. And the ways a user asks: min_version, ETag, paging; and the mail server that is not there."""
import json, subprocess

from system import BIN, System, free_port, until

with System(write_options=("--smtp-url", f"smtp://127.0.0.1:{free_port()}", "--notify-tries", "2")) as system:
    system.start()

    def decided(type, data, id, key, **more):
        system.send(type, data, id, key, **more)
        return system.wait_for_results([id])[id][0]

    # happy path: the earlier of the batches gets the line, and the view shows it
    for ref, eta in (("later", "2031-01-02"), ("early", "2031-01-01"), ("other", "2031-01-03")):
        assert decided("allocation.v1.CreateBatch", {"batch_ref": ref, "sku": "LAMP", "quantity": 100, "eta": eta}, f"c-{ref}", "LAMP").status == 1
    allocated = decided("allocation.v1.Allocate", {"order_id": "o1", "sku": "LAMP", "quantity": 3}, "a1", "LAMP", json_format=False)
    assert allocated.batch_ref == "early", allocated
    status, headers, rows = system.read.get(f"/allocations/o1?min_version={allocated.version}&wait=10")
    assert (status, rows) == (200, [{"sku": "LAMP", "batch_ref": "early", "quantity": 3}]), rows
    assert system.read.get("/allocations/o1", {"If-None-Match": headers["ETag"]})[0] == 304

    # unhappy path: the reason comes back, and nothing is seen
    refused = decided("allocation.v1.Allocate", {"order_id": "o2", "sku": "NONEXISTENT", "quantity": 20}, "a2", "NONEXISTENT")
    assert (refused.status, refused.code, refused.field) == (2, "UNKNOWN_SKU", "sku"), refused
    assert "NONEXISTENT" in refused.message
    assert system.read.get("/allocations/o2")[0] == 404
    status, _, seen = system.read.get("/commands/a2")
    until(lambda: system.read.get("/commands/a2")[0] == 200, 10, "the result is seen")
    assert system.read.get("/commands/a2")[2]["code"] == "UNKNOWN_SKU"

    # out of stock, and nobody takes the mail: no command waits for it, and an operator finds it among the dead letters
    short = decided("allocation.v1.Allocate", {"order_id": "o3", "sku": "LAMP", "quantity": 1_000}, "a3", "LAMP")
    assert (short.status, short.out_of_stock) == (1, True), short
    list_letters = [str(BIN / "orderly"), "dead-letters", "list", "--reason", "NOTIFICATION_FAILED", "--json", "--brokers", system.brokers]
    letters = until(lambda: subprocess.run(list_letters, capture_output=True, check=True, timeout=60).stdout.splitlines(), 30,
                    "the mail that could not be sent is a dead letter")
    letter = json.loads(letters[0])
    assert len(letters) == 1 and letter["type"] == "allocation.v1.OutOfStock", letters
    assert letter["original"].startswith("allocation.events/") and "127.0.0.1" in letter["detail"], letter

    # a changed batch quantity leads to reallocation; the command comes without a sku, as in the book
    changed = decided("allocation.v1.ChangeBatchQuantity", {"batch_ref": "early", "quantity": 2}, "q1", "early")
    assert changed.status == 1, changed
    status, _, rows = system.read.get(f"/allocations/o1?min_version={changed.version}&wait=10")
    assert rows == [{"sku": "LAMP", "batch_ref": "later", "quantity": 3}], rows

    status, _, batch = system.read.get("/batches/later")
    assert (batch["quantity"], batch["allocated"], batch["available"], batch["eta"]) == (100, 3, 97, "2031-01-02"), batch
    status, _, product = system.read.get("/products/LAMP")
    assert (product["quantity"], product["allocated"], product["available"]) == (202, 3, 199), product
    status, _, problem = system.read.get("/products/LAMP?min_version=1000&wait=0")
    assert status == 504, problem
    refs, token = [], None
    while True:
        status, _, page = system.read.get("/batches?sku=LAMP&limit=1" + (f"&page_token={token}" if token else ""))
        refs += [b["batch_ref"] for b in page["items"]]
        token = page.get("next_page_token")
        if token is None:
            break
    assert sorted(refs) == ["early", "later", "other"], refs
    print("happy path, unhappy path and reallocation work as the book says")

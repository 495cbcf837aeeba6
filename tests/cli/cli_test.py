#!/usr/bin/env python3
"""`orderly` as an operator and a client use it: topics, single commands and files of them with their results, dead
letters, the audit trail. Needs a broker (ORDERLY_TEST_BROKERS), the programs (ORDERLY_TEST_BIN) and kcat."""
import contextlib
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

RUN = f"{time.time_ns():x}"  # ids of this run's own: the broker may hold those of earlier ones


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(77)


for variable in ("ORDERLY_TEST_BROKERS", "ORDERLY_TEST_BIN"):
    if variable not in os.environ:
        skip(f"{variable} is not set")
if not shutil.which("kcat"):
    skip("kcat is not installed")
BROKERS, BIN = os.environ["ORDERLY_TEST_BROKERS"], Path(os.environ["ORDERLY_TEST_BIN"])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("ORDERLY_")} | {"ORDERLY_BROKERS": BROKERS}


def orderly(*arguments, exit_code=0, stdin=None):
    """Its standard output and error; fails when it does not end with that code."""
    done = subprocess.run([BIN / "orderly", *arguments], env=ENVIRONMENT, input=stdin, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == exit_code, f"orderly {arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert "\x1b" not in done.stdout + done.stderr, "colours without a terminal"
    return done.stdout, done.stderr


def refused(*arguments, reason):
    out, err = orderly(*arguments, exit_code=2)
    assert out == "" and err.count("\n") == 1 and reason in err, err


@contextlib.contextmanager
def write_service(directory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(directory / "log", "wb") as log:
        program = [BIN / "write-service", "--data", directory / "data", "--listen", f"127.0.0.1:{port}"]
        service = subprocess.Popen(program, env=ENVIRONMENT, stdout=log, stderr=log)
    try:
        wait_until_ready(service, port)
        yield directory / "data"
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=10) == 0
    except BaseException:
        print((directory / "log").read_text()[-3000:])
        raise
    finally:
        service.kill()
        service.wait()


def wait_until_ready(service, port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert service.poll() is None, "the write service ended"
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the write service was not ready within 60 s")


def test_topics():
    out, _ = orderly("topics", "create")
    lines = {line.split()[0]: line.split() for line in out.splitlines()[1:]}
    assert len(lines) == 8, out
    out, err = orderly("topics", "create")
    assert out.count("exists") == 8 and err == "", out + err
    partitions = int(lines["dead-letters"][1])
    _, err = orderly("topics", "create", "--partitions", str(partitions + 1), exit_code=1)
    assert f"exists with {partitions} partitions, not {partitions + 1}; nothing was created" in err, err
    assert orderly("topics", "create")[0] == out, "a refused create changed something"
    refused("topics", "create", "--partitions", "0", reason="--partitions")
    _, err = orderly("topics", "create", "--replication", "3")
    assert "min.insync.replicas=1" in err, "that settings differ is told"


def test_wrong_words():
    assert "orderly COMMAND" in orderly()[0]
    assert "--wait SECONDS" in orderly("send", "--help")[0]
    refused("sned", reason="unknown command sned (topics, send, import, dead-letters, events, why, verify, views, backup, restore, repartition)")
    refused("send", reason="a command is missing")
    refused("send", "allocation.v1.Allocate", "oder_id=1", reason="its fields are order_id, sku, quantity, backorder")
    refused("send", "allocation.v1.Allocate", "quantity=three", reason="quantity: a whole number")
    refused("send", "allocation.v1.Allocat", reason="known are allocation.v1.CreateBatch, allocation.v1.Allocate")
    refused("send", "ordering.v1.ShipOrder", "--wait", "0", reason="--wait")
    refused("send", "ordering.v1.ShipOrder", "--output", "xml", reason="--output")
    refused("send", "--file", "/no/such/file", reason="/no/such/file cannot be read")
    refused("dead-letters", "show", "nowhere", reason="PARTITION/OFFSET")
    refused("topics", "create", "--kafka", "no.such=1", reason='No such configuration property: "no.such"')


def test_result_that_does_not_come():
    """No write service runs yet; the command is handled once one does."""
    _, err = orderly("send", "allocation.v1.CreateBatch", f"batch_ref=early-{RUN}", f"sku=early-{RUN}", "quantity=5",
                     "--id", f"early-{RUN}", "--wait", "0.5", exit_code=3)
    assert f"no result for early-{RUN} in time" in err, err


def test_single_commands():
    def send(*fields, exit_code=0):
        return json.loads(orderly("send", *fields, "--wait", "20", "--json", exit_code=exit_code)[0])

    sku = f"LAMP-{RUN}"
    created = send("allocation.v1.CreateBatch", f"batch_ref=b-{RUN}", f"sku={sku}", "quantity=10", "--id", f"c-{RUN}")
    assert (created["status"], created["command_id"], created["version"]) == ("ACCEPTED", f"c-{RUN}", "1"), created
    again = send("allocation.v1.CreateBatch", f"batch_ref=b-{RUN}", f"sku={sku}", "quantity=10", "--id", f"c-{RUN}")
    assert again == created, "the same id gives the first result again"
    allocated = send("allocation.v1.Allocate", "order_id=o1", f"sku={sku}", "quantity=3")
    assert allocated["batch_ref"] == f"b-{RUN}", allocated
    assert send("allocation.v1.Allocate", "order_id=o2", f"sku={sku}", "quantity=8")["out_of_stock"]
    unknown = send("allocation.v1.Allocate", "order_id=o1", f"sku=none-{RUN}", "quantity=3", exit_code=1)
    assert (unknown["status"], unknown["code"]) == ("REJECTED", "UNKNOWN_SKU"), unknown
    out, _ = orderly("send", "allocation.v1.Allocate", "order_id=o3", f"sku={sku}", "quantity=1", "--wait", "20")
    assert out.startswith("status     ACCEPTED\n"), out


def command(type, id, **data):
    return json.dumps({"type": f"allocation.v1.{type}", "id": f"{id}-{RUN}", "data": data})


def test_file_with_broken_lines(directory):
    sku = f"MUG-{RUN}"
    lines = [command("CreateBatch", "f1", batch_ref=f"f-{RUN}", sku=sku, quantity=5), "no json",
             command("Allocate", "f2", order_id="o1", sku=sku, quantity=3), "",
             command("Allocate", "f2", order_id="o1", sku=sku, quantity=3),
             command("Allocate", "f3", order_id="o2", sku=sku, quantity=3),
             command("Allocate", "f4", order_id="o3", sku=sku, qty=3),
             command("Allocate", "f5", order_id="o3", sku=sku, quantity=0),
             command("Allocate", "f6", order_id="x" * 2_000_000, sku=sku, quantity=1),
             command("Deallocate", "f7", order_id="o1", sku=sku)]
    (directory / "commands.jsonl").write_text("\n".join(lines))  # the last line without an end
    out, err = orderly("send", "--file", directory / "commands.jsonl", "--wait", "20", "--json", exit_code=1)
    summary = json.loads(out)
    seconds = summary.pop("seconds")
    assert seconds > 0
    assert summary == {"sent": 6, "accepted": 5, "out_of_stock": 1, "rejected": {"INVALID_COMMAND": 1},
                       "dead_lettered": {}, "missing": 0, "broken_lines": 2, "not_delivered": 1}, summary
    for expected in ("line 2: no JSON", "line 7: qty: allocation.v1.Allocate has no such field",
                     "line 9: not delivered: Broker: Message size too large"):
        assert expected in err, err


def test_many_commands(directory):
    count = 20_000
    sku = f"MUG-{RUN}"
    text = "\n".join(command("Allocate", f"m{i}", order_id=f"o{i}", sku=sku, quantity=1) for i in range(count))
    out, _ = orderly("send", "--file", "-", "--wait", "20", stdin=text)
    rows = dict(line.rsplit(maxsplit=1) for line in out.splitlines())
    assert rows["sent"] == rows["accepted"] == "20,000" and rows["missing"] == "0", out

    (directory / "many.jsonl").write_text(text)
    master, terminal = pty.openpty()
    program = [BIN / "orderly", "send", "--file", directory / "many.jsonl", "--wait", "20"]
    done = subprocess.Popen(program, env=ENVIRONMENT, stderr=terminal, stdout=subprocess.PIPE)
    os.close(terminal)
    seen = b""
    with contextlib.suppress(OSError):  # the terminal's end
        while part := os.read(master, 65536):
            seen += part
    assert done.wait(timeout=60) == 0
    assert b"\r[" in seen and b"results" in seen and seen.endswith(b"\r\x1b[K"), seen[-200:]
    assert b"20,000" in done.stdout.read()


def test_dead_letters():
    subprocess.run(["kcat", "-P", "-b", BROKERS, "-t", "allocation.commands", "-p", "1", "-k", f"key-{RUN}",
                    "-H", f"ce_id=dead-{RUN}", "-H", "ce_type=no.such.Type"], input=b"\x1b[31mvalue\xff", check=True)
    found = None
    deadline = time.monotonic() + 20
    while not found and time.monotonic() < deadline:
        out, _ = orderly("dead-letters", "list", "--limit", "0", "--reason", "UNKNOWN_TYPE", "--json")
        letters = map(json.loads, out.splitlines())
        found = next((letter for letter in letters if letter["id"] == f"dead-{RUN}"), None)
    assert found and found["original"].startswith("allocation.commands/1/"), found
    assert found["position"] in orderly("dead-letters", "list")[0]
    by_place, by_original = (orderly("dead-letters", "show", found[name])[0] for name in ("position", "original"))
    assert by_place == by_original
    assert f"dead-{RUN}" in by_place and "1b 5b 33 31 6d 76 61 6c 75 65 ff" in by_place, by_place
    shown = json.loads(orderly("dead-letters", "show", found["position"], "--json")[0])
    assert shown["key"] == f"key-{RUN}" and shown["value"] is None and shown["value_base64"], shown
    _, err = orderly("dead-letters", "show", "1/999999999", exit_code=1)
    assert "there is no dead letter at 1/999999999" in err, err


def test_events(data):
    out, _ = orderly("events", f"product/LAMP-{RUN}", "--data", data, "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["version"] for event in events] == [1, 2, 3, 4], events
    assert [event["type"] for event in events] == ["BatchCreated", "Allocated", "OutOfStock", "Allocated"], events
    assert events[0]["command_id"] == f"c-{RUN}" and events[0]["data"]["quantity"] == "10", events[0]
    assert orderly("events", f"product/LAMP-{RUN}", "--data", data)[0].count("\n") == 6
    assert "no stream product/none" in orderly("events", "product/none", "--data", data, exit_code=1)[1]
    assert orderly("events", f"LAMP-{RUN}", "--data", data, "--json")[0] == out, "the id alone finds it too"
    orderly("send", "allocation.v1.CreateBatch", f"batch_ref=late-{RUN}", f"sku=LATE-{RUN}", "quantity=1", "eta=2026-12-24",
            "--id", f"late-{RUN}", "--wait", "20")
    late, = (json.loads(line) for line in orderly("events", f"product/LATE-{RUN}", "--data", data, "--json")[0].splitlines())
    assert late["data"] == {"batch_ref": f"late-{RUN}", "sku": f"LATE-{RUN}", "quantity": "1", "eta": "2026-12-24"}, "as published"
    assert late["correlation_id"] == f"late-{RUN}" and late["time"].startswith("20") and late["principal"] == "", late
    assert "2026-12-24" in orderly("events", f"product/LATE-{RUN}", "--data", data)[0]
    refused("events", "product/LAMP", "--data", "/no/such/directory", reason="/no/such/directory cannot be read")
    refused("events", "product/LAMP", "--data", data.parent, reason="holds no store")


with tempfile.TemporaryDirectory(prefix="orderly-cli-") as name:
    test_topics()
    test_wrong_words()
    test_result_that_does_not_come()
    with write_service(Path(name)) as data:
        test_single_commands()
        test_file_with_broken_lines(Path(name))
        test_many_commands(Path(name))
        test_dead_letters()
        test_events(data)
print("all passed")

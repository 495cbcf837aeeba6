#!/usr/bin/env python3
"""A whole year of real orders (540,000 lines) through Kafka, twice: undisturbed with both services, and with kill -9 of the
importer and of the write service in the middle. Both times the printed account equals a recount of the file, and every order,
line, batch and VIP by the event topics is what the file asks for. ORDERLY_TEST_DATA names online-retail.csv.xz."""
import collections, contextlib, json, os, signal, sqlite3, subprocess, time
from concurrent.futures import ThreadPoolExecutor

from fold import list_all
from import_model import Outcome, Recount
from system import BIN, System, skip, until

DATA = os.environ.get("ORDERLY_TEST_DATA", "")
if not DATA:
    skip("ORDERLY_TEST_DATA is not set (the path of online-retail.csv.xz)")
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("ORDERLY_")}


imports = []  # every process; the last one runs


def start_import(system):
    imports.append(subprocess.Popen([str(BIN / "orderly"), "import", DATA, "--brokers", system.brokers, "--json", "--wait", "120", "--in-flight", "20000",
                             "--state", str(system.directory / "state"), "--reported", str(system.directory / "reported")],
                            env=ENVIRONMENT, stdout=subprocess.PIPE, text=True))
    return imports[-1]


def finish(process):
    out, _ = process.communicate(timeout=900)
    assert process.returncode == 0, f"exit {process.returncode}: {out}"
    return json.loads(out)


def share_done(system):
    try:
        with contextlib.closing(sqlite3.connect(f"file:{system.directory / 'state'}?mode=ro", uri=True)) as state:
            done, planned = state.execute("SELECT count(*) FILTER (WHERE outcome <> 0), count(*) FROM commands").fetchone()
            return done / planned if planned else 0
    except sqlite3.OperationalError:
        return 0  # not made yet


def undisturbed(system):
    return finish(start_import(system))


def disturbed(system):
    """kill -9 of the importer at 20 and 70 % of the commands, of the write service at 40 and 60 %."""
    process = start_import(system)
    for share, victim in ((0.2, "import"), (0.4, "write"), (0.6, "write"), (0.7, "import")):
        until(lambda: process.poll() is not None or share_done(system) >= share, 600, f"{share:.0%} of the import")
        assert process.poll() is None, f"the import ended before {share:.0%}: {process.returncode}"
        if victim == "write":
            system.write.kill()
            system.write.start()
        else:
            process.kill()
            assert process.wait() == -signal.SIGKILL
            process = start_import(system)
    return finish(process)


def views_agree(system, outcome, statuses):
    orders = collections.Counter(order["status"] for order in list_all(system.read, "/orders"))
    batches = {batch["batch_ref"]: batch["allocated"] for batch in list_all(system.read, "/batches")}
    return orders == statuses and batches == {ref: batch["allocated"] for ref, batch in outcome.stock.batches.items()}


def start(system, with_views):
    if with_views:
        return system.start()
    system.write.start()
    until(system.write.is_ready, 30, "the write service is ready")


def year(run, recount, with_views):
    """Seconds of the import, and how the orders ended."""
    with System() as system, contextlib.ExitStack() as at_end:
        start(system, with_views)
        at_end.callback(lambda: [process.kill() for process in imports])
        started = time.monotonic()
        balance = run(system)
        seconds = time.monotonic() - started
        recount = recount.result()
        recount.check_balance(balance)
        outcome = Outcome(system, recount)
        statuses = outcome.check(balance)
        assert outcome.stock.waiting and statuses["paid"], "no code ran out"
        if with_views:
            until(lambda: views_agree(system, outcome, statuses), 60, "the views equal the events")
        print(f"{run.__name__}: {seconds:.0f} s, {dict(statuses)}, {len(outcome.stock.waiting)} lines wait for stock", flush=True)


with ThreadPoolExecutor(1) as background:
    recounted = background.submit(Recount, DATA)
    year(undisturbed, recounted, with_views=True)
    year(disturbed, recounted, with_views=False)
    recounted = recounted.result()
    print(f"{recounted.lines_read} lines = {recounted.lines_in_commands} in commands + {sum(recounted.reported.values())} reported, "
          f"by the importer and by the recount, also over four kills")

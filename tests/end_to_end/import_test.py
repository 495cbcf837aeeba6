#!/usr/bin/env python3
"""A real day through `orderly import` and the whole system: the printed account against a recount, the orders and batches
against the file, killed and resumed at any command, started twice, with its state lost, and with orders that are refused."""
import json, os, random, shutil, signal, sqlite3, subprocess, sys

from import_model import Outcome, Recount
from system import BIN, ROOT, System, until

DAY = ROOT / "deploy/local/data/2010-12-01.csv"
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("ORDERLY_")}


class Import:
    """`orderly import` of a copy of the file, whose state and report lie beside it."""

    def __init__(self, system, name, *options, run_id=None, data=None):
        self.folder = system.directory / name
        self.folder.mkdir()
        self.csv = self.folder / "orders.csv"
        self.csv.write_bytes(DAY.read_bytes() if data is None else data.encode())
        self.state = self.csv.with_name(f"orders.csv.{run_id}.import" if run_id else "orders.csv.import")
        self.command = [str(BIN / "orderly"), "import", str(self.csv), "--brokers", system.brokers, "--json", *options,
                        *(["--run-id", run_id] if run_id else [])]

    def run(self, *options, exit_code=0):
        done = subprocess.run([*self.command, *options], env=ENVIRONMENT, capture_output=True, text=True, timeout=180)
        assert done.returncode == exit_code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout) if done.stdout else done.stderr

    def start(self, *options):
        return subprocess.Popen([*self.command, *options], env=ENVIRONMENT, stdout=subprocess.DEVNULL)

    def answered(self):
        try:
            with sqlite3.connect(f"file:{self.state}?mode=ro", uri=True) as state:
                return state.execute("SELECT count(*) FROM commands WHERE outcome <> 0").fetchone()[0]
        except sqlite3.OperationalError:  # not there, or not planned yet
            return 0

    def kill_after(self, commands, *options):
        """kill -9 once so many commands have their outcome; False: it ended before."""
        process = self.start(*options)
        until(lambda: process.poll() is not None or self.answered() >= commands, 120, f"{commands} commands answered")
        process.kill()
        return process.wait() == -signal.SIGKILL

    def reported(self):
        return (self.folder / "orders.csv.reported").read_text().splitlines()


def test_whole_day(system, recount):
    day = Import(system, "day")
    balance = day.run()
    recount.check_balance(balance)
    statuses = Outcome(system, recount).check(balance)
    assert set(statuses) == {"shipped", "paid", "cancelled"}, statuses
    lines = day.reported()
    assert len(lines) == sum(recount.reported.values()), len(lines)
    assert lines == sorted(lines, key=lambda line: int(line.split()[1].rstrip(":"))), "in the file's order"
    assert "line 156: NOTHING_TO_CANCEL" in lines and "line 47: NOT_GOODS: POST" in lines, lines[:5]
    return day, balance, statuses


def test_nothing_happens_twice(system, day, balance):
    ends = {topic: len(system.read_all(topic)) for topic in ("ordering.events", "allocation.events")}
    assert day.run() == balance, "the same account again"
    for file in day.folder.iterdir():
        if file.name.startswith("orders.csv.import"):
            file.unlink()
    assert day.run() == balance, "the same account with the state lost"
    for topic, end in ends.items():
        assert len(system.read_all(topic)) == end, f"a second import made events in {topic}"


def test_state_of_another_import(day):
    assert "another run id" in day.run("--run-id", "other", "--state", str(day.state), exit_code=2)
    day.csv.write_text(day.csv.read_text() + "\n")
    assert "another file" in day.run(exit_code=2)


def test_kill_anywhere(system, recount):
    """Killed after any number of commands, over and over, and during the plan; at last it comes to the same account."""
    rng = random.Random(1)
    killed = Import(system, "killed", "--in-flight", "300", run_id="killed")
    process = killed.start()
    process.kill()  # before or in the middle of the plan
    process.wait()
    commands, kills = 0, 0
    while commands < 2000:
        commands += rng.randint(1, 250)
        if not killed.kill_after(commands):
            break
        kills += 1
    assert kills >= 5, kills
    balance = killed.run()
    recount.check_balance(balance)
    created = [r for r in system.read_all("ordering.events") if r.type.endswith(".OrderCreated") and r.message.order_id.endswith("-killed")]
    assert len(created) == len(recount.orders), len(created)
    return kills


def test_refused_orders(system):
    """An order id that is taken: its lines count as rejected, what would follow is not sent, and the report names them."""
    system.send("ordering.v1.CreateOrder", {"order_id": "TAKEN", "customer_id": "c", "items": [
        {"sku": "LAMP", "quantity": 1, "unit_price": {"currency": "GBP", "minor_units": 1}}]}, "taken", "TAKEN")
    system.flush()
    system.wait_for_results(["taken"])
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n"
    rows = ["TAKEN,LAMP,,2,2010-12-01 08:26:00,1.50,1.0,France", "TAKEN,MUG,,2,2010-12-01 08:26:00,1.50,1.0,France",
            'FREE,MUG,"größer, ""5""",2,2010-12-01 08:26:00,1.50,1.0,France', "FREE,MUG"]
    refused = Import(system, "refused", data="\ufeff" + header + "\r\n".join(rows))
    balance = refused.run()
    assert balance["lines"] == {"read": 4, "accepted": 1, "rejected": {"ORDER_EXISTS": 2}, "dead_lettered": {}, "not_sent": 0,
                                "unanswered": 0, "reported": {"COLUMNS": 1}}, balance["lines"]
    assert balance["commands"]["ordering.v1.PayOrder"]["not_sent"] == 1, balance
    assert refused.reported() == ["line 2: REJECTED ORDER_EXISTS: import-create-TAKEN",
                                  "line 3: REJECTED ORDER_EXISTS: import-create-TAKEN", "line 5: COLUMNS: 2"], refused.reported()


def test_no_write_service(system):
    """Nobody answers: it gives up after --wait, says so, and goes on when called again."""
    system.write.stop()
    waiting = Import(system, "waiting", run_id="waiting")
    balance = waiting.run("--wait", "1", exit_code=3)
    assert balance["commands"]["allocation.v1.CreateBatch"]["accepted"] == 0, balance
    assert balance["lines"]["unanswered"] > 0 and balance["lines"]["accepted"] == 0, balance
    system.write.start()
    assert waiting.run()["lines"]["unanswered"] == 0


def test_wrong_words():
    def refuse(*words):
        done = subprocess.run([str(BIN / "orderly"), "import", *words], env=ENVIRONMENT, capture_output=True, text=True)
        assert done.returncode in (1, 2) and done.stderr.count("\n") == 1 and not done.stdout, done
        return done.stderr
    assert "a file is missing" in refuse("--brokers", "x:1")
    assert "'--brokers' is required" in refuse("orders.csv")
    assert "no/such.csv" in refuse("no/such.csv", "--dry-run")
    assert "header" in refuse(str(ROOT / "README.md"), "--dry-run")
    assert "--run-id" in refuse("orders.csv", "--brokers", "x:1", "--run-id", "a b")
    assert "--in-flight" in refuse("orders.csv", "--brokers", "x:1", "--in-flight", "0")


def test_dry_run(recount):
    done = subprocess.run([str(BIN / "orderly"), "import", str(DAY), "--dry-run"], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    commands = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [command["type"].rsplit(".", 1)[1] for command in commands]
    assert kinds.count("CreateOrder") == kinds.count("PayOrder") == len(recount.orders)
    assert kinds.count("CancelOrder") == len(recount.cancelled) > 0
    assert kinds.index("CreateOrder") > max(at for at, kind in enumerate(kinds) if kind == "CreateBatch"), "stock comes first"
    assert len({command["id"] for command in commands}) == len(commands)
    totals = {c["data"]["order_id"]: int(c["data"]["amount"]["minor_units"]) for c in commands if c["type"].endswith("PayOrder")}
    assert totals == {invoice: order.total for invoice, order in recount.orders.items()}, "prices to the penny"


def main():
    recount = Recount(DAY)
    test_wrong_words()
    test_dry_run(recount)
    with System() as system:
        system.start()
        day, balance, statuses = test_whole_day(system, recount)
        test_nothing_happens_twice(system, day, balance)
        test_state_of_another_import(day)
        kills = test_kill_anywhere(system, recount)
        test_refused_orders(system)
        test_no_write_service(system)
    print(f"{recount.lines_read} lines = {recount.lines_in_commands} in commands + {sum(recount.reported.values())} reported; "
          f"{dict(statuses)}; killed {kills} times, nothing twice")


main()

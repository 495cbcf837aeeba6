#!/usr/bin/env python3
"""A disk is lost under load: what was backed up while the services ran is restored, and the commands since then are done again.
The restored store has the lost one's events to the byte, nothing is published twice, and no command stays unanswered."""
import argparse, contextlib, json, os, random, shutil, sqlite3, subprocess, threading, time

from fold import compare_views, fold_topic
from shop_load import check_events, plan, settled
from system import BIN, Service, System, free_port, until

parser = argparse.ArgumentParser()
parser.add_argument("--orders", type=int, default=500)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--deadline-s", type=int, default=3, help="of payments: the clock's commands are part of it")
options = parser.parse_args()
rng = random.Random(options.seed)
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLY_")}


def orderly(*arguments, expect=0):
    done = subprocess.run([str(BIN / "orderly"), *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == expect, f"orderly {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def rows(directory, shard, sql):
    with contextlib.closing(sqlite3.connect(directory / f"shard-{shard}.db")) as db:
        return db.execute(sql).fetchall()


def events(directory, shard):
    return rows(directory, shard, "SELECT * FROM events ORDER BY position")


def load(system, commands, pause_s, lost):
    """The last tenth comes when the disk is lost, however fast the machine is."""
    for n, (type, data, id, key) in enumerate(commands):
        if n == len(commands) * 9 // 10:
            lost.wait()
        system.send(type, data, id, key, json_format=n % 2 == 0)
        if n % 20 == 19:
            system.producer.poll(0)
            time.sleep(pause_s)
    system.flush()


def check_refusals(system, backup):
    """What must not be done is not done, and says why."""
    write = system.directory / "write"
    assert "there already" in orderly("backup", "--data", write, "--to", backup, expect=1)
    assert "holds a store already" in orderly("restore", "--from", backup, "--data", write, expect=1)
    damaged, target = system.directory / "damaged", system.directory / "target"
    shutil.copytree(backup, damaged)
    file = damaged / "write" / "shard-1.db"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert "shard-1.db is not as manifest.json says" in orderly("restore", "--from", damaged, "--data", target, expect=1)
    assert not list(target.glob("*.db*")), "a restore that failed leaves nothing"
    shutil.rmtree(damaged)


def check_prefix(lost, restored):
    """Every event of the lost store is in the restored one, as it was; what is new comes behind, in each lane."""
    count = 0
    for shard in range(system.partitions):
        before, after = events(lost, shard), events(restored, shard)
        highest = {}
        for row in before:
            highest[row[0] >> 48] = row[0]
        kept = [row for row in after if row[0] <= highest.get(row[0] >> 48, -1)]
        assert kept == before, f"shard {shard}: {next(pair for pair in zip(kept, before) if pair[0] != pair[1])}"
        count += len(before)
    return count


with System(partitions=3, write_options=("--payment-deadline-s", str(options.deadline_s))) as system:
    write, backup, lost = system.directory / "write", system.directory / "backup", system.directory / "lost"
    system.start()
    commands, disk_lost = list(plan(rng, options.orders)), threading.Event()
    loader = threading.Thread(target=load, args=(system, commands, 0.05, disk_lost))
    loader.start()
    until(lambda: sum(len(events(write, shard)) for shard in range(3)) > 500, 30, "the load has begun")
    orderly("backup", "--data", write, "--read-data", system.directory / "read", "--to", backup)
    backed_up = sum(len(events(backup / "write", shard)) for shard in range(3))
    until(lambda: sum(len(events(write, shard)) for shard in range(3)) > backed_up + 200, 30, "the load goes on behind the backup")
    system.write.kill()
    disk_lost.set()
    write.rename(lost)

    restored = time.monotonic()
    orderly("restore", "--from", backup, "--data", write)
    check_refusals(system, backup)
    system.write.start()
    until(system.write.is_ready, 30, "the restored write service is ready")
    loader.join()
    until(lambda: settled(system), 60, "every command is answered")
    # The last deadlines: all that is neither paid nor cancelled is cancelled by the clock, also where the lost service's clock had begun.
    def none_is_due():
        return sum(rows(write, shard, "SELECT count(*) FROM scheduled")[0][0] for shard in range(3)) == 0 and settled(system)
    results = until(none_is_due, 60, "no deadline is left, and every command is answered")
    by_hand = {id for _, _, id, _ in commands}
    assert {n for id, n in results.items() if id in by_hand} == {1}, "a client's command has several results"
    published = check_events(system)
    kept = check_prefix(lost, write)
    assert kept > backed_up + 100, (kept, backed_up)
    cancelled = [r for r in system.read_all("ordering.events") if r.type.endswith("OrderCancelled") and r.message.reason.startswith("not paid")]
    assert cancelled, "the clock had nothing to do"

    # Once more from the same backup, all that came since: the same store, event for event.
    system.write.stop()
    again = system.directory / "again"
    write.rename(again)
    orderly("restore", "--from", backup, "--data", write)
    system.write.start()
    until(lambda: [events(write, shard) for shard in range(3)] == [events(again, shard) for shard in range(3)], 60, "the same events")
    for lanes in range(3):
        shared = "SELECT lane, next_position, next_sequence FROM lanes WHERE lane < 3"
        until(lambda: all(a[1] == b[1] for a, b in zip(rows(write, lanes, shared), rows(again, lanes, shared))), 10, "the same positions")
    assert check_events(system) == published, "something was published again"

    # A further read service, from the copied views.
    replica_data = system.directory / "replica"
    orderly("restore", "--from", backup, "--read-data", replica_data)
    system.read.stop()
    replica = Service("read-service", ["--brokers", system.brokers, "--data", str(replica_data)], system.directory, free_port())
    files = {path.name for path in (replica_data / "views").glob("*.db")}
    replica.start()
    until(replica.is_ready, 30, f"the replica is ready: {replica.get('/readyz')}")
    assert {path.name for path in (replica_data / "views").glob("*.db")} == files, "the replica began anew"
    system.read = replica
    fold = fold_topic(system)
    until(lambda: not compare_views(system, fold), 30, f"the replica's views equal the events: {compare_views(system, fold)[:3]}")
    print(f"{len(commands)} commands; backed up at {backed_up} events, lost at {kept}, {published} published in the end, none twice; "
          f"{len(cancelled)} orders cancelled by the clock; {len(json.loads((backup / 'manifest.json').read_text())['files'])} files")

#!/usr/bin/env python3
"""Both services run out of file descriptors, at their start and while they work: they stay up, say why they are not ready, and go on by
themselves when there are more. Callers of the read service who hold connections open take no descriptor that it needs."""
import os, socket, subprocess

from invariants import Ledger
from load import Load
from system import System, until

ENOUGH = 4_096


def descriptors(service):
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))


def limit(service, count):
    subprocess.run(["prlimit", f"--pid={service.process.pid}", f"--nofile={count}:{ENOUGH}"], check=True)


def start_with_few(system):
    """So few that a store cannot be opened."""
    needed = {service.name: descriptors(service) for service in (system.write, system.read)}
    for service in (system.write, system.read):
        service.stop()
        service.wrapper = ("prlimit", f"--nofile={needed[service.name] - 12}:{needed[service.name] - 12}")
        service.start()
        reason = until(lambda: (answer := service.get("/readyz"))[0] == 503 and answer[2], 30, f"{service.name} says that it is not ready")
        print(f"{service.name} with {needed[service.name] - 12} descriptors of {needed[service.name]}: {str(reason)[:240]}")
        assert service.process.poll() is None
        limit(service, ENOUGH)
        service.wrapper = ()
    system.wait_ready(60)


def take_away(system, ledger):
    """No further one, while they work: what is open goes on."""
    for service in (system.write, system.read):
        limit(service, 3)
    answered = len(ledger.read().results)
    until(lambda: len(ledger.read().results) > answered + 1_000, 30, "commands are answered all the same")
    for service in (system.write, system.read):
        limit(service, ENOUGH)
    system.wait_ready(30)


def crowd(system, ledger):
    """Connections that ask nothing, many more than there may be."""
    system.read.stop()
    system.read.wrapper = ("prlimit", "--nofile=256:256")
    system.read.start()
    system.wait_ready(30)
    held = []
    for _ in range(400):
        connection = socket.create_connection(("127.0.0.1", system.read.port), timeout=5)
        held.append(connection)
    answered = len(ledger.read().results)
    until(lambda: len(ledger.read().results) > answered + 500, 30, "commands are answered")
    for connection in held:
        connection.close()
    until(system.read.is_ready, 30, "ready with callers gone")


with System(partitions=2) as system, Ledger(system) as ledger:
    system.start()
    with Load(system, rate=400) as load:
        until(lambda: len(ledger.read().results) > 1_000, 30, "the load runs")
        start_with_few(system)
        take_away(system, ledger)
        crowd(system, ledger)
    print(f"few descriptors: {ledger.check(load.sent)}")

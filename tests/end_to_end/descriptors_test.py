#!/usr/bin/env python3
"""Both services run out of file descriptors, at their start and while they work: they stay up, say why they are not ready, and go on by
themselves when there are more. Callers of the read service who hold connections open take no descriptor that it needs."""
import os, socket, subprocess

from invariants import Ledger
from load import Load
from system import System, until


def descriptors(service):
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))


def limit(service, count):
    """The soft limit of a running process; the hard one stays, so that it can be raised again."""
    subprocess.run(["prlimit", f"--pid={service.process.pid}", f"--nofile={count}:"], check=True)


def is_not_ready(service):
    answer = until(lambda: (answer := service.get("/readyz"))[0] == 503 and answer[2], 30, f"{service.name} says that it is not ready")
    assert service.process.poll() is None, f"{service.name} has died"
    return "; ".join(part.get("reason", "") for part in answer["parts"] if not part["ready"])[:160]


def start_with_few(system):
    """So few that stores cannot be opened, or the broker not be reached."""
    needed = {service.name: descriptors(service) for service in (system.write, system.read)}
    for service in (system.write, system.read):
        few = needed[service.name] - 12
        service.stop()
        service.wrapper = ("prlimit", f"--nofile={few}:{few}")
        service.start()
        print(f"{service.name} with {few} descriptors where {needed[service.name]} are needed: {is_not_ready(service)}", flush=True)
        service.wrapper = ()
        service.stop()
        service.start()
    system.wait_ready(60)


def take_away(system):
    """None is left while they work, and the broker goes: they cannot reach it again until they may open files again."""
    for service in (system.write, system.read):
        limit(service, 3)
    system.broker("stop")
    system.broker("start")
    for service in (system.write, system.read):
        limit(service, 1_024)
    system.wait_ready(60)


def crowd(system, ledger):
    """Connections that ask nothing, many more than there may be."""
    system.read.stop()
    system.read.wrapper = ("prlimit", "--nofile=256:256")
    system.read.start()
    system.wait_ready(30)
    held = [socket.create_connection(("127.0.0.1", system.read.port), timeout=5) for _ in range(400)]
    answered = len(ledger.read().results)
    until(lambda: len(ledger.read().results) > answered + 500, 60, "commands are answered")
    for connection in held:
        connection.close()
    until(system.read.is_ready, 30, "ready with callers gone")


with System(partitions=2) as system, Ledger(system) as ledger:
    system.start()
    with Load(system, rate=100) as load:
        until(lambda: len(ledger.read().results) > 1_000, 60, "the load runs")
        start_with_few(system)
        take_away(system)
        crowd(system, ledger)
    print(f"few descriptors: {ledger.check(load.sent)}")

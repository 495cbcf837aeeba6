#!/usr/bin/env python3
"""Both services run out of file descriptors, at their start and while they work: they stay up, say why they are not ready, and go on by
themselves when there are more. Callers of the read service who hold connections open take no descriptor that it needs."""
import os, re, socket, subprocess

from invariants import Ledger
from load import Load
from system import System, until


def descriptors(service):
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))


def limit(service, count):
    """The soft limit of a running process; the hard one stays, so that it can be raised again."""
    subprocess.run(["prlimit", f"--pid={service.process.pid}", f"--nofile={count}:"], check=True)


def why_not_ready(service, log_from):
    """Its own word, or its log's where no descriptor is left to answer with."""
    status, _, answer = service.get("/readyz", timeout=1)
    assert service.process.poll() is None, f"{service.name} has died"
    if status == 503:
        return "; ".join(part.get("reason", "") for part in answer["parts"] if not part["ready"])[:160]
    if status == 0:
        log = service.log.read_bytes()[log_from:].decode()
        return next((line for line in log.splitlines() if re.search("Too many open files|unable to open", line)), None)
    return None


def start_with_few(system):
    """So few that stores cannot be opened, or the broker not be reached; ended in the middle of that, it ends in time."""
    needed = {service.name: descriptors(service) for service in (system.write, system.read)}
    for service in (system.write, system.read):
        for few in (needed[service.name] - less for less in (8, 12, 16)):
            service.stop()
            log_from = service.log.stat().st_size
            service.wrapper = ("prlimit", f"--nofile={few}:{few}")
            service.start()
            reason = until(lambda: why_not_ready(service, log_from), 30, f"{service.name} says that it is not ready")
            print(f"{service.name} with {few} descriptors where {needed[service.name]} are needed: {reason}", flush=True)
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

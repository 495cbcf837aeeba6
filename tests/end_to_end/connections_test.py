#!/usr/bin/env python3
"""Ten thousand connections to a running read service: silent ones, half a request, answered ones that stay, headers without end and
clients that do not read. Others are served meanwhile, memory stays bounded, and what is too slow or too much is closed.

  connections_test.py [--connections 10000]       fewer where the process may not open so many files
"""
import argparse, contextlib, http.client, os, resource, select, socket, time
from pathlib import Path

from system import System, skip, until

parser = argparse.ArgumentParser()
parser.add_argument("--connections", type=int, default=10_000)
options = parser.parse_args()
MOST_MIB = 200  # more than before: 10,000 connections at 20 KiB each
if "ORDERLY_TEST_SANITIZED" in os.environ:
    MOST_MIB = 1_000  # a sanitizer keeps what was freed
READ_TIMEOUT_S = 15  # common/http/server.h
REQUEST = b"GET /batches/batch-1 HTTP/1.1\r\nHost: x\r\n\r\n"


def resident_mib(service):
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def connect(service):
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def answer_to(connection):
    """The status line's number; 0: closed without an answer."""
    with contextlib.suppress(OSError):
        return int((connection.recv(65_536)[9:12] or b"0"))
    return 0


def closed(connections):
    """How many of these the other side has closed; what it sent before is read and dropped."""
    poller, count = select.poll(), 0
    files = {c.fileno(): c for c in connections}
    for number in files:
        poller.register(number, select.POLLIN)
    for number, _ in poller.poll(0):
        try:
            count += files[number].recv(65_536) == b""
        except OSError:
            count += 1
    return count


def hung_up(connections):
    """How many the other side has closed or reset, though what it sent still lies there unread."""
    poller = select.poll()
    for connection in connections:
        poller.register(connection.fileno(), select.POLLRDHUP)
    return sum(1 for _, events in poller.poll(0) if events & (select.POLLRDHUP | select.POLLHUP | select.POLLERR))


def ask_as_others(service, times=300):
    """(median, p99) milliseconds of a new connection with one request; every one must be answered."""
    took = []
    for _ in range(times):
        since = time.monotonic()
        client = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
        client.request("GET", "/batches/batch-1")
        answer = client.getresponse()
        assert answer.status == 200 and b'"quantity":10' in answer.read(), answer.status
        client.close()
        took.append(1_000 * (time.monotonic() - since))
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100]


def tell(what, service, figures):
    print(f"{what}: others answered in {figures[0]:.2f} ms, p99 {figures[1]:.2f} ms; {resident_mib(service):.0f} MiB")


def crowd(service):
    """A third says nothing, a third half a request, a third has its answer and stays."""
    since, connections = time.monotonic(), []
    for n in range(options.connections):
        connections.append(connect(service))
        if n % 3 == 1:
            connections[-1].sendall(REQUEST[:25])
        elif n % 3 == 2:
            connections[-1].sendall(REQUEST)
    answered = sum(answer_to(c) == 200 for c in connections[2::3])
    assert answered == len(connections[2::3]), f"{answered} of {len(connections[2::3])} answered"
    if time.monotonic() - since > READ_TIMEOUT_S - 2:
        skip("this machine is too busy to open them before the first ones are closed again")
    return connections


def headers_without_end(service, clients=50, mib=4):
    """Each is refused or closed long before it has sent what it wants to."""
    statuses = []
    for _ in range(clients):
        with contextlib.closing(connect(service)) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
                for _ in range(mib * 16):
                    connection.sendall(b"x" * 65_536)
            statuses.append(answer_to(connection))
    assert set(statuses) <= {0, 400, 431}, statuses


def who_does_not_read(service, clients=200):
    """Asks for far more than the kernel keeps, and takes none of it."""
    connections = []
    for _ in range(clients):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", service.port))
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
        connections.append(connection)
    return connections


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if hard < options.connections + 500:
    skip(f"only {hard} files may be open, for {options.connections} connections")
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
with System(partitions=1) as system:
    system.start()
    service = system.read
    system.send("allocation.v1.CreateBatch", {"batch_ref": "batch-1", "sku": "LAMP", "quantity": 10}, "c1", "LAMP")
    until(lambda: service.get("/batches/batch-1")[0] == 200, 20, "the batch can be seen")
    before = resident_mib(service)
    tell("alone", service, ask_as_others(service))

    connections = crowd(service)
    busy = ask_as_others(service)
    assert closed(connections) < options.connections // 100, "they were not open at once"
    tell(f"beside {options.connections} connections", service, busy)
    assert busy[1] < 250, "others wait for the crowd"
    most = resident_mib(service)
    assert most - before < MOST_MIB, f"{most - before:.0f} MiB for {options.connections} connections"
    until(lambda: closed(connections) == len(connections), READ_TIMEOUT_S + 15, "who says nothing for 15 s is closed")
    for connection in connections:
        connection.close()

    headers_without_end(service)
    tell("after headers without end", service, ask_as_others(service))
    deaf = who_does_not_read(service)
    tell(f"beside {len(deaf)} that do not read 200 answers each", service, ask_as_others(service))
    assert resident_mib(service) - before < MOST_MIB, "memory grows with what others do not read"
    until(lambda: hung_up(deaf) == len(deaf), 2 * READ_TIMEOUT_S + 15, "who does not read is closed")
    for connection in deaf:
        connection.close()
    until(lambda: ask_as_others(service, 20)[1] < 250, 20, "others are served as before")
    assert resident_mib(service) - before < MOST_MIB
    print(f"{options.connections} connections cost {most - before:.0f} MiB, all closed by the service when their time was up")

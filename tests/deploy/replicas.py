"""The set-up of deploy/kubernetes as processes: write services that take `shard mod replicas`, each with a directory of its own,
and read services behind a list of those that are ready, as a Service keeps it.

    with Replicas(writers=3, readers=2, partitions=8) as system:
        system.start_all()
"""
import collections, sys, threading, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))
from fold import compare_views, fold_topic  # noqa: E402
from system import Service, System, free_port, until  # noqa: E402


def create_batches(system, skus):
    """One of each sku, with room for every test's lines; the commands' ids once all are decided."""
    ids = [f"c-{k}" for k in range(skus)]
    for k, id in enumerate(ids):
        system.send("allocation.v1.CreateBatch", {"batch_ref": f"b-{k}", "sku": f"SKU-{k}", "quantity": 1_000_000}, id, f"SKU-{k}")
    system.wait_for_results(ids, 60)
    return ids


class Load:
    """Allocates lines of SKU-0 to SKU-<skus - 1> in turn, `rate` a second, until the block ends; `sent` are the commands' ids."""

    def __init__(self, system, skus, rate):
        self.system, self.skus, self.rate = system, skus, rate
        self.sent, self.stopping = [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def run(self):
        started = time.monotonic()
        while not self.stopping.is_set():
            n = len(self.sent)
            sku = f"SKU-{n % self.skus}"
            self.system.send("allocation.v1.Allocate", {"order_id": f"o-{n}", "sku": sku, "quantity": 1}, f"a-{n}", sku, json_format=n % 2 == 0)
            self.sent.append(f"a-{n}")
            self.stopping.wait(max(0, started + n / self.rate - time.monotonic()))
        self.system.flush()


def check_answered_once(system, sent):
    """Each command has one result, accepted, and one event; versions have no gap; each reader's views are what the events say."""
    results = system.wait_for_results(sent, 90)
    for id in sent:
        assert len(results[id]) == 1 and results[id][0].status == 1, f"{id}: {results[id]}"
    fold = fold_topic(system)
    assert not fold.check(), fold.problems[:5]
    causes = collections.Counter(r.headers["ce_causationid"] for r in system.read_all("allocation.events"))
    assert all(causes[id] == 1 for id in sent), "not exactly one event for each command"
    for reader in system.readers:
        system.read = reader
        until(lambda: not compare_views(system, fold), 60, f"the views of {reader.directory.name} equal the events")
    system.read = system.readers[0]


class Replicas(System):
    def __init__(self, writers=3, readers=2, partitions=8, write_options=()):
        super().__init__(partitions=partitions, write_options=write_options)
        self.writer_count, self.reader_count = writers, readers
        self.writers, self.readers, self.made = [], [], 0

    def __enter__(self):
        super().__enter__()
        self.set_writers(self.writer_count)
        self.readers = [self.new_reader() for _ in range(self.reader_count)]
        self.read = self.readers[0]
        return self

    def __exit__(self, kind, error, trace):
        for service in [*self.writers, *self.readers[1:]]:
            try:
                service.stop()
            except Exception as problem:  # told, and the test fails by it, unless it has failed already
                service.kill()
                if kind is None:
                    kind, error = type(problem), problem
                    print(f"{service.directory}: {problem}")
            if kind is not None and service.log.exists():
                print(f"--- the last of {service.log}\n" + "\n".join(service.log.read_text(errors="replace").splitlines()[-15:]))
        super().__exit__(kind, error, trace)
        if error is not None:
            raise error

    def service(self, name, directory, options):
        data = self.directory / directory
        data.mkdir(exist_ok=True)
        service = Service(name, ["--brokers", self.brokers, "--data", str(data), *options], data, free_port())
        service.directory = data
        return service

    def set_writers(self, count):
        """Pod i of `count`: on the directory that pod i had before, if any."""
        self.writers = [self.service("write-service", f"pod-{i}", [*self.write_options, "--shards", f"mod:{i}/{count}"]) for i in range(count)]

    def new_reader(self):
        self.made += 1
        return self.service("read-service", f"reader-{self.made}", self.read_options)

    def start_all(self, seconds=60):
        for service in [*self.writers, *self.readers]:
            service.start()
        for service in [*self.writers, *self.readers]:
            until(service.is_ready, seconds, f"{service.directory.name} is ready: {service.get('/readyz')}")


class Endpoints:
    """Asks one of the ready replicas after the other, all the time, and keeps what was not answered with 200."""

    def __init__(self, readers, path):
        self.lock, self.ready, self.path = threading.Lock(), list(readers), path
        self.answers, self.refused, self.stopping = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def ask(self):
        n = 0
        while not self.stopping.wait(0.005):
            with self.lock:
                reader = self.ready[n % len(self.ready)] if self.ready else None
                answer = reader.get(self.path) if reader else (0, {}, "no replica is ready")
            n += 1
            self.answers += 1
            if answer[0] != 200:
                self.refused.append((time.time(), reader and reader.directory.name, answer))

    def check(self):
        assert not self.refused, f"{len(self.refused)} of {self.answers} queries were refused: {self.refused[:3]}"

    def remove(self, reader):
        with self.lock:  # no question to it is under way now, as after preStop's pause
            self.ready.remove(reader)

    def add(self, reader):
        with self.lock:
            self.ready.append(reader)

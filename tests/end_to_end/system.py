"""The real system for a test: a Kafka broker of its own, both services as processes, a plain client's producer and consumers.

    with System(partitions=4) as system:
        system.start()
        system.send("allocation.v1.CreateBatch", {"batch_ref": "b1", "sku": "LAMP", "quantity": 10}, id="c1", key="LAMP")
        system.wait_for_results(["c1"])
"""
import contextlib, json, os, random, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("ORDERLY_TEST_BIN", ROOT / "build/release/bin"))
SKIPPED = 77


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


try:
    from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
except ImportError:
    skip("the Python package confluent-kafka is not installed (tests/run installs it)")
if not (BIN / "write-service").exists():
    skip(f"there is no {BIN}/write-service (tests/run builds it)")


def load_messages():
    """The published messages as Python classes, made from proto/ by protoc."""
    out = tempfile.mkdtemp(prefix="orderly-proto-")
    protos = sorted(str(p) for p in (ROOT / "proto").glob("*/v1/*.proto"))
    subprocess.run(["protoc", f"-I{ROOT}/proto", f"--python_out={out}", *protos], check=True)
    sys.path.insert(0, out)
    import importlib
    modules = {name: importlib.import_module(f"{name}.v1.{name}_pb2") for name in ("allocation", "ordering", "customer", "messaging")}
    shutil.rmtree(out)
    return modules


MESSAGES = load_messages()


def message_class(full_name):
    package, _, name = full_name.partition(".v1.")
    return getattr(MESSAGES[package], name)


def free_port():
    # Below the range that outgoing connections take their ports from.
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port


def until(condition, seconds, what):
    """Polls until the condition gives something true, which is returned; fails the test with `what` when it never does."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Service:
    """One of our programs as a process; its log is kept in the test's directory and shown when the test fails."""

    def __init__(self, name, arguments, directory, port):
        self.name, self.arguments, self.port = name, arguments, port
        self.log = directory / f"{name}.log"
        self.process = None
        self.wrapper, self.environment = (), {}  # a command that runs it, such as prlimit; variables beside the test's own

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.wrapper, str(BIN / self.name), *self.arguments, "--listen", f"127.0.0.1:{self.port}"],
                                            stdout=log, stderr=log,
                                            env={**{k: v for k, v in os.environ.items() if not k.startswith("ORDERLY_")}, **self.environment})

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; must end with 0 within 10 s."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(10)
        assert status == 0, f"{self.name} ended with {status}"

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path, headers=None, timeout=40):
        """(status, headers, parsed body or text); status 0 where there is no answer"""
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url(path), headers=headers or {}), timeout=timeout) as r:
                status, answer, body = r.status, r.headers, r.read()
        except urllib.error.HTTPError as e:
            status, answer, body = e.code, e.headers, e.read()
        except (urllib.error.URLError, ConnectionError, OSError) as e:
            return 0, {}, str(e)
        text = body.decode()
        return status, answer, json.loads(text) if "json" in answer.get("content-type", "") and text else text

    def is_ready(self):
        return self.get("/readyz")[0] == 200


class System:
    def __init__(self, partitions=4, write_options=(), read_options=()):
        self.partitions = partitions
        self.directory = Path(tempfile.mkdtemp(prefix="orderly-e2e-"))
        self.write_options, self.read_options = write_options, read_options
        self.write = self.read = self.producer_ = None

    def broker(self, verb):
        subprocess.run([str(ROOT / "deploy/local/broker"), "--dir", str(self.directory / "kafka"), "--port", str(self.kafka_port), verb],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                       env={**os.environ, "ORDERLY_LOCAL_KAFKA_LIB": os.environ.get("ORDERLY_LOCAL_KAFKA_LIB", str(ROOT / "build/local/kafka-lib")),
                            "ORDERLY_LOCAL_KAFKA_HEAP": "512m",
                            "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"})  # the quick compiler alone: half the CPU of a start

    def start_broker(self, tries=3):
        """On a free port; another program may take it, or the broker's second one, before the broker does."""
        for left in reversed(range(tries)):
            self.kafka_port = free_port()
            self.brokers = f"127.0.0.1:{self.kafka_port}"
            try:
                return self.broker("start")
            except subprocess.CalledProcessError as error:
                print(f"the broker did not start on port {self.kafka_port}: {error.stderr}")
                self.broker("kill")  # it may only have been slow
                shutil.rmtree(self.directory / "kafka", ignore_errors=True)
                if left == 0:
                    raise

    def __enter__(self):
        self.start_broker()
        common = ["--brokers", self.brokers, "--data"]
        self.write = Service("write-service", [*common, str(self.directory / "write"), *self.write_options], self.directory, free_port())
        self.read = Service("read-service", [*common, str(self.directory / "read"), *self.read_options], self.directory, free_port())
        subprocess.run([str(BIN / "orderly"), "topics", "create", "--brokers", self.brokers, "--partitions", str(self.partitions)],
                       check=True, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, kind, error, trace):
        failed = kind is not None
        for service in (self.write, self.read):
            if service.process and service.process.poll() is None:
                try:
                    service.stop()
                except Exception as problem:
                    print(f"{service.name}: {problem}")
                    service.kill()
                    failed = True
            if service.process and service.process.returncode not in (None, 0, -signal.SIGKILL):
                print(f"{service.name} ended with {service.process.returncode}")
                failed = True
            if failed and service.log.exists():
                print(f"--- the last of {service.name}'s log\n" + "\n".join(service.log.read_text(errors="replace").splitlines()[-40:]))
        self.broker("kill")
        shutil.rmtree(self.directory, ignore_errors=True)
        if failed and kind is None:
            sys.exit(1)

    def start(self, seconds=30):
        self.write.start()
        self.read.start()
        self.wait_ready(seconds)

    def wait_ready(self, seconds=30):
        for service in (self.write, self.read):
            until(service.is_ready, seconds, f"{service.name} is ready: {service.get('/readyz')}")

    # ---- a plain client ----

    @property
    def producer(self):
        if self.producer_ is None:
            self.producer_ = Producer({"bootstrap.servers": self.brokers, "linger.ms": 5, "partitioner": "murmur2_random",
                                       "queue.buffering.max.messages": 200_000, "message.max.bytes": 4_000_000, "log_level": 0,
                                       "message.timeout.ms": 120_000, "enable.idempotence": True})  # no command twice unless the test says so
        return self.producer_

    def send(self, type, data, id=None, key=None, partition=-1, headers=(), json_format=True):
        if json_format:
            value, content_type = json.dumps(data).encode(), "application/json"
        else:
            value, content_type = message_class(type)(**data).SerializeToString(), "application/protobuf"
        all_headers = [("ce_type", type), ("content-type", content_type), *([("ce_id", id)] if id else []), *headers]
        self.send_raw(type.split(".")[0] + ".commands", value, key, all_headers, partition)

    def send_raw(self, topic, value, key, headers, partition=-1):
        while True:
            try:
                self.producer.produce(topic, value=value, key=key, headers=headers, partition=partition)
                self.producer.poll(0)
                return
            except BufferError:
                self.producer.poll(0.1)

    def flush(self):
        assert self.producer.flush(120) == 0, "the broker did not take every command"

    def follow(self, *topics):
        return Follower(self, topics)

    def wait_for_results(self, ids, seconds=30):
        """{id: [CommandResult, ...]} once every id has one at least."""
        missing, found = set(ids), {}
        with self.follow("command.results") as follower:
            deadline = time.monotonic() + seconds
            while missing:
                for record in follower.poll():
                    result = record.message
                    found.setdefault(result.command_id, []).append(result)
                    missing.discard(result.command_id)
                if time.monotonic() > deadline:
                    raise AssertionError(f"{len(missing)} commands have no result after {seconds} s, such as {sorted(missing)[:3]}")
        return found

    def read_all(self, topic):
        """Every committed record of a topic up to its present end."""
        with self.follow(topic) as follower:
            return list(follower.to_end())


class Record:
    def __init__(self, raw):
        self.topic, self.partition, self.offset = raw.topic(), raw.partition(), raw.offset()
        self.key = raw.key()
        self.value = raw.value()
        self.headers = {name: value.decode("utf-8", "replace") for name, value in (raw.headers() or [])}
        self.type = self.headers.get("ce_type", "")

    @property
    def message(self):
        return message_class(self.type).FromString(self.value)


class Follower:
    """Reads topics from their first record on, committed transactions only."""

    def __init__(self, system, topics):
        self.partitions = [(topic, p) for topic in topics for p in range(system.partitions)]
        self.consumer = Consumer({"bootstrap.servers": system.brokers, "group.id": "test", "log_level": 0, "isolation.level": "read_committed",
                                  "enable.auto.commit": False, "auto.offset.reset": "earliest", "enable.partition.eof": True})
        self.consumer.assign([TopicPartition(topic, p, 0) for topic, p in self.partitions])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.consumer.close()

    def raw(self, timeout=0.2):
        return self.consumer.consume(5000, timeout)

    def poll(self, timeout=0.2):
        return [Record(m) for m in self.raw(timeout) if m.error() is None]

    def to_end(self, seconds=60):
        open_partitions, deadline = set(self.partitions), time.monotonic() + seconds
        while open_partitions:
            assert time.monotonic() < deadline, f"cannot read {self.partitions[0][0]} to its end"
            for m in self.raw():
                if m.error() is None:
                    yield Record(m)
                elif m.error().code() == KafkaError._PARTITION_EOF:
                    open_partitions.discard((m.topic(), m.partition()))

"""Kafka brokers for tests that kill one of them, or that stand between them and their clients.

    with Cluster(brokers=3) as system:      # a System (system.py) whose topics have three replicas, two of which must answer
        system.start()
        system.kill(system.leader("allocation.commands", 0))

Each broker has three listeners: for the services (advertised through a proxy, if there is one), for the test and the other brokers, and
for the controllers' quorum.
"""
import base64, os, re, shutil, signal, subprocess, uuid

from confluent_kafka.admin import AdminClient

from system import BIN, ROOT, Service, System, free_port, skip, until

LIBRARY = os.environ.get("ORDERLY_LOCAL_KAFKA_LIB", str(ROOT / "build/local/kafka-lib"))
INTERNAL_PARTITIONS = 8


def java_hash(text):
    h = 0
    for character in text:
        h = (31 * h + ord(character)) & 0xFFFFFFFF
    return h - (1 << 32) if h >= 1 << 31 else h


def base64_of(bytes):
    return base64.urlsafe_b64encode(bytes).decode().rstrip("=").replace("-", "A")


class Broker:
    def __init__(self, number, directory):
        self.number, self.directory, self.process = number, directory, None
        self.direct, self.clients, self.controller = free_port(), free_port(), free_port()
        self.advertised = self.clients  # or the port of a proxy to it

    def write_properties(self, brokers):
        replicas = min(3, len(brokers))
        self.directory.mkdir(exist_ok=True)
        (self.directory / "server.properties").write_text(f"""
process.roles=broker,controller
node.id={self.number}
controller.quorum.voters={",".join(f"{b.number}@127.0.0.1:{b.controller}" for b in brokers)}
listeners=DIRECT://127.0.0.1:{self.direct},CLIENTS://127.0.0.1:{self.clients},CONTROLLER://127.0.0.1:{self.controller}
advertised.listeners=DIRECT://127.0.0.1:{self.direct},CLIENTS://127.0.0.1:{self.advertised}
listener.security.protocol.map=DIRECT:PLAINTEXT,CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=DIRECT
log.dirs={self.directory}/data
auto.create.topics.enable=false
default.replication.factor={replicas}
min.insync.replicas={replicas - 1 or 1}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions={INTERNAL_PARTITIONS}
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={replicas - 1 or 1}
transaction.state.log.num.partitions={INTERNAL_PARTITIONS}
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
log.index.size.max.bytes=1048576
""")

    def java(self, *arguments):
        # Only the quick compiler: such a broker lives for a minute.
        return ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={ROOT}/deploy/local/kafka/log4j2.properties",
                "-cp", f"{LIBRARY}/*", *arguments]

    def format(self, cluster_id):
        subprocess.run(self.java("kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "-c", f"{self.directory}/server.properties"),
                       check=True, capture_output=True)

    def format_as(self, other):
        """What formatting would make, without a Java of its own."""
        shutil.copytree(other.directory / "data", self.directory / "data")
        properties = self.directory / "data/meta.properties"
        text = re.sub(r"node.id=.*", f"node.id={self.number}", properties.read_text())
        properties.write_text(re.sub(r"directory.id=.*", f"directory.id={base64_of(uuid.uuid4().bytes)}", text))

    def start(self):
        with open(self.directory / "broker.log", "ab") as log:
            self.process = subprocess.Popen(self.java("kafka.Kafka", f"{self.directory}/server.properties"), stdout=log, stderr=log,
                                            start_new_session=True)

    def end(self, how=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)


class Cluster(System):
    def __init__(self, brokers=3, partitions=4, write_options=(), read_options=()):
        super().__init__(partitions, write_options, read_options)
        self.nodes = [Broker(n, self.directory / f"broker-{n}") for n in range(1, brokers + 1)]

    def __enter__(self):
        if not shutil.which("java") or not os.path.isdir(LIBRARY):
            skip("there is no java, or no jars of the broker (deploy/local/install fetches them)")
        try:
            self.start_brokers()
        except BaseException:
            self.broker("kill")
            raise
        data = ["--brokers", ",".join(f"127.0.0.1:{b.advertised}" for b in self.nodes), "--data"]
        self.write = Service("write-service", [*data, str(self.directory / "write"), *self.write_options], self.directory, free_port())
        self.read = Service("read-service", [*data, str(self.directory / "read"), *self.read_options], self.directory, free_port())
        return self

    def start_brokers(self):
        self.brokers = ",".join(f"127.0.0.1:{b.direct}" for b in self.nodes)
        for broker in self.nodes:
            broker.write_properties(self.nodes)
        self.nodes[0].format(base64_of(uuid.uuid4().bytes))
        for broker in self.nodes[1:]:
            broker.format_as(self.nodes[0])
        for broker in self.nodes:
            broker.start()
        self.admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 0, "socket.timeout.ms": 3_000})
        until(lambda: len(self.alive()) == len(self.nodes), 120, "all brokers are there")
        subprocess.run([str(BIN / "orderly"), "topics", "create", "--brokers", self.brokers, "--partitions", str(self.partitions),
                        "--replication", str(min(3, len(self.nodes)))], check=True, stdout=subprocess.DEVNULL)

    def broker(self, verb):
        """The end of a System's block says "kill"."""
        assert verb == "kill"
        for broker in self.nodes:
            broker.end()

    def metadata(self):
        try:
            return self.admin.list_topics(timeout=3)
        except Exception:  # no broker answers yet
            return None

    def alive(self):
        metadata = self.metadata()
        return metadata.brokers.keys() if metadata else ()

    def leader(self, topic, partition):
        """The broker that leads it."""
        number = until(lambda: (m := self.metadata()) and topic in m.topics and m.topics[topic].partitions[partition].leader, 30,
                       f"{topic}/{partition} has a leader")
        return next(b for b in self.nodes if b.number == number)

    def transaction_coordinator(self, shard):
        return self.leader("__transaction_state", abs(java_hash(f"orderly-shard-{shard}")) % INTERNAL_PARTITIONS)

    def group_coordinator(self, group):
        return self.leader("__consumer_offsets", abs(java_hash(group)) % INTERNAL_PARTITIONS)

    def is_whole(self):
        """Every broker lives, and every partition has all its replicas in sync."""
        metadata = self.metadata()
        return metadata and len(metadata.brokers) == len(self.nodes) and all(
            len(p.isrs) == len(p.replicas) and p.leader > 0 for t in metadata.topics.values() for p in t.partitions.values())

"""A system's state as test data: the services' files and every topic, offsets, headers and times included, in one archive.

    topics.jsonl   a record a line: [topic, partition, offset, timestamp_ms, key, headers, value], bytes in base64
    ends.json      {topic: [end offset of each partition]}, and the watermarks: {group: [[topic, partition, offset, metadata]]}
    write/ read/   the services' files
    expected.json  what the version that wrote it answered
"""
import base64, contextlib, json, sqlite3, sys, tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))
from system import Consumer, Producer, TopicPartition  # noqa: E402

TOPICS = ("allocation.commands", "ordering.commands", "customer.commands", "allocation.events", "ordering.events", "customer.events",
          "command.results", "dead-letters")
WATERMARKS = "orderly-outbox"


def encode(value):
    return None if value is None else base64.b64encode(value).decode()


def decode(text):
    return None if text is None else base64.b64decode(text)


def dump_topics(system, directory):
    with system.follow(*TOPICS) as follower, open(directory / "topics.jsonl", "w") as out:
        quiet = 0
        while quiet < 4:
            messages = [m for m in follower.raw(0.5) if m.error() is None]
            quiet = 0 if messages else quiet + 1
            for m in messages:
                headers = [[name, encode(value)] for name, value in m.headers() or []]
                out.write(json.dumps([m.topic(), m.partition(), m.offset(), m.timestamp()[1], encode(m.key()), headers, encode(m.value())]) + "\n")
        ends = {t: [follower.consumer.get_watermark_offsets(TopicPartition(t, p), timeout=10)[1] for p in range(system.partitions)] for t in TOPICS}
    (directory / "ends.json").write_text(json.dumps({"ends": ends, "watermarks": read_watermarks(system)}))


def group(system, name):
    return Consumer({"bootstrap.servers": system.brokers, "group.id": name, "log_level": 0, "enable.auto.commit": False})


def read_watermarks(system):
    with contextlib.closing(group(system, WATERMARKS)) as consumer:
        found = consumer.committed([TopicPartition(t, p) for t in TOPICS for p in range(system.partitions)], timeout=10)
        return [[p.topic, p.partition, p.offset, p.metadata] for p in found if p.offset >= 0]


def load_topics(system, directory):
    """Every record at its offset again. What is missing between two is the end of a transaction, so one is made to end there."""
    records = {}
    for line in open(directory / "topics.jsonl"):
        record = json.loads(line)
        records.setdefault((record[0], record[1]), []).append(record)
    kept = json.loads((directory / "ends.json").read_text())
    for topic, ends in kept["ends"].items():
        for partition, end in enumerate(ends):
            load_partition(system, topic, partition, records.get((topic, partition), []), end)
    with contextlib.closing(group(system, WATERMARKS)) as consumer:
        consumer.commit(offsets=[TopicPartition(t, p, offset) for t, p, offset, _ in kept["watermarks"]], asynchronous=False)


def load_partition(system, topic, partition, records, end):
    """An offset without a record is the end of a transaction. For each the nearest record before it that has none yet is written in a
    transaction of its own, and that one ended there; all other records are written plainly."""
    def producer(**settings):
        return Producer({"bootstrap.servers": system.brokers, "log_level": 0, "retry.backoff.ms": 5, "linger.ms": 1, **settings})

    def write(to, record):
        _, _, _, time_ms, key, headers, value = record
        to.produce(topic, partition=partition, key=decode(key), value=decode(value), timestamp=time_ms, headers=[(n, decode(v)) for n, v in headers])
    by_offset, end_of, waiting = {record[2]: record for record in records}, {}, []
    for at in reversed(range(end)):
        if at not in by_offset:
            waiting.append(at)
        elif waiting:
            end_of[at] = waiting.pop()
    assert not waiting, f"{topic}/{partition}: transactions end before any record: make the data anew"
    plain, idle, begun, made = producer(), [], {}, 0
    for at in range(end):
        if at in by_offset and at not in end_of:
            write(plain, by_offset[at])
            continue
        assert plain.flush(30) == 0
        if at not in by_offset:
            begun[at].commit_transaction(30)
            idle.append(begun.pop(at))
            continue
        if not idle:
            made += 1
            idle.append(producer(**{"transactional.id": f"restore-{topic}-{partition}-{made}"}))
            idle[0].init_transactions(30)
        transaction = idle.pop()
        transaction.begin_transaction()
        write(transaction, by_offset[at])
        assert transaction.flush(30) == 0
        begun[end_of[at]] = transaction
    assert plain.flush(30) == 0


def pack(directory, file):
    with tarfile.open(file, "w:xz", preset=9) as archive:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                archive.add(path, path.relative_to(directory))


def unpack(file, directory):
    with tarfile.open(file) as archive:
        archive.extractall(directory, filter="data")
    return directory


def rows(directory, sql):
    """Of every shard's store, in order."""
    found = []
    for file in sorted(Path(directory).glob("shard-*.db")):
        with contextlib.closing(sqlite3.connect(file)) as db:
            found.append(db.execute(sql).fetchall())
    return found

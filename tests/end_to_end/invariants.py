"""What must hold of the topics and the views whatever happened in between: one check for every test that attacks the system.

    with Ledger(system) as ledger:
        print(ledger.check(load.sent))     # waits until every command is answered; fails with what does not hold
"""
import collections, time

from fold import Fold, FoldOrders, compare_orders, compare_views
from shop_load import COMMAND_TOPICS, EVENT_TOPICS
from system import KafkaError, Record, TopicPartition, until

ACCEPTED, REJECTED, DEAD_LETTERED = 1, 2, 3
# What an accepted command of this type has published exactly once. Others may change nothing, or several things.
EVENT_OF = {"CreateBatch": "BatchCreated", "CreateOrder": "OrderCreated", "PayOrder": "OrderPaid", "ShipOrder": "OrderShipped",
            "CancelOrder": "OrderCancelled"}


class Ledger:
    """Every committed record of the topics, read once and kept as what the check needs of it."""

    def __init__(self, system):
        self.system, self.lines, self.orders = system, Fold(), FoldOrders()
        self.commands = {}                                # id: (type, how many records)
        self.results = collections.defaultdict(list)      # id: the bytes of each
        self.statuses = {}                                # id: of its first result
        self.event_ids, self.versions = set(), collections.Counter()
        self.events_of = collections.Counter()            # (command id, event's name)
        self.problems, self.at_end = [], {}              # at_end: how far each partition has been read
        self.follower = system.follow("command.results", *COMMAND_TOPICS, *EVENT_TOPICS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.follower.consumer.close()

    def read(self):
        """What has come by now, more or less."""
        while True:
            raw = self.follower.raw(0.2)
            for message in raw:
                place = message.topic(), message.partition()
                if message.error() is None:
                    self.take(Record(message))
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    self.at_end[place] = message.offset()
            if len(raw) < 5_000:
                return self

    def ends(self):
        return {place: self.follower.consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)[1] for place in self.follower.partitions}

    def read_to(self, ends, seconds=120):
        def reached():
            self.read()
            return all(self.at_end.get(place, -1) >= end for place, end in ends.items())
        until(reached, seconds, "the topics are read to their end")

    def unanswered(self):
        """Of all commands on the topics, nothing being added to them any more: what a command leads to comes with its result."""
        ends = None
        while ends != (now := self.ends()):
            ends = now
            self.read_to(ends)
        return sorted(self.commands.keys() - self.results.keys())

    def wait_until_answered(self, seconds):
        deadline = time.monotonic() + seconds
        while missing := self.unanswered():
            assert time.monotonic() < deadline, f"{len(missing)} commands have no result after {seconds} s, such as {missing[:3]}"

    def take(self, record):
        if record.topic == "command.results":
            id = record.key.decode()
            self.results[id].append(record.value)
            if id not in self.statuses:
                self.statuses[id] = record.message.status
        elif record.topic in COMMAND_TOPICS:
            id = record.headers.get("ce_id") or f"{record.topic}/{record.partition}/{record.offset}"
            self.commands[id] = (record.type.rsplit(".", 1)[-1], self.commands.get(id, ("", 0))[1] + 1)
        else:
            self.take_event(record)

    def take_event(self, record):
        if record.headers["ce_id"] in self.event_ids:
            self.problems.append(f"published twice: {record.headers}")
        self.event_ids.add(record.headers["ce_id"])
        stream = record.topic, record.headers["ce_subject"]
        self.versions[stream] += 1
        if int(record.headers["ce_streamversion"]) != self.versions[stream]:
            self.problems.append(f"{stream}: version {record.headers['ce_streamversion']} where {self.versions[stream]} is due")
        self.events_of[record.headers["ce_causationid"], record.type.rsplit(".", 1)[1]] += 1
        if record.topic == "allocation.events":
            self.lines.apply(record)
        elif record.topic == "ordering.events":
            self.orders.apply(record)

    def check(self, sent=(), seconds=120, parked=frozenset(), reads=None):
        """Waits, then checks all; gives a sentence with the counts. `parked`: the ids that were dead-lettered first and handled later;
        `reads`: the read services to compare, by default the system's."""
        self.wait_until_answered(seconds)
        lost = set(sent) - self.commands.keys()
        assert not lost, f"{len(lost)} commands that the broker took are on no topic, such as {sorted(lost)[:3]}"
        self.check_results(parked)
        self.check_effects()
        self.problems += self.lines.check() + self.orders.problems
        assert not self.problems, f"{len(self.problems)} problems, such as {self.problems[:5]}"
        for read in reads or (self.system.read,):
            self.check_views(read)
        repeats = sum(len(found) - 1 for found in self.results.values())
        return (f"{len(self.commands)} commands, {repeats} repeats, {len(self.event_ids)} events: none lost, none twice, no gap, "
                "a result each, equal results for repeats, views = fold")

    def check_results(self, parked):
        for id, (_, records) in self.commands.items():
            found = self.results[id]
            if id in parked:
                self.statuses[id] = ACCEPTED
                continue
            if len(set(found)) != 1:
                self.problems.append(f"{id}: {len(set(found))} different results")
            if len(found) > records:
                self.problems.append(f"{id}: {len(found)} results for {records} records")

    def check_effects(self):
        caused = collections.Counter(cause for cause, _ in self.events_of.elements())
        for id, (type, _) in self.commands.items():
            if self.statuses.get(id) != ACCEPTED and caused[id]:
                self.problems.append(f"{id} was not accepted and has {caused[id]} events")
            if self.statuses.get(id) != ACCEPTED:
                continue
            if type in EVENT_OF and self.events_of[id, EVENT_OF[type]] != 1:
                self.problems.append(f"{id}, accepted: {self.events_of[id, EVENT_OF[type]]} times {EVENT_OF[type]}")
            if type == "Allocate" and self.events_of[id, "Allocated"] + self.events_of[id, "OutOfStock"] > 1:
                self.problems.append(f"{id}, accepted: allocated more than once")

    def check_views(self, read):
        differences = []

        def equal():
            differences[:] = compare_views(read, self.lines) + compare_orders(read, self.orders)
            return not differences
        try:
            until(equal, 60, "the views equal a fold of the events")
        except AssertionError as error:
            raise AssertionError(f"{error}: {len(differences)} differences, such as {differences[:3]}") from None

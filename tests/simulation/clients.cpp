#include "simulation/clients.h"

#include <algorithm>

#include "common/kafka/consumer.h"

namespace orderly::simulation {
namespace {

using kafka::Error;

void reach_broker(Life& life) {
  if (!life.goes_on()) throw Error{Error::Kind::transient, "this process is dead"};
  if (!life.connected) throw Error{Error::Kind::transient, "no broker can be reached"};
}

// What a reader of committed records is given: partition by partition in any order, as much of each as may be.
class Source final : public kafka::MessageSource {
 public:
  Source(Surroundings& around, std::shared_ptr<Life> life, std::string name)
      : around_(around), life_(std::move(life)), name_(std::move(name)) {}

  void assign(std::span<const kafka::Position> positions) override {
    next_.clear();
    for (const auto& p : positions) next_.push_back({{p.topic, p.partition}, std::max<std::int64_t>(0, p.offset), false});
  }

  kafka::MessageBatch poll(std::size_t most, std::chrono::milliseconds) override {
    reach_broker(*life_);
    auto given = std::make_unique<Given>();
    kafka::MessageBatch batch;
    const auto first = around_.random.next() % std::max<std::size_t>(1, next_.size());
    for (std::size_t i = 0; i < next_.size(); ++i) {
      auto& next = next_[(first + i) % next_.size()];
      if (!around_.calm && around_.random.chance(25)) continue;  // its answer is not there yet
      take(next, around_.calm ? most : std::min<std::size_t>(most, next_size()), *given, batch);
    }
    batch.owner = std::move(given);
    return batch;
  }

  std::int64_t lag() const override { return 0; }
  bool has_met_ends() const override {
    return std::ranges::all_of(next_, [](const Next& next) { return next.has_met_end; });
  }

 private:
  struct Next {
    Broker::Place place;
    std::int64_t offset;
    bool has_met_end = false;
  };
  struct Given final : kafka::MessageBatch::Owner {
    std::deque<Record> records;
    std::deque<std::vector<kafka::Header>> headers;
  };
  std::size_t next_size() { return static_cast<std::size_t>(around_.random.pick(1, 6)); }

  void take(Next& next, std::size_t most, Given& given, kafka::MessageBatch& batch) {
    const auto& log = around_.broker.log(next.place);
    const auto from = next.offset;
    const auto end = around_.broker.stable_end(next.place);
    for (; next.offset < end && batch.messages.size() < most; ++next.offset) {
      const auto& record = log[static_cast<std::size_t>(next.offset)];
      if (record.state != Record::State::committed) continue;
      const auto& kept = given.records.emplace_back(record);
      auto& headers = given.headers.emplace_back();
      for (const auto& [name, value] : kept.headers) headers.push_back({name, value});
      batch.messages.push_back(
          {next.place.first, next.place.second, next.offset, kept.timestamp_ms, kept.key, kept.value, headers});
    }
    next.has_met_end = next.has_met_end || next.offset == end;
    if (next.offset == from) return;
    around_.history.note(name_ + " reads " + next.place.first + '/' + std::to_string(next.place.second) + " from " +
                         std::to_string(from) + " to " + std::to_string(next.offset));
  }

  Surroundings& around_;
  const std::shared_ptr<Life> life_;
  const std::string name_;
  std::vector<Next> next_;
};

class EventSource final : public read::EventSource {
 public:
  EventSource(Surroundings& around, std::shared_ptr<Life> life, std::string name)
      : around_(around), life_(life), records_(around, std::move(life), std::move(name)) {
    reach_broker(*life_);
  }
  kafka::MessageSource& records() override { return records_; }
  std::int32_t partition_count(const std::string&) override {
    reach_broker(*life_);
    return around_.broker.partitions();
  }
  std::int64_t end_offset(const std::string& topic, std::int32_t partition) override {
    reach_broker(*life_);
    return around_.broker.end({topic, partition});
  }

 private:
  Surroundings& around_;
  const std::shared_ptr<Life> life_;
  Source records_;
};

class Publisher final : public kafka::Publisher {
 public:
  Publisher(Surroundings& around, std::shared_ptr<Life> life, std::string id)
      : around_(around), life_(std::move(life)), id_(std::move(id)) {}

  std::vector<kafka::Position> start(std::span<const kafka::Position> of) override {
    reach_broker(*life_);
    epoch_ = around_.broker.begin(id_);
    reach_broker(*life_);
    std::vector<kafka::Position> found{of.begin(), of.end()};
    for (auto& p : found) p.offset = around_.broker.watermark({p.topic, p.partition});
    return found;
  }

  void publish(std::span<const kafka::OutgoingMessage> messages, std::span<const kafka::Position> watermarks) override {
    reach_broker(*life_);
    auto requests = requests_for(messages, watermarks);
    const auto fault = around_.calm ? Fault{} : pick_fault(requests.size());
    while (!requests.empty()) {
      if (!life_->goes_on()) leave(std::move(requests), "the process died while publishing");
      if (fault.after == requests.size()) fail(fault, std::move(requests));
      requests.front()();
      requests.pop_front();
    }
    note_published(messages.size(), watermarks);
    if (fault.kind == Fault::answer_lost) fail_after_commit();
    if (!life_->goes_on()) throw Error{Error::Kind::transient, "this process is dead"};
  }

  bool topic_exists(std::string_view topic) override {
    reach_broker(*life_);
    return around_.broker.has_topic(topic);
  }
  void interrupt() override {}

 private:
  using Requests = std::deque<Broker::Request>;
  struct Fault {
    enum Kind { no_fault, aborted, cut_off, answer_lost } kind = no_fault;
    std::size_t after = 0;  // so many requests before the last, which commits
  };

  Requests requests_for(std::span<const kafka::OutgoingMessage> messages,
                        std::span<const kafka::Position> watermarks) const {
    Requests requests;
    auto& broker = around_.broker;
    for (const auto& message : messages) {
      Record record{.key = std::nullopt, .value = std::string{message.value}, .headers = {}};
      if (message.key) record.key = std::string{*message.key};
      for (const auto& [name, value] : message.headers) record.headers.emplace_back(name, value);
      record.timestamp_ms = to_unix_ms(around_.clock.now());
      const auto partition = message.partition >= 0
                                 ? message.partition
                                 : kafka::partition_for(message.key.value_or(""), broker.partitions());
      requests.emplace_back([&broker, id = id_, epoch = epoch_, record = std::move(record),
                             place = Broker::Place{std::string{message.topic}, partition}]() mutable {
        broker.append(id, epoch, place, std::move(record));
      });
    }
    if (!watermarks.empty()) {
      requests.emplace_back([&broker, id = id_, epoch = epoch_,
                             staged = std::vector<kafka::Position>(watermarks.begin(), watermarks.end())] {
        broker.stage(id, epoch, staged);
      });
    }
    requests.emplace_back([&broker, id = id_, epoch = epoch_] { broker.commit(id, epoch); });
    return requests;
  }

  void note_published(std::size_t messages, std::span<const kafka::Position> watermarks) {
    std::string line = id_ + " publishes " + std::to_string(messages) + " messages";
    for (const auto& p : watermarks) line += ", " + p.topic + " up to " + std::to_string(p.offset);
    around_.history.note(std::move(line));
  }

  Fault pick_fault(std::size_t requests) {
    const int kind = around_.random.pick(0, 99);
    const auto after = static_cast<std::size_t>(around_.random.pick(1, static_cast<int>(requests)));
    if (kind < 3) return {Fault::aborted, after};
    if (kind < 6) return {Fault::cut_off, after};
    if (kind < 9) return {Fault::answer_lost, 0};
    return {};
  }

  [[noreturn]] void fail(const Fault& fault, Requests rest) {
    if (fault.kind == Fault::cut_off) leave(std::move(rest), "the connection was cut in a transaction");
    around_.broker.abort(id_, epoch_);
    around_.history.note(id_ + ": a transaction is aborted");
    throw Error{Error::Kind::transient, "the transaction was aborted"};
  }
  // What is on its way may still arrive, or some of it, or nothing.
  [[noreturn]] void leave(Requests rest, const std::string& why) {
    const auto arrive = static_cast<std::size_t>(around_.random.pick(0, static_cast<int>(rest.size())));
    around_.history.note(id_ + ": " + why + "; " + std::to_string(arrive) + " of " + std::to_string(rest.size()) +
                         " requests will arrive late");
    rest.resize(arrive);
    if (!rest.empty()) around_.broker.send_late(std::move(rest));
    throw Error{Error::Kind::fatal, why};
  }
  [[noreturn]] void fail_after_commit() {
    around_.history.note(id_ + ": a commit's acknowledgement is lost");
    throw Error{Error::Kind::fatal, "the acknowledgement was lost"};
  }

  Surroundings& around_;
  const std::shared_ptr<Life> life_;
  const std::string id_;
  int epoch_ = 0;
};

}  // namespace

std::unique_ptr<kafka::MessageSource> make_source(Surroundings& around, std::shared_ptr<Life> life, std::string name) {
  return std::make_unique<Source>(around, std::move(life), std::move(name));
}

std::unique_ptr<kafka::Publisher> make_publisher(Surroundings& around, std::shared_ptr<Life> life, std::string id) {
  return std::make_unique<Publisher>(around, std::move(life), std::move(id));
}

std::unique_ptr<read::EventSource> make_event_source(Surroundings& around, std::shared_ptr<Life> life,
                                                     std::string name) {
  return std::make_unique<EventSource>(around, std::move(life), std::move(name));
}

}  // namespace orderly::simulation

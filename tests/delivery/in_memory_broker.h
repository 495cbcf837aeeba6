// Kafka's two ports over memory, with the faults that a test asks for: lost acknowledgements, refusals, an absence.
// Threads: any.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/kafka/ports.h"
#include "delivery/in_memory_system.h"

namespace orderly::test {

class InMemoryBroker {
 public:
  enum class Fault { none, before_commit, after_commit, too_large };

  explicit InMemoryBroker(std::int32_t partitions = 1) : partitions_(partitions) {}

  void put(StoredRecord record) {
    const std::lock_guard lock{mutex_};
    append(std::move(record));
    changed_.notify_all();
  }
  std::vector<StoredRecord> records(std::string_view topic) const {
    const std::lock_guard lock{mutex_};
    std::vector<StoredRecord> all;
    for (const auto& [place, log] : logs_) {
      if (place.first == topic) all.insert(all.end(), log.begin(), log.end());
    }
    return all;
  }
  // Waits until the topic holds so many records.
  bool wait_for(std::string_view topic, std::size_t count) const {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{20}, [&] {
      std::size_t have = 0;
      for (const auto& [place, log] : logs_) have += place.first == topic ? log.size() : 0;
      return have >= count;
    });
  }

  void fail_next(Fault fault) {
    set([&] { fault_ = fault; });
  }
  void go_away(bool away) {
    set([&] { away_ = away; });
  }
  // A transaction of more messages times out.
  void take_at_most(std::size_t messages) {
    set([&] { most_messages_ = messages; });
  }
  void expire_records() {
    set([&] { expired_ = true; });
  }
  void make_missing(const std::string& topic) {
    set([&] { missing_.insert(topic); });
  }
  void set_watermark(const std::string& topic, std::int32_t partition, std::int64_t offset) {
    set([&] { watermarks_[{topic, partition}] = offset; });
  }
  std::int64_t watermark(const std::string& topic, std::int32_t partition) const {
    const std::lock_guard lock{mutex_};
    const auto found = watermarks_.find({topic, partition});
    return found == watermarks_.end() ? -1 : found->second;
  }
  int transactions() const {
    const std::lock_guard lock{mutex_};
    return transactions_;
  }

  std::unique_ptr<kafka::MessageSource> source() { return std::make_unique<Source>(*this); }
  std::unique_ptr<kafka::Publisher> publisher() { return std::make_unique<MemoryPublisher>(*this); }

 private:
  using Place = std::pair<std::string, std::int32_t>;

  struct Source final : kafka::MessageSource {
    explicit Source(InMemoryBroker& broker) : broker_(broker) {}
    struct Copies final : kafka::MessageBatch::Owner {
      std::vector<StoredRecord> records;
      std::vector<std::vector<kafka::Header>> headers;
    };
    void assign(std::span<const kafka::Position> positions) override {
      for (const auto& p : positions) next_[{p.topic, p.partition}] = std::max<std::int64_t>(0, p.offset);
    }
    kafka::MessageBatch poll(std::size_t most, std::chrono::milliseconds timeout) override {
      std::unique_lock lock{broker_.mutex_};
      broker_.changed_.wait_for(lock, timeout, [&] { return broker_.away_ || broker_.expired_ || something(); });
      if (broker_.away_) throw kafka::Error{kafka::Error::Kind::transient, "no broker can be reached"};
      if (broker_.expired_) throw kafka::Error{kafka::Error::Kind::offset_expired, "the offset is out of range"};
      kafka::MessageBatch batch;
      auto copies = std::make_unique<Copies>();
      for (auto& [place, next] : next_) {
        const auto& log = broker_.logs_[place];
        for (; next < static_cast<std::int64_t>(log.size()) && copies->records.size() < most; ++next) {
          batch.messages.push_back({{}, place.second, next, 0, {}, {}, {}});
          copies->records.push_back(log[static_cast<std::size_t>(next)]);
        }
      }
      copies->headers.resize(copies->records.size());
      for (std::size_t i = 0; i < copies->records.size(); ++i)
        view(copies->records[i], copies->headers[i], batch.messages[i]);
      batch.owner = std::move(copies);
      return batch;
    }
    std::int64_t lag() const override { return 0; }
    bool something() {
      return std::ranges::any_of(
          next_, [&](const auto& p) { return p.second < static_cast<std::int64_t>(broker_.logs_[p.first].size()); });
    }
    static void view(const StoredRecord& record, std::vector<kafka::Header>& headers, kafka::Message& message) {
      for (const auto& [name, value] : record.headers) headers.push_back({name, value});
      message.topic = record.topic;
      message.timestamp_ms = record.timestamp_ms;
      if (record.key) message.key = *record.key;
      message.value = record.value;
      message.headers = headers;
    }
    InMemoryBroker& broker_;
    std::map<Place, std::int64_t> next_;
  };

  struct MemoryPublisher final : kafka::Publisher {
    explicit MemoryPublisher(InMemoryBroker& broker) : broker_(broker) {}
    std::vector<kafka::Position> start(std::span<const kafka::Position> of) override {
      broker_.wait_while_away(interrupted_);
      std::vector<kafka::Position> found{of.begin(), of.end()};
      for (auto& p : found) p.offset = broker_.watermark(p.topic, p.partition);
      return found;
    }
    void publish(std::span<const kafka::OutgoingMessage> messages,
                 std::span<const kafka::Position> watermarks) override {
      broker_.wait_while_away(interrupted_);
      broker_.commit(messages, watermarks);
    }
    bool topic_exists(std::string_view topic) override {
      const std::lock_guard lock{broker_.mutex_};
      return !broker_.missing_.contains(std::string{topic});
    }
    void interrupt() override {
      broker_.set([this] { interrupted_ = true; });
    }
    InMemoryBroker& broker_;
    bool interrupted_ = false;  // guarded by the broker's mutex
  };

  template <class Change>
  void set(Change change) {
    const std::lock_guard lock{mutex_};
    change();
    changed_.notify_all();
  }
  void wait_while_away(const bool& interrupted) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return !away_ || interrupted; });
    if (interrupted) throw kafka::Error{kafka::Error::Kind::transient, "interrupted"};
  }
  void append(StoredRecord record) {
    if (record.partition < 0) record.partition = kafka::partition_for(record.key.value_or(""), partitions_);
    auto& log = logs_[{record.topic, record.partition}];
    log.push_back(std::move(record));
  }
  void commit(std::span<const kafka::OutgoingMessage> messages, std::span<const kafka::Position> watermarks) {
    const std::lock_guard lock{mutex_};
    const auto fault = std::exchange(fault_, Fault::none);
    if (fault == Fault::before_commit || messages.size() > most_messages_)
      throw kafka::Error{kafka::Error::Kind::transient, "the transaction was aborted"};
    if (fault == Fault::too_large) throw kafka::Error{kafka::Error::Kind::too_large, "a message is too large"};
    for (const auto& message : messages) {
      StoredRecord record{std::string{message.topic}, message.partition, {}, std::string{message.value}, {}, 0};
      if (message.key) record.key = std::string{*message.key};
      for (const auto& [name, value] : message.headers) record.headers.emplace_back(name, value);
      append(std::move(record));
    }
    for (const auto& p : watermarks) watermarks_[{p.topic, p.partition}] = p.offset;
    ++transactions_;
    changed_.notify_all();
    if (fault == Fault::after_commit) throw kafka::Error{kafka::Error::Kind::fatal, "the acknowledgement was lost"};
  }

  const std::int32_t partitions_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<Place, std::vector<StoredRecord>> logs_;
  std::map<Place, std::int64_t> watermarks_;
  std::set<std::string> missing_;
  Fault fault_ = Fault::none;
  bool away_ = false, expired_ = false;
  int transactions_ = 0;
  std::size_t most_messages_ = SIZE_MAX;
};

}  // namespace orderly::test

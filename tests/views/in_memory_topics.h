// The event topics in memory, behind the same port as Kafka: readers with positions of their own, and a broker that can
// be away. Threads: any. Failures: kafka::Error, when told to fail.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "read-service/event_source.h"
#include "read-service/positions.h"
#include "tests/views/events.h"

namespace orderly::test {

// The records of a batch, kept alive as librdkafka keeps its own.
inline kafka::MessageBatch to_batch(std::vector<std::pair<std::int64_t, Record>> records) {
  struct Owner final : kafka::MessageBatch::Owner {
    std::vector<std::pair<std::int64_t, Record>> records;
    std::vector<std::vector<kafka::Header>> headers;
  };
  auto owner = std::make_unique<Owner>();
  owner->records = std::move(records);
  kafka::MessageBatch batch;
  for (const auto& [offset, record] : owner->records) {
    auto& headers = owner->headers.emplace_back();
    for (const auto& [name, value] : record.headers) headers.push_back({name, value});
  }
  for (std::size_t i = 0; i < owner->records.size(); ++i) {
    const auto& [offset, record] = owner->records[i];
    auto& message = batch.messages.emplace_back();
    message.topic = record.topic;
    message.partition = record.partition;
    message.offset = offset;
    message.timestamp_ms = record.timestamp_ms;
    message.key = record.key;
    message.value = record.value;
    message.headers = owner->headers[i];
  }
  batch.owner = std::move(owner);
  return batch;
}

class InMemoryTopics {
 public:
  explicit InMemoryTopics(std::int32_t partitions = 2) : partitions_(partitions) {}

  void publish(Record record) {
    const std::lock_guard lock{mutex_};
    auto& log = logs_[{record.topic, record.partition}];
    log.push_back(std::move(record));
    changed_.notify_all();
  }
  void publish(std::vector<Record> records) {
    for (auto& record : records) publish(std::move(record));
  }

  void set_away(bool away) {
    const std::lock_guard lock{mutex_};
    away_ = away;
    changed_.notify_all();
  }
  // Nothing comes, and no error: a broker that takes its time. How often it was asked meanwhile.
  void set_silent(bool silent) {
    const std::lock_guard lock{mutex_};
    silent_ = silent;
    changed_.notify_all();
  }
  int silent_polls() const {
    const std::lock_guard lock{mutex_};
    return silent_polls_;
  }
  void expire_offsets() {
    const std::lock_guard lock{mutex_};
    expired_ = true;
  }
  read::Positions ends() const {
    const std::lock_guard lock{mutex_};
    read::Positions ends;
    for (const auto& [place, log] : logs_) ends[place] = std::ssize(log);
    return ends;
  }

  read::OpenEventSource open() {
    return [this]() -> std::unique_ptr<read::EventSource> { return std::make_unique<Source>(*this); };
  }

 private:
  using Place = std::pair<std::string, std::int32_t>;

  class Source final : public read::EventSource, public kafka::MessageSource {
   public:
    explicit Source(InMemoryTopics& topics) : topics_(topics) {}
    kafka::MessageSource& records() override { return *this; }
    std::int32_t partition_count(const std::string&) override {
      const std::lock_guard lock{topics_.mutex_};
      topics_.check();
      return topics_.partitions_;
    }
    std::int64_t end_offset(const std::string& topic, std::int32_t partition) override {
      const std::lock_guard lock{topics_.mutex_};
      topics_.check();
      return std::ssize(topics_.logs_[{topic, partition}]);
    }
    void assign(std::span<const kafka::Position> positions) override {
      next_.clear();
      for (const auto& p : positions) next_[{p.topic, p.partition}] = std::max<std::int64_t>(0, p.offset);
    }
    kafka::MessageBatch poll(std::size_t max_messages, std::chrono::milliseconds timeout) override {
      std::unique_lock lock{topics_.mutex_};
      topics_.changed_.wait_for(lock, timeout, [&] { return topics_.away_ || (behind() > 0 && !topics_.silent_); });
      topics_.check();
      if (topics_.silent_) {
        ++topics_.silent_polls_;
        return {};
      }
      if (topics_.expired_) {
        topics_.expired_ = false;
        throw kafka::Error{kafka::Error::Kind::offset_expired, "offset out of range"};
      }
      std::vector<std::pair<std::int64_t, Record>> given;
      for (auto& [place, next] : next_) {
        const auto& log = topics_.logs_[place];
        while (next < std::ssize(log) && given.size() < max_messages) {
          given.emplace_back(next, log[static_cast<std::size_t>(next)]);
          ++next;
        }
      }
      return to_batch(std::move(given));
    }
    std::int64_t lag() const override {
      const std::lock_guard lock{topics_.mutex_};
      return behind();
    }
    bool has_met_ends() const override {
      const std::lock_guard lock{topics_.mutex_};
      return behind() == 0 && !topics_.silent_;
    }

   private:
    std::int64_t behind() const {
      std::int64_t sum = 0;
      for (const auto& [place, next] : next_) sum += std::ssize(topics_.logs_[place]) - next;
      return sum;
    }
    InMemoryTopics& topics_;
    std::map<Place, std::int64_t> next_;
  };

  void check() const {
    if (away_) throw kafka::Error{kafka::Error::Kind::transient, "no Kafka broker can be reached"};
  }

  const std::int32_t partitions_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Place, std::vector<Record>> logs_;
  bool away_ = false, expired_ = false, silent_ = false;
  int silent_polls_ = 0;
};

}  // namespace orderly::test

// A broker in memory behind the two ports, and a clock to set. Threads: any.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "common/clock/clock.h"
#include "common/clock/rfc3339.h"
#include "common/kafka/consumer.h"
#include "common/kafka/ports.h"

namespace orderly::testing {

struct StoredRecord {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers;

  std::string header(std::string_view name) const {
    for (const auto& [known, text] : headers) {
      if (known == name) return text;
    }
    return "(none)";
  }
};

class InMemoryBroker {
 public:
  void add(StoredRecord record) {
    const std::lock_guard lock{mutex};
    record.offset = next_offset[{record.topic, record.partition}]++;
    records.push_back(std::move(record));
    changed.notify_all();
  }

  // An event as the outbox relay publishes it.
  void add_event(const std::string& topic, const std::string& type, const std::string& id, Time time,
                 const std::string& value = "", std::int32_t partition = 0) {
    add({topic, partition, 0, "key", value, {{"ce_id", id}, {"ce_type", type}, {"ce_time", to_rfc3339(time)}}});
  }

  std::vector<StoredRecord> of(std::string_view topic) {
    const std::lock_guard lock{mutex};
    std::vector<StoredRecord> found;
    for (const auto& record : records) {
      if (record.topic == topic) found.push_back(record);
    }
    return found;
  }

  // Waits, ten seconds at most, until the topic has so many.
  bool wait_for(std::string_view topic, std::size_t count) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, std::chrono::seconds{10}, [&] {
      return std::ranges::count(records, topic, &StoredRecord::topic) >= static_cast<std::ptrdiff_t>(count);
    });
  }

  // Waits, ten seconds at most, until a reader asks for records from here on: it is finished with all before.
  bool wait_for_reader(const std::string& topic, std::int32_t partition, std::int64_t offset) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, std::chrono::seconds{10}, [&] { return asked_from[{topic, partition}] >= offset; });
  }

  bool wait_for_failed_publish() {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, std::chrono::seconds{10}, [&] { return failed_publishes > 0; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> asked_from;
  std::deque<StoredRecord> records;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> next_offset;
  std::optional<kafka::Error> poll_fails, publish_fails;
  int failed_publishes = 0;
  bool poll_waits = false;  // for records, as the real one does; without it a poll of nothing returns at once
};

class InMemorySource final : public kafka::MessageSource {
 public:
  explicit InMemorySource(InMemoryBroker& broker) : broker_(broker) {}

  void assign(std::span<const kafka::Position> positions) override { next_.assign(positions.begin(), positions.end()); }

  kafka::MessageBatch poll(std::size_t max_messages, std::chrono::milliseconds timeout) override {
    std::unique_lock lock{broker_.mutex};
    for (const auto& position : next_) broker_.asked_from[{position.topic, position.partition}] = position.offset;
    broker_.changed.notify_all();
    kafka::MessageBatch batch;
    const auto found = [&] {
      if (broker_.poll_fails) throw kafka::Error{*broker_.poll_fails};
      batch = take(max_messages);
      return !batch.messages.empty();
    };
    if (!found() && broker_.poll_waits) broker_.changed.wait_for(lock, timeout, found);
    return batch;
  }

  std::int64_t lag() const override { return 0; }

 private:
  struct Owned final : kafka::MessageBatch::Owner {
    std::deque<StoredRecord> records;
    std::deque<std::vector<kafka::Header>> headers;
  };

  kafka::MessageBatch take(std::size_t max_messages) {
    auto owner = std::make_unique<Owned>();
    kafka::MessageBatch batch;
    for (const auto& record : broker_.records) {
      for (auto& position : next_) {
        if (batch.messages.size() == max_messages || position.topic != record.topic ||
            position.partition != record.partition || position.offset > record.offset)
          continue;
        position.offset = record.offset + 1;
        batch.messages.push_back(view(owner->records.emplace_back(record), owner->headers.emplace_back()));
      }
    }
    batch.owner = std::move(owner);
    return batch;
  }

  static kafka::Message view(const StoredRecord& record, std::vector<kafka::Header>& headers) {
    for (const auto& [name, value] : record.headers) headers.push_back({name, value});
    return {record.topic, record.partition, record.offset, 0, record.key, record.value, headers};
  }

  InMemoryBroker& broker_;
  std::vector<kafka::Position> next_;
};

class InMemoryPublisher final : public kafka::Publisher {
 public:
  explicit InMemoryPublisher(InMemoryBroker& broker) : broker_(broker) {}

  std::vector<kafka::Position> start(std::span<const kafka::Position>) override { return {}; }
  void publish(std::span<const kafka::OutgoingMessage> messages, std::span<const kafka::Position>) override {
    {
      const std::lock_guard lock{broker_.mutex};
      const bool too_large = broker_.publish_fails && broker_.publish_fails->kind() == kafka::Error::Kind::too_large;
      if (broker_.publish_fails && !(too_large && messages[0].value.empty())) {
        ++broker_.failed_publishes;
        broker_.changed.notify_all();
        throw kafka::Error{*broker_.publish_fails};
      }
    }
    for (const auto& message : messages) {
      StoredRecord record{std::string{message.topic},
                          message.partition,
                          0,
                          std::string{message.key.value_or("")},
                          std::string{message.value},
                          {}};
      for (const auto& [name, value] : message.headers) record.headers.emplace_back(name, value);
      broker_.add(std::move(record));
    }
  }
  bool topic_exists(std::string_view) override { return true; }
  void interrupt() override {}

 private:
  InMemoryBroker& broker_;
};

class SetClock final : public Clock {
 public:
  Time now() const override { return wall_; }
  std::chrono::steady_clock::time_point ticks() const override { return ticks_; }
  void advance(std::chrono::milliseconds by) {
    wall_ += by;
    ticks_ += by;
  }

 private:
  Time wall_ = *parse_rfc3339("2011-01-31T12:00:00Z");
  std::chrono::steady_clock::time_point ticks_{std::chrono::hours{1}};
};

}  // namespace orderly::testing

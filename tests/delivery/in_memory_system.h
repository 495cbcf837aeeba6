// The whole write side without threads or a broker: every shard's real store and handler over topics held in memory.
// run() carries records round until nothing moves any more, so a test sends, runs, and looks. restart() is a crash
// after the last commit. With `wrap` and a batch of one, a command whose handling throws is parked, as the shard does.
#pragma once

#include <google/protobuf/util/json_util.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "allocation/v1/allocation.pb.h"
#include "handling/command_handler.h"
#include "messaging/v1/messaging.pb.h"
#include "outbox/outbox_entry.h"
#include "storage/unit_of_work.h"

namespace orderly::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "orderly-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot make a temporary directory"};
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct StoredRecord {
  std::string topic;
  std::int32_t partition = 0;
  std::optional<std::string> key;
  std::string value;
  Headers headers;
  std::int64_t timestamp_ms = 0;

  std::string header(const std::string& name) const {
    for (const auto& [n, v] : headers) {
      if (n == name) return v;
    }
    return "";
  }
  template <class Message>
  Message as() const {
    Message message;
    REQUIRE(message.ParseFromString(value));
    return message;
  }
};

class InMemorySystem {
 public:
  explicit InMemorySystem(std::int32_t partitions = 1, std::size_t batch = 100,
                          const handling::CommandHandler::Options& handling = {},
                          const std::filesystem::path& customer_keys = {})
      : partitions_(partitions), batch_(batch), handling_(handling), customer_keys_(customer_keys) {
    shards_.resize(static_cast<std::size_t>(partitions));
    for (std::int32_t s = 0; s < partitions; ++s) open(s);
  }

  void restart() {
    for (std::int32_t s = 0; s < partitions_; ++s) {
      shards_[static_cast<std::size_t>(s)] = {};
      open(s);
    }
  }

  // A command as a client sends it: JSON, keyed by `key`, to that key's partition unless one is given.
  void send(const std::string& type, const std::string& json, const std::string& id, const std::string& key,
            std::optional<std::int32_t> partition = {}, const Headers& more = {}) {
    Headers headers{{"ce_type", type}, {"content-type", "application/json"}};
    if (!id.empty()) headers.emplace_back("ce_id", id);
    headers.insert(headers.end(), more.begin(), more.end());
    put({std::string{topics::commands_of(type)}, partition.value_or(kafka::partition_for(key, partitions_)), key, json,
         headers, clock_ms_++});
  }
  void put(StoredRecord record) {
    auto& log = topics_[record.topic];
    log.resize(static_cast<std::size_t>(partitions_));
    if (record.partition < 0) record.partition = kafka::partition_for(record.key.value_or(""), partitions_);
    log[static_cast<std::size_t>(record.partition)].push_back(std::move(record));
  }

  // Until no shard has anything to read. A shard that throws is the test's failure.
  void run() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::int32_t s = 0; s < partitions_; ++s) moved = step(s) || moved;
    }
  }

  // What the shards' clocks send at this time, and all that follows.
  void run_at(std::int64_t unix_ms) {
    clock_ms_ = std::max(clock_ms_, unix_ms);
    for (auto& shard : shards_) {
      auto& schedule = shard.work->schedule();
      if (!schedule.is_due(from_unix_ms(unix_ms))) continue;
      for (const auto& [name, command] : schedule.due(from_unix_ms(unix_ms), 1'000)) {
        shard.work->outbox().scheduled(command);
        schedule.withdraw(name);
      }
      publish(shard.work->commit());
    }
    run();
  }

  // One batch of one shard, its outbox published. False: nothing was there.
  bool step(std::int32_t s) {
    auto& shard = shards_[static_cast<std::size_t>(s)];
    bool any = false;
    for (Lane lane = 0; lane < topics::command_topics.size(); ++lane) {
      const std::string topic{topics::command_topics[lane]};
      auto& log = topics_[topic];
      log.resize(static_cast<std::size_t>(partitions_));
      auto offset = std::max<std::int64_t>(0, shard.work->lane(lane).next_offset);
      const auto& records = log[static_cast<std::size_t>(s)];
      for (std::size_t taken = 0; taken < batch_ && offset < static_cast<std::int64_t>(records.size());
           ++taken, ++offset) {
        handle(shard, records[static_cast<std::size_t>(offset)], lane, offset);
        any = true;
      }
    }
    if (any) publish(shard.work->commit());
    return any;
  }

  std::vector<StoredRecord> records(std::string_view topic) const {
    std::vector<StoredRecord> all;
    const auto found = topics_.find(std::string{topic});
    if (found == topics_.end()) return all;
    for (const auto& partition : found->second) all.insert(all.end(), partition.begin(), partition.end());
    return all;
  }
  std::vector<StoredRecord> events(const std::string& type = "") const {
    std::vector<StoredRecord> some;
    for (const auto topic : {topics::allocation_events, topics::ordering_events, topics::customer_events}) {
      for (const auto& record : records(topic)) {
        if (type.empty() || record.header("ce_type").ends_with(".v1." + type)) some.push_back(record);
      }
    }
    return some;
  }
  std::vector<messaging::v1::CommandResult> results(const std::string& id) const {
    std::vector<messaging::v1::CommandResult> some;
    for (const auto& record : records(topics::command_results)) {
      if (record.key == id) some.push_back(record.as<messaging::v1::CommandResult>());
    }
    return some;
  }
  messaging::v1::CommandResult result(const std::string& id) const {
    const auto all = results(id);
    INFO("results of " << id);
    REQUIRE(all.size() == 1);
    return all.front();
  }
  // status, or status and code: "ACCEPTED", "REJECTED UNKNOWN_SKU".
  std::string outcome(const std::string& id) const {
    const auto r = result(id);
    return messaging::v1::CommandStatus_Name(r.status()) + (r.code().empty() ? "" : ' ' + r.code());
  }

  storage::UnitOfWork& work(std::int32_t shard) { return *shards_[static_cast<std::size_t>(shard)].work; }
  // The state that an aggregate has now, in the shard that owns it.
  template <domain::Decider Aggregate>
  const typename Aggregate::State& state(const std::string& id) {
    return work(kafka::partition_for(id, partitions_)).aggregates().load<Aggregate>(id).state;
  }
  std::int32_t partitions() const { return partitions_; }
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  struct ShardParts {
    std::unique_ptr<storage::UnitOfWork> work;
    std::unique_ptr<handling::CommandHandler> handler;
  };

  void open(std::int32_t s) {
    auto& shard = shards_[static_cast<std::size_t>(s)];
    storage::UnitOfWork::Options options;
    options.customer_keys = customer_keys_;
    shard.work = std::make_unique<storage::UnitOfWork>(directory_.path(), storage::ShardPlace{s, partitions_}, options);
    shard.work->database().execute("PRAGMA synchronous = OFF");  // a restart here is no loss of power
    shard.handler = std::make_unique<handling::CommandHandler>(
        *shard.work, handling_, [](const auto&, const auto&) {}, log::Logger::silent());
  }

  void handle(ShardParts& shard, const StoredRecord& record, Lane lane, std::int64_t offset) {
    std::vector<kafka::Header> headers;
    for (const auto& [name, value] : record.headers) headers.push_back({name, value});
    std::optional<std::string_view> key;
    if (record.key) key = *record.key;
    const kafka::Message message{record.topic, record.partition, offset,      record.timestamp_ms,
                                 key,          record.value,     headers};
    try {
      shard.handler->handle(message, lane);
    } catch (const std::runtime_error& defect) {
      if (!handling_.wrap || batch_ != 1) throw;  // nobody meant it to, or the rollback would take other records, too
      shard.work->rollback();
      if (shard.handler->park_released(defect.what())) {
        publish(shard.work->commit());
        return handle(shard, record, lane, offset);
      }
      shard.handler->park(message, lane, defect.what());
    }
    shard.work->consumed(lane, offset + 1);
  }

  void publish(const std::vector<std::shared_ptr<const outbox::Chunk>>& chunks) {
    for (const auto& chunk : chunks) {
      outbox::EntryReader entries{chunk->messages};
      while (!entries.at_end()) {
        std::vector<kafka::Header> headers;
        const auto message = entries.next(headers);
        StoredRecord record{
            std::string{message.topic}, message.partition, {}, std::string{message.value}, {}, clock_ms_++};
        if (message.key) record.key = std::string{*message.key};
        for (const auto& [name, value] : headers) record.headers.emplace_back(name, value);
        vouch(message, headers, record);
        put(std::move(record));
      }
    }
  }

  // As the relay does.
  void vouch(kafka::OutgoingMessage message, const std::vector<kafka::Header>& headers, StoredRecord& record) const {
    const auto keys = handling_.authentication.keys();
    const bool is_unproved = std::ranges::any_of(headers, [](auto& h) { return h.name == intake::unproved_header; });
    if (!keys || !topics::is_commands(message.topic) || is_unproved) return;
    message.headers = headers;
    record.headers.emplace_back("ce_authtoken", keys->vouch(message));
  }

  TemporaryDirectory directory_;
  std::int32_t partitions_;
  std::size_t batch_;
  const handling::CommandHandler::Options handling_;
  const std::filesystem::path customer_keys_;  // empty: customers' ids are not sealed
  std::int64_t clock_ms_ = 1'700'000'000'000;
  std::map<std::string, std::vector<std::vector<StoredRecord>>> topics_;
  std::vector<ShardParts> shards_;
};

}  // namespace orderly::test

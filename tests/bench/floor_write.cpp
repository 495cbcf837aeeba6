// Floor (w): the least that an exactly-once write service must do. Per shard: consume a batch, insert an event row and
// a result row for each command, the offset, one commit on the disk; a relay thread publishes an event and a result for
// each in Kafka transactions with its watermark. Same topics, sizes, headers and settings as the write service; no
// decoding, no deduplication, no decision, no recovery.
//   bench-floor-write --brokers H:P --data DIR      until SIGTERM
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>

#include "allocation/v1/allocation.pb.h"
#include "client.h"
#include "common/clock/rfc3339.h"
#include "common/options/options.h"
#include "common/process/termination.h"
#include "common/sqlite/database.h"
#include "messaging/v1/messaging.pb.h"
#include "record.h"

namespace po = boost::program_options;

namespace orderly::bench {
namespace {

constexpr const char* usual_topic = "allocation.commands";  // the watermark's, whatever is read
constexpr std::size_t most_per_commit = 2'000, most_per_transaction = 10'000, most_waiting = 200'000;
constexpr std::string_view id = "01948f5c-7d3a-7c11-b4a1-3f1f5d2f8f10";
constexpr std::string_view sku = "SKU-0001", order = "o-00000001", batch = "batch-0001-a", version = "1000";

// What each command leads to: bytes as long as the service's.
struct Payloads {
  Payloads() {
    allocation::v1::Allocated allocated;
    allocated.set_order_id(std::string{order});
    allocated.set_quantity(5);
    allocated.set_batch_ref(std::string{batch});
    stored = allocated.SerializeAsString();
    allocated.set_sku(std::string{sku});
    event = allocated.SerializeAsString();
    messaging::v1::CommandResult answer;
    answer.set_command_id(std::string{id});
    answer.set_type("allocation.v1.Allocate");
    answer.set_status(messaging::v1::ACCEPTED);
    answer.set_aggregate_id(std::string{sku});
    answer.set_version(1'000);
    answer.set_batch_ref(std::string{batch});
    answer.set_correlation_id(std::string{id});
    result = answer.SerializeAsString();
  }
  std::string stored, event, result;
  const std::string time = to_rfc3339(SystemClock{}.now());
  const std::vector<kafka::Header> event_headers = bench::event_headers({.id = id,
                                                                         .type = "allocation.v1.Allocated",
                                                                         .time = time,
                                                                         .subject = sku,
                                                                         .command_id = id,
                                                                         .version = version});
  const std::vector<kafka::Header> result_headers =
      bench::result_headers({.id = id, .time = time, .subject = sku, .command_id = id});
};

constexpr const char* schema = R"sql(
  CREATE TABLE lanes(lane INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);
  CREATE TABLE events(position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER NOT NULL,
    previous INTEGER NOT NULL, type TEXT NOT NULL, time INTEGER NOT NULL, command_id TEXT NOT NULL,
    number INTEGER NOT NULL, correlation_id TEXT, data BLOB NOT NULL);
  CREATE TABLE results(number INTEGER PRIMARY KEY, command_id TEXT NOT NULL, time INTEGER NOT NULL,
    result BLOB NOT NULL);
)sql";

sqlite::Database open_file(const std::filesystem::path& file) {
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  // As the write service has them.
  db.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16384; PRAGMA cache_size = -32768");
  db.execute(schema);
  return db;
}

// One shard's file.
class Store {
 public:
  Store(const std::filesystem::path& directory, std::int32_t shard, const Payloads& payloads)
      : payloads_(payloads), db_(open_file(directory / ("floor-" + std::to_string(shard) + ".db"))) {}

  void commit(std::span<rd_kafka_message_t* const> messages) {
    sqlite::Transaction transaction{db_};
    for (const auto* message : messages) {
      const auto number = ++number_;
      event_.run(number, number % 250, number / 250, number - 250, "Allocated", time_ms, id, 0, nullptr,
                 sqlite::as_blob(payloads_.stored));
      result_.run(number, id, time_ms, sqlite::as_blob(payloads_.result));
      next_offset_ = message->offset + 1;
    }
    offset_.run(0, next_offset_);
    transaction.commit();
  }

 private:
  static constexpr std::int64_t time_ms = 1'764'000'000'000;
  const Payloads& payloads_;
  sqlite::Database db_;
  sqlite::Statement event_{db_, "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"};
  sqlite::Statement result_{db_, "INSERT INTO results VALUES (?1, ?2, ?3, ?4)"};
  sqlite::Statement offset_{db_, "REPLACE INTO lanes VALUES (?1, ?2)"};
  std::int64_t number_ = 0, next_offset_ = 0;
};

// Publishes what the shard has committed; in between it is only a number.
class Relay {
 public:
  Relay(const std::string& brokers, std::int32_t shard, const Payloads& payloads)
      : payloads_(payloads),
        shard_(shard),
        client_(make_producer(relay_settings(brokers, "bench-floor-" + std::to_string(shard)))) {
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
  }

  void push(std::size_t commands_committed) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return waiting_ < most_waiting; });
    waiting_ += commands_committed;
    changed_.notify_all();
  }

 private:
  void run(const std::stop_token& stop) {
    retry([this] { return rd_kafka_init_transactions(client_.get(), 20'000); }, "init transactions");
    for (;;) {
      std::unique_lock lock{mutex_};
      if (!changed_.wait(lock, stop, [this] { return waiting_ > 0; })) return;
      const auto count = std::min(waiting_, most_per_transaction);
      lock.unlock();
      publish(count);
      lock.lock();
      waiting_ -= count;
      changed_.notify_all();
    }
  }

  void publish(std::size_t count) {
    check(rd_kafka_begin_transaction(client_.get()), "begin");
    published_ += static_cast<std::int64_t>(count);
    Partitions watermark{rd_kafka_topic_partition_list_new(1)};
    rd_kafka_topic_partition_list_add(watermark.get(), usual_topic, shard_)->offset = published_;
    using Group = std::unique_ptr<rd_kafka_consumer_group_metadata_t, With<rd_kafka_consumer_group_metadata_destroy>>;
    const Group group{rd_kafka_consumer_group_metadata_new("bench-floor")};
    retry([&] { return rd_kafka_send_offsets_to_transaction(client_.get(), watermark.get(), group.get(), 20'000); },
          "offsets");
    for (std::size_t i = 0; i < count; ++i) {
      produce(client_.get(), {events_.get(), shard_, sku, payloads_.event, payloads_.event_headers});
      produce(client_.get(),
              {results_.get(), static_cast<std::int32_t>(i % 4), id, payloads_.result, payloads_.result_headers});
      if (i % 128 == 127) rd_kafka_poll(client_.get(), 0);
    }
    retry([this] { return rd_kafka_commit_transaction(client_.get(), 20'000); }, "commit");
  }

  const Payloads& payloads_;
  const std::int32_t shard_;
  const Client client_;
  const Topic events_{rd_kafka_topic_new(client_.get(), "allocation.events", nullptr)};
  const Topic results_{rd_kafka_topic_new(client_.get(), "command.results", nullptr)};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t waiting_ = 0;
  std::int64_t published_ = 0;
  std::jthread thread_;
};

struct Settings {
  std::string brokers, data;
  std::vector<std::string> topics;
  std::int32_t shards = 0;
};

void run_shard(const std::stop_token& stop, const Settings& settings, std::int32_t shard) {
  const Payloads payloads;
  Store store{settings.data, shard, payloads};
  Relay relay{settings.brokers, shard, payloads};
  std::vector<kafka::Position> from;
  for (const auto& topic : settings.topics) from.push_back({topic, shard, RD_KAFKA_OFFSET_BEGINNING});
  Follower source{settings.brokers, from};
  std::vector<rd_kafka_message_t*> messages;
  while (!stop.stop_requested()) {
    source.poll(messages, most_per_commit, 50);
    if (messages.empty()) continue;
    store.commit(messages);
    relay.push(messages.size());
    for (auto* message : messages) rd_kafka_message_destroy(message);
  }
}

}  // namespace
}  // namespace orderly::bench

int main(int argc, char** argv) try {
  orderly::bench::Settings s;
  orderly::options::Parser parser{"bench-floor-write", "the bare loop that the write service is measured against"};
  parser.add()("brokers", po::value(&s.brokers)->required(), "Kafka's bootstrap servers")(
      "data", po::value(&s.data)->required(), "where the shards' files are kept")(
      "shards", po::value(&s.shards)->default_value(4), "how many: the partitions of every topic")(
      "topic", po::value(&s.topics)->default_value({orderly::bench::usual_topic}, orderly::bench::usual_topic),
      "to read; may be repeated");
  if (!parser.parse(argc, argv, orderly::options::environment())) return 0;
  orderly::Termination termination;
  std::filesystem::create_directories(s.data);
  std::vector<std::jthread> threads;
  for (std::int32_t shard = 0; shard < s.shards; ++shard) {
    threads.emplace_back(
        [&, shard](const std::stop_token& stop) { orderly::bench::run_shard(stop, s, shard); });
  }
  termination.wait();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "bench-floor-write: " << error.what() << '\n';
  return 1;
}

// Floor (r): the least that the read service's projection must do: consume, upsert the rows of all its views, keep the
// offsets, commit without waiting for the disk. No envelope is read, no version is checked, nobody is woken.
//   bench-floor-read --brokers H:P --data DIR      until SIGTERM; DIR/views/floor.1.db has the views' tables
#include <atomic>
#include <filesystem>
#include <iostream>
#include <thread>

#include "allocation/v1/allocation.pb.h"
#include "client.h"
#include "common/options/options.h"
#include "common/process/termination.h"
#include "common/sqlite/database.h"
#include "messaging/v1/messaging.pb.h"

namespace po = boost::program_options;

namespace orderly::bench {
namespace {

constexpr std::size_t most_per_commit = 10'000;

// As in read-service/views/*, all in one file.
constexpr const char* schema = R"sql(
  CREATE TABLE checkpoints(topic TEXT, partition INTEGER, next_offset INTEGER NOT NULL,
                           PRIMARY KEY(topic, partition)) WITHOUT ROWID;
  CREATE TABLE allocations(order_id TEXT, sku TEXT, batch_ref TEXT NOT NULL, quantity INTEGER NOT NULL,
                           version INTEGER NOT NULL, PRIMARY KEY(order_id, sku)) WITHOUT ROWID;
  CREATE INDEX allocations_by_sku ON allocations(sku, order_id);
  CREATE INDEX allocations_by_batch ON allocations(batch_ref, order_id, sku);
  CREATE TABLE order_versions(order_id TEXT PRIMARY KEY, version INTEGER NOT NULL,
                              events INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE batches(batch_ref TEXT PRIMARY KEY, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
                       allocated INTEGER NOT NULL, eta TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE products(sku TEXT PRIMARY KEY, batches INTEGER NOT NULL, quantity INTEGER NOT NULL,
                        allocated INTEGER NOT NULL, backordered_lines INTEGER NOT NULL,
                        backordered_quantity INTEGER NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE command_results(command_id TEXT PRIMARY KEY, type TEXT NOT NULL, status INTEGER NOT NULL,
                               code TEXT NOT NULL, message TEXT NOT NULL, aggregate_id TEXT NOT NULL,
                               version INTEGER NOT NULL, field TEXT NOT NULL, batch_ref TEXT NOT NULL, out_of_stock INTEGER NOT NULL,
                               correlation_id TEXT NOT NULL) WITHOUT ROWID;
)sql";

sqlite::Database open_file(const std::filesystem::path& file) {
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  // As the read service has them; its four files have a quarter of the cache each.
  db.execute("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -131072; PRAGMA wal_autocheckpoint = 4000");
  db.execute(schema);
  return db;
}

class Views {
 public:
  explicit Views(const std::filesystem::path& file) : db_(open_file(file)) {}

  void apply(std::span<rd_kafka_message_t* const> messages) {
    sqlite::Transaction transaction{db_};
    for (const auto* message : messages) {
      const bool is_result = std::string_view{rd_kafka_topic_name(message->rkt)} == "command.results";
      is_result ? put_result(*message) : put_event(*message);
      (is_result ? results_ : events_)[static_cast<std::size_t>(message->partition)] = message->offset + 1;
    }
    save("allocation.events", events_);
    save("command.results", results_);
    transaction.commit();
  }

 private:
  // The few BatchCreated of the run's start are read as if they were allocations: their rows count as much.
  void put_event(const rd_kafka_message_t& message) {
    if (!event_.ParseFromArray(message.payload, static_cast<int>(message.len))) return;
    ++version_;
    allocation_.run(event_.order_id(), event_.sku(), event_.batch_ref(), event_.quantity(), version_);
    order_.run(event_.order_id(), version_);
    batch_.run(event_.batch_ref(), event_.sku(), event_.quantity(), version_);
    product_.run(event_.sku(), event_.quantity(), version_);
  }

  void put_result(const rd_kafka_message_t& message) {
    if (!answer_.ParseFromArray(message.payload, static_cast<int>(message.len))) return;
    result_.run(answer_.command_id(), answer_.type(), answer_.status(), answer_.code(), answer_.message(),
                answer_.aggregate_id(), answer_.version(), answer_.field(), answer_.batch_ref(), answer_.out_of_stock(),
                answer_.correlation_id());
  }

  void save(const char* topic, const std::vector<std::int64_t>& positions) {
    for (std::size_t p = 0; p < positions.size(); ++p) {
      if (positions[p] > 0) position_.run(topic, p, positions[p]);
    }
  }

  static constexpr std::size_t most_partitions = 64;
  sqlite::Database db_;
  sqlite::Statement allocation_{db_, "INSERT OR REPLACE INTO allocations VALUES (?1, ?2, ?3, ?4, ?5)"};
  sqlite::Statement order_{
      db_, "INSERT INTO order_versions VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET version = ?2, events = events + 1"};
  sqlite::Statement batch_{db_,
                           "INSERT INTO batches VALUES (?1, ?2, 0, ?3, '', ?4) ON CONFLICT DO UPDATE SET allocated = "
                           "allocated + ?3, version = ?4"};
  sqlite::Statement product_{db_,
                             "INSERT INTO products VALUES (?1, 1, 0, ?2, 0, 0, ?3) ON CONFLICT DO UPDATE SET allocated "
                             "= allocated + ?2, version = ?3"};
  sqlite::Statement result_{
      db_, "INSERT OR REPLACE INTO command_results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"};
  sqlite::Statement position_{db_, "INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3)"};
  std::vector<std::int64_t> events_ = std::vector<std::int64_t>(most_partitions), results_ = events_;
  allocation::v1::Allocated event_;
  messaging::v1::CommandResult answer_;
  std::int64_t version_ = 0;
};

void run(const std::atomic<bool>& stopping, const std::string& brokers, const std::filesystem::path& data,
         std::int32_t partitions) {
  std::filesystem::create_directories(data / "views");
  Views views{data / "views" / "floor.1.db"};
  std::vector<kafka::Position> from;
  for (const char* topic : {"allocation.events", "command.results"}) {
    for (std::int32_t p = 0; p < partitions; ++p) from.push_back({topic, p, RD_KAFKA_OFFSET_BEGINNING});
  }
  Follower source{brokers, from};
  std::vector<rd_kafka_message_t*> messages;
  while (!stopping.load()) {
    source.poll(messages, most_per_commit, 50);
    if (!messages.empty()) views.apply(messages);
    for (auto* message : messages) rd_kafka_message_destroy(message);
  }
}

}  // namespace
}  // namespace orderly::bench

int main(int argc, char** argv) try {
  std::string brokers, data;
  std::int32_t partitions = 0;
  orderly::options::Parser parser{"bench-floor-read", "the bare loop that the projection is measured against"};
  parser.add()("brokers", po::value(&brokers)->required(), "Kafka's bootstrap servers")(
      "data", po::value(&data)->required(), "where the file with the rows is kept")(
      "partitions", po::value(&partitions)->default_value(4), "of the two topics");
  if (!parser.parse(argc, argv, orderly::options::environment())) return 0;
  orderly::Termination termination;
  std::atomic<bool> stopping = false;
  std::jthread thread{[&] { orderly::bench::run(stopping, brokers, data, partitions); }};
  termination.wait();
  stopping.store(true);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "bench-floor-read: " << error.what() << '\n';
  return 1;
}

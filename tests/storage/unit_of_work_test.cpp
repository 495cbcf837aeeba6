#include <catch2/catch.hpp>

#include <fstream>

#include "common/file_lock/file_lock.h"
#include "delivery/in_memory_system.h"

using namespace orderly;
using namespace orderly::storage;
using orderly::test::TemporaryDirectory;

namespace {

Envelope cause(const std::string& id) {
  Envelope envelope;
  envelope.id = envelope.correlation_id = id;
  envelope.time = from_unix_ms(1'700'000'000'000);
  return envelope;
}

// Decides and appends as the handler does.
void apply(UnitOfWork& work, const domain::Product::Command& command, const std::string& id) {
  auto& live = work.aggregates().load<domain::Product>(domain::Product::aggregate_id(command));
  const auto decision = domain::Product::decide(live.state, command, from_unix_ms(0));
  REQUIRE(decision);
  std::uint64_t number = 0;
  for (const auto& event : *decision) {
    work.append(live, cause(id), number++, EventCodec<domain::Product>::encode(event));
    domain::Product::evolve(live.state, event);
  }
}

std::optional<std::string> batch_of(UnitOfWork& work, const std::string& order) {
  return domain::Product::allocated_batch(work.aggregates().load<domain::Product>("LAMP").state, order);
}

const domain::CreateBatch new_batch{"b1", "LAMP", 100, {}};
const domain::Allocate line{"o1", "LAMP", 3, false};

UnitOfWork::Options no_cache() {
  UnitOfWork::Options options;
  options.cache_bytes = 0;
  return options;
}

}  // namespace

TEST_CASE("a unit of work finds a product again and allocates to it", "[book]") {
  TemporaryDirectory directory;
  {
    UnitOfWork work{directory.path(), {0, 1}, {}};
    apply(work, new_batch, "c1");
    work.commit();
  }
  UnitOfWork work{directory.path(), {0, 1}, {}};
  apply(work, line, "c2");
  work.commit();
  CHECK(batch_of(work, "o1") == "b1");
}

TEST_CASE("what is not committed is not there after a restart", "[book]") {
  TemporaryDirectory directory;
  {
    UnitOfWork work{directory.path(), {0, 1}, {}};
    apply(work, new_batch, "c1");
  }
  UnitOfWork work{directory.path(), {0, 1}, {}};
  CHECK(work.aggregates().load<domain::Product>("LAMP").head.version == 0);
}

TEST_CASE("a rollback leaves neither events nor memory of them", "[book]") {
  TemporaryDirectory directory;
  UnitOfWork work{directory.path(), {0, 1}, {}};
  apply(work, new_batch, "c1");
  work.commit();
  apply(work, line, "c2");
  work.results().remember("c2", "result", 0);
  work.consumed(0, 7);
  work.rollback();
  CHECK_FALSE(batch_of(work, "o1"));
  CHECK_FALSE(work.results().find("c2"));
  work.commit();
  CHECK(work.lane(0).next_offset == -2);
  CHECK(work.database().query_integer("SELECT count(*) FROM events") == 1);
}

TEST_CASE("no two writers of one shard: the second is refused", "[book]") {
  // The book's optimistic lock tells two writers of one product apart afterwards; a shard has one writer from the
  // start.
  TemporaryDirectory directory;
  FileLock first{directory.path() / "shard-0.lock"};
  CHECK_THROWS_WITH(FileLock{directory.path() / "shard-0.lock"}, Catch::Contains("another process holds"));
}

TEST_CASE("a batch is found by its reference", "[book]") {
  TemporaryDirectory directory;
  UnitOfWork work{directory.path(), {0, 1}, no_cache()};
  auto& live = work.aggregates().load<domain::BatchReference>("b1");
  work.append(live, cause("c1"), 0,
              EventCodec<domain::BatchReference>::encode(domain::BatchReferenceClaimed{"b1", "LAMP", "c1"}));
  work.commit();
  apply(work, new_batch, "c2");
  work.commit();  // the cache keeps one aggregate: the reference is read from the store
  CHECK(work.aggregates().load<domain::BatchReference>("b1").state.sku == "LAMP");
}

TEST_CASE("an aggregate that left the cache is the same when it is loaded again, with and without a snapshot") {
  TemporaryDirectory directory;
  UnitOfWork work{directory.path(), {0, 1}, no_cache()};
  apply(work, domain::CreateBatch{"b1", "LAMP", 1'000'000, {}}, "c1");
  work.commit();
  const std::string long_id(80, 'x');
  int lines = 0;
  for (int batch = 0; batch < 30; ++batch) {
    for (int i = 0; i < 100; ++i, ++lines)
      apply(work, domain::Allocate{long_id + std::to_string(lines), "LAMP", 1, false}, "c");
    work.commit();
    work.aggregates().load<domain::Product>("OTHER");
    work.aggregates().trim({});
  }
  CHECK(work.database().query_integer("SELECT count(*) FROM snapshots") == 1);
  CHECK(work.database().query_integer("SELECT version FROM snapshots") < lines + 1);
  for (const int i : {0, lines / 2, lines - 1}) CHECK(batch_of(work, long_id + std::to_string(i)) == "b1");
  CHECK(work.aggregates().load<domain::Product>("LAMP").head.version == lines + 1);
}

TEST_CASE("a store of another shard or another number of partitions is refused") {
  TemporaryDirectory directory;
  { UnitOfWork work{directory.path(), {0, 4}, {}}; }
  CHECK_THROWS_WITH((UnitOfWork{directory.path(), {0, 8}, {}}), Catch::Contains("belongs to shard 0 of 4 partitions"));
}

TEST_CASE("a broken chain of events is noticed when it is read, and named") {
  TemporaryDirectory directory;
  UnitOfWork work{directory.path(), {0, 1}, no_cache()};
  apply(work, new_batch, "c1");
  apply(work, line, "c2");
  work.commit();
  work.database().execute("DELETE FROM events WHERE version = 1");
  work.aggregates().load<domain::Product>("OTHER");
  work.aggregates().trim({});
  CHECK_THROWS_WITH(work.aggregates().load<domain::Product>("LAMP"),
                    Catch::Contains("version 1 of stream 1 is not at position"));
}

TEST_CASE("a stored value that was altered since is noticed when it is read, and named; one without a checksum is read") {
  TemporaryDirectory directory;
  UnitOfWork work{directory.path(), {0, 1}, no_cache()};
  const auto forget = [&] {
    work.aggregates().load<domain::Product>("OTHER");
    work.aggregates().trim({});
  };
  const auto alter = [&](const std::string& table, const std::string& column, const std::string& which) {
    work.database().execute("UPDATE " + table + " SET " + column + " = CAST(substr(" + column + ", 1, length(" + column +
                            ") - 1) || x'07' AS BLOB) WHERE " + which);
  };
  apply(work, new_batch, "c1");
  apply(work, line, "c2");
  work.outbox().result(cause("c2"), "bytes", "LAMP");
  work.commit();
  alter("events", "data", "version = 2");
  forget();
  CHECK_THROWS_WITH(work.aggregates().load<domain::Product>("LAMP"),
                    Catch::Contains("the event at position 2 is not what was written"));
  alter("outbox", "messages", "sequence = 0");
  CHECK_THROWS_WITH(work.chunks_from(0, 0), Catch::Contains("outbox message 0 is not what was written"));
  work.database().execute("UPDATE outbox SET checksum = NULL");
  CHECK(work.chunks_from(0, 0).size() == 1);
}

TEST_CASE("an altered snapshot is noticed when it is read") {
  TemporaryDirectory directory;
  auto options = no_cache();
  options.least_snapshot_bytes = 1;
  UnitOfWork work{directory.path(), {0, 1}, options};
  apply(work, new_batch, "c1");
  work.commit();
  work.database().execute("UPDATE snapshots SET data = x'00' || data");
  work.aggregates().load<domain::Product>("OTHER");
  work.aggregates().trim({});
  CHECK_THROWS_WITH(work.aggregates().load<domain::Product>("LAMP"),
                    Catch::Contains("the snapshot of stream 1 is not what was written"));
}

TEST_CASE("a damaged file is found when the store is checked first") {
  TemporaryDirectory directory;
  const auto file = directory.path() / "shard-0.db";
  {
    UnitOfWork work{directory.path(), {0, 1}, {}};
    apply(work, new_batch, "c1");
    work.commit();
  }
  const auto page = sqlite::Database{file, sqlite::OpenMode::read_only}.query_integer(
      "SELECT rootpage FROM sqlite_schema WHERE name = 'events'");
  std::fstream{file, std::ios::in | std::ios::out | std::ios::binary}.seekp((page - 1) * 4096) << std::string(4096, 'x');
  UnitOfWork::Options options;
  CHECK_NOTHROW(UnitOfWork{directory.path(), {0, 1}, options});
  options.check_first = true;
  CHECK_THROWS_WITH((UnitOfWork{directory.path(), {0, 1}, options}), Catch::Contains("malformed"));
}

TEST_CASE("outbox rows stay until they are known to be out") {
  TemporaryDirectory directory;
  UnitOfWork work{directory.path(), {0, 1}, {}};
  const auto send = [&](const std::string& id) { work.outbox().result(cause(id), "bytes", "LAMP"); };
  send("c1");
  send("c2");
  REQUIRE(work.commit().size() == 1);
  send("c3");
  work.published(0, 1);  // in the middle of the first chunk
  work.commit();
  CHECK(work.chunks_from(0, 1).size() == 2);
  work.published(0, 2);
  REQUIRE(work.has_news());
  work.commit();
  REQUIRE(work.chunks_from(0, 0).size() == 1);
  CHECK(work.chunks_from(0, 0)[0]->sequence == 2);
}

// Stores and events of earlier versions are read by this one: nothing that was ever written loses its meaning.
#include <catch2/catch.hpp>

#include "delivery/in_memory_system.h"
#include "storage/stored_events.pb.h"

using namespace orderly;
using namespace orderly::storage;
using namespace orderly::test;

namespace {

// As version 1 of the schema had them.
constexpr const char* schema_1 = R"sql(
  CREATE TABLE shard(id INTEGER PRIMARY KEY CHECK (id = 1), schema_version INTEGER NOT NULL, shard INTEGER NOT NULL,
                     partitions INTEGER NOT NULL);
  CREATE TABLE lanes(lane INTEGER PRIMARY KEY, topic TEXT NOT NULL, next_offset INTEGER NOT NULL,
                     next_position INTEGER NOT NULL, next_sequence INTEGER NOT NULL, published INTEGER NOT NULL);
  CREATE TABLE streams(stream INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
                       position INTEGER NOT NULL, published INTEGER NOT NULL);
  CREATE TABLE events(position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER NOT NULL,
                      previous INTEGER NOT NULL, type TEXT NOT NULL, time INTEGER NOT NULL, command_id TEXT NOT NULL,
                      number INTEGER NOT NULL, correlation_id TEXT, data BLOB NOT NULL);
  CREATE TABLE held(number INTEGER PRIMARY KEY, stream TEXT NOT NULL, claim INTEGER NOT NULL, command_id TEXT NOT NULL,
                    time INTEGER NOT NULL, record BLOB NOT NULL);
  INSERT INTO held VALUES (1, 'product/SOFA', 1, 'c9', 1000, x'');
  INSERT INTO shard VALUES (1, 1, 0, 1);
  INSERT INTO lanes VALUES (0, 'allocation.commands', 3, 3, 6, 6), (1, 'ordering.commands', -2, 0, 0, 0),
                           (2, 'customer.commands', -2, 0, 0, 0);
  INSERT INTO streams VALUES (1, 'product/LAMP', 3, 3, 3);
)sql";

std::string created() {
  stored::BatchCreated m;
  m.set_batch_ref("b1");
  m.set_quantity(5);
  return m.SerializeAsString();
}
std::string allocated() {
  stored::Allocated m;
  m.set_order_id("o1");
  m.set_quantity(3);
  m.set_batch_ref("b1");
  return m.SerializeAsString();
}
std::string deallocated() {
  stored::Deallocated m;
  m.set_order_id("o1");
  m.set_quantity(3);
  m.set_batch_ref("b1");
  m.set_reason("REQUESTED");
  return m.SerializeAsString();
}

void write_version_1(const std::filesystem::path& file) {
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  db.execute(schema_1);
  sqlite::Statement event{db, "INSERT INTO events VALUES (?1, 1, ?1, ?1 - 1, ?2, 1000, 'c' || ?1, 0, NULL, ?3)"};
  event.run(1, "BatchCreated", sqlite::as_blob(created()));
  event.run(2, "Allocated", sqlite::as_blob(allocated()));
  event.run(3, "Deallocated", sqlite::as_blob(deallocated()));
}

}  // namespace

TEST_CASE("a store of the first version is read, and goes on in the present one") {
  TemporaryDirectory directory;
  write_version_1(directory.path() / "shard-0.db");
  for (int start = 0; start < 2; ++start) {
    UnitOfWork work{directory.path(), {0, 1}, {}};
    const auto& product = work.aggregates().load<domain::Product>("LAMP");
    CHECK(product.head.version == 3);
    CHECK(product.state.lines.size() == 0);
    CHECK(product.state.batches.room(0) == 5);
    CHECK(work.lane(0).next_offset == 3);
    CHECK(work.held().is_asked("product/SOFA", "c9"));
    CHECK(work.lane(topics::clock_lane).next_sequence == 0);
    CHECK(work.database().query_integer("SELECT schema_version FROM shard") == 5);
    CHECK(work.database().query_integer("SELECT count(*) FROM events WHERE principal IS NULL") == 3);
  }
}

TEST_CASE("a store whose creation a crash broke off is created to its end") {
  TemporaryDirectory directory;
  {
    sqlite::Database db{directory.path() / "shard-0.db", sqlite::OpenMode::read_write};
    db.execute(
        "CREATE TABLE shard(id INTEGER PRIMARY KEY, schema_version INTEGER NOT NULL, shard INTEGER NOT NULL, "
        "partitions INTEGER NOT NULL)");  // the first table of all, without the row that comes last
  }
  UnitOfWork work{directory.path(), {0, 1}, {}};
  CHECK(work.database().query_integer("SELECT schema_version FROM shard") == 5);
  CHECK(work.database().query_integer("SELECT count(*) FROM events") == 0);
}

TEST_CASE("a deallocation as it was stored first is upcast: its line belonged to no order") {
  using Codec = EventCodec<domain::Product>;
  const auto event = std::get<domain::Deallocated>(Codec::decode("Deallocated", deallocated(), "LAMP"));
  CHECK(event == domain::Deallocated{"o1", "LAMP", 3, "b1", "REQUESTED", false});
  const auto now = Codec::encode(event);
  CHECK(now.type == "DeallocatedV2");
  CHECK(std::get<domain::Deallocated>(Codec::decode(now.type, now.data, "LAMP")) == event);
}

TEST_CASE("a store of a newer program is refused, and so is an event that it wrote") {
  TemporaryDirectory directory;
  {
    UnitOfWork work{directory.path(), {0, 1}, {}};
    work.database().execute("UPDATE shard SET schema_version = 99");
  }
  CHECK_THROWS_AS(UnitOfWork(directory.path(), {0, 1}, {}), StoreMismatch);
  CHECK_THROWS_WITH(EventCodec<domain::Order>::decode("OrderTeleported", "", "o1"), Catch::Contains("newer version"));
}

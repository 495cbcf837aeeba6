// Copies of databases that are being written.
#include <catch2/catch.hpp>
#include <thread>

#include "common/sqlite/backup.h"
#include "common/sqlite/database.h"
#include "delivery/in_memory_system.h"

using namespace orderly;
using namespace orderly::test;

namespace {

// Two tables that every transaction changes together: a torn copy has them apart.
void make_twins(const std::filesystem::path& file) {
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  db.execute(
      "CREATE TABLE a(id INTEGER PRIMARY KEY, filler BLOB); CREATE TABLE b(id INTEGER PRIMARY KEY, filler BLOB);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
      "INSERT INTO a SELECT i, randomblob(2000) FROM n; INSERT INTO b SELECT * FROM a");
}

std::string files_of(const std::filesystem::path& folder, const std::string& begin) {
  std::string names;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(begin)) names += name + ' ';
  }
  return names;
}

}  // namespace

TEST_CASE("a copy of a database that is written without a pause is one state of it, in one file") {
  TemporaryDirectory directory;
  const auto from = directory.path() / "live.db", to = directory.path() / "copy.db";
  make_twins(from);
  std::atomic<int> written = 0;
  std::jthread writer{[&](const std::stop_token& stop) {
    sqlite::Database db{from, sqlite::OpenMode::read_write};
    for (int i = 10'000; !stop.stop_requested(); ++i, ++written) {
      sqlite::Transaction transaction{db};
      db.execute("INSERT INTO a VALUES (" + std::to_string(i) + ", 'x'); INSERT INTO b VALUES (" + std::to_string(i) +
                 ", 'x')");
      transaction.commit();
    }
  }};
  while (written == 0) std::this_thread::yield();
  std::int64_t last = 0;
  int before = 0;
  sqlite::copy_database(from, to, [&](std::int64_t done, std::int64_t all) {
    CHECK(done >= last);  // it never begins again
    CHECK(done <= all);
    if (last == 0) before = written;
    last = done;
    while (done < all && written == before) std::this_thread::yield();  // commits fall into the middle of it
  });
  CHECK(written > before);
  writer = {};
  CHECK(files_of(directory.path(), "copy") == "copy.db ");
  sqlite::Database copy{to, sqlite::OpenMode::read_only};
  CHECK(copy.query_text("PRAGMA integrity_check") == "ok");
  CHECK(copy.query_integer("SELECT count(*) FROM a") > 5'000);
  CHECK(copy.query_integer("SELECT count(*) FROM a FULL JOIN b USING (id) WHERE a.filler IS NOT b.filler") == 0);
}

TEST_CASE("a copy that is not finished leaves no file, and one that is there is not touched") {
  TemporaryDirectory directory;
  const auto from = directory.path() / "live.db", to = directory.path() / "copy.db";
  make_twins(from);
  const auto stop = [](std::int64_t, std::int64_t) { throw std::runtime_error{"enough"}; };
  CHECK_THROWS_WITH(sqlite::copy_database(from, to, stop), "enough");
  CHECK(files_of(directory.path(), "copy").empty());
  sqlite::copy_database(from, to);
  CHECK_THROWS_WITH(sqlite::copy_database(from, to), Catch::Contains("there already"));
  CHECK(std::filesystem::exists(to));
  CHECK_THROWS_AS(sqlite::copy_database(directory.path() / "none.db", directory.path() / "x.db"), sqlite::Error);
  CHECK(files_of(directory.path(), "x").empty());
}

TEST_CASE("a statement under way ends soon after it is told to") {
  std::atomic<bool> stop = true;
  sqlite::Database db{":memory:", sqlite::OpenMode::read_write};
  db.interrupt_when(stop);
  CHECK_THROWS_AS(
      db.query_integer("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"),
      sqlite::Error);
}

// What a backup is made of: which files, whether they hold together, and the manifest that says how they must look.
#include <fstream>

#include "cli/backup_check.h"
#include "cli/backup_files.h"
#include "ops/stores.h"

using namespace orderly;
using namespace orderly::cli;
using namespace orderly::test;

namespace {

BackupFile described(const std::filesystem::path& store) {
  BackupFile file{.path = "write/shard-0.db"};
  check_and_describe(store, file);
  return file;
}

void make_view(const std::filesystem::path& file, int complete) {
  std::filesystem::create_directories(file.parent_path());
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  db.execute(
      "CREATE TABLE store(schema_version INTEGER, complete INTEGER); CREATE TABLE checkpoints(topic, partition, "
      "next_offset); INSERT INTO checkpoints VALUES ('t', 1, 7); INSERT INTO store VALUES (1, " +
      std::to_string(complete) + ')');
}

void write(const std::filesystem::path& file, const std::string& text) { std::ofstream{file} << text; }

}  // namespace

TEST_CASE("a sound store is described as it is") {
  Day day{1};
  day.run_commands(60);
  const auto file = described(day.directory() / "shard-0.db");
  CHECK(file.shard == 0);
  CHECK(file.partitions == 1);
  CHECK(file.events == day.work(0).database().query_integer("SELECT count(*) FROM events"));
  REQUIRE(file.lanes.size() == topics::lanes.size());
  CHECK(file.lanes[1].topic == "ordering.commands");
  CHECK(file.lanes[1].next_offset == day.work(0).lane(1).next_offset);
  CHECK(file.lanes[1].next_sequence == day.work(0).lane(1).next_sequence);
  CHECK(file.sha256 == sha256_of(day.directory() / "shard-0.db"));
}

TEST_CASE("a store that does not hold together is no backup, and what is wrong is said") {
  Day day{1};
  day.run_commands(60);
  const auto [sql, said] = GENERATE(table<std::string, std::string>({
      {"DELETE FROM events WHERE position = 3", "streams whose head|do not follow on|of no stream"},
      {"UPDATE events SET previous = 1 WHERE version = 3", "do not follow on"},
      {"UPDATE events SET previous = 1 WHERE version = 1 AND position > 3", "do not follow on"},
      {"UPDATE streams SET version = version + 1 WHERE stream = 1", "streams whose head"},
      {"UPDATE streams SET position = 1 WHERE stream = 2", "streams whose head"},
      {"INSERT INTO events VALUES (900, 77, 1, 0, 'X', 0, 'c', 0, NULL, x'', NULL, NULL)", "of no stream"},
      {"UPDATE lanes SET next_position = 2 WHERE lane = 1", "beyond their counter"},
      {"UPDATE lanes SET published = next_sequence + 1 WHERE lane = 0", "beyond their counter"},
      {"REPLACE INTO snapshots VALUES (1, 900, 2, x'', NULL)", "snapshots of events"},
  }));
  INFO(sql);
  day.work(0).database().execute(sql);
  std::string what;
  try {
    described(day.directory() / "shard-0.db");
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
  CHECK(what.starts_with("write/shard-0.db: the store is damaged: "));
  CHECK_THAT(what, Catch::Matches(".*(" + said + ").*"));
}

TEST_CASE("a damaged page is found") {
  TemporaryDirectory directory;
  const auto file = directory.path() / "view.db";
  make_view(file, 1);
  BackupFile described{.kind = BackupKind::view, .path = "read/views/v.1.db"};
  check_and_describe(file, described);
  CHECK(described.next_offsets == std::vector{kafka::Position{"t", 1, 7}});
  {
    sqlite::Database db{file, sqlite::OpenMode::read_write};
    db.execute("PRAGMA journal_mode = DELETE");
  }
  std::fstream stream{file, std::ios::in | std::ios::out | std::ios::binary};
  stream.seekp(2 * 4096);
  stream << std::string(64, '\xff');
  stream.close();
  CHECK_THROWS_WITH(check_and_describe(file, described), Catch::Contains("read/views/v.1.db: "));
}

TEST_CASE("a backup takes every shard's store, the notifications' checkpoints, and of each view the file in service") {
  TemporaryDirectory directory;
  for (const char* name : {"shard-0.db", "shard-10.db", "subscription-mails.db", "other.db"}) {
    write(directory.path() / name, "");
  }
  write(directory.path() / "shard-0.lock", "");
  std::vector<std::string> paths;
  for (const auto& file : write_service_files(directory.path())) paths.push_back(file.file.path);
  CHECK(paths == std::vector<std::string>{"write/shard-0.db", "write/shard-10.db", "write/subscription-mails.db"});

  TemporaryDirectory read;
  const auto views = read.path() / "views";
  make_view(views / "orders.8.db", 1);
  make_view(views / "orders.9.db", 3);  // gone back to
  make_view(views / "orders.10.db", 2);
  make_view(views / "orders.11.db", 0);  // being filled
  make_view(views / "batches.9.db", 1);
  make_view(views / "batches.10.db", 1);
  make_view(views / "new.1.db", 0);
  paths.clear();
  for (const auto& file : read_service_files(read.path())) paths.push_back(file.file.path);
  CHECK(paths == std::vector<std::string>{"read/views/batches.10.db", "read/views/orders.9.db"});

  TemporaryDirectory empty;
  CHECK_THROWS_WITH(write_service_files(empty.path()), Catch::Contains("holds no store"));
  CHECK_THROWS_WITH(read_service_files(empty.path()), Catch::Contains("--read-data"));
  CHECK_THROWS_AS(write_service_files(empty.path() / "none"), std::invalid_argument);
}

TEST_CASE("a manifest is read as it was written") {
  TemporaryDirectory directory;
  BackupFile shard{.path = "write/shard-3.db", .bytes = 12, .sha256 = "ab"};
  shard.shard = 3;
  shard.partitions = 4;
  shard.events = 5;
  shard.lanes = {{"allocation.commands", -2, 1, 2, 3}};
  BackupFile view{.kind = BackupKind::view, .path = "read/views/orders.1.db", .bytes = 1, .sha256 = "cd"};
  view.next_offsets = {{"ordering.events", 2, 9}};
  write(directory.path() / manifest_name, to_json({"2026-01-31T12:00:00.000Z", {shard, view}}));
  const auto manifest = read_manifest(directory.path());
  CHECK(manifest.taken_at == "2026-01-31T12:00:00.000Z");
  REQUIRE(manifest.files.size() == 2);
  CHECK(manifest.files[0].lanes == shard.lanes);
  CHECK(manifest.files[0].shard == 3);
  CHECK(manifest.files[1].kind == BackupKind::view);
  CHECK(manifest.files[1].next_offsets == view.next_offsets);
}

TEST_CASE("a manifest that is none, or would lead out of its directory, is refused") {
  TemporaryDirectory directory;
  const auto file = [](const std::string& path) {
    return R"({"format":1,"taken_at":"","files":[{"kind":"subscription","path":")" + path +
           R"(","bytes":1,"sha256":"","next_offsets":[]}]})";
  };
  const auto [text, said] = GENERATE_COPY(table<std::string, std::string>({
      {"", "JSON"},
      {"[]", "format is missing"},
      {R"({"format":2})", "another version"},
      {R"({"format":1,"taken_at":"","files":[{}]})", "path is missing"},
      {file("/etc/passwd"), "not one of a backup"},
      {file("write/../../x"), "not one of a backup"},
      {file("../write/x"), "not one of a backup"},
      {file("read/x"), "not one of a backup"},
  }));
  INFO(text);
  write(directory.path() / manifest_name, text);
  CHECK_THROWS_WITH(read_manifest(directory.path()), Catch::Contains("manifest.json: "));
  if (text.empty()) return;
  CHECK_THROWS_WITH(read_manifest(directory.path()), Catch::Contains(said));
}

TEST_CASE("the digest is SHA-256") {
  TemporaryDirectory directory;
  write(directory.path() / "abc", "abc");  // FIPS 180-4
  CHECK(sha256_of(directory.path() / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

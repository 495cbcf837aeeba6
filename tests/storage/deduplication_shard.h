// A shard's deduplication on real SQLite in a folder of its own, with restarts and rollbacks: for the tests.
// One thread. A failure throws.
#pragma once

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "common/sqlite/database.h"
#include "storage/deduplication.h"

namespace orderly::testing {

inline constexpr std::int64_t day_ms = 24 * 3'600'000;
inline constexpr std::int64_t start_unix_ms = 1'700'000'000'000;

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("deduplication_test." + std::to_string(std::random_device{}()));
  Folder() { std::filesystem::create_directory(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

class Shard {
 public:
  explicit Shard(std::uint32_t bucket_ids = 100, std::uint64_t (*hash)(std::string_view) = storage::hash_of_id) {
    options.bucket_ids = bucket_ids;
    options.hash = hash;
    open();
  }

  void open() {
    seen.reset();
    db.reset();
    db = std::make_unique<sqlite::Database>(folder.path / "shard.db", sqlite::OpenMode::read_write);
    db->execute("PRAGMA synchronous = OFF");
    storage::Deduplication::create_tables(*db);
    seen = std::make_unique<storage::Deduplication>(*db, options);
  }

  void commit() {
    sqlite::Transaction transaction{*db};
    seen->write();
    transaction.commit();
    seen->committed();
  }

  // The transaction is durable, but nobody learns of it.
  void crash_after_commit() {
    sqlite::Transaction transaction{*db};
    seen->write();
    transaction.commit();
    open();
  }

  void roll_back() {
    {
      sqlite::Transaction transaction{*db};
      seen->write();
    }
    seen->rolled_back();
  }

  void remember(const std::string& id, const std::string& result, std::int64_t now = start_unix_ms) {
    seen->remember(id, result, now);
  }
  // `count` ids in batches of 50.
  void fill(const std::string& prefix, int count, std::int64_t now = start_unix_ms) {
    for (int i = 0; i < count; ++i) {
      remember(prefix + std::to_string(i), "result of " + prefix + std::to_string(i), now);
      if (i % 50 == 49 || i == count - 1) commit();
    }
  }
  int known(const std::string& prefix, int count) {
    int found = 0;
    for (int i = 0; i < count; ++i)
      found += result(prefix + std::to_string(i)) == "result of " + prefix + std::to_string(i);
    return found;
  }
  std::string result(const std::string& id) { return std::string{seen->find(id).value_or("unknown")}; }
  std::int64_t rows(const std::string& table) {
    return db->query_integer("SELECT count(*) FROM deduplication_" + table);
  }

  Folder folder;
  storage::Deduplication::Options options;
  std::unique_ptr<sqlite::Database> db;
  std::unique_ptr<storage::Deduplication> seen;
};

}  // namespace orderly::testing

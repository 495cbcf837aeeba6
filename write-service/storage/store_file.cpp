#include "storage/store_file.h"

#include "storage/deduplication.h"
#include "storage/schema.h"

namespace orderly::storage {
namespace {

constexpr int schema_version = 5;

std::string file_name(ShardPlace place) { return "shard-" + std::to_string(place.shard) + ".db"; }

// 4: rows carry checksums, those from now on.
void add_checksums(sqlite::Database& db) {
  for (const std::string table : {"events", "snapshots", "outbox"}) {
    const bool is_there = db.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = '" + table + "'") == 1;
    if (is_there) db.execute("ALTER TABLE " + table + " ADD COLUMN checksum INTEGER");
  }
}

// Stores of earlier versions get what they lack; each step runs once, before the schema is made sure of.
void upgrade(sqlite::Database& db) {
  // New as well where a crash has left some tables: the row that says the version comes after all of them.
  const bool is_new = db.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'shard'") == 0 ||
                      db.query_integer("SELECT count(*) FROM shard") == 0;
  if (is_new) db.execute("DROP TABLE IF EXISTS shard");
  const auto version = is_new ? schema_version : db.query_integer("SELECT schema_version FROM shard");
  if (version >= schema_version) return;
  sqlite::Transaction transaction{db};
  if (version < 2) {
    db.execute(
        "ALTER TABLE events ADD COLUMN principal TEXT;"
        "ALTER TABLE held ADD COLUMN offset INTEGER NOT NULL DEFAULT -1;"
        "ALTER TABLE held ADD COLUMN parked INTEGER NOT NULL DEFAULT 0");
  }
  // 3: a product's snapshot may leave lines to tables that version 2 does not know.
  if (version < 4) add_checksums(db);
  if (version < 5) db.execute("ALTER TABLE shard ADD COLUMN sealed TEXT NOT NULL DEFAULT ''");
  db.execute("UPDATE shard SET schema_version = " + std::to_string(schema_version));
  transaction.commit();
}

}  // namespace

sqlite::Database open_store(const std::filesystem::path& directory, ShardPlace place, const OpenStoreOptions& options) {
  std::filesystem::create_directories(directory);
  sqlite::Database db{directory / file_name(place), sqlite::OpenMode::read_write};
  if (options.check_first) db.check();
  // Every commit is on the disk before anything of it is published. Checkpoints come every 64 MiB of log.
  db.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16384; PRAGMA cache_size = -32768");
  if (options.secure_delete) db.execute("PRAGMA secure_delete = ON");
  upgrade(db);
  db.execute(schema_sql);
  Deduplication::create_tables(db);
  return db;
}

void claim_store(sqlite::Database& db, ShardPlace place, const std::string& keys_name) {
  sqlite::Statement{db,
                    "INSERT OR IGNORE INTO shard(id, schema_version, shard, partitions, sealed) "
                    "VALUES (1, ?1, ?2, ?3, ?4)"}
      .run(schema_version, place.shard, place.partitions, keys_name);
  sqlite::Statement found{db, "SELECT schema_version, shard, partitions, sealed FROM shard"};
  found.step();
  if (found.integer(0) > schema_version) {
    throw StoreMismatch{file_name(place) + " was written by a newer version of this program"};
  }
  if (found.integer(1) != place.shard || found.integer(2) != place.partitions) {
    throw StoreMismatch{file_name(place) + " belongs to shard " + std::to_string(found.integer(1)) + " of " +
                        std::to_string(found.integer(2)) + " partitions, but the topics have " +
                        std::to_string(place.partitions)};
  }
  const auto sealed = found.text(3);
  if (sealed == keys_name) return;
  if (sealed.empty()) {
    throw StoreMismatch{file_name(place) + " holds customers' ids as they are: they cannot be sealed later"};
  }
  throw StoreMismatch{file_name(place) + (keys_name.empty() ? " has customers' ids sealed: --customer-keys is wanted"
                                                            : " is sealed with other keys than those given")};
}

}  // namespace orderly::storage

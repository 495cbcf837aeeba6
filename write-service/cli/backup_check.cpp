#include "cli/backup_check.h"

#include <array>
#include <stdexcept>

#include "common/sqlite/database.h"
#include "topics.h"

namespace orderly::cli {
namespace {

struct Rule {
  const char* broken;  // counts what breaks it
  const char* said;
};

// Position 0 ends a chain, version 1 begins a stream; so with as many events as the heads' versions add up to, every
// event is in the chain of its own stream.
constexpr std::array rules{
    Rule{"SELECT count(*) FROM streams s LEFT JOIN events e ON e.position = s.position "
         "WHERE e.stream IS NOT s.stream OR e.version IS NOT s.version",
         "streams whose head is not where they say"},
    Rule{"SELECT count(*) FROM events e LEFT JOIN events p ON p.position = e.previous "
         "WHERE CASE WHEN e.version = 1 THEN e.previous <> 0 "
         "ELSE p.stream IS NOT e.stream OR p.version IS NOT e.version - 1 END",
         "events that do not follow on from the one before"},
    Rule{"SELECT (SELECT count(*) FROM events) <> (SELECT coalesce(sum(version), 0) FROM streams)",
         "events that are of no stream"},
    Rule{"SELECT count(*) FROM lanes WHERE next_position < "
         "(SELECT coalesce(max(position), 0) & 0xffffffffffff FROM events WHERE position >> 48 = lane)",
         "lanes with events beyond their counter"},
    Rule{"SELECT count(*) FROM lanes l WHERE next_sequence < (SELECT coalesce(max(sequence + count), 0) FROM outbox o "
         "WHERE o.lane = l.lane) OR published > next_sequence",
         "lanes with messages beyond their counter"},
    Rule{"SELECT count(*) FROM snapshots s LEFT JOIN events e ON e.position = s.position "
         "WHERE e.stream IS NOT s.stream OR e.version IS NOT s.version",
         "snapshots of events that are not there"},
};

void describe_store(sqlite::Database& db, BackupFile& file) {
  file.shard = static_cast<std::int32_t>(db.query_integer("SELECT shard FROM shard"));
  file.partitions = static_cast<std::int32_t>(db.query_integer("SELECT partitions FROM shard"));
  file.events = db.query_integer("SELECT count(*) FROM events");
  sqlite::Statement lane{db,
                         "SELECT topic, next_offset, next_position, next_sequence, published FROM lanes ORDER BY lane"};
  while (lane.step()) {
    file.lanes.push_back(
        {std::string{lane.text(0)}, lane.integer(1), lane.integer(2), lane.integer(3), lane.integer(4)});
  }
}

void describe_positions(sqlite::Database& db, const std::string& table, BackupFile& file) {
  sqlite::Statement row{db, "SELECT topic, partition, next_offset FROM " + table + " ORDER BY topic, partition"};
  while (row.step()) {
    file.next_offsets.push_back({std::string{row.text(0)}, static_cast<std::int32_t>(row.integer(1)), row.integer(2)});
  }
}

// Every page, and that no value breaks its column's rules.
void check_database(sqlite::Database& db) {
  if (const auto problem = db.query_text("PRAGMA quick_check(1)"); problem != "ok") {
    throw std::runtime_error{"the database is damaged: " + problem};
  }
}

// Every event is a link of its stream's chain, and no lane's counter is behind what it counts.
void check_store(sqlite::Database& db) {
  for (const auto& rule : rules) {
    if (const auto count = db.query_integer(rule.broken); count > 0) {
      throw std::runtime_error{"the store is damaged: " + std::to_string(count) + ' ' + rule.said};
    }
  }
}

}  // namespace

void check_and_describe(const std::filesystem::path& copy, BackupFile& file) try {
  {
    sqlite::Database db{copy, sqlite::OpenMode::read_only};
    check_database(db);
    if (file.kind == BackupKind::shard) {
      check_store(db);
      describe_store(db, file);
    } else {
      describe_positions(db, file.kind == BackupKind::view ? "checkpoints" : "checkpoint", file);
    }
  }
  file.bytes = static_cast<std::int64_t>(std::filesystem::file_size(copy));
  file.sha256 = sha256_of(copy);
} catch (const std::exception& error) {
  throw std::runtime_error{file.path + ": " + error.what()};
}

}  // namespace orderly::cli

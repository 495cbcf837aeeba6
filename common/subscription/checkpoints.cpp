#include "common/subscription/checkpoints.h"

namespace orderly::subscription {
namespace {

sqlite::Database open(const std::filesystem::path& file) {
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  sqlite::Database db{file, sqlite::OpenMode::read_write};
  db.execute(
      "PRAGMA synchronous = NORMAL;"
      "CREATE TABLE IF NOT EXISTS checkpoint(topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT "
      "NULL,"
      " PRIMARY KEY(topic, partition)) STRICT, WITHOUT ROWID");
  return db;
}

}  // namespace

Checkpoints::Checkpoints(const std::filesystem::path& file)
    : db_(open(file)),
      select_(db_, "SELECT next_offset FROM checkpoint WHERE topic = ?1 AND partition = ?2"),
      upsert_(db_, "INSERT INTO checkpoint VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET next_offset = ?3") {}

std::int64_t Checkpoints::next_offset(std::string_view topic, std::int32_t partition, std::int64_t otherwise) {
  const auto offset = select_.bind(topic, partition).step() ? select_.integer(0) : otherwise;
  select_.reset();
  return offset;
}

void Checkpoints::save(std::span<const kafka::Position> positions) {
  sqlite::Transaction transaction{db_};
  for (const auto& position : positions) upsert_.run(position.topic, position.partition, position.offset);
  transaction.commit();
}

void Checkpoints::forget() { db_.execute("DELETE FROM checkpoint"); }

}  // namespace orderly::subscription

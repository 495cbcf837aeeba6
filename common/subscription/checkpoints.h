// How far one subscription has come, in a small SQLite file of its own: table checkpoint(topic, partition,
// next_offset). Threads: one at a time. Failures: sqlite::Error; nothing is half written. After a power cut the last
// checkpoints may be missing, and their records come again.
#pragma once

#include <filesystem>
#include <span>

#include "common/kafka/message.h"
#include "common/sqlite/database.h"

namespace orderly::subscription {

class Checkpoints {
 public:
  explicit Checkpoints(const std::filesystem::path& file);  // made when it is not there

  // The next offset to read, or `otherwise` where nothing was read yet.
  std::int64_t next_offset(std::string_view topic, std::int32_t partition, std::int64_t otherwise);
  void save(std::span<const kafka::Position> positions);  // one transaction
  void forget();

 private:
  sqlite::Database db_;
  sqlite::Statement select_, upsert_;
};

}  // namespace orderly::subscription

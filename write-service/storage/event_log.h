// Reads streams: heads, snapshots and the events behind them. Threads: that of its database connection.
// Failures: sqlite::Error; a chain of events that is broken throws std::runtime_error: the store is damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/sqlite/database.h"

namespace orderly::storage {

struct StreamHead {
  std::int64_t stream = 0;    // 0: the stream has no event yet
  std::int64_t version = 0;   // of its last event
  std::int64_t position = 0;  // of its last event
  // How many of its events were for publication. Others see this number as the aggregate's version: without a gap,
  // though some events stay inside.
  std::int64_t published_version = 0;
};

struct StoredEvent {
  std::int64_t position = 0, version = 0, previous = 0;
  std::string type;
  std::int64_t time_ms = 0;
  std::string command_id;
  std::int64_t number = 0;  // among the events of its command
  std::string correlation_id;
  std::string data;
  std::string principal;  // empty: the command named none
};

struct Snapshot {
  std::int64_t version = 0, position = 0;
  std::string data;
};

class EventLog {
 public:
  explicit EventLog(const sqlite::Database& db);

  std::optional<StreamHead> head(std::string_view stream_name);
  std::optional<Snapshot> snapshot(std::int64_t stream);
  std::vector<StoredEvent> after(const StreamHead& head, std::int64_t version);  // oldest first

 private:
  sqlite::Statement head_, snapshot_, event_;
};

}  // namespace orderly::storage

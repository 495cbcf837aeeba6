// Commands that the shard's clock is to send: rows of the table `scheduled`, which survive restarts. Each is sent once:
// it is taken out in the transaction that puts it into the outbox. Threads: the shard's. Failures: sqlite::Error.
// Changes are in memory until write(), as with everything of a unit of work.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock/clock.h"
#include "common/sqlite/database.h"

namespace orderly::storage {

class Schedule {
 public:
  explicit Schedule(const sqlite::Database& db);

  // `command` is an outbox entry. A name that is there already is replaced.
  void add(const std::string& name, Time due, std::string command);
  void withdraw(const std::string& name);

  bool is_due(Time now) const { return to_unix_ms(now) >= next_due_ms_; }
  struct Due {
    std::string name;
    std::string command;
  };
  // What is committed and due, the earliest first.
  std::vector<Due> due(Time now, std::size_t most);

  void write();
  void committed();
  void rolled_back();

 private:
  struct Row {
    std::int64_t due_ms = 0;
    std::string command;
  };
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  void look_at_first();

  sqlite::Statement put_, remove_, due_, first_;
  std::map<std::string, std::optional<Row>> changes_;  // nothing: withdrawn
  std::int64_t next_due_ms_ = never;                   // nothing is due before; what is first may be due later
};

}  // namespace orderly::storage

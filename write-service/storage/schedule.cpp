#include "storage/schedule.h"

#include <algorithm>

namespace orderly::storage {

Schedule::Schedule(const sqlite::Database& db)
    : put_(db, "INSERT OR REPLACE INTO scheduled(name, due, command) VALUES (?1, ?2, ?3)"),
      remove_(db, "DELETE FROM scheduled WHERE name = ?1"),
      due_(db, "SELECT name, command FROM scheduled WHERE due <= ?1 ORDER BY due, name LIMIT ?2"),
      first_(db, "SELECT min(due) FROM scheduled") {
  look_at_first();
}

void Schedule::add(const std::string& name, Time due, std::string command) {
  changes_[name] = Row{to_unix_ms(due), std::move(command)};
}

void Schedule::withdraw(const std::string& name) {
  const bool nothing_waits = next_due_ms_ == never && changes_.empty();
  if (!nothing_waits) changes_[name] = std::nullopt;
}

std::vector<Schedule::Due> Schedule::due(Time now, std::size_t most) {
  std::vector<Due> due;
  due_.bind(to_unix_ms(now), static_cast<std::int64_t>(most));
  while (due_.step()) due.push_back({std::string{due_.text(0)}, std::string{due_.blob(1)}});
  due_.reset();
  if (due.empty()) look_at_first();
  return due;
}

void Schedule::write() {
  for (const auto& [name, row] : changes_) {
    if (row) {
      put_.run(name, row->due_ms, sqlite::as_blob(row->command));
    } else {
      remove_.run(name);
    }
  }
}

void Schedule::committed() {
  for (const auto& [name, row] : changes_) {
    if (row) next_due_ms_ = std::min(next_due_ms_, row->due_ms);
  }
  changes_.clear();
}

void Schedule::rolled_back() { changes_.clear(); }

void Schedule::look_at_first() {
  first_.bind();
  first_.step();
  next_due_ms_ = first_.is_null(0) ? never : first_.integer(0);
  first_.reset();
}

}  // namespace orderly::storage

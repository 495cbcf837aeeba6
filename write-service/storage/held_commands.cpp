#include "storage/held_commands.h"

#include <algorithm>
#include <stdexcept>

namespace orderly::storage {

HeldCommands::HeldCommands(const sqlite::Database& db)
    : load_(db, "SELECT number, stream, claim, command_id FROM held ORDER BY number"),
      read_(db, "SELECT claim, command_id, time, record FROM held WHERE number = ?1"),
      insert_(db, "INSERT INTO held(number, stream, claim, command_id, time, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
      update_(db, "UPDATE held SET claim = ?2 WHERE number = ?1"),
      delete_(db, "DELETE FROM held WHERE number = ?1") {
  load();
}

void HeldCommands::load() {
  streams_.clear();
  size_ = 0;
  next_number_ = 1;
  load_.bind();
  while (load_.step()) {
    const Waiting waiting{load_.integer(0), static_cast<Claim>(load_.integer(2)), std::string{load_.text(3)}};
    streams_[std::string{load_.text(1)}].push_back(waiting);
    next_number_ = waiting.number + 1;
    ++size_;
  }
  load_.reset();
}

bool HeldCommands::is_asked(const std::string& stream, const std::string& command_id) const {
  const auto found = streams_.find(stream);
  return found != streams_.end() && std::ranges::any_of(found->second, [&](const Waiting& waiting) {
           return waiting.claim != Claim::none && waiting.command_id == command_id;
         });
}

void HeldCommands::hold(const std::string& stream, HeldCommand command) {
  command.number = next_number_++;
  streams_[stream].push_back({command.number, command.claim, command.claim == Claim::none ? "" : command.command_id});
  ++size_;
  new_rows_.emplace(command.number, NewRow{stream, std::move(command)});
}

bool HeldCommands::settle(const std::string& stream, const std::string& command_id, bool granted) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return false;
  for (auto& waiting : found->second) {
    if (waiting.claim != Claim::asked || waiting.command_id != command_id) continue;
    waiting.claim = granted ? Claim::granted : Claim::refused;
    if (const auto row = new_rows_.find(waiting.number); row != new_rows_.end()) {
      row->second.command.claim = waiting.claim;
    } else {
      settled_.emplace_back(waiting.number, waiting.claim);
    }
    return true;
  }
  return false;
}

std::optional<HeldCommand> HeldCommands::release(const std::string& stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end() || found->second.front().claim == Claim::asked) return std::nullopt;
  const Waiting head = found->second.front();
  HeldCommand command = read(head.number);
  command.claim = head.claim;
  if (new_rows_.erase(head.number) == 0) released_.push_back(head.number);
  found->second.pop_front();
  if (found->second.empty()) streams_.erase(found);
  --size_;
  return command;
}

HeldCommand HeldCommands::read(std::int64_t number) {
  if (const auto row = new_rows_.find(number); row != new_rows_.end()) return row->second.command;
  read_.bind(number);
  if (!read_.step())
    throw std::runtime_error{"the store is damaged: held command " + std::to_string(number) + " is gone"};
  HeldCommand command{number, static_cast<Claim>(read_.integer(0)), std::string{read_.text(1)}, read_.integer(2),
                      std::string{read_.blob(3)}};
  read_.reset();
  return command;
}

void HeldCommands::write() {
  for (const auto& [number, row] : new_rows_) {
    insert_.run(number, row.stream, row.command.claim, row.command.command_id, row.command.time_ms,
                sqlite::as_blob(row.command.record));
  }
  for (const auto& [number, claim] : settled_) update_.run(number, claim);
  for (const auto number : released_) delete_.run(number);
}

void HeldCommands::committed() {
  new_rows_.clear();
  settled_.clear();
  released_.clear();
}

void HeldCommands::rolled_back() {
  if (new_rows_.empty() && settled_.empty() && released_.empty()) return;
  committed();
  load();
}

}  // namespace orderly::storage

#include "storage/held_commands.h"

#include <algorithm>
#include <stdexcept>

namespace orderly::storage {

HeldCommands::HeldCommands(const sqlite::Database& db)
    : load_(db, "SELECT number, stream, claim, command_id, parked FROM held ORDER BY number"),
      read_(db, "SELECT claim, command_id, time, record, offset, parked FROM held WHERE number = ?1"),
      insert_(db,
              "INSERT INTO held(number, stream, claim, command_id, time, record, offset, parked) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
      update_(db, "UPDATE held SET claim = ?2, parked = ?3 WHERE number = ?1"),
      delete_(db, "DELETE FROM held WHERE number = ?1") {
  load();
}

void HeldCommands::load() {
  streams_.clear();
  size_ = 0;
  next_number_ = 1;
  load_.bind();
  while (load_.step()) {
    const Waiting waiting{load_.integer(0), static_cast<Claim>(load_.integer(2)), std::string{load_.text(3)},
                          load_.integer(4) != 0};
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
  streams_[stream].push_back({command.number, command.claim, command.command_id, command.parked});
  ++size_;
  new_rows_.emplace(command.number, NewRow{stream, std::move(command)});
}

bool HeldCommands::settle(const std::string& stream, const std::string& command_id, bool granted) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return false;
  for (auto& waiting : found->second) {
    if (waiting.claim != Claim::asked || waiting.command_id != command_id) continue;
    waiting.claim = granted ? Claim::granted : Claim::refused;
    change(waiting);
    return true;
  }
  return false;
}

bool HeldCommands::park(const std::string& stream, std::int64_t number) {
  auto& queue = streams_.at(stream);
  const auto found = std::ranges::find(queue, number, &Waiting::number);
  if (found == queue.end() || found->parked) return false;
  found->parked = true;
  change(*found);
  return true;
}

bool HeldCommands::unpark(const std::string& stream, const std::string& command_id) {
  Waiting* head = parked_head(stream, command_id);
  if (head == nullptr) return false;
  head->parked = false;
  change(*head);
  return true;
}

bool HeldCommands::discard(const std::string& stream, const std::string& command_id) {
  if (parked_head(stream, command_id) == nullptr) return false;
  const auto claim = take_first(stream).claim;
  const auto found = streams_.find(stream);
  if (claim == Claim::none || found == streams_.end()) return true;
  const auto copy = std::ranges::find(found->second, command_id, &Waiting::command_id);
  if (copy != found->second.end()) {  // which has not asked, since this one had
    copy->claim = claim;
    change(*copy);
  }
  return true;
}

std::optional<std::string> HeldCommands::free_head(const std::string& stream) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return std::nullopt;
  const Waiting& head = found->second.front();
  if (head.parked || head.claim == Claim::asked) return std::nullopt;
  return head.command_id;
}

std::optional<HeldCommand> HeldCommands::release(const std::string& stream) {
  if (!free_head(stream)) return std::nullopt;
  return take_first(stream);
}

HeldCommand HeldCommands::take_first(const std::string& stream) {
  const auto found = streams_.find(stream);
  const Waiting head = found->second.front();
  HeldCommand command = read(head.number);
  command.claim = head.claim;
  command.parked = head.parked;
  if (new_rows_.erase(head.number) == 0) released_.push_back(head.number);
  changed_.erase(head.number);
  found->second.pop_front();
  if (found->second.empty()) streams_.erase(found);
  --size_;
  return command;
}

std::size_t HeldCommands::parked() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(streams_, [](const auto& stream) { return stream.second.front().parked; }));
}

HeldCommands::Waiting* HeldCommands::parked_head(const std::string& stream, const std::string& command_id) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return nullptr;
  Waiting& head = found->second.front();
  return head.parked && head.command_id == command_id ? &head : nullptr;
}

void HeldCommands::change(const Waiting& waiting) {
  if (const auto row = new_rows_.find(waiting.number); row != new_rows_.end()) {
    row->second.command.claim = waiting.claim;
    row->second.command.parked = waiting.parked;
  } else {
    changed_[waiting.number] = waiting;
  }
}

HeldCommand HeldCommands::read(std::int64_t number) {
  if (const auto row = new_rows_.find(number); row != new_rows_.end()) return row->second.command;
  read_.bind(number);
  if (!read_.step())
    throw std::runtime_error{"the store is damaged: held command " + std::to_string(number) + " is gone"};
  HeldCommand command{number,
                      static_cast<Claim>(read_.integer(0)),
                      std::string{read_.text(1)},
                      read_.integer(2),
                      std::string{read_.blob(3)},
                      read_.integer(4),
                      read_.integer(5) != 0};
  read_.reset();
  return command;
}

void HeldCommands::write() {
  for (const auto& [number, row] : new_rows_) {
    insert_.run(number, row.stream, row.command.claim, row.command.command_id, row.command.time_ms,
                sqlite::as_blob(row.command.record), row.command.offset, row.command.parked);
  }
  for (const auto& [number, waiting] : changed_) update_.run(number, waiting.claim, waiting.parked);
  for (const auto number : released_) delete_.run(number);
}

void HeldCommands::committed() {
  new_rows_.clear();
  changed_.clear();
  released_.clear();
}

void HeldCommands::rolled_back() {
  if (new_rows_.empty() && changed_.empty() && released_.empty()) return;
  committed();
  load();
}

}  // namespace orderly::storage

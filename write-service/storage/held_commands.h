// Commands that wait in order for their stream: behind a CreateBatch whose reference another shard is asked for, or
// behind a command that is parked since its handling kept failing; no later command of the same stream overtakes them.
// They survive restarts in the table `held`. Threads: the shard's. Failures: sqlite::Error. Changes are in memory until
// write(), as with everything of a unit of work.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/sqlite/database.h"

namespace orderly::storage {

enum class Claim { none, asked, granted, refused };

struct HeldCommand {
  std::int64_t number = 0;
  Claim claim = Claim::none;
  std::string command_id;
  std::int64_t time_ms = 0;  // the record's timestamp
  std::string record;        // an outbox entry
  std::int64_t offset = -1;  // the record's
  bool parked = false;
};

class HeldCommands {
 public:
  explicit HeldCommands(const sqlite::Database& db);

  bool is_held(const std::string& stream) const { return streams_.contains(stream); }
  // Whether this command's claim is under way already, so that a repeat needs none of its own.
  bool is_asked(const std::string& stream, const std::string& command_id) const;
  void hold(const std::string& stream, HeldCommand command);
  // The answer to a claim; false when nothing waits for it.
  bool settle(const std::string& stream, const std::string& command_id, bool granted);
  // Marks a held command as parked: what stands behind it is not released until unpark() or discard(). False when it
  // is parked already.
  bool park(const std::string& stream, std::int64_t number);
  // Of the first in the stream's queue; false when that is not this command, or is not parked.
  bool unpark(const std::string& stream, const std::string& command_id);
  bool discard(const std::string& stream, const std::string& command_id);
  // The id of the first in the stream's queue, if it need not wait any more.
  std::optional<std::string> free_head(const std::string& stream) const;
  // That command, taken out.
  std::optional<HeldCommand> release(const std::string& stream);

  void write();
  void committed();
  void rolled_back();

  std::size_t size() const { return size_; }
  std::size_t parked() const;

 private:
  struct Waiting {
    std::int64_t number = 0;
    Claim claim = Claim::none;
    std::string command_id;
    bool parked = false;
  };
  struct NewRow {
    std::string stream;
    HeldCommand command;
  };
  void load();
  HeldCommand read(std::int64_t number);
  Waiting* parked_head(const std::string& stream, const std::string& command_id);
  void change(const Waiting& waiting);
  HeldCommand take_first(const std::string& stream);

  sqlite::Statement load_, read_, insert_, update_, delete_;
  std::unordered_map<std::string, std::deque<Waiting>> streams_;  // never an empty queue
  std::size_t size_ = 0;
  std::int64_t next_number_ = 1;
  std::map<std::int64_t, NewRow> new_rows_;  // not yet written
  std::map<std::int64_t, Waiting> changed_;
  std::vector<std::int64_t> released_;
};

}  // namespace orderly::storage

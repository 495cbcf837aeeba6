// Seals what waits in a shard's outbox: commands on their way to a customer's shard name him. Each commit has a key
// of its own, which is destroyed once all its messages are out, so that no copy of the store can be read later.
// Threads: the shard's. Failures: sqlite::Error; what cannot be read although its key is there throws
// std::runtime_error.
//
// The keys are a chain, each a hash of the one before: the keys' file holds the oldest that is needed, from which all
// later ones follow, and none of the earlier. So a commit writes nothing there, and destroying is one small update.
//
//   sealed messages := commit's number (8 bytes) nonce (12) AES-256-GCM(the commit's key, nonce, messages) tag
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/sqlite/database.h"
#include "intake/command.h"
#include "topics.h"

namespace orderly::storage {

class OutboxSeal {
 public:
  explicit OutboxSeal(sqlite::Database& keys);

  // At a start, for each row there is: the lane's messages before `end`.
  void waits(Lane lane, std::int64_t end, std::string_view sealed);

  // In the commit at hand.
  std::string seal(Lane lane, std::int64_t end, std::string_view messages);
  // Nothing: its key is destroyed, since all of it was out once.
  std::optional<std::string> open(std::string_view sealed);

  // Keys that nothing waits for any more are destroyed: a lane's messages before `published` are out.
  void committed(const std::array<std::int64_t, topics::lanes.size()>& published);
  void rolled_back() { sealed_now_.clear(); }

 private:
  using Waiting = std::map<std::pair<std::int64_t, Lane>, std::int64_t>;  // by the commit's number
  struct Key {
    std::int64_t number = 0;
    std::string bytes;
    void advance_to(std::int64_t later);
  };
  std::string key_of(std::int64_t number);

  sqlite::Statement update_;
  Key oldest_, last_used_;
  std::int64_t next_;  // the number of the commit at hand
  Waiting waiting_, sealed_now_;
};

}  // namespace orderly::storage

// What a verification has found so far. Threads: plain values. Failures: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock/clock.h"

namespace orderly::read {

// Values as SQL writes them; a row that is there twice shows the columns that differ. Empty: there is no such row.
struct Difference {
  std::string table, key, live, replayed;
};

struct VerifiedView {
  enum class State { waiting, replaying, comparing, equal, different, not_verified };
  std::string name;
  State state = State::waiting;
  std::string reason = {};                             // why it cannot be verified, or what could not be compared
  std::int64_t messages_read = 0, messages_total = 0;  // of the topics, to where the view was
  std::int64_t rows = 0;                               // of the view, compared
  std::int64_t rows_not_compared = 0;                  // made by records that the topics no longer hold
  std::int64_t differing_rows = 0;                     // of them the first are
  std::vector<Difference> differences = {};
};

struct VerificationReport {
  enum class State { none, running, done, failed };
  State state = State::none;
  std::string reason = {};  // of a failure
  std::optional<Time> started_at = {}, finished_at = {};
  std::vector<VerifiedView> views = {};
};

}  // namespace orderly::read

// How far a view's file has come that is being filled from the topics.
// Threads: a plain value. Failures: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace orderly::read {

struct FillProgress {
  int generation = 0;
  std::int64_t messages_read = 0, messages_total = 0;  // of those that there were when it began, or began again
  double messages_per_second = 0;                      // since then
  std::string reason = {};                             // why it pauses; empty: it goes on

  double done() const {
    return messages_total == 0 ? 1 : static_cast<double>(messages_read) / static_cast<double>(messages_total);
  }
  std::optional<double> seconds_left() const {
    if (messages_per_second <= 0) return std::nullopt;
    return static_cast<double>(messages_total - messages_read) / messages_per_second;
  }
};

}  // namespace orderly::read

// What came of a file of commands, in numbers. Threads: one. Failures: none.
#pragma once

#include <cstdint>

#include "cli/console.h"
#include "cli/tally.h"

namespace orderly::cli {

struct SendSummary {
  std::int64_t sent = 0;  // acknowledged by the brokers
  std::int64_t broken_lines = 0, not_delivered = 0;
  ResultCounts results;
  std::int64_t missing = 0;  // results that have not come
  double seconds = 0;        // to the last acknowledgement, or result where they are waited for

  double commands_per_second() const { return seconds > 0 ? static_cast<double>(sent) / seconds : 0; }
};

void print(const SendSummary& summary, bool json, bool with_results, const Console& console);

}  // namespace orderly::cli

// Compares two files of one view, row by row by their primary keys: all of the view's tables and its streams' versions,
// not how far it was filled. Threads: any, each call by itself. Failures: sqlite::Error; std::logic_error for a table
// without a primary key.
#pragma once

#include <atomic>
#include <filesystem>

#include "read-service/verification_report.h"

namespace orderly::read {

struct Comparison {
  std::filesystem::path live, replayed;
  bool may_lack = false;  // rows that only the live view has are not differences: what made them is gone
};

// Sets rows, differing_rows, differences and rows_not_compared. Ends with an sqlite::Error soon after `stop` is set.
void compare(const Comparison& files, std::atomic<bool>& stop, VerifiedView& found);

}  // namespace orderly::read

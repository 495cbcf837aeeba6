// What a read service shows of a conversation: its commands' results, its orders and their allocations.
// Threads: one. Failures: http::Unreachable; std::runtime_error when the service refuses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/views_client.h"
#include "cli/why_record.h"

namespace orderly::cli {

struct WhyRow {
  std::string path;
  std::optional<std::string> answer;  // nothing: there is no such row
};

// At most `most` commands and orders; `asked` first.
std::vector<WhyRow> rows_of(const std::vector<WhyRecord>& records, const std::string& asked, std::size_t most,
                            ReadServiceClient& client);

}  // namespace orderly::cli

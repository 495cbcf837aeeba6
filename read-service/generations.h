// Which of a view's files count: DATA/views/<name>.<generation>.db. A view is served from its newest complete file of
// its schema version; one that is being filled stands beside it, and the last one before it is kept for going back.
// Threads: one at a time for a view. Failures: std::filesystem and sqlite errors.
#pragma once

#include <filesystem>
#include <optional>

#include "read-service/view.h"

namespace orderly::read {

struct Generations {
  std::optional<std::filesystem::path> complete;  // to serve from
  std::optional<std::filesystem::path> filling;   // newer, or the only one; was left unfinished
  int highest = 0;
};

// Removes what nothing can use any more: unfinished files of another schema version, and all but the last finished one.
Generations find_generations(const std::filesystem::path& folder, const ViewDefinition& definition);

std::filesystem::path generation_file(const std::filesystem::path& folder, const std::string& name, int generation);

}  // namespace orderly::read

// Which of a view's files count: DATA/views/<name>.<generation>.db. A view is served from the complete file of its
// schema version that was last put in service; one that is being filled stands beside it, and the last one before it is
// kept for going back. Threads: one at a time for a view. Failures: std::filesystem and sqlite errors.
#pragma once

#include <filesystem>
#include <optional>

#include "read-service/view.h"

namespace orderly::read {

struct Generations {
  std::optional<std::filesystem::path> complete;  // to serve from
  std::optional<std::filesystem::path> previous;  // likewise, before that one
  std::optional<std::filesystem::path> filling;   // newer, or the only one; was left unfinished
  int highest = 0;                                // number of a file
  int rank = 0;                                   // of the file last put in service, of whatever schema version
};

// Removes what nothing can use any more: unfinished files of another schema version, and all but the last finished
// ones.
Generations find_generations(const std::filesystem::path& folder, const ViewDefinition& definition);

std::filesystem::path generation_file(const std::filesystem::path& folder, const std::string& name, int generation);

// The number in such a file's name; nothing when it is no file of that view.
std::optional<int> generation_of(const std::filesystem::path& file, const std::string& name);

}  // namespace orderly::read

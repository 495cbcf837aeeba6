// What --dry-run needs: a place for the plan that goes away with the process's end, and the plan as text.
// Threads: one. Failures: std::filesystem::filesystem_error, sqlite::Error.
#pragma once

#include <filesystem>
#include <iosfwd>

#include "cli/import/state.h"

namespace orderly::cli::importing {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Each command in the order of the plan, one JSON object a line, as `orderly send --file` takes them.
void print_commands(State& state, std::ostream& out);

}  // namespace orderly::cli::importing

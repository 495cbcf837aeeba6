// What has become of every line of the file and of every command: the account that an import ends with. Read from the
// state alone, so it is the same whether the import ran through or was killed and resumed. Threads: one.
// Failures: sqlite::Error; std::system_error when a report cannot be written.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "cli/console.h"
#include "cli/import/state.h"

namespace orderly::cli::importing {

struct Fates {
  std::int64_t accepted = 0, not_sent = 0, unanswered = 0;
  std::map<std::string, std::int64_t> rejected, dead_lettered;  // by code

  std::int64_t all() const;
};

struct Balance {
  std::int64_t lines_read = 0;
  Fates lines;                                   // by the fate of the command that each went into
  std::map<std::string, std::int64_t> reported;  // lines that went into none, by reason
  std::array<Fates, kinds> commands;

  bool is_complete() const;  // every command has its outcome
};

Balance balance_of(State& state);
void print(const Balance& balance, bool json, const Console& console);

// Every line that was not accepted, in the file's order: `line 17: PRICE_NOT_POSITIVE: 0.0`. Replaces the file as a
// whole.
void write_reported(State& state, const std::filesystem::path& file);

}  // namespace orderly::cli::importing

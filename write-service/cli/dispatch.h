// Finds the sub-command that the words name and runs it. Exit codes: 2 for a wrong word or option, 1 for a broken
// environment, each with one line on `err` that says what is wrong; otherwise what the sub-command says.
// Threads: the main one. Failures: none; every exception ends here.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"

namespace orderly::cli {

// The words after the sub-command's own.
struct Invocation {
  std::string program;  // orderly topics create
  std::vector<std::string> words;
  std::map<std::string, std::string> environment;
  Console& console;
};

struct Subcommand {
  std::string_view path;     // topics create
  std::string_view summary;  // one line
  std::function<int(const Invocation&)> run;
};

int dispatch(std::span<const Subcommand> subcommands, std::vector<std::string> words,
             const std::map<std::string, std::string>& environment, Console& console);

}  // namespace orderly::cli

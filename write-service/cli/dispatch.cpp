#include "cli/dispatch.h"

#include <algorithm>
#include <ostream>
#include <stdexcept>

#include "cli/table.h"
#include "cli/text.h"

namespace orderly::cli {
namespace {

bool is_help(std::string_view word) { return word == "--help" || word == "-h" || word == "help"; }

void print_overview(std::span<const Subcommand> subcommands, const Console& console) {
  console.out << "orderly: works with Orderly's topics and stores\n\n"
              << "usage: orderly COMMAND [options]\n\n";
  Table table{{{.name = ""}, {.name = ""}, {.name = ""}}};
  for (const auto& subcommand : subcommands) {
    table.add({"", {std::string{subcommand.path}, Colour::bold}, std::string{subcommand.summary}});
  }
  table.print(console);
  console.out
      << "\n`orderly COMMAND --help` says more. Every option can stand in the environment too (ORDERLY_BROKERS …)\n"
      << "or in a file (--config FILE).\n";
}

// How many of the words name this sub-command; 0 when they do not.
std::size_t matching_words(std::string_view path, const std::vector<std::string>& words) {
  std::size_t count = 0;
  while (!path.empty()) {
    const auto word = path.substr(0, path.find(' '));
    if (count == words.size() || words[count] != word) return 0;
    ++count;
    path.remove_prefix(std::min(path.size(), word.size() + 1));
  }
  return count;
}

// What is wrong with words that name no sub-command.
std::string mistake(std::span<const Subcommand> subcommands, const std::vector<std::string>& words) {
  std::vector<std::string> all, of_group;
  for (const auto& subcommand : subcommands) {
    const auto group = subcommand.path.substr(0, subcommand.path.find(' '));
    if (all.empty() || all.back() != group) all.emplace_back(group);
    if (group == words.front() && group != subcommand.path)
      of_group.emplace_back(subcommand.path.substr(group.size() + 1));
  }
  const auto wanted = " (" + joined(of_group.empty() ? all : of_group, ", ") + ")";
  if (of_group.empty()) return "unknown command " + one_line(words.front()) + wanted;
  if (words.size() == 1) return words.front() + ": a command is missing" + wanted;
  return words.front() + ": unknown command " + one_line(words[1]) + wanted;
}

int run(const Subcommand& subcommand, const Invocation& invocation) {
  const auto complain = [&](const std::exception& error, int exit_code) {
    invocation.console.out.flush();
    invocation.console.err << invocation.program << ": " << one_line(error.what()) << '\n';
    return exit_code;
  };
  try {
    return subcommand.run(invocation);
  } catch (const std::invalid_argument& error) {
    return complain(error, 2);
  } catch (const std::exception& error) {
    return complain(error, 1);
  }
}

}  // namespace

int dispatch(std::span<const Subcommand> subcommands, std::vector<std::string> words,
             const std::map<std::string, std::string>& environment, Console& console) {
  const bool group_help =
      words.size() == 2 && is_help(words[1]) &&
      std::ranges::any_of(subcommands, [&](const Subcommand& s) { return s.path.starts_with(words[0] + ' '); });
  if (words.empty() || is_help(words.front()) || group_help) {
    print_overview(subcommands, console);
    return 0;
  }
  for (const auto& subcommand : subcommands) {
    const auto count = matching_words(subcommand.path, words);
    if (count == 0) continue;
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
    return run(subcommand, {"orderly " + std::string{subcommand.path}, std::move(words), environment, console});
  }
  console.err << "orderly: " << mistake(subcommands, words) << "; orderly --help lists them\n";
  return 2;
}

}  // namespace orderly::cli

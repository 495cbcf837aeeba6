// Every state of an aggregate against every command, as one table, so that no pair is forgotten. A cell says what comes
// of it: the code of a refusal, or the names of all events, or "-" for accepted without one. check_table fails on a row
// with a cell too few, and on a command of the aggregate's that no column has.
#pragma once

#include <string>
#include <vector>

#include "given.h"

namespace orderly::testing {

template <domain::Decider A>
struct StateRow {
  std::string state;
  std::vector<typename A::Event> history;
  std::vector<std::string> cells;  // one a command
};

template <domain::Decider A>
std::string cell(const std::vector<typename A::Event>& history, const typename A::Command& command) {
  const auto decision = validate_and_decide<A>(given_all<A>(history).state(), command);
  if (!decision) return std::string{domain::to_string(decision.error().code)};
  std::string names;
  for (const auto& event : *decision) {
    names += names.empty() ? "" : " ";
    names += std::visit([](const auto& one) { return printing::type_name<std::decay_t<decltype(one)>>(); }, event);
  }
  return names.empty() ? "-" : names;
}

template <domain::Decider A>
void check_table(const std::vector<StateRow<A>>& table, const std::vector<typename A::Command>& commands) {
  std::vector<bool> named(std::variant_size_v<typename A::Command>);
  for (const auto& command : commands) named[command.index()] = true;
  CHECK(named == std::vector<bool>(named.size(), true));
  for (const auto& row : table) {
    INFO("state: " << row.state);
    REQUIRE(row.cells.size() == commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
      INFO("column " << i);
      CHECK(cell<A>(row.history, commands[i]) == row.cells[i]);
    }
  }
}

}  // namespace orderly::testing

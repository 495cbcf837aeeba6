// A shop's file to commands, all of them decided before the first is sent. The same file and rules give the same plan,
// ids included. Every line ends in exactly one place: a CreateOrder, a CancelOrder, or a reason.
//
// - An invoice is an order: its good lines, wherever they stand in the file, those of one code added up. It is paid in
//   full, and shipped when it has its stock. A customer who is not named is a guest of that one order.
// - An invoice that begins with C does not say what it takes back. It cancels the latest order before it in the file
//   of the same customer that holds all of its codes in at least its quantities, is at most `cancel_within_days` older
//   and not cancelled yet; that order is never shipped. An older one is taken as shipped, so its return cancels
//   nothing: the lines are reported.
// - Every code that is ordered gets its batches (stock.h) before the first order.
// Memory: one invoice; the rest lies in a temporary table. Threads: one. Failures: sqlite::Error, what the reader
// throws, and std::runtime_error for a file without the shop's header. A plan that is not finished leaves nothing.
#pragma once

#include <functional>

#include "cli/import/csv_reader.h"
#include "cli/import/state.h"
#include "cli/import/stock.h"

namespace orderly::cli::importing {

struct PlanRules {
  std::string run_id{};  // makes ids of its own for orders, batches and commands; at most 20 letters, digits, _ . -
  std::int64_t cancel_within_days = 7;
  StockRules stock{};
};

// Calls `on_line` with the number of lines read, now and then.
void make_plan(CsvReader& reader, const PlanRules& rules, const Identity& identity, State& state,
               const std::function<void(std::int64_t)>& on_line);

}  // namespace orderly::cli::importing

// How much stock the shop is given for the orders of a file, so that some run out. A pure function. Threads: any.
// Failures: none; a batch holds at most what a batch can (domain::max_quantity).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/values.h"

namespace orderly::cli::importing {

struct StockRules {
  std::int64_t scarce_every = 50;    // every fiftieth code, in the codes' order, is scarce; 0: none
  std::int64_t scarce_percent = 85;  // of the demand is what a scarce code has, all of it in the warehouse
};

// What the file's orders ask for of one code.
struct Demand {
  std::string code;
  std::int64_t total = 0;
  std::int64_t largest = 0;  // of one order
};

struct Batch {
  std::string reference;  // 85123A-2010-12-01: the code, and the day from which it can be had
  std::int64_t quantity = 0;
  std::string eta;  // ISO date; empty: in the warehouse
  bool operator==(const Batch&) const = default;
};

// `index` counts the codes from 0. A code that is not scarce has enough however its lines fall: 60 % of the demand in
// the warehouse, and the rest with as much as the largest order a week later; up to 12 pieces lie in the warehouse.
std::vector<Batch> batches_of(const Demand& demand, std::int64_t index, const domain::Date& first_day,
                              const StockRules& rules);

}  // namespace orderly::cli::importing

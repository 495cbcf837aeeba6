// Whole orders as commands: five lines each, over the bench's skus; paid to the penny, then shipped. The same for the same number, but
// for ids and times. Threads: one at a time. Failures: none.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "workload.h"

namespace orderly::bench {

class OrderCommands {
 public:
  static constexpr int lines = 5;

  explicit OrderCommands(int skus) : skus_(skus) {}

  // Views into this object, until its next call. Three orders in a row are one customer's.
  Record create(std::uint64_t number);
  Record pay(std::uint64_t number);
  Record ship(std::uint64_t number);

 private:
  Record command(std::string_view type);

  const int skus_;
  std::mt19937_64 random_{42};
  std::string order_, id_, time_, value_;
};

}  // namespace orderly::bench

// How long to wait after the n-th failure in a row: doubles from `first` to `longest`, and up to half of it is left off
// by chance, so that many who wait do not come back at once. Threads: any; the random engine belongs to its caller.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace orderly::subscription {

struct BackOff {
  std::chrono::milliseconds first{1'000};
  std::chrono::milliseconds longest{60'000};

  // `failures` counts from 1. The result lies between half of min(first * 2^(failures - 1), longest) and all of it.
  std::chrono::milliseconds wait_after(int failures, std::mt19937_64& random) const {
    auto whole = std::min(first, longest);
    for (int n = 1; n < failures && whole < longest; ++n) whole = std::min(whole * 2, longest);
    return whole - std::chrono::milliseconds{std::uniform_int_distribution<std::int64_t>{0, whole.count() / 2}(random)};
  }
};

}  // namespace orderly::subscription

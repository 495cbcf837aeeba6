// How many a second, over the last ten seconds that are over.
// Threads: one at a time. Failures: none.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>

namespace orderly::read {

class RateMeter {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  void add(std::size_t count, Moment now) {
    forget_old(now);
    counts_[slot(second_)] += count;
  }
  double per_second(Moment now) {
    forget_old(now);
    const auto all = std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
    return static_cast<double>(all - counts_[slot(second_)]) / seconds_kept;
  }

 private:
  static constexpr int seconds_kept = 10;
  static std::size_t slot(std::int64_t second) { return static_cast<std::size_t>(second) % (seconds_kept + 1); }

  void forget_old(Moment now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second - second_ > seconds_kept) second_ = second - seconds_kept - 1;
    while (second_ < second) counts_[slot(++second_)] = 0;
  }
  std::array<std::size_t, seconds_kept + 1> counts_{};  // of those seconds, and of the one that goes on
  std::int64_t second_ = 0;
};

}  // namespace orderly::read

// Spares a helper that keeps failing: after some failures in a row it is left alone for a while (open), then one call
// may try it (half-open); success closes, failure opens again. Threads: one at a time. Time is an argument.
#pragma once

#include <chrono>

namespace orderly::subscription {

class CircuitBreaker {
 public:
  using Ticks = std::chrono::steady_clock::time_point;
  enum class State { closed, half_open, open };
  struct Options {
    int failures_to_open = 5;
    std::chrono::milliseconds stay_open{30'000};
  };

  explicit CircuitBreaker(const Options& options) : options_(options) {}

  State state(Ticks now) const {
    if (failures_ < options_.failures_to_open) return State::closed;
    return now < open_until_ ? State::open : State::half_open;
  }
  Ticks open_until() const { return open_until_; }

  void succeeded() { failures_ = 0; }
  void failed(Ticks now) {
    if (++failures_ >= options_.failures_to_open) open_until_ = now + options_.stay_open;
  }

 private:
  const Options options_;
  int failures_ = 0;  // in a row
  Ticks open_until_{};
};

}  // namespace orderly::subscription

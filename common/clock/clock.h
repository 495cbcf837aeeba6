// Time as an argument: what depends on the time reads it through this port, so that tests can set it.
// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>

namespace orderly {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  // Never goes back, and nobody sets it: for how long something takes.
  virtual std::chrono::steady_clock::time_point ticks() const { return std::chrono::steady_clock::now(); }
};

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }
};

inline std::int64_t to_unix_ms(Time time) { return time.time_since_epoch().count(); }
inline Time from_unix_ms(std::int64_t unix_ms) { return Time{std::chrono::milliseconds{unix_ms}}; }

}  // namespace orderly

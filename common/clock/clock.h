// Time as an argument: the wall clock is read through this port alone, so that tests can set it.
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
};

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }
};

inline std::int64_t to_unix_ms(Time time) { return time.time_since_epoch().count(); }
inline Time from_unix_ms(std::int64_t unix_ms) { return Time{std::chrono::milliseconds{unix_ms}}; }

}  // namespace orderly

// How far a file has been sent, on `err`: a bar that is redrawn on a terminal, now and then a line otherwise.
// Threads: one. Failures: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/console.h"

namespace orderly::cli {

struct ProgressState {
  std::int64_t sent = 0;
  std::optional<std::int64_t> results{};  // with --wait
  std::optional<double> fraction{};       // of the work, 0 to 1, where that is known
  std::optional<std::int64_t> read{};     // lines so far, while a file is only read; the rest is not shown then
};

// [######--------------]  30%  sent 1,234  results 1,000  5,000/s
std::string progress_line(const ProgressState& state, std::chrono::milliseconds elapsed);

class Progress {
 public:
  explicit Progress(Console& console) : console_(console) {}
  ~Progress() { clear(); }

  bool is_due() const { return std::chrono::steady_clock::now() >= next_; }
  void show(const ProgressState& state);
  void clear();  // before other lines go to the terminal

 private:
  using Clock = std::chrono::steady_clock;
  std::chrono::milliseconds interval() const;
  Console& console_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point next_ = started_ + interval();
  bool drawn_ = false;
};

}  // namespace orderly::cli

#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "cli/text.h"

namespace orderly::cli {
namespace {

constexpr std::size_t bar_width = 24;

std::string bar(double fraction) {
  const auto done = static_cast<std::size_t>(std::lround(std::clamp(fraction, 0.0, 1.0) * bar_width));
  std::string percent = std::to_string(static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 100));
  percent.insert(0, 3 - std::min<std::size_t>(3, percent.size()), ' ');
  return "[" + std::string(done, '#') + std::string(bar_width - done, '-') + "] " + percent + "%  ";
}

}  // namespace

std::string progress_line(const ProgressState& state, std::chrono::milliseconds elapsed) {
  std::string line = state.fraction ? bar(*state.fraction) : "";
  if (state.read) return line.append("read ").append(grouped(*state.read));
  line.append("sent ").append(grouped(state.sent));
  if (state.results) line.append("  results ").append(grouped(*state.results));
  const auto counted = state.results.value_or(state.sent);
  if (elapsed.count() > 0) line.append("  ").append(grouped(counted * 1000 / elapsed.count())).append("/s");
  return line;
}

std::chrono::milliseconds Progress::interval() const {
  using namespace std::chrono_literals;
  return console_.err_is_terminal() ? 100ms : 5000ms;
}

void Progress::show(const ProgressState& state) {
  const auto now = Clock::now();
  next_ = now + interval();
  const auto line = progress_line(state, std::chrono::duration_cast<std::chrono::milliseconds>(now - started_));
  if (console_.err_is_terminal()) {
    console_.err << '\r' << line << "\x1b[K" << std::flush;
    drawn_ = true;
  } else {
    console_.err << line << std::endl;
  }
}

void Progress::clear() {
  if (drawn_) console_.err << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace orderly::cli

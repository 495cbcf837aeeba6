// How long the oldest message that waits has waited at most, in seconds: since the last one was taken, or since nothing
// waited, whichever came later. Threads: one at a time. Failures: none.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "common/clock/clock.h"

namespace orderly::kafka {

class LagSeconds {
 public:
  // `last_taken`: the timestamp of the last message taken; the messages behind it are younger.
  double after(std::int64_t lag_messages, Time last_taken, Time now) {
    if (lag_messages == 0 || (last_taken == Time{} && none_waited_ == Time{})) none_waited_ = now;
    return std::max(0.0, std::chrono::duration<double>(now - std::max(last_taken, none_waited_)).count());
  }

 private:
  Time none_waited_{};
};

}  // namespace orderly::kafka

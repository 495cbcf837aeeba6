// The life of one process, asked at every operation that reaches beyond it: disk and broker. When it ends, in the
// middle of whatever it was doing, nothing that the process still does reaches either. Threads: one. Failures: none.
#pragma once

#include <cstdint>

namespace orderly::simulation {

struct Life {
  bool alive = true;
  bool connected = true;                   // to the broker
  std::int64_t operations_left = -1;       // until it ends; -1: it goes on
  std::int64_t writes_until_failure = -1;  // until the disk fails once; -1: it does not

  // Before each operation. False: the process is dead, or dies of this one.
  bool goes_on() {
    if (alive && operations_left > 0 && --operations_left == 0) alive = false;
    return alive;
  }
  // Before each write to the disk. True: this one fails, and the process goes on.
  bool disk_fails() { return writes_until_failure > 0 && --writes_until_failure == 0; }
};

}  // namespace orderly::simulation

// SIGTERM and SIGINT as something to wait for. Make one first thing in main, before any thread: the signals are blocked
// in the whole process from then on. Threads: wait() from the main one. SIGPIPE is ignored, as a server wants it.
#pragma once

#include <csignal>
#include <string_view>

namespace orderly {

class Termination {
 public:
  Termination() {
    std::signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  // Blocks until one of the two comes; gives its name.
  std::string_view wait() {
    int signal = 0;
    sigwait(&signals_, &signal);
    return signal == SIGTERM ? "SIGTERM" : "SIGINT";
  }

 private:
  sigset_t signals_{};
};

}  // namespace orderly

// Sees when GET /allocations/{order_id} has a row: one request an order, which the read service holds open until there
// is one. Threads: watch() from any; its own thread does the rest. Failures: an answer other than 200 is counted, not
// thrown.
#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace orderly::bench {

class RowWatcher {
 public:
  using Clock = std::chrono::steady_clock;
  using Seen = std::function<void(std::uint64_t number, Clock::time_point when)>;

  RowWatcher(std::string host, std::uint16_t port, Seen seen);
  ~RowWatcher();

  void watch(std::uint64_t number);
  std::size_t failed() const { return failed_.load(); }

 private:
  struct Connection {
    explicit Connection(int connected) : socket(connected) {}
    int socket;
    bool busy = false;
    std::uint64_t number = 0;
    std::string answer;
  };
  void run();
  void take_requests();
  void send(Connection& connection, std::uint64_t number);
  void receive(Connection& connection);
  int connect() const;

  const std::string host_;
  const std::uint16_t port_;
  const Seen seen_;
  int wake_ = -1;  // an eventfd
  std::mutex mutex_;
  std::deque<std::uint64_t> wanted_;
  std::vector<Connection> connections_;
  std::atomic<std::size_t> failed_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace orderly::bench

// What came of the commands of a file: which results are awaited, and how many of each kind have come.
// Threads: any. Failures: none.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "messaging/v1/messaging.pb.h"

namespace orderly::cli {

struct ResultCounts {
  std::int64_t accepted = 0, out_of_stock = 0;
  std::map<std::string, std::int64_t> rejected, dead_lettered;  // by code

  std::int64_t all() const;
};

class Tally {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // Before the command is sent. The same id may be awaited several times.
  void expect(const std::string& id, std::size_t line);
  // For commands that never reached their topic.
  void forget(const std::set<std::size_t>& lines);
  // True, once for each time that it was expected.
  bool take(std::string_view id);
  void count(const messaging::v1::CommandResult& result);

  ResultCounts counts() const;
  std::vector<std::pair<std::size_t, std::string>> missing() const;  // line and id, in the file's order
  SteadyTime last_result() const;                                    // or the time of making

  // Until every expected result has come (true), or the time is over.
  bool wait(std::chrono::milliseconds timeout);

 private:
  struct Expected {
    std::vector<std::size_t> lines;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>{}(id); }
  };
  mutable std::mutex mutex_;
  std::condition_variable all_there_;
  std::unordered_map<std::string, Expected, Hash, std::equal_to<>> expected_;
  ResultCounts counts_;
  SteadyTime last_result_ = std::chrono::steady_clock::now();
};

}  // namespace orderly::cli

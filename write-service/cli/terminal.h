// What a person sees: aligned tables, and a progress bar where there is a terminal. Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace orderly::cli {

// Rows of equal length, the first the heading; columns as wide as their widest cell, the last as long as it is.
std::string table(const std::vector<std::vector<std::string>>& rows);

// "12,345"
std::string grouped(std::int64_t number);

// On stderr, at most ten times a second; without a terminal nothing but the last line.
class ProgressBar {
 public:
  explicit ProgressBar(std::int64_t total);  // 0: unknown
  void show(std::int64_t done, const std::string& words);
  void finish();

 private:
  std::int64_t total_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace orderly::cli

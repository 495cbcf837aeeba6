#include "cli/tally.h"

#include <algorithm>
#include <numeric>

namespace orderly::cli {

std::int64_t ResultCounts::all() const {
  const auto add = [](std::int64_t sum, const auto& entry) { return sum + entry.second; };
  const auto refused = std::accumulate(rejected.begin(), rejected.end(), accepted, add);
  return std::accumulate(dead_lettered.begin(), dead_lettered.end(), refused, add);
}

void Tally::expect(const std::string& id, std::size_t line) {
  const std::lock_guard lock{mutex_};
  expected_[id].lines.push_back(line);
}

void Tally::forget(const std::set<std::size_t>& lines) {
  const std::lock_guard lock{mutex_};
  for (auto entry = expected_.begin(); entry != expected_.end();) {
    auto& awaited = entry->second.lines;
    std::erase_if(awaited, [&](std::size_t line) { return lines.contains(line); });
    entry = awaited.empty() ? expected_.erase(entry) : std::next(entry);
  }
}

bool Tally::take(std::string_view id) {
  const std::lock_guard lock{mutex_};
  const auto found = expected_.find(id);
  if (found == expected_.end()) return false;
  found->second.lines.erase(found->second.lines.begin());
  if (found->second.lines.empty()) expected_.erase(found);
  return true;
}

void Tally::count(const messaging::v1::CommandResult& result) {
  const std::lock_guard lock{mutex_};
  last_result_ = std::chrono::steady_clock::now();
  if (result.status() == messaging::v1::ACCEPTED) {
    ++counts_.accepted;
    if (result.out_of_stock()) ++counts_.out_of_stock;
  } else {
    ++(result.status() == messaging::v1::REJECTED ? counts_.rejected : counts_.dead_lettered)[result.code()];
  }
  if (expected_.empty()) all_there_.notify_all();
}

ResultCounts Tally::counts() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

std::vector<std::pair<std::size_t, std::string>> Tally::missing() const {
  std::vector<std::pair<std::size_t, std::string>> missing;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, expected] : expected_) {
      for (const auto line : expected.lines) missing.emplace_back(line, id);
    }
  }
  std::ranges::sort(missing);
  return missing;
}

Tally::SteadyTime Tally::last_result() const {
  const std::lock_guard lock{mutex_};
  return last_result_;
}

bool Tally::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock{mutex_};
  return all_there_.wait_for(lock, timeout, [this] { return expected_.empty(); });
}

}  // namespace orderly::cli

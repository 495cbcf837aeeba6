// How far something has read: the next offset of each partition. A partition that is not named was never read.
// Threads: plain values. Failures: none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace orderly::read {

using TopicPartition = std::pair<std::string, std::int32_t>;
using Positions = std::map<TopicPartition, std::int64_t>;

inline std::int64_t position_in(const Positions& positions, const TopicPartition& partition) {
  const auto found = positions.find(partition);
  return found == positions.end() ? 0 : std::max<std::int64_t>(0, found->second);
}

// How many offsets `behind` has still to read until it is where `ahead` is, over the topics that `wants` accepts.
template <class Wants>
std::int64_t gap(const Positions& behind, const Positions& ahead, const Wants& wants) {
  std::int64_t sum = 0;
  for (const auto& [partition, next_offset] : ahead) {
    if (wants(partition.first)) sum += std::max<std::int64_t>(0, next_offset - position_in(behind, partition));
  }
  return sum;
}

}  // namespace orderly::read

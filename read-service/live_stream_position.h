// Where a reader of the live stream is: the next offset of each partition. As text it is the id of an event, from which
// any replica can go on, since offsets are the broker's and no replica's own.
// Threads: plain values. Failures are values: a text that no stream of this shape wrote gives nothing.
//
//   id = base64url(offset …), partitions in the order of (topic, partition), each offset as a Protobuf varint
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "read-service/positions.h"

namespace orderly::read {

using Offsets = std::vector<std::int64_t>;  // by the partition's index

// The partitions that a stream is made of, numbered.
class PartitionTable {
 public:
  explicit PartitionTable(const Positions& positions);
  std::size_t size() const { return partitions_.size(); }
  std::optional<std::size_t> index_of(std::string_view topic, std::int32_t partition) const;
  const std::string& topic_of(std::size_t index) const { return partitions_[index].first; }
  bool operator==(const PartitionTable&) const = default;

 private:
  std::vector<TopicPartition> partitions_;  // in order
};

Offsets offsets_of(const Positions& positions);

std::string encode(const Offsets& offsets);
std::optional<Offsets> decode_offsets(std::string_view id, std::size_t partitions);

}  // namespace orderly::read

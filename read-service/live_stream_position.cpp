#include "read-service/live_stream_position.h"

#include <algorithm>

#include "common/http/uri.h"

namespace orderly::read {
namespace {

void put_varint(std::string& bytes, std::int64_t offset) {
  auto left = static_cast<std::uint64_t>(offset);
  for (; left >= 0x80; left >>= 7) bytes += static_cast<char>(left | 0x80);
  bytes += static_cast<char>(left);
}

std::optional<std::int64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return static_cast<std::int64_t>(value);
  }
  return std::nullopt;
}

}  // namespace

PartitionTable::PartitionTable(const Positions& positions) {
  for (const auto& [partition, offset] : positions) partitions_.push_back(partition);
}

std::optional<std::size_t> PartitionTable::index_of(std::string_view topic, std::int32_t partition) const {
  const auto found = std::ranges::lower_bound(partitions_, std::pair{topic, partition}, {}, [](const auto& one) {
    return std::pair{std::string_view{one.first}, one.second};
  });
  if (found == partitions_.end() || found->first != topic || found->second != partition) return std::nullopt;
  return static_cast<std::size_t>(found - partitions_.begin());
}

Offsets offsets_of(const Positions& positions) {
  Offsets offsets;
  for (const auto& [partition, offset] : positions) offsets.push_back(std::max<std::int64_t>(0, offset));
  return offsets;
}

std::string encode(const Offsets& offsets) {
  std::string bytes;
  for (const auto offset : offsets) put_varint(bytes, offset);
  return http::base64url_encode(bytes);
}

std::optional<Offsets> decode_offsets(std::string_view id, std::size_t partitions) {
  const auto bytes = http::base64url_decode(id);
  if (!bytes) return std::nullopt;
  std::string_view left{*bytes};
  Offsets offsets;
  while (!left.empty()) {
    const auto offset = take_varint(left);
    if (!offset || offsets.size() == partitions) return std::nullopt;
    offsets.push_back(*offset);
  }
  if (offsets.size() != partitions) return std::nullopt;
  return offsets;
}

}  // namespace orderly::read

#include "common/id/id.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace orderly {
namespace {

// 128 bits as 8-4-4-4-12, with RFC 9562's version and variant set.
std::string to_uuid(std::uint64_t high, std::uint64_t low, std::uint64_t version) {
  high = (high & ~std::uint64_t{0xF000}) | version << 12;
  low = (low & ~(std::uint64_t{3} << 62)) | std::uint64_t{2} << 62;
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) ++at;
    const std::uint64_t half = nibble < 16 ? high : low;
    text[at++] = digits[half >> (60 - 4 * (nibble % 16)) & 0xF];
  }
  return text;
}

}  // namespace

std::string new_uuid_v7(Time now, std::mt19937_64& random) {
  const auto unix_ms = static_cast<std::uint64_t>(to_unix_ms(now));
  return to_uuid(unix_ms << 16 | (random() & 0xFFFF), random(), 7);
}

std::string derive_id(std::string_view parent_id, std::string_view purpose, std::uint64_t number) {
  // Two of these for each command: short ones, as they all are, cost no allocation.
  std::array<char, 192> near;
  std::string far;
  const std::size_t size = parent_id.size() + 1 + purpose.size();
  if (size > near.size()) far.resize(size);
  char* const text = size > near.size() ? far.data() : near.data();
  const auto end = std::ranges::copy(parent_id, text).out;
  *end = '\0';
  std::ranges::copy(purpose, end + 1);
  if (number > 0 && size <= 16) {  // XXH3 mixes a seed into so short a text that it can cancel against a digit of it
    std::memcpy(text + size, &number, sizeof number);
    const auto hash = XXH3_128bits(text, size + sizeof number);
    return to_uuid(hash.high64, hash.low64, 8);
  }
  const auto hash = XXH3_128bits_withSeed(text, size, number);
  return to_uuid(hash.high64, hash.low64, 8);
}

}  // namespace orderly

#include "storage/line_filter.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

#include "storage/id_entry.h"

namespace orderly::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "filters are stored as little-endian numbers");

constexpr std::size_t block_words = 8;
constexpr std::size_t hashes_a_block = 32;  // 16 bits a hash
constexpr std::size_t block_bytes = block_words * sizeof(std::uint64_t);

// The block comes from the hash's upper bits, the bits in it from all, mixed: 6 of them choose one of a word's 64.
std::size_t block_of(std::uint64_t hash, std::size_t words) { return part_of(hash, words / block_words) * block_words; }

std::uint64_t mixed(std::uint64_t hash) {
  hash = (hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15U;
  hash = (hash ^ (hash >> 29)) * 0xD6E8FEB86659FD93U;
  return hash ^ (hash >> 32);
}

std::uint64_t bit(std::uint64_t mixed_hash, std::size_t word) {
  return std::uint64_t{1} << (mixed_hash >> (6 * word) & 63);
}

}  // namespace

LineFilter::LineFilter(std::size_t hashes)
    : words_((std::max<std::size_t>(hashes, 1) + hashes_a_block - 1) / hashes_a_block * block_words) {}

LineFilter::LineFilter(std::string_view stored) : words_(stored.size() / sizeof(std::uint64_t)) {
  if (stored.empty() || stored.size() % block_bytes != 0)
    throw std::runtime_error{"the store is damaged: a filter's size"};
  std::memcpy(words_.data(), stored.data(), stored.size());
}

void LineFilter::add(std::uint64_t hash) {
  const std::size_t block = block_of(hash, words_.size());
  const std::uint64_t bits = mixed(hash);
  for (std::size_t word = 0; word < block_words; ++word) words_[block + word] |= bit(bits, word);
}

bool LineFilter::may_hold(std::uint64_t hash) const {
  const std::uint64_t* block = &words_[block_of(hash, words_.size())];
  const std::uint64_t bits = mixed(hash);
  for (std::size_t word = 0; word < block_words; ++word) {
    if ((block[word] & bit(bits, word)) == 0) return false;
  }
  return true;
}

}  // namespace orderly::storage

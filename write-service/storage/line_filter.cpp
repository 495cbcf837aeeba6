#include "storage/line_filter.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace orderly::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "filters are stored as little-endian numbers");

constexpr std::size_t hashes_a_block = 32;  // 16 bits a hash

}  // namespace

LineFilter::LineFilter(std::size_t hashes)
    : words_((std::max<std::size_t>(hashes, 1) + hashes_a_block - 1) / hashes_a_block * block_words) {}

LineFilter::LineFilter(std::string_view stored) : words_(stored.size() / sizeof(std::uint64_t)) {
  if (stored.empty() || stored.size() % (block_words * sizeof(std::uint64_t)) != 0) {
    throw std::runtime_error{"the store is damaged: the size of a filter of archived lines"};
  }
  std::memcpy(words_.data(), stored.data(), stored.size());
}

}  // namespace orderly::storage

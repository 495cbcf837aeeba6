// "Was this hash added?": never a wrong no, a wrong yes about once in 1,000 times. 2 bytes a hash, all fixed at the
// start. A value for one thread; nothing fails but for want of memory. Part of the stored format.
//
// A split block Bloom filter: a hash has one block of 8 words, and one bit in each, so a look is at one cache line or
// two. Why not IdFilter: its 64 columns beside each other are for many filters of one size; a product has few.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/sqlite/database.h"

namespace orderly::storage {

class LineFilter {
 public:
  explicit LineFilter(std::size_t hashes);
  explicit LineFilter(std::string_view stored);  // throws std::runtime_error for what blob() never gave

  void add(std::uint64_t hash);
  bool may_hold(std::uint64_t hash) const;

  sqlite::Blob blob() const { return std::as_bytes(std::span{words_}); }
  std::size_t bytes() const { return words_.capacity() * sizeof(std::uint64_t); }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace orderly::storage

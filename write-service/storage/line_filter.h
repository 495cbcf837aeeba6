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
#include "storage/id_entry.h"

namespace orderly::storage {

class LineFilter {
 public:
  // What all filters look at: the hash, for its block, and the same mixed, of which 6 bits choose one of a word's 64.
  struct Key {
    explicit Key(std::uint64_t hash_of_id) : hash(hash_of_id) {
      mixed = (hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15U;
      mixed = (mixed ^ (mixed >> 29)) * 0xD6E8FEB86659FD93U;
      mixed ^= mixed >> 32;
    }
    std::uint64_t bit(std::size_t word) const { return std::uint64_t{1} << (mixed >> (6 * word) & 63); }
    std::uint64_t hash, mixed;
  };

  explicit LineFilter(std::size_t hashes);
  explicit LineFilter(std::string_view stored);  // throws std::runtime_error for what blob() never gave

  void add(const Key& key) {
    for (std::size_t word = 0, block = block_of(key); word < block_words; ++word) words_[block + word] |= key.bit(word);
  }
  bool may_hold(const Key& key) const {
    const std::uint64_t* const block = &words_[block_of(key)];
    for (std::size_t word = 0; word < block_words; ++word) {
      if ((block[word] & key.bit(word)) == 0) return false;
    }
    return true;
  }

  sqlite::Blob blob() const { return std::as_bytes(std::span{words_}); }
  std::size_t bytes() const { return words_.capacity() * sizeof(std::uint64_t); }

 private:
  static constexpr std::size_t block_words = 8;
  std::size_t block_of(const Key& key) const { return part_of(key.hash, words_.size() / block_words) * block_words; }

  std::vector<std::uint64_t> words_;
};

}  // namespace orderly::storage

// "Is this hash in one of the closed buckets, and in which?" for all of them at once: never a wrong no, rarely a wrong
// yes (about 1 in 1,000 a bucket). One thread. Nothing fails but for want of memory.
//
// Each bucket has a Bloom filter of 16 bits an id (12 to 24: sizes are powers of two), blocked: an id's 7 bits lie
// within 512. Filters of one size stand side by side as the columns of a matrix, so that one look at the 7 rows of a
// hash, that is 7 loads from 4 KB, answers for 64 buckets. A column is taken over when its bucket is gone; nothing is
// ever merged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace orderly::storage {

class IdFilter {
 public:
  using Bits =
      std::vector<std::uint64_t>;  // one bucket's filter as it is stored, little-endian: a whole number of blocks

  static Bits make_bits(std::size_t ids);
  static void set(Bits& bits, std::uint64_t hash);

  void add(std::uint64_t bucket, const Bits& bits);
  void remove(std::uint64_t bucket);
  void find(std::uint64_t hash, std::vector<std::uint64_t>& buckets) const;  // appends, the newest first

  std::size_t approximate_bytes() const;

 private:
  struct Group {
    explicit Group(std::size_t rows);
    int free_column() const;  // -1: none without widening
    void widen();
    void fill(int column, const Bits& bits);
    std::uint64_t match(std::uint64_t hash) const;  // a bit for each column

    std::size_t rows;
    std::size_t row_bytes = 1;         // 8 columns a byte, 8 bytes at most
    std::vector<unsigned char> cells;  // the rows, and 7 bytes more so that every row can be read as a 64-bit number
    std::vector<std::uint64_t> buckets = std::vector<std::uint64_t>(64);  // by column
    std::uint64_t live = 0;                                               // columns that hold a bucket
    std::uint64_t dirty = 0;                                              // columns that have bits of a bucket before
  };
  Group& group_with_room(std::size_t rows);

  std::vector<Group> groups_;
};

}  // namespace orderly::storage

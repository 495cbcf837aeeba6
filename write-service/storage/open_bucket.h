// The bucket being filled: an exact table in memory from hashes to the numbers of ids, 12 bytes an id.
// One thread. Several ids of one hash are all kept. Throws std::length_error beyond a million ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace orderly::storage {

class OpenBucket {
 public:
  OpenBucket(std::uint64_t first_number, std::size_t expected_ids);

  void add(std::uint64_t hash);                                              // takes the next number
  void find(std::uint64_t hash, std::vector<std::uint64_t>& numbers) const;  // appends, the newest first
  void truncate(std::size_t size);                                           // forgets the ids from this place on

  std::vector<std::uint64_t> sorted_entries() const;
  std::uint64_t first_number() const { return first_number_; }
  std::size_t size() const { return size_; }
  std::size_t approximate_bytes() const { return slots_.capacity() * sizeof(slots_[0]); }

 private:
  void insert(std::uint64_t entry);
  void rebuild(std::size_t slots, std::size_t size);

  std::uint64_t first_number_;
  std::size_t size_ = 0;
  std::vector<std::uint64_t> slots_;  // open addressing, linear probing; an entry's home follows its hash's order
};

}  // namespace orderly::storage

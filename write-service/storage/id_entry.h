// A hash and a place in one integer, so that tables, indexes and pages are arrays of plain numbers in the order of
// hashes. Pure functions, any thread; nothing here fails. Part of the stored format.
//
//   entry := the hash's upper 44 bits, then 20 bits: the id's place in its bucket plus 1. No entry is 0.
#pragma once

#include <cstdint>

namespace orderly::storage {

constexpr int place_bits = 20;
constexpr std::uint64_t place_mask = (std::uint64_t{1} << place_bits) - 1;
constexpr std::uint64_t max_places = place_mask;

constexpr std::uint64_t make_entry(std::uint64_t hash, std::uint64_t place) {
  return (hash & ~place_mask) | (place + 1);
}
constexpr std::uint64_t hash_of(std::uint64_t entry) { return entry & ~place_mask; }
constexpr std::uint64_t place_of(std::uint64_t entry) { return (entry & place_mask) - 1; }

// Which of `parts` equal parts of all hashes this one lies in; grows with the hash. `parts` is at most 2^32.
constexpr std::uint64_t part_of(std::uint64_t hash_or_entry, std::uint64_t parts) {
  return ((hash_or_entry >> 32) * parts) >> 32;
}

}  // namespace orderly::storage

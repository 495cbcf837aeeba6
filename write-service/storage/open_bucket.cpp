#include "storage/open_bucket.h"

#include <algorithm>
#include <stdexcept>

#include "storage/id_entry.h"

namespace orderly::storage {

OpenBucket::OpenBucket(std::uint64_t first_number, std::size_t expected_ids)
    : first_number_(first_number), slots_(expected_ids + expected_ids / 2 + 2) {}

void OpenBucket::add(std::uint64_t hash) {
  if (size_ >= max_places) throw std::length_error{"too many ids in one deduplication bucket: commit smaller batches"};
  if (size_ + size_ / 4 >= slots_.size() - 1) rebuild(slots_.size() * 2, size_);
  insert(make_entry(hash, size_));
  ++size_;
}

void OpenBucket::find(std::uint64_t hash, std::vector<std::uint64_t>& numbers) const {
  const auto begin = static_cast<std::ptrdiff_t>(numbers.size());
  for (std::size_t slot = part_of(hash, slots_.size()); slots_[slot] != 0;) {
    if (hash_of(slots_[slot]) == hash_of(hash)) numbers.push_back(first_number_ + place_of(slots_[slot]));
    if (++slot == slots_.size()) slot = 0;
  }
  if (numbers.begin() + begin != numbers.end()) std::sort(numbers.begin() + begin, numbers.end(), std::greater<>{});
}

void OpenBucket::truncate(std::size_t size) {
  if (size < size_) rebuild(slots_.size(), size);
}

std::vector<std::uint64_t> OpenBucket::sorted_entries() const {
  std::vector<std::uint64_t> entries;
  entries.reserve(size_);
  std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(entries),
               [](std::uint64_t entry) { return entry != 0; });
  std::sort(entries.begin(), entries.end());
  return entries;
}

void OpenBucket::insert(std::uint64_t entry) {
  std::size_t slot = part_of(entry, slots_.size());
  while (slots_[slot] != 0) {
    if (++slot == slots_.size()) slot = 0;
  }
  slots_[slot] = entry;
}

void OpenBucket::rebuild(std::size_t slots, std::size_t size) {
  std::vector<std::uint64_t> old(slots);
  old.swap(slots_);
  size_ = size;
  for (const std::uint64_t entry : old) {
    if (entry != 0 && place_of(entry) < size) insert(entry);
  }
}

}  // namespace orderly::storage

#include "storage/id_filter.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "storage/id_entry.h"

namespace orderly::storage {
namespace {

static_assert(std::endian::native == std::endian::little,
              "filters are stored, and rows read, as little-endian numbers");

constexpr std::size_t block_rows = 512;
constexpr int probes = 7;  // of 9 bits each: one mixed hash is enough for all
constexpr std::size_t bits_an_id = 16;

// The rows of a hash: its block from the upper bits, its rows in the block from all bits mixed.
class Rows {
 public:
  Rows(std::uint64_t hash_or_entry, std::size_t rows) {
    const std::uint64_t hash = hash_of(hash_or_entry);
    first_ = part_of(hash, rows / block_rows) * block_rows;
    mixed_ = (hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15U;
    mixed_ = (mixed_ ^ (mixed_ >> 29)) * 0xD6E8FEB86659FD93U;
    mixed_ ^= mixed_ >> 32;
  }
  std::size_t operator[](int probe) const { return first_ + ((mixed_ >> (9 * probe)) & (block_rows - 1)); }

 private:
  std::size_t first_;
  std::uint64_t mixed_;
};

std::uint64_t load(const unsigned char* cell) {
  std::uint64_t value;
  std::memcpy(&value, cell, sizeof value);
  return value;
}

constexpr std::uint64_t column_bit(int column) { return std::uint64_t{1} << column; }

}  // namespace

IdFilter::Bits IdFilter::make_bits(std::size_t ids) {
  const std::size_t rows = std::bit_floor(ids + ids / 2) * bits_an_id;  // the nearest power of two
  return Bits(std::max(rows, block_rows) / 64);
}

void IdFilter::set(Bits& bits, std::uint64_t hash) {
  const Rows rows{hash, bits.size() * 64};
  for (int probe = 0; probe < probes; ++probe) bits[rows[probe] / 64] |= std::uint64_t{1} << (rows[probe] % 64);
}

void IdFilter::add(std::uint64_t bucket, const Bits& bits) {
  Group& group = group_with_room(bits.size() * 64);
  const int column = group.free_column();
  group.fill(column, bits);
  group.buckets[static_cast<std::size_t>(column)] = bucket;
  group.live |= column_bit(column);
}

void IdFilter::remove(std::uint64_t bucket) {
  for (Group& group : groups_) {
    for (int column = 0; column < 64; ++column) {
      if (group.buckets[static_cast<std::size_t>(column)] == bucket) group.live &= ~column_bit(column);
    }
  }
  std::erase_if(groups_, [](const Group& group) { return group.live == 0; });
}

void IdFilter::find(std::uint64_t hash, std::vector<std::uint64_t>& buckets) const {
  const auto begin = static_cast<std::ptrdiff_t>(buckets.size());
  for (const Group& group : groups_) {
    for (std::uint64_t columns = group.match(hash); columns != 0; columns &= columns - 1) {
      buckets.push_back(group.buckets[static_cast<std::size_t>(std::countr_zero(columns))]);
    }
  }
  std::sort(buckets.begin() + begin, buckets.end(), std::greater<>{});
}

std::size_t IdFilter::approximate_bytes() const {
  std::size_t bytes = 0;
  for (const Group& group : groups_) bytes += group.cells.capacity() + sizeof(Group) + 64 * sizeof(std::uint64_t);
  return bytes;
}

IdFilter::Group& IdFilter::group_with_room(std::size_t rows) {
  for (Group& group : groups_) {
    if (group.rows == rows && group.free_column() >= 0) return group;
  }
  for (Group& group : groups_) {
    if (group.rows == rows && group.row_bytes < 8) return group.widen(), group;
  }
  return groups_.emplace_back(rows);
}

IdFilter::Group::Group(std::size_t rows_of_filter) : rows(rows_of_filter), cells(rows_of_filter + 7) {}

int IdFilter::Group::free_column() const {
  const int column = std::countr_one(live);
  return column < static_cast<int>(row_bytes * 8) ? column : -1;
}

void IdFilter::Group::widen() {
  std::vector<unsigned char> wider(rows * (row_bytes + 1) + 7);
  const std::uint64_t mask = (std::uint64_t{1} << (row_bytes * 8)) - 1;
  for (std::size_t row = 0; row < rows; ++row) {  // each row writes zeros into what the next one then fills
    const std::uint64_t columns = load(&cells[row * row_bytes]) & mask;
    std::memcpy(&wider[row * (row_bytes + 1)], &columns, sizeof columns);
  }
  cells = std::move(wider);
  ++row_bytes;
}

void IdFilter::Group::fill(int column, const Bits& bits) {
  unsigned char* const cell = cells.data() + column / 8;
  const auto bit = static_cast<unsigned char>(1 << (column % 8));
  if ((dirty & column_bit(column)) != 0) {
    for (std::size_t row = 0; row < rows; ++row) cell[row * row_bytes] &= static_cast<unsigned char>(~bit);
  }
  for (std::size_t word = 0; word < bits.size(); ++word) {
    for (std::uint64_t left = bits[word]; left != 0; left &= left - 1) {
      cell[(word * 64 + static_cast<std::size_t>(std::countr_zero(left))) * row_bytes] |= bit;
    }
  }
  dirty |= column_bit(column);
}

std::uint64_t IdFilter::Group::match(std::uint64_t hash) const {
  const Rows at{hash, rows};
  std::uint64_t columns = live;
  for (int probe = 0; probe < probes; ++probe) columns &= load(&cells[at[probe] * row_bytes]);
  return columns;
}

}  // namespace orderly::storage

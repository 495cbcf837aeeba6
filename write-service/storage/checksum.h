// A checksum of a stored row's content, kept in the row: what the disk has altered since is noticed when it is read. SQLite
// notices a page that makes no sense, but not a bit inside a value. Threads: any. Failures: verify() throws
// std::runtime_error that names the row; rows of before there were checksums have none, and pass.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/sqlite/database.h"

namespace orderly::storage {

class Checksum {
 public:
  template <class... Values>
  static std::int64_t of(const Values&... values) {
    Checksum checksum;
    (checksum.add(values), ...);
    return static_cast<std::int64_t>(checksum.state_ & 0x7fffffff);  // four bytes in the row
  }

  // `column` of the statement's row holds it, or null.
  template <class... Values>
  static void verify(const sqlite::Statement& row, int column, std::string_view what, const Values&... values) {
    if (row.is_null(column) || row.integer(column) == of(values...)) return;
    throw std::runtime_error{"the store is damaged: " + std::string{what} + " is not what was written"};
  }

 private:
  void add(std::int64_t value) { state_ = XXH3_64bits_withSeed(&value, sizeof value, state_); }
  void add(std::string_view value) { state_ = XXH3_64bits_withSeed(value.data(), value.size(), state_); }
  XXH64_hash_t state_ = 0;
};

}  // namespace orderly::storage

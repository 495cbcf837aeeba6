// Ids and their results in the order they came, numbered from 0, packed into rows of about a page.
// One thread; works on its Database, in whatever transaction is open there. Throws std::runtime_error, sqlite::Error
// among them; a number that should be there and is not, or bytes that make no sense, are such errors too.
//
//   deduplication_log(first_number, at, entries): the numbers from first_number on
//   entries := entry*
//   entry   := varint(the clock in ms when it was remembered, less the row's `at`) bytes(id) bytes(result)
//   bytes   := varint(length) byte*
//   varint  := LEB128: 7 bits a byte, the lowest first, the upper bit set on all but the last
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/sqlite/database.h"

namespace orderly::storage {

class IdLog {
 public:
  static void create_tables(sqlite::Database& db);
  explicit IdLog(sqlite::Database& db);

  // Takes the next number. In memory until write(). `at_unix_ms` never goes back.
  void append(std::string_view id, std::string_view result, std::int64_t at_unix_ms);
  // If the number belongs to this id: when it came, and its result in `result`.
  std::optional<std::int64_t> find(std::uint64_t number, std::string_view id, std::string& result);

  struct Scanned {
    std::uint64_t number;
    std::string_view id;
    std::int64_t at_unix_ms;
    bool starts_row;  // a bucket may begin here, since rows are deleted whole
  };
  // All stored ones from this number on, in order; numbering then goes on behind them.
  void restore(std::uint64_t from_number, const std::function<void(const Scanned&)>& visit);

  void write();
  void committed();
  void rolled_back();
  // Deletes the rows that begin before this number, about `ids` of them at a time. True: none is left.
  bool delete_before(std::uint64_t number, std::uint64_t ids);

  std::optional<std::uint64_t> first_number();  // of what is stored
  std::uint64_t next_number() const { return next_number_; }
  std::uint64_t unwritten() const;  // ids
  std::size_t approximate_bytes() const;

 private:
  struct Row {
    std::uint64_t first_number;
    std::int64_t at_unix_ms;
    std::string entries;
  };

  sqlite::Statement insert_;
  sqlite::Statement select_;
  sqlite::Statement select_from_;
  sqlite::Statement select_first_;
  sqlite::Statement delete_;
  std::vector<Row> rows_;  // appended, not yet written
  std::uint64_t next_number_ = 0;
  std::uint64_t committed_next_number_ = 0;
};

}  // namespace orderly::storage

// The tables of archived lines, for all products of a shard: numbered pages, and the runs that index them (schema.sql).
// One object a shard, on its thread; writes only in the transaction of a commit. What a rolled back one numbered is
// left out. Failures: sqlite::Error; a page that should be there and is not throws std::runtime_error, the store is
// damaged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/sqlite/database.h"
#include "storage/line_filter.h"

namespace orderly::storage {

class LineTables {
 public:
  struct Run {
    std::uint64_t first_page = 0;  // and its name
    std::uint64_t entries = 0;
    LineFilter filter;
  };

  explicit LineTables(sqlite::Database& db);

  std::uint64_t next_page() const { return next_page_; }
  std::uint64_t reserve(std::uint64_t pages);  // the first of them
  void write_page(std::uint64_t page, sqlite::Blob data) { insert_page_.run(page, data); }
  void read_page(std::uint64_t page, std::string& data);
  void remove_pages(std::uint64_t first, std::uint64_t pages) { delete_pages_.run(first, first + pages); }

  std::vector<Run> runs_of(std::int64_t stream);  // the oldest first
  void write_run(std::int64_t stream, const Run& run);
  void remove_run(std::uint64_t first_page) { delete_run_.run(first_page); }

 private:
  sqlite::Statement insert_page_, select_page_, delete_pages_, insert_run_, select_runs_, delete_run_;
  std::uint64_t next_page_;
};

}  // namespace orderly::storage

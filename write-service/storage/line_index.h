// From the hash of an order's id to the places where one product's archived line with it may stand: sorted runs on
// disk, each behind a filter in memory. One thread. Writes only in the transaction of a commit; after a rollback the
// object is thrown away. Failures: as LineTables.
//
// A run has ceil(entries / 220) pages; page n holds the n-th part of all hashes.
//   page  := entry*, by hash        entry := hash (64 bits) place (64 bits: segment << 24 | index), little-endian
// Runs of about one size are merged, eight into one, and lose the places of lines that are over. Those of 65,536
// entries and more stay, so that no commit writes for long: so an id is looked for in some 20 filters at a million
// lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "domain/line_archive.h"
#include "storage/line_tables.h"

namespace orderly::storage {

class LineIndex {
 public:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t place = 0;
  };
  static Entry make_entry(std::uint64_t hash, domain::LinePlace place);

  LineIndex(LineTables& tables, std::int64_t stream);

  void find(std::uint64_t hash, std::vector<domain::LinePlace>& places) const;  // appends

  void add(std::vector<Entry> entries);
  // Merges what is due; `live` lines are not over, so much more than that is not kept.
  void tidy(const std::function<bool(domain::LinePlace)>& is_live, std::size_t live);

  std::size_t runs() const { return runs_.size(); }
  std::size_t approximate_bytes() const;

 private:
  using Run = LineTables::Run;
  void find_on_disk(const Run& run, std::uint64_t hash, std::vector<domain::LinePlace>& places) const;
  void merge(const std::function<bool(const Run&)>& is_part, const std::function<bool(domain::LinePlace)>& is_live);
  void read(const Run& run, std::vector<Entry>& entries) const;
  void write(std::span<const Entry> entries);
  void write_pages(const Run& run, std::span<const Entry> entries);

  LineTables& tables_;
  std::int64_t stream_;
  std::vector<Run> runs_;  // the oldest first
  std::size_t entries_ = 0;
};

}  // namespace orderly::storage

// The buckets that take no more ids: from a hash to the numbers of the ids that may have it, on disk behind a filter.
// One thread; closing and expiry go on in slices, in the caller's transactions. Throws sqlite::Error.
// What a transaction did counts from committed() on; after rolled_back() it is done again.
//
//   deduplication_bucket(bucket, first_number, ids, last_at, filter): finished ones only; `filter` as in IdFilter
//   deduplication_index(page, entries): page = bucket * 65536 + n; its n-th part of all hashes, entries (id_entry.h) in
//     order, little-endian. There are ceil(ids / 400) parts; an empty one has no row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "common/sqlite/database.h"
#include "storage/id_filter.h"

namespace orderly::storage {

class IdLog;
class OpenBucket;

class ClosedBuckets {
 public:
  static void create_tables(sqlite::Database& db);
  ClosedBuckets(sqlite::Database& db, IdLog& log, std::int64_t retention_ms);

  // Takes over what a full bucket holds. Exact in memory until its index is written.
  void close(const OpenBucket& bucket, std::int64_t clock_unix_ms);
  // Appends the numbers of ids that may have this hash, the newest first; none of expired buckets.
  void find(std::uint64_t hash, std::int64_t clock_unix_ms, std::vector<std::uint64_t>& numbers);

  void write(std::int64_t clock_unix_ms, std::uint64_t slice_ids);
  void committed();
  void rolled_back();

  std::optional<std::uint64_t> next_number() const;  // the first behind the finished buckets, if there are any
  std::int64_t last_at_unix_ms() const;              // of the last finished bucket, or 0
  std::size_t approximate_bytes() const;

 private:
  struct Bucket {
    std::uint64_t number;
    std::uint64_t first_id;
    std::uint64_t ids;
    std::int64_t last_at_unix_ms;
  };
  struct Closing {
    Bucket bucket;
    std::vector<std::uint64_t> entries;  // sorted
    IdFilter::Bits filter;
    std::size_t written = 0;  // entries
    std::size_t committed = 0;
    bool finished = false;
  };

  bool expired(const Bucket& bucket, std::int64_t clock_unix_ms) const;
  void find_on_disk(const Bucket& bucket, std::uint64_t hash, std::vector<std::uint64_t>& numbers);
  void write_slice(Closing& closing, std::uint64_t slice_ids);
  void write_page(Closing& closing);
  bool delete_slice(const Bucket& bucket, std::uint64_t slice_ids);

  IdLog* log_;
  std::int64_t retention_ms_;
  sqlite::Statement select_page_;
  sqlite::Statement insert_page_;
  sqlite::Statement select_first_page_;
  sqlite::Statement delete_pages_;
  sqlite::Statement insert_bucket_;
  sqlite::Statement delete_bucket_;

  std::deque<Bucket> finished_;  // consecutive numbers, the oldest first
  std::deque<Closing> closing_;  // the numbers after them; the first one is being written
  IdFilter filter_;              // of the finished ones
  bool deleted_ = false;         // in this transaction, the last rows of the oldest bucket
  std::vector<std::uint64_t> hits_;
  std::vector<std::uint64_t> page_;
};

}  // namespace orderly::storage

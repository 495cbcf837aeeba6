// Every command id with its first result, so that a repeat gets that result again, for the retention at least.
// One object a shard, on the shard's thread and Database; the caller opens and commits the transactions, one a batch.
// Failures throw std::runtime_error (sqlite::Error among them): roll back, call rolled_back(), and it is as it was.
//
//   if (auto first = seen.find(id)) return *first;  // a repeat
//   seen.remember(id, result, record_timestamp_ms);
//   ...                                             // more commands of the batch
//   sqlite::Transaction transaction{db};
//   seen.write();
//   transaction.commit();
//   seen.committed();                               // or, where anything failed: seen.rolled_back()
//
// Time: the clock is the highest timestamp remembered so far. An id is known while the clock is at most `retention`
// past what it was when the id was remembered. So the answers depend on the order of the remember() calls and on
// nothing else: not on batches, restarts, bucket sizes or the wall clock. A timestamp that is too low does no harm; one
// far in the future lets everything before it expire, so let the broker set or bound the timestamps.
//
// How: ids are numbered in the order they come and stored in that order, packed (IdLog). A bucket is a run of them: the
// open one is an exact table in memory; a closed one is a sorted index on disk and a filter in memory of 2 bytes an id
// (ClosedBuckets). Closing and expiry are spread over the following batches in slices that follow the batch's size.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/sqlite/database.h"

namespace orderly::storage {

class ClosedBuckets;
class IdLog;
class OpenBucket;

std::uint64_t hash_of_id(std::string_view command_id);  // XXH3, part of the stored format

class Deduplication {
 public:
  struct Options {
    std::chrono::milliseconds retention = std::chrono::hours{24 * 7};
    // 1 to 1'000'000, may change between runs. Best a power of two, between a 64th and an 8th of all ids: each 64
    // buckets more cost a look at another filter. With a batch it must stay below 2^20.
    std::uint32_t bucket_ids = 131'072;
    std::uint64_t (*hash)(std::string_view) = hash_of_id;  // for tests of collisions; never changes for a file
  };

  static void create_tables(sqlite::Database& db);  // does nothing where they exist

  // Reads the filters and the open bucket: some tens of milliseconds for millions of ids.
  Deduplication(sqlite::Database& db, const Options& options);
  ~Deduplication();
  Deduplication(const Deduplication&) = delete;
  Deduplication& operator=(const Deduplication&) = delete;

  // The result remembered for this id, also if it was in this very batch. The view lives until the next call.
  std::optional<std::string_view> find(std::string_view command_id);
  // In memory only, until write(). Only for ids that find() does not know. Both strings may hold any bytes.
  void remember(std::string_view command_id, std::string_view result, std::int64_t now_unix_ms);

  void write();        // in the caller's transaction: what was remembered, and a slice of closing and expiring
  void committed();    // that transaction is durable
  void rolled_back();  // forgets all since the last committed()

  std::size_t approximate_bytes() const;  // held in memory

 private:
  void restore();
  void close_bucket(std::uint64_t next_number);
  std::optional<std::string_view> first_of(std::string_view command_id);

  Options options_;
  std::unique_ptr<IdLog> log_;
  std::unique_ptr<OpenBucket> open_;
  std::unique_ptr<ClosedBuckets> closed_;
  std::vector<std::uint64_t> numbers_;  // of ids with the hash looked for, the newest first
  std::string found_;                   // what find() gave out
  std::int64_t clock_unix_ms_ = 0;
  std::int64_t committed_clock_unix_ms_ = 0;
};

}  // namespace orderly::storage

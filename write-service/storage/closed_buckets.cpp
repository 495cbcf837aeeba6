#include "storage/closed_buckets.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "storage/id_entry.h"
#include "storage/id_log.h"
#include "storage/open_bucket.h"

namespace orderly::storage {
namespace {

constexpr std::uint64_t pages_a_bucket = 65'536;  // room for, in the page's number
constexpr std::uint64_t entries_a_page = 400;     // on average; 500 fill one of SQLite's pages

std::uint64_t pages_of(std::uint64_t ids) { return (ids + entries_a_page - 1) / entries_a_page; }

// Sorted entries: the places of those with this hash, as numbers, the newest first.
void append_matches(std::span<const std::uint64_t> entries, std::uint64_t hash, std::uint64_t first_id,
                    std::vector<std::uint64_t>& numbers) {
  const auto begin = std::lower_bound(entries.begin(), entries.end(), hash_of(hash));
  const auto end = std::upper_bound(begin, entries.end(), hash | place_mask);
  for (auto entry = end; entry != begin;) numbers.push_back(first_id + place_of(*--entry));
}

std::vector<std::uint64_t> to_numbers(std::string_view blob) {
  std::vector<std::uint64_t> numbers(blob.size() / sizeof(std::uint64_t));
  std::memcpy(numbers.data(), blob.data(), numbers.size() * sizeof(std::uint64_t));
  return numbers;
}

}  // namespace

void ClosedBuckets::create_tables(sqlite::Database& db) {
  db.execute(
      "CREATE TABLE IF NOT EXISTS deduplication_bucket("
      "  bucket INTEGER PRIMARY KEY, first_number INTEGER NOT NULL, ids INTEGER NOT NULL, last_at INTEGER NOT NULL,"
      "  filter BLOB NOT NULL);"
      "CREATE TABLE IF NOT EXISTS deduplication_index(page INTEGER PRIMARY KEY, entries BLOB NOT NULL)");
}

ClosedBuckets::ClosedBuckets(sqlite::Database& db, IdLog& log, std::int64_t retention_ms)
    : log_(&log),
      retention_ms_(retention_ms),
      select_page_(db, "SELECT entries FROM deduplication_index WHERE page = ?1"),
      insert_page_(db, "INSERT INTO deduplication_index(page, entries) VALUES (?1, ?2)"),
      select_first_page_(db, "SELECT min(page) FROM deduplication_index"),
      delete_pages_(db, "DELETE FROM deduplication_index WHERE page >= ?1 AND page < ?2"),
      insert_bucket_(db,
                     "INSERT INTO deduplication_bucket(bucket, first_number, ids, last_at, filter) "
                     "VALUES (?1, ?2, ?3, ?4, ?5)"),
      delete_bucket_(db, "DELETE FROM deduplication_bucket WHERE bucket = ?1") {
  sqlite::Statement buckets{db,
                            "SELECT bucket, first_number, ids, last_at, filter FROM deduplication_bucket "
                            "ORDER BY bucket"};
  while (buckets.step()) {
    finished_.push_back({static_cast<std::uint64_t>(buckets.integer(0)), static_cast<std::uint64_t>(buckets.integer(1)),
                         static_cast<std::uint64_t>(buckets.integer(2)), buckets.integer(3)});
    filter_.add(finished_.back().number, to_numbers(buckets.blob(4)));
  }
}

void ClosedBuckets::close(const OpenBucket& bucket, std::int64_t clock_unix_ms) {
  const std::uint64_t number = !closing_.empty()    ? closing_.back().bucket.number + 1
                               : !finished_.empty() ? finished_.back().number + 1
                                                    : 0;
  closing_.push_back({.bucket = {number, bucket.first_number(), bucket.size(), clock_unix_ms},
                      .entries = bucket.sorted_entries(),
                      .filter = IdFilter::make_bits(bucket.size())});
}

void ClosedBuckets::find(std::uint64_t hash, std::int64_t clock_unix_ms, std::vector<std::uint64_t>& numbers) {
  for (auto closing = closing_.rbegin(); closing != closing_.rend(); ++closing) {
    if (expired(closing->bucket, clock_unix_ms)) return;  // and so is all before it
    append_matches(closing->entries, hash, closing->bucket.first_id, numbers);
  }
  hits_.clear();
  filter_.find(hash, hits_);
  for (const std::uint64_t number : hits_) {
    const Bucket& bucket = finished_[number - finished_.front().number];
    if (expired(bucket, clock_unix_ms)) return;
    find_on_disk(bucket, hash, numbers);
  }
}

void ClosedBuckets::find_on_disk(const Bucket& bucket, std::uint64_t hash, std::vector<std::uint64_t>& numbers) {
  const std::uint64_t page = bucket.number * pages_a_bucket + part_of(hash, pages_of(bucket.ids));
  if (select_page_.bind(page).step()) {
    const std::string_view blob = select_page_.blob(0);
    page_.resize(blob.size() / sizeof(std::uint64_t));
    std::memcpy(page_.data(), blob.data(), page_.size() * sizeof(std::uint64_t));
    append_matches(page_, hash, bucket.first_id, numbers);
  }
  select_page_.reset();
}

bool ClosedBuckets::expired(const Bucket& bucket, std::int64_t clock_unix_ms) const {
  return clock_unix_ms - bucket.last_at_unix_ms > retention_ms_;
}

void ClosedBuckets::write(std::int64_t clock_unix_ms, std::uint64_t slice_ids) {
  if (!closing_.empty() && !closing_.front().finished) write_slice(closing_.front(), slice_ids);
  if (!finished_.empty() && !deleted_ && expired(finished_.front(), clock_unix_ms)) {
    deleted_ = delete_slice(finished_.front(), slice_ids);
  }
}

void ClosedBuckets::write_slice(Closing& closing, std::uint64_t slice_ids) {
  const Bucket& bucket = closing.bucket;
  if (closing.written == 0) {  // pages of an attempt before a restart may be cut differently
    delete_pages_.run(bucket.number * pages_a_bucket, (bucket.number + 1) * pages_a_bucket);
  }
  const std::size_t end = std::min<std::size_t>(closing.entries.size(), closing.written + slice_ids);
  while (closing.written < end) write_page(closing);
  if (closing.written < closing.entries.size()) return;
  insert_bucket_.run(bucket.number, bucket.first_id, bucket.ids, bucket.last_at_unix_ms,
                     sqlite::Blob{std::as_bytes(std::span{closing.filter})});
  closing.finished = true;
}

void ClosedBuckets::write_page(Closing& closing) {
  const auto entries = std::span<const std::uint64_t>{closing.entries}.subspan(closing.written);
  const std::uint64_t pages = pages_of(closing.bucket.ids);
  const std::uint64_t page = part_of(entries[0], pages);
  std::size_t size = 0;
  for (; size < entries.size() && part_of(entries[size], pages) == page; ++size) {
    IdFilter::set(closing.filter, entries[size]);
  }
  insert_page_.run(closing.bucket.number * pages_a_bucket + page, sqlite::Blob{std::as_bytes(entries.first(size))});
  closing.written += size;
}

// The log's rows first, then the index, last the bucket: each step begins where the rows that are left begin.
bool ClosedBuckets::delete_slice(const Bucket& bucket, std::uint64_t slice_ids) {
  if (!log_->delete_before(bucket.first_id + bucket.ids, slice_ids)) return false;
  const std::uint64_t end = (bucket.number + 1) * pages_a_bucket;
  select_first_page_.bind().step();
  const std::uint64_t first =
      select_first_page_.is_null(0) ? end : static_cast<std::uint64_t>(select_first_page_.integer(0));
  select_first_page_.reset();
  const std::uint64_t slice_end = std::min(end, first + pages_of(slice_ids) + 8);
  delete_pages_.run(first, slice_end);
  if (slice_end < end) return false;
  delete_bucket_.run(bucket.number);
  return true;
}

void ClosedBuckets::committed() {
  if (deleted_) {
    filter_.remove(finished_.front().number);
    finished_.pop_front();
    deleted_ = false;
  }
  if (closing_.empty()) return;
  Closing& closing = closing_.front();
  closing.committed = closing.written;
  if (!closing.finished) return;
  filter_.add(closing.bucket.number, closing.filter);
  finished_.push_back(closing.bucket);
  closing_.pop_front();
}

void ClosedBuckets::rolled_back() {
  deleted_ = false;
  if (closing_.empty()) return;
  closing_.front().written = closing_.front().committed;  // filter bits set too early do no harm
  closing_.front().finished = false;
}

std::optional<std::uint64_t> ClosedBuckets::next_number() const {
  if (finished_.empty()) return std::nullopt;
  return finished_.back().first_id + finished_.back().ids;
}

std::int64_t ClosedBuckets::last_at_unix_ms() const { return finished_.empty() ? 0 : finished_.back().last_at_unix_ms; }

std::size_t ClosedBuckets::approximate_bytes() const {
  std::size_t bytes = filter_.approximate_bytes() + finished_.size() * sizeof(Bucket);
  for (const Closing& closing : closing_)
    bytes += (closing.entries.size() + closing.filter.size()) * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace orderly::storage

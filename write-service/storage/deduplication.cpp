#include "storage/deduplication.h"

#include <xxhash.h>

#include <algorithm>
#include <stdexcept>

#include "storage/closed_buckets.h"
#include "storage/id_log.h"
#include "storage/open_bucket.h"

namespace orderly::storage {

std::uint64_t hash_of_id(std::string_view command_id) { return XXH3_64bits(command_id.data(), command_id.size()); }

void Deduplication::create_tables(sqlite::Database& db) {
  IdLog::create_tables(db);
  ClosedBuckets::create_tables(db);
}

Deduplication::Deduplication(sqlite::Database& db, const Options& options) : options_(options) {
  if (options.bucket_ids < 1 || options.bucket_ids > 1'000'000) throw std::invalid_argument{"bucket_ids: 1 to 1000000"};
  log_ = std::make_unique<IdLog>(db);
  closed_ = std::make_unique<ClosedBuckets>(db, *log_, options.retention.count());
  restore();
}

Deduplication::~Deduplication() = default;

// What lies behind the finished buckets is read again: the open one, and one that was being closed.
void Deduplication::restore() {
  clock_unix_ms_ = closed_->last_at_unix_ms();
  const auto from_number = closed_->next_number().or_else([this] { return log_->first_number(); });
  open_ = std::make_unique<OpenBucket>(from_number.value_or(0), options_.bucket_ids);
  log_->restore(open_->first_number(), [this](const IdLog::Scanned& entry) {
    if (entry.starts_row && open_->size() >= options_.bucket_ids) close_bucket(entry.number);
    open_->add(options_.hash(entry.id));
    clock_unix_ms_ = std::max(clock_unix_ms_, entry.at_unix_ms);
  });
  committed_clock_unix_ms_ = clock_unix_ms_;
}

void Deduplication::close_bucket(std::uint64_t next_number) {
  closed_->close(*open_, clock_unix_ms_);
  open_ = std::make_unique<OpenBucket>(next_number, options_.bucket_ids);
}

std::optional<std::string_view> Deduplication::find(std::string_view command_id) {
  const std::uint64_t hash = options_.hash(command_id);
  numbers_.clear();
  open_->find(hash, numbers_);
  if (auto result = first_of(command_id)) return result;
  numbers_.clear();
  closed_->find(hash, clock_unix_ms_, numbers_);
  return first_of(command_id);
}

std::optional<std::string_view> Deduplication::first_of(std::string_view command_id) {
  for (const std::uint64_t number : numbers_) {
    const auto at_unix_ms = log_->find(number, command_id, found_);
    if (!at_unix_ms) continue;                                                           // another id of the same hash
    if (clock_unix_ms_ - *at_unix_ms > options_.retention.count()) return std::nullopt;  // older ones are so even more
    return found_;
  }
  return std::nullopt;
}

void Deduplication::remember(std::string_view command_id, std::string_view result, std::int64_t now_unix_ms) {
  open_->add(options_.hash(command_id));
  clock_unix_ms_ = std::max(clock_unix_ms_, now_unix_ms);
  log_->append(command_id, result, clock_unix_ms_);
}

// Slices of twice what came in: a bucket is closed, and one deleted, before the next is full.
void Deduplication::write() {
  const std::uint64_t slice_ids = 2 * log_->unwritten() + 512;
  log_->write();
  closed_->write(clock_unix_ms_, slice_ids);
}

void Deduplication::committed() {
  log_->committed();
  closed_->committed();
  committed_clock_unix_ms_ = clock_unix_ms_;
  if (open_->size() >= options_.bucket_ids) close_bucket(log_->next_number());
}

void Deduplication::rolled_back() {
  log_->rolled_back();
  closed_->rolled_back();
  open_->truncate(log_->next_number() - open_->first_number());
  clock_unix_ms_ = committed_clock_unix_ms_;
}

std::size_t Deduplication::approximate_bytes() const {
  return log_->approximate_bytes() + open_->approximate_bytes() + closed_->approximate_bytes();
}

}  // namespace orderly::storage

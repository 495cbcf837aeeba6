#include "storage/id_log.h"

#include <algorithm>
#include <stdexcept>

namespace orderly::storage {
namespace {

// What SQLite keeps on one page of 4 KB without an overflow page, with room for the row's other columns.
constexpr std::size_t row_bytes = 4'030;

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

[[noreturn]] void fail_damaged(const char* what) {
  throw std::runtime_error{std::string{"the deduplication log is damaged: "} + what};
}

class EntryReader {
 public:
  EntryReader(std::string_view entries, std::int64_t row_at) : left_(entries), row_at_(row_at) {}

  bool next() {
    if (left_.empty()) return false;
    at_unix_ms = row_at_ + static_cast<std::int64_t>(varint());
    id = bytes();
    result = bytes();
    return true;
  }

  std::int64_t at_unix_ms = 0;
  std::string_view id;
  std::string_view result;

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) fail_damaged("an entry ends too early");
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    fail_damaged("a number has no end");
  }

  std::string_view bytes() {
    const std::uint64_t size = varint();
    if (size > left_.size()) fail_damaged("an entry ends too early");
    const std::string_view all = left_.substr(0, size);
    left_.remove_prefix(size);
    return all;
  }

  std::string_view left_;
  std::int64_t row_at_;
};

std::optional<std::int64_t> find_entry(EntryReader reader, std::uint64_t place, std::string_view id,
                                       std::string& result) {
  do {
    if (!reader.next()) fail_damaged("an id has no entry");
  } while (place-- != 0);
  if (reader.id != id) return std::nullopt;
  result = reader.result;
  return reader.at_unix_ms;
}

}  // namespace

void IdLog::create_tables(sqlite::Database& db) {
  db.execute(
      "CREATE TABLE IF NOT EXISTS deduplication_log("
      "  first_number INTEGER PRIMARY KEY, at INTEGER NOT NULL, entries BLOB NOT NULL)");
}

IdLog::IdLog(sqlite::Database& db)
    : insert_(db, "INSERT INTO deduplication_log(first_number, at, entries) VALUES (?1, ?2, ?3)"),
      select_(db,
              "SELECT first_number, at, entries FROM deduplication_log WHERE first_number <= ?1 "
              "ORDER BY first_number DESC LIMIT 1"),
      select_from_(db,
                   "SELECT first_number, at, entries FROM deduplication_log WHERE first_number >= ?1 "
                   "ORDER BY first_number"),
      select_first_(db, "SELECT min(first_number) FROM deduplication_log"),
      delete_(db, "DELETE FROM deduplication_log WHERE first_number < ?1") {}

void IdLog::append(std::string_view id, std::string_view result, std::int64_t at_unix_ms) {
  if (rows_.empty() || rows_.back().entries.size() + id.size() + result.size() + 8 > row_bytes) {
    rows_.push_back({next_number_, at_unix_ms, {}});
  }
  std::string& entries = rows_.back().entries;
  put_varint(entries, static_cast<std::uint64_t>(at_unix_ms - rows_.back().at_unix_ms));
  put_varint(entries, id.size());
  entries.append(id);
  put_varint(entries, result.size());
  entries.append(result);
  ++next_number_;
}

std::optional<std::int64_t> IdLog::find(std::uint64_t number, std::string_view id, std::string& result) {
  if (!rows_.empty() && number >= rows_.front().first_number) {
    const auto after = std::upper_bound(rows_.begin(), rows_.end(), number,
                                        [](std::uint64_t wanted, const Row& row) { return wanted < row.first_number; });
    const Row& row = *std::prev(after);
    return find_entry({row.entries, row.at_unix_ms}, number - row.first_number, id, result);
  }
  if (!select_.bind(number).step()) fail_damaged("an id has no row");
  const auto place = number - static_cast<std::uint64_t>(select_.integer(0));
  const auto at_unix_ms = find_entry({select_.blob(2), select_.integer(1)}, place, id, result);
  select_.reset();  // an open statement would keep the WAL from being reset
  return at_unix_ms;
}

void IdLog::restore(std::uint64_t from_number, const std::function<void(const Scanned&)>& visit) {
  next_number_ = from_number;
  for (select_from_.bind(from_number); select_from_.step();) {
    if (select_from_.integer(0) != static_cast<std::int64_t>(next_number_)) fail_damaged("a row is missing");
    bool starts_row = true;
    for (EntryReader entry{select_from_.blob(2), select_from_.integer(1)}; entry.next(); ++next_number_) {
      visit({next_number_, entry.id, entry.at_unix_ms, starts_row});
      starts_row = false;
    }
  }
  select_from_.reset();
  committed_next_number_ = next_number_;
}

void IdLog::write() {
  for (const Row& row : rows_) insert_.run(row.first_number, row.at_unix_ms, sqlite::as_blob(row.entries));
  rows_.clear();
}

void IdLog::committed() {
  if (!rows_.empty()) throw std::logic_error{"committed() without write(): ids would be lost"};
  committed_next_number_ = next_number_;
}

void IdLog::rolled_back() {
  rows_.clear();
  next_number_ = committed_next_number_;
}

bool IdLog::delete_before(std::uint64_t number, std::uint64_t ids) {
  const auto first = first_number();
  if (!first || *first >= number) return true;
  const std::uint64_t end = std::min(number, *first + ids);
  delete_.run(end);
  return end == number;
}

std::optional<std::uint64_t> IdLog::first_number() {
  select_first_.bind().step();
  std::optional<std::uint64_t> first;
  if (!select_first_.is_null(0)) first = static_cast<std::uint64_t>(select_first_.integer(0));
  select_first_.reset();
  return first;
}

std::uint64_t IdLog::unwritten() const { return rows_.empty() ? 0 : next_number_ - rows_.front().first_number; }

std::size_t IdLog::approximate_bytes() const {
  std::size_t bytes = rows_.capacity() * sizeof(Row);
  for (const Row& row : rows_) bytes += row.entries.capacity();
  return bytes;
}

}  // namespace orderly::storage

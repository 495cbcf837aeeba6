#include "common/sqlite/database.h"

#include <sqlite3.h>

#include "common/sqlite/shared_memory.h"

namespace orderly::sqlite {
namespace {

[[noreturn]] void fail(sqlite3* db, const std::string& doing) {
  throw Error{sqlite3_extended_errcode(db), doing + ": " + sqlite3_errmsg(db)};
}

// SQLite counts what it allocates under one lock for the whole process, which every thread of every connection then
// waits for; nobody reads the count. Without effect where something else has begun to use SQLite already.
void count_no_allocations() {
  [[maybe_unused]] static const int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

}  // namespace

bool Error::is_damage() const {
  const int primary = code_ & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Database::Database(const std::filesystem::path& file, OpenMode mode) {
  const int flags = mode == OpenMode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  count_no_allocations();
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(raw);
  if (code != SQLITE_OK) fail(raw, "cannot open " + file.string());
  guard_shared_memory(raw);
  sqlite3_busy_timeout(raw, 5'000);
  execute(
      "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON; PRAGMA secure_delete = OFF");
  if (mode == OpenMode::read_write) execute("PRAGMA journal_mode = WAL");
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(handle(), "cannot execute \"" + sql.substr(0, 80) + '"');
  }
}

std::int64_t Database::query_integer(const std::string& sql) {
  Statement statement{*this, sql};
  return statement.step() ? statement.integer(0) : 0;
}

std::string Database::query_text(const std::string& sql) {
  Statement statement{*this, sql};
  return statement.step() ? std::string{statement.text(0)} : std::string{};
}

void Database::check() {
  const auto found = query_text("PRAGMA quick_check(1)");
  if (found != "ok") throw Error{SQLITE_CORRUPT, "database disk image is malformed: " + found};
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle()); }

void Database::interrupt_when(std::atomic<bool>& stop) {
  constexpr int instructions = 100'000;  // some milliseconds
  const auto is_set = [](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load() ? 1 : 0; };
  sqlite3_progress_handler(handle(), instructions, is_set, &stop);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(const Database& db, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &raw, nullptr);
  handle_.reset(raw);
  if (code != SQLITE_OK) fail(db.handle(), "cannot prepare \"" + std::string{sql} + '"');
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* db = sqlite3_db_handle(handle_.get());
  const Error error{sqlite3_extended_errcode(db),
                    "cannot run \"" + std::string{sqlite3_sql(handle_.get())} + "\": " + sqlite3_errmsg(db)};
  sqlite3_reset(handle_.get());
  throw error;
}

void Statement::reset() { sqlite3_reset(handle_.get()); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
double Statement::real(int column) const { return sqlite3_column_double(handle_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* text = sqlite3_column_text(handle_.get(), column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::string_view Statement::blob(int column) const {
  const auto* blob = sqlite3_column_blob(handle_.get(), column);
  if (blob == nullptr) return {};
  return {static_cast<const char*>(blob), static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail(sqlite3_db_handle(handle_.get()), "cannot bind a value");
}

void Statement::bind_integer(int index, std::int64_t value) { check(sqlite3_bind_int64(handle_.get(), index, value)); }
void Statement::bind_real(int index, double value) { check(sqlite3_bind_double(handle_.get(), index, value)); }
void Statement::bind_text(int index, std::string_view value) {
  // A null pointer would bind NULL, and an empty view may have one.
  check(sqlite3_bind_text64(handle_.get(), index, value.data() ? value.data() : "", value.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
}
void Statement::bind_copy(int index, std::string_view value) {
  check(sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}
void Statement::bind_blob(int index, Blob value) {
  check(value.empty() ? sqlite3_bind_zeroblob(handle_.get(), index, 0)
                      : sqlite3_bind_blob64(handle_.get(), index, value.data(), value.size(), SQLITE_STATIC));
}
void Statement::bind_null(int index) { check(sqlite3_bind_null(handle_.get(), index)); }

Transaction::Transaction(Database& db) : db_(&db) { db.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  // After a failed statement SQLite may have rolled back by itself; then there is nothing left to do.
  if (open_ && sqlite3_get_autocommit(db_->handle()) == 0) {
    sqlite3_exec(db_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  db_->execute("COMMIT");
  open_ = false;
}

}  // namespace orderly::sqlite

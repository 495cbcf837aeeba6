// SQLite with RAII: a connection, prepared statements, transactions. Nothing of SQLite's own API is needed beside it.
// Threads: a Database and its Statements belong to one thread at a time. Failures throw Error; nothing is swallowed.
//
//   sqlite::Database db{path, sqlite::OpenMode::read_write};
//   sqlite::Statement insert{db, "INSERT INTO t(a, b) VALUES (?1, ?2)"};
//   sqlite::Transaction transaction{db};
//   insert.run(42, "text");
//   transaction.commit();  // left out: rolled back
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace orderly::sqlite {

// The environment failed: disk full, file damaged, locked, or the SQL is wrong.
class Error : public std::runtime_error {
 public:
  Error(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
  int code() const { return code_; }  // SQLite's extended result code
  bool is_damage() const;             // the file is not what was written to it

 private:
  int code_;
};

enum class OpenMode { read_write, read_only };

class Database {
 public:
  // Opens, or makes, the file in WAL mode, with a page cache and a busy time-out. `:memory:` works.
  Database(const std::filesystem::path& file, OpenMode mode);

  void execute(const std::string& sql);  // one or several statements without results
  std::int64_t query_integer(const std::string& sql);
  std::string query_text(const std::string& sql);
  void check();  // reads the whole file; throws (is_damage) what is wrong with its structure
  std::int64_t changes() const;  // rows changed by the last statement
  // A statement under way fails soon after `stop` is set; the flag must outlive the database.
  void interrupt_when(std::atomic<bool>& stop);
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

using Blob = std::span<const std::byte>;
inline Blob as_blob(std::string_view bytes) { return std::as_bytes(std::span{bytes.data(), bytes.size()}); }

class Statement {
 public:
  Statement(const Database& db, std::string_view sql);

  // Binds from 1 on. Text and blobs are not copied: they must live until the statement is stepped to its end or reset.
  // Only a temporary string is: it would be gone by then.
  template <class... Values>
  Statement& bind(Values&&... values) {
    reset();
    int index = 0;
    (bind_forwarded(++index, std::forward<Values>(values)), ...);
    return *this;
  }

  // Binds, steps once, resets: for statements without result rows.
  template <class... Values>
  void run(const Values&... values) {
    bind(values...);
    step();
    reset();
  }

  bool step();  // true: a row is there to read
  void reset();

  // Columns from 0 on. Views live until the next step or reset.
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  bool is_null(int column) const;

 private:
  template <class Value>
  void bind_forwarded(int index, Value&& value) {
    if constexpr (std::is_same_v<Value, std::string>) {  // deduced so for a temporary alone
      bind_copy(index, value);
    } else {
      bind_one(index, value);
    }
  }
  template <class Value>
  void bind_one(int index, const Value& value) {
    if constexpr (std::is_same_v<Value, std::nullptr_t>) {
      bind_null(index);
    } else if constexpr (std::is_integral_v<Value> || std::is_enum_v<Value>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<Value>) {
      bind_real(index, static_cast<double>(value));
    } else if constexpr (std::is_convertible_v<const Value&, Blob> &&
                         !std::is_convertible_v<const Value&, std::string_view>) {
      bind_blob(index, value);
    } else {
      bind_text(index, std::string_view(value));
    }
  }
  template <class Value>
  void bind_one(int index, const std::optional<Value>& value) {
    if (value) {
      bind_one(index, *value);
    } else {
      bind_null(index);
    }
  }
  void bind_integer(int index, std::int64_t value);
  void bind_real(int index, double value);
  void bind_text(int index, std::string_view value);
  void bind_copy(int index, std::string_view value);
  void bind_blob(int index, Blob value);
  void bind_null(int index);
  void check(int code) const;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// BEGIN IMMEDIATE … COMMIT. Destroyed without commit(): rolled back.
class Transaction {
 public:
  explicit Transaction(Database& db);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database* db_;
  bool open_ = true;
};

}  // namespace orderly::sqlite

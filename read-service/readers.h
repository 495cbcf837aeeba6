// Read-only connections to one view's file, lent to HTTP threads. They never hold up the projector, nor it them (WAL).
// Threads: the pool any; a Reader the one that borrowed it. Failures: sqlite::Error.
//
//   const auto reader = pool->borrow();       // a snapshot: every query sees the same state
//   auto& query = reader->query("SELECT …");  // prepared once for the connection
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/sqlite/database.h"

namespace orderly::read {

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : Reader(sqlite::Database{file, sqlite::OpenMode::read_only}) {}
  explicit Reader(sqlite::Database db) : db_(std::move(db)), begin_(db_, "BEGIN"), end_(db_, "COMMIT") {
    db_.execute("PRAGMA cache_size = -16384");  // KiB, of each connection, of which there are as many as HTTP threads
  }
  sqlite::Statement& query(std::string_view sql);
  void begin() { begin_.run(); }
  void end();

 private:
  sqlite::Database db_;
  sqlite::Statement begin_, end_;
  std::map<std::string, sqlite::Statement, std::less<>> statements_;
};

// The highest version of a stream that the view holds, 0 when none: every view's file keeps them.
std::int64_t stream_version(Reader& reader, std::string_view topic, std::string_view subject);

class ReaderPool : public std::enable_shared_from_this<ReaderPool> {
 public:
  explicit ReaderPool(std::filesystem::path file) : file_(std::move(file)) {}

  // Ends the snapshot and gives the reader back; the pool lives as long as a reader is out.
  struct GiveBack {
    std::shared_ptr<ReaderPool> pool;
    void operator()(Reader* reader) const;
  };
  const std::filesystem::path& file() const { return file_; }

  using Borrowed = std::unique_ptr<Reader, GiveBack>;
  Borrowed borrow();

 private:
  const std::filesystem::path file_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> idle_;
};

}  // namespace orderly::read

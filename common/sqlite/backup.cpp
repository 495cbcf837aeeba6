#include "common/sqlite/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "common/sqlite/database.h"

namespace orderly::sqlite {
namespace {

constexpr int step_pages = 2'048;

struct Finish {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

[[noreturn]] void fail(int code, const std::filesystem::path& from, const char* reason) {
  throw Error{code, "cannot copy " + from.string() + ": " + reason};
}

void copy_pages(Database& source, Database& target, const std::filesystem::path& from, const CopyProgress& progress) {
  std::unique_ptr<sqlite3_backup, Finish> backup{sqlite3_backup_init(target.handle(), "main", source.handle(), "main")};
  if (!backup) fail(sqlite3_extended_errcode(target.handle()), from, sqlite3_errmsg(target.handle()));
  const auto page_bytes = source.query_integer("PRAGMA page_size");
  for (int code = SQLITE_OK; code != SQLITE_DONE;) {
    code = sqlite3_backup_step(backup.get(), step_pages);
    if (code != SQLITE_OK && code != SQLITE_DONE) fail(code, from, sqlite3_errstr(code));
    const std::int64_t all = sqlite3_backup_pagecount(backup.get());
    if (progress) progress((all - sqlite3_backup_remaining(backup.get())) * page_bytes, all * page_bytes);
  }
}

void sync_one(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const int reason = errno;
  if (descriptor >= 0) close(descriptor);
  if (!synced) throw std::system_error{reason, std::generic_category(), "cannot sync " + path.string()};
}

}  // namespace

void sync_to_disk(const std::filesystem::path& file) {
  sync_one(file);
  sync_one(file.has_parent_path() ? file.parent_path() : ".");
}

void copy_database(const std::filesystem::path& from, const std::filesystem::path& to, const CopyProgress& progress) {
  if (std::filesystem::exists(to)) throw Error{SQLITE_CANTOPEN, to.string() + " is there already"};
  try {
    Database source{from, OpenMode::read_only};
    // One snapshot from the first page to the last: a commit in between would make the backup begin again, for ever.
    source.execute("BEGIN");
    source.query_integer("SELECT count(*) FROM sqlite_schema");
    Database target{to, OpenMode::read_write};
    target.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF");
    copy_pages(source, target, from, progress);
    target.execute("PRAGMA journal_mode = DELETE");  // the file alone is the database
  } catch (...) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(to.string() + suffix);
    throw;
  }
}

}  // namespace orderly::sqlite

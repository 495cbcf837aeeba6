#include "common/sqlite/figures.h"

#include <sqlite3.h>

namespace orderly::sqlite {
namespace {

std::int64_t status(const Database& db, int what) {
  int now = 0, highest = 0;
  return sqlite3_db_status(db.handle(), what, &now, &highest, 0) == SQLITE_OK ? now : 0;
}

std::int64_t size_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

Figures figures_of(const Database& db) {
  Figures figures{.page_cache_hits = status(db, SQLITE_DBSTATUS_CACHE_HIT),
                  .page_cache_misses = status(db, SQLITE_DBSTATUS_CACHE_MISS),
                  .pages_written = status(db, SQLITE_DBSTATUS_CACHE_WRITE),
                  .page_cache_bytes = status(db, SQLITE_DBSTATUS_CACHE_USED)};
  const char* name = sqlite3_db_filename(db.handle(), "main");
  if (name == nullptr || *name == '\0') return figures;
  const std::string file = name;
  figures.file_bytes = size_of(file);
  figures.wal_bytes = size_of(file + "-wal");
  return figures;
}

}  // namespace orderly::sqlite

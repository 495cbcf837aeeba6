// What a connection has cost so far, and how large its files are. Threads: the connection's. Failures: what cannot be
// had is 0.
#pragma once

#include <cstdint>

#include "common/sqlite/database.h"

namespace orderly::sqlite {

struct Figures {
  std::int64_t page_cache_hits = 0, page_cache_misses = 0, pages_written = 0;  // since it was opened
  std::int64_t page_cache_bytes = 0;                                           // held now
  std::int64_t file_bytes = 0, wal_bytes = 0;
};

Figures figures_of(const Database& db);

}  // namespace orderly::sqlite

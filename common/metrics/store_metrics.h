// A SQLite file's figures as metrics: its size, its write-ahead log, its page cache. Threads: the connection's.
// Failures: none.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "common/sqlite/figures.h"

namespace orderly::metrics {

class StoreMetrics {
 public:
  // Labelled {shard="3"} or {view="orders"}; the names begin with orderly_store or orderly_view_store.
  StoreMetrics(prometheus::Registry& registry, const std::string& prefix, const prometheus::Labels& labels);

  // Now and then: counts what has come since the last call. A connection opened anew begins at 0 again.
  void update(const sqlite::Figures& now);

 private:
  prometheus::Gauge &bytes_, &wal_bytes_, &page_cache_bytes_;
  prometheus::Counter &hits_, &misses_, &written_;
  sqlite::Figures last_;
};

}  // namespace orderly::metrics

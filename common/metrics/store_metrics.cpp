#include "common/metrics/store_metrics.h"

namespace orderly::metrics {
namespace {

prometheus::Gauge& gauge(prometheus::Registry& registry, const std::string& name, const char* help,
                         const prometheus::Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Counter& counter(prometheus::Registry& registry, const std::string& name, const char* help,
                             const prometheus::Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

void add(prometheus::Counter& to, std::int64_t now, std::int64_t& last) {
  to.Increment(static_cast<double>(now < last ? now : now - last));
  last = now;
}

}  // namespace

StoreMetrics::StoreMetrics(prometheus::Registry& r, const std::string& prefix, const prometheus::Labels& labels)
    : bytes_(gauge(r, prefix + "_bytes", "The SQLite file, without its write-ahead log", labels)),
      wal_bytes_(
          gauge(r, prefix + "_wal_bytes", "Its write-ahead log, which is used again and does not shrink", labels)),
      page_cache_bytes_(gauge(r, prefix + "_page_cache_bytes", "SQLite's page cache in memory", labels)),
      hits_(counter(r, prefix + "_page_cache_hits_total", "Pages found in the cache", labels)),
      misses_(counter(r, prefix + "_page_cache_misses_total", "Pages read from the file", labels)),
      written_(counter(r, prefix + "_pages_written_total", "Pages written to the write-ahead log", labels)) {}

void StoreMetrics::update(const sqlite::Figures& now) {
  bytes_.Set(static_cast<double>(now.file_bytes));
  wal_bytes_.Set(static_cast<double>(now.wal_bytes));
  page_cache_bytes_.Set(static_cast<double>(now.page_cache_bytes));
  add(hits_, now.page_cache_hits, last_.page_cache_hits);
  add(misses_, now.page_cache_misses, last_.page_cache_misses);
  add(written_, now.pages_written, last_.pages_written);
}

}  // namespace orderly::metrics

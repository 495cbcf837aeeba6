#include "shard_figures.h"

namespace orderly {
namespace {

void add(prometheus::Counter& to, std::int64_t now, std::int64_t& last) {
  to.Increment(static_cast<double>(now - last));
  last = now;
}

}  // namespace

void ShardFigures::measure(storage::UnitOfWork& work, std::int64_t lag_messages, Time now) {
  metrics_.lag_messages.Set(static_cast<double>(lag_messages));
  const auto taken_ms = static_cast<std::int64_t>(metrics_.last_command.Value() * 1e3);
  metrics_.lag_seconds.Set(lag_.after(lag_messages, from_unix_ms(taken_ms), now));
  const auto& aggregates = work.aggregates();
  metrics_.cached_aggregates.Set(static_cast<double>(aggregates.size()));
  metrics_.cached_bytes.Set(static_cast<double>(aggregates.bytes()));
  metrics_.deduplication_bytes.Set(static_cast<double>(work.results().approximate_bytes()));
  const auto& cache = aggregates.counts();
  add(metrics_.cache_hits, cache.hits, cache_.hits);
  add(metrics_.cache_misses, cache.misses, cache_.misses);
  add(metrics_.cache_evictions, cache.evictions, cache_.evictions);
  add(metrics_.replayed_events, cache.replayed_events, cache_.replayed_events);
  const auto& snapshots = work.snapshots();
  add(metrics_.snapshots, snapshots.written, snapshots_.written);
  add(metrics_.snapshot_bytes, snapshots.bytes, snapshots_.bytes);
  metrics_.store.update(sqlite::figures_of(work.database()));
}

}  // namespace orderly

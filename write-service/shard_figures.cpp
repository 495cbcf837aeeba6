#include "shard_figures.h"

#include <algorithm>

namespace orderly {
namespace {

void add(prometheus::Counter& to, std::int64_t now, std::int64_t& last) {
  to.Increment(static_cast<double>(now - last));
  last = now;
}

}  // namespace

void ShardFigures::measure_outbox(const storage::UnitOfWork& work, const outbox::OutboxRelay& relay,
                                  std::chrono::steady_clock::time_point now) {
  std::int64_t waiting = 0, end = 0;
  for (Lane lane = 0; lane < topics::lanes.size(); ++lane) {
    waiting += std::max<std::int64_t>(0, work.lane(lane).next_sequence - relay.published(lane));
    end += work.lane(lane).next_sequence;
  }
  if (outbox_ends_.empty() || outbox_ends_.back().second < end) outbox_ends_.emplace_back(now, end);
  while (!outbox_ends_.empty() && outbox_ends_.front().second <= end - waiting) outbox_ends_.pop_front();
  metrics_.outbox_messages.Set(static_cast<double>(waiting));
  metrics_.outbox_age_seconds.Set(
      outbox_ends_.empty() ? 0 : std::chrono::duration<double>(now - outbox_ends_.front().first).count());
  metrics_.outbox_bytes.Set(static_cast<double>(relay.queued_bytes()));
}

void ShardFigures::measure(storage::UnitOfWork& work, const outbox::OutboxRelay& relay, std::int64_t lag_messages,
                           const Clock& clock) {
  measure_outbox(work, relay, clock.ticks());
  metrics_.held_commands.Set(static_cast<double>(work.held().size()));
  metrics_.parked_streams.Set(static_cast<double>(work.held().parked()));
  metrics_.lag_messages.Set(static_cast<double>(lag_messages));
  const auto taken_ms = static_cast<std::int64_t>(metrics_.last_command.Value() * 1e3);
  metrics_.lag_seconds.Set(lag_.after(lag_messages, from_unix_ms(taken_ms), clock.now()));
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

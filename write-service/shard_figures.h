// What a shard looks at twice a second for its metrics: lag, outbox, cache, snapshots, SQLite. Nothing is counted for each
// command: the counts of what happened since the last look are added. Threads: the shard's. Failures: none.
#pragma once

#include <chrono>
#include <deque>

#include "common/clock/clock.h"
#include "common/kafka/lag_seconds.h"
#include "outbox/outbox_relay.h"
#include "shard_metrics.h"
#include "storage/unit_of_work.h"

namespace orderly {

class ShardFigures {
 public:
  explicit ShardFigures(ShardMetrics& metrics) : metrics_(metrics) {}

  void measure(storage::UnitOfWork& work, const outbox::OutboxRelay& relay, std::int64_t lag_messages,
               const Clock& clock);

 private:
  void measure_outbox(const storage::UnitOfWork& work, const outbox::OutboxRelay& relay,
                      std::chrono::steady_clock::time_point now);

  ShardMetrics& metrics_;
  kafka::LagSeconds lag_;
  storage::CacheCounts cache_;
  storage::SnapshotCounts snapshots_;
  std::deque<std::pair<std::chrono::steady_clock::time_point, std::int64_t>> outbox_ends_;  // when it ended where
};

}  // namespace orderly

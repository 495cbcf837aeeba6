// What a shard looks at twice a second for its metrics: lag, cache, snapshots, SQLite. Nothing is counted for each
// command: the counts of what happened since the last look are added. Threads: the shard's. Failures: none.
#pragma once

#include "common/kafka/lag_seconds.h"
#include "shard_metrics.h"
#include "storage/unit_of_work.h"

namespace orderly {

class ShardFigures {
 public:
  explicit ShardFigures(ShardMetrics& metrics) : metrics_(metrics) {}

  void measure(storage::UnitOfWork& work, std::int64_t lag_messages, Time now);

 private:
  ShardMetrics& metrics_;
  kafka::LagSeconds lag_;
  storage::CacheCounts cache_;
  storage::SnapshotCounts snapshots_;
};

}  // namespace orderly

// Makes the stores of a system with another number of partitions from those of one whose services have ended: every
// event goes to the shard that owns its aggregate from now on, with its id, version, time and cause; published ones
// stand in the new outboxes, so that new services fill topics that begin empty. Nothing is decided again. Threads: one.
// Failures: std::runtime_error with a sentence when a store is in use, missing, damaged or not at rest, or the target
// is not empty; sqlite::Error. What has been made by then is removed again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "common/kafka/ports.h"

namespace orderly::cli {

struct RepartitionOptions {
  std::vector<std::filesystem::path> from;  // the directories that hold all shards' stores between them
  std::filesystem::path to;
  std::int32_t partitions = 0;
};

struct RepartitionSummary {
  std::int32_t partitions_before = 0;
  std::int64_t events = 0, published = 0;
  std::int64_t ids = 0;           // remembered, with their results
  std::int64_t ids_left_out = 0;  // of refusals that name no aggregate: such a command sent again is refused again
  std::int64_t scheduled = 0;     // commands for the clock
};

RepartitionSummary repartition(const RepartitionOptions& options);

// Where the stores stopped reading: one position for each partition of each command topic.
std::vector<kafka::Position> positions_of_stores(const std::vector<std::filesystem::path>& directories);

}  // namespace orderly::cli

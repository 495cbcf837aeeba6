// Which shard owns a command: murmur2 of its aggregate's id, computed from its payload and never from the record's key.
// Threads: any.
#pragma once

#include "intake/command.h"

namespace orderly::intake {

// The id that decides. A ChangeBatchQuantity without a sku belongs to its batch's reference, whose shard knows the sku.
const std::string& routing_id(const Command& command);

inline std::int32_t owner(const Command& command, std::int32_t partitions) {
  return kafka::partition_for(routing_id(command), partitions);
}

}  // namespace orderly::intake

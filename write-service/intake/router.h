// Which shard owns a command: murmur2 of its aggregate's id, computed from its payload and never from the record's key.
// Threads: any.
#pragma once

#include "intake/command.h"

namespace orderly::intake {

// The id that decides. A ChangeBatchQuantity without a sku belongs to its batch's reference, whose shard knows the sku.
std::string_view routing_id(const Command& command);

// The stream that the command changes, category/id: what its order is kept for.
std::string stream_of(const Command& command);

inline std::int32_t owner(const Command& command, std::int32_t partitions) {
  return kafka::partition_for(routing_id(command), partitions);
}

}  // namespace orderly::intake

// The commands that this service sends itself, as they travel: domain types to messages. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "domain/customer.h"
#include "domain/order.h"
#include "domain/product.h"
#include "intake/command.h"

namespace orderly::outbox {

struct OwnCommand {
  std::string_view type;     // the message's full name
  std::string payload;       // serialised Protobuf
  std::string aggregate_id;  // its owner's
};

OwnCommand to_own_command(const domain::Allocate& command);
OwnCommand to_own_command(const domain::Deallocate& command);
OwnCommand to_own_command(const domain::ClaimBatchReference& command);
OwnCommand to_own_command(const SettleBatchReference& command);
OwnCommand to_own_command(const domain::RecordAllocation& command);
OwnCommand to_own_command(const domain::RecordOutOfStock& command);
OwnCommand to_own_command(const domain::RecordDeallocation& command);
OwnCommand to_own_command(const domain::CancelUnpaidOrder& command);
OwnCommand to_own_command(const domain::RecordOrder& command);
OwnCommand to_own_command(const ReleaseParked& command);

}  // namespace orderly::outbox

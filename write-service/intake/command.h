// A command as the write service handles it: the envelope of the record it came in, and what it asks for.
// Envelope and Command own their text; a RawRecord's views live as long as the record that they point into.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/clock/clock.h"
#include "common/kafka/message.h"
#include "domain/batch_reference.h"
#include "domain/customer.h"
#include "domain/order.h"
#include "domain/product.h"

namespace orderly {

// A command topic as this shard sees it, a state machine of its own: an index into topics.h's command topics.
using Lane = std::size_t;

struct Envelope {
  std::string id;              // ce_id, or topic/partition/offset where the sender gave none
  std::string type;            // ce_type, such as allocation.v1.Allocate
  std::string correlation_id;  // the sender's, else the command's own id
  std::string causation_id;
  std::string traceparent, tracestate;
  std::string principal;    // ce_authid: on whose behalf; as true as the topic's access rules make it
  bool is_our_own = false;  // sent by a write service, by its ce_source
  std::string reply_to;     // empty: the result goes to command.results alone
  Lane lane = 0;
  Time time;  // the record's timestamp: all that the domain knows of time
};

// The reference shard's answer to the shard that holds a CreateBatch until it knows.
struct SettleBatchReference {
  std::string batch_ref, sku, claimed_by;
  bool granted = false;
};

// An operator's word on a command that is parked: handle it again, or leave it out.
struct ReleaseParked {
  std::string stream, command_id;
  bool discard = false;
};

using Command = std::variant<domain::Product::Command, domain::BatchReference::Command, SettleBatchReference,
                             domain::Order::Command, domain::Customer::Command, ReleaseParked>;

// Why a record can never be handled: it goes to the dead letters with this.
struct Undecodable {
  std::string reason;  // UPPER_SNAKE, the dlq-reason and the result's code
  std::string field;   // the header or field at fault, where there is one
  std::string detail;  // one sentence
};

}  // namespace orderly

// What follows from a domain event: commands to other aggregates, and what the clock is to send later. Pure; run in the
// transaction of the event, their ids derived from its command's, so that a replay repeats none. Threads: any.
// Failures: none; a follower that refuses answers in its own result, under the same correlation id.
//
//   OrderCreated             -> Allocate each line, with backorder and replace; RecordOrder; at the deadline
//                               CancelUnpaidOrder
//   OrderCancelled           -> Deallocate each line, allocated, waiting or under way; no deadline
//   OrderPaid                -> no deadline
//   LineAllocatedAfterCancel -> Deallocate the line once more
//   Allocated, OutOfStock, Deallocated, BackorderPromised of a line with backorder -> tell its order
//
// An order's Allocate and its Deallocate take the same way, so they arrive in that order, whatever else happens.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/batch_reference.h"
#include "domain/customer.h"
#include "domain/order.h"
#include "domain/product.h"

namespace orderly::reactions {

// A command that the clock sends when so much time has passed, unless it is withdrawn under the same name.
struct Schedule {
  std::string name;
  std::chrono::milliseconds after{};
  domain::CancelUnpaidOrder command;
  bool operator==(const Schedule&) const = default;
};
struct Withdraw {
  std::string name;
  bool operator==(const Withdraw&) const = default;
};

using Reaction = std::variant<domain::Allocate, domain::Deallocate, domain::RecordAllocation, domain::RecordOutOfStock,
                              domain::RecordDeallocation, domain::RecordOrder, Schedule, Withdraw>;
using Reactions = std::vector<Reaction>;

struct Policies {
  std::optional<std::chrono::milliseconds> payment_deadline;  // none: an order may stay unpaid for ever
};

Reactions react(const domain::Product::Event& event, const Policies& policies);
Reactions react(const domain::Order::Event& event, const Policies& policies);
Reactions react(const domain::Customer::Event& event, const Policies& policies);
Reactions react(const domain::BatchReference::Event& event, const Policies& policies);

// An order asks for a line that it has already, since somebody asked in its name before: it is told what the line is.
Reactions tell_again(const domain::Product::State& product, const domain::Allocate& command);

}  // namespace orderly::reactions

#include "domain/order.h"

#include "domain/order_items.h"

namespace orderly::domain {
namespace {

using Status = OrderStatus;
using LineStatus = Order::LineStatus;
using Events = std::vector<Order::Event>;
using Verdict = Decision<Order::Event>;

std::unexpected<Rejection> refuse(RejectionCode code, std::string_view field, const std::string& what) {
  return std::unexpected(Rejection{code, std::string{field}, std::string{field} + ": " + what});
}

std::unexpected<Rejection> unknown_order(const std::string& order_id) {
  return refuse(RejectionCode::unknown_order, "order_id", "there is no order " + quoted(order_id));
}

std::unexpected<Rejection> wrong_status(const Order::State& state, const std::string& order_id,
                                        std::string_view needed) {
  return refuse(
      RejectionCode::wrong_status, "order_id",
      "order " + quoted(order_id) + " is " + std::string{to_string(state.status)} + ", must be " + std::string{needed});
}

Verdict decide_on(const Order::State& state, const CreateOrder& c, Time now) {
  if (state.status != Status::none) {
    return refuse(RejectionCode::order_exists, "order_id", "order " + quoted(c.order_id) + " exists already");
  }
  auto priced = price_items(c.items);
  if (!priced) return std::unexpected(std::move(priced).error());
  return Events{OrderCreated{c.order_id, c.customer_id, std::move(priced->items), std::move(priced->total),
                             c.created_at.value_or(now)}};
}

Verdict decide_on(const Order::State& state, const PayOrder& c) {
  if (state.status == Status::none) return unknown_order(c.order_id);
  if (state.status != Status::created) return wrong_status(state, c.order_id, "created");
  if (c.amount != state.total) {
    return refuse(RejectionCode::amount_mismatch, "amount",
                  "must be the total, " + to_string(state.total) + ", got " + to_string(c.amount));
  }
  return Events{OrderPaid{c.order_id, c.amount}};
}

Verdict decide_on(const Order::State& state, const ShipOrder& c) {
  if (state.status == Status::none) return unknown_order(c.order_id);
  if (state.status != Status::paid) return wrong_status(state, c.order_id, "paid");
  if (state.unallocated > 0) {
    return refuse(RejectionCode::not_allocated, "order_id",
                  "order " + quoted(c.order_id) + " must have every line allocated, " +
                      std::to_string(state.unallocated) + " of " + std::to_string(state.lines.size()) + " are not");
  }
  return Events{OrderShipped{c.order_id}};
}

Verdict decide_on(const Order::State& state, const CancelOrder& c) {
  if (state.status == Status::none) return unknown_order(c.order_id);
  const bool paid = state.status == Status::paid;
  if (state.status != Status::created && !paid) return wrong_status(state, c.order_id, "created or paid");
  const Money refund{state.total.currency, paid ? state.total.minor_units : 0};
  OrderCancelled cancelled{c.order_id, c.reason, paid, refund, {}};
  cancelled.skus.reserve(state.lines.size());
  for (const auto& [sku, line] : state.lines) cancelled.skus.push_back(sku);
  return Events{std::move(cancelled)};
}

Verdict decide_on(const Order::State& state, const CancelUnpaidOrder& c) {
  if (state.status != Status::created) return Events{};
  return decide_on(state, CancelOrder{c.order_id, c.reason});
}

// The line that a fact is about; nullptr when the order has none such, or ended with the goods on their way.
template <class Fact>
const Order::Line* concerned(const Order::State& state, const Fact& fact) {
  if (state.status == Status::none || state.status == Status::shipped) return nullptr;
  const auto found = state.lines.find(fact.sku);
  return found != state.lines.end() && found->second.quantity == fact.quantity ? &found->second : nullptr;
}

Verdict decide_on(const Order::State& state, const RecordAllocation& c) {
  const Order::Line* line = concerned(state, c);
  const bool was_allocated = line && line->status == LineStatus::allocated;
  if (!line || (was_allocated && line->batch_ref == c.batch_ref)) return Events{};
  if (state.status == Status::cancelled) {
    if (was_allocated) return Events{};  // its give-back is under way
    return Events{LineAllocatedAfterCancel{c.order_id, c.sku, c.quantity, c.batch_ref}};
  }
  Events events{LineAllocated{c.order_id, c.sku, c.quantity, c.batch_ref}};
  if (!was_allocated && state.unallocated == 1) events.emplace_back(OrderAllocated{c.order_id});
  return events;
}

Verdict decide_on(const Order::State& state, const RecordOutOfStock& c) {
  const Order::Line* line = concerned(state, c);
  if (!line || state.status == Status::cancelled || line->status == LineStatus::out_of_stock) return Events{};
  return Events{LineOutOfStock{c.order_id, c.sku, c.quantity}};
}

Verdict decide_on(const Order::State& state, const RecordDeallocation& c) {
  const Order::Line* line = concerned(state, c);
  if (!line || line->status == LineStatus::pending) return Events{};
  return Events{LineDeallocated{c.order_id, c.sku, c.quantity, c.reason}};
}

void apply(Order::State& state, const OrderCreated& e) {
  state.status = Status::created;
  state.total = e.total;
  for (const OrderItem& item : e.items) state.lines[item.sku].quantity += item.quantity;
  state.unallocated = state.lines.size();
}

void set_line(Order::State& state, const std::string& sku, LineStatus status, const std::string& batch_ref) {
  Order::Line& line = state.lines.at(sku);
  if (line.status == LineStatus::allocated) ++state.unallocated;
  if (status == LineStatus::allocated) --state.unallocated;
  line.status = status;
  line.batch_ref = batch_ref;
}

template <class Fact>
std::optional<Rejection> check_fact(const Fact& c) {
  if (auto problem = check_id("order_id", c.order_id)) return problem;
  if (auto problem = check_id("sku", c.sku)) return problem;
  return check_quantity("quantity", c.quantity);
}

std::optional<Rejection> check(const CreateOrder& c) {
  if (auto problem = check_id("order_id", c.order_id)) return problem;
  if (auto problem = check_id("customer_id", c.customer_id)) return problem;
  if (c.created_at) {
    if (auto problem = check_time("created_at", *c.created_at)) return problem;
  }
  auto priced = price_items(c.items);
  return priced ? std::nullopt : std::optional{std::move(priced).error()};
}

std::optional<Rejection> check(const PayOrder& c) {
  if (auto problem = check_id("order_id", c.order_id)) return problem;
  return check_money("amount", c.amount);
}

std::optional<Rejection> check(const CancelOrder& c) {
  if (auto problem = check_id("order_id", c.order_id)) return problem;
  return check_reason("reason", c.reason);
}

std::optional<Rejection> check(const RecordAllocation& c) {
  if (auto problem = check_fact(c)) return problem;
  return check_id("batch_ref", c.batch_ref);
}

std::optional<Rejection> check(const RecordDeallocation& c) {
  if (auto problem = check_fact(c)) return problem;
  return check_reason("reason", c.reason);
}

}  // namespace

std::string_view to_string(OrderStatus status) {
  switch (status) {
    case OrderStatus::none:
      return "none";
    case OrderStatus::created:
      return "created";
    case OrderStatus::paid:
      return "paid";
    case OrderStatus::shipped:
      return "shipped";
    case OrderStatus::cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::optional<Rejection> Order::validate(const Command& command) {
  return std::visit(
      overloaded{[](const CreateOrder& c) { return check(c); }, [](const PayOrder& c) { return check(c); },
                 [](const ShipOrder& c) { return check_id("order_id", c.order_id); },
                 [](const CancelOrder& c) { return check(c); },
                 [](const CancelUnpaidOrder& c) {
                   return check(CancelOrder{c.order_id, c.reason});
                 },
                 [](const RecordAllocation& c) { return check(c); },
                 [](const RecordOutOfStock& c) { return check_fact(c); },
                 [](const RecordDeallocation& c) { return check(c); }},
      command);
}

Decision<Order::Event> Order::decide(const State& state, const Command& command, Time now) {
  return std::visit(overloaded{[&](const CreateOrder& c) { return decide_on(state, c, now); },
                               [&](const PayOrder& c) { return decide_on(state, c); },
                               [&](const ShipOrder& c) { return decide_on(state, c); },
                               [&](const CancelOrder& c) { return decide_on(state, c); },
                               [&](const CancelUnpaidOrder& c) { return decide_on(state, c); },
                               [&](const RecordAllocation& c) { return decide_on(state, c); },
                               [&](const RecordOutOfStock& c) { return decide_on(state, c); },
                               [&](const RecordDeallocation& c) { return decide_on(state, c); }},
                    command);
}

void Order::evolve(State& state, const Event& event) {
  std::visit(
      overloaded{[&](const OrderCreated& e) { apply(state, e); },
                 [&](const LineAllocated& e) { set_line(state, e.sku, LineStatus::allocated, e.batch_ref); },
                 [&](const LineOutOfStock& e) { set_line(state, e.sku, LineStatus::out_of_stock, {}); },
                 [&](const LineDeallocated& e) { set_line(state, e.sku, LineStatus::pending, {}); },
                 [&](const LineAllocatedAfterCancel& e) { set_line(state, e.sku, LineStatus::allocated, e.batch_ref); },
                 [&](const OrderAllocated&) {},  // follows from the lines
                 [&](const OrderPaid&) { state.status = Status::paid; },
                 [&](const OrderShipped&) { state.status = Status::shipped; },
                 [&](const OrderCancelled&) { state.status = Status::cancelled; }},
      event);
}

std::size_t Order::approximate_bytes(const State& state) {
  constexpr std::size_t bytes_a_line = 240;  // a tree node with two strings of some 36 bytes
  return sizeof(State) + state.lines.size() * bytes_a_line;
}

const std::string& Order::aggregate_id(const Command& command) {
  return std::visit(overloaded{[](const CreateOrder& c) -> const std::string& { return c.order_id; },
                               [](const PayOrder& c) -> const std::string& { return c.order_id; },
                               [](const ShipOrder& c) -> const std::string& { return c.order_id; },
                               [](const CancelOrder& c) -> const std::string& { return c.order_id; },
                               [](const CancelUnpaidOrder& c) -> const std::string& { return c.order_id; },
                               [](const RecordAllocation& c) -> const std::string& { return c.order_id; },
                               [](const RecordOutOfStock& c) -> const std::string& { return c.order_id; },
                               [](const RecordDeallocation& c) -> const std::string& { return c.order_id; }},
                    command);
}

}  // namespace orderly::domain

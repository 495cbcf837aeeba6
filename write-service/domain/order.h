// One order: created -> paid -> shipped, or cancelled from created and from paid. Contract: decider.h.
// At most 1000 items, a step costs O(log lines); amounts are minor units of one currency, checked for overflow.
// The Record... commands are facts from allocation, never refused; one that changes nothing makes no event.
// CancelUnpaidOrder likewise: it comes at the payment deadline, whatever has become of the order by then.
//
// - An order has one line a sku, whatever its items' prices: what is allocated is the sum of their quantities.
// - A fact about an order unknown here, or about a line that it has not in this quantity, changes nothing: allocation
//   serves others too.
// - OrderAllocated says that every line is allocated, again each time a deallocation was made good.
// - Cancelled: OrderCancelled names every sku, so that a reaction gives each line back, allocated, waiting or
// undecided.
//   An allocation reported later makes LineAllocatedAfterCancel; a reaction answers it with another Deallocate, so the
//   give-back depends on no order between topics. The status stays cancelled; the LineDeallocated closes the matter.
// - Shipped is final: facts change nothing any more. When a batch turns out short while its line is on the truck, the
//   goods are gone; the line's new batch (or its place in the queue) in the product rightly counts them as missing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/decider.h"
#include "domain/values.h"

namespace orderly::domain {

inline constexpr std::size_t max_order_items = 1000;

struct OrderItem {
  std::string sku;
  std::int64_t quantity = 0;
  Money unit_price;
  bool operator==(const OrderItem&) const = default;
};

struct CreateOrder {
  std::string order_id;
  std::string customer_id;
  std::vector<OrderItem> items;
  std::optional<Time> created_at;  // for orders imported from elsewhere; none: now
  bool operator==(const CreateOrder&) const = default;
};
struct PayOrder {
  std::string order_id;
  Money amount;
  bool operator==(const PayOrder&) const = default;
};
struct ShipOrder {
  std::string order_id;
  bool operator==(const ShipOrder&) const = default;
};
struct CancelOrder {
  std::string order_id;
  std::string reason;
  bool operator==(const CancelOrder&) const = default;
};
// The clock's: changes nothing but in an order that is still unpaid.
struct CancelUnpaidOrder {
  std::string order_id;
  std::string reason;
  bool operator==(const CancelUnpaidOrder&) const = default;
};
struct RecordAllocation {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  std::string batch_ref;
  bool operator==(const RecordAllocation&) const = default;
};
struct RecordOutOfStock {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  bool operator==(const RecordOutOfStock&) const = default;
};
struct RecordDeallocation {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  std::string reason;
  bool operator==(const RecordDeallocation&) const = default;
};

struct OrderCreated {
  std::string order_id;
  std::string customer_id;
  std::vector<OrderItem> items;  // one a sku and price, those of one sku together, in the order of first mention
  Money total;
  Time created_at{};
  bool operator==(const OrderCreated&) const = default;
};
struct LineAllocated {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  std::string batch_ref;
  bool operator==(const LineAllocated&) const = default;
};
struct LineOutOfStock {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  bool operator==(const LineOutOfStock&) const = default;
};
struct LineDeallocated {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  std::string reason;
  bool operator==(const LineDeallocated&) const = default;
};
struct LineAllocatedAfterCancel {
  std::string order_id;
  std::string sku;
  std::int64_t quantity = 0;
  std::string batch_ref;
  bool operator==(const LineAllocatedAfterCancel&) const = default;
};
struct OrderAllocated {
  std::string order_id;
  bool operator==(const OrderAllocated&) const = default;
};
struct OrderPaid {
  std::string order_id;
  Money amount;
  bool operator==(const OrderPaid&) const = default;
};
struct OrderShipped {
  std::string order_id;
  bool operator==(const OrderShipped&) const = default;
};
struct OrderCancelled {
  std::string order_id;
  std::string reason;
  bool was_paid = false;
  Money refund;                     // the total when it was paid, else 0 of its currency
  std::vector<std::string> skus{};  // every line's, sorted: what is to be given back
  bool operator==(const OrderCancelled&) const = default;
};

enum class OrderStatus { none, created, paid, shipped, cancelled };
std::string_view to_string(OrderStatus status);

struct Order {
  using Command = std::variant<CreateOrder, PayOrder, ShipOrder, CancelOrder, CancelUnpaidOrder, RecordAllocation,
                               RecordOutOfStock, RecordDeallocation>;
  using Event = std::variant<OrderCreated, LineAllocated, LineOutOfStock, LineDeallocated, LineAllocatedAfterCancel,
                             OrderAllocated, OrderPaid, OrderShipped, OrderCancelled>;
  static constexpr std::string_view stream_category = "order";

  enum class LineStatus { pending, allocated, out_of_stock };
  struct Line {
    std::int64_t quantity = 0;
    LineStatus status = LineStatus::pending;
    std::string batch_ref;  // empty unless allocated
    bool operator==(const Line&) const = default;
  };
  struct State {
    OrderStatus status = OrderStatus::none;
    Money total;
    std::map<std::string, Line, std::less<>> lines;  // by sku
    std::size_t unallocated = 0;                     // lines not allocated
    bool operator==(const State&) const = default;
  };

  static std::optional<Rejection> validate(const Command& command);
  static Decision<Event> decide(const State& state, const Command& command, Time now);
  static void evolve(State& state, const Event& event);
  static std::size_t approximate_bytes(const State& state);
  static const std::string& aggregate_id(const Command& command);
};

static_assert(Decider<Order>);

}  // namespace orderly::domain

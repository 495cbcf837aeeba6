// What a customer has ordered: the third order makes a VIP, once. Contract: decider.h.
// Every order's id is kept, so that the same order told twice counts once; a step costs O(log orders).
// An order counts when it is made: cancelling it later takes nothing back.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "domain/decider.h"
#include "domain/values.h"

namespace orderly::domain {

inline constexpr std::size_t orders_of_a_vip = 3;

struct RecordOrder {
  std::string customer_id;
  std::string order_id;
  Money total;
  bool operator==(const RecordOrder&) const = default;
};

struct OrderRecorded {
  std::string customer_id;
  std::string order_id;
  Money total;
  bool operator==(const OrderRecorded&) const = default;
};
struct CustomerBecameVip {
  std::string customer_id;
  std::string order_id;  // the order that made him one
  bool operator==(const CustomerBecameVip&) const = default;
};

struct Customer {
  using Command = std::variant<RecordOrder>;
  using Event = std::variant<OrderRecorded, CustomerBecameVip>;
  static constexpr std::string_view stream_category = "customer";

  struct State {
    std::set<std::string, std::less<>> orders;
    bool vip = false;
    bool operator==(const State&) const = default;
  };

  static std::optional<Rejection> validate(const Command& command);
  static Decision<Event> decide(const State& state, const Command& command, Time now);
  static void evolve(State& state, const Event& event);
  static std::size_t approximate_bytes(const State& state);
  static const std::string& aggregate_id(const Command& command);
};

static_assert(Decider<Customer>);

}  // namespace orderly::domain
